/*
 * compile: expression tree to code tree. Each node is checked once, bottom up;
 * a broken part becomes a node of type_error, which agrees with everything, so
 * that one mistake gives one diagnostic. Operators are in compile_ops.c, calls
 * in compile_call.c, the words of diagnostics in complain.c.
 */
#include "eval/code.h"

#include <string.h>

struct code *code_new(struct compiler *c, const struct expr *e, code_run *run, const struct type *t, uint32_t count)
{
	struct code *n = arena_alloc(c->arena, sizeof *n);

	n->run = run;
	n->type = t;
	n->expr = e;
	n->count = count;
	if (count)
		n->args = arena_array(c->arena, count, sizeof n->args[0]);
	return n;
}

const struct code *code_error(struct compiler *c, const struct expr *e)
{
	c->failed = true;
	return code_new(c, e, run_never, &type_error, 0);
}

static const struct type *type_of_literal(struct value v)
{
	static const struct type *const types[] = {
		[V_NULL] = &type_null, [V_BOOL] = &type_bool, [V_INT] = &type_int, [V_FLOAT] = &type_float,
		[V_STRING] = &type_string, [V_DURATION] = &type_duration, [V_TIME] = &type_time,
		[V_SIZE] = &type_size, [V_PERCENT] = &type_percent,
	};

	return v.kind <= V_PERCENT ? types[v.kind] : &type_any;
}

bool code_is_literal(const struct code *n)
{
	return n->run == run_literal;
}

bool code_constant_text(const struct code *n, struct str *out)
{
	if (!code_is_literal(n) || n->lit.kind != V_STRING)
		return false;
	*out = value_text(n->lit);
	return true;
}

const struct code *code_fold(struct compiler *c, struct code *n)
{
	struct eval_env env = { .arena = c->arena };
	struct eval_error err = { .set = false };
	struct machine m;
	struct code *lit;
	struct value v;

	for (uint32_t i = 0; i < n->count; i++)
		if (!code_is_literal(n->args[i]))
			return n;
	m.env = &env;
	m.arena = c->arena;
	m.err = &err;
	m.fuel = 10000; /* what costs more is left to the evaluation */
	m.bytes = 4096;
	m.limit = false;
	v = n->run(n, &m);
	if (v.kind == V_FAIL) {
		if (m.limit)
			return n;
		complain(c, 241, err.at, "this always fails: %s", err.text);
		return code_error(c, n->expr);
	}
	lit = code_new(c, n->expr, run_literal, n->type, 0);
	lit->lit = v;
	return lit;
}

const struct code *code_taint(struct compiler *c, const struct code *n)
{
	struct code *t;
	bool tainted = false;

	for (uint32_t i = 0; i < n->count; i++)
		tainted = tainted || type_tainted(n->args[i]->type);
	if (!tainted && !n->type->secret)
		return n;
	t = code_new(c, n->expr, run_taint, type_secret(c->arena, n->type), 1);
	t->args[0] = n;
	return t;
}

const struct code *code_finish(struct compiler *c, struct code *n)
{
	const struct code *t = code_taint(c, n);

	return t == n ? code_fold(c, n) : t;
}

const struct code *code_coerce(struct compiler *c, const struct code *n, const struct type *t)
{
	struct code *w;

	if (t->kind != T_FLOAT || n->type->kind != T_INT)
		return n;
	w = code_new(c, n->expr, run_widen, n->type->optional ? type_optional(c->arena, &type_float) : &type_float, 1);
	w->args[0] = n;
	return code_finish(c, w);
}

bool check_present(struct compiler *c, const struct code *n)
{
	if (n->type->kind == T_ERROR)
		return false;
	if (!n->type->optional && n->type->kind != T_NULL)
		return true;
	complain_null(c, n);
	return false;
}

bool check_bool(struct compiler *c, const struct code *n, const char *what)
{
	const struct type *t = n->type;
	const char *text;
	struct diag *d;

	if (t->kind == T_ERROR)
		return false;
	if (t->kind == T_BOOL && !t->optional)
		return true;
	if (t->kind == T_BOOL) {
		complain_null(c, n);
		return false;
	}
	d = complain(c, 224, expr_span(n->expr), "%s must be bool, not %s", what, type_text(c, t));
	complain_note(c, d, n);
	text = expr_text(c, n->expr);
	if (t->kind == T_ANY)
		diag_help(c->ds, d, "convert it: `bool(%s)`", text);
	else if (t->optional)
		diag_help(c->ds, d, "write `%s != null`", text);
	else if (t->kind == T_STRING)
		diag_help(c->ds, d, "write `%s != ''`, or bool(%s) if it says true or false", text, text);
	else if (t->kind == T_INT || t->kind == T_FLOAT)
		diag_help(c->ds, d, "write `%s != 0`", text);
	else if (t->kind == T_LIST || t->kind == T_MAP)
		diag_help(c->ds, d, "write `len(%s) > 0`", text);
	else if (t->kind == T_STATUS)
		diag_help(c->ds, d, "write `%s == 'ok'`", text);
	else
		diag_help(c->ds, d, "write a comparison; there are no truthy values");
	return false;
}

