/*
 * value: constructors, copies, equality and order of struct value. Recursion
 * over lists and maps is bounded by VALUE_DEPTH_MAX, which every producer of
 * nested values (json, templates, functions) keeps.
 */
#include "value/value.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"

const struct value value_null = { .kind = V_NULL };

struct value value_bool(bool b)
{
	return (struct value){ .kind = V_BOOL, .b = b };
}

struct value value_int(int64_t i)
{
	return (struct value){ .kind = V_INT, .i = i };
}

struct value value_float(double f)
{
	return (struct value){ .kind = V_FLOAT, .f = f };
}

struct value value_unit(enum value_kind k, int64_t i)
{
	return (struct value){ .kind = (uint8_t)k, .i = i };
}

struct value value_unknown(const char *of)
{
	struct value v = { .kind = V_UNKNOWN, .s = of ? of : "" };
	v.n = (uint32_t)strlen(v.s);
	return v;
}

static uint32_t length32(size_t n)
{
	if (n > UINT32_MAX)
		mem_abort("a text of more than 4 GiB");
	return (uint32_t)n;
}

struct value value_str(struct str s)
{
	return (struct value){ .kind = V_STRING, .n = length32(s.n), .s = s.p ? s.p : "" };
}

struct value value_strz(const char *z)
{
	return value_str(str_of(z));
}

struct value value_str_copy(struct arena *a, struct str s)
{
	return value_str(arena_str(a, s.p, s.n));
}

struct value value_list(const struct value *items, uint32_t n)
{
	return (struct value){ .kind = V_LIST, .n = n, .list = items };
}

struct value value_map(const struct pair *pairs, uint32_t n)
{
	return (struct value){ .kind = V_MAP, .n = n, .map = pairs };
}

struct str value_text(struct value v)
{
	return (struct str){ v.s, v.n };
}

const struct value *value_get(struct value map, struct str key)
{
	if (map.kind != V_MAP)
		return NULL;
	for (uint32_t i = 0; i < map.n; i++)
		if (str_eq(map.map[i].key, key))
			return &map.map[i].value;
	return NULL;
}

static struct value copy_list(struct arena *a, struct value v)
{
	struct value *items = arena_array(a, v.n ? v.n : 1, sizeof(*items));
	for (uint32_t i = 0; i < v.n; i++)
		items[i] = value_copy(a, v.list[i]);
	v.list = items;
	return v;
}

static struct value copy_map(struct arena *a, struct value v)
{
	struct pair *pairs = arena_array(a, v.n ? v.n : 1, sizeof(*pairs));
	for (uint32_t i = 0; i < v.n; i++) {
		pairs[i].key = arena_str(a, v.map[i].key.p, v.map[i].key.n);
		pairs[i].value = value_copy(a, v.map[i].value);
	}
	v.map = pairs;
	return v;
}

struct value value_copy(struct arena *a, struct value v)
{
	switch (v.kind) {
	case V_STRING:
	case V_UNKNOWN:
		v.s = arena_str(a, v.s, v.n).p;
		return v;
	case V_LIST:
		return copy_list(a, v);
	case V_MAP:
		return copy_map(a, v);
	default:
		return v;
	}
}

/* Exact order of an int and a float: converting the int would round above 2^53. */
static int compare_int_float(int64_t i, double f)
{
	if (f >= 9223372036854775808.0)
		return -1;
	if (f < -9223372036854775808.0)
		return 1;
	int64_t whole = (int64_t)f;
	if (i != whole)
		return i < whole ? -1 : 1;
	double rest = f - (double)whole;
	return rest > 0 ? -1 : rest < 0;
}

static int compare_float(double a, double b)
{
	return a < b ? -1 : a > b;
}

static int compare_number(struct value a, struct value b)
{
	if (a.kind == V_INT && b.kind == V_FLOAT)
		return compare_int_float(a.i, b.f);
	if (a.kind == V_FLOAT && b.kind == V_INT)
		return -compare_int_float(b.i, a.f);
	if (a.kind == V_FLOAT)
		return compare_float(a.f, b.f);
	return a.i < b.i ? -1 : a.i > b.i;
}

static bool is_number(struct value v)
{
	return v.kind == V_INT || v.kind == V_FLOAT;
}

