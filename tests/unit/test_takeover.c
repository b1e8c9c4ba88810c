#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "random_takeover.h"
#include "random_trouble.h"

/*
 * test_takeover: random runbooks with random trouble. Each run is replayed: the
 * engine must make the same journal again. Then its journal is cut at random
 * places, as a killed runner leaves it; the replay brings a new engine to that
 * place, which goes on in another world, forward or back, until the run is
 * sealed; doubts are settled by a die. The journal of all runners together must
 * replay, too. RB_TAKEOVER_SEEDS=N runs N seeds, RB_TAKEOVER_SEED=N only that one.
 */

enum { SEEDS = 1500, DEEP = 2, CUTS = 3 };

static void check_replay(struct world *w, const char *text, uint64_t seed)
{
	struct rig g;

	rig_begin(&g, w, text);
	feed_lines(&g, buf_str(&w->lines), UINT32_MAX, seed);
	replay_end(g.r, g.sealed);
	if (replay_result(g.r)->verdict != REPLAY_IDENTICAL)
		fail_msg("seed %llu: %s", (unsigned long long)seed, replay_result(g.r)->why);
	rig_end(&g);
}

/* --- cut, and taken over ---------------------------------------------------------- */

/* Nothing goes forward again once the unwinding has begun. */
static void check_direction(struct str lines, uint64_t seed)
{
	static const char *const forward[] = { "preflight/", "plan/", "act/", "test/" };
	bool back = false;

	for (size_t at = 0; at < lines.n;) {
		const char *nl = memchr(lines.p + at, '\n', lines.n - at), *why;
		struct record rec;

		assert_true(record_parse(&rec, str_slice(lines, at, (size_t)(nl - lines.p)), &why));
		back = back || str_eqz(rec.t, "comp.plan");
		for (int i = 0; i < 4 && back && str_eqz(rec.t, "step.intent"); i++)
			if (str_starts(rec.k, str_of(forward[i])) && !memchr(rec.k.p, '!', rec.k.n))
				fail_msg("seed %llu: forward after comp.plan: %.*s", (unsigned long long)seed, STR_ARG(rec.k));
		at = (size_t)(nl - lines.p) + 1;
	}
}

/* What the last runner left: first `most` lines of w1. Then the one that took over dies, too. */
static void take_over(struct world *w1, struct book *b, uint32_t most, uint64_t seed, int depth)
{
	struct world w2;
	uint32_t n;

	if (!taken_over(w1, b, most, seed, &w2, &n))
		return;
	check_replay(&w2, b->text.p, seed);
	check_direction(buf_str(&w2.lines), seed);
	if (depth && w2.n > n)
		take_over(&w2, b, n + 1 + dice(b, (uint32_t)w2.n - n), seed, depth - 1);
	world_release(&w2);
}

/* What monitors did in all runs: the generator must make them do everything. */
static const char *const reactions[] = { "\"t\":\"sample\"", "\"then\":\"notify\"", "\"then\":\"pause\"", "\"then\":\"rollback\"",
					 "\"k\":\"monitors/w0\",\"what\":\"pause\",\"answer\":\"rollback\"", "\"t\":\"held\",\"k\":\"monitors/" };
enum { REACTIONS = sizeof(reactions) / sizeof(*reactions) };
static uint64_t reacted[REACTIONS];

static void count_reactions(const struct world *w)
{
	for (int i = 0; i < REACTIONS; i++)
		reacted[i] += w->records.p && strstr(w->records.p, reactions[i]);
}

static void run_seed(uint64_t seed)
{
	static const char *const said[] = { "yes", "yes", "retry", "skip", "rollback", "no", "hold", NULL };
	const char *answers[5];
	struct book b;
	struct world w;
	struct world_run r;

	write_book(&b, seed, true);
	world_init(&w);
	w.seed = seed;
	set_trouble(&b, &w);
	for (int i = 0; i < 5; i++)
		answers[i] = said[dice(&b, chance(&b, 30) ? 8 : 5)];
	answers[4] = "rollback";
	w.answers = answers;
	w.answer_count = 5;
	w.crowd = true;
	r = world_run(&w, b.text.p);
	assert_int_not_equal(r.exit, -1);
	count_reactions(&w);
	check_replay(&w, b.text.p, seed);
	for (int i = 0; i < CUTS && !w.dry; i++)
		take_over(&w, &b, 1 + dice(&b, (uint32_t)w.n), seed, DEEP);
	world_release(&w);
	buf_release(&b.text);
}

static void test_random(void **state)
{
	const char *many = getenv("RB_TAKEOVER_SEEDS"), *one = getenv("RB_TAKEOVER_SEED");
	uint64_t n = many ? strtoull(many, NULL, 10) : SEEDS;

	(void)state;
	if (one)
		run_seed(strtoull(one, NULL, 10));
	for (uint64_t seed = 0; seed < n && !one; seed++)
		run_seed(seed);
	for (int i = 0; i < REACTIONS && n >= SEEDS && !one; i++)
		if (!reacted[i])
			fail_msg("no run of %llu has %s", (unsigned long long)n, reactions[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_random) };

	return cmocka_run_group_tests_name("takeover", tests, NULL, NULL);
}
