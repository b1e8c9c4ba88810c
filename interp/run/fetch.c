#include "run/engine_state.h"

#include <string.h>
#include "plan/revision.h"

/*
 * fetch: what names mean while a run goes on, and evaluating the texts of a
 * step. Only reads the engine's state.
 */

const char *const step_status_names[] = { "not_run", "ok", "unchanged", "skipped", "failed", "timeout",
					  "undone", "undo_failed", "cancelled" };
const char *const run_status_names[RUN_STATUSES] = { "running", "ok", "stopped", "failed", "rolled_back",
						     "rollback_incomplete", "in_doubt", "held", "cancelled" };

static struct value text_or_null(struct str s)
{
	return s.n ? value_str(s) : value_null;
}

static struct value unknown_of(const struct frame *f, const struct prog_step *ps, const char *what)
{
	return value_unknown(arena_printf(&f->e->arena, "steps." STR_FMT ".%s", STR_ARG(ps->label), what).p);
}

/* The results where step ps stands, seen from f; NULL if f is outside its loop. */
static struct outcome *outcome_of(const struct frame *f, const struct prog_step *ps)
{
	for (struct scope_results *s = f->scope; s; s = s->up)
		if (s->loop == ps->loop)
			return s->slots ? &s->slots[ps->slot] : NULL;
	return NULL;
}

static struct outcome *slot_in(const struct scope_results *sc, const struct prog_step *ps)
{
	return sc && sc->slots ? &sc->slots[ps->slot] : NULL;
}

/* Record of one instance: the fields of steps.ID; captures too when wanted. */
static uint32_t fill_fields(struct arena *a, const struct prog_step *ps, const struct outcome *o, struct pair *p,
			    bool captures)
{
	uint32_t n = 0;

	p[n++] = (struct pair){ STR("status"), value_strz(step_status_names[o->status]) };
	p[n++] = (struct pair){ STR("code"), o->code < 0 || !o->attempts ? value_null : value_int(o->code) };
	p[n++] = (struct pair){ STR("took"), value_unit(V_DURATION, o->took) };
	p[n++] = (struct pair){ STR("attempts"), value_int(o->attempts) };
	p[n++] = (struct pair){ STR("started"), o->started ? value_unit(V_TIME, o->started) : value_null };
	p[n++] = (struct pair){ STR("ended"), o->ended ? value_unit(V_TIME, o->ended) : value_null };
	p[n++] = (struct pair){ STR("error"), text_or_null(o->error) };
	p[n++] = (struct pair){ STR("text"), text_or_null(o->text) };
	if (captures)
		for (uint32_t i = 0; i < ps->ast->capture_count; i++)
			p[n++] = (struct pair){ ps->ast->captures[i].name, o->captures ? o->captures[i] : value_null };
	for (uint32_t i = o->assumed ? 1 : 0; o->unknown && captures && i < n; i++) /* dry-run, what-if: it did not run */
		p[i].value = value_unknown(arena_printf(a, "steps." STR_FMT "." STR_FMT, STR_ARG(ps->label), STR_ARG(p[i].key)).p);
	return n;
}

/* steps.X.each: a list of {item, status, ..., captures, children by id}. */
static struct value each_list(const struct frame *f, struct arena *a, const struct prog_step *ps, const struct outcome *o)
{
	const struct program *p = f->e->p;
	struct value *list = arena_array(a, o->each_count, sizeof(*list));

	for (uint32_t i = 0; i < o->each_count; i++) {
		const struct iteration *it = &o->each[i];
		struct pair *pairs = arena_array(a, 12 + ps->ast->capture_count + ps->loop_slots, sizeof(*pairs));
		uint32_t n = 0;

		pairs[n++] = (struct pair){ STR("item"), it->item };
		n += fill_fields(a, ps, &it->out, pairs + n, true);
		for (uint32_t k = ps->ast->ix + 1; k < p->step_count && ps->loop_slots; k++) {
			const struct prog_step *c = &p->steps[k];
			const struct outcome *co;

			if (c->loop != ps->ast->ix)
				continue;
			co = slot_in(it->scope, c);
			if (!co || !c->ast->id.n)
				continue;
			struct pair *cp = arena_array(a, 10 + c->ast->capture_count, sizeof(*cp));
			uint32_t fields = fill_fields(a, c, co, cp, true);

			if (c->ast->more->foreach.present)
				cp[fields++] = (struct pair){ STR("each"), each_list(f, a, c, co) };
			pairs[n++] = (struct pair){ c->ast->id, value_map(cp, fields) };
		}
		list[i] = value_map(pairs, n);
	}
	return value_list(list, o->each_count);
}

