#ifndef RB_JOURNAL_OWNED_H
#define RB_JOURNAL_OWNED_H
/*
 * owned: a small file of JSON that a person left in a run's folder, where others
 * may write, too: whose it is, and whether only they can have written it.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"
#include "value/value.h"

struct arena;

struct owned {
	struct str bytes;  /* in the arena */
	struct value map;  /* what they say */
	int64_t uid;       /* the owner; -1: nobody knows */
};

/* Reads a regular file of one name and at most max bytes that only its owner may write: a JSON map
 * whose `v` is 1. False with *why, fit to follow "refused: "; what is known of out is set all the same. */
bool owned_read(struct arena *a, const char *path, size_t max, struct owned *out, struct str *why);
/* A text of the map; empty: it has none. */
struct str owned_text(const struct owned *o, const char *name);

#endif
