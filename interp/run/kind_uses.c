#include "run/engine_state.h"

/*
 * kind_uses: `uses`: a module as a block whose steps see only what `with` gives
 * them. Each attempt has a scope of its own: inputs and vars are evaluated when
 * it starts, outputs when its steps have ended.
 */

static bool convert(const struct decl *in, struct value *v)
{
	if (in->type == DECL_FLOAT && v->kind == V_INT)
		*v = value_float((double)v->i);
	return v->kind != V_NULL || (in->has_default && in->dflt.kind == V_NULL);
}

/* Text goes into a secret input as a secret from here on. */
static void hide(struct engine *e, struct value *v)
{
	if (v->kind != V_STRING)
		return;
	if (!value_has_flag(*v, VALUE_SECRET) && e->fx && e->fx->hide)
		e->fx->hide(e->ctx, value_text(*v));
	v->flags |= VALUE_SECRET;
}

static bool input_value(struct frame *f, const struct call *c, uint32_t i, struct value *out, struct str *error)
{
	struct engine *e = f->e;
	const struct decl *in = &c->unit->rb->inputs[i];
	const struct regex *re = c->unit->patterns[i];
	struct eval_env env = frame_env(f);
	struct eval_error err = { 0 };
	struct str why = STR("");

	*out = in->has_default ? in->dflt : value_null;
	if (c->with[i].kind == DATA_NONE)
		return true;
	*out = value_copy(&e->arena, data_eval(&c->with[i], &e->p->codes, &env, &err));
	if (err.set) {
		*error = arena_printf(&e->arena, "input `" STR_FMT "`: " STR_FMT, STR_ARG(in->name), STR_ARG(error_text(f, &err)));
		return false;
	}
	if (value_has_unknown(*out)) /* dry-run */
		return true;
	if (in->type == DECL_SECRET)
		hide(e, out);
	if (!convert(in, out))
		why = STR("it is null");
	else if (out->kind == V_NULL || input_fits(&e->arena, in, re, *out, &why))
		return true;
	*error = arena_printf(&e->arena, "input `" STR_FMT "`: " STR_FMT, STR_ARG(in->name), STR_ARG(why));
	return false;
}

struct scope_results *uses_scope(struct frame *f, const struct prog_step *ps, struct str *error)
{
	struct engine *e = f->e;
	const struct call *c = ps->call;
	const struct runbook *rb = c->unit->rb;
	struct scope_results *sc = arena_alloc(&e->arena, sizeof(*sc));
	struct value *inputs = arena_array(&e->arena, rb->input_count + 1, sizeof(*inputs));
	struct value *vars = arena_array(&e->arena, rb->var_count + 1, sizeof(*vars));
	struct frame in = { .e = e, .kind = FRAME_LIST, .parent = f, .ps = ps, .scope = sc };
	struct eval_env env = { 0 };

	*sc = (struct scope_results){ .loop = UNIT_LOOP(c->unit), .inputs = inputs, .vars = vars };
	sc->slots = arena_array(&e->arena, c->unit->root_slots + 1, sizeof(*sc->slots));
	for (uint32_t i = 0; i < rb->input_count; i++)
		if (!input_value(f, c, i, &inputs[i], error))
			return NULL;
	env = frame_env(&in);
	for (uint32_t i = 0; i < rb->var_count; i++) {
		struct eval_error err = { 0 };

		vars[i] = data_eval(&rb->vars[i].data, &e->p->codes, &env, &err);
		if (err.set) {
			*error = arena_printf(&e->arena, "vars." STR_FMT ": " STR_FMT, STR_ARG(rb->vars[i].name), STR_ARG(error_text(f, &err)));
			return NULL;
		}
	}
	return sc;
}

bool uses_outputs(struct frame *f, struct value *list, struct str *error)
{
	struct engine *e = f->e;
	const struct unit *u = f->ps->call->unit;
	struct frame in = { .e = e, .kind = FRAME_LIST, .parent = f, .ps = f->ps, .scope = f->inner };

	for (uint32_t i = 0; i < u->rb->output_count; i++) {
		struct eval_error err = { 0 };
		struct value got = eval_code(&in, u->rb->outputs[i].expr, &err);

		if (err.set) {
			*error = arena_printf(&e->arena, "output `" STR_FMT "`: " STR_FMT, STR_ARG(u->rb->outputs[i].name), STR_ARG(error_text(f, &err)));
			return false;
		}
		list[i] = value_copy(&e->arena, got);
	}
	return true;
}

static enum started uses_start(struct frame *f, const struct prog_step *ps, bool probe, struct str *error)
{
	struct scope_results *sc = uses_scope(f, ps, error);
	struct frame *l;

	(void)probe;
	if (!sc)
		return STARTED_FAIL;
	l = list_push(f, &ps->call->unit->body, ROLE_FORWARD, "");
	l->role = f->role;
	l->scope = f->inner = sc;
	if (f->attempt > 1)
		l->key = arena_printf(&f->e->arena, STR_FMT "~%u", STR_ARG(f->key), f->attempt);
	kept_add(l);
	f->child = l;
	return STARTED_PUSH;
}

static bool uses_success(const struct frame *f, const struct result *r)
{
	(void)f, (void)r;
	return true;
}

/* What the module was given, for the record; secrets by name only. */
static void uses_describe(struct frame *f, const struct prog_step *ps, struct jsonw *w)
{
	const struct unit *u = ps->call->unit;

	jsonw_kstr(w, "uses", u->name);
	jsonw_key(w, "with");
	jsonw_open(w, '{');
	for (uint32_t i = 0; i < u->rb->input_count && rec_room(f->e, 3 * REC_TEXT_MAX); i++) {
		jsonw_key(w, u->rb->inputs[i].name.p);
		if (u->rb->inputs[i].type == DECL_SECRET)
			jsonw_str(w, STR("***"));
		else
			rec_value(f->e, w, f->inner->inputs[i]);
	}
	jsonw_close(w, '}');
}

const struct step_kind kind_uses = { .action = ACT_USES, .name = "uses", .start = uses_start, .success = uses_success,
				     .describe = uses_describe };
