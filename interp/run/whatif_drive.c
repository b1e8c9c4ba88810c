#include "run/whatif_world.h"

#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "journal/mask.h"
#include "journal/record.h"
#include "journal/stored.h"
#include "run/engine_state.h"
#include "run/recorded.h"
#include "run/trace_more.h"

/* whatif_drive: one drive of the new engine in a world that answers from the old run. */

enum { EVENTS_MAX = 2000000 };

static const int64_t never = INT64_MAX;

/* --- effects ------------------------------------------------------------------------------------ */

static void record(void *ctx, int64_t wall, int64_t mono, struct str body)
{
	(void)ctx, (void)wall, (void)mono, (void)body;
}

static int flush(void *ctx, bool sync)
{
	(void)ctx, (void)sync;
	return 0;
}

static uint32_t wait(void *ctx, struct event *events, uint32_t max)
{
	(void)ctx, (void)events, (void)max;
	mem_abort("a what-if waits for nothing");
}

static void hide(void *ctx, struct str secret)
{
	(void)ctx, (void)secret;
}

static bool named(struct str name, const struct trace_step *s)
{
	return (s->ps && s->ps->ast->id.n && str_eq(name, s->label)) || str_eq(name, s->key) || str_eq(name, s->path);
}

static int8_t assumption(const struct world *w, const struct trace_step *s, const struct command *c)
{
	const struct whatif_options *o = w->d->o;

	for (uint32_t i = o->assume_count; i-- > 0 && c->purpose == OP_FOR_ACTION;) /* the last one wins */
		if (named(o->assume[i].step, s))
			return o->assume[i].fail;
	return -1;
}

static bool beside(const struct command *c)
{
	return c->message || c->purpose == OP_FOR_MESSAGE || (c->step && c->step->ast->action == ACT_NOTIFY);
}

/* Its text names what is not known in it: (unknown: steps.x.n). */
static struct str unknown_in(struct world *w, struct str text)
{
	static const struct str mark = { "(unknown: ", 10 };
	ptrdiff_t at = str_find(text, mark), end;

	if (at < 0)
		return STR("it depends on something unknown");
	text = str_slice(text, (size_t)at + mark.n, text.n);
	end = str_find(text, STR(")"));
	return arena_printf(&w->d->t.arena, "it depends on `" STR_FMT "`", STR_ARG(str_slice(text, 0, end < 0 ? 0 : (size_t)end)));
}

static uint8_t not_recorded(struct trace_op *is, uint8_t source, struct str why)
{
	is->source = source;
	is->why = why;
	return source;
}

/* Is the old op's result the one of this op? */
static uint8_t source_of(struct world *w, struct pending *p)
{
	const struct trace_op *was = p->was;
	struct trace_op *is = p->is;

	if (p->assumed >= 0)
		return not_recorded(is, ASSUMED, p->assumed ? STR("assumed to fail") : STR("assumed to go well"));
	if (!was)
		return not_recorded(is, NOT_REACHED, p->step->was && p->step->was->began ? STR("the run did not come to this attempt of it")
											  : STR("the run did not come to it"));
	if (p->c.unknown && !(w->e->setup->dry_run && str_eq(was->identity, is->identity)))
		return not_recorded(is, NOT_KNOWN, unknown_in(w, is->identity));
	if (!str_eq(was->identity, is->identity))
		return not_recorded(is, NOT_SAME, STR(""));
	if (!was->line.n)
		return not_recorded(is, NOT_ENDED, STR("the record does not say how it ended"));
	return is->source = FROM_RECORD;
}

static void due_as_then(struct world *w, struct pending *p)
{
	const struct trace_op *was = p->was;

	p->due = w->e->mono + (was->ended - was->started);
	p->n = was->n;
	if (was->stopped) { /* and if nobody stops it now, nobody knows how it would have ended */
		p->n = never;
		p->is->source = NOT_ENDED;
		p->is->why = STR("it was stopped then, and would not be now");
	} else if (p->c.timeout > 0 && p->c.timeout != was->timeout && !p->c.at && was->ended - was->started > p->c.timeout) {
		p->due = w->e->mono + p->c.timeout;
		p->n = never;
	}
}

