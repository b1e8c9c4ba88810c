/*
 * compile_ops: operators. The static types choose the function that evaluates:
 * a comparison of two durations becomes one of two int64, and so on. What does
 * not fit is explained by complain.c.
 */
#include "eval/code.h"

#include "syntax/node.h"

static bool is_number(const struct type *t)
{
	return t->kind == T_INT || t->kind == T_FLOAT;
}

static bool is_text(const struct type *t)
{
	return t->kind == T_STRING || t->kind == T_STATUS;
}

/* Units with a magnitude, which can be scaled. */
static bool is_unit(const struct type *t)
{
	return t->kind == T_DURATION || t->kind == T_SIZE || t->kind == T_PERCENT;
}

static uint8_t kind_of(const struct type *t)
{
	static const uint8_t kinds[] = {
		[T_NULL] = V_NULL, [T_BOOL] = V_BOOL, [T_INT] = V_INT, [T_FLOAT] = V_FLOAT, [T_STRING] = V_STRING,
		[T_DURATION] = V_DURATION, [T_TIME] = V_TIME, [T_SIZE] = V_SIZE, [T_PERCENT] = V_PERCENT,
		[T_LIST] = V_LIST, [T_MAP] = V_MAP, [T_RECORD] = V_MAP, [T_STATUS] = V_STRING,
	};

	return t->kind <= T_STATUS ? kinds[t->kind] : V_KINDS;
}

static struct code *binary_new(struct compiler *c, const struct expr *e, code_run *run, const struct type *t,
			       const struct code *l, const struct code *r)
{
	struct code *n = code_new(c, e, run, t, 2);

	n->args[0] = l;
	n->args[1] = r;
	n->op = e->op;
	n->lk = kind_of(l->type);
	n->rk = kind_of(r->type);
	n->result = kind_of(t);
	return n;
}

/* --- comparison --- */

static bool any_like(const struct type *t)
{
	return t->kind == T_ANY;
}

static bool can_equal(struct compiler *c, const struct type *l, const struct type *r)
{
	if (any_like(l) || any_like(r) || l->kind == T_ERROR || r->kind == T_ERROR)
		return true;
	if (l->kind == T_LIST && r->kind == T_LIST)
		return can_equal(c, l->elem, r->elem);
	return type_join(c->arena, type_required(c->arena, l), type_required(c->arena, r)) != NULL;
}

static code_run *equality_run(const struct type *l, const struct type *r)
{
	if (l->kind == T_INT && r->kind == T_INT)
		return run_compare_i64;
	if (l->kind == r->kind && (is_unit(l) || l->kind == T_TIME))
		return run_compare_i64;
	if (is_number(l) && is_number(r))
		return run_compare_number;
	if (is_text(l) && is_text(r))
		return run_compare_string;
	return run_equal;
}

static void check_words(struct compiler *c, const struct code *l, const struct code *r)
{
	if (l->type->kind == T_STATUS)
		check_status_word(c, l->type, r);
	else if (r->type->kind == T_STATUS)
		check_status_word(c, r->type, l);
}

static const struct code *compile_equal(struct compiler *c, const struct expr *e, const struct code *l,
					const struct code *r)
{
	struct code *n;

	if (l->type->kind == T_NULL || r->type->kind == T_NULL) {
		n = code_new(c, e, run_is_null, &type_bool, 1);
		n->args[0] = l->type->kind == T_NULL ? r : l;
		n->op = e->op;
		return code_fold(c, n);
	}
	if (!check_present(c, l) || !check_present(c, r))
		return code_error(c, e);
	if (!can_equal(c, l->type, r->type)) {
		complain_compare(c, e, l, r);
		return code_error(c, e);
	}
	check_words(c, l, r);
	return code_fold(c, binary_new(c, e, equality_run(l->type, r->type), &type_bool, l, r));
}

