#include "run/engine_state.h"

#include "base/mem.h"

/*
 * ops: commands queued in this turn and the ops that are under way. The driver
 * takes the queue after the journal was flushed.
 */

struct op *op_find(struct engine *e, uint32_t id)
{
	for (uint32_t i = 0; i < e->op_len; i++)
		if (e->ops[i].id == id)
			return &e->ops[i];
	return NULL;
}

void op_drop(struct engine *e, uint32_t id)
{
	struct op *o = op_find(e, id);

	if (o)
		*o = e->ops[--e->op_len];
}

struct command *command_add(struct engine *e)
{
	MEM_ROOM(e->queue, e->queue_len, e->queue_cap, 16);
	return &e->queue[e->queue_len++];
}

struct command *op_queue(struct frame *f, uint8_t kind, uint8_t what)
{
	struct engine *e = f->e;
	struct command *c = command_add(e);

	MEM_ROOM(e->ops, e->op_len, e->op_cap, 16);
	*c = (struct command){ 0 };
	c->op = ++e->next_op;
	c->kind = kind;
	c->key = f->key;
	c->step = f->ps;
	c->phase = e->phase;
	c->attempt = f->attempt;
	c->unknown = f->unknown;
	c->purpose = what;
	e->ops[e->op_len++] = (struct op){ .id = c->op, .frame = f, .what = what };
	return c;
}

void op_stop(struct engine *e, uint32_t id, int64_t grace)
{
	struct op *o = op_find(e, id);

	if (!o || (o->stopped && grace > 0))
		return;
	o->stopped = true;
	MEM_ROOM(e->stops, e->stop_len, e->stop_cap, 16);
	e->stops[e->stop_len].op = id;
	e->stops[e->stop_len++].grace = grace;
}

void op_forget(struct engine *e, uint32_t *op)
{
	struct op *o = *op ? op_find(e, *op) : NULL;

	if (o) {
		op_stop(e, *op, 0);
		o->frame = NULL;
	}
	*op = 0;
}

/* Is there a shield between the frame and `of`? */
static bool shielded(const struct frame *f, const struct frame *of)
{
	for (; f && f != of; f = f->parent)
		if (f->shield)
			return true;
	return false;
}

/* Stops what waits below f (delays, waits, questions); with all also what acts. */
void op_stop_below(struct engine *e, const struct frame *f, bool all)
{
	for (uint32_t i = 0; i < e->op_len; i++) {
		struct op *o = &e->ops[i];
		const struct frame *of = o->frame;
		int64_t grace = 0;
		struct str error;

		if (!of)
			continue;
		bool waits = o->what == OP_FOR_RETRY || o->what == OP_FOR_PAUSE || o->what == OP_FOR_WINDOW ||
			     (o->what == OP_FOR_ACTION && of->ps &&
			      (of->ps->ast->action == ACT_WAIT || action_asks(of->ps->ast->action)));

		if (o->what == OP_FOR_TIMEOUT || o->what == OP_FOR_RUN_TIMEOUT || o->what == OP_FOR_STOP ||
		    o->what == OP_FOR_LADDER || o->what == OP_FOR_MESSAGE || o->what == OP_FOR_SAMPLE || o->what == OP_FOR_HALT)
			continue;
		if (!frame_below(of, f) || shielded(of->undoer ? of->undoer : of, f) || !(all || waits))
			continue;
		if (!waits && of->tmp && !eval_duration(o->frame, of->ps->grace, 10000000000, &grace, &error))
			grace = 10000000000;
		op_stop(e, o->id, grace);
	}
	if (f != e->root) /* else the question itself was stopped, which releases all */
		gate_left(e, f);
}

uint32_t timer_queue(struct frame *f, int64_t delay, uint8_t what)
{
	struct command *c = op_queue(f, OP_TIMER, what);

	if (__builtin_add_overflow(f->e->mono, delay < 0 ? 0 : delay, &c->timer.at))
		c->timer.at = INT64_MAX;
	return c->op;
}
