#ifndef RB_BASE_MAP_H
#define RB_BASE_MAP_H
/*
 * map: names to pointers, open addressing, insertion order kept for iteration.
 * Keys are borrowed and must outlive the map; values are the caller's.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/str.h"

struct map_entry {
	struct str key;
	void *value;
};
struct map {
	struct map_entry *entries; /* in order of insertion */
	uint32_t *index;
	size_t count, cap, mask;
};

void map_init(struct map *m);
void map_release(struct map *m);
/* Makes room for count entries in all, so that adding them moves nothing. */
void map_reserve(struct map *m, size_t count);
/* Value of key, or NULL. */
void *map_get(const struct map *m, struct str key);
/* Adds; false (and nothing changed) if the key is there already. */
bool map_add(struct map *m, struct str key, void *value);

#endif
