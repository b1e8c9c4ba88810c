#ifndef RB_HOST_ENV_H
#define RB_HOST_ENV_H
/*
 * env: the base environment of children, taken from our own: PATH HOME USER
 * LOGNAME SHELL LANG LC_* TZ TMPDIR SSH_AUTH_SOCK, proxy and CA variables,
 * TRACEPARENT TRACESTATE BAGGAGE, and what `defaults.inherit` names.
 */
#include <stdint.h>
#include "base/str.h"

struct arena;

/* NAME=value texts, NULL-terminated, in the arena. inherit: names, or `PREFIX_*`.
 * drop: names that never pass (secrets come from them), whatever else says so. */
const char *const *env_base(struct arena *a, const struct str *inherit, uint32_t inherit_count,
			    const struct str *drop, uint32_t drop_count);
/* Value of a variable of our own environment, or NULL. */
const char *env_get(struct arena *a, struct str name);

#endif
