#include "run/monitor.h"

#include <math.h>
#include "base/mem.h"
#include "journal/record.h"
#include "run/people.h"
#include "value/json.h"

/* monitor: when they are on, and their samples. What follows stands in reaction.c. */

enum { EVERY_MIN = 100000000, FIGURE_MAX = 4096, ERROR_BYTES = 1024, STDERR_BYTES = 200 };

void monitors_make(struct engine *e)
{
	const struct program *p = e->p;

	if (!p->monitor_count || e->setup->dry_run)
		return;
	e->monitors = arena_array(&e->arena, p->monitor_count, sizeof(*e->monitors));
	e->monitor_count = p->monitor_count;
	for (uint32_t i = 0; i < p->monitor_count; i++) {
		struct monitor_state *m = &e->monitors[i];
		const struct prog_step *ps = &p->steps[p->monitors[i].step];
		struct frame *f = frame_new(e, FRAME_MONITOR, e->root);

		m->m = &p->monitors[i];
		m->f = f;
		m->figures = arena_array(&e->arena, ps->ast->capture_count + 1u, sizeof(*m->figures));
		m->rules = arena_array(&e->arena, m->m->rule_count + 1u, sizeof(*m->rules));
		f->ps = ps;
		f->key = arena_printf(&e->arena, "monitors/" STR_FMT, STR_ARG(ps->label));
		f->out = &e->results.slots[ps->slot];
		f->out->code = -1;
		f->monitor = m;
	}
}

/* --- asking ------------------------------------------------------------------------ */

/* Of `every` or the timeout; what cannot be evaluated is as if it were not there. */
static int64_t interval(struct monitor_state *m, const struct data *d)
{
	struct str error;
	int64_t ns = 0;

	if (!eval_duration(m->f, d, EVERY_MIN, &ns, &error) || ns < EVERY_MIN)
		ns = EVERY_MIN;
	return ns;
}

/* Queues the next sample. What it asks for is made now, as of the time for which it is asked. */
static void ask(struct monitor_state *m, int64_t at)
{
	struct frame *f = m->f;
	struct engine *e = f->e;
	uint32_t from = e->queue_len;
	struct str error = { 0 };
	struct command *c;

	if (f->tmp)
		arena_reset(f->tmp);
	else
		arena_take(f);
	f->view = NULL;
	f->attempt++;
	m->at = at;
	m->render = STR("");
	f->out->started = e->wall + (at - e->mono);
	f->out->attempts = f->attempt;
	if (kind_of(f->ps)->start(f, f->ps, false, &error) == STARTED_WAIT) {
		c = &e->queue[from];
	} else { /* a sample that failed, when it is its time */
		m->render = error.n ? error : STR("it could not be asked for");
		c = op_queue(f, OP_TIMER, OP_FOR_SAMPLE);
		c->timer.at = at;
	}
	f->op = c->op;
	c->at = at;
	c->purpose = OP_FOR_SAMPLE;
	c->quiet = true; /* its figures are kept, not its output */
	op_find(e, c->op)->what = OP_FOR_SAMPLE;
}

/* --- on and off -------------------------------------------------------------------- */

static void turn_on(struct monitor_state *m)
{
	m->on = true;
	m->last = -1;
	m->failed = false;
	for (uint32_t i = 0; i < m->m->rule_count; i++)
		m->rules[i] = (struct rule_state){ 0 };
	ask(m, m->f->e->mono);
}

/* The op that is given up may still use what was made for it: that stays until the run ends. */
static void turn_off(struct monitor_state *m)
{
	m->on = false;
	op_forget(m->f->e, &m->f->op);
	m->f->tmp = NULL;
	m->f->tmp_of = NULL;
	m->f->view = NULL;
}

void monitors_look(struct engine *e)
{
	bool phases = e->stage == STAGE_PHASES && !e->settling;

	for (uint32_t i = 0; i < e->monitor_count; i++) {
		struct monitor_state *m = &e->monitors[i];
		bool wanted = phases && (m->running || (e->at && (m->m->phases >> e->phase & 1)));

		if (wanted && !m->on)
			turn_on(m);
		else if (!wanted && m->on)
			turn_off(m);
	}
}

void monitors_step(struct frame *f, bool begins)
{
	struct engine *e = f->e;

	if (!e->monitor_count || f->watched == begins || (begins && f->parent->kind == FRAME_LOOP))
		return;
	f->watched = begins;
	for (uint32_t i = 0; i < e->monitor_count; i++) {
		struct monitor_state *m = &e->monitors[i];

		for (uint32_t k = 0; k < m->m->step_count; k++)
			if (m->m->steps[k] == f->ps->ast->ix)
				m->running += begins ? 1u : -1u;
	}
	monitors_look(e);
}

