/*
 * expr_operand: what operators stand between: literals, names, calls, lists,
 * parentheses, minus, and what follows an operand: members, methods, indexes.
 */
#include "syntax/expr_parse.h"

#include "base/arena.h"
#include "base/diag.h"
#include "base/mem.h"
#include "syntax/node.h"

/* Growing list of operands, in malloc memory until its node is made. */
struct operands { const struct expr **list; uint32_t count, cap; };

static void operands_add(struct operands *o, const struct expr *e)
{
	MEM_ROOM(o->list, o->count, o->cap, 8);
	o->list[o->count++] = e;
}

static void unclosed(struct parser *p, char open, uint32_t at)
{
	if (p->now.kind == TOKEN_BAD)
		return;
	if (p->now.kind != TOKEN_END) {
		hint_operator(p, open, at);
		return;
	}
	struct diag *d = lex_error(&p->lx, 207, at, at + 1, "this `%c` is never closed", open);
	diag_help(p->lx.ds, d, "close it with `%c`", open == '(' ? ')' : ']');
}

static struct expr *parse_lambda(struct parser *p)
{
	struct token name = p->now;
	if (parse_is_keyword(name.text)) {
		lex_error(&p->lx, 210, name.start, name.end, "`" STR_FMT "` cannot be the name of an item", STR_ARG(name.text));
		return NULL;
	}
	parse_next(p);
	parse_next(p);
	const struct expr *body = parse_expr(p);
	struct expr *e = body ? parse_node(p, EXPR_LAMBDA, name.start, &body, 1) : NULL;
	if (!e)
		return NULL;
	e->name = name.text;
	e->op_at = name.start;
	e->op_end = name.end;
	return e;
}

/* {, item} close. `at` is the open bracket, taken already. */
static bool parse_items(struct parser *p, struct operands *o, char open, uint32_t at)
{
	const char *close = open == '(' ? ")" : "]";
	if (parse_take(p, close))
		return true;
	for (;;) {
		bool lambda = open == '(' && p->now.kind == TOKEN_NAME && lex_ahead(&p->lx, "=>");
		const struct expr *e = lambda ? parse_lambda(p) : parse_expr(p);
		if (!e)
			return false;
		operands_add(o, e);
		if (parse_take(p, close))
			return true;
		if (!parse_take(p, ",")) {
			unclosed(p, open, at);
			return false;
		}
		if (token_is(&p->now, close)) {
			struct diag *d = lex_error(&p->lx, 200, p->now.start, p->now.end, "expected a value after `,`, found `%s`", close);
			diag_help(p->lx.ds, d, "leave out the last comma");
			return false;
		}
	}
}

/* name(args) or first.name(args); the bracket is at hand. */
static struct expr *parse_call(struct parser *p, struct token name, const struct expr *first, uint32_t start)
{
	struct operands o = { NULL, 0, 0 };
	uint32_t at = p->now.start;
	struct expr *e = NULL;
	parse_next(p);
	if (first)
		operands_add(&o, first);
	if (parse_items(p, &o, '(', at))
		e = parse_node(p, EXPR_CALL, start, o.list, o.count);
	mem_free(o.list);
	if (!e)
		return NULL;
	e->name = name.text;
	e->method = first != NULL;
	e->op_at = name.start;
	e->op_end = name.end;
	return e;
}

static struct expr *parse_list(struct parser *p)
{
	struct operands o = { NULL, 0, 0 };
	uint32_t start = p->now.start;
	struct expr *e = NULL;
	parse_next(p);
	if (parse_items(p, &o, '[', start))
		e = parse_node(p, EXPR_LIST, start, o.list, o.count);
	mem_free(o.list);
	if (!e)
		return NULL;
	e->op_at = start;
	e->op_end = p->last_end;
	return e;
}

static struct expr *parse_group(struct parser *p)
{
	uint32_t start = p->now.start;
	parse_next(p);
	struct expr *e = parse_expr(p);
	if (!e)
		return NULL;
	if (!parse_take(p, ")")) {
		unclosed(p, '(', start);
		return NULL;
	}
	e->start = start;
	e->end = p->last_end;
	return e;
}

static struct expr *literal(struct parser *p, struct value v)
{
	struct token t = p->now;
	parse_next(p);
	struct expr *e = parse_node(p, EXPR_LIT, t.start, NULL, 0);
	e->lit = v;
	e->op_at = t.start;
	e->op_end = t.end;
	return e;
}

