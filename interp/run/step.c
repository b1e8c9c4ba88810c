#include "run/engine_state.h"

#include <string.h>
#include "run/people.h"
#include "value/units.h"

/*
 * step: one instance of a step from `if` to its outcome: if, guards, probe,
 * intent, attempts (attempt.c). Waits are states; see engine_state.h.
 */

void arena_take(struct frame *f)
{
	struct engine *e = f->e;
	struct attempt_arena *a = e->spare;

	if (f->tmp)
		return;
	if (a) {
		e->spare = a->next_spare;
	} else {
		a = arena_alloc(&e->arena, sizeof(*a));
		arena_init(&a->arena);
		a->next = e->arenas;
		e->arenas = a;
	}
	f->tmp_of = a;
	f->tmp = &a->arena;
}

void arena_give(struct frame *f)
{
	struct attempt_arena *a = f->tmp_of;

	if (!f->tmp)
		return;
	arena_reset(&a->arena);
	a->next_spare = f->e->spare;
	f->e->spare = a;
	f->tmp_of = NULL;
	f->tmp = NULL;
	f->view = NULL;
}

struct frame *step_push(struct frame *parent, const struct prog_step *ps)
{
	struct engine *e = parent->e;
	struct frame *f = frame_new(e, ps->ast->more->foreach.present ? FRAME_LOOP : FRAME_STEP, parent);

	f->ps = ps;
	f->key = arena_join(&e->arena, parent->key, '/', ps->label);
	f->out = NULL;
	for (struct scope_results *s = f->scope; s && !f->out; s = s->up)
		if (s->loop == ps->loop && s->slots)
			f->out = &s->slots[ps->slot];
	if (!f->out) /* cannot be: the checker gives every step a slot */
		f->out = arena_alloc(&e->arena, sizeof(*f->out));
	memset(f->out, 0, sizeof(*f->out));
	f->out->code = -1;
	schedule(f);
	return f;
}

static void skip(struct frame *f)
{
	f->out->status = S_SKIPPED;
	f->e->dry_skipped++;
	f->ok = true;
	step_end(f);
}

/* --- begin, probe -------------------------------------------------------- */

static void probe_start(struct frame *f, uint8_t state)
{
	const struct prog_step *probe = &f->e->p->steps[f->ps->ast->more->probe->ix];
	struct str error = { 0 };

	f->state = state;
	if (kind_of(probe)->start(f, probe, true, &error) != STARTED_WAIT)
		step_fail(f, S_FAILED, "probe", error.n ? error : STR("the probe could not be started"));
}

/* A guard said stop: the run ends here, or the module that the guard stands in. */
static void stop(struct frame *f, struct str say)
{
	struct engine *e = f->e;
	struct frame *body = module_of(f);

	if (body) {
		body->drain = body->stopped = true;
		return;
	}
	e->stopped = true;
	e->stop_text = arena_str(&e->arena, say.p, say.n);
	e->root->drain = true;
}

static void begin(struct frame *f)
{
	struct engine *e = f->e;
	const struct step *s = f->ps->ast;
	struct str say = { 0 }, error = { 0 };

	if (frame_draining(f)) {
		step_fail(f, S_CANCELLED, "cancelled", STR("not started: the run is ending"));
		return;
	}
	arena_take(f);
	f->out->started = e->wall;
	f->out->code = -1;
	f->began = e->mono;
	watch_begin(f);
	if (s->if_) {
		int r = guard_if(f);

		if (r < 0)
			return;
		if (!r) {
			skip(f);
			return;
		}
	}
	if (s->guard_count) {
		switch (guard_check(f, &say, &error)) {
		case GUARD_FAIL:
			if (say.n)
				error = arena_printf(&e->arena, STR_FMT " (" STR_FMT ")", STR_ARG(say), STR_ARG(error));
			step_fail(f, S_FAILED, "guard", error);
			return;
		case GUARD_STOP:
			stop(f, say);
			skip(f);
			return;
		case GUARD_SKIP:
			skip(f);
			return;
		default:
			break;
		}
	}
	f->state = AT_INTENT;
	if (s->more->probe && !f->unknown)
		probe_start(f, AT_PROBE);
	else
		schedule(f);
}

static void probe_before(struct frame *f, const struct result *r)
{
	int v = probe_verdict(f, probe_of(f), r);

	rec_probe(f, "before", r, v);
	if (r->end == END_SUPPRESSED) { /* dry-run: not asked */
		f->state = AT_INTENT;
		schedule(f);
		return;
	}
	if (v > 0) {
		f->out->status = S_UNCHANGED;
		f->ok = true;
		step_end(f);
	} else if (v < 0) {
		step_fail(f, r->end == END_STOPPED ? S_CANCELLED : S_FAILED, "probe",
			  STR("the probe could not tell whether the step's effect is in place"));
	} else {
		f->state = AT_INTENT;
		schedule(f);
	}
}

