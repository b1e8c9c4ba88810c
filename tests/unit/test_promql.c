#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"
#include "plan/promql.h"
#include "run/metric.h"

/* test_promql: where a hole of a query stands; escaped values; answers that are none. */

static void quotes(void **state)
{
	static const struct { const char *text; char in; } cases[] = {
		{ "", 0 }, { "up", 0 }, { "up{a=\"", '"' }, { "up{a='", '\'' }, { "up{a=`", '`' }, { "up{a=\"x\"}", 0 },
		{ "up{a=\"x\\\"", '"' }, { "up{a=\"x\\\\\"", 0 }, { "up{a=`x\\`", 0 }, { "up{a=\"'`", '"' },
		{ "up # \"", 0 }, { "up # \"\n{a=\"", '"' }, { "up{a=\"#\"}", 0 }, { "up{a='\"'}", 0 },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct promql_scan s = { 0 };
		char got = promql_scan(&s, str_of(cases[i].text));

		if (got != cases[i].in)
			fail_msg("%s: %d, not %d", cases[i].text, got, cases[i].in);
		/* in two pieces the same */
		for (size_t cut = 0; cut <= strlen(cases[i].text); cut++) {
			s = (struct promql_scan){ 0 };
			(void)promql_scan(&s, (struct str){ cases[i].text, cut });
			assert_int_equal(promql_scan(&s, str_of(cases[i].text + cut)), cases[i].in);
		}
	}
}

/* Whatever a value is, the string that holds it ends where it did. */
static void escaped(void **state)
{
	static const char *const values[] = { "plain", "\"", "\\", "\\\"", "a\nb", "'", "x\"} or up{a=\"", "\\\\'" };
	(void)state;

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		for (int q = 0; q < 2; q++) {
			struct promql_scan s = { .quote = "\"'"[q] };
			struct buf b;

			buf_init(&b, 1000);
			promql_escape(&b, str_of(values[i]));
			assert_int_equal(promql_scan(&s, buf_str(&b)), "\"'"[q]);
			assert_false(s.escaped);
			assert_null(memchr(b.p, '\n', b.len));
			buf_release(&b);
		}
}

static void answers(void **state)
{
	static const struct { const char *body; bool all; const char *error; } cases[] = {
		{ "{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1,\"1.5\"]}}", false, NULL },
		{ "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{},\"value\":[1,\"1.5\"]}]}}", false, NULL },
		{ "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}", false, "no data" },
		{ "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}", true, NULL },
		{ "{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1,\"NaN\"]}}", false, "that is no figure" },
		{ "{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1,\"-Inf\"]}}", false, "that is no figure" },
		{ "{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1,\"1,5\"]}}", false, "is no number" },
		{ "{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1,\"0x1p3\"]}}", false, "is no number" },
		{ "{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1,2]}}", false, "a scalar has no value" },
		{ "{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1,\"1\"]}}", true, "`all` needs series" },
		{ "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{},\"histogram\":[1,{}]}]}}", false, "histogram" },
		{ "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[[]]}}", false, "has no `metric`" },
		{ "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":{}}}", false, "no status, type or result" },
		{ "{\"status\":\"success\",\"data\":[]}", false, "no status, type or result" },
		{ "{\"status\":\"error\",\"errorType\":\"execution\",\"error\":\"many-to-many\"}", false, "execution: many-to-many" },
		{ "[]", false, "no status, type or result" }, { "\"x\"", false, "no status, type or result" }, { "", false, "no JSON" }, { "<html>", false, "no JSON" },
	};
	struct arena a;
	(void)state;

	arena_init(&a);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct str error = { 0 };
		struct value v;
		bool ok = metric_parse(&a, str_of(cases[i].body), cases[i].all, &v, &error);

		if (ok != !cases[i].error)
			fail_msg("%s: %.*s", cases[i].body, STR_ARG(error));
		if (!ok && str_find(error, str_of(cases[i].error)) < 0)
			fail_msg("%s: said %.*s", cases[i].body, STR_ARG(error));
		if (ok && !cases[i].all)
			assert_true(v.kind == V_FLOAT && v.f == 1.5);
	}
	arena_release(&a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(quotes), cmocka_unit_test(escaped), cmocka_unit_test(answers) };

	return cmocka_run_group_tests_name("promql", tests, NULL, NULL);
}
