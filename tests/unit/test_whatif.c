#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "journal/mask.h"
#include "journal/record.h"
#include "plan/align.h"
#include "random_takeover.h"
#include "random_trouble.h"
#include "run/replay.h"
#include "run/trace.h"
#include "run/whatif.h"
#include "world.h"

/*
 * test_whatif: runs in a world of virtual time, then asks what another version
 * would have done. And a property: the very runbook that ran, with whatever
 * trouble it had, is the same at every step and ends as it did.
 * RB_WHATIF_SEEDS=N asks of N random runbooks, RB_WHATIF_SEED=N only of that one.
 */

enum { SEEDS = 800 };

/* A run, and what another version would have done. */
struct asked {
	struct world w, now;
	struct run_setup was_setup, setup;
	struct program *was_program, *program;
	struct engine *e;
	struct replay *r;
	struct mask *mask;
	struct trace was;
	struct align align;
	struct arena arena;
	struct whatif *whatif;
	const struct whatif_result *res;
	bool sealed;
};

/* Takes down what the run in k->w was. */
static void take_down(struct asked *k, const char *text)
{
	struct replay_options o = { .dir = "/nonexistent", .observer = trace_observer(&k->was) };
	struct str lines = buf_str(&k->w.lines), lock = { 0 }, error = { 0 };
	const char *why;

	k->was_program = world_setup(&k->w, text, &k->was_setup);
	assert_non_null(k->was_program);
	k->mask = mask_new();
	k->e = engine_new(&k->was_setup);
	assert_true(engine_prepare(k->e, world_wall(&k->w) - k->w.now, &lock, &error));
	trace_init(&k->was, k->mask);
	trace_attach(&k->was, k->e);
	o.engine = k->e;
	o.mask = k->mask;
	k->r = replay_new(&o);
	for (size_t at = 0; at < lines.n;) {
		const char *nl = memchr(lines.p + at, '\n', lines.n - at);
		struct record rec;

		assert_true(record_parse(&rec, str_slice(lines, at, (size_t)(nl - lines.p)), &why));
		if (!replay_take(k->r, &rec))
			fail_msg("record %lld: %s", (long long)replay_result(k->r)->n, replay_result(k->r)->why);
		k->sealed = str_eqz(rec.t, "seal");
		at = (size_t)(nl - lines.p) + 1;
	}
	trace_finish(&k->was);
}

static void ask(struct asked *k, const char *text, const struct assumption *assume, uint32_t n)
{
	struct whatif_options o = { .setup = &k->setup, .was = &k->was, .align = &k->align, .dir = "/nonexistent", .mask = k->mask,
				    .assume = assume, .assume_count = n };

	world_init(&k->now);
	k->now.dry = k->w.dry;
	k->now.interactive = k->w.interactive;
	k->program = world_setup(&k->now, text, &k->setup);
	assert_non_null(k->program);
	arena_init(&k->arena);
	align_programs(&k->align, &k->arena, k->was_program, k->program);
	o.start = 1000000000LL * 1000000;
	k->whatif = whatif_run(&o);
	k->res = whatif_result(k->whatif);
}

static void asked_end(struct asked *k)
{
	whatif_free(k->whatif);
	align_release(&k->align);
	arena_release(&k->arena);
	program_release(k->program);
	world_release(&k->now);
	replay_free(k->r);
	engine_free(k->e);
	trace_release(&k->was);
	program_release(k->was_program);
	mask_free(k->mask);
	world_release(&k->w);
}

static void put_result(const struct whatif_result *r)
{
	for (uint32_t i = 0; i < r->outcome_count; i++)
		fprintf(stderr, "outcome %s: %.*s\n", run_status_names[r->outcomes[i].status], STR_ARG(r->outcomes[i].assumed));
	for (uint32_t i = 0; i < r->step_count; i++)
		if (r->steps[i].cls != WHATIF_SAME)
			fprintf(stderr, "%s %.*s: %.*s", whatif_class_names[r->steps[i].cls], STR_ARG(r->steps[i].key), STR_ARG(r->steps[i].why));
}

/* --- the runbook that ran ------------------------------------------------------------- */

