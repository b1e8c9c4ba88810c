#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "journal/mask.h"
#include "journal/record.h"
#include "run/replay.h"
#include "world.h"

/*
 * test_monitor: monitors in a world in virtual time: when they sample, what makes
 * rules fire and what never does, and the four reactions. Each run is replayed, and
 * must come out the same.
 */

#define ACT "act: [{id: a, run: [ok], timeout: 9s, rollback: [{run: [ok, undone]}]}]\n"
#define SOAK(d) "test: [{id: soak, wait: " d "}]\n"
#define WATCH(more, words, rules) \
	"runbook: 1\nname: t\nchannels: {log: {run: [ok, told]}}\nmonitors:\n  - {id: w, every: 2s, " more "run: [figures, " words "], capture: {n: int(out)}, rules: [" rules "]}\n"

struct seen { struct world w; struct world_run r; };

static uint32_t count(const struct buf *b, const char *what)
{
	uint32_t n = 0;

	for (const char *p = b->p; p && (p = strstr(p, what)); p++)
		n++;
	return n;
}

/* The journal must replay. */
static void replay(struct world *w, const char *text)
{
	struct replay_options o = { .dir = "/nonexistent" };
	struct run_setup setup;
	struct str lock = { 0 }, error = { 0 }, lines = buf_str(&w->lines);
	struct program *p = world_setup(w, text, &setup);
	const struct replay_result *res;
	struct replay *r;

	o.engine = engine_new(&setup);
	o.mask = mask_new();
	assert_true(engine_prepare(o.engine, 1000000000LL * 1000000, &lock, &error));
	r = replay_new(&o);
	for (size_t at = 0; at < lines.n;) {
		const char *nl = memchr(lines.p + at, '\n', lines.n - at), *why;
		struct record rec;

		assert_true(record_parse(&rec, str_slice(lines, at, (size_t)(nl - lines.p)), &why));
		(void)replay_take(r, &rec);
		at = (size_t)(nl - lines.p) + 1;
	}
	replay_end(r, true);
	res = replay_result(r);
	if (res->verdict != REPLAY_IDENTICAL)
		fail_msg("record %lld: %s\nrecorded %.*s\nmade     %.*s", (long long)res->n, res->why, STR_ARG(res->recorded), STR_ARG(res->made));
	replay_free(r);
	engine_free(o.engine);
	mask_free(o.mask);
	program_release(p);
}

static void begin(struct seen *s)
{
	world_init(&s->w);
}

static void run(struct seen *s, const char *text)
{
	s->r = world_run(&s->w, text);
	assert_int_not_equal(s->r.exit, -1);
	if (s->r.status != RUN_HELD)
		replay(&s->w, text);
}

static void end(struct seen *s)
{
	world_release(&s->w);
}

#define HAS(s, what) assert_non_null(strstr((s)->w.records.p, what))
#define HAS_NOT(s, what) assert_null(strstr((s)->w.records.p, what))

/* --- when it samples ----------------------------------------------------------------- */

static void samples_while_its_phase_runs(void **state)
{
	struct seen s;

	(void)state;
	begin(&s);
	run(&s, WATCH("", "'1'", "") ACT SOAK("9s"));
	assert_int_equal(s.r.status, RUN_OK);
	assert_int_equal(count(&s.w.records, "\"t\":\"sample\""), 4); /* ended after 1, 3, 5 and 7 s; the fifth was given up */
	HAS_NOT(&s, "\"t\":\"rule\"");
	HAS(&s, "\"t\":\"sample\",\"k\":\"monitors/w\",\"code\":0,\"values\":{\"n\":1},\"took_us\":1000000");
	end(&s);
}

static void samples_while_its_steps_run(void **state)
{
	struct seen s;

	(void)state;
	begin(&s);
	run(&s, WATCH("during: [a, soak], ", "'1'", "") "act: [{id: a, run: [slow, 4], timeout: 9s, rollback: []}, {wait: 60s}]\n" SOAK("3s"));
	assert_int_equal(count(&s.w.records, "\"t\":\"sample\""), 2 + 1); /* a: 1 s, 3 s; soak: 1 s, and at 3 s it was over */
	end(&s);
}

static void goes_on_from_phase_to_phase(void **state)
{
	struct seen s;

	(void)state;
	begin(&s); /* held in act and in test together */
	run(&s, WATCH("during: [act, test], ", "'9'", "{when: n > 5 for 6s, then: rollback}") "act: [{id: a, run: [slow, 4], timeout: 9s, rollback: [{run: [ok]}]}]\n" SOAK("60s"));
	assert_int_equal(s.r.status, RUN_ROLLED_BACK);
	assert_int_equal(count(&s.w.records, "\"t\":\"sample\""), 4);
	end(&s);
}