/* --- names --- */

static const struct code *found(struct compiler *c, const struct expr *e, const struct binding *b)
{
	struct binding *kept;
	struct code *n;

	if (b->type->kind == T_ERROR)
		return code_error(c, e);
	kept = arena_alloc(c->arena, sizeof *kept);
	*kept = *b;
	n = code_new(c, e, run_ref, b->type, 0);
	n->ref = b->ref;
	n->bind = kept;
	if (b->type->optional && facts_hold(c, e))
		n->type = type_required(c->arena, b->type);
	return n;
}

static const struct code *compile_name(struct compiler *c, const struct expr *e)
{
	struct binding b = { .type = NULL };
	struct code *n;

	for (uint32_t i = c->local_count; i-- > 0;) {
		const struct local *l = &c->locals[i];

		if (!str_eq(l->name, e->name))
			continue;
		n = code_new(c, e, run_local, l->type, 0);
		n->slot = i;
		if (l->type->optional && facts_hold(c, e))
			n->type = type_required(c->arena, l->type);
		return n;
	}
	if (c->scope->name(c->scope, e->name, expr_span(e), c->ds, &b))
		return found(c, e, &b);
	complain_unknown_name(c, e);
	return code_error(c, e);
}

static const struct code *member_of_any(struct compiler *c, const struct expr *e, const struct code *of, bool opt)
{
	struct code *n = code_new(c, e, run_member_any, of->type->secret ? type_secret(c->arena, &type_any) : &type_any, 1);

	n->args[0] = of;
	n->name = e->name;
	n->op = opt;
	return code_taint(c, n);
}

static const struct code *member_of_value(struct compiler *c, const struct expr *e, const struct code *of)
{
	const struct type *t = of->type;
	bool opt = e->kind == EXPR_OPT;
	const struct type *mt;
	const struct field *f;
	struct diag *d;
	struct code *n;

	if (!opt && !check_present(c, of))
		return code_error(c, e);
	if (t->kind == T_ANY)
		return member_of_any(c, e, of, opt);
	if (t->kind == T_MAP) {
		mt = opt ? type_optional(c->arena, t->elem) : t->elem;
	} else if (t->kind == T_RECORD) {
		f = type_field(t, e->name);
		if (!f && t->open) {
			n = code_new(c, e, opt ? run_member_opt : run_member, &type_any, 1);
			n->args[0] = of;
			n->name = e->name;
			return n;
		}
		if (!f) {
			complain_unknown_member(c, e, of);
			return code_error(c, e);
		}
		mt = opt && t->optional ? type_optional(c->arena, f->type) : f->type;
	} else {
		d = complain(c, 230, expr_op_span(e), "%s has no members", type_text(c, t));
		diag_label(c->ds, d, expr_span(of->expr), "%s", type_text(c, t));
		complain_note(c, d, of);
		if (function_find(e->name))
			diag_help(c->ds, d, "to call the function write `%s()`", expr_text(c, e));
		else if (t->kind == T_STRING)
			diag_help(c->ds, d, "if it is JSON text, write `json(%s).%.*s`", expr_text(c, of->expr), STR_ARG(e->name));
		return code_error(c, e);
	}
	n = code_new(c, e, opt ? run_member_opt : run_member, mt, 1);
	n->args[0] = of;
	n->name = e->name;
	if (mt->optional && facts_hold(c, e))
		n->type = type_required(c->arena, mt);
	return t->secret ? code_taint(c, n) : n;
}

static const struct code *compile_member(struct compiler *c, const struct expr *e)
{
	const struct code *of = compile_node(c, e->args[0]);
	struct binding b = { .type = NULL };

	if (of->type->kind == T_ERROR)
		return code_error(c, e);
	if (of->type->kind != T_NAMESPACE)
		return member_of_value(c, e, of);
	if (c->scope->member(c->scope, of->bind, e->name, expr_op_span(e), c->ds, &b))
		return found(c, e, &b);
	complain_unknown_member(c, e, of);
	return code_error(c, e);
}

/* --- index, list, if --- */

