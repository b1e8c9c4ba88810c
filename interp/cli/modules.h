#ifndef RB_CLI_MODULES_H
#define RB_CLI_MODULES_H
/*
 * modules: where the modules of a runbook come from: files of its folder or
 * repository as they stand; of a runbook at a version, files of its commit; and
 * files of other repositories (cli/others.h).
 */
#include "cli/others.h"
#include "plan/program.h"

struct cli;
struct git_entry;
struct origin;

/* A file that `uses` is resolved from. */
struct module_place {
	const char *folder;    /* on the disk; NULL: in a commit: */
	struct origin *commit; /* or NULL: in a tree: */
	const struct modtree *tree;
	struct str path;       /* of the file in it */
	bool other;            /* of another repository than the runbook's: */
	struct str repo;
	struct str id, tag;    /* of the commit; its tag (of a commit that was named so: itself) */
	struct str key;        /* of a module that a run has kept (cli/kept_modules.h) */
};

struct module_source {
	struct cli *c;
	struct fetch fetch;
	struct module_place root_place;
	const char *root;      /* nothing above it is read: the repository's, else the runbook's folder */
	bool in_repository;
	bool absolute;         /* show whole paths */
	struct others others;  /* and their lock */
};

/* For a runbook in the folder dir (absolute, real), or of the commit that o has pinned. */
void module_source_init(struct module_source *m, struct cli *c, struct origin *o, const char *dir, bool absolute);
/* Closes the repositories: files of modules cannot be read any more. */
void module_source_release(struct module_source *m);
/* The i-th of `files:` of a module. False after a fault. */
bool module_file(struct cli *c, const struct unit *u, uint32_t i, struct git_entry *out, struct fault *f);
/* The whole path of a module that is a file as it stands. */
struct str module_path(struct arena *a, const struct module_source *m, const struct unit *u);
/* Is it a file of a commit, so that its folder has to be made for a run? */
bool module_pinned(const struct unit *u);

#endif
