#ifndef RB_CLI_ANCHOR_H
#define RB_CLI_ANCHOR_H
/*
 * anchor: heads of journals as git notes (refs/notes/runbook) on the commit that ran, in the
 * repository of the runbook on this machine: from there they are pushed to where the runner's
 * account cannot change them. Notes only grow, one commit on the other.
 */
#include <stdbool.h>
#include "base/str.h"
#include "cli/heads.h"

struct cli;

/* Adds the head to the note on the commit of the run in dir. Empty, or one sentence why not. */
struct str anchor_write(struct cli *c, struct str dir, const struct head *h, struct str who);

enum { ANCHORED_MAX = 64 }; /* of one run, the first ones */
/* The note as it was found. */
struct anchor_found {
	bool asked;          /* there is a repository, and a commit */
	struct head *heads; uint32_t count; /* of this run, as the note has them */
	struct str why;      /* not empty: it could not be read */
	struct str repository, commit;
};
/* Reads the note on the commit of the run in dir; repository: where, NULL: where the run says,
 * if it is there. */
void anchor_read(struct cli *c, struct str dir, const char *repository, struct anchor_found *out);

#endif