static struct value capture_of(const struct prog_step *ps, const struct outcome *o, uint32_t i)
{
	(void)ps;
	return o->captures ? o->captures[i] : value_null;
}

static struct value step_value(const struct frame *f, struct arena *a, const struct prog_step *ps,
			       const struct outcome *o, uint32_t field)
{
	int64_t planned;
	struct str error;

	if (!o)
		return value_null;
	if (o->unknown && !(o->assumed && field == STEP_STATUS) && field != STEP_PLANNED && field != STEP_EACH && field < STEP_EACH_FIELD)
		return unknown_of(f, ps, step_field_names[field]);
	if (field >= STEP_CAPTURE) {
		if (o->unknown && !o->captures)
			return unknown_of(f, ps, ps->ast->captures[field - STEP_CAPTURE].name.p);
		return capture_of(ps, o, field - STEP_CAPTURE);
	}
	if (field >= STEP_EACH_FIELD) {
		struct value *list = arena_array(a, o->each_count, sizeof(*list));

		for (uint32_t i = 0; i < o->each_count; i++)
			list[i] = o->each[i].out.unknown && !o->each[i].out.captures
					  ? unknown_of(f, ps, ps->ast->captures[field - STEP_EACH_FIELD].name.p)
					  : capture_of(ps, &o->each[i].out, field - STEP_EACH_FIELD);
		return value_list(list, o->each_count);
	}
	switch (field) {
	case STEP_STATUS: return value_strz(step_status_names[o->status]);
	case STEP_CODE: return o->code < 0 || !o->attempts ? value_null : value_int(o->code);
	case STEP_TOOK: return value_unit(V_DURATION, o->took);
	case STEP_ATTEMPTS: return value_int(o->attempts);
	case STEP_STARTED: return o->started ? value_unit(V_TIME, o->started) : value_null;
	case STEP_ENDED: return o->ended ? value_unit(V_TIME, o->ended) : value_null;
	case STEP_PLANNED:
		if (ps->ast->more->planned.kind == DATA_NONE || !eval_duration((struct frame *)f, &ps->ast->more->planned, 0, &planned, &error))
			return value_null;
		return value_unit(V_DURATION, planned);
	case STEP_ERROR: return text_or_null(o->error);
	case STEP_TEXT: return text_or_null(o->text);
	case STEP_EACH: return each_list(f, a, ps, o);
	}
	return value_null;
}

static void add_step(struct arena *a, const struct engine *e, const struct prog_step *ps, const struct outcome *o,
		     struct value item, struct value *list, uint32_t *n)
{
	struct pair *p = arena_array(a, 16, sizeof(*p));
	uint32_t k = 0;
	const struct data *name = &ps->ast->more->name;

	p[k++] = (struct pair){ STR("id"), text_or_null(ps->ast->id) };
	p[k++] = (struct pair){ STR("name"), name->kind == DATA_LIT ? name->lit : value_str(ps->label) };
	p[k++] = (struct pair){ STR("phase"), ps->phase < PHASE_COUNT ? value_strz(phase_names[ps->phase]) : value_null };
	p[k++] = (struct pair){ STR("parent"), ps->parent == NO_STEP ? value_null : value_str(e->p->steps[ps->parent].label) };
	p[k++] = (struct pair){ STR("item"), item };
	k += fill_fields(a, ps, o, p + k, false);
	list[(*n)++] = value_map(p, k);
}

enum { RUN_STEPS_MAX = 20000 };

/* run.steps: one record for each instance so far. */
static struct value run_steps(const struct frame *f, struct arena *a)
{
	const struct engine *e = f->e;
	struct value *list = arena_array(a, RUN_STEPS_MAX, sizeof(*list));
	uint32_t n = 0;

