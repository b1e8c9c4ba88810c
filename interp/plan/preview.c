/*
 * preview: see preview.h. Values that are not known yet are V_UNKNOWN, as in a
 * dry-run; a text with an unknown hole keeps the hole's source.
 */
#include "plan/preview.h"

#include "syntax/shell.h"

static struct value fetch(void *ctx, struct ref ref)
{
	struct preview *v = ctx;
	const struct program *p = v->p;
	if (ref.root == REF_INPUT && v->inputs)
		return v->inputs[ref.a];
	if (ref.root == REF_VAR)
		return v->vars[ref.a];
	if (ref.root == REF_RISK)
		return ref.a ? value_str(p->risk_level) : value_int(p->risk_score);
	return value_unknown("");
}

static struct value eval_hole(struct preview *v, const struct expr *e)
{
	const struct code *c = v->p->codes.list[e->id];
	struct eval_env env = { .fetch = fetch, .ctx = v, .arena = &v->arena };
	struct eval_error err = { 0 };
	struct value out = c ? code_eval(c, &env, &err) : value_unknown("");
	return err.set ? value_unknown("") : out;
}

static void eval_vars(struct preview *v)
{
	const struct runbook *rb = v->unit->rb;
	v->vars = arena_array(&v->arena, rb->var_count, sizeof *v->vars);
	for (uint32_t i = 0; i < rb->var_count; i++)
		v->vars[i] = value_unknown("");
	for (uint32_t i = 0; i < rb->var_count; i++) {
		struct eval_env env = { .fetch = fetch, .ctx = v, .arena = &v->arena };
		struct eval_error err = { 0 };
		struct value x = data_eval(&rb->vars[i].data, &v->p->codes, &env, &err);
		v->vars[i] = err.set ? value_unknown("") : x;
	}
}

void preview_init(struct preview *v, const struct program *p, const struct value *inputs, uint32_t revision)
{
	*v = (struct preview){ .p = p, .unit = p->units[0], .inputs = inputs, .revision = revision };
	arena_init(&v->arena);
	eval_vars(v);
}

struct preview_outside preview_enter(struct preview *v, const struct prog_step *ps)
{
	struct preview_outside o = { v->unit, v->inputs, v->vars };
	const struct unit *u = ps->call->unit;
	struct value *inputs = arena_array(&v->arena, u->rb->input_count, sizeof *inputs);
	for (uint32_t i = 0; i < u->rb->input_count; i++) {
		const struct decl *in = &u->rb->inputs[i];
		struct eval_env env = { .fetch = fetch, .ctx = v, .arena = &v->arena };
		struct eval_error err = { 0 };
		if (ps->call->with[i].kind == DATA_NONE)
			inputs[i] = in->has_default ? in->dflt : value_null;
		else
			inputs[i] = data_eval(&ps->call->with[i], &v->p->codes, &env, &err);
		if (err.set || in->type == DECL_SECRET)
			inputs[i] = value_unknown("");
	}
	v->unit = u;
	v->inputs = inputs;
	eval_vars(v);
	return o;
}

void preview_leave(struct preview *v, struct preview_outside o)
{
	v->unit = o.unit;
	v->inputs = o.inputs;
	v->vars = o.vars;
}

void preview_release(struct preview *v)
{
	arena_release(&v->arena);
}

struct str preview_source(const struct expr *e)
{
	return e ? str_trim(str_slice(e->node->text, e->start, e->end)) : STR("");
}

int preview_known(struct preview *v, const struct expr *e)
{
	struct value x = e ? eval_hole(v, e) : value_unknown("");
	return x.kind == V_BOOL ? x.b : -1;
}

static void put_tmpl(struct preview *v, const struct tmpl *t, struct buf *out)
{
	for (uint32_t i = 0; i < t->count; i++) {
		const struct tmpl_part *p = &t->parts[i];
		buf_adds(out, p->text);
		if (!p->hole)
			continue;
		struct value x = eval_hole(v, p->hole);
		if (x.kind == V_NULL)
			continue;
		if (value_has_unknown(x) || value_has_flag(x, VALUE_SECRET)) {
			buf_addz(out, "${{ ");
			buf_adds(out, preview_source(p->hole));
			buf_addz(out, " }}");
		} else if (!value_to_text(x, out)) {
			value_show(x, out);
		}
	}
}

