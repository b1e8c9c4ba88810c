#include "run/people.h"

#include "base/mem.h"
#include "plan/window.h"

/*
 * gate: what stands before the first write in `act`: the approval of a high
 * risk, and the change window, which is looked at when the run begins, too.
 */

static void rec_window(struct engine *e, bool at_start, bool inside)
{
	struct jsonw w;

	rec_open(e, "window", STR(""), &w);
	jsonw_kstr(&w, "when", str_of(at_start ? "start" : "act"));
	jsonw_kbool(&w, "inside", inside);
	rec_close(e, &w);
}

static struct str outside_text(struct engine *e)
{
	struct buf b;
	struct str s;

	buf_init(&b, 4096);
	windows_outside(&e->p->rb->windows, e->wall, &b);
	s = arena_str(&e->arena, b.p, b.len);
	buf_release(&b);
	return s;
}

static void ask_window(struct engine *e, bool first)
{
	struct str text = arena_printf(&e->arena, STR_FMT ". Go on?", STR_ARG(e->window_text));
	char subject[65];
	struct command *c;

	people_digest(e->root, "window", text, subject);
	c = question_queue(e->root, ASK_WINDOW, OP_FOR_WINDOW, arena_str(&e->arena, subject, 64), text);
	c->key = STR("window");
	if (e->setup->outside_window.n) {
		c->question.preset = STR("yes");
		c->question.preset_by = STR("--outside-window");
		c->question.preset_why = e->setup->outside_window;
	}
	e->window = WINDOW_ASKED;
	e->window_op = c->op;
	rec_question(e->root, c, first);
}

enum gate { GATE_OPEN, GATE_WAIT, GATE_SHUT };

/* Looks at the clock; asks, warns or refuses as the runbook says. */
static enum gate look(struct engine *e, bool at_start)
{
	const struct windows *w = &e->p->rb->windows;
	bool inside = windows_open(w, e->wall);

	rec_window(e, at_start, inside);
	if (inside)
		return GATE_OPEN;
	e->window_text = outside_text(e);
	switch (w->otherwise) {
	case WINDOW_FAIL:
		return GATE_SHUT;
	case WINDOW_WARN:
		rec_issue(e, "warning", NULL, e->window_text);
		return GATE_OPEN;
	default:
		ask_window(e, true);
		return GATE_WAIT;
	}
}

bool gate_start(struct engine *e)
{
	if (!e->p->rb->windows.count)
		return true;
	switch (look(e, true)) {
	case GATE_SHUT:
		e->cause_text = e->window_text;
		e->settling = true;
		return true;
	case GATE_WAIT:
		e->starting = true;
		return false;
	default:
		return true;
	}
}

static bool needs_executive(const struct engine *e)
{
	return (str_eqz(e->p->risk_level, "high") || str_eqz(e->p->risk_level, "critical")) && !e->executive;
}

static bool first_write(const struct frame *f)
{
	return !f->started && f->ps->phase == PHASE_ACT && f->role == ROLE_FORWARD && f->ps->effect == EFFECT_WRITE &&
	       f->ps->ast->action != ACT_STEPS;
}

static void wait_for_window(struct frame *f)
{
	struct engine *e = f->e;

	MEM_ROOM(e->waiting, e->waiting_len, e->waiting_cap, 8);
	e->waiting[e->waiting_len++] = f;
	f->state = AT_WINDOW;
}

bool gate_pass(struct frame *f)
{
	struct engine *e = f->e;

	if (!first_write(f))
		return true;
	if (needs_executive(e)) {
		step_fail(f, S_FAILED, "gate", arena_printf(&e->arena, "the risk is " STR_FMT " (%d of 25), and no approval by the role `executive` was given",
							    STR_ARG(e->p->risk_level), e->p->risk_score));
		return false;
	}
	if (!e->p->rb->windows.count || e->window == WINDOW_PASSED)
		return true;
	if (e->window == WINDOW_ASKED) {
		wait_for_window(f);
		return false;
	}
	switch (look(e, false)) {
	case GATE_SHUT:
		step_fail(f, S_FAILED, "window", e->window_text);
		return false;
	case GATE_WAIT:
		wait_for_window(f);
		return false;
	default:
		e->window = WINDOW_PASSED;
		return true;
	}
}

/* The steps that waited go on, or find that the run is ending. */
static void release_waiting(struct engine *e)
{
	uint32_t n = e->waiting_len;

	e->waiting_len = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct frame *f = e->waiting[i];

		f->state = AT_INTENT;
		if (e->window == WINDOW_REFUSED && !frame_draining(f))
			step_fail(f, S_FAILED, "window", e->window_text);
		else
			schedule(f);
	}
	if (e->window == WINDOW_REFUSED)
		e->window = WINDOW_UNSEEN; /* a retry asks again */
}

/* Those below f will not write any more; when nobody is left, the question means nothing. */
void gate_left(struct engine *e, const struct frame *f)
{
	uint32_t n = e->waiting_len;

	e->waiting_len = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct frame *w = e->waiting[i];

		if (!frame_below(w, f)) {
			e->waiting[e->waiting_len++] = w;
			continue;
		}
		w->state = AT_INTENT;
		schedule(w);
	}
	if (n && !e->waiting_len && e->window_op)
		op_stop(e, e->window_op, 0);
}

void gate_answered(struct engine *e, const struct result *r)
{
	struct frame *root = e->root;
	bool at_start = e->starting;

	e->window_op = 0;
	if (r->end == END_ANSWER && r->refused.n) {
		answer_refused(root, STR("window"), ASK_WINDOW, r);
		gate_resume(e);
		return;
	}
	rec_answer(root, STR("window"), ASK_WINDOW, r, STR(""));
	if (r->end == END_NO_PERSON) {
		hold(root, STR("window"), arena_printf(&e->arena, STR_FMT ", and nobody is at a terminal", STR_ARG(e->window_text)));
		return;
	}
	e->window = r->end == END_SUPPRESSED || (r->end == END_ANSWER && str_eqz(r->answer, "yes")) ? WINDOW_PASSED : WINDOW_REFUSED;
	if (e->window == WINDOW_PASSED && r->end == END_ANSWER)
		rec_issue(e, "warning", NULL, arena_printf(&e->arena, STR_FMT ": " STR_FMT " went on%s" STR_FMT, STR_ARG(e->window_text),
							   STR_ARG(r->by), r->why.n ? ": " : "", STR_ARG(r->why)));
	e->starting = false;
	if (at_start && e->window == WINDOW_REFUSED && !e->settling) {
		e->cause_text = e->window_text;
		e->settling = true;
	}
	release_waiting(e);
	schedule(root);
}

void gate_resume(struct engine *e)
{
	if (e->window != WINDOW_ASKED || e->window_op || e->held || e->in_doubt)
		return;
	if (!e->settling) {
		ask_window(e, false);
		return;
	}
	e->window = WINDOW_REFUSED;
	e->starting = false;
	release_waiting(e);
}
