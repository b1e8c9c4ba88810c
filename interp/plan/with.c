/*
 * with: what a step gives to the module that it uses, against the inputs that
 * the module declares. Literals take the declared type and keep the input's
 * rules; expressions have its type. What is wrong is said at the value, with a
 * label at the declaration in the other file.
 */
#include "plan/modules.h"

#include "plan/check.h"

static const char *const examples[DECL_TYPES] = { "text", "3", "1.5", "true or false", "30s or 5m", "10MB or 1.5GiB", "0.5%",
						  "2026-11-21T02:00:00Z", "[a, b]", "{ a: b }", "${{ secrets.name }}" };

static bool has_hole(const struct data *d)
{
	if (d->kind == DATA_TEXT)
		return true;
	for (uint32_t i = 0; (d->kind == DATA_LIST || d->kind == DATA_MAP) && i < d->c.count; i++)
		if (has_hole(&d->c.items[i]))
			return true;
	return false;
}

static void wrong_type(struct load *l, const struct decl *in, struct span at, struct str what)
{
	struct diag *d = diag_add(l->ds, 427, at, "input `" STR_FMT "` needs %s, and this is " STR_FMT, STR_ARG(in->name),
				  in->type == DECL_SECRET ? "a secret" : decl_type_names[in->type], STR_ARG(what));
	diag_label(l->ds, d, in->span, "declared here");
	diag_help(l->ds, d, "for example %s", examples[in->type]);
}

/* Literals beside holes, as in [1m, "${{ vars.pause }}"]: each takes the type of the elements. */
static bool type_items(struct load *l, const struct decl *in, uint8_t type, struct data *d)
{
	struct decl one = { .name = in->name, .type = type };
	const struct node *bad = NULL;
	struct value v;
	if (d->kind == DATA_LIST || d->kind == DATA_MAP) {
		struct data *items = (struct data *)d->c.items; /* made by the parser for this step alone */
		for (uint32_t i = 0; i < d->c.count; i++)
			if (!type_items(l, in, type, &items[i]))
				return false;
		return true;
	}
	if (d->kind != DATA_LIT)
		return true;
	if (input_from_node(l->a, &one, d->node, &v, &bad)) {
		d->lit = v;
		return true;
	}
	wrong_type(l, in, d->node->span, arena_printf(l->a, "`" STR_FMT "`", STR_ARG(str_slice(d->node->text, 0, 80))));
	return false;
}

static bool is_null(const struct node *n)
{
	return n->kind == NODE_SCALAR && n->style == NODE_PLAIN && str_eqz(n->text, "null");
}

/* A literal of the declared type that keeps the input's rules. */
static void take_literal(struct load *l, const struct unit *u, const struct decl *in, struct data *d)
{
	const struct node *n = d->node, *bad = NULL;
	struct str why = STR("");
	struct value v;
	if (is_null(n) && in->has_default && in->dflt.kind == V_NULL) {
		*d = (struct data){ .kind = DATA_LIT, .node = n, .lit = value_null };
		return;
	}
	if (!input_from_node(l->a, in, n, &v, &bad)) {
		wrong_type(l, in, bad->span, bad->kind == NODE_SCALAR ? arena_printf(l->a, "`" STR_FMT "`", STR_ARG(str_slice(bad->text, 0, 80)))
								      : str_of(node_kind_name(bad)));
		return;
	}
	const struct regex *re = u->patterns ? u->patterns[in - u->rb->inputs] : NULL;
	if (!input_fits(l->a, in, re, v, &why)) {
		struct diag *g = diag_add(l->ds, 428, n->span, "input `" STR_FMT "`: " STR_FMT, STR_ARG(in->name), STR_ARG(why));
		diag_label(l->ds, g, in->span, "declared here");
		diag_help(l->ds, g, in->help.n ? STR_FMT : "keep the rule, or change it in the module", STR_ARG(in->help));
		return;
	}
	*d = (struct data){ .kind = DATA_LIT, .node = n, .lit = v };
}

static const struct decl *find_input(const struct unit *u, struct str name)
{
	for (uint32_t i = 0; i < u->rb->input_count; i++)
		if (str_eq(u->rb->inputs[i].name, name))
			return &u->rb->inputs[i];
	return NULL;
}

