/*
 * expr: the parser of expressions: one loop over a table of operators with
 * their levels (precedence climbing), rules of monitors, and spans. Operands
 * are in expr_operand.c, messages about foreign syntax in expr_hint.c.
 */
#include "syntax/expr.h"

#include <string.h>

#include "base/arena.h"
#include "base/diag.h"
#include "syntax/expr_parse.h"
#include "syntax/node.h"

/* In the order of enum expr_op. */
static const struct expr_operator operators[] = {
	{ "or", OP_OR, LEVEL_OR }, { "and", OP_AND, LEVEL_AND },
	{ "==", OP_EQ, LEVEL_COMPARE }, { "!=", OP_NE, LEVEL_COMPARE }, { "<", OP_LT, LEVEL_COMPARE },
	{ "<=", OP_LE, LEVEL_COMPARE }, { ">", OP_GT, LEVEL_COMPARE }, { ">=", OP_GE, LEVEL_COMPARE },
	{ "in", OP_IN, LEVEL_COMPARE }, { "not in", OP_NOT_IN, LEVEL_COMPARE }, { "matches", OP_MATCHES, LEVEL_COMPARE },
	{ "+", OP_ADD, LEVEL_ADD }, { "-", OP_SUB, LEVEL_ADD }, { "*", OP_MUL, LEVEL_MUL }, { "/", OP_DIV, LEVEL_MUL },
	{ "??", OP_COALESCE, LEVEL_COALESCE },
};

const struct expr_operator *expr_operator_of(enum expr_op op)
{
	return &operators[op];
}

bool parse_is_keyword(struct str word)
{
	static const char *const words[] = { "if", "then", "else", "or", "and", "not", "in", "matches",
					     "true", "false", "null" };
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (word.p[0] == words[i][0] && str_eqz(word, words[i]))
			return true;
	return false;
}

void parse_next(struct parser *p)
{
	p->last_end = p->now.end;
	p->now = lex_next(&p->lx);
}

bool parse_take(struct parser *p, const char *text)
{
	bool is = token_is(&p->now, text);
	if (is)
		parse_next(p);
	return is;
}

static void too_deep(struct parser *p, uint32_t start, uint32_t end)
{
	struct diag *d = lex_error(&p->lx, 208, start, end, "expression nests more than %d deep", EXPR_DEPTH_MAX);
	diag_help(p->lx.ds, d, "split it over several captures or vars; many conditions fit in all([a, b, c])");
}

bool parse_enter(struct parser *p)
{
	if (p->depth == EXPR_DEPTH_MAX) {
		too_deep(p, p->now.start, p->now.end);
		return false;
	}
	p->depth++;
	return true;
}

void parse_leave(struct parser *p)
{
	p->depth--;
}

struct expr *parse_node(struct parser *p, enum expr_kind kind, uint32_t start, const struct expr *const *args,
			uint32_t count)
{
	struct expr *e = arena_alloc(p->lx.a, sizeof(*e));
	unsigned depth = 0;
	e->kind = (uint8_t)kind;
	e->start = start;
	e->end = p->last_end;
	e->node = p->lx.node;
	e->count = count;
	if (count)
		e->args = arena_array(p->lx.a, count, sizeof(*e->args));
	for (uint32_t i = 0; i < count; i++) {
		e->args[i] = args[i];
		depth = args[i]->depth > depth ? args[i]->depth : depth;
	}
	if (depth >= EXPR_DEPTH_MAX) {
		too_deep(p, start, p->last_end);
		return NULL;
	}
	e->depth = (uint8_t)(depth + 1);
	return e;
}

/* The binary operator at hand, or NULL. */
static const struct expr_operator *operator_at(const struct parser *p)
{
	if (p->now.kind != TOKEN_OP && p->now.kind != TOKEN_NAME)
		return NULL;
	if (token_is(&p->now, "not"))
		return lex_ahead(&p->lx, "in") ? &operators[OP_NOT_IN] : NULL;
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (p->now.text.p[0] == operators[i].text[0] && str_eqz(p->now.text, operators[i].text))
			return &operators[i];
	return NULL;
}

