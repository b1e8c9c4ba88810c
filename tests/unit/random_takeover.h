#ifndef RB_TEST_RANDOM_TAKEOVER_H
#define RB_TEST_RANDOM_TAKEOVER_H
/*
 * random_takeover: the journal of a random run is cut, as a killed runner leaves
 * it, and other runners go on with it, forward or back, until it is sealed;
 * doubts are settled by a die. For tests with cmocka.
 */
#include "journal/mask.h"
#include "journal/record.h"
#include "random_book.h"
#include "run/replay.h"
#include "world.h"

enum { TAKEOVER_EPOCHS = 40 };

struct rig {
	struct arena arena;
	struct run_setup setup;
	struct program *p;
	struct engine *e;
	struct replay *r;
	struct mask *mask;
	bool sealed;
};

static void rig_begin(struct rig *g, struct world *w, const char *text)
{
	struct replay_options o = { .dir = "/nonexistent" };
	struct str lock = { 0 }, error = { 0 };

	arena_init(&g->arena);
	g->p = world_setup(w, text, &g->setup);
	assert_non_null(g->p);
	g->mask = mask_new();
	g->e = engine_new(&g->setup);
	assert_true(engine_prepare(g->e, 1000000000LL * 1000000, &lock, &error));
	o.engine = g->e;
	o.mask = g->mask;
	g->r = replay_new(&o);
	g->sealed = false;
}

static void rig_end(struct rig *g)
{
	replay_free(g->r);
	engine_free(g->e);
	program_release(g->p);
	mask_free(g->mask);
	arena_release(&g->arena);
}

/* Takes the first `most` lines. Returns how many there were. */
static uint32_t feed_lines(struct rig *g, struct str lines, uint32_t most, uint64_t seed)
{
	const struct replay_result *res = replay_result(g->r);
	uint32_t n = 0;
	size_t at = 0;

	while (at < lines.n && n < most) {
		const char *nl = memchr(lines.p + at, '\n', lines.n - at), *why;
		struct str line = str_slice(lines, at, (size_t)(nl - lines.p));
		struct record rec;

		if (!record_parse(&rec, line, &why))
			fail_msg("seed %llu: line %u: %s: %.*s", (unsigned long long)seed, n + 1, why, (int)line.n, line.p);
		g->sealed = str_eqz(rec.t, "seal");
		if (!replay_take(g->r, &rec)) {
			fprintf(stderr, "%.*s\n--- recorded %.*s\n--- made     %.*s\n", (int)lines.n, lines.p, STR_ARG(res->recorded), STR_ARG(res->made));
			fail_msg("seed %llu: record %lld: %s", (unsigned long long)seed, (long long)res->n, res->why);
		}
		at = (size_t)(nl - lines.p) + 1;
		n++;
	}
	return n;
}

/* --- cut, and taken over ---------------------------------------------------------- */

static void add_rest(void *arg, int64_t wall, int64_t mono, struct str body)
{
	world_line(arg, wall, mono, body);
}

/* A person's word on every step in doubt. */
static void settle_doubts(struct world *w, struct book *b, struct engine *e)
{
	struct str lines = buf_str(&w->lines);
	const char *why;

	for (size_t at = 0; at < lines.n;) {
		const char *nl = memchr(lines.p + at, '\n', lines.n - at);
		struct record rec;
		struct event ev = { .kind = EVENT_RESOLVE };
		struct buf body;

		assert_true(record_parse(&rec, str_slice(lines, at, (size_t)(nl - lines.p)), &why));
		at = (size_t)(nl - lines.p) + 1;
		if (!str_eqz(rec.t, "doubt") || engine_doubt(e, rec.k) != 1)
			continue;
		buf_init(&body, 4096);
		ev.key = arena_str(&w->arena, rec.k.p, rec.k.n);
		ev.done = chance(b, 50);
		engine_resolve_body(&body, ev.key, ev.done, STR("tester"), STR("a die says so"));
		ev.body = buf_str(&body);
		engine_clock(e, &ev.wall, &ev.mono);
		assert_true(engine_feed(e, &ev));
		buf_release(&body);
		lines = buf_str(&w->lines);
	}
}

static bool one_epoch(struct world *w, struct book *b, struct engine *e, enum run_status *status)
{
	struct event ev = { .kind = EVENT_EPOCH, .body = STR("\"t\":\"epoch.open\",\"interactive\":false"), .why = STR("asked") };
	int64_t wall, mono;
	int err;

	if (chance(b, 15)) {
		ev.body = STR("\"t\":\"epoch.open\",\"interactive\":false,\"rollback\":true,\"cause\":\"asked\"");
		ev.rollback = true;
	}
	engine_clock(e, &wall, &mono);
	w->now = mono + (chance(b, 50) ? 0 : (int64_t)dice(b, 100) * 1000000000);
	w->ep++;
	w->synced = true;
	engine_attach(e, &world_effects, w);
	(void)engine_drive(e, &ev, status, &err);
	return *status != RUN_HELD && *status != RUN_IN_DOUBT;
}

/* What the last runner left: first `most` lines of w1; w2 takes it over, and has the lines of all runners then. False: it was
 * sealed, and nothing was done; w2 is released. *n: how many lines were left. */
static bool taken_over(struct world *w1, struct book *b, uint32_t most, uint64_t seed, struct world *w2, uint32_t *n)
{
	static const char *const said[] = { "yes", "retry", "rollback" };
	enum run_status status = RUN_RUNNING;
	struct rig g;
	int epochs = 0;
	size_t cut = 0;

	rig_begin(&g, w1, b->text.p);
	*n = feed_lines(&g, buf_str(&w1->lines), most, seed);
	if (g.sealed) {
		rig_end(&g);
		return false;
	}
	world_init(w2);
	w2->seed = seed;
	w2->answers = said;
	w2->answer_count = 3;
	w2->crowd = true;
	w2->n = *n;
	w2->interactive = w1->interactive; /* of the first runner */
	for (uint32_t i = 0; i < *n; i++)
		cut = (size_t)((const char *)memchr(w1->lines.p + cut, '\n', w1->lines.len - cut) - w1->lines.p) + 1;
	buf_add(&w2->lines, w1->lines.p, cut);
	replay_rest(g.r, add_rest, w2);
	while (!engine_ended(g.e) && !one_epoch(w2, b, g.e, &status) && epochs++ < TAKEOVER_EPOCHS)
		if (status == RUN_IN_DOUBT)
			settle_doubts(w2, b, g.e);
	if (epochs >= TAKEOVER_EPOCHS && getenv("RB_TAKEOVER_SEED"))
		fprintf(stderr, "%.*s", (int)w2->lines.len, w2->lines.p);
	if (epochs >= TAKEOVER_EPOCHS)
		fail_msg("seed %llu cut %u: it does not end: %s", (unsigned long long)seed, most, run_status_names[status]);
	if (w2->unsynced_write)
		fail_msg("seed %llu cut %u: a write before its intent was synced", (unsigned long long)seed, most);
	assert_true(engine_ended(g.e));
	rig_end(&g);
	return true;
}

#endif
