#include "cli/help.h"

#include "base/buf.h"
#include "cli/command.h"

/* help: the texts of -h and --help. */

static void flush(struct buf *b)
{
	cli_out(buf_str(b));
	buf_release(b);
}

void help_all(void)
{
	struct buf b;

	buf_init(&b, 64 << 10);
	buf_addz(&b, "runbook: runs operations runbooks with guards, automatic rollback and a journal\n\n"
		     "  runbook check deploy.yml               all mistakes, before anything runs\n"
		     "  runbook plan deploy.yml -i tag=v2      what would run, and how it would be undone\n"
		     "  runbook exec deploy.yml -i tag=v2      run it\n"
		     "  runbook show @last                     what happened\n\nCommands:\n");
	for (int i = 0; commands[i]; i++)
		buf_printf(&b, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	buf_addz(&b, "\n`runbook COMMAND -h` is short, `--help` is full. RUN is a run id, a unique prefix of one, or @last.\n");
	flush(&b);
}

void help_command(const struct cli_command *cmd, bool full)
{
	struct buf b;

	buf_init(&b, 64 << 10);
	buf_printf(&b, "%s\n\nusage: runbook %s\n", cmd->summary, cmd->usage);
	if (cmd->options[0].name)
		buf_addz(&b, "\nOptions:\n");
	for (const struct option_row *o = cmd->options; o->name; o++) {
		size_t at = b.len;

		buf_addz(&b, "  ");
		if (o->letter)
			buf_printf(&b, "-%c, ", o->letter);
		buf_printf(&b, "--%s", o->name);
		if (o->arg)
			buf_printf(&b, " %s", o->arg);
		buf_fill(&b, ' ', b.len - at < 28 ? 28 - (b.len - at) : 1);
		buf_printf(&b, "%s\n", o->help);
	}
	if (full && cmd->help)
		buf_printf(&b, "\n%s", cmd->help);
	flush(&b);
}