static const struct code *compile_order(struct compiler *c, const struct expr *e, const struct code *l,
					const struct code *r)
{
	code_run *run = NULL;

	if (!check_present(c, l) || !check_present(c, r))
		return code_error(c, e);
	if (any_like(l->type) || any_like(r->type)) {
		if (any_like(l->type))
			complain_any(c, l, r->type, "compared by size");
		if (any_like(r->type))
			complain_any(c, r, l->type, "compared by size");
		return code_error(c, e);
	}
	if (is_number(l->type) && is_number(r->type))
		run = l->type->kind == T_INT && r->type->kind == T_INT ? run_compare_i64 : run_compare_number;
	else if (l->type->kind == r->type->kind && (is_unit(l->type) || l->type->kind == T_TIME))
		run = run_compare_i64;
	else if (l->type->kind == T_STRING && r->type->kind == T_STRING)
		run = run_compare_string;
	if (!run) {
		complain_compare(c, e, l, r);
		return code_error(c, e);
	}
	return code_fold(c, binary_new(c, e, run, &type_bool, l, r));
}

/* status in ['ok', ...]: the list is a constant by now. */
static void check_list_words(struct compiler *c, const struct code *l, const struct code *r)
{
	const struct expr *list = r->expr;

	if (l->type->kind != T_STATUS || !code_is_literal(r) || list->kind != EXPR_LIST || r->lit.kind != V_LIST)
		return;
	for (uint32_t i = 0; i < list->count && i < r->lit.n; i++) {
		struct code *word = code_new(c, list->args[i], run_literal, &type_string, 0);

		word->lit = r->lit.list[i];
		check_status_word(c, l->type, word);
	}
}

static const struct code *compile_in(struct compiler *c, const struct expr *e, const struct code *l,
				     const struct code *r)
{
	const struct type *t = r->type;
	struct diag *d;

	if (!check_present(c, r))
		return code_error(c, e);
	if (t->kind == T_LIST && (l->type->optional || l->type->kind == T_NULL) &&
	    !t->elem->optional && !check_present(c, l))
		return code_error(c, e);
	if ((t->kind == T_MAP || t->kind == T_RECORD) && !check_present(c, l))
		return code_error(c, e);
	if (t->kind == T_ANY ||
	    (t->kind == T_LIST && (t->elem->kind == T_ERROR || can_equal(c, l->type, t->elem))) ||
	    ((t->kind == T_MAP || t->kind == T_RECORD) && (is_text(l->type) || any_like(l->type)))) {
		check_list_words(c, l, r);
		return code_fold(c, binary_new(c, e, run_in, &type_bool, l, r));
	}
	if (t->kind == T_LIST) {
		d = complain(c, 243, expr_op_span(e), "cannot look for %s in a %s", type_text(c, l->type), type_text(c, t));
	} else {
		d = complain(c, 243, expr_op_span(e), "`in` needs a list or map on its right, not %s", type_text(c, t));
		if (is_text(t) && is_text(l->type))
			diag_help(c->ds, d, "write `contains(%s, %s)`", expr_text(c, e->args[1]),
				  expr_text(c, e->args[0]));
	}
	diag_label(c->ds, d, expr_span(l->expr), "%s", type_text(c, l->type));
	diag_label(c->ds, d, expr_span(r->expr), "%s", type_text(c, t));
	return code_error(c, e);
}

/* Where a pattern's offset is in the file: exact inside a raw literal. */
static struct span pattern_span(const struct expr *lit, uint32_t at)
{
	struct str text = lit->node->text;

	if (lit->start < text.n && text.p[lit->start] == '\'' && lit->start + 2 + at < lit->end)
		return node_slice(lit->node, lit->start + 1 + at, lit->start + 2 + at);
	return expr_span(lit);
}

