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

static struct map_entry *find_small(const struct map *m, struct str key)
{
	for (size_t i = 0; i < m->count; i++)
		if (str_eq(m->entries[i].key, key))
			return &m->entries[i];
	return NULL;
}

void *map_get(const struct map *m, struct str key)
{
	if (!m->index) {
		struct map_entry *e = find_small(m, key);
		return e ? e->value : NULL;
	}
	uint32_t at = *slot_of(m, key);
	return at ? m->entries[at - 1].value : NULL;
}

static void resize(struct map *m, size_t cap)
{
	if (cap > UINT32_MAX / 2)
		mem_abort("map too large");
	m->cap = cap;
	m->entries = mem_realloc(m->entries, m->cap * sizeof *m->entries);
	if (m->cap <= SMALL)
		return;
	size_t slots = SMALL * 2;
	while (slots < m->cap * 2)
		slots *= 2;
	mem_free(m->index);
	m->mask = slots - 1;
	m->index = mem_array(slots, sizeof *m->index);
	for (size_t i = 0; i < m->count; i++)
		*slot_of(m, m->entries[i].key) = (uint32_t)(i + 1);
}

void map_reserve(struct map *m, size_t count)
{
	if (count > m->cap)
		resize(m, count);
}

bool map_add(struct map *m, struct str key, void *value)
{
	if (m->count == m->cap) {
		if (m->index ? *slot_of(m, key) != 0 : find_small(m, key) != NULL)
			return false;
		resize(m, m->cap ? m->cap * 2 : SMALL);
	}
	if (m->index) {
		uint32_t *slot = slot_of(m, key);
		if (*slot)
			return false;
		*slot = (uint32_t)(m->count + 1);
	} else if (find_small(m, key)) {
		return false;
	}
	m->entries[m->count++] = (struct map_entry){ key, value };
	return true;
}
