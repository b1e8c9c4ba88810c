/*
 * render_compile: the holes of templates and data trees, checked and compiled.
 * A wanted string means a text position: any type that has a text will do. In a
 * wanted list of string each item may also be null (it drops out) or a list (it
 * is spliced), if it is exactly one hole.
 */
#include "eval/code.h"

#include "syntax/node.h"

struct holes {
	struct arena *arena;
	const struct scope *scope;
	struct codes *codes;
	struct diags *ds;
};

static struct compiler compiler_of(const struct holes *h)
{
	return (struct compiler){ .arena = h->arena, .scope = h->scope, .ds = h->ds };
}

static bool keep(struct holes *h, const struct expr *e, const struct code *n)
{
	if (!n)
		return false;
	if (e->id < h->codes->count)
		h->codes->list[e->id] = n;
	return true;
}

static bool has_text(const struct type *t)
{
	return type_has_text(t) || t->kind == T_ANY || t->kind == T_ERROR;
}

static bool item_has_text(const struct type *t)
{
	if (t->kind == T_NULL)
		return true;
	if (t->kind == T_LIST)
		return has_text(t->elem) && !t->elem->optional;
	return has_text(t);
}

static bool text_hole(struct holes *h, const struct expr *e, bool item)
{
	const struct code *n = expr_compile(h->arena, e, h->scope, NULL, h->ds);
	struct compiler c = compiler_of(h);

	if (!n)
		return false;
	if (item ? !item_has_text(n->type) : !has_text(n->type) || n->type->optional) {
		complain_no_text(&c, n);
		return false;
	}
	return keep(h, e, n);
}

static bool compile_tmpl(struct holes *h, const struct tmpl *t, const struct type *want, bool item)
{
	bool ok = true;

	for (uint32_t i = 0; i < t->count; i++) {
		const struct expr *e = t->parts[i].hole;

		if (!e)
			continue;
		if (!t->exact || item || (want && want->kind == T_STRING))
			ok = text_hole(h, e, item && t->exact) && ok;
		else
			ok = keep(h, e, expr_compile(h->arena, e, h->scope, want, h->ds)) && ok;
	}
	return ok;
}

bool tmpl_compile(struct arena *a, const struct tmpl *t, const struct scope *s, const struct type *want_exact,
		  struct codes *codes, struct diags *ds)
{
	struct holes h = { a, s, codes, ds };

	return compile_tmpl(&h, t, want_exact, false);
}

static bool wrong_shape(struct holes *h, const struct data *d, const struct type *want, const char *is)
{
	struct compiler c = compiler_of(h);
	struct diag *diag;

	diag = complain(&c, 236, d->node->span, "this must be %s, not %s", type_text(&c, want), is);
	if (d->kind == DATA_TEXT)
		diag_help(h->ds, diag, "make the hole the whole value; a value with text around it is text");
	return false;
}

static const struct type *field_want(const struct type *want, struct str key)
{
	const struct field *f;

	if (!want || want->kind == T_MAP)
		return want ? want->elem : NULL;
	f = type_field(want, key);
	return f ? f->type : NULL;
}

static bool compile_data(struct holes *h, const struct data *d, const struct type *want, bool item)
{
	bool ok = true, text;

	if (want && want->kind == T_ANY)
		want = NULL;
	text = want && want->kind == T_STRING;
	switch ((enum data_kind)d->kind) {
	case DATA_NONE:
	case DATA_LIT: /* typed and checked by the reader of its key */
		return true;
	case DATA_TEXT:
		if (!d->tmpl->exact && want && !type_fits(&type_string, want))
			return wrong_shape(h, d, want, "text");
		return compile_tmpl(h, d->tmpl, want, item);
	case DATA_LIST:
		if (want && !text && want->kind != T_LIST)
			return wrong_shape(h, d, want, "a list");
		for (uint32_t i = 0; i < d->c.count; i++) {
			const struct type *elem = text ? want : want ? want->elem : NULL;

			ok = compile_data(h, &d->c.items[i], elem, elem && elem->kind == T_STRING) && ok;
		}
		return ok;
	case DATA_MAP:
		if (want && want->kind != T_MAP && want->kind != T_RECORD)
			return wrong_shape(h, d, want, "a map");
		for (uint32_t i = 0; i < d->c.count; i++)
			ok = compile_data(h, &d->c.items[i], field_want(want, d->c.keys[i]), false) && ok;
		return ok;
	}
	return ok;
}

bool data_compile(struct arena *a, const struct data *d, const struct scope *s, const struct type *want,
		  struct codes *codes, struct diags *ds)
{
	struct holes h = { a, s, codes, ds };

	return compile_data(&h, d, want, false);
}