/* Timers have no results but their time; what is recorded says how late they were. */
static void start_timer(struct world *w, struct pending *p)
{
	const struct trace_op *was = p->was;

	p->is->source = FROM_CLOCK;
	p->due = w->e->setup->dry_run ? w->e->mono : p->c.timer.at;
	if (!was || was->delay != p->is->delay)
		return;
	if (was->stopped) {
		if (p->due < w->e->mono + (was->stopped_at - was->started))
			p->due = w->e->mono + (was->stopped_at - was->started);
	} else if (was->line.n) {
		due_as_then(w, p);
	} else {
		p->lost = true;
	}
}

static void start(void *ctx, const struct command *c)
{
	struct world *w = ctx;
	struct pending *p;

	MEM_ROOM(w->ops, w->op_len, w->op_cap, 16);
	p = &w->ops[w->op_len++];
	*p = (struct pending){ .op = c->op, .c = *c, .n = never };
	p->is = trace_start(&w->d->t, c, &p->step);
	(void)world_match(w, p->step);
	p->was = world_op_then(w, p->step, p->is);
	p->is->was = p->was;
	if (c->kind == OP_TIMER && p->was && p->was->kind != OP_TIMER)
		p->was = NULL; /* a wait where a person was asked: their answer is not its end */
	p->assumed = assumption(w, p->step, c);
	if (c->kind == OP_TIMER) {
		start_timer(w, p);
		return;
	}
	if (source_of(w, p) == FROM_RECORD) {
		due_as_then(w, p);
		return;
	}
	p->due = w->e->mono + (p->was && p->was->ended >= 0 ? p->was->ended - p->was->started : 0);
	p->due = p->due < c->at ? c->at : p->due;
	p->lost = p->is->source == NOT_ENDED || c->purpose == OP_FOR_STOP;
	if (beside(c) && p->is->source != FROM_RECORD)
		p->is->source = FROM_OTHER;
}

static void stop(void *ctx, uint32_t op, int64_t grace)
{
	struct world *w = ctx;
	struct pending *p = w->ops;

	(void)grace;
	while (p < w->ops + w->op_len && p->op != op)
		p++;
	if (p == w->ops + w->op_len || p->stopped)
		return;
	p->stopped = true;
	if (p->c.purpose == OP_FOR_TIMEOUT || p->c.purpose == OP_FOR_RUN_TIMEOUT || p->c.purpose == OP_FOR_LADDER ||
	    p->c.purpose == OP_FOR_SAMPLE || p->c.purpose == OP_FOR_HALT) {
		p->dropped = true;
		if (p->is->source == NOT_ENDED && p->was && !p->was->line.n)
			(void)not_recorded(p->is, FROM_RECORD, STR("")); /* as then */
	} else if (p->was && p->was->stopped && p->was->line.n && p->is->source != NOT_SAME && p->is->source != NOT_KNOWN && p->assumed < 0) {
		p->due = w->e->mono + (p->was->ended - p->was->stopped_at);
		p->n = p->was->n;
		p->is->source = FROM_RECORD;
		p->is->why = STR("");
	} else if (p->was && p->was->stopped && !p->was->line.n && w->event_at < w->d->o->was->event_count) {
		p->lost = true; /* its runner died before it ended */
	} else {
		p->due = w->e->mono;
		p->lost = false;
		p->is->source = FROM_CLOCK;
		p->is->why = STR("");
	}
}

static const struct effects effects = { record, flush, start, stop, wait, hide };

/* --- results -------------------------------------------------------------------------------------- */

