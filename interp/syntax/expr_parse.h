#ifndef RB_SYNTAX_EXPR_PARSE_H
#define RB_SYNTAX_EXPR_PARSE_H
/*
 * expr_parse: the state of one parse, shared by the parser (expr.c), its
 * operands (expr_operand.c) and its hints (expr_hint.c). A function that
 * returns NULL has reported. For expr*.c only.
 */
#include "syntax/expr.h"
#include "syntax/expr_lex.h"

struct parser {
	struct lexer lx;
	struct token now;      /* the token not yet taken */
	uint32_t last_end;     /* end of the token taken last */
	int depth;             /* of calls, against EXPR_DEPTH_MAX */
	bool rule;             /* a monitor rule: `for` may follow */
};

/* Binary operators; higher binds tighter. */
struct expr_operator {
	const char *text;
	uint8_t op;            /* enum expr_op */
	uint8_t level;
};
enum { LEVEL_OR = 1, LEVEL_AND, LEVEL_NOT, LEVEL_COMPARE, LEVEL_ADD, LEVEL_MUL, LEVEL_COALESCE, LEVEL_NEG, LEVEL_POST };
const struct expr_operator *expr_operator_of(enum expr_op op);

void parse_next(struct parser *p);
/* Takes the token if it is this operator or word. */
bool parse_take(struct parser *p, const char *text);
/* False (RB208) if calls nest too deep; parse_leave() after each true. */
bool parse_enter(struct parser *p);
void parse_leave(struct parser *p);

/* New node over text[start, last_end) with its children; NULL (RB208) if too deep. */
struct expr *parse_node(struct parser *p, enum expr_kind kind, uint32_t start, const struct expr *const *args,
			uint32_t count);

/* expr */
struct expr *parse_expr(struct parser *p);
/* neg and below */
struct expr *parse_operand(struct parser *p);
/* True for the words that cannot be names. */
bool parse_is_keyword(struct str word);

/* Reports the token at hand where an operand must begin, or an operator or the
 * end must follow. open: the bracket around, 0 if none, at open_at. */
void hint_operand(struct parser *p);
void hint_operator(struct parser *p, char open, uint32_t open_at);
/* True, NULL and such, which are never names. */
bool hint_is_foreign_word(struct str word);
/* Reports that `word` of `if` is missing; at: the `if`. */
void hint_if(struct parser *p, const char *word, uint32_t at);
/* The source of an expression, for help texts; empty if it is long. */
struct str hint_source(const struct parser *p, uint32_t start, uint32_t end);

#endif
