/* functions_map: keys, values, has, merge. Maps keep the order of insertion. */
#include "eval/functions.h"

#include "base/map.h"

static const struct value failure = { .kind = V_FAIL };

struct value fn_keys(struct call *k)
{
	struct value map = k->args[0], *made = call_items(k, map.n);

	if (!made)
		return failure;
	for (uint32_t i = 0; i < map.n; i++) {
		/* keys may be views without a NUL behind them */
		made[i] = code_text(k->m, k->code, map.map[i].key);
		if (made[i].kind == V_FAIL)
			return made[i];
	}
	return value_list(made, map.n);
}

struct value fn_values(struct call *k)
{
	struct value map = k->args[0], *made = call_items(k, map.n);

	if (!made)
		return failure;
	for (uint32_t i = 0; i < map.n; i++)
		made[i] = map.map[i].value;
	return value_list(made, map.n);
}

struct value fn_has(struct call *k)
{
	if (!code_burn(k->m, k->code, k->args[0].n >> 3))
		return failure;
	return value_bool(value_get(k->args[0], value_text(k->args[1])) != NULL);
}

struct value fn_merge(struct call *k)
{
	struct value a = k->args[0], b = k->args[1];
	size_t total = (size_t)a.n + b.n;
	struct pair *pairs, *old;
	struct map index;
	uint32_t n = 0;

	pairs = code_burn(k->m, k->code, total) ? code_alloc(k->m, k->code, total * sizeof *pairs) : NULL;
	if (!pairs)
		return failure;
	map_init(&index);
	for (uint32_t i = 0; i < a.n; i++) {
		pairs[n] = a.map[i];
		map_add(&index, pairs[n].key, &pairs[n]);
		n++;
	}
	for (uint32_t i = 0; i < b.n; i++) {
		old = map_get(&index, b.map[i].key);
		if (old)
			old->value = b.map[i].value;
		else
			pairs[n++] = b.map[i];
	}
	map_release(&index);
	return value_map(pairs, n);
}
