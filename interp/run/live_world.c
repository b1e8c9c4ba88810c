#include "run/live_world.h"

#include <signal.h>
#include <string.h>
#include "base/mem.h"
#include "host/child.h"
#include "host/clock.h"
#include "host/dirwatch.h"
#include "host/http.h"
#include "host/loop.h"
#include "host/outfile.h"
#include "host/tty.h"
#include "journal/journal.h"
#include "journal/mask.h"

/*
 * live_world: commands become ops, what happens to them becomes events. Results
 * are handed out together, so that work that ended together makes one batch of
 * the journal.
 */

static const int64_t second = 1000000000;
enum { ANSWERS = 4, EXTRA_TURNS = 8, KEPT_BUFFERS = 256 << 10 };

/* --- ops --------------------------------------------------------------------- */

static struct live_op *op_new(struct live *l, const struct command *c)
{
	struct live_op *op = l->spare;

	if (op) {
		l->spare = op->next;
	} else {
		op = mem_alloc(sizeof(*op));
		op->l = l;
		buf_init(&op->text, 64 << 10);
		buf_init(&op->heads, 2 << 20);
		buf_init(&op->out.json, 64 << 10);
		buf_init(&op->err.json, 64 << 10);
	}
	MEM_ROOM(l->ops, l->op_count, l->op_cap, 16);
	op->ix = l->op_count;
	l->ops[l->op_count++] = op;
	op->c = *c;
	op->next = NULL;
	op->tries = 0;
	op->result = (struct result){ .op = c->op, .code = -1 };
	return op;
}

static void shrink(struct buf *b)
{
	if (b->cap > KEPT_BUFFERS)
		buf_release(b);
	else
		buf_clear(b);
}

static void op_recycle(struct live_op *op)
{
	struct live *l = op->l;

	streams_release(op);
	shrink(&op->out.kept);
	shrink(&op->err.kept);
	buf_clear(&op->out.json);
	buf_clear(&op->err.json);
	buf_clear(&op->text);
	shrink(&op->heads);
	op->child = NULL;
	op->call = NULL;
	op->timer = NULL;
	op->next = l->spare;
	l->spare = op;
}

static void op_free(struct live_op *op)
{
	streams_release(op);
	buf_release(&op->out.kept);
	buf_release(&op->err.kept);
	buf_release(&op->out.json);
	buf_release(&op->err.json);
	buf_release(&op->text);
	buf_release(&op->heads);
	mem_free(op->headers);
	mem_free(op->env);
	mem_free(op);
}

static void op_list_free(struct live_op *op)
{
	while (op) {
		struct live_op *next = op->next;

		op_free(op);
		op = next;
	}
}

static void add_event(struct live *l, struct live_event e)
{
	MEM_ROOM(l->events, l->event_count, l->event_cap, 64);
	l->events[l->event_count++] = e;
}

void live_done(struct live_op *op, enum result_end end)
{
	struct live *l = op->l;
	struct live_op *last = l->ops[--l->op_count];

	last->ix = op->ix;
	l->ops[op->ix] = last;
	op->result.end = (uint8_t)end;
	if (op->text.len && end != END_ANSWER)
		op->result.error = buf_str(&op->text);
	add_event(l, (struct live_event){ .kind = EVENT_RESULT, .op = op });
}

/* --- timers and files ----------------------------------------------------------- */

static void on_timer(void *arg)
{
	struct live_op *op = arg;

	op->timer = NULL;
	live_done(op, END_FIRED);
}

static void start_timer(struct live_op *op)
{
	struct live *l = op->l;
	int64_t at;

	/* Event times are cut to us: the event's must not be before the timer's. */
	if (__builtin_add_overflow(op->c.timer.at, 999, &at) || __builtin_add_overflow(l->o.start_boot, at / 1000 * 1000, &at))
		at = INT64_MAX;
	op->timer = loop_at(l->loop, at, on_timer, op);
}

void live_masked(const struct live *l, struct str text, struct buf *out)
{
	buf_init(out, 64 << 20);
	if (l->o.mask)
		mask_apply(l->o.mask, text, out);
	else
		buf_adds(out, text);
}

static void start_file(struct live_op *op)
{
	const struct live_options *o = &op->l->o;
	int64_t from = clock_boot();
	struct buf masked;
	const char *why;

	if (op->c.file.absolute) {
		why = outfile_absolute(op->c.file.path, op->c.file.bytes, !o->no_sync);
	} else { /* a file of the run: no secret in it, whatever children printed */
		live_masked(op->l, op->c.file.bytes, &masked);
		why = outfile_inside(o->run_dir, op->c.file.path, buf_str(&masked), o->shared, !o->no_sync);
		buf_release(&masked);
	}
	op->result.took = clock_boot() - from;
	if (why) {
		buf_adds(&op->text, op->c.file.path);
		buf_addz(&op->text, ": ");
		buf_addz(&op->text, why);
		live_done(op, END_FAILED);
	} else {
		op->result.code = 0;
		live_done(op, END_EXIT);
	}
}