/* An item that is one hole: none if it is null, several if it is a list. False: it is neither, or not known. */
static bool put_spread(struct preview *v, const struct data *d, struct buf *out, const char *between, bool first, bool quote)
{
	if (d->kind != DATA_TEXT || !d->tmpl->exact)
		return false;
	struct value x = eval_hole(v, d->tmpl->parts[0].hole);
	if (x.kind == V_NULL)
		return true;
	if (x.kind != V_LIST || value_has_unknown(x) || value_has_flag(x, VALUE_SECRET))
		return false;
	for (uint32_t i = 0; i < x.n; i++) {
		struct buf word;
		buf_init(&word, 1 << 16);
		value_show(x.list[i], &word);
		buf_addz(out, first && !i ? "" : between);
		if (quote)
			shell_quote(out, buf_str(&word));
		else
			buf_adds(out, buf_str(&word));
		buf_release(&word);
	}
	return true;
}

static void put_data(struct preview *v, const struct data *d, struct buf *out, const char *between, bool quote)
{
	if (d->kind == DATA_LIT) {
		struct buf word;
		buf_init(&word, 1 << 16);
		if (!value_to_text(d->lit, &word))
			value_show(d->lit, &word);
		if (quote)
			shell_quote(out, buf_str(&word));
		else
			buf_adds(out, buf_str(&word));
		buf_release(&word);
	} else if (d->kind == DATA_TEXT) {
		struct buf word;
		buf_init(&word, 1 << 16);
		put_tmpl(v, d->tmpl, &word);
		/* a hole that is left stays readable */
		if (quote && !tmpl_has_hole(buf_str(&word)))
			shell_quote(out, buf_str(&word));
		else
			buf_adds(out, buf_str(&word));
		buf_release(&word);
	} else if (d->kind == DATA_LIST) {
		size_t start = out->len;
		for (uint32_t i = 0; i < d->c.count; i++) {
			bool first = v->revision < REVISION_3 ? !i : out->len == start;
			if (v->revision >= REVISION_3 && put_spread(v, &d->c.items[i], out, between, first, quote))
				continue;
			if (!first)
				buf_addz(out, between);
			put_data(v, &d->c.items[i], out, between, quote);
		}
	}
}

static struct str keep(struct preview *v, struct buf *b)
{
	struct str s = arena_str(&v->arena, b->p ? b->p : "", b->len);
	buf_release(b);
	return str_trim(s);
}

struct str preview_text(struct preview *v, const struct data *d)
{
	struct buf b;
	buf_init(&b, 1 << 16);
	put_data(v, d, &b, "\n", false);
	return keep(v, &b);
}

static void put_http(struct preview *v, const struct act_http *h, struct buf *b)
{
	if (h->method.kind)
		put_data(v, &h->method, b, " ", false);
	else
		buf_addz(b, "GET");
	buf_addc(b, ' ');
	put_data(v, &h->url, b, " ", false);
}

/* "2 of lead (kim, lee)" */
static void put_approve(struct preview *v, const struct act_approve *ap, struct buf *b)
{
	const struct runbook *rb = v->p->rb;
	if (ap->min.kind)
		put_data(v, &ap->min, b, " ", false);
	else
		buf_addc(b, '1');
	buf_printf(b, " of " STR_FMT, STR_ARG(ap->from));
	for (uint32_t i = 0; i < rb->role_count; i++)
		if (str_eq(rb->roles[i].name, ap->from)) {
			buf_addz(b, " (");
			put_data(v, &rb->roles[i].who, b, ", ", false);
			buf_addc(b, ')');
		}
}