static struct expr *parse_name(struct parser *p)
{
	struct token name = p->now;
	if (token_is(&name, "true") || token_is(&name, "false"))
		return literal(p, value_bool(token_is(&name, "true")));
	if (token_is(&name, "null"))
		return literal(p, value_null);
	if (parse_is_keyword(name.text) || hint_is_foreign_word(name.text)) {
		hint_operand(p);
		return NULL;
	}
	parse_next(p);
	if (token_is(&p->now, "("))
		return parse_call(p, name, NULL, name.start);
	if (token_is(&p->now, "=>")) {
		struct diag *d = lex_error(&p->lx, 210, p->now.start, p->now.end, "`" STR_FMT " => ...` stands only as an argument",
					   STR_ARG(name.text));
		diag_help(p->lx.ds, d, "for example list.filter(" STR_FMT " => " STR_FMT " > 3)", STR_ARG(name.text), STR_ARG(name.text));
		return NULL;
	}
	struct expr *e = parse_node(p, EXPR_NAME, name.start, NULL, 0);
	e->name = name.text;
	e->op_at = name.start;
	e->op_end = name.end;
	return e;
}

static struct expr *parse_primary(struct parser *p)
{
	if (p->now.kind == TOKEN_LIT && !p->now.lowest)
		return literal(p, p->now.lit);
	if (p->now.kind == TOKEN_NAME)
		return parse_name(p);
	if (token_is(&p->now, "("))
		return parse_group(p);
	if (token_is(&p->now, "["))
		return parse_list(p);
	if (p->now.kind == TOKEN_LIT) {
		struct diag *d = lex_error(&p->lx, 204, p->now.start, p->now.end, "`9223372036854775808` is too large for an int");
		diag_help(p->lx.ds, d, "the largest int is 9223372036854775807; a float is written with `.0`");
		return NULL;
	}
	hint_operand(p);
	return NULL;
}

/* .name .name(args) ?.name */
static struct expr *parse_member(struct parser *p, const struct expr *of, uint32_t start)
{
	bool optional = token_is(&p->now, "?.");
	parse_next(p);
	struct token name = p->now;
	if (name.kind != TOKEN_NAME) {
		if (name.kind != TOKEN_BAD) {
			struct diag *d = lex_error(&p->lx, 200, name.start, name.end, "expected a name after `%s`", optional ? "?." : ".");
			if (name.kind == TOKEN_LIT && name.lit.kind == V_INT)
				diag_help(p->lx.ds, d, "an item of a list is written [" STR_FMT "]", STR_ARG(name.text));
			else if (name.kind == TOKEN_LIT && name.lit.kind == V_STRING)
				diag_help(p->lx.ds, d, "a key that is no name is written [" STR_FMT "]", STR_ARG(name.text));
		}
		return NULL;
	}
	parse_next(p);
	if (token_is(&p->now, "(")) {
		if (!optional)
			return parse_call(p, name, of, start);
		struct diag *d = lex_error(&p->lx, 200, p->now.start, p->now.end, "a function cannot follow `?.`");
		diag_help(p->lx.ds, d, "give the missing value first: (x ?? '')." STR_FMT "(...)", STR_ARG(name.text));
		return NULL;
	}
	struct expr *e = parse_node(p, optional ? EXPR_OPT : EXPR_MEMBER, start, &of, 1);
	if (!e)
		return NULL;
	e->name = name.text;
	e->op_at = name.start;
	e->op_end = name.end;
	return e;
}

static struct expr *parse_index(struct parser *p, const struct expr *of, uint32_t start)
{
	uint32_t at = p->now.start;
	parse_next(p);
	struct expr *index = parse_expr(p);
	if (!index)
		return NULL;
	if (!parse_take(p, "]")) {
		unclosed(p, '[', at);
		return NULL;
	}
	const struct expr *args[] = { of, index };
	struct expr *e = parse_node(p, EXPR_INDEX, start, args, 2);
	if (!e)
		return NULL;
	e->op_at = at;
	e->op_end = p->last_end;
	return e;
}

static struct expr *parse_post(struct parser *p)
{
	uint32_t start = p->now.start;
	struct expr *e = parse_primary(p);
	while (e && p->now.kind == TOKEN_OP) {
		if (token_is(&p->now, ".") || token_is(&p->now, "?."))
			e = parse_member(p, e, start);
		else if (token_is(&p->now, "["))
			e = parse_index(p, e, start);
		else
			break;
	}
	return e;
}

struct expr *parse_operand(struct parser *p)
{
	uint32_t start = p->now.start;
	if (!token_is(&p->now, "-"))
		return parse_post(p);
	parse_next(p);
	if (p->now.kind == TOKEN_LIT && p->now.lowest) {
		struct expr *e = literal(p, p->now.lit);
		e->start = e->op_at = start;
		return e;
	}
	if (!parse_enter(p))
		return NULL;
	const struct expr *arg = parse_operand(p);
	parse_leave(p);
	struct expr *e = arg ? parse_node(p, EXPR_NEG, start, &arg, 1) : NULL;
	if (!e)
		return NULL;
	e->op_at = start;
	e->op_end = start + 1;
	return e;
}
