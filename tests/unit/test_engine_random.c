#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "random_book.h"
#include "world.h"
#include "random_trouble.h"

/*
 * test_engine_random: random runbooks, random behaviour of commands, random
 * moments for signals, a full disk and a failing journal. A judge that knows only
 * the runbook and what was started and ended in the world (moves) asserts the
 * rules of engine.md section 3. From the records it takes the seal (status,
 * residue) and how blocks ended. RB_ENGINE_SEEDS=N runs N seeds, RB_ENGINE_SEED=N
 * only that one, with its story.
 */

enum { SEEDS = 3000 };

/* --- what happened ----------------------------------------------------------- */

enum part { P_FORWARD, P_UNDO, P_ALWAYS, P_TOP_UNDO, P_TOP_ALWAYS, P_REPORT, P_NOTE };
struct seen {                        /* a move, taken apart */
	const struct world_move *m;
	uint8_t part;
	int step;                    /* of the instance, -1: none */
	char at[WORLD_KEY];          /* the instance: key without what follows it */
	int item;                    /* UNDO: number of the rollback step, from 1 */
};
struct story {
	const struct book *b;
	struct world w;
	struct world_run r;
	uint64_t seed;
	struct seen *s; uint32_t n;
	uint32_t plan;               /* index of comp.plan, or n */
	uint32_t signal;             /* index of the first signal, or n */
	char (*residue)[WORLD_KEY]; uint32_t residue_n;
	const char *seal;
};

static void tell(const struct story *t, const char *rule, const char *key)
{
	fprintf(stderr, "--- seed %llu: %s: %s\n%s--- exit %d, status %s\n", (unsigned long long)t->seed, rule, key, t->b->text.p, t->r.exit,
		run_status_names[t->r.status]);
	for (uint32_t i = 0; i < t->n; i++)
		fprintf(stderr, "%3u %5.1fs %s%s %s -> %s %d%s\n", i, (double)t->s[i].m->began / 1e9, t->s[i].m->probe ? "?" : "", t->s[i].m->key,
			t->s[i].m->what, t->s[i].m->ended ? t->s[i].m->end == END_EXIT ? "exit" : "end" : "-", t->s[i].m->end == END_EXIT ? t->s[i].m->code : t->s[i].m->end,
			t->s[i].m->stopped ? " stopped" : "");
	fprintf(stderr, "%s", getenv("RB_ENGINE_SEED") && t->w.records.p ? t->w.records.p : "");
	fail_msg("seed %llu: %s: %s", (unsigned long long)t->seed, rule, key);
}

static int step_of(const char *key)
{
	const char *slash = strrchr(key, '/');

	return slash && slash[1] == 's' && slash[2] >= '0' && slash[2] <= '9' ? (int)strtol(slash + 2, NULL, 10) : -1;
}

static void take_apart(struct seen *s, const struct world_move *m)
{
	const char *bang = strchr(m->key, '!'), *hash = strrchr(m->key, '#');

	*s = (struct seen){ .m = m, .step = -1 };
	snprintf(s->at, sizeof(s->at), "%.*s", (int)(bang ? bang - m->key : (long)strlen(m->key)), m->key);
	s->item = hash ? (int)strtol(hash + 1, NULL, 10) : 0;
	if (m->what[0] == '!' || !m->key[0]) /* also: shall the unwinding stop? */
		s->part = P_NOTE;
	else if (bang)
		s->part = !strncmp(bang, "!undo", 5) ? P_UNDO : P_ALWAYS;
	else if (!strncmp(m->key, "rollback/", 9))
		s->part = P_TOP_UNDO;
	else if (!strncmp(m->key, "always/", 7))
		s->part = P_TOP_ALWAYS;
	else if (!strncmp(m->key, "report/", 7))
		s->part = P_REPORT;
	else
		s->part = P_FORWARD;
	if (s->part <= P_ALWAYS)
		s->step = step_of(s->at);
}

