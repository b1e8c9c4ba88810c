/*
 * complain_ops: what the checker says about operators between the wrong types,
 * status words, and calls.
 */
#include "eval/code.h"

#include <string.h>

#include "value/units.h"

static bool is_number(const struct type *t)
{
	return t->kind == T_INT || t->kind == T_FLOAT;
}

static bool is_text(const struct type *t)
{
	return t->kind == T_STRING || t->kind == T_STATUS;
}

static double number_of(struct value v)
{
	return v.kind == V_INT ? (double)v.i : v.f;
}

/* A unit beside a plain number: how to write the number. */
static bool help_unit_number(struct compiler *c, struct diag *d, const struct type *unit, const struct code *num)
{
	const char *text = expr_text(c, num->expr);
	bool lit = num->expr->kind == EXPR_LIT;
	double v = lit ? number_of(num->expr->lit) : 0;

	switch ((enum type_kind)unit->kind) {
	case T_PERCENT:
		if (lit && num->type->kind == T_FLOAT && v <= 1)
			diag_help(c->ds, d, "write `%.10g%%`, or ratio(%s)", v * 100, text);
		else if (lit)
			diag_help(c->ds, d, "write `%s%%`", text);
		else
			diag_help(c->ds, d, "write `ratio(%s)` if it runs from 0 to 1, `percent(%s)` from 0 to 100", text, text);
		return true;
	case T_DURATION:
		if (lit)
			diag_help(c->ds, d, "give it a unit: `%sms` or `%ss`", text, text);
		else
			diag_help(c->ds, d, "write `duration(%s, 'ms')`", text);
		return true;
	case T_SIZE:
		if (lit)
			diag_help(c->ds, d, "give it a unit: `%sB` or `%sMB`", text, text);
		else
			diag_help(c->ds, d, "write `size(%s, 'B')`", text);
		return true;
	case T_TIME:
		diag_help(c->ds, d, "write `time(%s)` for seconds since 1970", text);
		return true;
	default:
		return false;
	}
}

/* Text beside a value of another type. */
static bool help_text(struct compiler *c, struct diag *d, const struct code *text, const struct code *other)
{
	static const uint8_t kinds[] = {
		[T_BOOL] = V_BOOL, [T_INT] = V_INT, [T_FLOAT] = V_FLOAT, [T_DURATION] = V_DURATION,
		[T_TIME] = V_TIME, [T_SIZE] = V_SIZE, [T_PERCENT] = V_PERCENT,
	};
	const char *t = expr_text(c, text->expr), *o = expr_text(c, other->expr);
	const struct type *bare = type_required(c->arena, other->type);
	struct value parsed;
	struct str lit;

	if (!type_has_text(other->type))
		return false;
	if (code_constant_text(text, &lit) && other->type->kind != T_TIME &&
	    unit_parse(kinds[other->type->kind], c->arena, lit, &parsed))
		diag_help(c->ds, d, "write %.*s without quotes", STR_ARG(lit));
	else if (other->expr->kind == EXPR_LIT)
		diag_help(c->ds, d, "write `'%s'`, or %s(%s)", o, type_text(c, bare), t);
	else if (code_is_literal(text))
		diag_help(c->ds, d, "write `str(%s)`", o);
	else
		diag_help(c->ds, d, "write `%s(%s)`, or str(%s)", type_text(c, bare), t, o);
	return true;
}

static void label_both(struct compiler *c, struct diag *d, const struct code *l, const struct code *r)
{
	diag_label(c->ds, d, expr_span(l->expr), "%s", type_text(c, l->type));
	diag_label(c->ds, d, expr_span(r->expr), "%s", type_text(c, r->type));
	complain_note(c, d, l);
	complain_note(c, d, r);
}

static void help_pair(struct compiler *c, struct diag *d, const struct code *l, const struct code *r)
{
	if (is_number(r->type) && help_unit_number(c, d, l->type, r))
		return;
	if (is_number(l->type) && help_unit_number(c, d, r->type, l))
		return;
	if (is_text(r->type) && !is_text(l->type) && help_text(c, d, r, l))
		return;
	if (is_text(l->type) && !is_text(r->type))
		help_text(c, d, l, r);
}

void complain_compare(struct compiler *c, const struct expr *e, const struct code *l, const struct code *r)
{
	struct diag *d;

	if (l->type->kind == r->type->kind && l->type->kind != T_LIST) {
		d = complain(c, 214, expr_op_span(e), "cannot order two values of type %s", type_text(c, l->type));
		label_both(c, d, l, r);
		if (l->type->kind == T_STATUS)
			diag_help(c->ds, d, "write `==`, or `in ['ok', 'unchanged']`");
		return;
	}
	d = complain(c, 214, expr_op_span(e), "cannot compare %s with %s", type_text(c, l->type), type_text(c, r->type));
	label_both(c, d, l, r);
	help_pair(c, d, l, r);
}

