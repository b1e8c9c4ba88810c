#include "base/fault.h"

#include <stdarg.h>
#include "base/arena.h"
#include "base/diag.h"

/* fault: a mistake whose place is known to somebody else. */

bool fault_set(struct fault *f, struct arena *a, int code, const char *fmt, ...)
{
	va_list ap;

	if (f->code)
		return false;
	va_start(ap, fmt);
	f->code = code;
	f->text = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return false;
}

bool fault_help(struct fault *f, struct arena *a, const char *fmt, ...)
{
	va_list ap;

	if (f->help.n)
		return false;
	va_start(ap, fmt);
	f->help = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return false;
}

void fault_report(const struct fault *f, struct diags *ds, struct span at)
{
	struct diag *d;

	if (at.src && f->to > f->from && f->to <= at.end - at.start) {
		at.end = at.start + f->to;
		at.start += f->from;
	}
	d = diag_add(ds, f->code, at, STR_FMT, STR_ARG(f->text));
	if (f->help.n)
		diag_help(ds, d, STR_FMT, STR_ARG(f->help));
}
