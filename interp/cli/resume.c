#include <unistd.h>

#include "base/file.h"
#include "cli/output.h"
#include "cli/past.h"
#include "cli/settings.h"
#include "cli/takeover.h"
#include "journal/state.h"

/* resume: goes on with a run that has no runner: after a crash, a pause, a doubt that was settled. */

/* Its runner may have died between its seal and its last steps: lock and reserve go now. */
static int tidy_up(struct cli *c, struct past *p)
{
	struct settings set;

	if (!settings_load(c, &set))
		return EXIT_USAGE;
	(void)unlink(arena_printf(&c->arena, STR_FMT "/ballast", STR_ARG(p->dir)).p);
	file_sweep(p->dir.p);
	if (!p->s.lock.n || lock_free(setting(&set, SET_LOCKS), p->s.lock, p->id)) {
		cli_error("run " STR_FMT " has ended already: " STR_FMT, STR_ARG(p->id), STR_ARG(p->s.status));
		return EXIT_FAILED;
	}
	cli_error("run " STR_FMT " has ended: " STR_FMT "; its lock `" STR_FMT "` was still there and is free now", STR_ARG(p->id),
		  STR_ARG(p->s.status), STR_ARG(p->s.lock));
	return EXIT_OK;
}

static int resume_run(struct cli *c)
{
	struct takeover_request q = { .how = TAKEOVER_RESUME };
	struct past p;
	int code;

	if (c->arg_count != 1)
		return cli_usage(c, "resume needs a run");
	if (!output_ui(c, &q.format))
		return EXIT_USAGE;
	code = past_open(c, c->args[0], &p);
	if (code)
		return code;
	if (p.live) {
		cli_error("run " STR_FMT " has a living runner (process %lld): only one may act", STR_ARG(p.id), (long long)p.s.pid);
		return EXIT_FAILED;
	}
	if (p.s.sealed)
		return tidy_up(c, &p);
	return takeover_broken(c, &p, &q);
}

static const struct option_row options[] = {
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

const struct cli_command cmd_resume = {
	.name = "resume",
	.usage = "resume RUN [--yes] [--kill]",
	.summary = "go on with a run that was killed, held or in doubt",
	.help = "The run goes on where its journal ends, with the same version, inputs and values; an\n"
		"unwinding goes on as one. Steps whose end is not known are settled by their probe, by\n"
		"repeating them (idempotent: true), or by `runbook resolve`.\n\n"
		"Exit codes as of exec: 4 when a person must act, 5 held again.\n",
	.options = options,
	.run = resume_run,
	.acts = true,
};
