#include "cli/command.h"

#include <string.h>
#include "base/buf.h"
#include "cli/output.h"
#include "cli/source.h"

/* check: all diagnostics of one or more runbooks; runs nothing. */

static void add_unreadable(struct cli *c, struct diags *all, const char *name)
{
	struct source *src = source_new(&c->arena, str_of(name), STR(""));

	(void)diag_add(all, 6, span_of(src, 0, 0), "this file cannot be read");
}

static int check_run(struct cli *c)
{
	enum diag_output how = DIAG_TEXT;
	struct diags all;
	size_t errors = 0, warnings = 0;
	bool unreadable = false;

	if (!c->arg_count)
		return cli_usage(c, "check needs at least one runbook");
	if (!output_diags(c, &how))
		return EXIT_USAGE;
	diags_init(&all, &c->arena);
	for (int i = 0; i < c->arg_count; i++) {
		struct loaded l;

		if (!source_load(c, c->args[i], &l)) {
			unreadable = true;
			if (how != DIAG_TEXT) /* as text it has been said */
				add_unreadable(c, &all, c->args[i]);
			continue;
		}
		diags_sort(&l.diags);
		diags_append(&all, &l.diags);
		errors += l.diags.errors;
		warnings += l.diags.warnings;
		source_release(&l);
	}
	source_report(c, &all, how);
	if (how == DIAG_TEXT) {
		struct buf b;

		buf_init(&b, 256);
		buf_printf(&b, "%d file%s checked: %zu error%s, %zu warning%s\n", c->arg_count, c->arg_count == 1 ? "" : "s", errors,
			   errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
		cli_err(buf_str(&b));
		buf_release(&b);
	}
	diags_release(&all);
	return errors || unreadable ? EXIT_USAGE : EXIT_OK;
}

static const struct option_row options[] = {
	{ "moving", 0, NULL, "accept a branch as the version of SOURCE" },
	{ "require-signed", 0, NULL, "refuse a version without a trusted signature" },
	{ "offline", 0, NULL, "never ask a server: use what was fetched before" },
	{ "output", 'o', "FORMAT", "text (default), json, sarif or github" },
	{ "color", 0, "WHEN", "always, never or auto" },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_check = {
	.name = "check",
	.usage = "check SOURCE... [--output text|json|sarif|github]",
	.summary = "find all mistakes in runbooks; runs nothing",
	.help = "Exit 0: no errors (warnings may be there). Exit 2: errors.\n\n"
		"  runbook check deploy.yml\n"
		"  runbook check runbooks/*.yml --output github\n",
	.options = options,
	.run = check_run,
};
