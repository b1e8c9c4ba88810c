#include "run/engine.h"
#include "run/engine_state.h"

#include <string.h>
#include "base/mem.h"

/*
 * engine: making and driving an engine: events in, agenda, commands out. The
 * stages of a run stand in endings.c, steps in step.c.
 */

const char *const result_end_names[] = { "exit", "signal", "timeout", "stopped", "not_started", "lost", "failed",
					 "stuck", "fired", "answer", "no_person", "suppressed", "unrecorded" };

struct engine *engine_new(const struct run_setup *s)
{
	struct engine *e = mem_alloc(sizeof(*e));

	e->setup = s;
	e->p = s->program;
	arena_init(&e->arena);
	buf_init(&e->body, 256 << 10);
	e->vars = arena_array(&e->arena, e->p->rb->var_count + 1, sizeof(*e->vars));
	e->results = (struct scope_results){ .loop = NO_STEP, .inputs = s->inputs, .vars = e->vars };
	e->results.slots = arena_array(&e->arena, e->p->units[0]->root_slots + 1, sizeof(*e->results.slots));
	e->status = RUN_RUNNING;
	e->interactive = s->interactive;
	e->run_id = e->own_id = s->run_id;
	operator_add(e, s->operator_name, s->user, s->uid);
	e->root = frame_new(e, FRAME_ROOT, NULL);
	e->root->scope = &e->results;
	e->root->key = STR("");
	return e;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	for (struct attempt_arena *a = e->arenas; a; a = a->next)
		arena_release(&a->arena);
	mem_free(e->agenda);
	mem_free(e->queue);
	mem_free(e->stops);
	mem_free(e->ops);
	mem_free(e->waiting);
	mem_free(e->undone);
	mem_free(e->residue);
	mem_free(e->issues);
	mem_free(e->parked);
	mem_free(e->doubts);
	buf_release(&e->body);
	arena_release(&e->arena);
	mem_free(e);
}

/* --- watching ----------------------------------------------------------------- */

void engine_watch(struct engine *e, const struct watch *w, void *ctx)
{
	e->watch = w;
	e->watch_ctx = ctx;
}

struct value watch_weigh(struct frame *f, uint8_t what, uint32_t index, const struct expr *x, bool failed, struct value v)
{
	const struct weighing w = { what, index, x, failed };
	struct value other;

	if (!f->e->watch)
		return v;
	other = f->e->watch->weigh(f->e->watch_ctx, f, &w, v);
	return failed ? v : other;
}

void watch_begin(struct frame *f)
{
	if (f->e->watch)
		f->e->watch->begin(f->e->watch_ctx, f);
}

void watch_end(struct frame *f)
{
	if (f->e->watch)
		f->e->watch->end(f->e->watch_ctx, f);
}

/* --- driving ------------------------------------------------------------------ */

/* Constants of the run, in order; an error ends the run before it starts. */
static bool eval_vars(struct engine *e, struct str *error)
{
	struct eval_env env = frame_env(e->root);

	env.arena = &e->arena;
	for (uint32_t i = 0; i < e->p->rb->var_count; i++) {
		struct eval_error err = { 0 };

		e->vars[i] = data_eval(&e->p->rb->vars[i].data, &e->p->codes, &env, &err);
		if (err.set) {
			*error = arena_printf(&e->arena, "vars." STR_FMT ": " STR_FMT, STR_ARG(e->p->rb->vars[i].name),
					      STR_ARG(error_text(e->root, &err)));
			return false;
		}
	}
	return true;
}

bool engine_prepare(struct engine *e, int64_t wall, struct str *lock, struct str *error)
{
	bool unknown = false;

	e->wall = e->start_wall = wall / 1000 * 1000;
	return eval_vars(e, error) && eval_text(e->root, &e->p->rb->lock, lock, &unknown, error);
}

static void start(struct engine *e)
{
	struct str error = { 0 };
	int64_t timeout = 0;

	e->start_wall = e->wall;
	/* Not synced by itself: nothing has an effect before the first intent of a write, which is. */
	e->fx->record(e->ctx, e->wall, e->mono, e->setup->open_body);
	if (!eval_duration(e->root, &e->p->rb->timeout, 0, &timeout, &error)) {
		e->cause_text = error;
		e->settling = true;
	} else if (timeout > 0) {
		e->run_timer = timer_queue(e->root, timeout, OP_FOR_RUN_TIMEOUT);
	}
	ladder_start(e->root);
	monitors_make(e);
	if (gate_start(e))
		schedule(e->root);
}

/* The step that runs now is the last one of the unwinding, or of the top-level rollback. */
static void stop_unwinding(struct engine *e)
{
	e->stop_unwinding = true;
	if (e->stage == STAGE_TOP_UNDO && e->at->kind == FRAME_LIST && e->at->next < e->at->count)
		e->at->drain = true;
}

