/*
 * map: entries in order of insertion, and an index of slots (entry number + 1,
 * 0 = free) with linear probing. Small maps are searched without an index.
 */
#include "base/map.h"

#include "base/mem.h"

enum { SMALL = 8 };

void map_init(struct map *m)
{
	*m = (struct map){ 0 };
}

void map_release(struct map *m)
{
	mem_free(m->entries);
	mem_free(m->index);
	map_init(m);
}

/* The slot that holds key, or the free slot where it belongs. */
static uint32_t *slot_of(const struct map *m, struct str key)
{
	size_t i = (size_t)str_hash(key) & m->mask;
	while (m->index[i] && !str_eq(m->entries[m->index[i] - 1].key, key))
		i = (i + 1) & m->mask;
	return &m->index[i];
}

static struct map_entry *find(const struct map *m, struct str key)
{
	if (m->index) {
		uint32_t at = *slot_of(m, key);
		return at ? &m->entries[at - 1] : NULL;
	}
	for (size_t i = 0; i < m->count; i++)
		if (str_eq(m->entries[i].key, key))
			return &m->entries[i];
	return NULL;
}

void *map_get(const struct map *m, struct str key)
{
	struct map_entry *e = find(m, key);
	return e ? e->value : NULL;
}

static void grow(struct map *m)
{
	if (m->cap >= UINT32_MAX / 4)
		mem_abort("map too large");
	m->cap = m->cap ? m->cap * 2 : SMALL;
	m->entries = mem_realloc(m->entries, m->cap * sizeof *m->entries);
	if (m->cap <= SMALL)
		return;
	mem_free(m->index);
	m->mask = m->cap * 2 - 1;
	m->index = mem_array(m->mask + 1, sizeof *m->index);
	for (size_t i = 0; i < m->count; i++)
		*slot_of(m, m->entries[i].key) = (uint32_t)(i + 1);
}

bool map_add(struct map *m, struct str key, void *value)
{
	if (find(m, key))
		return false;
	if (m->count == m->cap)
		grow(m);
	m->entries[m->count] = (struct map_entry){ key, value };
	if (m->index)
		*slot_of(m, key) = (uint32_t)(m->count + 1);
	m->count++;
	return true;
}
