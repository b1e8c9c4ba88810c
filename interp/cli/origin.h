#ifndef RB_CLI_ORIGIN_H
#define RB_CLI_ORIGIN_H
/*
 * origin: where a runbook came from, to the byte: a file as it stands, or a file
 * of a commit. Opens the repository (host/git), obeys the site's policy, and
 * writes what the journal's first record says of it. The repository stays open
 * as long as the origin, for `files:` and modules of the same commit.
 */
#include <stdbool.h>
#include "base/fault.h"
#include "cli/policy.h"
#include "host/git.h"
#include "host/git_sign.h"
#include "value/spec.h"

struct cli;
struct jsonw;

struct origin {
	struct spec spec;
	bool pinned;               /* bytes are of a commit; else of the file system */
	struct git *git;           /* NULL: no repository was opened */
	struct git_repo *repo;
	struct git_place place;    /* of a repository on this machine */
	struct str repository;     /* its folder or URL; empty: there is none */
	struct str path;           /* of the runbook, inside of it */
	struct git_found found;    /* pinned: that version; else what is checked out */
	struct git_entry file;     /* the runbook in that commit; id "" if it is not there */
	struct git_signed sign;    /* pinned only */
	bool from_cache;           /* the server was not asked; why: */
	struct str why_cached;
	struct changed { struct str path; char sha256[65]; } *changed; size_t changed_count; /* not as in the commit */
	struct str unknown;        /* why a file's commit could not be told, or empty */
	char lock[65];             /* SHA-256 of the runbook.lock that was used, or "" */
	struct policy policy;
};

/* Opens what a spec with a version names; *bytes in c->arena. False after a fault or
 * (code 0) a message about the configuration. origin_close() in any case. */
bool origin_open(struct cli *c, const struct spec *spec, struct origin *o, struct str *bytes, struct fault *f);
/* A module at the commit that runbook.lock says (40 hex digits), where its tag (the spec's version)
 * must still be. The server is asked only for a commit that was never fetched. False as above. */
bool origin_open_locked(struct cli *c, const struct spec *spec, struct str commit, struct origin *o, struct fault *f);
void origin_close(struct origin *o);
/* A file beside the runbook (relative to its folder) from the same commit. */
bool origin_read(struct cli *c, struct origin *o, struct str path, struct git_entry *out, struct fault *f);
/* The spec that names the same commit from anywhere: for a saved plan. */
struct str origin_lasting(struct cli *c, const struct origin *o);

/* A file as it stands, in dir: finds its commit and which of `paths` (absolute, paths[0] is the
 * runbook) differ from it; what lies outside of the repository does. */
void origin_examine(struct cli *c, struct origin *o, const char *dir, const struct str *paths, const struct str *bytes, size_t count);
/* The policy about a file as it stands: allowed and clean. False after a fault. */
bool origin_accept(struct cli *c, struct origin *o, const char *dir, struct fault *f);
/* Keeps in the state folder what the tag stood for. */
void origin_remember(struct cli *c, const struct origin *o, const char *state);
/* The member `source` of run.open (docs/journal.md). `from`: the folder that relative paths of a
 * pinned one's secrets are taken from. */
void origin_record(const struct origin *o, const char *from, struct jsonw *w);

#endif