/* What a signal does now; the words stand in its record. */
static const char *signal_does(const struct engine *e, int signo)
{
	bool unwinding = e->stage == STAGE_UNWIND || e->stage == STAGE_TOP_UNDO;

	if (e->stage == STAGE_PHASES && !e->signo)
		return "cancel";
	if (unwinding && e->interactive && signo == 2 && e->ints > 0)
		return "ask";
	if (unwinding && !e->interactive && signo == 15 && e->terms > 0)
		return "stop after this undo";
	return e->stage >= STAGE_TOP_ALWAYS ? "end this step" : "nothing";
}

static const char *signal_name(int signo)
{
	return signo == 2 ? "INT" : signo == 15 ? "TERM" : signo == 1 ? "HUP" : "?";
}

static void ask_to_stop(struct engine *e)
{
	static const struct str choices[] = { { "stop", 4 }, { "continue", 8 } };
	struct command *c;

	for (uint32_t i = 0; i < e->op_len; i++)
		if (e->ops[i].what == OP_FOR_STOP)
			return; /* asked already */
	c = op_queue(e->root, OP_QUESTION, OP_FOR_STOP);
	c->question.what = ASK_PAUSE;
	c->question.text = STR("Rolling back. Type `stop` to leave the rest undone, or `continue`");
	c->question.choices = choices;
	c->question.choice_count = 2;
}

static void stop_answered(struct engine *e, const struct result *r)
{
	rec_answer(e->root, STR(""), ASK_PAUSE, r, STR(""));
	if (r->end == END_ANSWER && str_eqz(r->answer, "stop"))
		stop_unwinding(e);
}

static struct str signal_cause(struct engine *e, int signo, struct str by, struct str why)
{
	if (!by.n)
		return arena_printf(&e->arena, "cancelled by signal %s", signal_name(signo));
	return arena_printf(&e->arena, "cancelled by " STR_FMT "%s" STR_FMT, STR_ARG(by), why.n ? ": " : "", STR_ARG(why));
}

static void on_signal(struct engine *e, const struct event *ev)
{
	struct str by = words_seen(e, ev->by, BY_MAX), why = words_seen(e, ev->why, REC_TEXT_MAX);
	int signo = ev->signo;
	const char *does = signal_does(e, signo);
	struct jsonw w;

	rec_open(e, "signal", STR(""), &w);
	jsonw_kint(&w, "signal", signo);
	jsonw_kstr(&w, "name", str_of(signal_name(signo)));
	jsonw_kstr(&w, "does", str_of(does));
	if (by.n) {
		jsonw_kstr(&w, "by", by);
		jsonw_kint(&w, "uid", ev->uid);
	}
	if (why.n)
		jsonw_kstr(&w, "why", why);
	rec_close(e, &w);
	e->ints += signo == 2;
	e->terms += signo == 15;
	if (!strcmp(does, "cancel")) {
		e->signo = signo;
		if (!e->cause_text.n)
			e->cause_text = signal_cause(e, signo, by, why);
		engine_settle(e, true);
		schedule(e->root);
	} else if (!strcmp(does, "ask")) {
		ask_to_stop(e);
	} else if (!strcmp(does, "stop after this undo")) {
		stop_unwinding(e);
	} else if (!strcmp(does, "end this step")) { /* reports do not hold anybody up */
		for (uint32_t i = 0; i < e->op_len; i++)
			op_stop(e, e->ops[i].id, 0);
	}
}

/* The journal's reserve is for undoing: what runs may end, nothing new starts. */
static void on_low(struct engine *e)
{
	struct jsonw w;

	rec_open(e, "low", STR(""), &w);
	rec_close(e, &w);
	rec_issue(e, "warning", NULL, STR("the disk of the journal is full; its reserve is in use"));
	if (e->stage != STAGE_PHASES || e->settling)
		return;
	e->cause_text = STR("the disk of the journal is full: nothing new was started");
	engine_settle(e, false);
	schedule(e->root);
}

static void on_result(struct engine *e, const struct result *brought)
{
	struct op *o = op_find(e, brought->op);
	struct result seen, *r = &seen;
	struct str about, channel;
	struct frame *f;
	uint8_t what;

	if (!o)
		return;
	f = o->frame;
	what = o->what;
	about = o->about;
	channel = o->command.channel;
	op_drop(e, brought->op);
	if (!f)
		return;
	result_seen(e, brought, r);
	if (!brought->unnamed)
		r->channel = channel;
	switch (what) {
	case OP_FOR_RUN_TIMEOUT:
		e->run_timer = 0;
		if (r->end != END_FIRED || e->stage != STAGE_PHASES || e->settling)
			return;
		rec_timer(e, STR(""), "run timeout");
		e->cause_text = STR("the run took longer than its timeout");
		engine_settle(e, true);
		schedule(e->root);
		return;
	case OP_FOR_LADDER:
		ladder_fired(f, r);
		return;
	case OP_FOR_MESSAGE:
		message_result(e, about, r);
		return;
	case OP_FOR_WINDOW:
		gate_answered(e, r);
		return;
	case OP_FOR_SAMPLE:
		monitor_sampled(f, r);
		return;
	case OP_FOR_HALT:
		halt_answered(e, r);
		return;
	case OP_FOR_STOP:
		stop_answered(e, r);
		return;
	default:
		step_result(f, what, r);
	}
}