static void dispatch(struct live_op *op)
{
	switch (op->c.kind) {
	case OP_SPAWN: live_spawn(op); break;
	case OP_REQUEST: live_request(op); break;
	case OP_TIMER: start_timer(op); break;
	case OP_QUESTION: live_question(op); break;
	case OP_FILE: start_file(op); break;
	case OP_MAIL: live_mail(op); break;
	default:
		buf_addz(&op->text, "this runbook program cannot do that");
		live_done(op, END_NOT_STARTED);
	}
}

static void on_start_time(void *arg)
{
	struct live_op *op = arg;

	op->timer = NULL;
	dispatch(op);
}

/* --- effects ----------------------------------------------------------------------- */

static void record(void *ctx, int64_t wall, int64_t mono, struct str body)
{
	struct live *l = ctx;

	if (l->o.journal)
		journal_add(l->o.journal, wall, mono, body);
}

void live_low(struct live *l)
{
	if (l->told_low || !journal_low(l->o.journal))
		return;
	l->told_low = true;
	add_event(l, (struct live_event){ .kind = EVENT_LOW });
}

static int flush(void *ctx, bool sync)
{
	struct live *l = ctx;
	int err;

	if (l->io_error)
		return l->io_error;
	if (!l->o.journal)
		return 0;
	err = journal_flush(l->o.journal, sync);
	if (!err && !sync) /* a read comes first: while it works there is time for what the first sync needs */
		journal_settle_begin(l->o.journal);
	if (!err)
		live_low(l);
	return err;
}

static bool has(struct str text, struct str what)
{
	return text.n && str_find(text, what) >= 0;
}

static bool list_has(const char *const *list, struct str what)
{
	for (; list && *list; list++)
		if (has(str_of(*list), what))
			return true;
	return false;
}

/* A value that the last runner had and that was not written down, because it held a secret. */
static bool needs_gone(const struct live *l, const struct command *c)
{
	struct str gone = l->o.gone;
	bool found = false;

	if (!gone.n)
		return false;
	switch (c->kind) {
	case OP_SPAWN:
		return list_has(c->spawn.argv, gone) || list_has(c->spawn.env, gone) || has(c->spawn.input, gone);
	case OP_REQUEST:
		for (uint32_t i = 0; i < c->request.header_count; i++)
			found = found || has(c->request.headers[i].value, gone);
		return found || has(c->request.url, gone) || has(c->request.body, gone) || has(c->request.password, gone);
	case OP_MAIL:
		return has(c->mail.text, gone) || has(c->mail.password, gone);
	case OP_FILE:
		return c->file.absolute && has(c->file.bytes, gone);
	default:
		return false;
	}
}

static void start(void *ctx, const struct command *c)
{
	struct live *l = ctx;
	struct live_op *op = op_new(l, c);

	if (c->refuse.n) {
		buf_adds(&op->text, c->refuse);
		live_done(op, END_NOT_STARTED);
		return;
	}
	if (needs_gone(l, c)) {
		buf_addz(&op->text, "it needs a value that held a secret: it could not be computed, or did not survive the last runner, as such values are not kept");
		op->result.final = true;
		live_done(op, END_NOT_STARTED);
		return;
	}
	if (c->at && c->kind != OP_TIMER && l->o.start_boot + c->at > clock_boot())
		op->timer = loop_at(l->loop, l->o.start_boot + c->at, on_start_time, op);
	else
		dispatch(op);
}

static void stop(void *ctx, uint32_t id, int64_t grace)
{
	struct live *l = ctx;

	for (uint32_t i = 0; i < l->op_count; i++) {
		struct live_op *op = l->ops[i];

		if (op->c.op != id)
			continue;
		if (op->child) {
			child_stop(op->child, grace);
		} else if (op->call) {
			http_stop(op->call);
		} else if (op->timer) {
			loop_cancel(l->loop, op->timer);
			op->timer = NULL;
			live_done(op, END_STOPPED);
		} else if (op->waiting) {
			live_question_stop(op);
		}
		return;
	}
}

static void tick(struct live *l, int64_t now)
{
	if (now < l->next_tick)
		return;
	l->next_tick = now + second;
	live_answers_look(l);
	if (l->o.on_tick)
		l->o.on_tick(l->o.arg);
}

static void turn(struct live *l, int64_t max_ns)
{
	if (loop_turn(l->loop, max_ns) < 0)
		mem_abort("the event loop failed");
}

void live_stamp(const struct live *l, struct event *e)
{
	e->wall = clock_wall();
	e->mono = clock_boot() - l->o.start_boot;
}

