#ifndef RB_HOST_SECRET_H
#define RB_HOST_SECRET_H
/*
 * secret: fetches one secret before the run. One trailing line break is cut
 * off. The value goes nowhere but into the arena.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

struct arena;

enum { SECRET_LIMIT = 64 << 10 };

/* In the order of syntax's enum secret_from. */
enum secret_place { SECRET_IN_ENV, SECRET_IN_FILE, SECRET_BY_RUN };
struct secret_source {
	uint8_t place;                          /* enum secret_place */
	struct str arg;                         /* variable, or file (relative: to dir) */
	const struct str *argv; uint32_t argc;  /* program; 30 s, must exit with 0 */
};

/* dir and env (NULL-terminated, NAME=value) are for the program. False with *error
 * (in the arena, without the value): not there, empty, too long, not UTF-8, NUL inside. */
bool secret_fetch(struct arena *a, const struct secret_source *s, const char *dir, const char *const *env,
		  struct str *value, struct str *error);

#endif
