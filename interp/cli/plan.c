#include "base/buf.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/planfile.h"
#include "cli/presets.h"
#include "cli/source.h"
#include "host/tty.h"
#include "plan/listing.h"
#include "run/engine.h"

#include <unistd.h>

/* plan: what would run, in order, with effects, risks and rollback stack. */

static int show_plan(struct cli *c, struct loaded *l, bool json)
{
	const char *file = cli_arg(c, "out");
	struct str outside;
	struct preset *presets;
	struct value *inputs;
	uint32_t n;
	struct buf b;

	if (!presets_outside(c, &outside))
		return EXIT_USAGE;
	presets_outside_note(l, outside);
	if (!source_inputs(c, l, &inputs, &presets, &n)) {
		diags_sort(&l->diags);
		if (l->diags.count)
			source_report(c, &l->diags, json ? DIAG_JSON : DIAG_TEXT);
		return EXIT_USAGE;
	}
	if (file && !planfile_write(c, l, inputs, outside, file))
		return EXIT_USAGE;
	buf_init(&b, 64 << 20);
	if (json)
		plan_json(l->program, inputs, outside, str_of(l->digest), &b);
	else
		plan_text(l->program, inputs, outside, &b, c->color_out, tty_is(STDOUT_FILENO) ? tty_width(STDOUT_FILENO) : 0, ENGINE_REVISION);
	cli_out(buf_str(&b));
	buf_release(&b);
	if (file)
		cli_error("plan written to %s; `runbook exec %s` runs exactly this", file, file);
	return EXIT_OK;
}

static int plan_run(struct cli *c)
{
	struct loaded l;
	bool json;
	int code = EXIT_USAGE;

	if (c->arg_count != 1)
		return cli_usage(c, "plan needs one runbook");
	if (!output_json(c, &json) || !source_load(c, c->args[0], &l))
		return EXIT_USAGE;
	diags_sort(&l.diags);
	if (l.diags.count && !(json && l.program))
		source_report(c, &l.diags, json ? DIAG_JSON : DIAG_TEXT);
	if (l.program)
		code = show_plan(c, &l, json);
	source_release(&l);
	return code;
}

static const struct option_row options[] = {
	{ "input", 'i', "NAME=VALUE", "an input's value" },
	{ "inputs", 0, "FILE", "inputs from a YAML or JSON file" },
	{ "out", 'o', "FILE", "save the plan; `runbook exec FILE` runs exactly it" },
	{ "outside-window", 0, "REASON", "with -o: the saved plan goes on outside of the change window, where the runbook lets a person decide" },
	{ "moving", 0, NULL, "accept a branch as the version of SOURCE" },
	{ "require-signed", 0, NULL, "refuse a version without a trusted signature" },
	{ "offline", 0, NULL, "never ask a server: use what was fetched before" },
	{ "output", 0, "FORMAT", "text (default) or json" },
	{ "color", 0, "WHEN", "always, never or auto" },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_plan = {
	.name = "plan",
	.usage = "plan SOURCE [-i name=value]... [-o FILE]",
	.summary = "show what would run and how it would be undone; runs nothing",
	.help = "  runbook plan deploy.yml -i tag=v1.4.0\n"
		"  runbook plan deploy.yml -i tag=v1.4.0 -o deploy.plan\n"
		"  runbook exec deploy.plan          refused if anything changed since\n",
	.options = options,
	.run = plan_run,
};
