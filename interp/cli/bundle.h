#ifndef RB_CLI_BUNDLE_H
#define RB_CLI_BUNDLE_H
/*
 * bundle: what one module of another repository is made of: its file, the
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

enum { BUNDLE_FILES_MAX = 1000, BUNDLE_BYTES_MAX = 256 << 20 };

struct bundle_file { struct str path, bytes; enum git_mode mode; char sha256[65]; };
/* A `uses` of another repository in it. */
struct bundle_use { struct spec spec; struct str path; uint32_t line; };
struct bundle {
	struct bundle_file *files; uint32_t count; /* sorted by path */
	struct bundle_use *uses; uint32_t use_count;
	char digest[65];
};

/* Where it is read from: paths of a repository's root. False after a fault. */
struct bundle_reader {
	bool (*read)(void *arg, struct arena *a, struct str path, size_t max, struct git_entry *out, struct fault *f);
	void *arg;
};

/* False after a fault. What is not there or not readable is one; mistakes inside of the files are not. */
bool bundle_load(struct arena *a, const struct bundle_reader *r, struct str path, struct bundle *out, struct fault *f);
/* Only the `uses` of other repositories in these runbooks, and in what they use beside them. */
bool bundle_uses(struct arena *a, const struct bundle_reader *r, const struct str *paths, uint32_t count, struct bundle *out, struct fault *f);
/* NULL: it has no such file. */
const struct bundle_file *bundle_find(const struct bundle *b, struct str path);
/* `path` as seen from the file `from`, without `.` and `..`. False: above the root. */
bool bundle_join(struct arena *a, struct str from, struct str path, struct str *out);

#endif