static struct expr *binary(struct parser *p, int level);

static struct expr *parse_not(struct parser *p)
{
	uint32_t start = p->now.start, end = p->now.end;
	if (!parse_enter(p))
		return NULL;
	parse_next(p);
	const struct expr *arg = binary(p, LEVEL_NOT);
	parse_leave(p);
	struct expr *e = arg ? parse_node(p, EXPR_NOT, start, &arg, 1) : NULL;
	if (!e)
		return NULL;
	e->op_at = start;
	e->op_end = end;
	return e;
}

/* a < b < c */
static void report_chain(struct parser *p, const struct expr *left)
{
	struct token op = p->now;
	parse_next(p);
	const struct expr *middle = left->args[1], *right = binary(p, LEVEL_ADD);
	if (!right)
		return;
	struct diag *d = lex_error(&p->lx, 206, op.start, op.end, "comparisons do not chain");
	struct str a = hint_source(p, left->start, left->end), b = hint_source(p, middle->start, middle->end),
		   c = hint_source(p, right->start, right->end);
	diag_label(p->lx.ds, d, node_slice(p->lx.node, left->op_at, left->op_end), "the first comparison");
	if (a.n && b.n && c.n)
		diag_help(p->lx.ds, d, "write `" STR_FMT " and " STR_FMT " " STR_FMT " " STR_FMT "`", STR_ARG(a), STR_ARG(b),
			  STR_ARG(op.text), STR_ARG(c));
	else
		diag_help(p->lx.ds, d, "write two comparisons with `and` between them");
}

static struct expr *join(struct parser *p, const struct expr_operator *o, struct expr *left, uint32_t start)
{
	uint32_t at = p->now.start, end;
	if (o->op == OP_NOT_IN)
		parse_next(p);
	end = p->now.end;
	parse_next(p);
	struct expr *right = binary(p, o->level + 1);
	if (!right)
		return NULL;
	const struct expr *args[] = { left, right };
	struct expr *e = parse_node(p, EXPR_BINARY, start, args, 2);
	if (!e)
		return NULL;
	e->op = o->op;
	e->op_at = at;
	e->op_end = end;
	return e;
}

/* All operators of `level` and above. */
static struct expr *binary(struct parser *p, int level)
{
	uint32_t start = p->now.start;
	bool compared = false;
	bool negated = level <= LEVEL_NOT && token_is(&p->now, "not");
	struct expr *left = negated ? parse_not(p) : parse_operand(p);
	int most = negated ? LEVEL_AND : LEVEL_COALESCE;
	while (left) {
		const struct expr_operator *o = operator_at(p);
		if (!o || o->level < level || o->level > most)
			return left;
		if (compared && o->level == LEVEL_COMPARE) {
			report_chain(p, left);
			return NULL;
		}
		left = join(p, o, left, start);
		most = o->level; /* what bound tighter is in the right operand already */
		compared = compared || o->level == LEVEL_COMPARE;
	}
	return NULL;
}

static struct expr *parse_if(struct parser *p)
{
	uint32_t start = p->now.start, end = p->now.end;
	const struct expr *args[3];
	parse_next(p);
	if (!(args[0] = parse_expr(p)))
		return NULL;
	if (!parse_take(p, "then")) {
		hint_if(p, "then", start);
		return NULL;
	}
	if (!(args[1] = parse_expr(p)))
		return NULL;
	if (!parse_take(p, "else")) {
		hint_if(p, "else", start);
		return NULL;
	}
	if (!(args[2] = parse_expr(p)))
		return NULL;
	struct expr *e = parse_node(p, EXPR_IF, start, args, 3);
	if (!e)
		return NULL;
	e->op_at = start;
	e->op_end = end;
	return e;
}

