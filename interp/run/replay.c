#include "run/replay.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "journal/mask.h"
#include "journal/record.h"
#include "run/engine.h"
#include "run/lookalike.h"
#include "run/recorded.h"

/* replay: feeds and compares. */

/* A record that the engine made and the journal has not shown yet. */
struct made { int64_t wall, mono; size_t at, n; /* in bodies, masked */ uint32_t hidden; };
/* An op that the engine started. */
struct waiting { uint32_t op; uint8_t purpose; bool want_output; struct str key, channel; };

struct replay {
	struct replay_options o;
	struct replay_result result;
	struct arena event;            /* of the event being fed */
	struct arena kept;             /* of the result */
	struct buf bodies, masked, scratch;
	struct made *made; size_t first, count, cap;
	struct waiting *ops; uint32_t op_count, op_cap;
	uint32_t *dropped; uint32_t drop_count, drop_cap; /* stopped, and their results mean nothing */
	uint32_t hidden;               /* how often a step may have captured a secret so far */
	bool marked;                   /* gone is in the mask */
	bool learning;                 /* it has diverged, but goes on for what is alike */
	bool began;
};

enum { BODIES_MAX = 1 << 30 };

/* --- effects -------------------------------------------------------------------- */

static struct str masked(struct replay *r, struct str body)
{
	if (!r->o.mask || mask_empty(r->o.mask))
		return body;
	buf_clear(&r->masked);
	mask_json(r->o.mask, body, &r->scratch, &r->masked);
	return buf_str(&r->masked);
}

static void record(void *ctx, int64_t wall, int64_t mono, struct str body)
{
	struct replay *r = ctx;

	if (r->first == r->count) {
		r->first = r->count = 0;
		buf_clear(&r->bodies);
	}
	MEM_ROOM(r->made, r->count, r->cap, 64);
	body = masked(r, body);
	r->made[r->count++] = (struct made){ wall, mono, r->bodies.len, body.n, r->hidden };
	buf_adds(&r->bodies, body);
}

static int flush(void *ctx, bool sync)
{
	(void)ctx, (void)sync;
	return 0;
}

static void start(void *ctx, const struct command *c)
{
	struct replay *r = ctx;

	if (r->o.observer.start)
		r->o.observer.start(r->o.observer.arg, c);
	MEM_ROOM(r->ops, r->op_count, r->op_cap, 16);
	r->ops[r->op_count++] = (struct waiting){ c->op, c->purpose, c->want_output, c->key, c->channel };
}

static void forget(struct replay *r, uint32_t i)
{
	memmove(r->ops + i, r->ops + i + 1, (--r->op_count - i) * sizeof(*r->ops));
}

static void stop(void *ctx, uint32_t op, int64_t grace)
{
	struct replay *r = ctx;

	(void)grace;
	if (r->o.observer.stop)
		r->o.observer.stop(r->o.observer.arg, op);
	for (uint32_t i = 0; i < r->op_count; i++) {
		if (r->ops[i].op != op || (r->ops[i].purpose != OP_FOR_TIMEOUT && r->ops[i].purpose != OP_FOR_RUN_TIMEOUT &&
					 r->ops[i].purpose != OP_FOR_LADDER && r->ops[i].purpose != OP_FOR_SAMPLE &&
					 r->ops[i].purpose != OP_FOR_HALT))
			continue;
		MEM_ROOM(r->dropped, r->drop_count, r->drop_cap, 16);
		r->dropped[r->drop_count++] = op;
		forget(r, i);
		return;
	}
}

static uint32_t wait(void *ctx, struct event *events, uint32_t max)
{
	(void)ctx, (void)events, (void)max;
	mem_abort("a replay waits for nothing");
}

/* What was masked since so many secrets are known. */
static void mask_alike(struct replay *r, uint32_t from)
{
	for (uint32_t i = 0; r->o.alike && i < r->o.alike->count; i++)
		if (r->o.alike->list[i].from == from)
			(void)mask_add(r->o.mask, r->o.alike->list[i].text);
}

