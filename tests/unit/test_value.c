/* value: exact order of numbers, deep equality, copies, text. */
#include "value/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "value/json.h"

static struct value parse(struct arena *a, const char *z)
{
	struct value v;
	struct json_error e;
	if (!json_parse(a, str_of(z), &v, &e))
		fail_msg("%s: %s", z, e.text);
	return v;
}

static void numbers_compare_exactly(void **state)
{
	(void)state;
	struct value big = value_int((INT64_C(1) << 53) + 1), f = value_float(9007199254740992.0);
	assert_int_equal(value_compare(big, f), 1);
	assert_int_equal(value_compare(f, big), -1);
	assert_false(value_equal(big, f));
	assert_int_equal(value_compare(value_int(INT64_MAX), value_float(9223372036854775808.0)), -1);
	assert_int_equal(value_compare(value_int(INT64_MIN), value_float(-9223372036854775808.0)), 0);
	assert_int_equal(value_compare(value_int(-3), value_float(-3.5)), 1);
	assert_int_equal(value_compare(value_int(-4), value_float(-3.5)), -1);
	assert_true(value_equal(value_int(1), value_float(1.0)));
	assert_false(value_equal(value_int(1), value_unit(V_SIZE, 1)));
	assert_false(value_equal(value_unit(V_DURATION, 1), value_unit(V_SIZE, 1)));
}

static void maps_are_equal_in_any_order(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a);
	assert_true(value_equal(parse(&a, "{\"a\":1,\"b\":[1,{\"x\":null}]}"), parse(&a, "{\"b\":[1.0,{\"x\":null}],\"a\":1}")));
	assert_false(value_equal(parse(&a, "{\"a\":1,\"b\":2}"), parse(&a, "{\"b\":1,\"a\":2}")));
	assert_false(value_equal(parse(&a, "{\"a\":1}"), parse(&a, "{\"a\":1,\"b\":2}")));
	assert_false(value_equal(parse(&a, "{\"a\":1,\"b\":2}"), parse(&a, "{\"a\":1,\"c\":2}")));
	assert_false(value_equal(parse(&a, "[1,2]"), parse(&a, "[2,1]")));
	assert_true(value_equal(parse(&a, "{}"), parse(&a, "{}")));
	assert_false(value_equal(parse(&a, "{}"), parse(&a, "[]")));
	arena_release(&a);
}

static void a_copy_stands_alone(void **state)
{
	(void)state;
	struct arena a, b;
	arena_init(&a);
	arena_init(&b);
	struct value v = parse(&a, "{\"k\":[\"text\",{\"n\":[1,2.5,true,null]}],\"e\":[],\"m\":{}}");
	struct value c = value_copy(&b, v);
	assert_true(value_equal(v, c));
	arena_release(&a);
	struct value again = parse(&b, "{\"k\":[\"text\",{\"n\":[1,2.5,true,null]}],\"e\":[],\"m\":{}}");
	assert_true(value_equal(c, again));
	arena_release(&b);
}

static void flags_are_found_deep(void **state)
{
	(void)state;
	struct value s = value_strz("hidden");
	s.flags = VALUE_SECRET;
	struct value inner[] = { value_int(1), s };
	struct pair pairs[] = { { STR("a"), value_null }, { STR("b"), value_list(inner, 2) } };
	struct value v = value_map(pairs, 2);
	assert_true(value_has_flag(v, VALUE_SECRET));
	assert_false(value_has_flag(v, VALUE_TRUNCATED));
	assert_false(value_has_unknown(v));
	inner[0] = value_unknown("steps.x");
	assert_true(value_has_unknown(v));
	struct buf b;
	buf_init(&b, 1000);
	value_show(v, &b);
	assert_string_equal(b.p, "{\"a\":null,\"b\":[null,\"***\"]}");
	buf_clear(&b);
	value_show(s, &b);
	assert_string_equal(b.p, "***");
	buf_clear(&b);
	value_show(inner[0], &b);
	assert_string_equal(b.p, "(unknown: steps.x)");
	buf_clear(&b);
	/* the environment of a child gets the secret itself */
	assert_true(value_to_text(s, &b));
	assert_string_equal(b.p, "hidden");
	buf_clear(&b);
	assert_false(value_to_text(value_null, &b) || value_to_text(v, &b) || value_to_text(inner[0], &b));
	assert_int_equal(b.len, 0);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_compare_exactly), cmocka_unit_test(maps_are_equal_in_any_order),
		cmocka_unit_test(a_copy_stands_alone), cmocka_unit_test(flags_are_found_deep),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