static void read_residue(struct story *t)
{
	const char *p = t->seal ? strstr(t->seal, "\"residue\":[") : NULL, *end = p ? strstr(p, "],\"residue_count\"") : NULL;

	t->residue = NULL;
	t->residue_n = 0;
	while (p && (p = strstr(p, "{\"k\":\"")) && p < end) {
		t->residue = realloc(t->residue, (t->residue_n + 1) * sizeof(*t->residue));
		p += 6;
		snprintf(t->residue[t->residue_n++], WORLD_KEY, "%.*s", (int)strcspn(p, "\""), p);
	}
}

static bool in_residue(const struct story *t, const char *key)
{
	for (uint32_t i = 0; i < t->residue_n; i++)
		if (!strcmp(t->residue[i], key))
			return true;
	return false;
}

static void read_story(struct story *t)
{
	t->n = t->w.move_count;
	t->s = calloc(t->n + 1, sizeof(*t->s));
	t->plan = t->signal = t->n;
	for (uint32_t i = 0; i < t->n; i++) {
		take_apart(&t->s[i], &t->w.moves[i]);
		if (!strcmp(t->s[i].m->what, "!plan") && t->plan == t->n)
			t->plan = i;
		if (!strcmp(t->s[i].m->what, "!signal") && t->signal == t->n)
			t->signal = i;
	}
	t->seal = t->w.records.p ? strstr(t->w.records.p, "\"t\":\"seal\"") : NULL;
	read_residue(t);
}

/* Is key the instance at, or below it (also below a later attempt of it)? */
static bool below(const char *key, const char *at)
{
	size_t n = strlen(at);

	return !strncmp(key, at, n) && (!key[n] || key[n] == '/' || key[n] == '~' || key[n] == '!');
}

/* The block instance around at ("act/s2[0]~2/s5" -> "act/s2[0]"); false: none. */
static bool up(char *at)
{
	char *slash = strrchr(at, '/'), *last;

	if (!slash)
		return false;
	*slash = 0;
	last = strrchr(at, '/');
	if (!last)
		return false;
	last = strchr(last, '~');
	if (last)
		*last = 0;
	return true;
}

static const struct step_ *spec(const struct story *t, const char *at)
{
	int ix = step_of(at);

	return ix < 0 ? NULL : &t->b->s[ix];
}

static bool child(const struct seen *s)
{
	return s->m->kind == OP_SPAWN && s->part != P_NOTE;
}

/* Status in the last outcome of this instance. */
static bool outcome_is(const struct story *t, const char *at, const char *status)
{
	char head[WORLD_KEY + 64];
	const char *found = NULL, *p = t->w.records.p;

	snprintf(head, sizeof(head), "\"t\":\"step.outcome\",\"k\":\"%s\",\"status\":\"", at);
	while (p && (p = strstr(p, head)))
		found = p += strlen(head);
	return found && !strncmp(found, status, strlen(status)) && found[strlen(status)] == '"';
}

static bool ended_ok(const struct seen *s)
{
	return s->m->ended && s->m->end == END_EXIT && s->m->code == 0;
}

/* First move from `from` on of this instance's undo, or n. */
static uint32_t undo_after(const struct story *t, const char *at, uint32_t from)
{
	for (uint32_t i = from; i < t->n; i++)
		if (t->s[i].part == P_UNDO && child(&t->s[i]) && !strcmp(t->s[i].at, at))
			return i;
	return t->n;
}

/* Did the undo, begun after `from`, do its last step well? */
static bool undone_after(const struct story *t, const char *at, uint32_t from)
{
	const struct step_ *s = spec(t, at);

	for (uint32_t i = from; i < t->n; i++)
		if (t->s[i].part == P_UNDO && !t->s[i].m->probe && !strcmp(t->s[i].at, at) && t->s[i].item == s->undo && ended_ok(&t->s[i]))
			return true;
	return s->undo == 0;
}

/* What an instance does before it starts, and what is asked when it failed. */
static bool no_start(const struct story *t, const struct seen *s)
{
	return s->m->probe || (s->m->kind == OP_QUESTION && (spec(t, s->at)->kind != K_CONFIRM || spec(t, s->at)->never));
}

