#ifndef RB_VALUE_VERSION_H
#define RB_VALUE_VERSION_H
/*
 * version: tags that are versions, and the versions that a text wants.
 * `v1.4.2`, `1.4.2-rc.1`, `kis/v1.4.2` (semver.org 2.0 with an optional `v` and
 * an optional prefix up to the last `/`, for several runbooks in one repository).
 * Texts are borrowed.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

struct version {
	struct str prefix;       /* "kis/" or empty */
	uint64_t part[3];        /* major, minor, patch; absent ones are 0 */
	uint8_t parts;           /* how many were written: 1 to 3 */
	bool v;                  /* written with `v` */
	struct str pre;          /* "rc.1" or empty; a build (`+...`) counts for nothing */
};

/* Reads a tag's name or the text behind an @. False: it is no version. */
bool version_parse(struct str text, struct version *out);
/* Order by semver section 11, without the prefix: <0, 0, >0. */
int version_cmp(const struct version *a, const struct version *b);
/* Does a tag serve for what was written: the same prefix and the parts that `want`
 * has; pre-releases only if `want` names that very one. */
bool version_serves(const struct version *want, const struct version *tag);

#endif