static const struct code *compile_matches(struct compiler *c, const struct expr *e, const struct code *l,
					  const struct code *r)
{
	struct regex *regex;
	struct str pattern, why;
	struct code *n;
	uint32_t at;
	struct diag *d;

	if (!check_present(c, l))
		return code_error(c, e);
	if (any_like(l->type)) {
		complain_any(c, l, &type_string, "matched");
		return code_error(c, e);
	}
	if (!is_text(l->type)) {
		d = complain(c, 225, expr_op_span(e), "`matches` needs text on its left, not %s", type_text(c, l->type));
		diag_label(c->ds, d, expr_span(l->expr), "%s", type_text(c, l->type));
		complain_note(c, d, l);
		if (type_has_text(l->type))
			diag_help(c->ds, d, "write `str(%s)`", expr_text(c, l->expr));
		return code_error(c, e);
	}
	if (!code_constant_text(r, &pattern)) {
		d = complain(c, 238, expr_span(r->expr), "a pattern must be constant text");
		diag_help(c->ds, d, "write it as '...'; to look for a value use `contains`, `starts_with` or `ends_with`");
		return code_error(c, e);
	}
	regex = regex_new(NULL, c->arena, pattern, &why, &at);
	if (!regex) {
		d = complain(c, 237, r->expr->kind == EXPR_LIT ? pattern_span(r->expr, at) : expr_span(r->expr),
			     "invalid pattern: %.*s", STR_ARG(why));
		return code_error(c, e);
	}
	n = code_new(c, e, run_matches, &type_bool, 1);
	n->args[0] = l;
	n->regex = regex;
	return code_fold(c, n);
}

/* --- and, or, ?? --- */

static const struct code *compile_logic(struct compiler *c, const struct expr *e)
{
	const char *what = e->op == OP_AND ? "what `and` takes" : "what `or` takes";
	const struct code *l = compile_value(c, e->args[0]), *r;
	uint32_t facts = c->fact_count;
	bool lok = check_bool(c, l, what), rok;

	facts_add(c, e->args[0], e->op == OP_AND);
	r = compile_value(c, e->args[1]);
	c->fact_count = facts;
	rok = check_bool(c, r, what);
	if (!lok || !rok)
		return code_error(c, e);
	return code_finish(c, binary_new(c, e, e->op == OP_AND ? run_and : run_or, &type_bool, l, r));
}

static const struct code *compile_coalesce(struct compiler *c, const struct expr *e, const struct code *l,
					   const struct code *r)
{
	const struct type *left = type_required(c->arena, l->type);
	const struct type *t = l->type->kind == T_NULL ? r->type : type_join(c->arena, left, r->type);
	struct code *n;
	struct diag *d;

	if (!t) {
		d = complain(c, 232, expr_span(e->args[1]), "`??` gives %s in place of %s", type_text(c, r->type),
			     type_text(c, left));
		diag_label(c->ds, d, expr_span(l->expr), "%s", type_text(c, l->type));
		complain_note(c, d, l);
		diag_help(c->ds, d, "give a %s, or write `show(%s, ...)` for text", type_text(c, left),
			  expr_text(c, l->expr));
		return code_error(c, e);
	}
	n = binary_new(c, e, run_coalesce, t, code_coerce(c, l, t), code_coerce(c, r, t));
	return code_finish(c, n);
}

/* --- arithmetic --- */

struct rule { code_run *run; enum arith how; const struct type *type; };

static bool add_rule(uint8_t op, const struct type *l, const struct type *r, struct rule *out)
{
	if (op == OP_ADD && is_text(l) && is_text(r))
		*out = (struct rule){ run_concat, 0, &type_string };
	else if (l->kind == r->kind && (is_unit(l) || l->kind == T_INT))
		*out = (struct rule){ run_add_i64, ARITH_I64, l };
	else if (is_number(l) && is_number(r))
		*out = (struct rule){ run_arith, ARITH_F64, &type_float };
	else if (l->kind == T_TIME && r->kind == T_DURATION)
		*out = (struct rule){ run_add_i64, ARITH_I64, &type_time };
	else if (op == OP_ADD && l->kind == T_DURATION && r->kind == T_TIME)
		*out = (struct rule){ run_add_i64, ARITH_I64, &type_time };
	else if (op == OP_SUB && l->kind == T_TIME && r->kind == T_TIME)
		*out = (struct rule){ run_add_i64, ARITH_I64, &type_duration };
	else
		return false;
	return true;
}

