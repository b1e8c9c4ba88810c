#ifndef RB_VALUE_SPEC_H
#define RB_VALUE_SPEC_H
/*
 * spec: the text that names a runbook: a SOURCE of the command line or the
 * `uses:` of a step. Only the grammar: nothing is looked up here.
 *
 *   deploy.yml   ./health.yml   deploy.yml@v1.4.0   deploy.yml@kis/1.4
 *   git+https://host/ops/rb//kis/deploy.yml@v1.4.0
 *   git+ssh://git@host/ops/rb//kis/deploy.yml@1.4
 *   git+file:///srv/rb.git//kis/deploy.yml@<40 hex>
 *   std/http@1   std/postgres/backup@1
 *
 * The version follows the last `@` behind the last `/`. A version may have a `/`
 * itself where what stands before its `@` ends with .yml or .yaml.
 */
#include <stdbool.h>
#include "base/fault.h"
#include "base/str.h"

struct arena;

enum { SPEC_MAX = 4096, SPEC_VERSION_MAX = 255, SPEC_DEPTH_MAX = 32 };
enum spec_kind { SPEC_FILE, SPEC_GIT, SPEC_STD };

struct spec {
	enum spec_kind kind;
	struct str text;     /* as written */
	struct str repo;     /* SPEC_GIT: the URL without `git+`, never with a password: "https://host/ops/rb" */
	struct str path;     /* SPEC_FILE: as written; SPEC_GIT: inside the repository, clean; SPEC_STD: "http" */
	struct str version;  /* behind the `@`, or empty */
};

/* False after a fault of code 401. A spec that begins with `git+` is a git source or a
 * fault, `std/NAME@...` with no dot in NAME is SPEC_STD, everything else a file. The
 * texts are slices of `text`. */
bool spec_parse(struct arena *a, struct str text, struct spec *out, struct fault *f);
/* As it may be shown: with stars for credentials, which make it a fault. Same length. */
struct str spec_shown(struct arena *a, struct str text);
/* May a path stand inside a repository: relative, no empty part, `.`, `..`, `.git`,
 * backslash or control character, UTF-8, at most SPEC_DEPTH_MAX parts. NULL: it may;
 * else why not. */
const char *spec_bad_path(struct str path);
/* May a text be a tag's or branch's name or a commit's id. NULL or why not. */
const char *spec_bad_version(struct str version);
/* 40 (or 64) lower-case hex digits? */
bool spec_is_id(struct str version, size_t digits);

#endif
