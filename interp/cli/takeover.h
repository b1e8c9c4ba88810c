#ifndef RB_CLI_TAKEOVER_H
#define RB_CLI_TAKEOVER_H
/*
 * takeover: a runner for a run that another one left: it goes on (resume), goes
 * back (rollback), or undoes a run that has ended, as a run of its own.
 */
#include <stdbool.h>
#include "cli/past.h"
#include "cli/ui.h"

enum takeover_how { TAKEOVER_RESUME, TAKEOVER_ROLLBACK };
struct takeover_request {
	enum takeover_how how;
	const char *why;          /* of a rollback; may be NULL */
	enum ui_format format;
};

/* The run has no runner and no seal. Options of the command as in runner.h, and --kill.
 * Returns the exit code of engine.md section 3. */
int takeover_broken(struct cli *c, struct past *p, const struct takeover_request *q);
/* The run was sealed: a new run, linked to it, undoes it. */
int takeover_ended(struct cli *c, struct past *p, const struct takeover_request *q);
/* A person says whether a step in doubt was done. 0 or an exit code after a message. */
int takeover_word(struct cli *c, struct past *p, struct str key, bool done, const char *why);

#endif