struct expr *parse_expr(struct parser *p)
{
	if (!parse_enter(p))
		return NULL;
	struct expr *e = token_is(&p->now, "if") ? parse_if(p) : binary(p, LEVEL_OR);
	parse_leave(p);
	return e;
}

static bool begin(struct parser *p, struct arena *a, const struct node *scalar, uint32_t from, uint32_t to,
		  struct diags *ds)
{
	*p = (struct parser){ .lx = { a, ds, scalar, str_slice(scalar->text, 0, to), from } };
	if (to - from > EXPR_BYTES_MAX) {
		struct diag *d = lex_error(&p->lx, 208, from, to, "expression of %u bytes: at most %d are allowed",
					   (unsigned)(to - from), EXPR_BYTES_MAX);
		diag_help(ds, d, "split it over several captures or vars");
		return false;
	}
	parse_next(p);
	if (p->now.kind == TOKEN_END) {
		struct diag *d = lex_error(&p->lx, 200, from, to, "an expression is missing here");
		diag_help(ds, d, "text in quotes: 'text', or a condition: inputs.x == 1");
		return false;
	}
	return true;
}

const struct expr *expr_parse(struct arena *a, const struct node *scalar, uint32_t from, uint32_t to,
			      uint32_t *next_id, struct diags *ds)
{
	struct parser p;
	if (!begin(&p, a, scalar, from, to, ds))
		return NULL;
	struct expr *e = parse_expr(&p);
	if (e && p.now.kind != TOKEN_END) {
		hint_operator(&p, 0, 0);
		return NULL;
	}
	if (e)
		e->id = (*next_id)++;
	return e;
}

/* 5m, or 3 samples */
static bool parse_for(struct parser *p, struct expr_for *out)
{
	out->start = p->now.start;
	parse_next(p);
	struct value v = p->now.kind == TOKEN_LIT ? p->now.lit : value_null;
	uint32_t start = p->now.start, end = p->now.end;
	if (p->now.kind == TOKEN_BAD)
		return false;
	if ((v.kind != V_DURATION && v.kind != V_INT) || v.i < 1 || p->now.lowest) {
		struct diag *d = lex_error(&p->lx, 212, start, end, "`for` needs a duration or a number of samples");
		diag_help(p->lx.ds, d, "for 5m, or for 3 samples");
		return false;
	}
	parse_next(p);
	if (v.kind == V_INT && !parse_take(p, "samples") && !(v.i == 1 && parse_take(p, "sample"))) {
		if (p->now.kind != TOKEN_BAD) {
			struct diag *d = lex_error(&p->lx, 212, start, end, "`for %lld` of what?", (long long)v.i);
			diag_help(p->lx.ds, d, "write `for %lld samples`, or a duration such as %llds or %lldm",
				  (long long)v.i, (long long)v.i, (long long)v.i);
		}
		return false;
	}
	out->amount = v;
	out->end = p->last_end;
	return true;
}

const struct expr *expr_parse_rule(struct arena *a, const struct node *scalar, uint32_t *next_id,
				   struct expr_for *out, struct diags *ds)
{
	struct parser p;
	*out = (struct expr_for){ .amount = value_null };
	if (!begin(&p, a, scalar, 0, (uint32_t)scalar->text.n, ds))
		return NULL;
	p.rule = true;
	struct expr *e = parse_expr(&p);
	if (e && token_is(&p.now, "for") && !parse_for(&p, out))
		return NULL;
	if (e && p.now.kind != TOKEN_END) {
		hint_operator(&p, 0, 0);
		return NULL;
	}
	if (e)
		e->id = (*next_id)++;
	return e;
}

struct span expr_span(const struct expr *e)
{
	return node_slice(e->node, e->start, e->end);
}

struct span expr_op_span(const struct expr *e)
{
	return node_slice(e->node, e->op_at, e->op_end);
}