/* When an instance began: its first own move, or its first move below. */
static int64_t began(const struct story *t, const char *at, uint32_t before)
{
	for (uint32_t i = 0; i < before; i++) {
		const struct seen *s = &t->s[i];

		if (s->part == P_FORWARD && below(s->m->key, at) && !(no_start(t, s) && !strcmp(s->at, at)))
			return s->m->began;
	}
	return -1;
}

/* --- the rules ------------------------------------------------------------------ */

/* a, b: sides of the deepest common list; false if one is in the other. */
static bool part_ways(const char *a, const char *b, char *x, char *y)
{
	size_t i = 0, from = 0;

	while (a[i] && a[i] == b[i]) {
		if (a[i] == '/')
			from = i + 1;
		i++;
	}
	if ((!a[i] && (!b[i] || b[i] == '/' || b[i] == '~')) || (!b[i] && (a[i] == '/' || a[i] == '~')))
		return false;
	snprintf(x, WORLD_KEY, "%.*s", (int)(from + strcspn(a + from, "/")), a);
	snprintf(y, WORLD_KEY, "%.*s", (int)(from + strcspn(b + from, "/")), b);
	return true;
}

/* Do the two stand in a list that runs them one after the other? */
static bool sequential(const struct story *t, const char *x, const char *y)
{
	char owner[WORLD_KEY];
	const struct step_ *s = spec(t, x);
	bool same = s && s == spec(t, y);

	if (same && s->each && s->parallel)
		return false;
	snprintf(owner, sizeof(owner), "%s", x);
	if (!up(owner))
		return true;
	s = spec(t, owner);
	return !s || !s->parallel || s->each;
}

/* a was undone at i, b later at j: a must not have begun before b. */
static void judge_order(const struct story *t, uint32_t i, uint32_t j)
{
	char x[WORLD_KEY], y[WORLD_KEY];
	const char *a = t->s[i].at, *b = t->s[j].at;
	int64_t ta, tb;

	if (!strcmp(a, b) || !part_ways(a, b, x, y) || (i < t->plan && j > t->plan))
		return;
	if (i < t->plan && !sequential(t, x, y))
		return;
	if (!strcmp(a, x) && spec(t, x)->kind == K_BLOCK && (spec(t, x)->retry || spec(t, x)->pause))
		return; /* which attempt of the block stands is not in its key */
	ta = began(t, x, i);
	tb = began(t, y, i);
	if (ta >= 0 && tb >= 0 && ta < tb)
		tell(t, "undone too early: something later stands", a);
}

static void judge_undo_order(const struct story *t)
{
	for (uint32_t i = 0; i < t->n; i++)
		for (uint32_t j = i + 1; j < t->n && t->s[i].part == P_UNDO; j++)
			if (t->s[j].part == P_UNDO)
				judge_order(t, i, j);
}

/* An undo: of what started, step by step, one at a time. */
static void judge_undo(const struct story *t, uint32_t i)
{
	const struct seen *s = &t->s[i];
	const struct step_ *def = spec(t, s->at);
	int before = 0, tries = 0;
	bool done = false;

	if (def->kind != K_BLOCK && began(t, s->at, i) < 0) /* a block may have had nothing to do */
		tell(t, "undone what never started", s->at);
	if (def->kind == K_BLOCK && !outcome_is(t, s->at, "ok"))
		tell(t, "its own rollback, but the block did not complete", s->at);
	for (uint32_t j = 0; j < i; j++) {
		const struct seen *o = &t->s[j];

		if (o->part == P_UNDO && !strcmp(o->at, s->at)) {
			tries += o->item == s->item;
			done = done || (o->item == s->item && ended_ok(o));
			before = o->item == s->item - 1 && ended_ok(o) ? 1 : before;
		}
		if (i > t->plan && j > t->plan && o->part == P_UNDO && (!o->m->ended || o->m->over > s->m->began) && s->m->kind == OP_SPAWN && o->m->kind == OP_SPAWN)
			tell(t, "two undos at once", s->at);
	}
	if (s->item > 1 && !before)
		tell(t, "an undo step before the one before it", s->m->key);
	if (s->m->kind == OP_SPAWN && (done || tries > 2 * (def->undo_retry0 ? 1 : 4)))
		tell(t, "an undo step too often", s->m->key);
}

