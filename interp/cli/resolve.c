#include "cli/past.h"
#include "cli/takeover.h"

/* resolve: a person says whether a step was done whose end nobody knows. */

/* RUN STEP: a key, or the id of a step if only one instance of it is in doubt. */
static int resolve_run(struct cli *c)
{
	const char *why = cli_arg(c, "why");
	bool done = cli_has(c, "done");
	struct past p;
	int code;

	if (c->arg_count != 2)
		return cli_usage(c, "resolve needs a run and a step");
	if (done == cli_has(c, "not-done"))
		return cli_usage(c, "say --done or --not-done");
	if (!why || !*why)
		return cli_usage(c, "--why TEXT: how do you know? It is recorded");
	code = past_open(c, c->args[0], &p);
	if (code)
		return code;
	if (p.live || p.s.sealed) {
		cli_error("run " STR_FMT " %s", STR_ARG(p.id), p.live ? "has a living runner" : "has ended");
		return EXIT_FAILED;
	}
	return takeover_word(c, &p, str_of(c->args[1]), done, why);
}

static const struct option_row options[] = {
	{ "done", 0, NULL, "its effect is in place: it counts as done" },
	{ "not-done", 0, NULL, "nothing of it happened, or it may run again: it is repeated" },
	{ "why", 0, "TEXT", "how you know; kept in the journal" },
	{ "operator", 0, "NAME", "who says so, recorded as claimed" },
	{ "other-host", 0, NULL, "the run was on a host that is gone for good" },
	{ "state", 0, "DIR", "where runs are kept" },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_resolve = {
	.name = "resolve",
	.usage = "resolve RUN STEP --done|--not-done --why TEXT",
	.summary = "say whether a step in doubt was done",
	.help = "A step is in doubt when its runner ended while it ran, and no probe can tell. Look at\n"
		"the target, then:\n\n"
		"  runbook resolve @last act/migrate --done --why 'schema_version is 8'\n"
		"  runbook resume @last\n",
	.options = options,
	.run = resolve_run,
	.acts = true,
};