static void unknown_input(struct load *l, const struct unit *u, const struct named_data *w)
{
	struct diag *d = diag_add(l->ds, 426, w->span, "the module has no input `" STR_FMT "`", STR_ARG(w->name));
	uint32_t n = u->rb->input_count;
	if (l->ds->dropped)
		return;
	struct str *names = arena_array(l->a, n, sizeof *names);
	for (uint32_t i = 0; i < n; i++)
		names[i] = u->rb->inputs[i].name;
	struct str near = diag_nearest(w->name, names, n);
	const struct decl *in = near.n ? find_input(u, near) : NULL;
	if (in) {
		diag_label(l->ds, d, in->span, "this one is there");
		diag_help(l->ds, d, "did you mean `" STR_FMT "`?", STR_ARG(near));
	} else if (n) {
		diag_help(l->ds, d, "its inputs are " STR_FMT, STR_ARG(names_list(l->a, names, n)));
	} else {
		diag_help(l->ds, d, "it has no inputs at all: remove `with`");
	}
}

void with_literals(struct load *l, const struct step *s, struct call *call)
{
	const struct unit *u = call->unit;
	struct data *with = arena_array(l->a, u->rb->input_count, sizeof *with);
	bool *given = arena_array(l->a, u->rb->input_count, sizeof *given);
	call->with = with;
	for (uint32_t i = 0; i < s->uses.with_count; i++) {
		const struct named_data *w = &s->uses.with[i];
		const struct decl *in = find_input(u, w->name);
		if (!in) {
			unknown_input(l, u, w);
			continue;
		}
		struct data *d = &with[in - u->rb->inputs];
		given[in - u->rb->inputs] = true;
		*d = w->data;
		if (!has_hole(d))
			take_literal(l, u, in, d);
		else if (d->kind != DATA_TEXT)
			(void)type_items(l, in, in->of, d);
	}
	for (uint32_t i = 0; i < u->rb->input_count; i++) {
		const struct decl *in = &u->rb->inputs[i];
		if (given[i] || in->has_default)
			continue;
		struct diag *d = diag_add(l->ds, 425, s->uses.span, "input `" STR_FMT "` of the module is missing", STR_ARG(in->name));
		diag_label(l->ds, d, in->span, in->help.n ? "it is required: " STR_FMT : "it is required", STR_ARG(in->help));
		diag_help(l->ds, d, "add with: { " STR_FMT ": ... } (%s)", STR_ARG(in->name), decl_type_names[in->type]);
	}
}

static struct str type_name(struct load *l, const struct type *t)
{
	struct buf b;
	buf_init(&b, 4096);
	type_print(t, &b);
	struct str s = arena_str(l->a, b.p, b.len);
	buf_release(&b);
	return s;
}

static void check_type(struct load *l, const struct decl *in, const struct data *d, const struct type *t)
{
	const struct type *want = scope_input_type(l, in);
	if (type_tainted(t) && in->type != DECL_SECRET) {
		struct diag *g = diag_add(l->ds, 301, d->node->span, "a secret cannot flow into input `" STR_FMT "`", STR_ARG(in->name));
		diag_label(l->ds, g, in->span, "declared here, as %s", decl_type_names[in->type]);
		diag_help(l->ds, g, "secrets go to inputs of type secret");
		return;
	}
	if (type_fits(t, want) || (in->type == DECL_SECRET && t->kind == T_STRING && (!t->optional || want->optional)))
		return;
	struct str name = type_name(l, t);
	struct diag *g = diag_add(l->ds, 427, d->node->span, "input `" STR_FMT "` needs " STR_FMT ", and this is " STR_FMT,
				  STR_ARG(in->name), STR_ARG(type_name(l, want)), STR_ARG(name));
	diag_label(l->ds, g, in->span, "declared here");
	if (t->kind == T_ANY)
		diag_help(l->ds, g, "a value from JSON has no type of its own: convert it with str(), int(), duration() ...");
	else if (t->optional && !want->optional)
		diag_help(l->ds, g, "it may be null: write `x ?? ...`");
	else
		diag_help(l->ds, g, "for example %s", examples[in->type]);
}

void with_compile(struct load *l, struct prog_step *ps)
{
	const struct call *c = ps->call;
	const struct unit *u = c->unit;
	struct place at;
	place_init(&at, l, ps, WHEN_BEFORE, "with");
	at.secrets = true; /* where they may go is decided by the input */
	for (uint32_t i = 0; i < u->rb->input_count; i++) {
		const struct data *d = &c->with[i];
		size_t errors = l->ds->errors;
		if (!has_hole(d))
			continue;
		compile_data(&at, d, FORM_VALUE, NULL);
		if (l->ds->errors != errors)
			continue;
		/* text around a hole is text; a secret in it makes it one */
		const struct type *t = data_type(l, d);
		if (reads_a_secret(&at, d))
			t = type_secret(l->a, t);
		check_type(l, &u->rb->inputs[i], d, t);
	}
}
