/*
 * compile_call: function calls. The table says how many arguments a function
 * takes and of what kind; its type rule (rules.c) does the rest.
 */
#include "eval/functions.h"

static bool letter_fits(char letter, const struct type *t)
{
	bool number = t->kind == T_INT || t->kind == T_FLOAT;
	bool unit = t->kind == T_DURATION || t->kind == T_SIZE || t->kind == T_PERCENT;
	bool text = t->kind == T_STRING || t->kind == T_STATUS;

	switch (letter) {
	case 's':
		return text;
	case 'n':
		return number;
	case 'q':
		return number || unit;
	case 'o':
		return number || unit || text || t->kind == T_TIME;
	case 'i':
		return t->kind == T_INT;
	case 'p':
		return t->kind == T_PERCENT;
	case 't':
		return t->kind == T_TIME;
	case 'l':
		return t->kind == T_LIST || t->kind == T_ANY;
	case 'm':
		return t->kind == T_MAP || t->kind == T_RECORD || t->kind == T_ANY;
	default:
		return true;
	}
}

static bool check_arity(struct compiler *c, const struct expr *e, const struct function *f)
{
	uint32_t least, most;
	struct diag *d;

	function_arity(f, &least, &most);
	if (e->count >= least && e->count <= most)
		return true;
	if (least == most)
		d = complain(c, 228, expr_op_span(e), "%s() takes %u value%s, not %u", f->name, least,
			     least == 1 ? "" : "s", e->count);
	else if (e->count < least)
		d = complain(c, 228, expr_op_span(e), "%s() takes at least %u value%s, not %u", f->name, least,
			     least == 1 ? "" : "s", e->count);
	else
		d = complain(c, 228, expr_op_span(e), "%s() takes at most %u value%s, not %u", f->name, most,
			     most == 1 ? "" : "s", e->count);
	diag_help(c->ds, d, "%s", function_signature(f));
	return false;
}

static const struct code *compile_arg(struct check *k, uint32_t i)
{
	struct compiler *c = k->c;
	const struct expr *e = k->expr->args[i];
	char letter = function_param(k->fn, i);
	const struct code *n;
	struct diag *d;

	if (letter == 'L' && e->kind == EXPR_LAMBDA)
		return k->args[0]->type->kind == T_ERROR ? code_error(c, e) : compile_lambda(c, e, type_item(k->args[0]->type));
	if (letter == 'L') {
		d = complain(c, 240, expr_span(e), "%s() needs `x => ...` here", k->fn->name);
		diag_help(c->ds, d, "%s", function_signature(k->fn));
		return code_error(c, e);
	}
	n = compile_value(c, e);
	if (n->type->kind == T_ERROR || letter == 'x')
		return n;
	if (!check_present(c, n))
		return code_error(c, e);
	k->args[i] = n;
	if (letter_fits(letter, n->type))
		return n;
	complain_argument(k, i, function_param_name(letter));
	return code_error(c, e);
}

/* Whether the result of a call with secret arguments is secret: a yes or no is not. */
static bool is_verdict(const struct type *t)
{
	return t->kind == T_BOOL && !t->secret;
}

const struct code *compile_call(struct compiler *c, const struct expr *e)
{
	struct check k = { .c = c, .expr = e, .fn = function_find(e->name), .count = e->count };
	struct code *n;
	bool bad = false;

	if (!k.fn) {
		complain_unknown_function(c, e);
		return code_error(c, e);
	}
	if (!check_arity(c, e, k.fn))
		return code_error(c, e);
	n = code_new(c, e, run_call, &type_error, e->count);
	k.args = n->args;
	for (uint32_t i = 0; i < e->count; i++) {
		n->args[i] = compile_arg(&k, i);
		bad = bad || (n->args[i]->type->kind == T_ERROR && n->args[i]->run == run_never);
	}
	if (bad)
		return code_error(c, e);
	n->fn = k.fn;
	n->type = k.fn->rule(&k);
	if (!n->type)
		return code_error(c, e);
	for (uint32_t i = 0; i < n->count; i++)
		if (n->args[i]->type->kind == T_LAMBDA)
			return is_verdict(n->type) ? n : code_taint(c, n);
	return is_verdict(n->type) ? code_fold(c, n) : code_finish(c, n);
}