static void advance(struct frame *f)
{
	switch (f->kind) {
	case FRAME_ROOT: root_advance(f); break;
	case FRAME_LIST: list_advance(f); break;
	case FRAME_LOOP: loop_advance(f); break;
	case FRAME_STEP: step_advance(f); break;
	case FRAME_UNWIND: unwind_advance(f); break;
	case FRAME_ALWAYS: always_advance(f); break;
	case FRAME_MONITOR: break; /* it waits for its samples only */
	}
}

static void run_agenda(struct engine *e)
{
	while (e->agenda_len) {
		struct frame *f = e->agenda[e->agenda_head];

		e->agenda_head = (e->agenda_head + 1) % e->agenda_cap;
		e->agenda_len--;
		f->scheduled = false;
		if (f->dead)
			frame_free(f);
		else if (!f->done)
			advance(f);
	}
}

static void handle(struct engine *e, const struct event *ev)
{
	e->before = e->mono;
	e->wall = ev->wall / 1000 * 1000;
	e->mono = ev->mono / 1000 * 1000;
	switch (ev->kind) {
	case EVENT_START: start(e); break;
	case EVENT_SIGNAL: on_signal(e, ev); break;
	case EVENT_RESULT: on_result(e, ev->result); break;
	case EVENT_LOW: on_low(e); break;
	case EVENT_EPOCH: takeover_epoch(e, ev); break;
	case EVENT_ADOPT: takeover_adopt(e, ev); break;
	case EVENT_RESOLVE: takeover_resolve(e, ev); break;
	}
	run_agenda(e);
}

/* Flushes, then hands out what was queued. False: the journal failed. */
static bool hand_out(struct engine *e)
{
	bool sync = e->must_sync;

	for (uint32_t i = 0; i < e->queue_len; i++)
		sync = sync || e->queue[i].write;
	e->must_sync = false;
	e->journal_err = e->fx->flush(e->ctx, sync);
	if (e->journal_err)
		return false;
	for (uint32_t i = 0; i < e->queue_len; i++) {
		struct op *o = op_find(e, e->queue[i].op);

		if (o)
			o->command = e->queue[i];
		e->fx->start(e->ctx, &e->queue[i]);
	}
	e->queue_len = 0;
	for (uint32_t i = 0; i < e->stop_len; i++)
		if (op_find(e, e->stops[i].op))
			e->fx->stop(e->ctx, e->stops[i].op, e->stops[i].grace);
	e->stop_len = 0;
	return true;
}

/* Held or in doubt: what acts is waited for; timers, waits and questions are taken up again later. */
static bool at_work(const struct engine *e)
{
	for (uint32_t i = 0; i < e->op_len; i++) {
		const struct op *o = &e->ops[i];

		if (o->command.kind != OP_TIMER && o->command.kind != OP_QUESTION && o->what != OP_FOR_SAMPLE)
			return true;
	}
	return false;
}

void engine_attach(struct engine *e, const struct effects *fx, void *ctx)
{
	e->fx = fx;
	e->ctx = ctx;
}

bool engine_feed(struct engine *e, const struct event *ev)
{
	handle(e, ev);
	return hand_out(e);
}

bool engine_waits(const struct engine *e)
{
	return (e->held || e->in_doubt) && !at_work(e);
}

enum { EVENTS_A_TURN = 64 };

int engine_drive(struct engine *e, const struct event *first, enum run_status *status, int *journal_err)
{
	struct event events[EVENTS_A_TURN] = { *first }, now[1];
	uint32_t n = 1;

	(void)e->fx->wait(e->ctx, now, 0); /* only the time */
	events[0].wall = now[0].wall;
	events[0].mono = now[0].mono;
	for (;;) {
		for (uint32_t i = 0; i < n && (!i || e->stage != STAGE_END); i++)
			handle(e, &events[i]);
		if (!hand_out(e))
			break;
		if (e->stage == STAGE_END || engine_waits(e))
			break;
		if (!e->op_len)
			mem_abort("the engine has nothing to wait for");
		n = e->fx->wait(e->ctx, events, EVENTS_A_TURN);
	}
	*status = engine_status(e);
	*journal_err = e->journal_err;
	return engine_exit_code(e);
}
