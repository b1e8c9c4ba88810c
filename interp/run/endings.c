#include "run/engine_state.h"

#include "run/message.h"
#include "value/units.h"

/*
 * endings: the stages of a run: phases, settling, unwinding, top-level
 * rollback, always, report, seal; and what the run's status is.
 */

/* Starts nothing new; with stop_running also ends what runs. */
void engine_settle(struct engine *e, bool stop_running)
{
	e->settling = true;
	op_stop_below(e, e->root, stop_running);
	monitors_end(e);
	if (e->held || e->in_doubt)
		takeover_settle(e);
}

static void remember_cause(struct engine *e, const struct frame *list)
{
	const struct frame *c = list->cause;

	if (!c || e->cause_text.n)
		return;
	e->cause_key = c->key;
	e->cause_text = c->error.n ? c->error : list->error;
	e->cause_at = c->ps ? step_place(c) : STR("");
}

static void begin_unwinding(struct engine *e)
{
	struct jsonw w;

	e->stage = STAGE_UNWIND;
	e->unwind_began = e->mono;
	e->at = unwind_push(e->root, e->root);
	if (!e->root->kept_first)
		return;
	rec_open(e, "comp.plan", STR(""), &w);
	rec_text(e, &w, "cause", e->cause_text);
	unwind_entries(e, "entries", &w);
	rec_close(e, &w);
	e->must_sync = true;
}

static struct step_list *top_list(const struct engine *e, uint8_t stage)
{
	struct runbook *rb = (struct runbook *)e->p->rb;

	return stage == STAGE_TOP_UNDO ? &rb->rollback : stage == STAGE_TOP_ALWAYS ? &rb->always : &rb->phases[PHASE_REPORT];
}

/* Compares the whole run with `planned`: an overrun is an issue. */
static void check_run_planned(struct engine *e)
{
	int64_t planned = 0;
	struct str error;
	struct buf t;

	if (e->setup->dry_run || !eval_duration(e->root, &e->p->rb->planned, 0, &planned, &error) || planned <= 0 || e->mono <= planned)
		return;
	buf_init(&t, 256);
	buf_addz(&t, "the run took ");
	unit_show_duration(&t, e->mono);
	buf_addz(&t, ", planned ");
	unit_show_duration(&t, planned);
	rec_issue(e, "warning", NULL, arena_str(&e->arena, t.p, t.len));
	buf_release(&t);
}

static void push_top(struct engine *e, uint8_t stage)
{
	static const char *const names[] = { [STAGE_TOP_UNDO] = "rollback", [STAGE_TOP_ALWAYS] = "always", [STAGE_REPORT] = "report" };
	uint8_t role = stage == STAGE_TOP_UNDO ? ROLE_TOP_UNDO : stage == STAGE_TOP_ALWAYS ? ROLE_TOP_ALWAYS : ROLE_FORWARD;

	e->stage = stage;
	if (stage == STAGE_REPORT) {
		e->phase = PHASE_REPORT;
		op_forget(e, &e->root->ladder);
		if (e->told && (e->status == RUN_OK || e->status == RUN_STOPPED))
			message_resolve(e->root);
		check_run_planned(e);
		if (e->p->rb->phases[PHASE_REPORT].count)
			rec_phase(e, true, PHASE_REPORT, NULL);
	}
	for (uint32_t i = 0; i < e->op_len && stage != STAGE_TOP_UNDO; i++)
		if (e->ops[i].what == OP_FOR_STOP) /* nothing is left to stop */
			op_stop(e, e->ops[i].id, 0);
	e->at = list_push(e->root, top_list(e, stage), role, "");
	e->at->key = str_of(names[stage]);
	e->at->shield = true;
	e->at->keep_going = stage != STAGE_TOP_UNDO;
	e->at->ps = NULL;
}

/* The status after unwinding; later stages cannot change it. */
static void decide(struct engine *e)
{
	bool failed = e->cause_text.n || e->settling;
	bool left = e->residue_len > 0 || e->blocked;

	if (!failed)
		e->status = e->stopped ? RUN_STOPPED : RUN_OK;
	else if (e->stuck)
		e->status = RUN_IN_DOUBT;
	else if (left)
		e->status = RUN_INCOMPLETE;
	else if (e->signo)
		e->status = RUN_CANCELLED;
	else if (e->wrote)
		e->status = RUN_ROLLED_BACK;
	else
		e->status = RUN_FAILED;
}

/* How the runner ends; the run itself may go on with another one. */
enum run_status engine_status(const struct engine *e)
{
	if (e->journal_err || e->in_doubt)
		return RUN_IN_DOUBT;
	return e->held ? RUN_HELD : (enum run_status)e->status;
}

int engine_exit_code(const struct engine *e)
{
	switch (engine_status(e)) {
	case RUN_OK:
	case RUN_STOPPED: return 0;
	case RUN_FAILED: return 1;
	case RUN_ROLLED_BACK: return 3;
	case RUN_INCOMPLETE:
	case RUN_IN_DOUBT: return 4;
	case RUN_HELD: return 5;
	case RUN_CANCELLED: return 128 + e->signo;
	case RUN_RUNNING:
	case RUN_STATUSES: break;
	}
	return 70;
}

