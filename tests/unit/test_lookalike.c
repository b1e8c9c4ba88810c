/* test_lookalike: what a record has masked, beside the one that a replay makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"
#include "run/lookalike.h"

static void put(void *arg, struct str text)
{
	struct buf *b = arg;

	buf_adds(b, text);
	buf_addc(b, '|');
}

static void finds_what_was_masked(void **state)
{
	static const struct { const char *recorded, *made, *found; bool same_form; } cases[] = {
		{ "\"a\":\"x *** y\"", "\"a\":\"x hunter2 y\"", "hunter2|", true },
		{ "\"a\":\"***\"", "\"a\":\"hunter2\"", "hunter2|", true },
		{ "\"a\":[\"***\",\"b\"],\"c\":\"***!\"", "\"a\":[\"first\",\"b\"],\"c\":\"second!\"", "first|second|", true },
		{ "\"a\":\"*** and ***\"", "\"a\":\"first and second\"", "first|second|", true },
		/* escapes are texts */
		{ "\"a\":\"x***\"", "\"a\":\"xtwo\\nlines \\u00e9\"", "two\nlines \xc3\xa9|", true },
		/* a number is masked as a whole only */
		{ "\"a\":[\"***\"]", "\"a\":[8080]", "8080|", true },
		{ "\"a\":[\"1***\"]", "\"a\":[18080]", "", false },
		/* other numbers follow from it, and are compared later */
		{ "\"a\":\"***\",\"n\":3", "\"a\":\"hunter2\",\"n\":17", "hunter2|", true },
		/* too short for a secret; masked already */
		{ "\"a\":\"***\"", "\"a\":\"abc\"", "", true },
		{ "\"a\":\"x***\"", "\"a\":\"x***\"", "", true },
		{ "\"a\":\"*** ***\"", "\"a\":\"*** hunter2\"", "hunter2|", true },
		/* the rest does not agree */
		{ "\"a\":\"x ***\"", "\"a\":\"y hunter2\"", "", true },
		{ "\"a\":\"*** y\"", "\"a\":\"hunter2 z\"", "", true },
		{ "\"a\":\"hunter2\"", "\"a\":\"***\"", "", true },
		/* another form */
		{ "\"a\":\"***\"", "\"a\":true", "", false },
		{ "\"a\":\"***\"", "\"a\":\"hunter2\",\"b\":1", "hunter2|", false },
		{ "\"a\":{\"b\":\"***\"}", "\"a\":[\"hunter2\"]", "", false },
		{ "\"a\":true", "\"a\":null", "", false },
		{ "\"a\":\"*", "\"a\":\"hunter2\"", "", false },
		{ "", "", "", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf b;

		buf_init(&b, 1000);
		if (lookalikes_between(str_of(cases[i].recorded), str_of(cases[i].made), put, &b) != cases[i].same_form)
			fail_msg("%s beside %s: the form", cases[i].recorded, cases[i].made);
		if (!str_eqz(buf_str(&b), cases[i].found))
			fail_msg("%s beside %s: %.*s", cases[i].recorded, cases[i].made, (int)b.len, b.p ? b.p : "");
		buf_release(&b);
	}
}

static void no_more_than_secrets(void **state)
{
	struct lookalikes l = { .count = 0 };
	struct arena a;

	(void)state;
	arena_init(&a);
	l.arena = &a;
	lookalikes_add(&l, STR("hunter2"), 0, 0);
	assert_int_equal(l.count, 0);
	assert_false(l.more);
	lookalikes_add(&l, STR("hunter2 and more"), 2, 1);
	lookalikes_add(&l, STR("other"), 1, 1);
	assert_int_equal(l.count, 2);
	/* the shorter one explains both, from when the first one was masked */
	l.more = false;
	lookalikes_add(&l, STR("hunter2"), 1, 1);
	assert_int_equal(l.count, 2);
	assert_true(l.more);
	l.more = false;
	lookalikes_add(&l, STR("my hunter2"), 1, 1);
	lookalikes_add(&l, STR("third"), 1, 1);
	assert_false(l.more);
	for (uint32_t i = 0; i < l.count; i++) {
		assert_true(str_eqz(l.list[i].text, "hunter2") || str_eqz(l.list[i].text, "other"));
		assert_int_equal(l.list[i].from, 1);
	}
	arena_release(&a);
}

static void has_room_for_so_many(void **state)
{
	struct arena a;
	struct lookalikes l = { .arena = &a };

	(void)state;
	arena_init(&a);
	for (int i = 0; i <= LOOKALIKES_MAX; i++) {
		l.more = false;
		lookalikes_add(&l, arena_printf(&a, "secret-%03d", i), 0, 1000);
		assert_int_equal(l.more, i < LOOKALIKES_MAX);
	}
	assert_int_equal(l.count, LOOKALIKES_MAX);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_was_masked),
		cmocka_unit_test(no_more_than_secrets),
		cmocka_unit_test(has_room_for_so_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
