#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/visible.h"
#include "cli/output.h"
#include "cli/past.h"
#include "cli/seal_text.h"
#include "cli/ui.h"
#include "cli/unpack.h"
#include "host/proc.h"
#include "journal/output.h"
#include "journal/reader.h"
#include "journal/state.h"

/*
 * show: one past run. The text is what the run itself showed, made from its
 * journal by the same code (cli/ui).
 */

static void put_record(void *arg, const struct record *r)
{
	ui_record(arg, r->line);
}

struct of_step { struct ui *ui; struct str what; uint32_t shown; };

/* Does the key name the step: whole, or its last label (with or without iteration)? */
static bool names_step(struct str key, struct str what)
{
	size_t slash = key.n;
	struct str last;

	if (str_eq(key, what))
		return true;
	while (slash > 0 && key.p[slash - 1] != '/')
		slash--;
	last = str_slice(key, slash, key.n);
	return str_eq(last, what) || (str_starts(last, what) && last.n > what.n && last.p[what.n] == '[');
}

static void put_step_record(void *arg, const struct record *r)
{
	struct of_step *s = arg;

	if (!r->k.n || !names_step(r->k, s->what))
		return;
	s->shown++;
	cli_out(r->line);
	cli_out(STR("\n"));
}

static int show_source(struct cli *c, const struct past *p)
{
	struct str bytes;
	int err = blob_get(&c->arena, p->dir.p, p->s.program, 64 << 20, &bytes);

	if (err) {
		cli_error("the runbook's bytes are %s", err < 0 ? "damaged: their hash is wrong" : strerror(err));
		return EXIT_DAMAGED;
	}
	cli_out(bytes);
	return EXIT_OK;
}

static int show_step(const struct past *p, const char *step)
{
	struct of_step s = { NULL, str_of(step), 0 };
	struct journal_scan scan;

	journal_scan_file(p->journal.p, &scan, put_step_record, &s);
	if (s.shown)
		return EXIT_OK;
	cli_error("run " STR_FMT " has no step `%s`; `runbook show " STR_FMT "` lists them", STR_ARG(p->id), step, STR_ARG(p->id));
	return EXIT_FAILED;
}

/* Processes that a run without a runner left behind. */
static void put_survivors(const struct past *p, struct buf *b)
{
	struct proc_list procs = { 0 };
	char env[sizeof("RUNBOOK_RUN=") + RUN_ID_LEN];
	size_t n = sizeof("RUNBOOK_RUN=") - 1;
	bool any = false;

	if (p->id.n != RUN_ID_LEN)
		return;
	memcpy(env, "RUNBOOK_RUN=", n);
	memcpy(env + n, p->id.p, p->id.n);
	env[n + p->id.n] = 0;
	(void)proc_scan(&procs);
	for (size_t i = 0; i < procs.count; i++) {
		if (proc_has_env(procs.list[i].pid, env, env) <= 0)
			continue;
		buf_printf(b, "%s%d", any ? " " : "  still running, processes: ", (int)procs.list[i].pid);
		any = true;
	}
	if (any)
		buf_addc(b, '\n');
	proc_release(&procs);
}

/* What a run that has not ended did so far and may have to be undone by hand. */
static void put_unsealed(const struct past *p, struct buf *b)
{
	buf_printf(b, "\n" STR_FMT "\n", STR_ARG(past_status(p)));
	if (p->live)
		return;
	if (!past_began(p)) {
		buf_addz(b, "  nothing was written: its runner died before it did anything; start the runbook again\n");
		return;
	}
	if (!p->s.held && !p->s.in_doubt && p->s.last_key.n) {
		buf_addz(b, "  its runner died while this ran: ");
		visible_add(b, p->s.last_key);
		buf_addc(b, '\n');
	}
	for (uint32_t i = p->s.step_count; i-- > 0;) {
		const struct report_node *st = p->s.steps[i];

		if (!st->began || !str_eqz(st->effect, "write") || str_eqz(st->status, "undone"))
			continue;
		buf_addz(b, "  stands    ");
		visible_add(b, st->key);
		buf_addz(b, st->ended ? "\n" : "  (whether it finished is not known)\n");
	}
	put_survivors(p, b);
	buf_printf(b, "  go on     runbook resume " STR_FMT "\n  undo it   runbook rollback " STR_FMT "\n", STR_ARG(p->id), STR_ARG(p->id));
}

/* kept: its folder lasts; that of a bundle does not. */
static int show_run_text(struct cli *c, const struct past *p, bool kept)
{
	struct ui_options o = { .format = UI_TEXT, .color = c->color_out, .past = true };
	struct journal_scan scan;
	struct ui *ui;
	struct buf b;

	o.run = p->id;
	o.state_hint = ui_state_hint(c);
	ui = ui_new(&o);
	journal_scan_file(p->journal.p, &scan, put_record, ui);
	if (p->s.sealed || p->s.held || p->s.in_doubt)
		ui_end(ui, p->id, p->s.sealed ? (int)p->s.exit : p->s.in_doubt ? EXIT_PERSON : 5, kept ? p->dir : STR(""));
	if (!p->s.sealed) {
		ui_idle(ui);
		buf_init(&b, 256 << 10);
		put_unsealed(p, &b);
		cli_out(buf_str(&b));
		buf_release(&b);
	}
	ui_free(ui);
	return EXIT_OK;
}

static void put_json(void *arg, const struct record *r)
{
	(void)arg;
	cli_out(r->line);
	cli_out(STR("\n"));
}

static int show_run(struct cli *c)
{
	struct past p;
	bool json;
	int code;

	if (c->arg_count < 1 || c->arg_count > 2)
		return cli_usage(c, "show needs a run, and perhaps a step");
	if (!output_json(c, &json))
		return EXIT_USAGE;
	code = past_open(c, c->args[0], &p);
	if (code)
		return code;
	if (cli_has(c, "source"))
		return show_source(c, &p);
	if (c->arg_count == 2)
		return show_step(&p, c->args[1]);
	if (json) {
		struct journal_scan scan;

		journal_scan_file(p.journal.p, &scan, put_json, NULL);
		return EXIT_OK;
	}
	return show_run_text(c, &p, !unpack_wanted(c->args[0]));
}

static const struct option_row options[] = {
	{ "source", 0, NULL, "print the runbook exactly as it ran" },
	{ "output", 'o', "FORMAT", "text (default) or json: the journal's records" },
	{ "state", 0, "DIR", "where runs are kept" },
	{ "color", 0, "WHEN", "always, never or auto" },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_show = {
	.name = "show",
	.usage = "show RUN [STEP] [--source] [--output json]",
	.summary = "show one run, or the records of one of its steps",
	.help = "  runbook show @last\n  runbook show 01j9 act/migrate\n  runbook show @last --source > as-it-ran.yml\n",
	.options = options,
	.run = show_run,
	.bundles = true,
};