/* Is this instance accounted for by a block around it? */
static bool covered(const struct story *t, const char *at, uint32_t from)
{
	char a[WORLD_KEY];

	snprintf(a, sizeof(a), "%s", at);
	while (up(a)) {
		const struct step_ *s = spec(t, a);

		if (!s)
			return false;
		if (in_residue(t, a))
			return true;
		if (s->undo >= 0 && (outcome_is(t, a, "ok") || outcome_is(t, a, "undone")) && undone_after(t, a, from))
			return true;
	}
	return false;
}

static bool probe_said(const struct story *t, const char *at, uint32_t from, int code)
{
	for (uint32_t i = from; i < t->n; i++)
		if (t->s[i].m->probe && !strcmp(t->s[i].at, at) && t->s[i].part == P_FORWARD && t->s[i].m->ended && t->s[i].m->end == END_EXIT && t->s[i].m->code == code)
			return true;
	return false;
}

/* After an unwinding: each write that started is undone, or listed. */
static void judge_write(const struct story *t, uint32_t i)
{
	const struct seen *s = &t->s[i];
	const struct step_ *def = spec(t, s->at);

	for (uint32_t j = i + 1; j < t->n; j++)
		if (t->s[j].part == P_FORWARD && child(&t->s[j]) && !t->s[j].m->probe && !strcmp(t->s[j].at, s->at))
			return; /* its last attempt is judged */
	if (in_residue(t, s->at) || covered(t, s->at, i))
		return;
	if (def->irreversible) {
		if (s->m->end != END_NOT_STARTED && !probe_said(t, s->at, i, 1))
			tell(t, "an irreversible step is not listed", s->at);
	} else if (def->undo < 0) {
		if (s->m->end != END_NOT_STARTED)
			tell(t, "a write without rollback is not listed", s->at);
	} else if (!undone_after(t, s->at, i)) {
		tell(t, "neither undone nor listed", s->at);
	}
}

/* Unwinding does not pass an irreversible step that acted. */
static void judge_irreversible(const struct story *t, uint32_t i)
{
	char x[WORLD_KEY], y[WORLD_KEY], a[WORLD_KEY];
	const char *at = t->s[i].at;

	if (probe_said(t, at, i, 1) || t->s[i].m->end == END_NOT_STARTED)
		return;
	snprintf(a, sizeof(a), "%s", at);
	while (up(a))
		if (spec(t, a) && spec(t, a)->undo >= 0)
			return; /* a block's own rollback stands for its children */
	for (uint32_t j = i + 1; j < t->n; j++) {
		if (t->s[j].part != P_UNDO || !part_ways(t->s[j].at, at, x, y))
			continue;
		if (j < t->plan && !sequential(t, x, y))
			continue;
		if (began(t, x, j) >= 0 && began(t, x, j) < began(t, y, j))
			tell(t, "undone across an irreversible step", t->s[j].at);
	}
}

static bool over_early(const struct story *t)
{
	return t->r.journal_err || t->r.status == RUN_HELD;
}

/* always: exactly once for each instance that started, after its undo. */
static void judge_always(const struct story *t, uint32_t i)
{
	const struct seen *s = &t->s[i];
	char at[WORLD_KEY];
	bool self = true;

	snprintf(at, sizeof(at), "%s", s->at);
	do {
		const struct step_ *def = spec(t, at);
		uint32_t runs = 0, last = 0;

		if (!def || (self && no_start(t, s)) || !def->always)
			continue;
		for (uint32_t j = 0; j < t->n; j++)
			if (t->s[j].part == P_ALWAYS && child(&t->s[j]) && !strcmp(t->s[j].at, at)) {
				runs++;
				last = j;
			}
		if (runs > 1 || (!runs && !over_early(t)))
			tell(t, runs ? "always ran twice" : "always did not run", at);
		if (runs && last > t->plan && undo_after(t, at, last) < t->n) /* before: its block had ended well */
			tell(t, "undone after its always block", at);
	} while (self = false, up(at));
}

