#ifndef RB_CLI_PAST_H
#define RB_CLI_PAST_H
/* past: finding a past run and reading it; shared by show, logs, cancel, eval. */
#include "cli/command.h"
#include "report/fold.h"

struct past {
	struct str id, dir, journal; /* journal: path */
	struct report s;
	bool live;                   /* a runner is on it */
};

/* Finds RUN (id, prefix, @last) in the state folder, or in a bundle file (cli/unpack.h). 0, or an exit code after a message. */
int past_find(struct cli *c, const char *what, struct past *p);
/* As past_find, and folds the journal; a corrupt one is EXIT_DAMAGED after a message. */
int past_open(struct cli *c, const char *what, struct past *p);
/* Is there a record? Without one the runner died before it did anything. Of a folded run. */
bool past_began(const struct past *p);
/* As past_open, for commands that tell what happened: EXIT_FAILED after a message if nothing did. */
int past_open_begun(struct cli *c, const char *what, struct past *p);
/* seal's status, "held", "in_doubt", "running" (live) or "broken" (neither). */
struct str past_status(const struct past *p);

#endif