/* Of the events that are there, those of this turn. Answers to requests that read come a
 * few at a time: they need no sync, which all would share, and the next requests can be
 * on their way while the rest is dealt with. */
static uint32_t batch(const struct live *l, uint32_t max)
{
	uint32_t n = l->event_count < max ? l->event_count : max;

	for (uint32_t i = 0; i < n; i++) {
		const struct live_op *op = l->events[i].op;

		if (!op || op->c.kind != OP_REQUEST || op->c.write)
			return n;
		if (i + 1 == ANSWERS)
			return ANSWERS;
	}
	return n;
}

static uint32_t wait(void *ctx, struct event *events, uint32_t max)
{
	struct live *l = ctx;
	uint32_t n, left;

	while (l->handed) {
		struct live_op *op = l->handed;

		l->handed = op->next;
		op_recycle(op);
	}
	if (!max) { /* only the time is asked for */
		live_stamp(l, events);
		return 0;
	}
	tick(l, clock_boot());
	left = l->event_count;
	while (!l->event_count) {
		int64_t now = clock_boot();

		tick(l, now);
		if (l->o.on_idle)
			l->o.on_idle(l->o.arg);
		turn(l, l->next_tick - now);
	}
	/* What ended at the same time shall be one batch. */
	for (uint32_t i = 0, before = left; i < EXTRA_TURNS && l->op_count && before != l->event_count; i++) {
		before = l->event_count;
		turn(l, 0);
	}
	n = batch(l, max);
	live_stamp(l, events);
	for (uint32_t i = 0; i < n; i++) {
		const struct live_event *e = &l->events[i];

		events[i] = (struct event){ .kind = e->kind, .wall = events[0].wall, .mono = events[0].mono, .signo = e->signo,
					   .by = e->reason.by, .why = e->reason.why, .uid = (int64_t)e->uid };
		if (e->op) {
			events[i].result = &e->op->result;
			e->op->next = l->handed;
			l->handed = e->op;
		}
	}
	l->event_count -= n;
	memmove(l->events, l->events + n, l->event_count * sizeof(*l->events));
	return n;
}

static void hide(void *ctx, struct str secret)
{
	struct live *l = ctx;

	if (l->o.on_hide)
		l->o.on_hide(l->o.arg, secret);
}

const struct effects *live_effects(void)
{
	static const struct effects fx = { record, flush, start, stop, wait, hide };

	return &fx;
}

/* --- life ---------------------------------------------------------------------------- */

static void on_signal(void *arg, int signo, pid_t sender, uid_t uid)
{
	struct live *l = arg;
	struct live_event e = { .kind = EVENT_SIGNAL, .signo = signo, .uid = uid };

	if (signo != SIGTERM || !reason_take(&l->answers, l->o.run_dir, sender, uid, &e.reason))
		e.reason = (struct reason){ 0 };
	add_event(l, e);
}

struct live *live_new(const struct live_options *o, int *err)
{
	struct live *l;
	struct loop *loop = loop_new(err);

	if (!loop)
		return NULL;
	l = mem_alloc(sizeof(*l));
	l->o = *o;
	l->loop = loop;
	l->questions_end = &l->questions;
	arena_init(&l->answers);
	buf_init(&l->shown, 1 << 30);
	buf_init(&l->prompt, 1 << 20);
	l->next_tick = clock_boot() + second;
	*err = loop_signals(loop, on_signal, l);
	if (*err) {
		live_free(l);
		return NULL;
	}
	return l;
}

struct loop *live_loop(struct live *l)
{
	return l->loop;
}

/* Children must not outlive us by accident; 8 s is more than child's own limit. */
static void end_children(struct live *l)
{
	int64_t until = clock_boot() + 8 * second;
	bool some = true;

	for (uint32_t i = 0; i < l->op_count; i++)
		if (l->ops[i]->child)
			child_stop(l->ops[i]->child, 0);
	while (some && clock_boot() < until) {
		some = false;
		for (uint32_t i = 0; i < l->op_count; i++)
			some = some || l->ops[i]->child;
		if (some)
			turn(l, second / 10);
	}
}

void live_free(struct live *l)
{
	if (!l)
		return;
	end_children(l);
	http_free(l->http);
	tty_cancel(l->line);
	dirwatch_free(l->watch);
	loop_free(l->loop);
	for (uint32_t i = 0; i < l->op_count; i++)
		op_free(l->ops[i]);
	for (uint32_t i = 0; i < l->event_count; i++)
		if (l->events[i].op)
			op_free(l->events[i].op);
	op_list_free(l->spare);
	op_list_free(l->handed);
	arena_release(&l->answers);
	mem_free(l->seen);
	mem_free(l->ops);
	mem_free(l->events);
	buf_release(&l->shown);
	buf_release(&l->prompt);
	mem_free(l);
}
