#include "run/message.h"

#include "value/units.h"

/*
 * ladder: `escalate` of steps and of the run: one timer at a time, for the next
 * rung. It tells people and touches nothing else.
 */

static const struct ladder *ladder_of(const struct frame *f)
{
	return f->kind == FRAME_ROOT ? f->e->p->rb->escalate : f->ps->ast->more->escalate;
}

static void next_rung(struct frame *f)
{
	const struct ladder *l = ladder_of(f);

	if (f->rung < l->count)
		f->ladder = timer_queue(f, l->rungs[f->rung].after - (f->e->mono - f->began), OP_FOR_LADDER);
}

void ladder_start(struct frame *f)
{
	if (!ladder_of(f) || f->e->setup->dry_run)
		return;
	f->rung = 0;
	next_rung(f);
}

static struct str default_text(struct frame *f, int64_t after)
{
	struct engine *e = f->e;
	struct str s;
	struct buf b;

	buf_init(&b, 4096);
	if (f->kind == FRAME_ROOT)
		buf_printf(&b, "run " STR_FMT " of " STR_FMT " has not ended after ", STR_ARG(e->run_id), STR_ARG(e->p->rb->name));
	else
		buf_printf(&b, "step " STR_FMT " of run " STR_FMT " (" STR_FMT ") has not ended after ", STR_ARG(f->key),
			   STR_ARG(e->run_id), STR_ARG(e->p->rb->name));
	unit_put_duration(&b, after);
	s = arena_str(&e->arena, b.p, b.len);
	buf_release(&b);
	return s;
}

void ladder_fired(struct frame *f, const struct result *r)
{
	const struct ladder *l = ladder_of(f);
	const struct rung *g = &l->rungs[f->rung];
	struct engine *e = f->e;
	struct message m = { .level = LEVEL_ERROR };
	const struct channel **to;
	struct str error = { 0 };
	bool unknown = false;
	uint32_t n;

	f->ladder = 0;
	if (r->end != END_FIRED)
		return;
	rec_timer(e, f->key, "escalate");
	f->rung++;
	m.title = arena_printf(&e->arena, STR_FMT ": " STR_FMT, STR_ARG(e->p->rb->name), STR_ARG(f->key.n ? f->key : e->run_id));
	m.say = default_text(f, g->after);
	if (!message_targets(f, &g->notify, &to, &n, &unknown, &error) ||
	    (g->say.kind && !eval_text(f, &g->say, &m.say, &unknown, &error))) {
		rec_issue(e, "warning", f->ps ? f : NULL, error);
	} else {
		m.say = f->tmp ? masked_text(f, m.say) : m.say;
		rec_issue(e, "warning", f->ps ? f : NULL, arena_printf(&e->arena, "escalated: " STR_FMT, STR_ARG(m.say)));
		message_tell(f, to, n, &m);
	}
	next_rung(f);
}