static void judge_forward(const struct story *t, uint32_t i)
{
	const struct seen *s = &t->s[i];
	const struct step_ *def = spec(t, s->at);
	uint32_t tries = 0, unknown = t->n;
	char at[WORLD_KEY];

	if (s->m->kind == OP_TIMER && s->m->stopped && s->m->over == s->m->began)
		return; /* of a block that failed in the same turn */
	if (i > t->plan && !s->m->probe)
		tell(t, "went forward after the unwinding began", s->m->key);
	if (i > t->signal && !s->m->probe && !(t->s[t->signal].m->began > s->m->began))
		tell(t, "went forward after the signal", s->m->key);
	snprintf(at, sizeof(at), "%s", s->at);
	do
		if (spec(t, at) && spec(t, at)->never && strcmp(s->m->what, "ask"))
			tell(t, "ran against its guard", s->m->key);
	while (up(at));
	if (!child(s) || s->m->probe)
		return;
	for (uint32_t j = 0; j < i; j++) {
		const struct seen *o = &t->s[j];

		if (o->part != P_FORWARD || strcmp(o->at, s->at))
			continue;
		tries += child(o) && !o->m->probe;
		if (child(o) && !o->m->probe && o->m->end != END_EXIT && o->m->end != END_NOT_STARTED)
			unknown = j;
	}
	if (tries > (uint32_t)def->retry && !def->pause)
		tell(t, "too many attempts", s->m->key);
	if (unknown < t->n && def->write && !def->idempotent && !def->pause && !probe_said(t, s->at, unknown, 1))
		tell(t, "repeated a write with an unknown end", s->m->key);
}

static uint32_t count_part(const struct story *t, uint8_t part, uint32_t from)
{
	uint32_t n = 0;

	for (uint32_t i = from; i < t->n; i++)
		n += t->s[i].part == part && child(&t->s[i]) && !t->s[i].m->probe;
	return n;
}

/* Status, exit code and what happened agree. */
static void judge_status(const struct story *t)
{
	static const int exits[RUN_STATUSES] = { 70, 0, 0, 1, 3, 4, 4, 5, 130 };
	uint32_t writes = 0;
	int exit = exits[t->r.status];

	for (uint32_t i = 0; i < t->n; i++)
		writes += t->s[i].part == P_FORWARD && t->s[i].m->write;
	if (t->r.status == RUN_CANCELLED)
		exit = 128 + (t->w.signo ? t->w.signo : 2);
	if (t->r.exit != exit)
		tell(t, "exit code and status differ", "");
	if (t->r.journal_err)
		return;
	if (t->r.status == RUN_FAILED && writes)
		tell(t, "failed, but something was written", "");
	if ((t->r.status == RUN_ROLLED_BACK || t->r.status == RUN_CANCELLED || t->r.status == RUN_FAILED) && t->residue_n)
		tell(t, "residue, but the status hides it", t->residue[0]);
	if (t->r.status == RUN_ROLLED_BACK && !writes)
		tell(t, "rolled back without a write", "");
	if (t->r.status == RUN_INCOMPLETE && !t->residue_n)
		tell(t, "incomplete, but nothing is listed", "");
	if (t->r.status == RUN_CANCELLED && t->signal == t->n)
		tell(t, "cancelled by nobody", "");
	if ((t->r.status == RUN_OK || t->r.status == RUN_STOPPED) && t->plan < t->n)
		tell(t, "ok, but unwound", "");
	if (t->r.status == RUN_HELD ? t->seal != NULL : !t->seal)
		tell(t, "a seal", t->seal ? "too much" : "is missing");
}