static const char *const goes_words[] = { "goes well", "fails" };
static const char *const probe_words[] = { "its probe says no", "its probe says yes", "its probe cannot tell" };
static const char *const stands_words[] = { "its probe says yes", "its probe says no", "its probe cannot tell" };
static const char *const pause_words[] = { "rollback is chosen", "hold is chosen", "skip is chosen" };
static const char *const halt_words[] = { "going on is chosen", "rollback is chosen", "hold is chosen" };
static const char *const sample_words[] = { "its monitor stays quiet from here on", "its monitor has the run undone" };
static const char *const window_words[] = { "going on outside the window is allowed", "going on outside the window is refused" };

static void say(struct result *r, const char *answer)
{
	r->end = END_ANSWER;
	r->answer = str_of(answer);
	r->by = STR("nobody known");
	r->how = STR("assumed");
}

/* A result that is not recorded. */
static void assume(struct world *w, const struct pending *p, struct result *r)
{
	static const char *const pauses[] = { "rollback", "hold", "skip" }, *const halts[] = { "continue", "rollback", "hold" };
	struct str key = p->c.key;
	uint8_t way;

	r->end = END_UNRECORDED;
	if (w->e->setup->dry_run) {
		r->end = END_SUPPRESSED;
	} else if (p->is->source == FROM_OTHER) {
		r->end = END_EXIT;
		r->code = p->c.kind == OP_REQUEST ? 200 : 0;
	} else if (p->c.purpose == OP_FOR_PROBE) {
		bool stands = p->is->about == 100 + AT_PROBE;

		way = world_decide(w, key, 3, stands ? stands_words : probe_words);
		r->code = way == 2 ? -1 : way ^ stands;
	} else if (p->c.purpose == OP_FOR_PAUSE) {
		say(r, pauses[world_decide(w, key, p->c.question.choice_count > 3 ? 3 : 2, pause_words)]);
	} else if (p->c.purpose == OP_FOR_HALT) {
		say(r, halts[world_decide(w, key, 3, halt_words)]);
	} else if (p->c.purpose == OP_FOR_SAMPLE) {
		w->d->too_long = true; /* it may as well be told to somebody, or pause: no way is certain */
		r->code = monitor_may_undo(w->e, p->op) ? world_decide(w, key, 2, sample_words) : 0;
	} else if (p->c.purpose == OP_FOR_WINDOW) {
		say(r, world_decide(w, key, 2, window_words) ? "no" : "yes");
	} else {
		r->code = p->assumed >= 0 ? p->assumed : world_decide(w, key, 2, goes_words);
	}
}

/* Where secrets were stands *** in what is stored: what is made of it anew would be wrong. */
static bool has_marks(const struct world *w, const struct pending *p, const struct result *r)
{
	if (p->was->want_output || !p->c.want_output || !w->d->o->mask || mask_empty(w->d->o->mask))
		return false;
	return str_find(r->out.bytes, STR("***")) >= 0 || str_find(r->err.bytes, STR("***")) >= 0;
}

