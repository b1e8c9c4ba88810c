#ifndef RB_SYNTAX_EXPR_H
#define RB_SYNTAX_EXPR_H
/*
 * expr: the expression language's tree (language.md section 3), parsed from the
 * text of a scalar. Spans are byte offsets into that scalar's text; expr_span()
 * maps them into the file. Const after parsing. Types, names and values are
 * eval's business, not known here.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/source.h"
#include "base/str.h"
#include "value/value.h"

struct arena;
struct diags;
struct node;

enum { EXPR_BYTES_MAX = 4096, EXPR_DEPTH_MAX = 64 };

enum expr_kind {
	EXPR_LIT,     /* lit */
	EXPR_NAME,    /* name */
	EXPR_MEMBER,  /* args[0] . name      (name also for keywords) */
	EXPR_OPT,     /* args[0] ?. name */
	EXPR_INDEX,   /* args[0] [ args[1] ] */
	EXPR_CALL,    /* name(args...); x.f(y) is a call f(x, y) with method = true */
	EXPR_LAMBDA,  /* name => args[0] (only as an argument) */
	EXPR_LIST,    /* [args...] */
	EXPR_NEG, EXPR_NOT,            /* args[0] */
	EXPR_BINARY,  /* op, args[0], args[1] */
	EXPR_IF       /* args[0] then args[1] else args[2] */
};
enum expr_op { OP_OR, OP_AND, OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_IN, OP_NOT_IN,
	       OP_MATCHES, OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_COALESCE };

struct expr {
	uint8_t kind, op;
	bool method;
	uint8_t depth;            /* of this tree, 1 for a leaf, at most EXPR_DEPTH_MAX */
	uint32_t start, end;      /* in the scalar's text, parentheses around it included */
	uint32_t op_at, op_end;   /* the operator or name itself */
	uint32_t id;              /* roots only: unique in a load, see expr_parse */
	struct str name;
	struct value lit;
	uint32_t count;
	const struct expr **args;
	const struct node *node;  /* the scalar */
};

/* "for" of a monitor rule. kind V_NULL: none; V_DURATION; V_INT: samples. */
struct expr_for { struct value amount; uint32_t start, end; };

/* Parses text[from, to) of a scalar. NULL after a diagnostic (RB2xx with hints
 * for foreign operators: && || ! ?: === 'is null' 5min ...). *next_id numbers the
 * roots of one load from 0. */
const struct expr *expr_parse(struct arena *a, const struct node *scalar, uint32_t from,
			      uint32_t to, uint32_t *next_id, struct diags *ds);
/* As expr_parse, for `rule`. */
const struct expr *expr_parse_rule(struct arena *a, const struct node *scalar, uint32_t *next_id,
				   struct expr_for *out, struct diags *ds);
struct span expr_span(const struct expr *e);
/* The operator or name. */
struct span expr_op_span(const struct expr *e);
/* Prints canonical text with the fewest parentheses; parse(print(e)) is e. */
struct buf;
void expr_print(const struct expr *e, struct buf *out);

#endif