/* What was recorded is the same; only behind the end of a record that was cut off is anything unknown. */
static void check_same(struct asked *k, const char *text, uint64_t seed)
{
	const struct whatif_result *r = k->res;
	bool bad = r->outcome_count < 1;

	if (k->sealed)
		bad = bad || r->outcome_count != 1 || r->different || r->may_flip || r->drives != 1 ||
		      r->outcomes[0].status != k->was.status || r->classes[WHATIF_SAME] != r->step_count;
	for (uint32_t i = 0; i < r->step_count; i++)
		bad = bad || (r->steps[i].cls != WHATIF_SAME && (k->sealed || r->steps[i].cls != WHATIF_UNKNOWN));
	if (!bad)
		return;
	fprintf(stderr, "%s\n%.*s", text, (int)k->w.lines.len, k->w.lines.p);
	put_result(r);
	fail_msg("seed %llu: the runbook that ran would have done something else; it was %s", (unsigned long long)seed, run_status_names[k->was.status]);
}

/* Killed at a random record and taken over, and that once more: crashes are events like others. */
static void again_taken_over(struct world *w, struct book *b, uint64_t seed, int depth)
{
	struct asked k = { 0 };
	uint32_t n;

	if (!taken_over(w, b, 1 + dice(b, (uint32_t)w->n), seed, &k.w, &n))
		return;
	take_down(&k, b->text.p);
	ask(&k, b->text.p, NULL, 0);
	check_same(&k, b->text.p, seed);
	if (depth > 1)
		again_taken_over(&k.w, b, seed, depth - 1);
	asked_end(&k);
}

static void run_seed(uint64_t seed)
{
	static const char *const said[] = { "yes", "yes", "retry", "skip", "rollback", "no", "hold", NULL };
	const char *answers[5];
	struct asked k = { 0 };
	struct book b;

	write_book(&b, seed, true);
	world_init(&k.w);
	k.w.seed = seed;
	set_trouble(&b, &k.w);
	for (int i = 0; i < 5; i++)
		answers[i] = said[dice(&b, chance(&b, 30) ? 8 : 5)];
	answers[4] = "rollback";
	k.w.answers = answers;
	k.w.answer_count = 5;
	k.w.crowd = true;
	assert_int_not_equal(world_run(&k.w, b.text.p).exit, -1);
	take_down(&k, b.text.p);
	ask(&k, b.text.p, NULL, 0);
	check_same(&k, b.text.p, seed);
	if (!k.w.dry)
		again_taken_over(&k.w, &b, seed, 2);
	asked_end(&k);
	buf_release(&b.text);
}

static void test_own_runbook(void **state)
{
	const char *many = getenv("RB_WHATIF_SEEDS"), *one = getenv("RB_WHATIF_SEED");
	uint64_t n = many ? strtoull(many, NULL, 10) : SEEDS;

	(void)state;
	if (one)
		run_seed(strtoull(one, NULL, 10));
	for (uint64_t seed = 0; seed < n && !one; seed++)
		run_seed(seed);
}

/* --- another runbook ---------------------------------------------------------------------- */

/* What every result keeps. */
static void check_result(const struct whatif_result *r, uint64_t seed)
{
	uint32_t n = 0;

	for (int i = 0; i < WHATIF_CLASSES; i++)
		n += r->classes[i];
	if (n != r->step_count || !r->outcome_count || r->drives > WHATIF_DRIVES_MAX || (r->flips && !r->may_flip) || (r->may_flip && !r->different))
		fail_msg("seed %llu: the result contradicts itself", (unsigned long long)seed);
}

/* One occurrence of a text becomes another one. False: there is none. */
static bool mutate(struct book *b, struct buf *out)
{
	static const char *const pairs[][2] = {
		{ "run: [ok]", "run: [no]" }, { "run: [ok]", "run: [ok, more]" }, { "run: [no]", "run: [ok]" }, { "1 == 1", "1 == 2" },
		{ "1 == 2", "1 == 1" }, { "2 > 1", "1 > 2" }, { "1 > 2", "2 > 1" }, { "on_fail: continue", "on_fail: fail" },
		{ "on_fail: fail", "on_fail: continue" }, { "else: skip", "else: fail" },
		{ "confirm: sure", "confirm: really" }, { "range(2)", "range(3)" }, { "range(3)", "range(1)" }, { "wait: 1s", "wait: 2s" },
	};
	const char *const *pair = pairs[dice(b, sizeof(pairs) / sizeof(*pairs))];
	const char *at = b->text.p, *found = NULL;
	uint32_t n = 0;

	while ((at = strstr(at, pair[0]))) {
		if (!dice(b, ++n))
			found = at;
		at++;
	}
	if (!found)
		return false;
	buf_init(out, 1 << 20);
	buf_add(out, b->text.p, (size_t)(found - b->text.p));
	buf_addz(out, pair[1]);
	buf_addz(out, found + strlen(pair[0]));
	return true;
}