/* It is in place, whatever the attempt said. */
void step_in_place(struct frame *f)
{
	f->error = f->out->error = STR("");
	f->out->status = S_OK;
	f->complete = true;
	f->ok = true;
	step_end(f);
}

/* Between attempts of a write: is it in place after all? */
static void probe_between(struct frame *f, const struct result *r)
{
	int v = probe_verdict(f, probe_of(f), r);

	rec_probe(f, "between", r, v);
	if (v > 0) {
		step_in_place(f);
	} else if (v < 0) {
		step_fail(f, f->out->status, f->cause_end, f->error);
	} else {
		attempt_retry(f);
	}
}

/* --- attempts ------------------------------------------------------------ */

static bool leaf_writes(const struct frame *f)
{
	return f->ps->effect == EFFECT_WRITE && !prog_step_holds(f->ps);
}

static void attempt_start(struct frame *f)
{
	struct engine *e = f->e;
	const struct step_kind *k = kind_of(f->ps);
	struct str error = { 0 };
	enum started st;
	int64_t timeout = 0;
	uint32_t question;

	if (park(f))
		return;
	if (frame_draining(f)) {
		if (f->timed_out)
			f->timed_out = false;
		step_fail(f, S_CANCELLED, "cancelled", STR("not started: the run is ending"));
		return;
	}
	if (!gate_pass(f))
		return;
	f->attempt++;
	f->out->attempts = f->attempt;
	arena_take(f); /* its own undo may have given it back */
	if (f->attempt > 1)
		arena_reset(f->tmp);
	f->view = NULL;
	if (!eval_duration(f, f->ps->timeout, 0, &timeout, &error)) {
		step_fail(f, S_FAILED, "render", error);
		return;
	}
	question = e->queue_len;
	st = k->start(f, f->ps, false, &error);
	if (st == STARTED_FAIL) {
		f->out->attempts = --f->attempt;
		step_fail(f, S_FAILED, "render", error);
		return;
	}
	if (!f->started) {
		f->started = true;
		if (leaf_writes(f)) {
			e->wrote = e->wrote || f->role == ROLE_FORWARD;
			e->must_sync = true;
		}
		kept_add(f);
		rec_intent(f);
		if (f->ps->ast->more->always.count)
			f->always_due = true;
		e->dry_run_steps++;
		ladder_start(f);
		monitors_step(f, true);
	} else if (st == STARTED_PUSH) { /* its last attempt was unwound: what stands of it starts now */
		kept_drop(f);
		kept_add(f);
	}
	if (st == STARTED_WAIT && k->ask)
		people_asked(f, question);
	if (timeout > 0 && (st == STARTED_PUSH || action_asks(f->ps->ast->action) || f->ps->ast->action == ACT_WAIT))
		f->timer = timer_queue(f, timeout, OP_FOR_TIMEOUT);
	if (st == STARTED_DONE && f->unknown) { /* dry-run: it depends on what did not run */
		f->out->unknown = true;
		f->ok = true;
		step_end(f);
		return;
	}
	if (st == STARTED_DONE) {
		struct result r = { .end = END_EXIT, .code = -1 };

		f->state = AT_ACTION;
		attempt_finish(f, &r);
		return;
	}
	f->acted = f->acted || st == STARTED_PUSH;
	f->state = st == STARTED_PUSH ? AT_CHILDREN : AT_ACTION;
}

/* The block's list has ended. */
static void children_ended(struct frame *f)
{
	struct frame *c = f->child;
	struct result r = { .end = END_EXIT, .code = -1 };

	if (!c->ok && park(f))
		return;
	op_forget(f->e, &f->timer);
	if (f->timed_out) {
		block_failed(f, S_TIMEOUT, "timeout", STR("the block took longer than its timeout"));
	} else if (c->ok) {
		f->out->unknown = c->partly && f->e->setup->revision >= REVISION_2;
		f->child = NULL;
		if (!c->in_kept)
			frame_free(c);
		attempt_finish(f, &r);
	} else if (c->cause) {
		if (!f->cause)
			f->cause = c->cause;
		block_failed(f, S_FAILED, "step", c->error.n ? c->error : STR("a step of the block failed"));
	} else {
		step_fail(f, S_CANCELLED, "cancelled", STR("the run is ending"));
	}
}

/* --- results --------------------------------------------------------------- */

