/* json: strictness with a place, depth, typed values both ways. */
#include "value/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void prints_as_read(void **state)
{
	(void)state;
	static const char *const same[] = { "null", "true", "[1,1.0,-5,1e300,\"a\\\"b\\\\\",{}]", "{\"b\":1,\"a\":[[]]}",
		"\"\xea\xb0\x80\"", "[9223372036854775807,-9223372036854775808]", "0.1" };
	struct arena a;
	struct buf b;
	arena_init(&a);
	buf_init(&b, 1000);
	for (size_t i = 0; i < COUNT(same); i++) {
		struct value v;
		struct json_error e;
		buf_clear(&b);
		assert_true(json_parse(&a, str_of(same[i]), &v, &e));
		json_print(v, &b, 0);
		assert_string_equal(b.p, same[i]);
	}
	struct value v;
	struct json_error e;
	assert_true(json_parse(&a, STR("{\"a\":[1,2],\"e\":[],\"m\":{}}"), &v, &e));
	buf_clear(&b);
	json_print(v, &b, 2);
	assert_string_equal(b.p, "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"e\": [],\n  \"m\": {}\n}");
	buf_release(&b);
	arena_release(&a);
}

static void refusals_have_a_place(void **state)
{
	(void)state;
	static const struct { const char *text; int line; } bad[] = {
		{ "", 1 }, { "{\"a\":1,\n\"a\":2}", 2 }, { "[1,]", 1 }, { "[NaN]", 1 }, { "\"\\ud800\"", 1 }, { "\"\xff\"", 1 },
		{ "9223372036854775808", 1 }, { "1e400", 1 }, { "{} x", 1 }, { "[01]", 1 }, { "'a'", 1 }, { "\"a\nb\"", 1 },
		{ "[\n\n\"\\u0000\"]", 3 }, { "{\"a\\u0000b\":1}", 1 },
	};
	struct arena a;
	struct value v;
	arena_init(&a);
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct json_error e = { 0, 0, "" };
		if (json_parse(&a, str_of(bad[i].text), &v, &e))
			fail_msg("%s was taken", bad[i].text);
		assert_int_equal(e.line, bad[i].line);
		assert_true(e.text[0] && utf8_valid(str_of(e.text)));
	}
	struct json_error e;
	assert_false(json_parse(&a, (struct str){ "[1]\0", 4 }, &v, &e));
	assert_false(json_parse(&a, STR("\"\\u0000\""), &v, &e));
	assert_string_equal(e.text, "\\u0000 is not allowed in text");
	arena_release(&a);
}

static void depth_is_limited(void **state)
{
	(void)state;
	char text[600];
	struct arena a;
	struct value v;
	struct json_error e;
	arena_init(&a);
	for (int depth = 1; depth < 250; depth++) {
		size_t n = 0;
		for (int i = 0; i < depth; i++)
			text[n++] = '[';
		for (int i = 0; i < depth; i++)
			text[n++] = ']';
		assert_int_equal(json_parse(&a, (struct str){ text, n }, &v, &e), depth <= VALUE_DEPTH_MAX);
		if (depth > VALUE_DEPTH_MAX)
			assert_int_equal(e.column, VALUE_DEPTH_MAX + 1);
	}
	/* brackets in strings do not count */
	assert_true(json_parse(&a, STR("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[\"]"), &v, &e));
	arena_release(&a);
}

static struct value typed(struct arena *a, struct value v, struct buf *b)
{
	struct json_error e;
	struct value out;
	buf_clear(b);
	json_print_typed(v, b);
	if (!json_parse_typed(a, buf_str(b), &out, &e))
		fail_msg("%s: %s", b->p, e.text);
	return out;
}

static void typed_reads_back(void **state)
{
	(void)state;
	struct arena a;
	struct buf b;
	arena_init(&a);
	buf_init(&b, 10000);
	static const int64_t numbers[] = { 0, 1, -1, 500000000, 1200000000, INT64_MAX, INT64_MIN, 123456789012345678 };
	for (size_t i = 0; i < COUNT(numbers); i++)
		for (int k = V_DURATION; k <= V_PERCENT; k++) {
			struct value v = value_unit((enum value_kind)k, numbers[i]);
			assert_true(value_equal(typed(&a, v, &b), v));
		}
	typed(&a, value_unit(V_PERCENT, 500000000), &b);
	assert_string_equal(b.p, "{\"percent\":0.5}");
	struct value u = typed(&a, value_unknown("steps.a"), &b);
	assert_int_equal(u.kind, V_UNKNOWN);
	assert_string_equal(u.s, "steps.a");
	struct value bytes = value_str((struct str){ "a\0\xff\xfe", 4 });
	assert_true(value_equal(typed(&a, bytes, &b), bytes));
	/* a map of the user's own that looks like a unit stays a map */
	struct pair size = { STR("size"), value_int(5) };
	struct pair wrapped = { STR("map"), value_map(&size, 1) };
	struct pair twice = { STR("map"), value_map(&wrapped, 1) };
	struct value maps[] = { value_map(&size, 1), value_map(&wrapped, 1), value_map(&twice, 1), value_list(NULL, 0),
				value_unit(V_TIME, 1) };
	struct value list = value_list(maps, 5);
	assert_true(value_equal(typed(&a, list, &b), list));
	struct value out;
	struct json_error e;
	assert_false(json_parse_typed(&a, STR("{\"size\":\"x\"}"), &out, &e));
	assert_false(json_parse_typed(&a, STR("{\"b64\":\"====\"}"), &out, &e));
	assert_false(json_parse_typed(&a, STR("{\"b64\":\"a\"}"), &out, &e));
	assert_false(json_parse_typed(&a, STR("{\"time\":\"today\"}"), &out, &e));
	assert_false(json_parse_typed(&a, STR("{\"map\":5}"), &out, &e));
	/* written member by member: the names mean nothing there */
	assert_true(json_parse_members(&a, STR("{\"size\":{\"size\":5}}"), 1, &out, &e));
	assert_int_equal(out.kind, V_MAP);
	assert_int_equal(out.map[0].value.kind, V_SIZE);
	assert_true(json_parse_members(&a, STR("[{\"saw\":{\"time\":7}}]"), 3, &out, &e));
	assert_int_equal(out.list[0].map[0].value.map[0].value.i, 7);
	assert_false(json_parse_members(&a, STR("{\"size\":{\"time\":7}}"), 1, &out, &e));
	buf_release(&b);
	arena_release(&a);
}

static void plain_units_are_texts(void **state)
{
	(void)state;
	struct buf b;
	struct value items[] = { value_unit(V_DURATION, INT64_C(90000000000)), value_unit(V_SIZE, 1536),
				 value_unit(V_PERCENT, 500000000), value_unit(V_TIME, 0), value_unknown("x") };
	buf_init(&b, 1000);
	json_print(value_list(items, 5), &b, 0);
	assert_string_equal(b.p, "[\"1m30s\",\"1536B\",\"0.5%\",\"1970-01-01T00:00:00Z\",null]");
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_as_read), cmocka_unit_test(refusals_have_a_place), cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(typed_reads_back), cmocka_unit_test(plain_units_are_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