static void no_monitor_in_a_dry_run(void **state)
{
	struct seen s;

	(void)state;
	begin(&s);
	s.w.dry = true;
	run(&s, WATCH("", "'9'", "{when: n > 5 for 1 samples, then: rollback}") ACT SOAK("9s"));
	assert_int_equal(s.r.status, RUN_OK);
	HAS_NOT(&s, "\"t\":\"sample\"");
	assert_null(strstr(s.w.trace.p, "monitors/"));
	end(&s);
}

/* A slow source is asked again when it has answered, and never twice at once. */
static void one_sample_at_a_time(void **state)
{
	struct seen s;

	(void)state;
	begin(&s);
	run(&s, "runbook: 1\nname: t\nmonitors:\n  - {every: 1s, timeout: 9s, run: [slow, 4, '1']}\n" SOAK("10s"));
	assert_int_equal(count(&s.w.records, "\"t\":\"sample\",\"k\":\"monitors/#1\""), 2);
	end(&s);
}

/* --- rules ---------------------------------------------------------------------------- */

static void a_rule_that_holds_long_enough_undoes(void **state)
{
	struct seen s;

	(void)state;
	begin(&s);
	run(&s, WATCH("", "'1', '9'", "{when: n > 5 for 4s, then: rollback}") ACT SOAK("60s"));
	assert_int_equal(s.r.status, RUN_ROLLED_BACK);
	assert_int_equal(s.r.exit, 3);
	assert_int_equal(count(&s.w.records, "\"t\":\"sample\""), 4); /* 1; 9 9 9: 4 s from the first of them */
	HAS(&s, "\"t\":\"rule\",\"k\":\"monitors/w\",\"rule\":1,\"when\":\"n > 5 for 4s\",\"then\":\"rollback\",\"text\":\"n > 5 for 4s (n 9)\"");
	HAS(&s, "\"cause\":{\"k\":\"monitors/w\",\"text\":\"found by a monitor: n > 5 for 4s (n 9)\"");
	HAS(&s, "\"undone\":[\"act/a\"]");
	end(&s);
}

static void one_good_sample_resets(void **state)
{
	struct seen s;

	(void)state;
	begin(&s);
	run(&s, WATCH("", "'9', '9', '1', '9', '9', '1'", "{when: n > 5 for 4s, then: rollback}, {when: n > 5 for 3 samples, then: rollback}") ACT SOAK("30s"));
	assert_int_equal(s.r.status, RUN_OK);
	HAS_NOT(&s, "\"t\":\"rule\"");
	end(&s);
}

/* engine.md: a failed sample neither fires nor resets. Its time is not counted either. */
static void a_failed_sample_neither_fires_nor_resets(void **state)
{
	struct seen s;

	(void)state;
	begin(&s);
	run(&s, WATCH("", "'9', no, '9', no, '9', '1'", "{when: n > 5 for 4s, then: rollback}, {when: failed for 99 samples, then: notify}") ACT SOAK("30s"));
	assert_int_equal(s.r.status, RUN_OK);
	end(&s);
	begin(&s); /* but three that held are three, whatever was between them */
	run(&s, WATCH("", "'9', no, '9', lost, '9'", "{when: n > 5 for 3 samples, then: rollback}, {when: failed for 99 samples, then: notify}") ACT SOAK("30s"));
	assert_int_equal(s.r.status, RUN_ROLLED_BACK);
	end(&s);
}

/* No answer, no data, garbage, a signal, a hang: nothing of it is healthy, and none undoes by itself. */
static void a_broken_source_never_undoes(void **state)
{
	static const char *const broken[] = { "no", "lost", "nostart", "hang", "sig", "x", "''" };
	char text[1024];
	struct seen s;

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		snprintf(text, sizeof(text), WATCH("", "%s", "{when: n > 5 for 1 samples, then: rollback}, {when: n <= 5, then: notify}") ACT SOAK("60s"), broken[i]);
		begin(&s);
		s.w.answer = "continue";
		run(&s, text);
		assert_int_equal(s.r.status, RUN_OK);
		HAS_NOT(&s, "\"then\":\"rollback\"");
		HAS_NOT(&s, "\"then\":\"notify\"");
		HAS(&s, "\"when\":\"failed for 3 samples\",\"then\":\"pause\"");
		HAS(&s, "\"error\":");
		end(&s);
	}
}

