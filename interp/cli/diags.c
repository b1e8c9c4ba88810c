#include "cli/diags.h"

#include "base/buf.h"
#include "base/diag.h"
#include "cli/command.h"

/* diags: prints them in the form that is asked for. */

void source_report(struct cli *c, const struct diags *ds, enum diag_output how)
{
	struct buf b;

	buf_init(&b, 64 << 20);
	switch (how) {
	case DIAG_JSON: diag_json(ds, &b); break;
	case DIAG_SARIF: diag_sarif(ds, &b); break;
	case DIAG_GITHUB: diag_github(ds, &b); break;
	default: diag_text(ds, &b, c->color_err);
	}
	if (how == DIAG_TEXT)
		cli_err(buf_str(&b));
	else
		cli_out(buf_str(&b));
	buf_release(&b);
}
