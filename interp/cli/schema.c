#include "base/buf.h"
#include "cli/command.h"
#include "plan/program.h"

/* schema: the JSON Schema of a runbook, for editors and CI. */

static int schema_run(struct cli *c)
{
	struct buf b;

	if (c->arg_count)
		return cli_usage(c, "schema takes no operands");
	buf_init(&b, 4 << 20);
	if (cli_has(c, "markdown"))
		keys_markdown(&b);
	else
		schema_print(&b);
	cli_out(buf_str(&b));
	buf_release(&b);
	return EXIT_OK;
}

static const struct option_row options[] = {
	{ "markdown", 0, NULL, "the key tables of the language reference instead" },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_schema = {
	.name = "schema",
	.usage = "schema [--markdown]",
	.summary = "print the JSON Schema of the language (draft-07)",
	.help = "  runbook schema > runbook.schema.json\n\n"
		"In an editor with yaml-language-server, begin the file with\n"
		"  # yaml-language-server: $schema=runbook.schema.json\n",
	.options = options,
	.run = schema_run,
};