static int key_order(const void *a, const void *b)
{
	const struct pair *const *x = a, *const *y = b;
	return str_cmp((*x)->key, (*y)->key);
}

static const struct pair **sorted_pairs(struct value map)
{
	const struct pair **out = mem_array(map.n, sizeof(*out));
	for (uint32_t i = 0; i < map.n; i++)
		out[i] = &map.map[i];
	qsort(out, map.n, sizeof(*out), key_order);
	return out;
}

/* Maps in different orders: sorting keeps a hostile pair of large maps from
 * costing the square of its size. */
static bool equal_sorted(struct value a, struct value b)
{
	const struct pair **x = sorted_pairs(a), **y = sorted_pairs(b);
	bool same = true;
	for (uint32_t i = 0; i < a.n && same; i++)
		same = str_eq(x[i]->key, y[i]->key) && value_equal(x[i]->value, y[i]->value);
	mem_free(x);
	mem_free(y);
	return same;
}

static bool equal_map(struct value a, struct value b)
{
	uint32_t same = 0;
	if (a.n != b.n)
		return false;
	while (same < a.n && str_eq(a.map[same].key, b.map[same].key))
		same++;
	if (same < a.n)
		return equal_sorted(a, b);
	for (uint32_t i = 0; i < a.n; i++)
		if (!value_equal(a.map[i].value, b.map[i].value))
			return false;
	return true;
}

static bool equal_list(struct value a, struct value b)
{
	if (a.n != b.n)
		return false;
	for (uint32_t i = 0; i < a.n; i++)
		if (!value_equal(a.list[i], b.list[i]))
			return false;
	return true;
}

bool value_equal(struct value a, struct value b)
{
	if (is_number(a) && is_number(b))
		return compare_number(a, b) == 0;
	if (a.kind != b.kind)
		return false;
	switch (a.kind) {
	case V_NULL:
		return true;
	case V_BOOL:
		return a.b == b.b;
	case V_STRING:
		return str_eq(value_text(a), value_text(b));
	case V_LIST:
		return equal_list(a, b);
	case V_MAP:
		return equal_map(a, b);
	case V_UNKNOWN:
		return false;
	default:
		return a.i == b.i;
	}
}

int value_compare(struct value a, struct value b)
{
	if (is_number(a) && is_number(b))
		return compare_number(a, b);
	if (a.kind != b.kind)
		return a.kind < b.kind ? -1 : 1;
	switch (a.kind) {
	case V_STRING: {
		int c = str_cmp(value_text(a), value_text(b));
		return c < 0 ? -1 : c > 0;
	}
	case V_BOOL:
		return (int)a.b - (int)b.b;
	case V_DURATION:
	case V_TIME:
	case V_SIZE:
	case V_PERCENT:
		return a.i < b.i ? -1 : a.i > b.i;
	default:
		return 0;
	}
}

bool value_has_flag(struct value v, unsigned flag)
{
	if (v.flags & flag)
		return true;
	for (uint32_t i = 0; v.kind == V_LIST && i < v.n; i++)
		if (value_has_flag(v.list[i], flag))
			return true;
	for (uint32_t i = 0; v.kind == V_MAP && i < v.n; i++)
		if (value_has_flag(v.map[i].value, flag))
			return true;
	return false;
}

bool value_has_unknown(struct value v)
{
	if (v.kind == V_UNKNOWN)
		return true;
	for (uint32_t i = 0; v.kind == V_LIST && i < v.n; i++)
		if (value_has_unknown(v.list[i]))
			return true;
	for (uint32_t i = 0; v.kind == V_MAP && i < v.n; i++)
		if (value_has_unknown(v.map[i].value))
			return true;
	return false;
}

const char *value_kind_name(enum value_kind k)
{
	static const char *const names[V_KINDS] = {
		[V_NULL] = "null", [V_BOOL] = "bool", [V_INT] = "int", [V_FLOAT] = "float",
		[V_STRING] = "string", [V_DURATION] = "duration", [V_TIME] = "time",
		[V_SIZE] = "size", [V_PERCENT] = "percent", [V_LIST] = "list", [V_MAP] = "map",
		[V_UNKNOWN] = "unknown",
	};
	return (unsigned)k < V_KINDS ? names[k] : "?";
}
