/* functions_list: items of lists, tests over them, and lists made from lists. */
#include "eval/functions.h"

#include <string.h>

static const struct value failure = { .kind = V_FAIL };

static struct value empty_list(struct call *k)
{
	return call_fail_at(k, 0, "the list is empty");
}

struct value fn_first(struct call *k)
{
	return k->args[0].n ? k->args[0].list[0] : empty_list(k);
}

struct value fn_last(struct call *k)
{
	return k->args[0].n ? k->args[0].list[k->args[0].n - 1] : empty_list(k);
}

/* The test's answer for an item: a bool, unknown, or a failure. */
static struct value test(struct call *k, struct value item)
{
	struct value v = k->count == 2 ? call_lambda(k, 1, item) : item;

	if (k->count == 1 && !code_burn(k->m, k->code, 1))
		return failure;
	if (v.kind == V_BOOL || v.kind >= V_UNKNOWN)
		return v;
	return call_fail(k, "the test gave %s, not bool", code_a_kind(v.kind));
}

/* Looks for an item whose test is `wanted`; three-valued. */
static struct value search(struct call *k, bool wanted, bool found)
{
	struct value unknown = value_null, v;

	for (uint32_t i = 0; i < k->args[0].n; i++) {
		v = test(k, k->args[0].list[i]);
		if (v.kind == V_FAIL)
			return v;
		if (v.kind == V_BOOL && v.b == wanted)
			return value_bool(found);
		if (v.kind == V_UNKNOWN && unknown.kind == V_NULL)
			unknown = v;
	}
	return unknown.kind == V_UNKNOWN ? unknown : value_bool(!found);
}

struct value fn_any(struct call *k)
{
	return search(k, true, true);
}

struct value fn_all(struct call *k)
{
	return search(k, false, false);
}

struct value fn_none(struct call *k)
{
	return search(k, true, false);
}

struct value fn_count(struct call *k)
{
	int64_t n = 0;
	struct value v;

	for (uint32_t i = 0; i < k->args[0].n; i++) {
		v = test(k, k->args[0].list[i]);
		if (v.kind != V_BOOL)
			return v;
		n += v.b;
	}
	return value_int(n);
}

struct value fn_filter(struct call *k)
{
	struct value list = k->args[0], v, *kept = call_items(k, list.n);
	uint32_t n = 0;

	if (!kept)
		return failure;
	for (uint32_t i = 0; i < list.n; i++) {
		v = test(k, list.list[i]);
		if (v.kind != V_BOOL)
			return v;
		if (v.b)
			kept[n++] = list.list[i];
	}
	return value_list(kept, n);
}

struct value fn_map(struct call *k)
{
	struct value list = k->args[0], *made = call_items(k, list.n);

	if (!made)
		return failure;
	for (uint32_t i = 0; i < list.n; i++) {
		made[i] = call_lambda(k, 1, list.list[i]);
		if (made[i].kind == V_FAIL)
			return made[i];
	}
	return value_list(made, list.n);
}

struct value fn_flatten(struct call *k)
{
	struct value list = k->args[0], *made;
	uint64_t total = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < list.n; i++) {
		if (list.list[i].kind == V_UNKNOWN)
			return list.list[i];
		total += list.list[i].kind == V_LIST ? list.list[i].n : 1;
	}
	made = call_items(k, total);
	if (!made)
		return failure;
	for (uint32_t i = 0; i < list.n; i++) {
		struct value v = list.list[i];

		if (v.kind != V_LIST) {
			made[n++] = v;
			continue;
		}
		if (v.n)
			memcpy(made + n, v.list, v.n * sizeof *made);
		n += v.n;
	}
	return value_list(made, n);
}

struct value fn_range(struct call *k)
{
	int64_t from = k->count == 2 ? k->args[0].i : 0, to = k->args[k->count - 1].i;
	struct value *made;
	uint64_t n;

	n = to > from ? (uint64_t)to - (uint64_t)from : 0;
	made = call_items(k, n);
	if (!made)
		return failure;
	for (uint64_t i = 0; i < n; i++)
		made[i] = value_int(from + (int64_t)i);
	return value_list(made, (uint32_t)n);
}

struct value fn_chunks(struct call *k)
{
	struct value list = k->args[0], *made;
	uint32_t size, n;

	if (k->args[1].i < 1)
		return call_fail_at(k, 1, "a chunk needs at least 1 item");
	size = k->args[1].i > list.n ? list.n : (uint32_t)k->args[1].i;
	n = size ? (list.n - 1) / size + 1 : 0;
	made = call_items(k, n);
	if (!made)
		return failure;
	for (uint32_t i = 0; i < n; i++)
		made[i] = value_list(list.list + (size_t)i * size, i + 1 < n ? size : list.n - i * size);
	return value_list(made, n);
}

/* --- unique --- */

static uint64_t hash_value(struct value v)
{
	double d;
	uint64_t bits;

	switch (v.kind) {
	case V_STRING:
		return str_hash(value_text(v));
	case V_INT: /* 1 and 1.0 are equal, so they hash alike */
	case V_FLOAT:
		d = v.kind == V_INT ? (double)v.i : v.f;
		d = d == 0 ? 0 : d;
		memcpy(&bits, &d, sizeof bits);
		return bits * 0x9e3779b97f4a7c15u;
	case V_LIST:
	case V_MAP:
		return v.n * 31U + v.kind + (v.kind == V_LIST && v.n ? hash_value(v.list[0]) : 0);
	case V_BOOL:
		return v.b;
	case V_NULL:
		return 7;
	default:
		return (uint64_t)v.i * 0x9e3779b97f4a7c15u;
	}
}

struct value fn_unique(struct call *k)
{
	struct value list = k->args[0], *kept = call_items(k, list.n);
	size_t size = 16, at;
	uint32_t *index, n = 0;

	while (size < (size_t)list.n * 2)
		size *= 2;
	index = kept ? code_alloc(k->m, k->code, size * sizeof *index) : NULL;
	if (!index)
		return failure;
	for (uint32_t i = 0; i < list.n; i++) {
		uint64_t h = hash_value(list.list[i]);

		for (at = (h ^ h >> 32) & (size - 1); index[at]; at = (at + 1) & (size - 1)) {
			if (!code_burn(k->m, k->code, 1))
				return failure;
			if (value_equal(kept[index[at] - 1], list.list[i]))
				break;
		}
		if (index[at])
			continue;
		kept[n++] = list.list[i];
		index[at] = n;
	}
	return value_list(kept, n);
}