/* A value that the replay makes itself, if with stand-ins in it. */
static void hide(void *ctx, struct str secret)
{
	struct replay *r = ctx;

	if (r->o.mask)
		(void)mask_add(r->o.mask, secret);
	mask_alike(r, ++r->hidden);
}

static const struct effects effects = { record, flush, start, stop, wait, hide };

/* --- the verdict ------------------------------------------------------------------ */

static struct str kept(struct replay *r, struct str s)
{
	return s.n ? arena_str(&r->kept, s.p, s.n) : STR("");
}

__attribute__((format(printf, 5, 6)))
static bool verdict(struct replay *r, enum replay_verdict v, int64_t n, const struct record *rec, const char *fmt, ...)
{
	va_list ap;

	r->learning = false;
	if (r->result.verdict != REPLAY_IDENTICAL)
		return false;
	r->result.verdict = v;
	r->result.n = n;
	r->result.recorded = rec ? kept(r, recorded_body(rec)) : STR("");
	va_start(ap, fmt);
	vsnprintf(r->result.why, sizeof(r->result.why), fmt, ap);
	va_end(ap);
	return false;
}

static struct str body_of(const struct replay *r, const struct made *m)
{
	return (struct str){ r->bodies.p + m->at, m->n };
}

static void learn(void *arg, struct str text)
{
	struct replay *r = arg;

	lookalikes_add(r->o.alike, text, r->made[r->first].hidden, r->o.secrets);
}

static void differs(struct replay *r, const struct record *rec, struct str body)
{
	if (r->result.verdict == REPLAY_IDENTICAL) {
		verdict(r, REPLAY_DIVERGED, rec->n, rec, "the engine makes another record here");
		r->result.made = kept(r, body);
	}
	r->learning = r->o.alike && lookalikes_between(recorded_body(rec), body, learn, r);
}

/* The record must be the next one that the engine made. */
static bool same(struct replay *r, const struct record *rec, int64_t wall)
{
	const struct made *m = &r->made[r->first];
	struct str body = body_of(r, m);

	if (!str_eq(body, recorded_body(rec)) && !str_eq(body, recorded_guard(rec, &r->scratch)))
		differs(r, rec, body);
	if (m->wall != wall || m->mono != rec->m * 1000)
		return verdict(r, REPLAY_DIVERGED, rec->n, rec, "the record has another time than the event that led to it");
	r->first++;
	return r->result.verdict == REPLAY_IDENTICAL;
}

/* --- feeding ------------------------------------------------------------------------ */

/* Results that mean nothing to the engine, but that its ops wait for. */
static bool feed_dropped(struct replay *r)
{
	struct event ev = { .kind = EVENT_RESULT };
	struct result stopped = { .end = END_STOPPED, .code = -1 };

	engine_clock(r->o.engine, &ev.wall, &ev.mono);
	ev.result = &stopped;
	while (r->drop_count) {
		stopped.op = r->dropped[--r->drop_count];
		(void)engine_feed(r->o.engine, &ev);
	}
	return true;
}

static void observe(struct replay *r, const struct record *rec, const struct event *ev)
{
	if (r->o.observer.event)
		r->o.observer.event(r->o.observer.arg, rec, ev);
}

static bool feed_result(struct replay *r, const struct record *rec, const struct recorded_op *op, struct event *ev)
{
	struct result result = { 0 };
	char why[200];
	uint32_t i = 0;

	while (i < r->op_count && !(r->ops[i].purpose == op->purpose && str_eq(r->ops[i].key, op->key) &&
				    (op->purpose != OP_FOR_MESSAGE || !op->channel.n || str_eq(r->ops[i].channel, op->channel))))
		i++;
	if (i == r->op_count)
		return verdict(r, REPLAY_DIVERGED, rec->n, rec, "nothing that could end this way was started");
	result.op = r->ops[i].op;
	if (!recorded_result(&r->event, rec, r->o.dir, r->ops[i].want_output, &result, why))
		return verdict(r, REPLAY_CANNOT, rec->n, rec, "%s", why);
	result.unnamed = !op->channel.n;
	forget(r, i);
	ev->result = &result;
	observe(r, rec, ev);
	(void)engine_feed(r->o.engine, ev);
	return true;
}