static const struct code *index_error(struct compiler *c, const struct expr *e, const struct code *of,
				      const struct code *at)
{
	struct diag *d;

	if (of->type->kind != T_LIST && of->type->kind != T_MAP && of->type->kind != T_RECORD) {
		d = complain(c, 231, expr_span(of->expr), "%s cannot be indexed", type_text(c, of->type));
		complain_note(c, d, of);
		if (of->type->kind == T_STRING)
			diag_help(c->ds, d, "write `lines(%s)` or `split(%s, ',')` for a list", expr_text(c, of->expr),
				  expr_text(c, of->expr));
	} else {
		d = complain(c, 231, expr_span(at->expr), "the index of a %s must be %s, not %s",
			     of->type->kind == T_LIST ? "list" : "map", of->type->kind == T_LIST ? "int" : "string",
			     type_text(c, at->type));
		complain_note(c, d, at);
		if (at->type->kind == T_FLOAT)
			diag_help(c->ds, d, "write `int(%s)`; `div(a, b)` divides whole numbers", expr_text(c, at->expr));
		else if (at->type->kind == T_ANY)
			diag_help(c->ds, d, "write `%s(%s)`", of->type->kind == T_LIST ? "int" : "str",
				  expr_text(c, at->expr));
	}
	return code_error(c, e);
}

static const struct code *compile_index(struct compiler *c, const struct expr *e)
{
	const struct code *of = compile_value(c, e->args[0]);
	const struct code *at = compile_value(c, e->args[1]);
	const struct type *t = of->type, *result = NULL;
	const struct field *f;
	struct code *n;
	struct str key;

	if (!check_present(c, of) || !check_present(c, at))
		return code_error(c, e);
	if (t->kind == T_ANY && (at->type->kind == T_INT || at->type->kind == T_STRING || at->type->kind == T_ANY))
		result = &type_any;
	else if (t->kind == T_LIST && at->type->kind == T_INT)
		result = type_item(t);
	else if (t->kind == T_MAP && (at->type->kind == T_STRING || at->type->kind == T_STATUS))
		result = t->elem;
	else if (t->kind == T_RECORD && code_constant_text(at, &key) && (f = type_field(t, key)))
		result = f->type;
	else if (t->kind == T_RECORD && at->type->kind == T_STRING)
		result = &type_any;
	if (!result)
		return index_error(c, e, of, at);
	n = code_new(c, e, run_index, result, 2);
	n->args[0] = of;
	n->args[1] = at;
	return t->secret ? code_taint(c, n) : n;
}

static const struct code *compile_list(struct compiler *c, const struct expr *e)
{
	struct code *n = code_new(c, e, run_list_of, &type_error, e->count);
	const struct type *elem = &type_error, *joined;
	bool bad = false;
	struct diag *d;

	for (uint32_t i = 0; i < e->count; i++) {
		const struct code *item = n->args[i] = compile_value(c, e->args[i]);

		if (item->type->kind == T_ERROR) {
			bad = true;
			continue;
		}
		joined = type_join(c->arena, elem, item->type);
		if (!joined) {
			d = complain(c, 233, expr_span(e->args[i]), "a list of %s cannot hold %s", type_text(c, elem),
				     type_text(c, item->type));
			diag_label(c->ds, d, expr_span(e->args[0]), "%s", type_text(c, n->args[0]->type));
			diag_help(c->ds, d, "give all items one type, for example with str(x)");
			bad = true;
		} else {
			elem = joined;
		}
	}
	if (bad)
		return code_error(c, e);
	for (uint32_t i = 0; i < n->count; i++)
		n->args[i] = code_coerce(c, n->args[i], elem);
	n->type = type_list(c->arena, elem);
	return code_fold(c, n);
}

static const struct code *compile_if(struct compiler *c, const struct expr *e)
{
	struct code *n = code_new(c, e, run_if, &type_error, 3);
	uint32_t facts = c->fact_count;
	const struct type *t;
	struct diag *d;
	bool ok;

	n->args[0] = compile_value(c, e->args[0]);
	ok = check_bool(c, n->args[0], "the condition");
	facts_add(c, e->args[0], true);
	n->args[1] = compile_value(c, e->args[1]);
	c->fact_count = facts;
	facts_add(c, e->args[0], false);
	n->args[2] = compile_value(c, e->args[2]);
	c->fact_count = facts;
	if (!ok || n->args[1]->type->kind == T_ERROR || n->args[2]->type->kind == T_ERROR)
		return code_error(c, e);
	t = type_join(c->arena, n->args[1]->type, n->args[2]->type);
	if (!t) {
		d = complain(c, 232, expr_span(e->args[2]), "`else` gives %s, `then` gives %s",
			     type_text(c, n->args[2]->type), type_text(c, n->args[1]->type));
		diag_label(c->ds, d, expr_span(e->args[1]), "%s", type_text(c, n->args[1]->type));
		diag_help(c->ds, d, "give both branches one type, for example with str(x)");
		return code_error(c, e);
	}
	n->type = t;
	n->args[1] = code_coerce(c, n->args[1], t);
	n->args[2] = code_coerce(c, n->args[2], t);
	if (type_tainted(n->args[0]->type))
		return code_taint(c, n);
	return t->secret ? code_taint(c, n) : n;
}