/* Did a step start, in a run of which this is the journal? */
static bool started(struct str lines, struct str key)
{
	struct buf b;
	bool there;

	buf_init(&b, 4096);
	buf_printf(&b, "\"t\":\"step.intent\",\"k\":\"%.*s\",", STR_ARG(key));
	there = str_find(lines, buf_str(&b)) >= 0;
	buf_release(&b);
	return there;
}

/* What really happens must be among what was said, and be it if that was certain. */
static void check_truth(const struct whatif_result *r, const struct world *real, enum run_status status, uint64_t seed, const char *was, const char *is)
{
	bool told = !r->exhaustive;
	struct str lines = buf_str(&real->lines);

	for (uint32_t i = 0; i < r->outcome_count; i++)
		told = told || r->outcomes[i].status == status;
	for (uint32_t i = 0; i < r->step_count && told; i++) {
		const struct whatif_step *s = &r->steps[i];

		if (s->holds || s->cls == WHATIF_DROPPED || s->runs == MAY || started(lines, s->key) == (s->runs == WOULD))
			continue;
		fprintf(stderr, "%.*s %s run\n", STR_ARG(s->key), whatif_will_names[s->runs]);
		told = false;
	}
	if (told)
		return;
	fprintf(stderr, "%s\n---\n%s\n%.*s", was, is, (int)lines.n, lines.p);
	put_result(r);
	fail_msg("seed %llu: it was not told that it would be so: %s", (unsigned long long)seed, run_status_names[status]);
}

/* People who always say the same, whatever they are asked. */
static void set_people(struct world *w, const char *text)
{
	w->crowd = true;
	w->answer = strstr(text, "m: {type: int") || strstr(text, "min: 2") ? "rollback" /* 4 for a number, no for the rest */ : "yes";
}

static bool loads(const char *text)
{
	struct program *p;
	struct diags ds;
	struct world w;
	bool ok;

	world_init(&w);
	diags_init(&ds, &w.arena);
	p = world_load(&w, text, &ds);
	ok = p && !ds.errors;
	if (p)
		program_release(p);
	diags_release(&ds);
	world_release(&w);
	return ok;
}

/* A run without trouble from outside; then a runbook that differs in one place, told and run. */
static bool run_mutant(uint64_t seed)
{
	struct asked k = { 0 };
	struct buf other;
	struct world real;
	struct world_run run;
	struct book b;

	write_book(&b, seed, false);
	if (strstr(b.text.p, "\ntimeout: ") || !mutate(&b, &other)) { /* how long something new takes is not known */
		buf_release(&b.text);
		return false;
	}
	if (!loads(other.p)) {
		buf_release(&b.text);
		buf_release(&other);
		return false;
	}
	world_init(&k.w);
	k.w.seed = seed;
	set_people(&k.w, b.text.p);
	assert_int_not_equal(world_run(&k.w, b.text.p).exit, -1);
	take_down(&k, b.text.p);
	ask(&k, other.p, NULL, 0);
	check_result(k.res, seed);
	world_init(&real);
	real.seed = seed;
	set_people(&real, b.text.p);
	run = world_run(&real, other.p);
	check_truth(k.res, &real, run.status, seed, b.text.p, other.p);
	world_release(&real);
	asked_end(&k);
	buf_release(&other);
	buf_release(&b.text);
	return true;
}

static void test_mutants(void **state)
{
	const char *many = getenv("RB_WHATIF_SEEDS"), *one = getenv("RB_WHATIF_MUTANT");
	uint64_t n = many ? strtoull(many, NULL, 10) : SEEDS;

	(void)state;
	if (one)
		assert_true(run_mutant(strtoull(one, NULL, 10)));
	for (uint64_t seed = 0; seed < n && !one; seed++)
		(void)run_mutant(seed);
}

/* Of a runbook that has nothing in common with it but the names of steps. */
static void test_strangers(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS / 4; seed++) {
		struct asked k = { 0 };
		struct book b, other;

		write_book(&b, seed, true);
		write_book(&other, seed + 100000, true);
		world_init(&k.w);
		set_trouble(&b, &k.w);
		set_people(&k.w, b.text.p);
		assert_int_not_equal(world_run(&k.w, b.text.p).exit, -1);
		take_down(&k, b.text.p);
		ask(&k, other.text.p, NULL, 0);
		check_result(k.res, seed);
		asked_end(&k);
		buf_release(&b.text);
		buf_release(&other.text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_runbook),
		cmocka_unit_test(test_mutants),
		cmocka_unit_test(test_strangers),
	};

	return cmocka_run_group_tests_name("whatif", tests, NULL, NULL);
}