void monitors_gap(struct engine *e)
{
	for (uint32_t i = 0; i < e->monitor_count; i++)
		e->monitors[i].last = -1;
}

/* --- a sample ---------------------------------------------------------------------- */

/* What a sample told, or why it failed (error). */
struct sample { struct str error; const struct value *figures; struct value out; };

static struct str bounded(struct frame *f, struct str text)
{
	return rec_cut(f->e, masked_text(f, text), ERROR_BYTES);
}

/* The last line of what a program complained. */
static struct str complaint(struct frame *f, const struct result *r)
{
	struct str s = str_trim(r->err.bytes);
	size_t from = s.n;

	while (from && s.p[from - 1] != '\n' && s.n - from < STDERR_BYTES)
		from--;
	s = str_slice(s, from, s.n);
	return f->ps->ast->action == ACT_RUN && s.n && utf8_valid(s) ? arena_printf(f->tmp, ": " STR_FMT, STR_ARG(s)) : STR("");
}

static bool finite_figure(struct value v)
{
	if (v.kind == V_FLOAT)
		return isfinite(v.f);
	for (uint32_t i = 0; v.kind == V_LIST && i < v.n; i++)
		if (!finite_figure(v.list[i]))
			return false;
	for (uint32_t i = 0; v.kind == V_MAP && i < v.n; i++)
		if (!finite_figure(v.map[i].value))
			return false;
	return true;
}

/* As its record will have it: masked, and short enough to be part of it. */
static bool keep_figure(struct frame *f, struct str name, struct value *v, size_t *room, struct str *error)
{
	struct buf b;

	*v = masked_value(f, *v);
	buf_init(&b, FIGURE_MAX);
	json_print_typed(*v, &b);
	if (b.full || b.len > *room)
		*error = arena_printf(f->tmp, "`" STR_FMT "` is too long for a sample: together %d bytes are kept", STR_ARG(name), FIGURE_MAX);
	else if (!finite_figure(*v))
		*error = arena_printf(f->tmp, "`" STR_FMT "` is no figure: not a number, or infinite", STR_ARG(name));
	*room -= b.full ? 0 : b.len < *room ? b.len : *room;
	buf_release(&b);
	return !error->n;
}

/* Of an answer from outside. */
static void judge(struct monitor_state *m, const struct result *r, struct sample *s)
{
	struct frame *f = m->f;
	uint32_t n = f->ps->ast->capture_count;
	struct verdict v = { 0 };
	struct value *kept;
	size_t room = FIGURE_MAX;

	if (m->render.n) {
		s->error = bounded(f, m->render);
		return;
	}
	v = attempt_judge(f, r);
	s->error = v.error;
	if (s->error.n) {
		s->error = bounded(f, arena_printf(f->tmp, STR_FMT STR_FMT, STR_ARG(s->error), STR_ARG(complaint(f, r))));
		return;
	}
	kept = arena_array(f->tmp, n + 1u, sizeof(*kept));
	for (uint32_t i = 0; i < n; i++) {
		kept[i] = v.captures[i];
		if (!keep_figure(f, f->ps->ast->captures[i].name, &kept[i], &room, &s->error))
			return;
	}
	s->figures = kept;
	if (!m->m->keeps_out)
		return;
	s->out = f->view->out;
	(void)keep_figure(f, STR("out"), &s->out, &room, &s->error);
}

/* Of a record: exactly what judge() made of the answer then. */
static void told(struct monitor_state *m, const struct result *r, struct sample *s)
{
	struct frame *f = m->f;
	uint32_t n = f->ps->ast->capture_count;
	struct value v = value_null, *list = arena_array(f->tmp, n + 1u, sizeof(*list));
	struct json_error je;
	struct record rec;
	const char *why;

	if (!record_parse(&rec, r->opaque, &why)) {
		s->error = STR("the record of a sample cannot be read");
		return;
	}
	s->error = record_text(&rec, f->tmp, "error");
	if (s->error.n)
		return;
	if (record_raw(&rec, "values").n)
		(void)json_parse_members(f->tmp, record_raw(&rec, "values"), 1, &v, &je);
	for (uint32_t i = 0; i < n; i++) {
		const struct value *x = v.kind == V_MAP ? value_get(v, f->ps->ast->captures[i].name) : NULL;

		list[i] = x ? *x : value_null;
	}
	s->figures = list;
	s->out = value_null;
	if (record_raw(&rec, "out").n)
		(void)json_parse_typed(f->tmp, record_raw(&rec, "out"), &s->out, &je);
}

