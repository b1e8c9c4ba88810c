#ifndef RB_HOST_GIT_H
#define RB_HOST_GIT_H
/*
 * git: reads repositories straight from their objects, with libgit2, which is
 * loaded when the first repository is opened. Nothing is checked out, no filter
 * or hook runs, no configuration of a repository, user or system is read, no
 * alternates are followed: a repository is its refs and its own objects, and
 * every object is compared with its hash.
 *
 * A repository under attack is refused or bounded: sizes are asked before
 * objects are read, trees must be sorted and without duplicates, links and
 * submodules are not followed. Faults are codes 402 to 408.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/fault.h"
#include "base/str.h"

struct arena;
struct git;      /* the library, loaded */
struct git_repo; /* one open repository */

enum {
	GIT_RUNBOOK_MAX = 1 << 20,    /* a runbook or module */
	GIT_FILE_MAX = 64 << 20,      /* an entry of `files:` */
	GIT_TREE_MAX = 4 << 20,       /* bytes of one tree object */
	GIT_LIST_MAX = 10000,         /* entries of one git_list() */
	GIT_TAGS_MAX = 100000,
	GIT_NOTE_MAX = 1 << 20        /* a note on a commit */
};

struct git_id { char hex[41]; }; /* "" none */

/* Loads libgit2 (some 5 ms). NULL after a fault. One at a time in a process. */
struct git *git_load(struct arena *a, struct fault *f);
void git_unload(struct git *g);

/* Where a repository is; texts in the arena. */
struct git_place {
	struct str gitdir;   /* ".../.git", a worktree's own folder, or a bare repository */
	struct str common;   /* where refs and objects are; differs from gitdir in a linked worktree */
	struct str root;     /* folder of the working tree; a bare repository's own */
	bool bare;
};
/* Looks for the repository that a file of `dir` (absolute, real) belongs to, upwards.
 * False: none; f has a code only if there is one that must not be used (its folder
 * belongs to somebody else: neither to us, to root nor, under sudo, to who called it).
 * Needs no library. */
bool git_discover(struct arena *a, const char *dir, struct git_place *out, struct fault *f);
/* The repository at exactly this path (`git+file://`, a cache): bare or with `.git`. */
bool git_at(struct arena *a, const char *path, struct git_place *out, struct fault *f);

/* NULL after a fault: not a repository, SHA-256, reftable. `name` is what messages call it. */
struct git_repo *git_open(struct git *g, struct arena *a, const struct git_place *place, struct str name, struct fault *f);
/* The same without the library, for git_head(), git_stat() and git_read() only. NULL, or a fault
 * other than 405 and 406 of these three, means no more than that git_open() must be asked. */
struct git_repo *git_open_own(struct arena *a, const struct git_place *place, struct str name);
void git_close(struct git_repo *r);

/* What a version stands for. */
struct git_found {
	struct str tag;            /* "v1.4.0", or empty */
	struct str branch;         /* "main" (moving), or empty */
	struct git_id tag_object;  /* of an annotated tag, or "" */
	struct git_id commit, tree;
};
/* 40 hex digits: that commit. Else the tag of that very name; else, for `1.4`, `v1.4` or
 * `kis/1.4`, the highest tag that serves (value/version.h); else, if `moving`, the
 * branch of that name. */
bool git_resolve(struct git_repo *r, struct arena *a, struct str version, bool moving, struct git_found *out, struct fault *f);
/* The commit that is checked out; false without a fault when there is none yet. */
bool git_head(struct git_repo *r, struct arena *a, struct git_found *out, struct fault *f);
/* All tags by name, in no order; each with the object that the ref names. False: each() said so, or a fault. */
bool git_tags(struct git_repo *r, struct arena *a, bool (*each)(void *arg, struct str name, const struct git_id *object), void *arg, struct fault *f);

enum git_mode { GIT_FILE = 0100644, GIT_PROGRAM = 0100755 };
struct git_entry { struct str bytes; enum git_mode mode; struct git_id id; };
/* The file at `path` (spec_bad_path() must allow it) of a commit's tree, at most max bytes. */
bool git_read(struct git_repo *r, struct arena *a, const struct git_id *tree, struct str path, size_t max, struct git_entry *out, struct fault *f);
/* Its id and mode only. */
bool git_stat(struct git_repo *r, struct arena *a, const struct git_id *tree, struct str path, struct git_entry *out, struct fault *f);
/* All files below `path` ("": the root), parents before children, names in git's order. A link, a
 * submodule, a name that spec_bad_path() refuses, two names that differ in case only,
 * more than GIT_LIST_MAX entries are faults. each() may end it with false. */
bool git_list(struct git_repo *r, struct arena *a, const struct git_id *tree, struct str path,
	      bool (*each)(void *arg, struct str path, const struct git_entry *entry /* bytes empty */), void *arg, struct fault *f);
/* Notes on a commit, refs/notes/NAME: *text is empty if there is none. False after a fault. */
bool git_notes_read(struct git_repo *r, struct arena *a, const char *name, const struct git_id *commit, struct str *text, struct fault *f);
/* Appends text (lines) behind an empty line to the note, as a new commit of `who` on top of
 * the others; what others write meanwhile stays. Only into a repository of our own account. */
bool git_notes_add(struct git_repo *r, struct arena *a, const char *name, const struct git_id *commit, struct str text, struct str who, struct fault *f);
/* SHA-1 by which git would name these bytes as a blob. */
struct git_id git_bytes_id(struct str bytes);

#endif
