/*
 * render: templates and data trees to values. A hole is evaluated once and its
 * result is never scanned again. An unknown hole makes its text unknown; a
 * secret one makes it secret.
 */
#include "eval/code.h"

#include <stdio.h>

struct renderer {
	const struct codes *codes;
	const struct eval_env *env;
	struct eval_error *err;
};

static struct value fail(struct renderer *r, const struct expr *at, const char *text)
{
	if (!r->err->set) {
		r->err->set = true;
		r->err->at = expr_span(at);
		(void)snprintf(r->err->text, sizeof r->err->text, "%s", text);
	}
	return value_null;
}

/* What a whole value of a hole is made of. */
static void tell_secrets(struct renderer *r, struct value v)
{
	for (uint32_t i = 0; v.kind == V_LIST && i < v.n; i++)
		tell_secrets(r, v.list[i]);
	for (uint32_t i = 0; v.kind == V_MAP && i < v.n; i++)
		tell_secrets(r, v.map[i].value);
	if (v.kind < V_LIST)
		(void)r->env->secret(r->env->ctx, v, NULL);
}

/* A replay has stand-ins for secrets, of which nothing can be computed: so there, and where it fails in
 * earnest, something stands for the result. */
static struct value instead(struct renderer *r)
{
	struct value v = r->env->secret(r->env->ctx, value_null, r->err);

	r->err->set = false;
	return v;
}

static struct value hole(struct renderer *r, const struct expr *e)
{
	const struct code *c = e->id < r->codes->count ? r->codes->list[e->id] : NULL;
	struct value v = c ? code_eval(c, r->env, r->err) : fail(r, e, "this was not compiled");

	if (!c || !r->env->secret || !type_tainted(code_type(c)))
		return v;
	if (r->err->set)
		return instead(r);
	tell_secrets(r, v);
	return v;
}

/* Adds the exact text; false after an error. */
static bool add_text(struct renderer *r, const struct expr *e, struct value v, struct buf *out)
{
	if (value_to_text(v, out))
		return true;
	if (r->env->secret && value_has_flag(v, VALUE_SECRET)) {
		(void)fail(r, e, "what was computed from a secret has no text: it is null, a list or a map");
		buf_adds(out, value_text(instead(r)));
		return true;
	}
	if (v.kind == V_NULL)
		fail(r, e, "null has no text; write show(x) or x ?? '...'");
	else if (v.kind == V_LIST)
		fail(r, e, "a list has no text; write join(x, ', ') or to_json(x)");
	else
		fail(r, e, "a map has no text; write to_json(x)");
	return false;
}

static struct value take(struct renderer *r, struct buf *b, const struct expr *at, uint8_t flags)
{
	struct value v = value_null;

	if (b->full)
		fail(r, at, "the text is longer than 16 MiB");
	else
		v = value_str_copy(r->env->arena, (struct str){ b->p ? b->p : "", b->len });
	if (v.kind == V_STRING)
		v.flags |= flags & VALUE_SECRET;
	buf_release(b);
	return v;
}

/* The text of one value; unknown stays as it is. */
static struct value to_text(struct renderer *r, const struct expr *e, struct value v)
{
	struct buf b;

	if (v.kind == V_UNKNOWN || v.kind == V_STRING)
		return v;
	buf_init(&b, EVAL_BYTES_MAX);
	add_text(r, e, v, &b);
	return take(r, &b, e, v.flags);
}

static struct value mixed_text(struct renderer *r, const struct tmpl *t)
{
	struct value unknown = value_null, v;
	const struct expr *last = NULL;
	uint8_t flags = 0;
	struct buf b;

	buf_init(&b, EVAL_BYTES_MAX);
	for (uint32_t i = 0; i < t->count && !r->err->set; i++) {
		buf_adds(&b, t->parts[i].text);
		if (!t->parts[i].hole)
			continue;
		last = t->parts[i].hole;
		v = hole(r, last);
		flags |= v.flags;
		if (r->err->set)
			break;
		if (v.kind != V_UNKNOWN)
			add_text(r, last, v, &b);
		else if (unknown.kind == V_NULL)
			unknown = v;
	}
	if (r->err->set || unknown.kind == V_UNKNOWN || (b.full && !last)) {
		buf_release(&b);
		return r->err->set ? value_null : unknown;
	}
	return take(r, &b, last, flags);
}

static const struct expr *exact_hole(const struct tmpl *t)
{
	for (uint32_t i = 0; i < t->count; i++)
		if (t->parts[i].hole)
			return t->parts[i].hole;
	return NULL;
}

static struct value render_tmpl(struct renderer *r, const struct tmpl *t)
{
	return t->exact ? hole(r, exact_hole(t)) : mixed_text(r, t);
}

static struct value render(struct renderer *r, const struct data *d)
{
	struct value *items;
	struct pair *pairs;