static const struct code *compile_not(struct compiler *c, const struct expr *e)
{
	struct code *n = code_new(c, e, run_not, &type_bool, 1);

	n->args[0] = compile_value(c, e->args[0]);
	if (!check_bool(c, n->args[0], "what `not` takes"))
		return code_error(c, e);
	return code_finish(c, n);
}

const struct code *compile_lambda(struct compiler *c, const struct expr *e, const struct type *param)
{
	static const struct type type_lambda = { .kind = T_LAMBDA };
	struct code *n = code_new(c, e, run_never, &type_lambda, 1);

	if (c->local_count == LOCALS_MAX) {
		complain(c, 208, expr_span(e), "more than %d lambdas inside each other", LOCALS_MAX);
		return code_error(c, e);
	}
	n->slot = c->local_count;
	c->locals[c->local_count++] = (struct local){ e->name, param };
	n->args[0] = compile_value(c, e->args[0]);
	c->local_count--;
	return n->args[0]->type->kind == T_ERROR ? code_error(c, e) : n;
}

static const struct code *compile_literal(struct compiler *c, const struct expr *e)
{
	struct code *n = code_new(c, e, run_literal, type_of_literal(e->lit), 0);

	n->lit = e->lit;
	return n;
}

static const struct code *dispatch(struct compiler *c, const struct expr *e)
{
	struct diag *d;

	switch ((enum expr_kind)e->kind) {
	case EXPR_LIT:
		return compile_literal(c, e);
	case EXPR_NAME:
		return compile_name(c, e);
	case EXPR_MEMBER:
	case EXPR_OPT:
		return compile_member(c, e);
	case EXPR_INDEX:
		return compile_index(c, e);
	case EXPR_CALL:
		return compile_call(c, e);
	case EXPR_LIST:
		return compile_list(c, e);
	case EXPR_NEG:
		return compile_negate(c, e);
	case EXPR_NOT:
		return compile_not(c, e);
	case EXPR_BINARY:
		return compile_binary(c, e);
	case EXPR_IF:
		return compile_if(c, e);
	case EXPR_LAMBDA:
		d = complain(c, 240, expr_span(e), "`%.*s => ...` is only an argument of list functions", STR_ARG(e->name));
		diag_help(c->ds, d, "for example `filter(list, x => x > 0)`");
		break;
	}
	return code_error(c, e);
}

const struct code *compile_node(struct compiler *c, const struct expr *e)
{
	const struct code *n;

	if (c->depth == CODE_DEPTH_MAX) {
		complain(c, 208, expr_span(e), "the expression is nested more than %d levels deep", CODE_DEPTH_MAX);
		return code_error(c, e);
	}
	c->depth++;
	n = dispatch(c, e);
	c->depth--;
	return n;
}

const struct code *compile_value(struct compiler *c, const struct expr *e)
{
	const struct code *n = compile_node(c, e);

	if (n->type->kind != T_NAMESPACE)
		return n;
	complain_not_a_value(c, n);
	return code_error(c, e);
}

/* --- public --- */

static const struct code *check_want(struct compiler *c, const struct code *n, const struct type *want)
{
	if (n->type->kind == T_ERROR || !want)
		return n;
	if (want->kind == T_BOOL && !want->optional)
		return check_bool(c, n, "this") ? n : code_error(c, n->expr);
	if (!type_fits(n->type, want)) {
		complain_want(c, n, want);
		return code_error(c, n->expr);
	}
	return code_coerce(c, n, want);
}

const struct code *expr_compile(struct arena *a, const struct expr *e, const struct scope *s,
				const struct type *want, struct diags *ds)
{
	struct compiler c;
	const struct code *n;

	memset(&c, 0, sizeof c);
	c.arena = a;
	c.scope = s;
	c.ds = ds;
	n = compile_value(&c, e);
	if (!c.failed)
		n = check_want(&c, n, want);
	return c.failed ? NULL : n;
}

const struct type *code_type(const struct code *c)
{
	return c->type;
}

const struct expr *code_expr(const struct code *c)
{
	return c->expr;
}

bool code_reads(const struct code *c, bool (*test)(void *arg, struct ref), void *arg)
{
	if (c->run == run_ref)
		return test(arg, c->ref);
	for (uint32_t i = 0; i < c->count; i++)
		if (code_reads(c->args[i], test, arg))
			return true;
	return false;
}

void code_refs(const struct code *c, void (*each)(void *arg, struct ref, const struct expr *at), void *arg)
{
	if (c->run == run_ref)
		each(arg, c->ref, c->expr);
	for (uint32_t i = 0; i < c->count; i++)
		code_refs(c->args[i], each, arg);
}
