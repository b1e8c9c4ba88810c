#include "report/words.h"

/* words_monitor: what monitors saw, in the same words in all formats. */

/* A figure for people: three digits of a duration are enough. */
static struct str figure(struct arena *a, struct value v)
{
	return v.kind == V_DURATION ? words_took(a, v.i / 1000) : words_show(a, v);
}

struct str words_figure_line(struct arena *a, const struct report_monitor *m, const struct report_figure *x)
{
	struct str least = figure(a, x->least), most = figure(a, x->most), last = figure(a, x->last);

	return arena_printf(a, STR_FMT ": %u samples%s, least " STR_FMT ", most " STR_FMT ", last " STR_FMT, STR_ARG(x->name), x->count,
			    m->failed ? arena_printf(a, " and %u that failed", m->failed).p : "", STR_ARG(least), STR_ARG(most), STR_ARG(last));
}

struct str words_monitor_line(struct arena *a, const struct report_monitor *m)
{
	struct str failed = m->failed ? arena_printf(a, ", %u failed, the last with: " STR_FMT, m->failed, STR_ARG(m->error)) : STR("");

	return arena_printf(a, "%u samples" STR_FMT, m->samples, STR_ARG(failed));
}

struct str words_fired_line(struct arena *a, const struct report_fired *x)
{
	struct str at = words_took(a, x->at_us);

	return arena_printf(a, "+" STR_FMT " " STR_FMT ": " STR_FMT, STR_ARG(at), STR_ARG(x->then), STR_ARG(x->text));
}
