#include "cli/command.h"

#include "cli/output.h"
#include "cli/planfile.h"
#include "cli/presets.h"
#include "cli/runner.h"
#include "cli/source.h"

/* exec: resolves a runbook, checks it, and runs it. */

static enum diag_output diag_format(const struct run_request *q)
{
	return q->format == UI_JSON ? DIAG_JSON : q->format == UI_GITHUB ? DIAG_GITHUB : DIAG_TEXT;
}

static int run_loaded(struct cli *c, struct loaded *l, struct run_request *q)
{
	if (!source_inputs(c, l, &q->inputs, &q->presets, &q->preset_count)) {
		diags_sort(&l->diags);
		if (l->diags.count)
			source_report(c, &l->diags, diag_format(q));
		return EXIT_USAGE;
	}
	return runner_run(c, l, q);
}

static int exec_run(struct cli *c)
{
	struct run_request q = { 0 };
	struct loaded l;
	const char *name;
	int code;

	if (c->arg_count != 1)
		return cli_usage(c, "exec needs one runbook, this is %d", c->arg_count);
	if (!output_ui(c, &q.format) || !presets_outside(c, &q.outside_window))
		return EXIT_USAGE;
	name = c->args[0];
	if (planfile_is(name))
		return planfile_exec(c, name, &q);
	if (!source_load(c, name, &l))
		return EXIT_USAGE;
	diags_sort(&l.diags);
	if (!l.program) {
		source_report(c, &l.diags, diag_format(&q));
		code = EXIT_USAGE;
	} else {
		if (q.format != UI_JSON && l.diags.count)
			source_report(c, &l.diags, diag_format(&q));
		code = run_loaded(c, &l, &q);
	}
	source_release(&l);
	return code;
}

static const struct option_row options[] = {
	{ "input", 'i', "NAME=VALUE", "an input's value; STEP.answer=yes answers a confirm, STEP.FIELD=value an ask" },
	{ "inputs", 0, "FILE", "inputs from a YAML or JSON file; later ones win, -i wins over all" },
	{ "dry-run", 'n', NULL, "run the reads, show the writes, change nothing" },
	{ "yes", 'y', NULL, "answer every `confirm` with yes" },
	{ "no-input", 0, NULL, "never ask, even on a terminal" },
	{ "outside-window", 0, "REASON", "go on outside of the change window, where the runbook lets a person decide" },
	{ "operator", 0, "NAME", "who acts, recorded as claimed" },
	{ "output", 'o', "FORMAT", "text (default), json (one event a line) or github" },
	{ "state", 0, "DIR", "where runs are kept" },
	{ "moving", 0, NULL, "accept a branch as the version of SOURCE" },
	{ "require-clean", 0, NULL, "refuse a file that differs from its commit" },
	{ "require-signed", 0, NULL, "refuse a version without a trusted signature" },
	{ "offline", 0, NULL, "never ask a server: use what was fetched before" },
	{ "no-sync", 0, NULL, "do not force the journal to disk (tests; a power loss may lose records)" },
	{ "color", 0, "WHEN", "always, never or auto" },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_exec = {
	.name = "exec",
	.usage = "exec SOURCE [-i name=value]... [--inputs FILE] [--dry-run] [--yes]",
	.summary = "run a runbook; undo what it did if it fails",
	.help = "SOURCE is a runbook file, or a plan file made by `runbook plan -o`.\n\n"
		"  runbook exec deploy.yml -i tag=v1.4.0\n"
		"  runbook exec deploy.yml --inputs prod.yml --dry-run\n"
		"  runbook exec rollback.yml --yes --output json\n\n"
		"Exit codes: 0 ok or stopped, 1 failed before anything changed, 2 usage or invalid\n"
		"runbook, 3 failed and everything undone, 4 a person must act (the list is printed),\n"
		"5 held, 6 journal damaged, 7 locked by another run, 128+N cancelled by signal N.\n",
	.options = options,
	.run = exec_run,
	.acts = true,
};
