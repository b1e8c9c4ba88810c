/* type: which type may stand for which, and the type that holds two. */
#include "expr_bench.h"

#include "eval/type.h"

/* Types by their printed names; "?" optional, "secret ". */
static const struct type *named(struct arena *a, const char *name)
{
	static const struct type *const plain[] = { &type_null, &type_bool, &type_int, &type_float, &type_string,
		&type_duration, &type_time, &type_size, &type_percent, &type_any, &type_status };
	struct str s = str_of(name);
	struct buf b;

	if (str_starts(s, STR("secret ")))
		return type_secret(a, named(a, name + 7));
	if (s.p[s.n - 1] == '?' && s.p[0] != 'l' && s.p[0] != 'm')
		return type_optional(a, named(a, arena_str(a, s.p, s.n - 1).p));
	if (str_starts(s, STR("list of ")))
		return type_list(a, named(a, name + 8));
	if (str_starts(s, STR("map of ")))
		return type_map(a, named(a, name + 7));
	if (!strcmp(name, "[]"))
		return type_list(a, &type_error);
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
		bool same;

		buf_init(&b, 64);
		type_print(plain[i], &b);
		same = str_eq(buf_str(&b), s);
		buf_release(&b);
		if (same)
			return plain[i];
	}
	fail_msg("no type %s", name);
	return NULL;
}

static void test_fits(void **state)
{
	static const struct { const char *from, *to; bool fits; } rows[] = {
		{ "int", "int", true }, { "int", "float", true }, { "float", "int", false }, { "int", "int?", true },
		{ "int?", "int", false }, { "int?", "float?", true }, { "null", "int?", true }, { "null", "int", false },
		{ "null", "any", true }, { "int", "any", true }, { "any", "int", false }, { "any", "any", true },
		{ "percent", "float", false }, { "float", "percent", false }, { "duration", "int", false },
		{ "status", "string", true }, { "string", "status", false }, { "list of int", "list of int", true },
		{ "list of int", "list of float", false }, { "list of int", "list of any", true }, { "[]", "list of int", true },
		{ "list of int", "list of int?", true }, { "list of int?", "list of int", false },
		{ "map of int", "map of any", true }, { "map of any", "map of int", false }, { "list of int", "map of int", false },
		{ "secret string", "string", true }, { "string", "secret string", true }, { "bool", "int", false },
	};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (type_fits(named(&a, rows[i].from), named(&a, rows[i].to)) != rows[i].fits)
			fail_msg("%s for %s: not %d", rows[i].from, rows[i].to, rows[i].fits);
	arena_release(&a);
}

static void test_join(void **state)
{
	static const struct { const char *x, *y, *both; } rows[] = {
		{ "int", "int", "int" }, { "int", "float", "float" }, { "int", "null", "int?" }, { "int?", "float", "float?" },
		{ "int", "string", NULL }, { "int", "any", "any" }, { "status", "string", "string" }, { "status", "status", "status" },
		{ "list of int", "[]", "list of int" }, { "list of int", "list of string", NULL },
		{ "list of int", "list of float", NULL }, { "list of int", "list of int?", "list of int?" },
		{ "secret string", "string", "secret string" }, { "secret string", "null", "secret string?" },
		{ "map of int", "map of string", "any" }, { "map of int", "map of int", "map of int" },
		{ "list of secret string", "any", "secret any" }, { "duration", "int", NULL }, { "percent", "float", NULL },
	};
	struct arena a;
	struct buf b;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
		const struct type *x = named(&a, rows[i / 2].x), *y = named(&a, rows[i / 2].y);
		const struct type *both = i % 2 ? type_join(&a, x, y) : type_join(&a, y, x);

		if (!both != !rows[i / 2].both)
			fail_msg("%s with %s", rows[i / 2].x, rows[i / 2].y);
		if (!both)
			continue;
		buf_init(&b, 200);
		type_print(both, &b);
		assert_string_equal(b.p, rows[i / 2].both);
		buf_release(&b);
		assert_true(type_fits(x, both) || x->kind == T_LIST);
	}
	arena_release(&a);
}

static void test_records(void **state)
{
	struct arena a;
	struct field two[] = { { STR("a"), &type_int }, { STR("b"), &type_string } };
	struct field swapped[] = { { STR("b"), &type_string }, { STR("a"), &type_int } };
	struct field more[] = { { STR("a"), &type_int }, { STR("b"), &type_string }, { STR("c"), &type_bool } };
	const struct type *r2, *r2b, *r3;

	(void)state;
	arena_init(&a);
	r2 = type_record(&a, two, 2);
	r2b = type_record(&a, swapped, 2);
	r3 = type_record(&a, more, 3);
	assert_true(type_equal(r2, r2b));
	assert_false(type_equal(r2, r3));
	assert_true(type_fits(r3, r2));
	assert_false(type_fits(r2, r3));
	assert_true(type_fits(r2, type_map(&a, &type_any)));
	assert_false(type_fits(r2, type_map(&a, &type_int)));
	assert_ptr_equal(type_join(&a, r2, r2b), r2);
	assert_int_equal(type_join(&a, r2, r3)->kind, T_ANY);
	assert_null(type_field(r2, STR("c")));
	arena_release(&a);
}

/* A secret anywhere inside is found; null and any need no "?". */
static void test_flags(void **state)
{
	struct arena a;
	struct field f[] = { { STR("a"), &type_int }, { STR("b"), NULL } };

	(void)state;
	arena_init(&a);
	f[1].type = type_list(&a, type_secret(&a, &type_string));
	assert_true(type_tainted(type_record(&a, f, 2)));
	assert_false(type_tainted(type_record(&a, f, 1)));
	assert_true(type_tainted(type_map(&a, type_record(&a, f, 2))));
	assert_ptr_equal(type_optional(&a, &type_any), &type_any);
	assert_ptr_equal(type_optional(&a, &type_null), &type_null);
	assert_ptr_equal(type_required(&a, &type_int), &type_int);
	assert_true(type_equal(type_required(&a, type_optional(&a, type_secret(&a, &type_int))), type_secret(&a, &type_int)));
	assert_false(type_equal(&type_status, &type_run_status));
	assert_true(type_equal(type_join(&a, &type_status, &type_run_status), &type_string));
	arena_release(&a);
}

static void test_print(void **state)
{
	struct arena a;
	struct buf b;

	(void)state;
	arena_init(&a);
	buf_init(&b, 200);
	type_print(type_optional(&a, type_list(&a, type_optional(&a, &type_int))), &b);
	buf_addc(&b, ' ');
	type_print(type_list(&a, type_map(&a, type_secret(&a, &type_string))), &b);
	buf_addc(&b, ' ');
	type_print(type_list(&a, &type_error), &b);
	assert_string_equal(b.p, "(list of int?)? list of map of secret string list");
	buf_release(&b);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fits), cmocka_unit_test(test_join), cmocka_unit_test(test_records),
		cmocka_unit_test(test_flags), cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