	for (uint32_t i = 0; i < e->p->step_count && n < RUN_STEPS_MAX; i++) {
		const struct prog_step *ps = &e->p->steps[i];
		const struct outcome *o;

		if (ps->role != ROLE_FORWARD || ps->loop != NO_STEP)
			continue;
		o = &e->results.slots[ps->slot];
		if (!ps->ast->more->foreach.present) {
			add_step(a, e, ps, o, value_null, list, &n);
			continue;
		}
		for (uint32_t k = 0; k < o->each_count && n < RUN_STEPS_MAX; k++)
			add_step(a, e, ps, &o->each[k].out, o->each[k].item, list, &n);
	}
	return value_list(list, n);
}

static struct value run_issues(const struct engine *e, struct arena *a)
{
	struct value *list = arena_array(a, e->issue_len, sizeof(*list));

	for (uint32_t i = 0; i < e->issue_len; i++) {
		const struct issue *s = &e->issues[i];
		struct pair *p = arena_array(a, 4, sizeof(*p));

		p[0] = (struct pair){ STR("step"), text_or_null(s->step) };
		p[1] = (struct pair){ STR("phase"), s->phase < PHASE_COUNT ? value_strz(phase_names[s->phase]) : value_null };
		p[2] = (struct pair){ STR("severity"), value_str(s->severity) };
		p[3] = (struct pair){ STR("text"), value_str(s->text) };
		list[i] = value_map(p, 4);
	}
	return value_list(list, e->issue_len);
}

static struct value run_value(struct frame *f, struct arena *a, uint32_t field)
{
	const struct engine *e = f->e;
	int64_t planned;
	struct str error;

	switch (field) {
	case RUN_ID: return value_str(e->stage >= STAGE_REPORT ? e->run_id : e->own_id);
	case RUN_STATUS: return value_strz(run_status_names[e->status]);
	case RUN_STARTED: return value_unit(V_TIME, e->start_wall);
	case RUN_TOOK: return value_unit(V_DURATION, e->mono);
	case RUN_DRY_RUN: return value_bool(e->setup->dry_run);
	case RUN_OPERATOR: return value_str(e->setup->operator_name);
	case RUN_PHASE: return value_strz(phase_names[e->phase]);
	case RUN_PLANNED:
		if (e->p->rb->planned.kind == DATA_NONE || !eval_duration(f, &e->p->rb->planned, 0, &planned, &error))
			return value_null;
		return value_unit(V_DURATION, planned);
	case RUN_STEPS: return run_steps(f, a);
	case RUN_ISSUES: return run_issues(e, a);
	}
	return value_null;
}

const struct frame *owner_of_undo(const struct frame *f)
{
	for (; f; f = f->parent)
		if (f->kind == FRAME_LIST && f->role == ROLE_UNDO && f->target)
			return f->target;
	return NULL;
}

static struct value item_of(const struct frame *f, uint32_t loop)
{
	for (struct scope_results *s = f->scope; s; s = s->up)
		if (s->loop == loop)
			return s->item;
	return value_null;
}

/* The results at the top of the file that f stands in. */
static const struct scope_results *file_scope(const struct frame *f)
{
	const struct scope_results *s = f->scope;

	while (!LOOP_IS_UNIT(s->loop))
		s = s->up;
	return s;
}

/* Roles are those of the file that f stands in. */
static struct value role_value(struct frame *f, uint32_t role, uint32_t field)
{
	const struct unit *u = f->e->p->units[NO_STEP - file_scope(f)->loop];
	const struct role *r = &u->rb->roles[role];
	const struct site_role *site = f->e->setup->roles && !u->index ? &f->e->setup->roles[role] : NULL;
	struct eval_env env = frame_env(f);
	struct eval_error err = { 0 };
	struct value *list;

	if (field)
		return r->contact.kind ? data_eval_text(&r->contact, &f->e->p->codes, &env, &err) : value_null;
	if (!site || !site->who_count)
		return data_eval_words(&r->who, &f->e->p->codes, &env, &err);
	list = arena_array(env.arena, site->who_count, sizeof(*list));
	for (uint32_t i = 0; i < site->who_count; i++)
		list[i] = value_str(site->who[i]);
	return value_list(list, site->who_count);
}

