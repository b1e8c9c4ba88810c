#include "run/engine_state.h"

#include "run/people.h"

/*
 * failure: what the failure of a step does, as its on_fail says: the list around it
 * fails, it is passed over, undone, or a person is asked.
 */

static const struct str pause_choices[] = { { "retry", 5 }, { "skip", 4 }, { "rollback", 8 }, { "hold", 4 } };

static void ask_pause(struct frame *f)
{
	bool skippable = f->ps->ast->action != ACT_NONE && f->ps->ast->action != ACT_CONFIRM && f->ps->ast->action != ACT_APPROVE;
	struct str text = arena_printf(&f->e->arena, STR_FMT " failed: " STR_FMT, STR_ARG(f->key), STR_ARG(f->error));
	char subject[65];
	struct command *c;

	arena_take(f);
	f->state = AT_PAUSE;
	people_digest(f, "pause", text, subject);
	c = question_queue(f, ASK_PAUSE, OP_FOR_PAUSE, arena_str(&f->e->arena, subject, 64), text);
	f->op = c->op;
	c->question.choices = pause_choices;
	c->question.choice_count = 4;
	if (!skippable) {
		static const struct str no_skip[] = { { "retry", 5 }, { "rollback", 8 }, { "hold", 4 } };

		c->question.choices = no_skip;
		c->question.choice_count = 3;
	}
	rec_question(f, c, true);
}

void pause_again(struct frame *f)
{
	if (park(f))
		return;
	if (frame_draining(f->parent))
		step_end(f);
	else
		ask_pause(f);
}

static void go_on_after_failure(struct frame *f)
{
	rec_issue(f->e, "error", f, arena_printf(&f->e->arena, "failed, went on: " STR_FMT, STR_ARG(f->error)));
	f->ok = true;
	f->cause = NULL;
	if (always_pending(f)) {
		f->state = AT_ALWAYS;
		f->child = always_push(f, f);
		return;
	}
	step_end(f);
}

void step_fail(struct frame *f, uint8_t status, const char *end, struct str text)
{
	struct engine *e = f->e;

	op_forget(e, &f->timer);
	if (status == S_FAILED && f->timed_out)
		status = S_TIMEOUT;
	f->out->status = status;
	f->error = arena_str(&e->arena, text.p, text.n);
	f->out->error = f->error;
	f->cause_end = end;
	f->ok = false;
	if (!f->cause)
		f->cause = f;
	if (status == S_CANCELLED)
		f->cause = NULL;
	if (status == S_CANCELLED || (e->settling && e->signo)) {
		step_end(f);
		return;
	}
	switch (f->ps->ast->on_fail) {
	case ON_FAIL_CONTINUE:
		go_on_after_failure(f);
		return;
	case ON_FAIL_UNDO:
		if (f->role != ROLE_FORWARD)
			break;
		f->state = AT_UNDO;
		monitors_step(f, false);
		rec_issue(e, "error", f, arena_printf(&e->arena, "failed, undone: " STR_FMT, STR_ARG(f->error)));
		f->child = unwind_push(f, f);
		return;
	case ON_FAIL_PAUSE:
		if (f->role != ROLE_FORWARD || e->stage != STAGE_PHASES || frame_draining(f->parent))
			break;
		ask_pause(f);
		return;
	default:
		break;
	}
	step_end(f);
}

/* The runner ends without ending the run. */
void hold(struct frame *f, struct str key, struct str why)
{
	struct engine *e = f->e;
	struct jsonw w;

	e->held = true;
	rec_open(e, "held", key, &w);
	jsonw_kstr(&w, "why", why);
	rec_text(e, &w, "error", f->error);
	rec_close(e, &w);
	e->must_sync = true;
}

void pause_answered(struct frame *f, const struct result *r)
{
	if (r->end == END_ANSWER && r->refused.n) {
		answer_refused(f, f->key, ASK_PAUSE, r);
		pause_again(f);
		return;
	}
	rec_answer(f, f->key, ASK_PAUSE, r, STR(""));
	if (r->end == END_NO_PERSON || (r->end == END_ANSWER && str_eqz(r->answer, "hold"))) {
		hold(f, f->key, r->end == END_ANSWER ? STR("hold was chosen") : STR("paused, and nobody is at a terminal"));
		(void)park(f);
		return;
	}
	if (r->end == END_ANSWER && str_eqz(r->answer, "retry")) {
		f->cause = NULL;
		f->error = f->out->error = STR("");
		f->out->status = S_NOT_RUN;
		f->drain = f->timed_out = false;
		f->state = !f->started ? AT_BEGIN /* its guards and its probe are asked again */
			   : f->kept_first ? AT_RETRY_UNWIND : AT_ATTEMPT;
		if (f->state == AT_RETRY_UNWIND)
			f->child = unwind_push(f, f);
		else
			schedule(f);
	} else if (r->end == END_ANSWER && str_eqz(r->answer, "skip")) {
		go_on_after_failure(f);
	} else {
		step_end(f);
	}
}
