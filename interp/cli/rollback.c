#include <string.h>

#include "cli/output.h"
#include "cli/past.h"
#include "cli/settings.h"
#include "cli/takeover.h"
#include "journal/state.h"

/* rollback: undoes a run: one that broke, or one that has ended. */

/* --- what came later ------------------------------------------------------------- */

struct later { bool wrote, undoes; struct str of; struct str lock, runbook; };

static void on_record(void *arg, const struct record *r)
{
	struct later *l = arg;

	if (str_eqz(r->t, "step.intent") && str_eqz(record_raw(r, "effect"), "\"write\""))
		l->wrote = true;
	if (str_eqz(r->t, "run.open"))
		l->undoes = record_raw(r, "rollback_of").n == l->of.n + 2 && str_find(record_raw(r, "rollback_of"), l->of) == 1;
}

static bool was_undone(struct str status)
{
	return str_eqz(status, "rolled_back") || str_eqz(status, "failed") || str_eqz(status, "cancelled");
}

/* Is a run between the two of us on the same target? It has written, and stands. */
static bool stands(struct cli *c, const struct past *p, struct str id, struct str state, bool *undone)
{
	struct str journal = arena_printf(&c->arena, STR_FMT "/runs/" STR_FMT "/journal.jsonl", STR_ARG(state), STR_ARG(id));
	struct later l = { .of = p->id };
	struct journal_scan scan;
	struct report s;
	bool same;

	if (!report_read(&c->arena, journal.p, true, &s) || s.dry)
		return false;
	same = p->s.lock.n ? str_eq(s.lock, p->s.lock) : !s.lock.n && str_eq(s.runbook, p->s.runbook);
	if (!same)
		return false;
	journal_scan_file(journal.p, &scan, on_record, &l);
	if (l.undoes) {
		*undone = *undone || str_eqz(s.status, "rolled_back");
		return false;
	}
	return l.wrote && !(s.sealed && was_undone(s.status));
}

/* A later run would lose its ground. 0 or an exit code after a message. */
static int in_order(struct cli *c, const struct past *p)
{
	struct settings set;
	struct str *ids, state;
	uint32_t n;
	bool undone = false;

	if (!settings_load(c, &set))
		return EXIT_USAGE;
	state = str_of(setting(&set, SET_STATE));
	if (run_list(&c->arena, state.p, &ids, &n))
		return EXIT_FAILED;
	for (uint32_t i = 0; i < n && !str_eq(ids[i], p->id); i++) {
		if (!stands(c, p, ids[i], state, &undone) || cli_has(c, "out-of-order"))
			continue;
		cli_error("run " STR_FMT " came later on the same target, has written and is not undone", STR_ARG(ids[i]));
		cli_error("undo that one first, or use --out-of-order --why TEXT");
		return EXIT_FAILED;
	}
	if (undone) {
		cli_error("run " STR_FMT " was undone already", STR_ARG(p->id));
		return EXIT_FAILED;
	}
	return 0;
}

/* --- the command -------------------------------------------------------------------- */

static int rollback_run(struct cli *c)
{
	struct takeover_request q = { .how = TAKEOVER_ROLLBACK, .why = cli_arg(c, "why") };
	struct past p;
	int code;

	if (c->arg_count != 1)
		return cli_usage(c, "rollback needs a run");
	if (cli_has(c, "out-of-order") && (!q.why || !*q.why))
		return cli_usage(c, "--out-of-order needs --why TEXT");
	if (!output_ui(c, &q.format))
		return EXIT_USAGE;
	code = past_open(c, c->args[0], &p);
	if (code)
		return code;
	if (p.live) {
		cli_error("run " STR_FMT " is running; `runbook cancel " STR_FMT "` undoes it", STR_ARG(p.id), STR_ARG(p.id));
		return EXIT_FAILED;
	}
	if (p.s.sealed && was_undone(p.s.status)) {
		cli_error("run " STR_FMT " left nothing to undo: " STR_FMT, STR_ARG(p.id), STR_ARG(p.s.status));
		return EXIT_FAILED;
	}
	code = in_order(c, &p);
	if (code)
		return code;
	return p.s.sealed ? takeover_ended(c, &p, &q) : takeover_broken(c, &p, &q);
}

static const struct option_row options[] = {
	{ "why", 0, "TEXT", "the reason; kept in the journal" },
	{ "out-of-order", 0, NULL, "although a later run on the same target stands" },
	{ "yes", 'y', NULL, "answer every `confirm` with yes" },
	{ "no-input", 0, NULL, "never ask, even on a terminal" },
	{ "operator", 0, "NAME", "who acts, recorded as claimed" },
	{ "kill", 0, NULL, "end what the last runner left running, instead of waiting for it" },
	{ "other-host", 0, NULL, "the run was on a host that is gone for good" },
	{ "output", 'o', "FORMAT", "text (default), json (one event a line) or github" },
	{ "state", 0, "DIR", "where runs are kept" },
	{ "color", 0, "WHEN", "always, never or auto" },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_rollback = {
	.name = "rollback",
	.usage = "rollback RUN [--why TEXT]",
	.summary = "undo a run, finished or broken",
	.help = "A run that was killed or is held is unwound as if it had been cancelled. A run that has\n"
		"ended is undone by a run of its own, with the recorded version, files and values; a run\n"
		"that could not be undone wholly is tried again.\n\n"
		"Exit 0 when everything is undone, 4 when a person must act.\n",
	.options = options,
	.run = rollback_run,
	.acts = true,
};
