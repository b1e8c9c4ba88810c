/*
 * expr_lex: the tokens of expressions: names, operators, and the operators of
 * other languages, which are tokens too so that the parser can say what to
 * write instead. Literals are in expr_literal.c.
 */
#include "syntax/expr_lex.h"

#include <stdarg.h>
#include <string.h>

#include "base/arena.h"
#include "base/diag.h"
#include "syntax/node.h"

/* Longest first where one begins another. */
static const char *const foreign[] = {
	"===", "!==", "...", "**=", "&&", "||", "<>", "=~", "!~", "**", "//", "++", "+=", "-=", "*=", "/=", "->",
	"::", "..", ":=", "<<", ">>", "!", "=", "&", "|", "?", ":", "%", "^", "~", "{", "}", ";", NULL,
};
static const char *const own[] = {
	"==", "!=", "<=", ">=", "=>", "??", "?.", "<", ">", "+", "-", "*", "/", "(", ")", "[", "]", ",", ".", NULL,
};

/* What people paste or type on a keyboard of their own. */
static const struct { const char *text, *write; } lookalikes[] = {
	{ "\xe2\x80\x98", "write plain quotes: '" }, { "\xe2\x80\x99", "write plain quotes: '" },
	{ "\xe2\x80\x9c", "write plain quotes: \"" }, { "\xe2\x80\x9d", "write plain quotes: \"" },
	{ "\xe2\x89\xa4", "write `<=`" }, { "\xe2\x89\xa5", "write `>=`" }, { "\xe2\x89\xa0", "write `!=`" },
	{ "\xe2\x80\x93", "write `-`" }, { "\xe2\x88\x92", "write `-`" }, { "\xc3\x97", "write `*`" },
	{ "\xc3\xb7", "write `/`" }, { "\xc2\xa0", "that is a no-break space: write a plain one" },
	{ "`", "text stands in single quotes: 'text'" },
	{ "$", "names have no `$`; environment variables cannot be read: declare an input or a secret" },
	{ "#", "an expression has no comments" }, { "@", "names are written plain: inputs.x" },
	{ "\\", "an expression may go over several lines as it is" },
};

struct diag *lex_error(struct lexer *lx, int code, uint32_t start, uint32_t end, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct str text = arena_vprintf(lx->a, fmt, ap);
	va_end(ap);
	return diag_add(lx->ds, code, node_slice(lx->node, start, end), STR_FMT, STR_ARG(text));
}

bool token_is(const struct token *t, const char *text)
{
	if (t->kind != TOKEN_NAME && t->kind != TOKEN_OP && t->kind != TOKEN_FOREIGN)
		return false;
	return t->text.p[0] == text[0] && str_eqz(t->text, text);
}

static struct token make(struct lexer *lx, enum token_kind kind, uint32_t start, uint32_t end)
{
	lx->at = end;
	return (struct token){ .kind = (uint8_t)kind, .start = start, .end = end, .text = str_slice(lx->text, start, end) };
}

static bool name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool name_char(char c)
{
	return name_start(c) || (c >= '0' && c <= '9');
}

static uint32_t skip_space(const struct lexer *lx)
{
	uint32_t at = lx->at;
	while (at < lx->text.n && (lx->text.p[at] == ' ' || lx->text.p[at] == '\n' || lx->text.p[at] == '\t' ||
				   lx->text.p[at] == '\r'))
		at++;
	return at;
}

static uint32_t match(struct str rest, const char *const *list)
{
	for (; *list; list++)
		if (**list == rest.p[0] && str_starts(rest, str_of(*list)))
			return (uint32_t)strlen(*list);
	return 0;
}

/* ${{ inside an expression: the key is one already. */
static struct token bad_hole(struct lexer *lx, uint32_t at)
{
	struct str rest = str_slice(lx->text, at, lx->text.n);
	struct diag *d = lex_error(lx, 211, at, at + 3, "`${{` inside an expression");
	ptrdiff_t end = str_find(rest, STR("}}"));
	struct str inner = end > 3 ? str_trim(str_slice(rest, 3, (size_t)end)) : STR("");
	if (inner.n && inner.n < 60)
		diag_help(lx->ds, d, "this is an expression already: write `" STR_FMT "`", STR_ARG(inner));
	else
		diag_help(lx->ds, d, "this is an expression already: leave out `${{` and `}}`");
	return make(lx, TOKEN_BAD, at, lx->at);
}

static struct token bad_character(struct lexer *lx, uint32_t at)
{
	struct str rest = str_slice(lx->text, at, lx->text.n);
	if (str_starts(rest, STR("${{")))
		return bad_hole(lx, at);
	size_t next = at;
	uint32_t c = utf8_next(lx->text, &next);
	uint32_t end = (uint32_t)next;
	if (c == 0xfffd && end == at + 1) {
		lex_error(lx, 209, at, end, "a byte that is not UTF-8");
		return make(lx, TOKEN_BAD, at, end);
	}
	struct diag *d = c > 32 && c != 127 ?
		lex_error(lx, 209, at, end, "`" STR_FMT "` has no meaning in an expression", STR_ARG(str_slice(lx->text, at, end))) :
		lex_error(lx, 209, at, end, "the control character U+%04X has no meaning in an expression", (unsigned)c);
	for (size_t i = 0; i < sizeof(lookalikes) / sizeof(lookalikes[0]); i++)
		if (str_starts(rest, str_of(lookalikes[i].text))) {
			diag_help(lx->ds, d, "%s", lookalikes[i].write);
			return make(lx, TOKEN_BAD, at, end);
		}
	if (c > 127)
		diag_help(lx->ds, d, "text stands in quotes: 'text'; names are ASCII");
	return make(lx, TOKEN_BAD, at, end);
}

struct token lex_next(struct lexer *lx)
{
	uint32_t at = lx->at = skip_space(lx), n;
	if (at >= lx->text.n)
		return make(lx, TOKEN_END, at, at);
	struct str rest = str_slice(lx->text, at, lx->text.n);
	char c = rest.p[0];
	if (name_start(c)) {
		uint32_t end = at + 1;
		while (end < lx->text.n && name_char(lx->text.p[end]))
			end++;
		return make(lx, TOKEN_NAME, at, end);
	}
	if (c >= '0' && c <= '9')
		return lex_number(lx);
	if (c == '\'' || c == '"')
		return lex_string(lx);
	n = match(rest, own);
	uint32_t f = match(rest, foreign);
	if (f > n)
		return make(lx, TOKEN_FOREIGN, at, at + f);
	if (n)
		return make(lx, TOKEN_OP, at, at + n);
	return bad_character(lx, at);
}

bool lex_ahead(const struct lexer *lx, const char *text)
{
	uint32_t at = skip_space(lx);
	struct str rest = str_slice(lx->text, at, lx->text.n), want = str_of(text);
	if (!str_starts(rest, want))
		return false;
	return !name_start(text[0]) || rest.n == want.n || !name_char(rest.p[want.n]);
}
