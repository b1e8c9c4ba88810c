#include "cli/ui_state.h"

#include "base/jsonw.h"
#include "cli/command.h"
#include "cli/seal_text.h"

/* ui_json: the last line of `exec --output json`; the events were printed as they came. */

static void copy_raw(struct jsonw *w, const struct record *r, bool parsed, const char *name, const char *dflt)
{
	struct str raw = parsed ? record_raw(r, name) : STR("");

	jsonw_key(w, name);
	jsonw_raw(w, raw.n ? raw : str_of(dflt));
}

void ui_json_end(struct ui *u, struct str run_id, int exit_code, struct str dir)
{
	struct record r;
	const char *why;
	bool parsed = record_parse(&r, buf_str(&u->last_seal), &why);
	struct buf status;
	struct jsonw w;

	buf_init(&status, 64);
	seal_status(buf_str(&u->last_seal), &status);
	buf_clear(&u->line);
	jsonw_init(&w, &u->line);
	jsonw_open(&w, '{');
	jsonw_kint(&w, "v", 1);
	jsonw_kstr(&w, "t", STR("run.end"));
	jsonw_kstr(&w, "run", run_id);
	jsonw_kstr(&w, "status", buf_str(&status));
	jsonw_kint(&w, "exit", exit_code);
	copy_raw(&w, &r, parsed, "cause", "null");
	copy_raw(&w, &r, parsed, "undone", "[]");
	copy_raw(&w, &r, parsed, "residue", "[]");
	jsonw_kstr(&w, "report", dir);
	jsonw_close(&w, '}');
	buf_addc(&u->line, '\n');
	cli_out(buf_str(&u->line));
	buf_release(&status);
}
