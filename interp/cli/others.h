#ifndef RB_CLI_OTHERS_H
#define RB_CLI_OTHERS_H
/*
 * others: modules of other repositories: at the commit that a `uses` names, or
 * as runbook.lock beside the runbook says: from the folder runbook.vendor beside
 * it, else from the objects of their repository. Nothing is resolved here: what
 * the lock does not say is a fault (RB434 to RB436).
 */
#include "cli/modtree.h"
#include "value/modlock.h"

struct cli;
struct origin;
struct policy;

#define VENDOR_NAME "runbook.vendor"

/* One line of the lock, whose bytes are those of its digest. */
struct locked {
	const struct modlock_line *line;
	struct modtree tree;
	bool vendored;
	struct locked *next;
};

struct others {
	struct cli *c;
	struct origin *root;       /* of the runbook: pinned, or a file in: */
	const char *dir;
	bool no_vendor;            /* as if there were no such folder */
	bool read, there, allowed; /* the lock was looked for, is there; the policy was loaded */
	struct str text;           /* of the lock */
	struct fault broken;       /* or why it cannot be used */
	struct modlock lock;
	struct policy *policy;
	struct locked *modules;
	struct opened *opened;
};

void others_init(struct others *x, struct cli *c, struct origin *root, const char *dir);
/* Closes the repositories. */
void others_release(struct others *x);
/* The lock. False after a fault: it is not there (434) or not readable (436). */
bool others_lock(struct others *x, struct fault *f);
/* `uses` with a version: its line, checked. NULL after a fault. */
const struct locked *others_locked(struct others *x, const struct spec *uses, struct fault *f);
/* The same for a line of the lock. */
const struct locked *others_line(struct others *x, const struct modlock_line *line, struct fault *f);
/* `uses` with a commit. NULL after a fault, or (code 0) a message. */
struct origin *others_commit(struct others *x, const struct spec *uses, struct fault *f);
/* Where a file of a locked module is vendored, relative to the runbook's folder. */
struct str others_vendor_path(struct arena *a, const struct modlock_line *line, struct str path);
/* Reads a tree from the objects of an origin. */
bool others_tree(struct arena *a, struct origin *o, struct str path, struct modtree *out, struct fault *f);

#endif