/* What rules and messages see from now on. */
static void show(struct monitor_state *m, const struct result *r, const struct sample *s)
{
	struct frame *f = m->f;
	struct attempt_view *v = arena_alloc(f->tmp, sizeof(*v));

	v->raw = v->err = v->headers = value_null;
	v->out = s->error.n ? value_null : s->out;
	v->code = r->end == END_EXIT ? r->code : -1;
	v->took = r->took;
	v->failed = s->error.n > 0;
	v->own = s->figures;
	v->own_count = v->failed ? 0 : f->ps->ast->capture_count;
	f->view = v;
}

/* Evaluates a rule: 1, 0, or -1: it cannot be evaluated, which fails the sample. */
static int holds(struct monitor_state *m, const struct prog_rule *r, struct str *error)
{
	struct eval_error err = { 0 };
	struct value v;

	if (!r->ast->when)
		return m->f->view->failed;
	v = eval_code(m->f, r->ast->when, &err);
	v = watch_weigh(m->f, WEIGH_RULE, (uint32_t)(r - m->m->rules), r->ast->when, err.set, v);
	if (err.set)
		*error = bounded(m->f, arena_printf(m->f->tmp, "when: " STR_FMT, STR_ARG(error_text(m->f, &err))));
	return err.set || v.kind != V_BOOL ? -1 : v.b;
}

static void record(struct monitor_state *m, const struct result *r, const struct sample *s)
{
	struct frame *f = m->f;
	const struct step *st = f->ps->ast;
	struct jsonw w;

	rec_open(f->e, "sample", f->key, &w);
	if (s->error.n)
		jsonw_kstr(&w, "error", s->error);
	if (r->end == END_EXIT && r->code >= 0)
		jsonw_kint(&w, "code", r->code);
	if (!s->error.n && st->capture_count) {
		jsonw_key(&w, "values");
		jsonw_open(&w, '{');
		for (uint32_t i = 0; i < st->capture_count; i++) {
			jsonw_key(&w, st->captures[i].name.p);
			rec_value(f->e, &w, s->figures[i]);
		}
		jsonw_close(&w, '}');
	}
	if (!s->error.n && m->m->keeps_out) {
		jsonw_key(&w, "out");
		rec_value(f->e, &w, s->out);
	}
	jsonw_kint(&w, "took_us", r->took / 1000);
	rec_close(f->e, &w);
}

/* The last good sample, as steps.ID shows it. A text that has not changed is not copied again. */
static void remember(struct monitor_state *m, const struct sample *s)
{
	struct frame *f = m->f;
	struct outcome *o = f->out;

	o->status = s->error.n ? S_FAILED : S_OK;
	o->code = f->view->code;
	o->took = f->view->took;
	o->ended = f->e->wall;
	if (!str_eq(o->error, s->error))
		o->error = arena_str(&f->e->arena, s->error.p, s->error.n);
	for (uint32_t i = 0; !s->error.n && i < f->ps->ast->capture_count; i++)
		if (!o->captures || !value_equal(m->figures[i], s->figures[i]) || m->figures[i].kind != s->figures[i].kind)
			m->figures[i] = value_copy(&f->e->arena, s->figures[i]);
	if (!s->error.n)
		o->captures = m->figures;
}

void monitor_sampled(struct frame *f, const struct result *r)
{
	struct monitor_state *m = f->monitor;
	struct engine *e = f->e;
	struct sample s = { .out = value_null };
	struct str error = { 0 };
	int *now = arena_array(f->tmp, m->m->rule_count + 1u, sizeof(*now));

	f->op = 0;
	if (r->end == END_UNRECORDED) { /* what-if: nothing is known from here on */
		if (r->code == 1)
			monitor_assumed(f);
		return;
	}
	if (r->opaque.n)
		told(m, r, &s);
	else
		judge(m, r, &s);
	show(m, r, &s);
	for (uint32_t i = 0; i < m->m->rule_count && !error.n; i++)
		if (!m->m->rules[i].failed && !f->view->failed)
			now[i] = holds(m, &m->m->rules[i], &error);
	if (error.n) {
		s.error = error;
		show(m, r, &s);
	}
	record(m, r, &s);
	remember(m, &s);
	for (uint32_t i = 0; i < m->m->rule_count; i++)
		if (m->m->rules[i].failed)
			now[i] = holds(m, &m->m->rules[i], &error) > 0;
	rules_apply(m, now, interval(m, &m->m->ast->every) + interval(m, f->ps->timeout));
	m->last = e->mono;
	m->failed = f->view && f->view->failed;
	if (m->on) {
		int64_t at = m->at + interval(m, &m->m->ast->every);

		ask(m, at > e->mono ? at : e->mono);
	}
}
