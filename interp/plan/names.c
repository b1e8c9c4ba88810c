/*
 * names: looking up captures by name without a walk over all of them, and lists
 * of names in messages.
 */
#include "plan/check.h"

enum { FEW = 16, SHOWN = 12 };

static void make_slots(struct load *l, const struct step *s, struct step_info *info)
{
	uint32_t size = 64;
	while (size < s->capture_count * 2)
		size *= 2;
	/* slot 0 holds the mask */
	uint32_t *slots = arena_array(l->a, (size_t)size + 1, sizeof *slots);
	slots[0] = size - 1;
	for (uint32_t i = 0; i < s->capture_count; i++) {
		uint32_t at = (uint32_t)str_hash(s->captures[i].name) & slots[0];
		while (slots[1 + at] && !str_eq(s->captures[slots[1 + at] - 1].name, s->captures[i].name))
			at = (at + 1) & slots[0];
		if (!slots[1 + at])
			slots[1 + at] = i + 1;
	}
	info->capture_slots = slots;
}

int64_t capture_index(struct load *l, const struct prog_step *ps, struct str name)
{
	const struct step *s = ps->ast;
	struct step_info *info = &l->info[s->ix];
	if (s->capture_count <= FEW) {
		for (uint32_t i = 0; i < s->capture_count; i++)
			if (str_eq(s->captures[i].name, name))
				return i;
		return -1;
	}
	if (!info->capture_slots)
		make_slots(l, s, info);
	const uint32_t *slots = info->capture_slots;
	for (uint32_t at = (uint32_t)str_hash(name) & slots[0]; slots[1 + at]; at = (at + 1) & slots[0])
		if (str_eq(s->captures[slots[1 + at] - 1].name, name))
			return slots[1 + at] - 1;
	return -1;
}

struct str names_list(struct arena *a, const struct str *names, uint32_t count)
{
	struct str all = STR("");
	for (uint32_t i = 0; i < count && i < SHOWN; i++)
		all = arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(all), i ? ", " : "", STR_ARG(names[i]));
	return count > SHOWN ? arena_printf(a, STR_FMT " ...", STR_ARG(all)) : all;
}
