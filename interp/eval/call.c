/*
 * call: evaluates the arguments of a function call, checks their kinds against
 * the table's letters, and what functions need to report errors and make lists.
 */
#include "eval/functions.h"

#include <stdarg.h>
#include <stdio.h>

static const struct value failure = { .kind = V_FAIL };

static bool letter_takes(char letter, struct value v)
{
	bool number = v.kind == V_INT || v.kind == V_FLOAT;
	bool unit = v.kind == V_DURATION || v.kind == V_SIZE || v.kind == V_PERCENT;

	switch (letter) {
	case 's':
		return v.kind == V_STRING;
	case 'n':
		return number;
	case 'q':
		return number || unit;
	case 'o':
		return number || unit || v.kind == V_TIME || v.kind == V_STRING;
	case 'i':
		return v.kind == V_INT;
	case 'p':
		return v.kind == V_PERCENT;
	case 't':
		return v.kind == V_TIME;
	case 'l':
		return v.kind == V_LIST;
	case 'm':
		return v.kind == V_MAP;
	case 'v':
		return v.kind != V_NULL;
	default:
		return true;
	}
}

/* Evaluates all arguments but lambdas. False after a failure; *unknown is the first unknown. */
static bool evaluate(const struct code *c, struct machine *m, struct value *args, struct value *unknown)
{
	for (uint32_t i = 0; i < c->count; i++) {
		if (c->args[i]->type->kind == T_LAMBDA) {
			args[i] = value_null;
			continue;
		}
		args[i] = code_run_node(c->args[i], m);
		if (args[i].kind == V_FAIL)
			return false;
		if (args[i].kind == V_UNKNOWN && unknown->kind != V_UNKNOWN)
			*unknown = args[i];
	}
	return true;
}

/* Unknown items count as well for functions that look at them. */
static const struct value *deep_unknown(const struct code *c, const struct value *args)
{
	const struct value *u = NULL;

	for (uint32_t i = 0; i < c->count && !u; i++)
		if (args[i].kind == V_LIST || args[i].kind == V_MAP)
			u = code_find_unknown(&args[i]);
	return u;
}

struct value run_call(const struct code *c, struct machine *m)
{
	struct value args[CALL_ARGS_MAX], unknown = value_null;
	struct call k = { m, c, c->count, args };
	const struct value *deep;
	char letter;

	if (!evaluate(c, m, args, &unknown))
		return failure;
	if (unknown.kind == V_UNKNOWN)
		return unknown;
	for (uint32_t i = 0; i < c->count; i++) {
		letter = function_param(c->fn, i);
		if (letter != 'L' && !letter_takes(letter, args[i]))
			return call_fail_at(&k, i, "needs %s, not %s", function_param_name(letter),
					    code_a_kind(args[i].kind));
	}
	deep = c->fn->flags & FN_LAZY ? NULL : deep_unknown(c, args);
	return deep ? *deep : c->fn->run(&k);
}

struct value call_lambda(struct call *k, uint32_t i, struct value item)
{
	const struct code *lambda = k->code->args[i];

	k->m->locals[lambda->slot] = item;
	return code_run_node(lambda->args[0], k->m);
}

static struct value call_fail_v(struct call *k, const struct code *at, const char *fmt, va_list ap)
{
	char text[200];

	(void)vsnprintf(text, sizeof text, fmt, ap);
	return code_fail(k->m, at, "%s(): %s", k->code->fn->name, text);
}

struct value call_fail(struct call *k, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	call_fail_v(k, k->code, fmt, ap);
	va_end(ap);
	return failure;
}

struct value call_fail_at(struct call *k, uint32_t i, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	call_fail_v(k, k->code->args[i], fmt, ap);
	va_end(ap);
	return failure;
}

struct value *call_items(struct call *k, uint64_t n)
{
	if (!code_burn(k->m, k->code, n))
		return NULL;
	return code_alloc(k->m, k->code, (size_t)n * sizeof(struct value));
}

bool call_reads(struct call *k, size_t n)
{
	return code_burn(k->m, k->code, n >> 8);
}