static void judge_end(const struct story *t)
{
	uint32_t top = count_part(t, P_TOP_UNDO, 0);

	for (uint32_t i = 0; i < t->n; i++)
		if (child(&t->s[i]) && !t->s[i].m->ended)
			tell(t, "still running at the end", t->s[i].m->key);
	if (over_early(t))
		return;
	if (count_part(t, P_REPORT, 0) != 1 || count_part(t, P_TOP_ALWAYS, 0) != 1)
		tell(t, "always and report run once", "");
	if (top > 1 || (top && !count_part(t, P_UNDO, 0)))
		tell(t, "the top-level rollback ran", "");
	for (uint32_t i = 0; i < t->n; i++)
		if (t->s[i].part == P_TOP_UNDO && ended_ok(&t->s[i]) && in_residue(t, "rollback"))
			tell(t, "the top-level rollback ran well, or is left", "");
	if (!top && count_part(t, P_UNDO, t->plan) && !in_residue(t, "rollback"))
		tell(t, "the top-level rollback did not run", "");
	for (uint32_t i = 0, last = 0; i < t->n; i++) {
		uint32_t part = t->s[i].part;

		if (part < P_TOP_UNDO || part == P_NOTE)
			part = 0;
		if (part < last && !(t->s[i].part == P_NOTE))
			tell(t, "out of order at the end", t->s[i].m->key);
		last = part ? part : last;
	}
}

static void judge(const struct story *t)
{
	bool unwound = t->r.status == RUN_ROLLED_BACK || t->r.status == RUN_INCOMPLETE || t->r.status == RUN_CANCELLED;

	if (t->w.unsynced_write)
		tell(t, "a write before its intent was synced", "");
	for (uint32_t i = 0; i < t->n; i++) {
		const struct seen *s = &t->s[i];

		if (s->part == P_UNDO)
			judge_undo(t, i);
		if (s->part != P_FORWARD)
			continue;
		judge_forward(t, i);
		judge_always(t, i);
		if (child(s) && s->m->write && unwound)
			judge_write(t, i);
		if (child(s) && s->m->write && spec(t, s->at)->irreversible)
			judge_irreversible(t, i);
	}
	judge_undo_order(t);
	judge_status(t);
	if (!t->r.journal_err)
		judge_end(t);
}

/* A dry-run ends, and starts nothing that writes. */
static void judge_dry(const struct story *t)
{
	if (t->r.status == RUN_RUNNING || t->r.status == RUN_HELD || t->r.journal_err)
		tell(t, "a dry-run", "did not end well");
	for (uint32_t i = 0; i < t->n; i++)
		if (child(&t->s[i]) && t->s[i].m->write && t->s[i].m->end != END_SUPPRESSED)
			tell(t, "a dry-run wrote", t->s[i].m->key);
}

/* --- one seed ------------------------------------------------------------------------ */

static void run_seed(uint64_t seed)
{
	static const char *const said[] = { "yes", "yes", "retry", "skip", "rollback", "no", "hold", NULL };
	const char *answers[5];
	struct book b;
	struct story t = { .b = &b, .seed = seed };

	write_book(&b, seed, false);
	world_init(&t.w);
	t.w.seed = seed;
	set_trouble(&b, &t.w);
	for (int i = 0; i < 5; i++)
		answers[i] = said[dice(&b, chance(&b, 30) ? 8 : 5)];
	answers[4] = "rollback"; /* nobody says `retry` for ever */
	t.w.answers = answers;
	t.w.answer_count = 5;
	t.w.crowd = true;
	t.r = world_run(&t.w, b.text.p);
	read_story(&t);
	if (t.r.exit == -1)
		tell(&t, "the runbook is not valid", "");
	if (t.w.dry)
		judge_dry(&t);
	else
		judge(&t);
	if (getenv("RB_ENGINE_SEED"))
		tell(&t, "as asked", "");
	free(t.s);
	free(t.residue);
	world_release(&t.w);
	buf_release(&b.text);
}

static void test_random(void **state)
{
	const char *many = getenv("RB_ENGINE_SEEDS"), *one = getenv("RB_ENGINE_SEED");
	uint64_t n = many ? strtoull(many, NULL, 10) : SEEDS;

	(void)state;
	if (one)
		run_seed(strtoull(one, NULL, 10));
	for (uint64_t seed = 0; seed < n && !one; seed++)
		run_seed(seed);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_random) };

	return cmocka_run_group_tests_name("engine_random", tests, NULL, NULL);
}