static void check_rto(struct engine *e)
{
	struct str error;
	struct buf t;
	int64_t rto = 0;

	e->unwind_took = e->mono - e->unwind_began;
	if (!e->undo_count || !eval_duration(e->root, &e->p->rb->rto, 0, &rto, &error) || rto <= 0 || e->unwind_took <= rto)
		return;
	buf_init(&t, 256);
	buf_addz(&t, "the rollback took longer than `rto` promises: ");
	unit_show_duration(&t, e->unwind_took);
	buf_addz(&t, " instead of ");
	unit_show_duration(&t, rto);
	rec_issue(e, "warning", NULL, arena_str(&e->arena, t.p, t.len));
	buf_release(&t);
}

/* The top-level rollback was not done, from the step on that `list` started last. */
static void top_undo_left(struct engine *e, const struct frame *list, struct str why)
{
	struct str *commands;
	uint32_t n;

	left_commands(e->root, &e->p->rb->rollback, list, &commands, &n);
	residue_add(e, STR("rollback"), why, commands, n);
	arena_give(e->root);
}

static void after_unwinding(struct engine *e)
{
	bool top;

	if (e->blocked)
		unwind_left(e->root, STR("not undone: it lies before an irreversible step"));
	else if (e->stop_unwinding)
		unwind_left(e->root, STR("not undone: the unwinding was stopped by the operator"));
	top = e->undo_count && e->p->rb->rollback.count;
	if (top && e->stop_unwinding)
		top_undo_left(e, NULL, STR("not done: the unwinding was stopped by the operator"));
	check_rto(e);
	decide(e);
	if (top && !e->stop_unwinding)
		push_top(e, STAGE_TOP_UNDO);
	else
		push_top(e, STAGE_TOP_ALWAYS);
}

static void phase_ended(struct engine *e)
{
	struct frame *l = e->at;
	bool ok = l->ok;

	remember_cause(e, l);
	rec_phase(e, false, e->phase, ok ? "ok" : e->stopped ? "stopped" : "failed");
	e->at = NULL;
	if (!l->in_kept && ok)
		frame_free(l);
	if (ok && !e->settling && !e->stopped && e->phase + 1 < PHASE_REPORT) {
		e->phase++;
		return;
	}
	if (e->run_timer)
		op_stop(e, e->run_timer, 0);
	if (!ok && !e->stopped)
		e->settling = true;
	e->stage = STAGE_SETTLE;
	monitors_end(e);
}

static void phase_push(struct engine *e)
{
	const struct step_list *l = &e->p->rb->phases[e->phase];

	rec_phase(e, true, e->phase, NULL);
	e->at = list_push(e->root, l, ROLE_FORWARD, "");
	e->at->key = str_of(phase_names[e->phase]);
	e->at->ps = NULL;
	kept_add(e->at);
	monitors_look(e);
}

/* After the phases: undo, or what is due on every path. */
static void settled(struct engine *e)
{
	if (e->settling) {
		begin_unwinding(e);
		return;
	}
	decide(e);
	if (always_pending(e->root)) {
		e->stage = STAGE_TOP_UNDO; /* nothing was unwound: only what is due */
		e->at = always_push(e->root, e->root);
		return;
	}
	push_top(e, STAGE_TOP_ALWAYS);
}

static void top_undo_ended(struct engine *e, struct frame *l)
{
	if (l->kind == FRAME_LIST && !l->ok) {
		top_undo_left(e, l, l->error.n ? l->error : STR("the top-level rollback failed"));
		decide(e);
	}
}

static bool list_absent(const struct engine *e, uint8_t phase)
{
	return !e->p->rb->phases[phase].count;
}

void root_advance(struct frame *f)
{
	struct engine *e = f->e;

	gate_resume(e);
	halt_resume(e);
	for (;;) {
		struct frame *l = e->at;

		if ((l && !l->done) || (e->starting && !e->settling))
			return;
		switch (e->stage) {
		case STAGE_PHASES:
			if (l) {
				phase_ended(e);
				continue;
			}
			if (park(f))
				return;
			while (e->phase < PHASE_REPORT && list_absent(e, e->phase) && !e->settling)
				e->phase++;
			if (e->phase >= PHASE_REPORT || e->settling) {
				if (e->run_timer)
					op_stop(e, e->run_timer, 0);
				e->stage = STAGE_SETTLE;
				monitors_end(e);
				continue;
			}
			phase_push(e);
			return;
		case STAGE_SETTLE:
			settled(e);
			continue;
		case STAGE_UNWIND:
			e->blocked = l->blocked;
			e->at = NULL;
			after_unwinding(e);
			continue;
		case STAGE_TOP_UNDO:
			top_undo_ended(e, l);
			push_top(e, STAGE_TOP_ALWAYS);
			continue;
		case STAGE_TOP_ALWAYS:
			push_top(e, STAGE_REPORT);
			continue;
		case STAGE_REPORT:
			if (message_pending(e))
				return; /* it schedules the root again */
			if (l->count)
				rec_phase(e, false, PHASE_REPORT, l->ok ? "ok" : "failed");
			rec_seal(e);
			e->at = NULL;
			e->stage = STAGE_END;
			return;
		default:
			return;
		}
	}
}