static void unless_asked(void **state)
{
	struct seen s;

	(void)state;
	begin(&s);
	run(&s, WATCH("", "'1', no, no, '1', no", "{when: failed for 3 samples, then: rollback}") ACT SOAK("60s"));
	assert_int_equal(s.r.status, RUN_ROLLED_BACK);
	assert_int_equal(count(&s.w.records, "\"t\":\"sample\""), 7);
	HAS(&s, "\"text\":\"failed for 3 samples (exit 1)\"");
	end(&s);
}

static void a_rule_that_cannot_be_evaluated_fails_the_sample(void **state)
{
	struct seen s;

	(void)state;
	begin(&s);
	run(&s, WATCH("", "'0'", "{when: 10 / n > 5 for 1 samples, then: rollback}, {when: failed for 2 samples, then: notify, say: 'it is ${{ code ?? 0 }}'}") ACT SOAK("9s"));
	assert_int_equal(s.r.status, RUN_OK);
	HAS(&s, "\"error\":\"when: ");
	HAS(&s, "\"text\":\"it is 0\"");
	end(&s);
}

static void expect_fails_a_sample(void **state)
{
	struct seen s;

	(void)state;
	begin(&s);
	s.w.answer = "continue";
	run(&s, WATCH("expect: n < 100, ", "'900'", "{when: n > 5 for 1 samples, then: rollback}") ACT SOAK("9s"));
	assert_int_equal(s.r.status, RUN_OK);
	HAS(&s, "\"error\":\"expect is false: n < 100  (n = 900)\"");
	end(&s);
}

static void a_figure_that_is_too_long_fails_the_sample(void **state)
{
	char text[16384];
	struct seen s;
	int n = snprintf(text, sizeof(text), "runbook: 1\nname: t\nmonitors:\n  - {every: 2s, run: [ok, '");

	(void)state;
	memset(text + n, 'y', 5000);
	snprintf(text + n + 5000, sizeof(text) - (size_t)n - 5000, "'], capture: {t: out}, rules: [{when: failed, then: notify}]}\n" SOAK("2s"));
	begin(&s);
	run(&s, text);
	HAS(&s, "`t` is too long for a sample");
	end(&s);
}

/* Once for as long as it holds; again after it did not. */
static void a_rule_fires_once_each_time(void **state)
{
	struct seen s;

	(void)state;
	begin(&s);
	run(&s, WATCH("", "'9', '9', '9', '1', '9', '9', '1'", "{when: n > 5 for 2 samples, then: notify, to: log}") ACT SOAK("30s"));
	assert_int_equal(s.r.status, RUN_OK);
	assert_int_equal(count(&s.w.records, "\"t\":\"rule\""), 2);
	assert_int_equal(count(&s.w.records, "\"t\":\"message\""), 2);
	assert_int_equal(count(&s.w.records, "\"severity\":\"warning\""), 2);
	assert_int_equal(count(&s.w.records, "\"t\":\"rule.end\",\"k\":\"monitors/w\",\"rule\":1,\"when\":\"n > 5 for 2 samples\""), 2);
	end(&s);
}

/* Journals of revision 1 do not tell when a rule holds no more. */
static void an_old_journal_has_no_ends_of_rules(void **state)
{
	struct seen s;

	(void)state;
	begin(&s);
	s.w.revision = 1;
	run(&s, WATCH("", "'9', '9', '1'", "{when: n > 5 for 2 samples, then: notify}") ACT SOAK("30s"));
	assert_int_equal(count(&s.w.records, "\"t\":\"rule\""), 1);
	HAS_NOT(&s, "rule.end");
	end(&s);
}

/* What neither held nor failed does not end: a rule that has not fired, one that a failed sample leaves as it is. */
static void only_what_has_fired_ends(void **state)
{
	struct seen s;

	(void)state;
	begin(&s);
	run(&s, WATCH("", "'9', '1', '9', '9', 'x', '9', 'x'", "{when: n > 5 for 2 samples, then: notify}, {when: failed for 99 samples, then: notify}") ACT SOAK("30s"));
	assert_int_equal(count(&s.w.records, "\"t\":\"rule\""), 1);
	HAS_NOT(&s, "rule.end");
	end(&s);
}