static const struct frame *step_frame(const struct frame *f)
{
	while (f && f->kind != FRAME_STEP && f->kind != FRAME_LOOP && f->kind != FRAME_MONITOR)
		f = f->parent;
	return f;
}

static struct value fetch(void *ctx, struct ref r)
{
	struct frame *f = ctx;
	struct engine *e = f->e;
	struct arena *a = f->tmp ? f->tmp : &e->arena;
	const struct attempt_view *v = f->view;
	const struct frame *o;

	switch (r.root) {
	case REF_INPUT: return file_scope(f)->inputs[r.a];
	case REF_VAR: return file_scope(f)->vars[r.a];
	case REF_SECRET: return e->setup->secrets[r.a];
	case REF_STEP: return step_value(f, a, &e->p->steps[r.a], outcome_of(f, &e->p->steps[r.a]), r.b);
	case REF_SELF:
		o = owner_of_undo(f);
		return o && o->ps->ast->ix == r.a ? step_value(f, a, o->ps, o->out, r.b) : value_null;
	case REF_RUN: return run_value(f, a, r.a);
	case REF_RISK: return r.a ? value_str(e->p->risk_level) : value_int(e->p->risk_score);
	case REF_ROLE: return role_value(f, r.a, r.b);
	case REF_NOW:
		o = step_frame(f);
		return value_unit(V_TIME, o && o->out && o->out->started ? o->out->started : e->wall);
	case REF_ITEM: return item_of(f, r.a);
	case REF_OUT: return v ? v->out : value_null;
	case REF_RAW: return v ? v->raw : value_null;
	case REF_ERR: return v ? v->err : value_null;
	case REF_CODE: return v && v->code >= 0 ? value_int(v->code) : value_null;
	case REF_HEADERS: return v ? v->headers : value_null;
	case REF_TOOK: return v ? value_unit(V_DURATION, v->took) : value_null;
	case REF_FAILED: return value_bool(v && v->failed);
	case REF_OWN: return v && r.a < v->own_count ? v->own[r.a] : value_null;
	}
	return value_null;
}

struct eval_env frame_env(struct frame *f)
{
	return (struct eval_env){ .fetch = fetch, .ctx = f, .arena = f->tmp ? f->tmp : &f->e->arena, .secret = secrets_tell(f) ? secret_made : NULL,
				  .before_revision_4 = f->e->setup->revision < REVISION_4 };
}

const char *book_dir(const struct engine *e)
{
	return e->dirs && e->dirs[0] ? e->dirs[0] : e->setup->dir;
}

static const char *own_dir(const struct engine *e, const struct unit *u)
{
	const char *const *dirs = e->setup->unit_dirs;

	if (e->dirs && e->dirs[u->index])
		return e->dirs[u->index];
	if (dirs && dirs[u->index])
		return dirs[u->index];
	return u->from.dir.n ? u->from.dir.p : NULL;
}

bool unit_has_dir(const struct frame *f, const struct prog_step *ps)
{
	return own_dir(f->e, ps->unit) || (f->e->dirs && f->e->dirs[0]);
}

const char *unit_dir(const struct frame *f, const struct prog_step *ps)
{
	const char *own = own_dir(f->e, ps->unit);

	return own ? own : book_dir(f->e);
}

struct value eval_code(struct frame *f, const struct expr *x, struct eval_error *err)
{
	struct eval_env env = frame_env(f);

	return code_eval(f->e->p->codes.list[x->id], &env, err);
}

struct str error_text(struct frame *f, const struct eval_error *err)
{
	struct engine *e = f->e;
	struct position at;

	if (!err->at.src)
		return arena_str(&e->arena, err->text, strlen(err->text));
	at = source_locate(err->at.src, err->at.start);
	return arena_printf(&e->arena, "%s (" STR_FMT ":%u:%u)", err->text, STR_ARG(err->at.src->name), at.line, at.column);
}

static void put_known(struct frame *f, const struct tmpl *t, struct buf *out)
{
	struct eval_env env = frame_env(f);

	for (uint32_t i = 0; i < t->count; i++) {
		struct eval_error err = { 0 };
		struct value v;

		buf_adds(out, t->parts[i].text);
		if (!t->parts[i].hole)
			continue;
		v = code_eval(f->e->p->codes.list[t->parts[i].hole->id], &env, &err);
		if (err.set)
			buf_addz(out, "(error)");
		else if (v.kind == V_UNKNOWN || !value_to_text(v, out))
			value_show(v, out);
	}
}

