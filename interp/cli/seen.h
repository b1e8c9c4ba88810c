#ifndef RB_CLI_SEEN_H
#define RB_CLI_SEEN_H
/*
 * seen: what tags stood for when they were last run: STATE/tags, one line each:
 * SHA-256 of the repository's name, tag, object of the ref, commit, the
 * repository's name for people; between tabs. Lines are only added.
 */
#include <stdbool.h>
#include "base/fault.h"
#include "base/str.h"
#include "host/git.h"

struct cli;

/* False after fault 410: the tag names another object than it did. */
bool seen_check(struct cli *c, const char *state, struct str repository, const struct git_found *found, struct fault *f);
/* Keeps it, if it is new. 0 or errno. */
int seen_add(struct cli *c, const char *state, struct str repository, const struct git_found *found);

#endif