/* 150 % of what it was before. */
static void rules_read_steps(void **state)
{
	struct seen s;

	(void)state;
	begin(&s);
	run(&s, WATCH("", "'100', '140', '160'", "{when: n > steps.before.n * 1.5 for 2 samples, then: rollback}")
		"preflight: [{id: before, run: [ok, '100'], effect: read, capture: {n: int(out)}}]\n" ACT SOAK("60s")
		"report: [{render: {to: r.txt, text: \"${{ show(steps.w.n) }} ${{ steps.w.status }}\"}}]\n");
	assert_int_equal(s.r.status, RUN_ROLLED_BACK);
	assert_int_equal(count(&s.w.records, "\"t\":\"sample\""), 4);
	end(&s);
}

static void rules_read_out(void **state)
{
	struct seen s;

	(void)state;
	begin(&s);
	run(&s, "runbook: 1\nname: t\nmonitors:\n  - {every: 2s, run: [figures, fine, bad], rules: [{when: out == 'bad' for 2 samples, then: rollback}]}\n" ACT SOAK("30s"));
	assert_int_equal(s.r.status, RUN_ROLLED_BACK);
	HAS(&s, "\"out\":\"fine\"");
	end(&s);
}

/* --- reactions ------------------------------------------------------------------------- */

#define PAUSE WATCH("during: [act], ", "'9'", "{when: n > 5 for 2 samples, then: pause}") \
	"act: [{id: a, run: [slow, 8], timeout: 9s, rollback: [{run: [ok]}]}, {id: b, run: [ok], timeout: 9s, rollback: [{run: [ok]}]}]\n"

static void a_pause_starts_nothing_and_asks(void **state)
{
	struct seen s;
	const char *a, *b;

	(void)state;
	begin(&s);
	s.w.answer = "continue";
	run(&s, PAUSE);
	assert_int_equal(s.r.status, RUN_OK);
	HAS(&s, "\"t\":\"question\",\"k\":\"monitors/w\",\"what\":\"pause\"");
	HAS(&s, "\"choices\":[\"continue\",\"rollback\",\"hold\"]");
	assert_int_equal(count(&s.w.records, "\"t\":\"rule\""), 1);
	a = strstr(s.w.records.p, "\"t\":\"answer\"");
	b = strstr(s.w.records.p, "\"t\":\"step.intent\",\"k\":\"act/b\"");
	assert_true(a && b && a < b);
	end(&s);
}

static void a_pause_can_roll_back(void **state)
{
	struct seen s;

	(void)state;
	begin(&s);
	s.w.answer = "rollback";
	run(&s, PAUSE);
	assert_int_equal(s.r.status, RUN_ROLLED_BACK);
	HAS_NOT(&s, "\"t\":\"step.intent\",\"k\":\"act/b\"");
	HAS(&s, "chose rollback");
	end(&s);
}

static void a_pause_without_a_person_is_held(void **state)
{
	struct seen s;

	(void)state;
	begin(&s);
	run(&s, PAUSE);
	assert_int_equal(s.r.status, RUN_HELD);
	assert_int_equal(s.r.exit, 5);
	HAS(&s, "\"t\":\"step.outcome\",\"k\":\"act/a\",\"status\":\"ok\""); /* what ran could end */
	HAS_NOT(&s, "\"k\":\"act/b\"");
	end(&s);
}

/* While the question is open another rule may end the run. */
static void a_pause_ends_with_the_run(void **state)
{
	struct seen s;

	(void)state;
	begin(&s);
	s.w.answer = "silence";
	run(&s, WATCH("during: [act], ", "'9'", "{when: n > 5 for 1 samples, then: pause}, {when: n > 5 for 3 samples, then: rollback}")
		"act: [{id: a, run: [slow, 8], timeout: 9s, rollback: [{run: [ok]}]}, {id: b, run: [ok], timeout: 9s, rollback: []}]\n");
	assert_int_equal(s.r.status, RUN_ROLLED_BACK);
	HAS(&s, "\"t\":\"question\"");
	HAS_NOT(&s, "\"k\":\"act/b\"");
	end(&s);
}

/* During waits, approvals and confirmations the watch goes on. */
static void an_approval_is_watched(void **state)
{
	struct seen s;

	(void)state;
	begin(&s);
	s.w.answer = "silence";
	run(&s, WATCH("during: [act], ", "'1', '1', '9'", "{when: n > 5 for 3 samples, then: rollback}") "roles: {lead: {who: [kim]}}\n"
		"act: [{id: a, run: [ok], timeout: 9s, rollback: [{run: [ok]}]}, {id: go, approve: {from: lead}}, {id: b, run: [ok], timeout: 9s, rollback: []}]\n");
	assert_int_equal(s.r.status, RUN_ROLLED_BACK);
	HAS(&s, "\"undone\":[\"act/a\"]");
	HAS_NOT(&s, "\"k\":\"act/b\"");
	end(&s);
}