/* dry-run: what of a text is known, with `(unknown: steps.x)` in the holes that are not. */
static struct str known_text(struct frame *f, const struct data *d)
{
	struct buf b;
	struct str s;

	buf_init(&b, 1 << 20);
	if (d->kind == DATA_TEXT)
		put_known(f, d->tmpl, &b);
	else if (d->kind == DATA_LIT)
		value_show(d->lit, &b);
	for (uint32_t i = 0; d->kind == DATA_LIST && i < d->c.count; i++) {
		buf_adds(&b, known_text(f, &d->c.items[i]));
		buf_addc(&b, '\n');
	}
	s = arena_str(f->tmp ? f->tmp : &f->e->arena, b.p ? b.p : "", b.len);
	buf_release(&b);
	return s;
}

bool eval_text(struct frame *f, const struct data *d, struct str *out, bool *unknown, struct str *error)
{
	struct eval_env env = frame_env(f);
	struct eval_error err = { 0 };
	struct value v;

	if (d->kind == DATA_NONE) {
		*out = STR("");
		return true;
	}
	v = data_eval_text(d, &f->e->p->codes, &env, &err);
	if (err.set) {
		*error = error_text(f, &err);
		return false;
	}
	if (v.kind == V_UNKNOWN) {
		*unknown = true;
		*out = known_text(f, d);
		return true;
	}
	*out = v.kind == V_NULL ? STR("") : value_text(v);
	return true;
}

bool eval_words(struct frame *f, const struct data *d, struct str **out, uint32_t *n, bool *unknown, struct str *error)
{
	struct eval_env env = frame_env(f);
	struct eval_error err = { 0 };
	struct value v = data_eval_words(d, &f->e->p->codes, &env, &err);
	struct str *list;

	if (err.set) {
		*error = error_text(f, &err);
		return false;
	}
	if (v.kind == V_UNKNOWN) {
		*unknown = true;
		*n = d->kind == DATA_LIST ? d->c.count : 1;
		list = arena_array(env.arena, *n + 1, sizeof(*list));
		for (uint32_t i = 0; i < *n; i++)
			list[i] = known_text(f, d->kind == DATA_LIST ? &d->c.items[i] : d);
		*out = list;
		return true;
	}
	list = arena_array(env.arena, v.n + 1, sizeof(*list));
	*n = v.n;
	for (uint32_t i = 0; i < v.n; i++) {
		if (v.list[i].kind == V_UNKNOWN) {
			*unknown = true;
			list[i] = d->kind == DATA_LIST && i < d->c.count ? known_text(f, &d->c.items[i]) : STR("(unknown)");
		} else {
			list[i] = value_text(v.list[i]);
		}
	}
	*out = list;
	return true;
}

static bool eval_number(struct frame *f, const struct data *d, uint8_t kind, int64_t dflt, int64_t *out, struct str *error)
{
	struct eval_env env = frame_env(f);
	struct eval_error err = { 0 };
	struct value v;

	*out = dflt;
	if (d->kind == DATA_NONE)
		return true;
	v = data_eval(d, &f->e->p->codes, &env, &err);
	if (err.set) {
		*error = error_text(f, &err);
		return false;
	}
	if (v.kind == V_UNKNOWN || v.kind == V_NULL)
		return true;
	if (v.kind == V_FLOAT && kind == V_INT) {
		*out = (int64_t)v.f;
		return true;
	}
	if (v.kind != kind) {
		*error = arena_printf(&f->e->arena, "a %s is needed here, this is %s", value_kind_name(kind), value_kind_name(v.kind));
		return false;
	}
	*out = v.i;
	return true;
}

bool eval_duration(struct frame *f, const struct data *d, int64_t dflt, int64_t *out, struct str *error)
{
	return eval_number(f, d, V_DURATION, dflt, out, error);
}

bool eval_int(struct frame *f, const struct data *d, int64_t dflt, int64_t *out, struct str *error)
{
	return eval_number(f, d, V_INT, dflt, out, error);
}