static bool mul_rule(const struct type *l, const struct type *r, struct rule *out)
{
	if (l->kind == T_INT && r->kind == T_INT)
		*out = (struct rule){ run_add_i64, ARITH_I64, &type_int };
	else if (is_number(l) && is_number(r))
		*out = (struct rule){ run_arith, ARITH_F64, &type_float };
	else if (is_unit(l) && is_number(r))
		*out = (struct rule){ run_arith, ARITH_SCALE, l };
	else if (is_number(l) && is_unit(r))
		*out = (struct rule){ run_arith, ARITH_SCALE, r };
	else if (l->kind == T_PERCENT && is_unit(r) && r->kind != T_PERCENT)
		*out = (struct rule){ run_arith, ARITH_PART, r };
	else if (r->kind == T_PERCENT && is_unit(l) && l->kind != T_PERCENT)
		*out = (struct rule){ run_arith, ARITH_PART, l };
	else
		return false;
	return true;
}

static bool div_rule(const struct type *l, const struct type *r, struct rule *out)
{
	if (is_number(l) && is_number(r))
		*out = (struct rule){ run_arith, ARITH_F64, &type_float };
	else if (is_unit(l) && is_number(r))
		*out = (struct rule){ run_arith, ARITH_SCALE, l };
	else if (is_unit(l) && l->kind == r->kind)
		*out = (struct rule){ run_arith, ARITH_RATIO, &type_float };
	else if (l->kind == T_SIZE && r->kind == T_DURATION)
		*out = (struct rule){ run_arith, ARITH_RATE, &type_float };
	else
		return false;
	return true;
}

static const struct code *compile_arith(struct compiler *c, const struct expr *e, const struct code *l,
					const struct code *r)
{
	struct rule rule;
	struct code *n;
	bool ok;

	if (!check_present(c, l) || !check_present(c, r))
		return code_error(c, e);
	if (any_like(l->type) || any_like(r->type)) {
		if (any_like(l->type))
			complain_any(c, l, r->type, "calculated with");
		if (any_like(r->type))
			complain_any(c, r, l->type, "calculated with");
		return code_error(c, e);
	}
	if (e->op == OP_MUL)
		ok = mul_rule(l->type, r->type, &rule);
	else if (e->op == OP_DIV)
		ok = div_rule(l->type, r->type, &rule);
	else
		ok = add_rule(e->op, l->type, r->type, &rule);
	if (!ok) {
		complain_arith(c, e, l, r);
		return code_error(c, e);
	}
	n = binary_new(c, e, rule.run, type_required(c->arena, rule.type), l, r);
	n->how = (uint8_t)rule.how;
	return code_finish(c, n);
}

const struct code *compile_negate(struct compiler *c, const struct expr *e)
{
	struct code *n = code_new(c, e, run_negate, &type_error, 1);
	const struct code *of = n->args[0] = compile_value(c, e->args[0]);
	struct diag *d;

	if (!check_present(c, of))
		return code_error(c, e);
	if (any_like(of->type)) {
		complain_any(c, of, &type_int, "negated");
		return code_error(c, e);
	}
	if (!is_number(of->type) && !is_unit(of->type)) {
		d = complain(c, 225, expr_op_span(e), "cannot negate %s", type_text(c, of->type));
		diag_label(c->ds, d, expr_span(of->expr), "%s", type_text(c, of->type));
		complain_note(c, d, of);
		if (of->type->kind == T_BOOL)
			diag_help(c->ds, d, "write `not %s`", expr_text(c, of->expr));
		return code_error(c, e);
	}
	n->type = of->type;
	n->result = kind_of(of->type);
	return code_finish(c, n);
}

const struct code *compile_binary(struct compiler *c, const struct expr *e)
{
	const struct code *l, *r;

	if (e->op == OP_AND || e->op == OP_OR)
		return compile_logic(c, e);
	l = compile_value(c, e->args[0]);
	r = compile_value(c, e->args[1]);
	if (l->type->kind == T_ERROR || r->type->kind == T_ERROR)
		return code_error(c, e);
	switch ((enum expr_op)e->op) {
	case OP_EQ:
	case OP_NE:
		return compile_equal(c, e, l, r);
	case OP_LT:
	case OP_LE:
	case OP_GT:
	case OP_GE:
		return compile_order(c, e, l, r);
	case OP_IN:
	case OP_NOT_IN:
		return compile_in(c, e, l, r);
	case OP_MATCHES:
		return compile_matches(c, e, l, r);
	case OP_COALESCE:
		return compile_coalesce(c, e, l, r);
	default:
		return compile_arith(c, e, l, r);
	}
}