/* A loop is one step: its iterations do not begin the watch anew. */
static void a_loop_is_one_step(void **state)
{
	struct seen s;

	(void)state;
	begin(&s);
	run(&s, WATCH("during: [each], ", "'9'", "{when: n > 5 for 4s, then: rollback}") "act: [{id: each, foreach: range(9), run: [ok], timeout: 9s, rollback: [{run: [ok]}]}]\n");
	assert_int_equal(s.r.status, RUN_ROLLED_BACK);
	assert_int_equal(count(&s.w.records, "\"t\":\"sample\""), 3);
	end(&s);
}

/* A time in which no sample came is not counted, however long it was: here a sample took 5 s. */
static void a_gap_counts_little(void **state)
{
	struct seen s;

	(void)state;
	begin(&s); /* every 1 s, timeout 1 s: between two good samples at most 2 s count */
	run(&s, "runbook: 1\nname: t\nmonitors:\n  - {every: 1s, timeout: 2s, run: [figures, '9', hang, '9', hang, '9', hang, '9'], capture: {n: int(out)}, "
		"rules: [{when: n > 5 for 1s, then: rollback}, {when: failed for 99 samples, then: notify}]}\n" ACT SOAK("11s"));
	assert_int_equal(s.r.status, RUN_OK);
	HAS_NOT(&s, "\"then\":\"rollback\"");
	end(&s);
}

static void monitors_end_when_the_unwinding_begins(void **state)
{
	const char *plan;
	struct seen s;

	(void)state;
	begin(&s);
	run(&s, WATCH("during: [act], ", "'9'", "{when: n > 5, then: notify}")
		"act: [{id: a, run: [ok], timeout: 9s, rollback: [{run: [slow, 20], timeout: 30s}]}, {id: b, run: [no], timeout: 9s, rollback: []}]\n");
	assert_int_equal(s.r.status, RUN_ROLLED_BACK);
	plan = strstr(s.w.records.p, "\"t\":\"comp.plan\"");
	assert_non_null(plan);
	assert_null(strstr(plan, "\"t\":\"sample\""));
	end(&s);
}

static void before_the_first_write_it_only_fails(void **state)
{
	struct seen s;

	(void)state;
	begin(&s);
	run(&s, WATCH("during: [preflight], ", "'9'", "{when: n > 5 for 2 samples, then: rollback}") "preflight: [{wait: 30s}]\n" ACT);
	assert_int_equal(s.r.status, RUN_FAILED);
	assert_int_equal(s.r.exit, 1);
	end(&s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_while_its_phase_runs),
		cmocka_unit_test(samples_while_its_steps_run),
		cmocka_unit_test(goes_on_from_phase_to_phase),
		cmocka_unit_test(no_monitor_in_a_dry_run),
		cmocka_unit_test(one_sample_at_a_time),
		cmocka_unit_test(a_rule_that_holds_long_enough_undoes),
		cmocka_unit_test(one_good_sample_resets),
		cmocka_unit_test(a_failed_sample_neither_fires_nor_resets),
		cmocka_unit_test(a_broken_source_never_undoes),
		cmocka_unit_test(unless_asked),
		cmocka_unit_test(a_rule_that_cannot_be_evaluated_fails_the_sample),
		cmocka_unit_test(expect_fails_a_sample),
		cmocka_unit_test(a_figure_that_is_too_long_fails_the_sample),
		cmocka_unit_test(a_rule_fires_once_each_time), cmocka_unit_test(an_old_journal_has_no_ends_of_rules),
		cmocka_unit_test(only_what_has_fired_ends),
		cmocka_unit_test(rules_read_steps),
		cmocka_unit_test(rules_read_out),
		cmocka_unit_test(a_pause_starts_nothing_and_asks),
		cmocka_unit_test(a_pause_can_roll_back),
		cmocka_unit_test(a_pause_without_a_person_is_held),
		cmocka_unit_test(a_pause_ends_with_the_run),
		cmocka_unit_test(an_approval_is_watched),
		cmocka_unit_test(a_loop_is_one_step),
		cmocka_unit_test(a_gap_counts_little),
		cmocka_unit_test(monitors_end_when_the_unwinding_begins),
		cmocka_unit_test(before_the_first_write_it_only_fails),
	};

	return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}