	switch ((enum data_kind)d->kind) {
	case DATA_LIT:
		return d->lit;
	case DATA_TEXT:
		return render_tmpl(r, d->tmpl);
	case DATA_LIST:
		items = arena_array(r->env->arena, d->c.count + 1U, sizeof *items);
		for (uint32_t i = 0; i < d->c.count && !r->err->set; i++)
			items[i] = render(r, &d->c.items[i]);
		return r->err->set ? value_null : value_list(items, d->c.count);
	case DATA_MAP:
		pairs = arena_array(r->env->arena, d->c.count + 1U, sizeof *pairs);
		for (uint32_t i = 0; i < d->c.count && !r->err->set; i++) {
			pairs[i].key = d->c.keys[i];
			pairs[i].value = render(r, &d->c.items[i]);
		}
		return r->err->set ? value_null : value_map(pairs, d->c.count);
	default:
		return value_null;
	}
}

struct value data_eval(const struct data *d, const struct codes *codes, const struct eval_env *env,
		       struct eval_error *err)
{
	struct renderer r = { codes, env, err };
	struct value v;

	err->set = false;
	v = render(&r, d);
	return err->set ? value_null : v;
}

/* --- lists of text --- */

struct words {
	struct renderer *r;
	struct value *list;
	uint32_t count, cap;
};

static void push(struct words *w, struct value v)
{
	struct value *grown;

	if (w->count == w->cap) {
		w->cap = w->cap ? w->cap * 2 : 8;
		grown = arena_array(w->r->env->arena, w->cap, sizeof *grown);
		for (uint32_t i = 0; i < w->count; i++)
			grown[i] = w->list[i];
		w->list = grown;
	}
	w->list[w->count++] = v;
}

static struct value literal_text(struct renderer *r, struct value v)
{
	struct buf b;

	if (v.kind == V_STRING)
		return v;
	buf_init(&b, EVAL_BYTES_MAX);
	(void)value_to_text(v, &b);
	return take(r, &b, NULL, 0);
}

/* An item that is one hole: null drops out, a list is spliced. */
static void push_hole(struct words *w, const struct tmpl *t)
{
	const struct expr *e = exact_hole(t);
	struct value v = hole(w->r, e);

	if (w->r->err->set || v.kind == V_NULL)
		return;
	if (v.kind != V_LIST) {
		push(w, to_text(w->r, e, v));
		return;
	}
	for (uint32_t i = 0; i < v.n && !w->r->err->set; i++)
		push(w, to_text(w->r, e, v.list[i]));
}

static void push_item(struct words *w, const struct data *d)
{
	if (d->kind == DATA_TEXT && d->tmpl->exact)
		push_hole(w, d->tmpl);
	else if (d->kind == DATA_TEXT)
		push(w, mixed_text(w->r, d->tmpl));
	else if (d->kind == DATA_LIT)
		push(w, literal_text(w->r, d->lit));
}

struct value data_eval_words(const struct data *d, const struct codes *codes, const struct eval_env *env,
			     struct eval_error *err)
{
	struct renderer r = { codes, env, err };
	struct words w = { .r = &r };

	err->set = false;
	if (d->kind != DATA_LIST)
		push_item(&w, d);
	for (uint32_t i = 0; d->kind == DATA_LIST && i < d->c.count && !err->set; i++)
		push_item(&w, &d->c.items[i]);
	return err->set ? value_null : value_list(w.list, w.count);
}

/* Lines joined; the first unknown line makes the text unknown. */
static struct value join_lines(struct renderer *r, struct value lines)
{
	uint8_t flags = 0;
	struct buf b;

	for (uint32_t i = 0; i < lines.n; i++)
		if (lines.list[i].kind == V_UNKNOWN)
			return lines.list[i];
	buf_init(&b, EVAL_BYTES_MAX);
	for (uint32_t i = 0; i < lines.n; i++) {
		if (i)
			buf_addc(&b, '\n');
		buf_adds(&b, value_text(lines.list[i]));
		flags |= lines.list[i].flags;
	}
	/* holes are bounded one by one; their sum is cut here without a place to blame */
	if (b.full && !r->err->set) {
		r->err->set = true;
		r->err->at = (struct span){ NULL, 0, 0 };
		(void)snprintf(r->err->text, sizeof r->err->text, "the text is longer than 16 MiB");
	}
	if (r->err->set) {
		buf_release(&b);
		return value_null;
	}
	return take(r, &b, NULL, flags);
}

struct value data_eval_text(const struct data *d, const struct codes *codes, const struct eval_env *env,
			    struct eval_error *err)
{
	struct renderer r = { codes, env, err };
	struct value v;

	err->set = false;
	if (d->kind == DATA_LIT)
		return literal_text(&r, d->lit);
	if (d->kind == DATA_LIST) {
		v = data_eval_words(d, codes, env, err);
		return err->set ? value_null : join_lines(&r, v);
	}
	if (d->kind != DATA_TEXT)
		return value_null;
	v = render_tmpl(&r, d->tmpl);
	if (!err->set && d->tmpl->exact)
		v = to_text(&r, exact_hole(d->tmpl), v);
	return err->set ? value_null : v;
}

struct value tmpl_eval_holes(const struct tmpl *t, const struct codes *codes, const struct eval_env *env,
			     struct eval_error *err)
{
	struct renderer r = { codes, env, err };
	struct words w = { .r = &r };

	err->set = false;
	for (uint32_t i = 0; i < t->count && !err->set; i++)
		if (t->parts[i].hole) {
			struct value v = hole(&r, t->parts[i].hole);

			if (!err->set)
				push(&w, to_text(&r, t->parts[i].hole, v));
		}
	return err->set ? value_null : value_list(w.list, w.count);
}
