/* traces: trace context, and a trace that cannot be made or sent. (Whole traces: tests/live/traces.sh.) */
#include "report/traces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "cli/telemetry.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define SPAN "b7ad6b7169203331"

/* The end of a run waits for a collector as long as the variable says, and never long. */
static void test_patience(void **state)
{
	static const struct { const char *timeout; int64_t ms; } cases[] = {
		{ NULL, 2000 }, { "10000", 2000 }, { "2001", 2000 }, { "2000", 2000 }, { "1999", 1999 }, { "300", 300 }, { "1", 1 },
		{ "0", 2000 }, { "-5", 2000 }, { "soon", 2000 }, { "99999999999999999999", 2000 }, { "9223372036854775807", 2000 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(telemetry_patience(cases[i].timeout), cases[i].ms * 1000000);
}

static void test_parent(void **state)
{
	static const struct { const char *text; bool sampled; } good[] = {
		{ "00-" TRACE "-" SPAN "-01", true }, { "00-" TRACE "-" SPAN "-00", false }, { "00-" TRACE "-" SPAN "-03", true },
		{ "00-" TRACE "-" SPAN "-fe", false }, { "00-" TRACE "-" SPAN "-ff", true }, { "cc-" TRACE "-" SPAN "-01-later", true },
		{ "cc-" TRACE "-" SPAN "-01", true },
	};
	static const char *const bad[] = {
		"", "00", "00-" TRACE "-" SPAN, "00-" TRACE "-" SPAN "-1", "00-" TRACE "-" SPAN "-011", "00-" TRACE "-" SPAN "-01-later",
		"ff-" TRACE "-" SPAN "-01", "cc-" TRACE "-" SPAN "-01later", "0x-" TRACE "-" SPAN "-01", "00_" TRACE "-" SPAN "-01",
		"00-00000000000000000000000000000000-" SPAN "-01", "00-" TRACE "-0000000000000000-01", "00-0AF7651916CD43DD8448EB211C80319C-" SPAN "-01",
		"00-" TRACE "-" SPAN "-0g", "00-0af7651916cd43dd8448eb211c80319-b7ad6b71692033311-01",
	};
	struct str trace, span;
	bool sampled;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_true(traces_parent(str_of(good[i].text), &trace, &span, &sampled));
		assert_true(str_eqz(trace, TRACE) && str_eqz(span, SPAN));
		assert_int_equal(sampled, good[i].sampled);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (traces_parent(str_of(bad[i]), &trace, &span, &sampled))
			fail_msg("taken: %s", bad[i]);
}

struct got { int calls; bool say; };

static bool each(void *arg, struct str json)
{
	struct got *g = arg;

	assert_true(str_starts(json, STR("{\"resourceSpans\":[")) && str_ends(json, STR("]}]}]}")));
	g->calls++;
	return g->say;
}

static void test_ends(void **state)
{
	struct report_node root = { 0 }, *nodes[] = { &root };
	struct report r = { .root = &root, .nodes = nodes, .node_count = 1, .exit = -1, .run = STR("01m7"), .started = STR("2026-11-21T06:50:28.123456Z") };
	const struct trace_attribute resource = { STR("service.name"), STR("x") };
	struct got g = { 0, true };

	(void)state;
	assert_int_equal(traces_make(&r, &resource, 1, each, &g), 1); /* the run itself */
	assert_int_equal(g.calls, 1);
	g.say = false;
	assert_int_equal(traces_make(&r, NULL, 0, each, &g), -1);
	r.started = STR("");
	g = (struct got){ 0, true };
	assert_int_equal(traces_make(&r, NULL, 0, each, &g), -1);
	assert_int_equal(g.calls, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_parent), cmocka_unit_test(test_patience), cmocka_unit_test(test_ends) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
