#ifndef RB_HOST_GIT_STATE_H
#define RB_HOST_GIT_STATE_H
/*
 * git_state: what the files git*.c share: the open repository, and objects as
 * they stand in the database, read after their type and size were asked. Not
 * for use outside of them.
 */
#include "host/git.h"
#include "host/libgit2.h"
#include "value/version.h"

struct git {
	struct libgit2 l;
};

struct git_repo {
	struct git *g;        /* NULL: read by ourselves, head and objects only */
	struct git_own *own;
	git_repository *repo;
	git_odb *odb;
	struct git_place place;
	struct str name;      /* for messages */
	bool borrows;         /* has alternates, which are not followed */
};

struct git_raw { git_odb_object *o; /* NULL: in the arena */ const char *p; size_t n; };

/* Reads an object of this type and at most max bytes. `what` is for messages ("the commit").
 * False after a fault; else git_raw_end(). */
bool git_raw_read(struct git_repo *r, struct arena *a, const struct git_id *id, git_object_t type, size_t max, const char *what,
		     struct git_raw *out, struct fault *f);
void git_raw_end(struct git_repo *r, struct git_raw *o);
struct git_id git_id_of(const struct libgit2 *l, const git_oid *id);
/* Is the object there, and what it is. */
bool git_raw_type(struct git_repo *r, const struct git_id *id, git_object_t *type);
/* The library's last error: one line of at most 200 printable bytes. */
struct str git_last_error(const struct libgit2 *l, struct arena *a);
/* Reads `NAME HEX\n` at *at of a commit or tag object. */
bool git_header_id(const struct git_raw *o, size_t *at, const char *name, struct git_id *id);

/* The object that refs/FOLDER/NAME names. 1: found, 0: no such ref, -1: fault. (git_ref.c) */
int git_ref_id(struct git_repo *r, struct arena *a, const char *folder, struct str name, struct git_id *id, struct fault *f);
/* A commit and its tree. (git_ref.c) */
bool git_commit_of(struct git_repo *r, struct arena *a, const struct git_id *id, struct git_found *out, struct fault *f);

/* The highest of the tags that serve for a version. */
enum { GIT_NEAR_MAX = 200 };
struct git_choice {
	struct arena *a;
	struct version want, version;
	bool is_version;         /* what is wanted could be a version at all */
	struct str name;         /* the highest so far, or empty */
	struct str twin;         /* another spelling of the same version, or empty */
	struct str near[GIT_NEAR_MAX]; size_t near_count; /* for did-you-mean */
};
void git_choice_begin(struct git_choice *b, struct arena *a, struct str version);
void git_choose(struct git_choice *b, struct str name);

/*
 * git_own.c: objects and HEAD read by ourselves, because loading libgit2 takes
 * longer than all the rest of a short run, and to say which commit a file
 * belongs to only a handful of objects is needed. It reads what git writes: loose
 * objects, packs with an index of version 2, and HEAD by way of a loose or packed
 * branch. Each object is compared with its name. Whatever is missing, damaged or
 * unusual is simply "no": then libgit2 is asked, which reads more and says what is wrong.
 */
struct git_own; /* descriptors of packs */
struct git_own *git_own_open(const struct git_place *place);
void git_own_close(struct git_own *o);
/* The object, if it has this type and at most max bytes. Bytes in the arena. */
bool git_own_read(struct git_own *o, struct arena *a, const struct git_id *id, git_object_t type, size_t max, struct str *out);
/* The commit that is checked out. */
/* The loose object id, for libgit2 as well, which waits for ever on one that is cut off or no file.
 * 1: read, of that type and at most max bytes; 0: none, another type or longer; -1: damaged. */
int git_own_loose(struct arena *a, const struct git_place *place, const struct git_id *id, git_object_t type, size_t max, struct str *out);
bool git_own_head(struct arena *a, const struct git_place *place, struct git_id *out);

#endif