void complain_arith(struct compiler *c, const struct expr *e, const struct code *l, const struct code *r)
{
	const char *lt = type_text(c, l->type), *rt = type_text(c, r->type);
	struct span at = expr_op_span(e);
	struct diag *d;

	if (e->op == OP_ADD)
		d = complain(c, 225, at, "cannot add %s and %s", lt, rt);
	else if (e->op == OP_SUB)
		d = complain(c, 225, at, "cannot subtract %s from %s", rt, lt);
	else if (e->op == OP_MUL)
		d = complain(c, 225, at, "cannot multiply %s by %s", lt, rt);
	else
		d = complain(c, 225, at, "cannot divide %s by %s", lt, rt);
	label_both(c, d, l, r);
	if (e->op == OP_ADD && l->type->kind == T_LIST && r->type->kind == T_LIST)
		diag_help(c->ds, d, "write `flatten([%s, %s])`", expr_text(c, l->expr), expr_text(c, r->expr));
	else if (e->op == OP_ADD && is_text(l->type) && type_has_text(r->type))
		diag_help(c->ds, d, "write `%s + str(%s)`", expr_text(c, l->expr), expr_text(c, r->expr));
	else if (e->op == OP_ADD && is_text(r->type) && type_has_text(l->type))
		diag_help(c->ds, d, "write `str(%s) + %s`", expr_text(c, l->expr), expr_text(c, r->expr));
	else if (l->type->kind == T_TIME && is_number(r->type) && r->expr->kind == EXPR_LIT)
		diag_help(c->ds, d, "give it a unit: `%ss`", expr_text(c, r->expr));
	else if (e->op == OP_ADD || e->op == OP_SUB)
		help_pair(c, d, l, r);
}

void check_status_word(struct compiler *c, const struct type *status, const struct code *word)
{
	struct str names[16], text;
	uint32_t count = 0;
	struct diag *d;

	if (!code_constant_text(word, &text))
		return;
	for (; count < status->field_count && count < 16; count++) {
		names[count] = status->fields[count].name;
		if (str_eq(names[count], text))
			return;
	}
	d = complain(c, 234, expr_span(word->expr), "a status is never `%.*s`", STR_ARG(text));
	text = diag_nearest(text, names, count);
	if (text.n)
		diag_help(c->ds, d, "did you mean `'%.*s'`?", STR_ARG(text));
	else
		diag_help(c->ds, d, "it is one of %s", status == &type_run_status || status->fields == type_run_status.fields ?
			  "running, ok, stopped, failed, rolled_back, rollback_incomplete, in_doubt, held, cancelled" :
			  "ok, unchanged, skipped, failed, timeout, undone, undo_failed, cancelled, not_run");
}

/* --- calls --- */

void complain_unknown_function(struct compiler *c, const struct expr *e)
{
	static const struct { const char *foreign, *ours; } words[] = {
		{ "length", "len" }, { "to_string", "str" }, { "string", "str" }, { "number", "float" },
		{ "uppercase", "upper" }, { "toupper", "upper" }, { "lowercase", "lower" }, { "tolower", "lower" },
		{ "fromJSON", "json" }, { "from_json", "json" }, { "parse_json", "json" }, { "toJSON", "to_json" },
		{ "startsWith", "starts_with" }, { "endsWith", "ends_with" }, { "average", "avg" }, { "mean", "avg" },
		{ "sort", "sort_by" }, { "sorted", "sort_by" }, { "select", "filter" }, { "where", "filter" },
		{ "uniq", "unique" }, { "base64", "b64" }, { "b64encode", "b64" }, { "strftime", "format_time" },
		{ "ceiling", "ceil" }, { "concat", "join" }, { "includes", "contains" }, { "exists", "any" },
	};
	uint32_t count;
	const struct function_doc *docs = function_docs(&count);
	struct str names[128], near;
	struct diag *d = complain(c, 227, expr_op_span(e), "unknown function `%.*s`", STR_ARG(e->name));

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (str_eqz(e->name, words[i].foreign)) {
			diag_help(c->ds, d, "write `%s`", words[i].ours);
			return;
		}
	if (str_eqz(e->name, "match") || str_eqz(e->name, "matches")) {
		diag_help(c->ds, d, "it is an operator: `text matches 'pattern'`");
		return;
	}
	if (str_eqz(e->name, "default") || str_eqz(e->name, "coalesce")) {
		diag_help(c->ds, d, "write `x ?? y`");
		return;
	}
	if (count > 128)
		count = 128;
	for (uint32_t i = 0; i < count; i++)
		names[i] = str_of(docs[i].name);
	near = diag_nearest(e->name, names, count);
	if (near.n)
		diag_help(c->ds, d, "did you mean `%.*s`?", STR_ARG(near));
}

void complain_argument(struct check *k, uint32_t i, const char *wanted)
{
	struct compiler *c = k->c;
	const struct code *arg = k->args[i];
	const char *text = expr_text(c, arg->expr);
	struct diag *d;

	d = complain(c, 226, expr_span(arg->expr), "%s() needs %s here, not %s", k->fn->name, wanted,
		     type_text(c, arg->type));
	complain_note(c, d, arg);
	if (!strcmp(k->fn->name, "contains") && i == 0 && arg->type->kind == T_LIST)
		diag_help(c->ds, d, "write `%s in %s`", expr_text(c, k->expr->args[1]), text);
	else if (arg->type->kind == T_ANY && !strcmp(wanted, "text"))
		diag_help(c->ds, d, "write `str(%s)`", text);
	else if (arg->type->kind == T_ANY && !strcmp(wanted, "a number"))
		diag_help(c->ds, d, "write `float(%s)`", text);
	else if (arg->type->kind == T_ANY && !strcmp(wanted, "a whole number"))
		diag_help(c->ds, d, "write `int(%s)`", text);
	else if (arg->type->kind == T_ANY && !strcmp(wanted, "a time"))
		diag_help(c->ds, d, "write `time(%s)`", text);
	else if (!strcmp(wanted, "text") && type_has_text(arg->type))
		diag_help(c->ds, d, "write `str(%s)`", text);
	else if (!strcmp(wanted, "text") && arg->type->kind == T_LIST)
		diag_help(c->ds, d, "write `join(%s, ', ')`", text);
	else if (!strcmp(wanted, "a list") && is_text(arg->type))
		diag_help(c->ds, d, "write `lines(%s)` or `split(%s, ',')`", text, text);
	else
		diag_help(c->ds, d, "%s", function_signature(k->fn));
}
