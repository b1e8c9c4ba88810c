#ifndef RB_SYNTAX_EXPR_LEX_H
#define RB_SYNTAX_EXPR_LEX_H
/*
 * expr_lex: text of an expression to tokens, one at a time. Offsets are into
 * the scalar's text. What cannot be a token is reported here (RB202..RB205,
 * RB209, RB211) and becomes TOKEN_BAD. For expr*.c only.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"
#include "value/value.h"

struct arena;
struct diag;
struct diags;
struct node;

enum token_kind {
	TOKEN_END,
	TOKEN_BAD,     /* reported */
	TOKEN_NAME,    /* keywords too */
	TOKEN_LIT,     /* string, number or unit: lit */
	TOKEN_OP,      /* operators and brackets of the language */
	TOKEN_FOREIGN  /* operators of other languages: && ? { ... */
};

struct token {
	uint8_t kind;
	bool lowest;         /* 9223372036854775808: an int only behind a minus */
	uint32_t start, end;
	struct str text;     /* as written */
	struct value lit;
};

struct lexer {
	struct arena *a;
	struct diags *ds;
	const struct node *node;
	struct str text;     /* of the scalar, up to the end of the expression */
	uint32_t at;
};

/* The next token; advances. */
struct token lex_next(struct lexer *lx);
/* True if the next token begins with this operator, or is this word. */
bool lex_ahead(const struct lexer *lx, const char *text);
/* Reports at text[start, end). */
struct diag *lex_error(struct lexer *lx, int code, uint32_t start, uint32_t end, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
bool token_is(const struct token *t, const char *text);

/* expr_literal.c: at a digit, at a quote. */
struct token lex_number(struct lexer *lx);
struct token lex_string(struct lexer *lx);

#endif
