#include "run/monitor.h"

#include "run/message.h"
#include "run/people.h"
#include "value/units.h"

/*
 * reaction: what a rule of a monitor does when it has held long enough: tells
 * people, pauses the run, or ends it. A pause parks all that would start next, as
 * when a run is held, and asks: go on, roll back, hold.
 */

static const char *const then_names[] = { "notify", "pause", "rollback" };
static const uint8_t levels[] = { LEVEL_WARN, LEVEL_ERROR, LEVEL_CRITICAL };

static struct str rule_source(const struct prog_rule *r)
{
	return r->ast->when ? str_trim(r->ast->when->node->text) : STR("failed for 3 samples");
}

/* "errors > 5% for 5m (errors 6.1%, p95 120ms)" */
static struct str default_text(struct monitor_state *m, const struct prog_rule *r)
{
	struct frame *f = m->f;
	const struct outcome *o = f->out;
	struct str s;
	struct buf b;
	bool any = false;

	buf_init(&b, 8192);
	buf_adds(&b, rule_source(r));
	if (f->view->failed) {
		buf_printf(&b, " (" STR_FMT, STR_ARG(o->error));
		any = true;
	}
	for (uint32_t i = 0; !f->view->failed && i < f->ps->ast->capture_count; i++) {
		struct value v = o->captures[i];

		buf_addz(&b, any ? ", " : " (");
		buf_adds(&b, f->ps->ast->captures[i].name);
		buf_addc(&b, ' ');
		if (v.kind == V_DURATION)
			unit_show_duration(&b, v.i);
		else
			value_show(v, &b);
		any = true;
	}
	if (any)
		buf_addc(&b, ')');
	s = rec_cut(f->e, arena_str(&f->e->arena, b.p, b.len), 1024);
	buf_release(&b);
	return s;
}

/* --- pause ------------------------------------------------------------------------- */

static void ask_halt(struct engine *e, bool first)
{
	static const struct str choices[] = { { "continue", 8 }, { "rollback", 8 }, { "hold", 4 } };
	struct frame *f = e->halted;
	char subject[65];
	struct command *c;

	if (first) { /* the samples go on, and what a person was asked stays the same */
		people_digest(f, "pause", e->halt_text, subject);
		e->halt_subject = arena_str(&e->arena, subject, 64);
	}
	c = question_queue(f, ASK_PAUSE, OP_FOR_HALT, e->halt_subject, e->halt_text);
	c->question.choices = choices;
	c->question.choice_count = 3;
	e->halt_op = c->op;
	rec_question(f, c, first);
}

static void halt_end(struct engine *e)
{
	op_forget(e, &e->halt_op);
	e->halted = NULL;
	if (!e->held && !e->in_doubt)
		unpark(e);
}

static void end_run(struct engine *e, struct frame *f, struct str text)
{
	e->cause_text = text;
	e->cause_key = f->key;
	e->cause_at = arena_str(&e->arena, step_place(f).p, step_place(f).n);
	engine_settle(e, true);
	schedule(e->root);
}

void halt_answered(struct engine *e, const struct result *r)
{
	struct frame *f = e->halted;

	e->halt_op = 0;
	if (!f)
		return;
	if (r->end == END_ANSWER && r->refused.n) {
		answer_refused(f, f->key, ASK_PAUSE, r);
		ask_halt(e, false);
		return;
	}
	rec_answer(f, f->key, ASK_PAUSE, r, STR(""));
	if (r->end == END_ANSWER && str_eqz(r->answer, "continue")) {
		halt_end(e);
	} else if (r->end == END_NO_PERSON || (r->end == END_ANSWER && str_eqz(r->answer, "hold"))) {
		f->error = e->halt_text;
		hold(f, f->key, r->end == END_ANSWER ? STR("hold was chosen") : STR("paused by a monitor, and nobody is at a terminal"));
	} else {
		end_run(e, f, arena_printf(&e->arena, STR_FMT ": " STR_FMT " chose rollback", STR_ARG(e->halt_text), STR_ARG(r->by)));
	}
}

void halt_resume(struct engine *e)
{
	if (e->halted && !e->halt_op && !e->held && !e->in_doubt)
		ask_halt(e, false);
}

void monitors_end(struct engine *e)
{
	monitors_look(e);
	if (e->halted)
		halt_end(e);
}

/* --- rules ------------------------------------------------------------------------- */

