#ifndef RB_CLI_MODTREE_H
#define RB_CLI_MODTREE_H
/*
 * modtree: what one module of another repository is made of: its file, the
 * modules that it uses relative to itself, and the `files:` of all of them. It
 * is read whole when the module is first used, and its digest compared with the
 * one of runbook.lock: SHA-256 over one line for each file, sorted by path:
 * `100644 SHA-256 PATH` (100755: may be executed), each with a line feed.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/fault.h"
#include "base/str.h"
#include "host/git.h"
#include "value/spec.h"

struct arena;

enum { MODTREE_FILES_MAX = 1000, MODTREE_BYTES_MAX = 256 << 20 };

struct modtree_file { struct str path, bytes; enum git_mode mode; char sha256[65]; };
/* A `uses` of another repository in it. */
struct modtree_use { struct spec spec; struct str path; uint32_t line; };
struct modtree {
	struct modtree_file *files; uint32_t count; /* sorted by path */
	struct modtree_use *uses; uint32_t use_count;
	char digest[65];
};

/* Where it is read from: paths of a repository's root. False after a fault. */
struct modtree_reader {
	bool (*read)(void *arg, struct arena *a, struct str path, size_t max, struct git_entry *out, struct fault *f);
	void *arg;
};

/* False after a fault. What is not there or not readable is one; mistakes inside of the files are not. */
bool modtree_load(struct arena *a, const struct modtree_reader *r, struct str path, struct modtree *out, struct fault *f);
/* Only the `uses` of other repositories in these runbooks, and in what they use beside them. */
bool modtree_uses(struct arena *a, const struct modtree_reader *r, const struct str *paths, uint32_t count, struct modtree *out, struct fault *f);
/* NULL: it has no such file. */
const struct modtree_file *modtree_find(const struct modtree *b, struct str path);
/* `path` as seen from the file `from`, without `.` and `..`. False: above the root. */
bool modtree_join(struct arena *a, struct str from, struct str path, struct str *out);

#endif