/* The recorded result. False: it cannot be used after all, and p->is says why. */
static bool recorded(struct world *w, struct pending *p, struct result *r)
{
	struct trace *t = &w->d->t;
	struct record rec;
	struct buf judging;
	const char *bad;
	char why[200];
	bool same;

	if (!record_parse(&rec, p->was->line, &bad))
		return not_recorded(p->is, NOT_KEPT, STR("its record cannot be read")) == FROM_RECORD;
	if (!recorded_result(&w->event, &rec, w->d->o->dir, p->c.want_output, r, why))
		return not_recorded(p->is, NOT_KEPT, arena_printf(&t->arena, "%s", why)) == FROM_RECORD;
	if (p->c.kind == OP_QUESTION && r->subject.n && str_eq(r->subject, p->was->subject))
		r->subject = p->c.question.subject; /* given for this very text */
	if (p->c.timeout != p->was->timeout && p->c.kind != OP_TIMER && !p->c.at) {
		if (r->end == END_TIMEOUT && !(p->c.timeout > 0 && p->c.timeout < p->was->timeout))
			return not_recorded(p->is, NOT_ENDED, STR("it ran into its timeout then, which is longer now")) == FROM_RECORD;
		if (p->c.timeout > 0 && r->end != END_STOPPED && p->was->ended - p->was->started > p->c.timeout) {
			*r = (struct result){ .op = p->op, .end = END_TIMEOUT, .code = -1, .took = p->c.timeout };
			p->is->why = STR("its timeout is shorter now than it took");
			return true;
		}
	}
	if (has_marks(w, p, r))
		return not_recorded(p->is, NOT_KEPT, STR("its output had secrets in it")) == FROM_RECORD;
	if (!r->opaque.n)
		return true;
	buf_init(&judging, 1 << 20);
	trace_judging(w->e, p->op, &judging);
	same = str_eq(buf_str(&judging), p->was->judging);
	buf_release(&judging);
	return same || not_recorded(p->is, NOT_KEPT, p->c.at ? STR("the output of a sample is not kept, and it would be judged by something else")
							      : STR("its output had secrets in it, and it would be judged by something else")) == FROM_RECORD;
}

static void feed(struct world *w, struct event *ev)
{
	ev->mono = ev->mono < w->e->mono ? w->e->mono : ev->mono;
	ev->wall = ev->mono + w->offset;
	(void)engine_feed(w->e, ev);
	arena_reset(&w->event);
}

/* Ends what nobody waits for any more. */
static void feed_dropped(struct world *w)
{
	for (uint32_t i = 0; i < w->op_len;) {
		struct result r = { .op = w->ops[i].op, .end = END_STOPPED, .code = -1 };
		struct event ev = { .kind = EVENT_RESULT, .mono = w->e->mono, .result = &r };

		if (!w->ops[i].dropped) {
			i++;
			continue;
		}
		w->ops[i] = w->ops[--w->op_len];
		feed(w, &ev);
		i = 0;
	}
}

static void answer(struct world *w, uint32_t i)
{
	struct pending p = w->ops[i];
	struct result r = { .op = p.op, .code = -1 };
	struct event ev = { .kind = EVENT_RESULT, .mono = p.due == never ? w->e->mono : p.due, .result = &r };
	bool as_then = p.was && p.was->line.n && (p.is->source == FROM_RECORD || (p.c.kind == OP_TIMER && p.n != never));

	w->ops[i] = w->ops[--w->op_len];
	if (as_then && recorded(w, &p, &r)) {
		w->offset = p.was->wall;
	} else if (p.stopped) {
		r = (struct result){ .op = p.op, .end = END_STOPPED, .code = -1 };
	} else if (p.c.kind == OP_TIMER) {
		r = (struct result){ .op = p.op, .end = w->e->setup->dry_run ? END_SUPPRESSED : END_FIRED, .code = -1 };
	} else {
		r = (struct result){ .op = p.op, .code = -1 };
		assume(w, &p, &r);
	}
	feed(w, &ev);
}

/* --- what came from outside ---------------------------------------------------------------------------- */

/* A person's word is about the step at the same place. */
static struct str key_now(const struct world *w, struct str key)
{
	const struct trace_step *was = trace_step_of(w->d->o->was, key);
	const struct trace_step *is = was ? map_get(&w->d->t.by_place, was->place) : NULL;

	return is ? is->key : STR("");
}

/* The runner is gone, and what was under way with it: as then, or only now. */
static void lose_all(struct world *w)
{
	for (uint32_t i = 0; i < w->op_len; i++) {
		struct pending *p = &w->ops[i];
		bool then = p->was && !p->was->line.n;

		if (p->is->source == NOT_ENDED && then)
			(void)not_recorded(p->is, FROM_RECORD, STR(""));
		else if (p->is->source == FROM_RECORD && !then)
			(void)not_recorded(p->is, NOT_ENDED, STR("the runner died while it ran, which it had not then"));
	}
	w->op_len = 0;
}