struct str preview_command(struct preview *v, const struct prog_step *ps)
{
	const struct step *s = ps->ast;
	struct buf b;
	buf_init(&b, 1 << 16);
	switch (s->action) {
	case ACT_RUN: put_data(v, &s->run.words, &b, " ", !s->run.script); break;
	case ACT_HTTP: put_http(v, &s->http, &b); break;
	case ACT_METRIC:
		put_data(v, &s->metric.query, &b, " ", false);
		buf_addz(&b, "  of ");
		put_data(v, &s->metric.http.url, &b, " ", false);
		break;
	case ACT_WAIT:
		buf_addz(&b, s->wait.until.kind ? "until " : "");
		put_data(v, s->wait.until.kind ? &s->wait.until : &s->wait.amount, &b, " ", false);
		break;
	case ACT_CONFIRM: put_data(v, &s->confirm, &b, "\n", false); break;
	case ACT_APPROVE: put_approve(v, &s->approve, &b); break;
	case ACT_ASK:
		for (uint32_t i = 0; i < s->ask.count; i++)
			buf_printf(&b, "%s" STR_FMT ": %s", i ? ", " : "", STR_ARG(s->ask.fields[i].name), decl_type_names[s->ask.fields[i].type]);
		break;
	case ACT_CHECKLIST: put_data(v, &s->checklist, &b, "\n", false); break;
	case ACT_NOTIFY:
		put_data(v, &s->notify.to, &b, ", ", false);
		buf_addz(&b, ": ");
		put_data(v, &s->notify.say, &b, "\n", false);
		break;
	case ACT_RENDER: put_data(v, &s->render.to, &b, " ", false); break;
	case ACT_USES: buf_adds(&b, s->uses.source); break;
	default: break;
	}
	return keep(v, &b);
}

/* Modules in modules may be many: what is behind so many steps of one undo is not shown. */
enum { UNDO_STEPS = 500 };
struct undo_walk { preview_each *each; void *arg; uint32_t left; };

static void undo_list(struct preview *v, const struct step_list *l, struct undo_walk *w);

static void undo_one(struct preview *v, const struct prog_step *ps, struct undo_walk *w)
{
	const struct step *s = ps->ast;
	int known = s->if_ ? preview_known(v, s->if_) : 1;
	if (!known)
		return;
	if (known < 0)
		w->each(w->arg, arena_printf(&v->arena, "# only if: " STR_FMT, STR_ARG(preview_source(s->if_))));
	if (s->more->foreach.present)
		w->each(w->arg, arena_printf(&v->arena, "# for each " STR_FMT, STR_ARG(preview_loop(v, s))));
	if (s->action == ACT_STEPS) {
		undo_list(v, &s->steps, w);
	} else if (ps->call) {
		struct preview_outside o = preview_enter(v, ps);
		undo_list(v, &ps->call->unit->body, w);
		preview_leave(v, o);
	} else {
		struct str command = preview_command(v, ps);
		if (command.n)
			w->each(w->arg, command);
	}
}

static void undo_list(struct preview *v, const struct step_list *l, struct undo_walk *w)
{
	for (uint32_t i = 0; i < l->count && w->left; i++) {
		if (!--w->left)
			w->each(w->arg, STR("# and more, see the runbook"));
		else
			undo_one(v, &v->p->steps[l->list[i]->ix], w);
	}
}

void preview_undo(struct preview *v, const struct step *s, preview_each *each, void *arg)
{
	struct undo_walk w = { each, arg, UNDO_STEPS };

	if (v->revision >= REVISION_3) {
		undo_list(v, &s->rollback, &w);
		return;
	}
	for (uint32_t i = 0; i < s->rollback.count; i++)
		each(arg, preview_command(v, &v->p->steps[s->rollback.list[i]->ix]));
}

struct str preview_loop(struct preview *v, const struct step *s)
{
	struct str over = s->more->foreach.over ? preview_source(s->more->foreach.over) : STR("");
	if (s->more->foreach.items.kind)
		over = arena_printf(&v->arena, "%u items", s->more->foreach.items.c.count);
	for (uint32_t i = 0; i < s->more->foreach.matrix_count; i++)
		over = arena_printf(&v->arena, STR_FMT "%s" STR_FMT, STR_ARG(over), i ? " x " : "", STR_ARG(s->more->foreach.matrix[i].name));
	return arena_printf(&v->arena, STR_FMT " in " STR_FMT, STR_ARG(s->more->foreach.as), STR_ARG(over));
}
