#include "run/people.h"

#include "value/units.h"

/*
 * kinds: the table of step kinds, and the kinds that start nothing outside:
 * none (guard or capture only), steps, wait, confirm.
 */

static const struct step_kind *const kinds[ACT_COUNT] = {
	[ACT_NONE] = &kind_none, [ACT_RUN] = &kind_run, [ACT_HTTP] = &kind_http, [ACT_USES] = &kind_uses, [ACT_STEPS] = &kind_steps,
	[ACT_WAIT] = &kind_wait, [ACT_CONFIRM] = &kind_confirm, [ACT_APPROVE] = &kind_approve,
	[ACT_ASK] = &kind_ask, [ACT_CHECKLIST] = &kind_checklist, [ACT_NOTIFY] = &kind_notify, [ACT_RENDER] = &kind_render,
	[ACT_METRIC] = &kind_metric,
};

const struct step_kind *kind_of(const struct prog_step *ps)
{
	return kinds[ps->ast->action];
}

static enum started none_start(struct frame *f, const struct prog_step *ps, bool probe, struct str *error)
{
	(void)f, (void)ps, (void)probe, (void)error;
	return STARTED_DONE;
}

static bool none_success(const struct frame *f, const struct result *r)
{
	(void)f, (void)r;
	return true;
}

const struct step_kind kind_none = { .action = ACT_NONE, .name = "", .start = none_start, .success = none_success };

static enum started steps_start(struct frame *f, const struct prog_step *ps, bool probe, struct str *error)
{
	int64_t width = 1;
	struct frame *l;

	(void)probe;
	if (!ps->ast->more->foreach.present && !eval_int(f, &ps->ast->more->parallel, 1, &width, error))
		return STARTED_FAIL;
	l = list_push(f, &ps->ast->steps, ROLE_FORWARD, "");
	l->role = f->role;
	l->width = width < 1 ? 1 : width > 1024 ? 1024 : (uint32_t)width;
	if (f->attempt > 1)
		l->key = arena_printf(&f->e->arena, STR_FMT "~%u", STR_ARG(f->key), f->attempt);
	kept_add(l);
	f->child = l;
	return STARTED_PUSH;
}

const struct step_kind kind_steps = { .action = ACT_STEPS, .name = "steps", .start = steps_start, .success = none_success };

static enum started wait_start(struct frame *f, const struct prog_step *ps, bool probe, struct str *error)
{
	const struct act_wait *w = &ps->ast->wait;
	struct eval_env env = frame_env(f);
	struct eval_error err = { 0 };
	int64_t delay = 0;
	struct value v;

	(void)probe;
	if (w->amount.kind != DATA_NONE) {
		if (!eval_duration(f, &w->amount, 0, &delay, error))
			return STARTED_FAIL;
	} else {
		v = data_eval(&w->until, &f->e->p->codes, &env, &err);
		if (err.set) {
			*error = error_text(f, &err);
			return STARTED_FAIL;
		}
		if (v.kind == V_STRING && !unit_parse_time(value_text(v), &v.i)) {
			*error = STR("wait.until is not a time such as 2026-11-21T02:00:00Z");
			return STARTED_FAIL;
		}
		if (v.kind != V_UNKNOWN && __builtin_sub_overflow(v.i, f->e->wall, &delay))
			delay = INT64_MAX;
	}
	f->op = timer_queue(f, delay, OP_FOR_ACTION);
	return STARTED_WAIT;
}

static bool wait_success(const struct frame *f, const struct result *r)
{
	(void)f;
	return r->end == END_FIRED;
}

static void wait_describe(struct frame *f, const struct prog_step *ps, struct jsonw *w)
{
	const struct command *c = &f->e->queue[f->e->queue_len - 1];
	struct buf b;

	(void)ps;
	buf_init(&b, 64);
	unit_show_duration(&b, c->timer.at - f->e->mono);
	jsonw_kstr(w, "wait", buf_str(&b));
	buf_release(&b);
}

static void wait_show(struct frame *f, const struct prog_step *ps, struct buf *out)
{
	const struct act_wait *w = &ps->ast->wait;
	int64_t delay = 0;
	struct str error = { 0 }, until = { 0 };
	bool unknown = false;

	if (w->amount.kind == DATA_NONE && eval_text(f, &w->until, &until, &unknown, &error)) {
		buf_addz(out, "# wait until ");
		buf_adds(out, until);
	} else if (w->amount.kind != DATA_NONE && eval_duration(f, &w->amount, 0, &delay, &error) && delay > 0) {
		buf_printf(out, "sleep %lld", (long long)(delay / 1000000000));
		if (delay % 1000000000)
			buf_printf(out, ".%03lld", (long long)(delay % 1000000000 / 1000000));
	}
}

const struct step_kind kind_wait = { .action = ACT_WAIT, .name = "wait", .start = wait_start,
				     .success = wait_success, .show = wait_show, .describe = wait_describe };

static void confirm_ask(struct frame *f)
{
	struct poll *p = f->poll;
	struct command *c = question_queue(f, ASK_CONFIRM, OP_FOR_ACTION, str_of(p->subject), p->text);

	c->question.preset = preset_answer(f, STR("answer"));
	f->op = c->op;
}

static enum started confirm_start(struct frame *f, const struct prog_step *ps, bool probe, struct str *error)
{
	struct str text;
	bool unknown = f->unknown;

	(void)probe;
	if (!eval_text(f, &ps->ast->confirm, &text, &unknown, error))
		return STARTED_FAIL;
	poll_new(f, ASK_CONFIRM, text);
	confirm_ask(f);
	f->e->queue[f->e->queue_len - 1].unknown = unknown;
	return STARTED_WAIT;
}

static bool confirm_success(const struct frame *f, const struct result *r)
{
	(void)f;
	return r->end == END_ANSWER && str_eqz(r->answer, "yes");
}

static void confirm_describe(struct frame *f, const struct prog_step *ps, struct jsonw *w)
{
	(void)ps;
	rec_text(f->e, w, "question", f->poll->text);
}

const struct step_kind kind_confirm = { .action = ACT_CONFIRM, .name = "confirm", .start = confirm_start,
					.success = confirm_success, .describe = confirm_describe, .question = ASK_CONFIRM, .ask = confirm_ask };