static void confirm_suppressed(struct frame *f, const struct result *r)
{
	/* dry-run: what the step would have brought is unknown */
	f->out->unknown = true;
	if (f->ps->ast->action == ACT_APPROVE && str_eqz(f->ps->ast->approve.from, "executive"))
		f->e->executive = true;
	f->acted = f->ps->effect == EFFECT_WRITE && !f->unknown; /* a later failure ends as it would in earnest */
	rec_attempt(f, r, NULL);
	f->ok = true;
	step_end(f);
}

void step_result(struct frame *f, uint8_t what, const struct result *r)
{
	if (f->undoer && what == OP_FOR_PROBE) { /* its undo asks its probe */
		unwind_result(f->undoer, r);
		return;
	}
	if (f->done)
		return;
	switch (what) {
	case OP_FOR_PROBE:
		if (f->state == AT_PROBE)
			probe_before(f, r);
		else if (f->state == AT_DOUBT)
			doubt_probed(f, r);
		else
			probe_between(f, r);
		return;
	case OP_FOR_PAUSE:
		f->op = 0;
		pause_answered(f, r);
		return;
	case OP_FOR_RETRY:
		if (r->end == END_FIRED || r->end == END_SUPPRESSED) {
			rec_timer(f->e, f->key, "retry");
			f->state = AT_ATTEMPT;
			schedule(f);
		} else {
			rec_timer(f->e, f->key, "retry stopped");
			step_fail(f, f->e->signo ? S_CANCELLED : S_FAILED, f->cause_end, f->error);
		}
		return;
	case OP_FOR_TIMEOUT:
		f->timer = 0;
		if (r->end != END_FIRED)
			return;
		rec_timer(f->e, f->key, "timeout");
		f->timed_out = true;
		f->drain = true;
		op_stop_below(f->e, f, true);
		return;
	default:
		break;
	}
	f->op = 0;
	if (r->end == END_UNRECORDED)
		attempt_assumed(f, r);
	else if (r->end == END_SUPPRESSED)
		confirm_suppressed(f, r);
	else
		attempt_finish(f, r);
}

static void undo_ended(struct frame *f)
{
	bool clean = f->child->ok;

	frame_free(f->child);
	f->child = NULL;
	f->ok = clean;
	if (clean) {
		f->cause = NULL;
		f->out->status = S_UNDONE;
	}
	step_end(f);
}

void step_advance(struct frame *f)
{
	switch (f->state) {
	case AT_BEGIN:
		begin(f);
		break;
	case AT_INTENT:
	case AT_ATTEMPT:
		attempt_start(f);
		break;
	case AT_CHILDREN:
		if (f->child && f->child->done)
			children_ended(f);
		break;
	case AT_RETRY_UNWIND:
		if (!f->child || !f->child->done)
			break;
		if (!f->child->ok) {
			frame_free(f->child);
			f->child = NULL;
			step_fail(f, S_FAILED, "undo", STR("could not be undone before the next attempt"));
			break;
		}
		frame_free(f->child);
		f->child = NULL;
		attempt_retry(f);
		break;
	case AT_ACTION:
		if (kind_of(f->ps)->take)
			people_again(f);
		break;
	case AT_PAUSE:
		if (!f->op) /* held, and taken up again */
			pause_again(f);
		break;
	case AT_DOUBT:
		doubt_settle(f);
		break;
	case AT_UNDO:
		if (f->child && f->child->done)
			undo_ended(f);
		break;
	case AT_ALWAYS:
		if (f->child && f->child->done) {
			frame_free(f->child);
			f->child = NULL;
			step_end(f);
		}
		break;
	default:
		break;
	}
}

/* Compares with `planned`: an overrun is an issue, nothing more. */
static void check_planned(struct frame *f)
{
	int64_t planned = 0;
	struct str error;
	struct buf t;

	if (f->ps->ast->more->planned.kind == DATA_NONE || !eval_duration(f, &f->ps->ast->more->planned, 0, &planned, &error) ||
	    f->out->took <= planned || f->out->unknown)
		return;
	buf_init(&t, 256);
	buf_addz(&t, "took ");
	unit_show_duration(&t, f->out->took);
	buf_addz(&t, ", planned ");
	unit_show_duration(&t, planned);
	rec_issue(f->e, "warning", f, arena_str(&f->e->arena, t.p, t.len));
	buf_release(&t);
}

void step_end(struct frame *f)
{
	struct engine *e = f->e;

	f->state = AT_END;
	op_forget(e, &f->ladder);
	monitors_step(f, false);
	f->out->ended = e->wall;
	f->out->took = e->mono - f->began;
	if (f->started)
		check_planned(f);
	rec_outcome(f);
	if (e->told && f->out->status == S_OK)
		message_resolve(f);
	watch_end(f);
	arena_give(f);
	child_ended(f);
}