/* Samples that are under way at the end leave no record: as then. */
static void give_up_samples(struct world *w)
{
	for (uint32_t i = 0; i < w->op_len; i++) {
		struct pending *p = &w->ops[i];

		if (p->c.purpose == OP_FOR_SAMPLE && p->is->source == NOT_ENDED && p->was && !p->was->line.n)
			(void)not_recorded(p->is, FROM_RECORD, STR(""));
	}
}

static void feed_outside(struct world *w)
{
	const struct trace_event *x = &w->d->o->was->events[w->event_at++];
	struct event ev = { .mono = x->mono };
	struct recorded_op op;
	struct record rec;
	const char *why;

	if (!record_parse(&rec, x->line, &why) || !recorded_event(&rec, &ev.kind, &op))
		return; /* cannot be: the replay has read it */
	recorded_other(&w->event, &rec, &ev);
	w->offset = x->wall - x->mono;
	if (ev.kind == EVENT_EPOCH)
		lose_all(w);
	if (ev.kind == EVENT_RESOLVE) {
		ev.key = key_now(w, ev.key);
		if (engine_doubt(w->e, ev.key) != 1)
			return;
	}
	feed(w, &ev);
}

/* The op that comes next, or op_len. late: also those of which nothing is known. */
static uint32_t next_op(const struct world *w, bool now, bool late)
{
	uint32_t best = w->op_len;

	for (uint32_t i = 0; i < w->op_len; i++) {
		const struct pending *p = &w->ops[i], *b = &w->ops[best];

		if ((p->lost && !late) || (now && p->due > w->e->mono) ||
		    ((p->c.purpose == OP_FOR_STOP || p->c.purpose == OP_FOR_SAMPLE) && !p->stopped && p->lost))
			continue;
		if (best == w->op_len || p->due < b->due || (p->due == b->due && (p->n < b->n || (p->n == b->n && p->op < b->op))))
			best = i;
	}
	return best;
}

/* Takes the next event. False: nothing comes any more. */
static bool turn(struct world *w)
{
	const struct trace *was = w->d->o->was;
	const struct trace_event *x = w->event_at < was->event_count ? &was->events[w->event_at] : NULL;
	bool waits = engine_waits(w->e);
	uint32_t i = next_op(w, waits, false);

	if (x && (i == w->op_len || x->mono < w->ops[i].due || (x->mono == w->ops[i].due && x->n < w->ops[i].n))) {
		feed_outside(w);
		return true;
	}
	if (i == w->op_len && !x && !waits)
		i = next_op(w, false, true);
	if (i == w->op_len)
		return false;
	answer(w, i);
	return true;
}

void drive_run(struct drive *d, const struct whatif_options *o, const uint8_t *script, uint32_t script_len, uint32_t number)
{
	struct world w = { .d = d, .script = script, .script_len = script_len, .number = number };
	struct str lock = { 0 }, error = { 0 };
	uint32_t events = 0;

	*d = (struct drive){ .o = o };
	trace_init(&d->t, o->mask);
	d->t.align = o->align;
	d->t.files = o->files;
	arena_init(&w.event);
	w.e = engine_new(o->setup);
	if (!engine_prepare(w.e, o->start, &lock, &error)) {
		d->refused = arena_str(&d->t.arena, error.p, error.n);
	} else {
		trace_attach(&d->t, w.e);
		engine_watch(w.e, &whatif_watch, &w);
		engine_attach(w.e, &effects, &w);
		while (!engine_ended(w.e) && (events++ < EVENTS_MAX || !(d->too_long = true)) && turn(&w))
			feed_dropped(&w);
		give_up_samples(&w);
		trace_finish(&d->t);
	}
	engine_free(w.e);
	d->t.engine = NULL;
	mem_free(w.ops);
	arena_release(&w.event);
}

void drive_release(struct drive *d)
{
	trace_release(&d->t);
	mem_free(d->made);
}
