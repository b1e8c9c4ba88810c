/*
 * narrow: which names and member paths a condition proves to be not null, so
 * that `if x == null then 0 else x` and `x != null and x > 3` need no `??`.
 * Only plain paths: name, name.member, name.member.member. Values are immutable
 * during an evaluation, so a fact stays true as long as its branch.
 */
#include "eval/code.h"

bool path_is_plain(const struct expr *e)
{
	while (e->kind == EXPR_MEMBER || e->kind == EXPR_OPT)
		e = e->args[0];
	return e->kind == EXPR_NAME;
}

static bool same_path(const struct expr *a, const struct expr *b)
{
	while (a->kind == EXPR_MEMBER || a->kind == EXPR_OPT) {
		if ((b->kind != EXPR_MEMBER && b->kind != EXPR_OPT) || !str_eq(a->name, b->name))
			return false;
		a = a->args[0];
		b = b->args[0];
	}
	return a->kind == EXPR_NAME && b->kind == EXPR_NAME && str_eq(a->name, b->name);
}

/* Which local the path starts at; UINT32_MAX for the scope's names. */
static uint32_t root_of(const struct compiler *c, const struct expr *e)
{
	while (e->kind != EXPR_NAME)
		e = e->args[0];
	for (uint32_t i = c->local_count; i-- > 0;)
		if (str_eq(c->locals[i].name, e->name))
			return i;
	return UINT32_MAX;
}

static bool is_null(const struct expr *e)
{
	return e->kind == EXPR_LIT && e->lit.kind == V_NULL;
}

void facts_add(struct compiler *c, const struct expr *e, bool truth)
{
	const struct expr *path;

	if (e->kind == EXPR_NOT) {
		facts_add(c, e->args[0], !truth);
		return;
	}
	if (e->kind != EXPR_BINARY)
		return;
	if (e->op == (truth ? OP_AND : OP_OR)) {
		facts_add(c, e->args[0], truth);
		facts_add(c, e->args[1], truth);
		return;
	}
	if (e->op != (truth ? OP_NE : OP_EQ) || is_null(e->args[0]) == is_null(e->args[1]))
		return;
	path = is_null(e->args[0]) ? e->args[1] : e->args[0];
	if (path_is_plain(path) && c->fact_count < LOCALS_MAX)
		c->facts[c->fact_count++] = (struct fact){ path, root_of(c, path) };
}

bool facts_hold(const struct compiler *c, const struct expr *e)
{
	if (!c->fact_count || !path_is_plain(e))
		return false;
	for (uint32_t i = 0; i < c->fact_count; i++)
		if (same_path(c->facts[i].path, e) && c->facts[i].local == root_of(c, e))
			return true;
	return false;
}