static void tell(struct monitor_state *m, const struct rule *r, struct str text)
{
	struct frame *f = m->f;
	struct engine *e = f->e;
	struct message msg = { .level = r->level >= 0 ? (uint8_t)r->level : levels[r->then], .say = text };
	const struct channel **to = NULL;
	struct str error = { 0 };
	bool unknown = false;
	uint32_t n = 0;

	if (!r->to.kind)
		return;
	msg.title = arena_printf(&e->arena, STR_FMT ": " STR_FMT "%s", STR_ARG(e->p->rb->name), STR_ARG(f->key),
				 r->then == THEN_ROLLBACK ? ", rolling back" : r->then == THEN_PAUSE ? ", paused" : "");
	if (!message_targets(f, &r->to, &to, &n, &unknown, &error))
		rec_issue(e, "warning", f, error);
	else
		message_tell(f, to, n, &msg);
}

static void fire(struct monitor_state *m, uint32_t i)
{
	const struct prog_rule *pr = &m->m->rules[i];
	const struct rule *r = pr->ast;
	struct frame *f = m->f;
	struct engine *e = f->e;
	struct str text = default_text(m, pr), said, error = { 0 };
	bool unknown = false, running = e->stage == STAGE_PHASES && !e->settling;
	struct jsonw w;

	if (r->say.kind && !eval_text(f, &r->say, &said, &unknown, &error))
		text = arena_printf(&e->arena, STR_FMT "; its `say` failed: " STR_FMT, STR_ARG(text), STR_ARG(error));
	else if (r->say.kind)
		text = rec_cut(e, arena_str(&e->arena, masked_text(f, said).p, masked_text(f, said).n), REC_TEXT_MAX);
	rec_open(e, "rule", f->key, &w);
	jsonw_kint(&w, "rule", i + 1);
	rec_text(e, &w, "when", rule_source(pr));
	jsonw_kstr(&w, "then", str_of(then_names[r->then]));
	rec_text(e, &w, "text", text);
	rec_close(e, &w);
	rec_issue(e, "warning", f, text);
	tell(m, r, text);
	if (r->then == THEN_ROLLBACK && running) {
		end_run(e, f, arena_printf(&e->arena, "found by a monitor: " STR_FMT, STR_ARG(text)));
	} else if (r->then == THEN_PAUSE && running && !e->halted) {
		e->halted = f;
		e->halt_text = arena_printf(&e->arena, "paused by " STR_FMT ": " STR_FMT, STR_ARG(f->key), STR_ARG(text));
		ask_halt(e, true);
	}
}

/* A rule that had fired does not hold any more. */
static void calm(struct monitor_state *m, uint32_t i)
{
	struct engine *e = m->f->e;
	struct jsonw w;

	if (e->setup->revision < REVISION_2)
		return;
	rec_open(e, "rule.end", m->f->key, &w);
	jsonw_kint(&w, "rule", i + 1);
	rec_text(e, &w, "when", rule_source(&m->m->rules[i]));
	rec_close(e, &w);
}

static const struct prog_rule *undoing(const struct monitor_state *m)
{
	for (uint32_t i = 0; i < m->m->rule_count; i++)
		if (m->m->rules[i].ast->then == THEN_ROLLBACK)
			return &m->m->rules[i];
	return NULL;
}

bool monitor_may_undo(struct engine *e, uint32_t op)
{
	const struct op *o = op_find(e, op);

	return o && o->frame && o->frame->monitor && undoing(o->frame->monitor);
}

void monitor_assumed(struct frame *f)
{
	const struct prog_rule *r = undoing(f->monitor);

	if (r && f->e->stage == STAGE_PHASES && !f->e->settling)
		end_run(f->e, f, arena_printf(&f->e->arena, "assumed of a monitor: " STR_FMT, STR_ARG(rule_source(r))));
}

static bool long_enough(const struct rule_state *s, const struct value *amount)
{
	switch (amount->kind) {
	case V_INT: return s->count >= amount->i;
	case V_DURATION: return s->lasted >= amount->i;
	default: return true;
	}
}

/* now: by rule, whether it holds at this sample; most: longest time between two samples that counts. */
void rules_apply(struct monitor_state *m, const int *now, int64_t most)
{
	bool failed = m->f->view->failed, was_failed = m->failed;
	int64_t since = m->last < 0 ? 0 : m->f->e->mono - m->last;

	if (since > most)
		since = most;
	for (uint32_t i = 0; i < m->m->rule_count && m->on; i++) {
		const struct prog_rule *r = &m->m->rules[i];
		struct rule_state *s = &m->rules[i];

		if (failed && !r->failed)
			continue; /* neither fires nor resets */
		if (!now[i]) {
			if (s->fired)
				calm(m, i);
			*s = (struct rule_state){ 0 };
			continue;
		}
		if (s->held && (r->failed || !was_failed))
			s->lasted += since;
		s->held = true;
		s->count++;
		if (s->fired || !long_enough(s, &r->ast->hold.amount))
			continue;
		s->fired = true;
		fire(m, i);
	}
}