static void mark_gone(struct replay *r)
{
	if (r->marked || !r->o.mask || !r->o.gone.n)
		return;
	r->marked = true;
	(void)mask_add(r->o.mask, r->o.gone);
}

static bool begins(const struct event *ev)
{
	return ev->kind == EVENT_START || ev->kind == EVENT_ADOPT;
}

static bool feed(struct replay *r, const struct record *rec, int64_t wall)
{
	struct recorded_op op;
	struct event ev = { .wall = wall, .mono = rec->m * 1000 };

	if (!recorded_event(rec, &ev.kind, &op))
		return verdict(r, REPLAY_DIVERGED, rec->n, rec, "no event leads to this record");
	if (engine_ended(r->o.engine) && ev.kind != EVENT_ADOPT)
		return verdict(r, REPLAY_DIVERGED, rec->n, rec, "the run had ended before this record");
	if (begins(&ev) == r->began || (ev.kind == EVENT_ADOPT && !engine_ended(r->o.engine)))
		return verdict(r, REPLAY_DIVERGED, rec->n, rec, "a run does not begin here");
	arena_reset(&r->event);
	feed_dropped(r);
	if (record_raw(rec, "opaque").n) { /* what was captured of it may be a secret that is not known */
		mark_gone(r);
		mask_alike(r, ++r->hidden);
	}
	if (ev.kind == EVENT_RESULT) {
		if (!feed_result(r, rec, &op, &ev))
			return false;
	} else {
		r->began = true;
		if (ev.kind == EVENT_EPOCH) /* lost with their runner, or started once more by the engine */
			r->op_count = r->drop_count = 0;
		recorded_other(&r->event, rec, &ev);
		observe(r, rec, &ev);
		(void)engine_feed(r->o.engine, &ev);
	}
	if (r->first == r->count)
		return verdict(r, REPLAY_DIVERGED, rec->n, rec, "the event of this record has no effect here");
	return true;
}

bool replay_take(struct replay *r, const struct record *rec)
{
	int64_t wall;

	if (r->result.verdict != REPLAY_IDENTICAL && !r->learning)
		return false;
	if (str_eqz(rec->t, "torn")) /* of the writer, not of the engine */
		return r->result.verdict == REPLAY_IDENTICAL;
	if (!recorded_wall(rec, &wall))
		return verdict(r, REPLAY_DIVERGED, rec->n, rec, "its time cannot be read");
	if (r->first == r->count && !feed(r, rec, wall))
		return false;
	return same(r, rec, wall);
}

void replay_end(struct replay *r, bool sealed)
{
	if (r->result.verdict != REPLAY_IDENTICAL || !sealed)
		return;
	if (r->first < r->count || !engine_ended(r->o.engine)) {
		verdict(r, REPLAY_DIVERGED, 0, NULL, "the journal ends before the run does");
		if (r->first < r->count)
			r->result.made = kept(r, body_of(r, &r->made[r->first]));
	}
}

const struct replay_result *replay_result(const struct replay *r)
{
	return &r->result;
}

void replay_rest(struct replay *r, void (*each)(void *arg, int64_t wall, int64_t mono, struct str body), void *arg)
{
	while (r->first < r->count) {
		const struct made *m = &r->made[r->first++];

		each(arg, m->wall, m->mono, body_of(r, m));
	}
}

struct replay *replay_new(const struct replay_options *o)
{
	struct replay *r = mem_alloc(sizeof(*r));

	r->o = *o;
	arena_init(&r->event);
	arena_init(&r->kept);
	buf_init(&r->bodies, BODIES_MAX);
	buf_init(&r->masked, RECORD_LINE_MAX * 2);
	buf_init(&r->scratch, RECORD_LINE_MAX * 2);
	mask_alike(r, 0);
	engine_attach(o->engine, &effects, r);
	return r;
}

void replay_free(struct replay *r)
{
	if (!r)
		return;
	arena_release(&r->event);
	arena_release(&r->kept);
	buf_release(&r->bodies);
	buf_release(&r->masked);
	buf_release(&r->scratch);
	mem_free(r->made);
	mem_free(r->ops);
	mem_free(r->dropped);
	mem_free(r);
}
