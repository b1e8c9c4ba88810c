/*
 * expr_hint: what is said about a token that does not fit: the words and
 * operators of other languages with what to write instead, then the general
 * message. One table for places where an operator may stand, one for operands.
 */
#include "syntax/expr_parse.h"

#include <string.h>

#include "base/arena.h"
#include "base/diag.h"
#include "syntax/node.h"

struct foreign { const char *text, *help; };

/* Behind an operand. */
static const struct foreign operators[] = {
	{ "&&", "write `and`" }, { "||", "write `or`" }, { "&", "write `and`" },
	{ "|", "write `or`; a filter is a function: len(x) or x.len()" },
	{ "=", "write `==`" }, { "===", "write `==`" }, { ":=", "write `==`" }, { "!==", "write `!=`" },
	{ "<>", "write `!=`" }, { "=~", "write `matches`" }, { "~", "write `matches`" },
	{ "!~", "write `not (x matches '...')`" }, { "!", "write `not`, or `!=`" },
	{ "?", "write `if a then b else c`" }, { ":", "write `if a then b else c`" },
	{ "%", "write mod(a, b); a percent touches its number: 5%" }, { "**", "there is no power operator: multiply" },
	{ "^", "there is no power operator: multiply" }, { "//", "write div(a, b)" }, { "->", "write `=>`" },
	{ "..", "write range(a, b)" }, { "...", "write range(a, b)" }, { "::", "write `.`" },
	{ "++", "values cannot change; write `+ 1`" }, { "+=", "values cannot change; write `+`" },
	{ "-=", "values cannot change; write `-`" }, { "*=", "values cannot change; write `*`" },
	{ "/=", "values cannot change; write `/`" }, { ";", "one key holds one expression" },
	{ "AND", "write `and`" }, { "And", "write `and`" }, { "OR", "write `or`" }, { "Or", "write `or`" },
	{ "NOT", "write `not`" }, { "IN", "write `in`" }, { "xor", "write `!=` between two bools" },
	{ "eq", "write `==`" }, { "equals", "write `==`" }, { "ne", "write `!=`" }, { "neq", "write `!=`" },
	{ "lt", "write `<`" }, { "le", "write `<=`" }, { "lte", "write `<=`" }, { "gt", "write `>`" },
	{ "ge", "write `>=`" }, { "gte", "write `>=`" }, { "like", "write `matches` with a regex" },
	{ "match", "write `matches`" }, { "regex", "write `matches`" }, { "contains", "write `b in a`, or contains(a, b)" },
	{ "has", "write `b in a`, or has(a, 'b')" }, { "startswith", "write a.starts_with(b)" },
	{ "starts_with", "write a.starts_with(b)" }, { "endswith", "write a.ends_with(b)" },
	{ "ends_with", "write a.ends_with(b)" }, { "mod", "write mod(a, b)" }, { "div", "write div(a, b)" },
	{ "between", "write `a >= b and a <= c`" }, { "unless", "write `if not a then b else c`" },
	{ "elif", "write `else if`" }, { "elsif", "write `else if`" }, { "elseif", "write `else if`" },
};

/* Where an operand must begin. */
static const struct foreign operands[] = {
	{ "!", "write `not`" }, { "{", "there are no map literals: write the map under `vars`" },
	{ "==", "put the value to compare on the left" }, { "+", "a number has no plus sign" },
	{ "*", NULL }, { "=", NULL }, { "&&", NULL }, { "||", NULL },
	{ ".", "a number has a digit before the point: 0.5; a member has a name: inputs.x" },
	{ "&", "there are no references" }, { "%", "a percent follows its number: 5%" },
	{ "~", "write `null`" }, { "?", "write `if a then b else c`" },
};

/* Words where an operand begins; names are lower case, so these are never names. */
static const struct foreign words[] = {
	{ "True", "write `true`" }, { "TRUE", "write `true`" }, { "False", "write `false`" }, { "FALSE", "write `false`" },
	{ "None", "write `null`" }, { "NULL", "write `null`" }, { "Null", "write `null`" }, { "NOT", "write `not`" },
	{ "IF", "write `if`" },
};

#define FIND(table, text) find(table, sizeof(table) / sizeof((table)[0]), text)

static const struct foreign *find(const struct foreign *table, size_t n, struct str text)
{
	for (size_t i = 0; i < n && text.n; i++)
		if (text.p[0] == table[i].text[0] && str_eqz(text, table[i].text))
			return &table[i];
	return NULL;
}

bool hint_is_foreign_word(struct str word)
{
	return FIND(words, word) != NULL;
}

struct str hint_source(const struct parser *p, uint32_t start, uint32_t end)
{
	struct str s = str_slice(p->lx.text, start, end);
	return s.n <= 40 && !memchr(s.p, '\n', s.n) ? s : STR("");
}

/* "`)`", "`'text'`", "the end"; long texts are cut. */
static struct str found(struct parser *p)
{
	if (p->now.kind == TOKEN_END)
		return STR("the end");
	struct str s = p->now.text;
	if (s.n <= 40)
		return arena_printf(p->lx.a, "`" STR_FMT "`", STR_ARG(s));
	size_t cut = 0;
	while (cut < 32)
		utf8_next(s, &cut);
	return arena_printf(p->lx.a, "`" STR_FMT "...`", STR_ARG(str_slice(s, 0, cut)));
}

static struct diag *foreign_error(struct parser *p, uint32_t end)
{
	return lex_error(&p->lx, 201, p->now.start, end, "`" STR_FMT "` is not an operator of this language",
			 STR_ARG(str_slice(p->lx.text, p->now.start, end)));
}

/* is null, is not null, is defined, is x */
static void hint_is(struct parser *p)
{
	static const char *const nulls[] = { "null", "none", "None", "nil", "undefined", "empty" };
	struct token is = p->now;
	parse_next(p);
	bool not = parse_take(p, "not");
	struct token what = p->now;
	uint32_t end = what.kind == TOKEN_NAME ? what.end : p->last_end;
	bool defined = token_is(&what, "defined"), null = false;
	for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++)
		null = null || token_is(&what, nulls[i]);
	if (!null && !defined)
		end = p->last_end;
	p->now = is;
	struct diag *d = foreign_error(p, end);
	bool negated = not != defined;
	if (null || defined)
		diag_help(p->lx.ds, d, "write `%s null`", negated ? "!=" : "==");
	else
		diag_help(p->lx.ds, d, "write `%s`", not ? "!=" : "==");
}

static void near_word(struct parser *p, struct diag *d)
{
	static const struct str known[] = { { "and", 3 }, { "or", 2 }, { "in", 2 }, { "not in", 6 }, { "matches", 7 },
					    { "then", 4 }, { "else", 4 } };
	struct str near = diag_nearest(p->now.text, known, sizeof(known) / sizeof(known[0]));
	if (near.n)
		diag_help(p->lx.ds, d, "did you mean `" STR_FMT "`?", STR_ARG(near));
}

static bool word_is_unit(struct str s)
{
	static const char *const units[] = { "ns", "us", "ms", "s", "m", "h", "d", "w", "B", "KB", "MB", "GB", "TB", "KiB",
					     "MiB", "GiB", "TiB", "min", "sec", "%" };
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (str_eqz(s, units[i]))
			return true;
	return false;
}

/* 5 m and 5 %: true if it was reported. */
static bool hint_apart(struct parser *p)
{
	uint32_t digit = p->last_end;
	if (!digit || p->lx.text.p[digit - 1] < '0' || p->lx.text.p[digit - 1] > '9' || !word_is_unit(p->now.text))
		return false;
	uint32_t start = digit;
	while (start && ((p->lx.text.p[start - 1] >= '0' && p->lx.text.p[start - 1] <= '9') || p->lx.text.p[start - 1] == '.'))
		start--;
	struct token next = p->now;
	struct lexer ahead = p->lx;
	/* a % b is a remainder; 5 % alone, or before an operator, is a percent */
	if (token_is(&next, "%") && (lex_ahead(&ahead, "(") || (ahead.at < ahead.text.n && ahead.text.p[ahead.at] == ' ' &&
	    !lex_ahead(&ahead, "and") && !lex_ahead(&ahead, "or") && !lex_ahead(&ahead, "for"))))
		return false;
	struct str unit = str_eqz(next.text, "min") ? STR("m") : str_eqz(next.text, "sec") ? STR("s") : next.text;
	struct diag *d = lex_error(&p->lx, 205, start, next.end, "a unit touches its number");
	diag_help(p->lx.ds, d, "write `" STR_FMT STR_FMT "`", STR_ARG(str_slice(p->lx.text, start, digit)), STR_ARG(unit));
	return true;
}

static void hint_for(struct parser *p)
{
	struct diag *d = lex_error(&p->lx, 212, p->now.start, p->now.end, p->rule ? "`for` stands at the end of the rule" :
				   "`for` stands only in the rules of a monitor");
	if (p->rule)
		diag_help(p->lx.ds, d, "leave out the parentheses around it: when: errors > 1%% for 5m");
	else
		diag_help(p->lx.ds, d, "a condition that must last is a monitor: rules: [{ when: errors > 1%% for 5m, then: rollback }]");
}

static bool hint_quotes(struct parser *p)
{
	if (p->now.kind != TOKEN_LIT || p->now.lit.kind != V_STRING || !p->last_end || p->last_end != p->now.start ||
	    p->lx.text.p[p->last_end - 1] != p->now.text.p[0])
		return false;
	struct diag *d = lex_error(&p->lx, 200, p->now.start, p->now.end, "a quote inside a text ends it");
	diag_help(p->lx.ds, d, p->now.text.p[0] == '\'' ? "use the other quotes: \"it's\"" : "write it as \\\"");
	return true;
}

void hint_operator(struct parser *p, char open, uint32_t open_at)
{
	const struct foreign *f = p->now.kind == TOKEN_FOREIGN || p->now.kind == TOKEN_NAME ? FIND(operators, p->now.text) : NULL;
	if (p->now.kind == TOKEN_BAD || hint_apart(p) || hint_quotes(p))
		return;
	if (token_is(&p->now, "is") || token_is(&p->now, "isnt")) {
		hint_is(p);
		return;
	}
	if (token_is(&p->now, "for")) {
		hint_for(p);
		return;
	}
	if (f) {
		diag_help(p->lx.ds, foreign_error(p, p->now.end), "%s", f->help);
		return;
	}
	struct str what = found(p);
	struct diag *d;
	if (open) {
		d = lex_error(&p->lx, 200, p->now.start, p->now.end, "expected `%s`, found " STR_FMT,
			      open == '(' ? ")" : "]", STR_ARG(what));
		diag_label(p->lx.ds, d, node_slice(p->lx.node, open_at, open_at + 1), "opened here");
	} else {
		d = lex_error(&p->lx, 200, p->now.start, p->now.end, "expected an operator or the end, found " STR_FMT,
			      STR_ARG(what));
	}
	if (p->now.kind == TOKEN_NAME)
		near_word(p, d);
	else if (token_is(&p->now, ")") || token_is(&p->now, "]"))
		diag_help(p->lx.ds, d, "there is no `%s` before it", token_is(&p->now, ")") ? "(" : "[");
	else if (token_is(&p->now, ","))
		diag_help(p->lx.ds, d, "a list stands in brackets: [a, b]");
}

void hint_operand(struct parser *p)
{
	if (p->now.kind == TOKEN_BAD)
		return;
	const struct foreign *f = p->now.kind == TOKEN_NAME ? FIND(words, p->now.text) : FIND(operands, p->now.text);
	if (p->now.kind == TOKEN_FOREIGN && (!f || f->help)) {
		struct diag *d = foreign_error(p, p->now.end);
		if (f)
			diag_help(p->lx.ds, d, "%s", f->help);
		return;
	}
	if (p->now.kind == TOKEN_NAME && f) {
		struct diag *d = lex_error(&p->lx, 201, p->now.start, p->now.end, "`" STR_FMT "` is a word of another language",
					   STR_ARG(p->now.text));
		diag_help(p->lx.ds, d, "%s", f->help);
		return;
	}
	struct str what = found(p);
	struct diag *d = lex_error(&p->lx, 200, p->now.start, p->now.end, "expected a value, found " STR_FMT, STR_ARG(what));
	if (token_is(&p->now, "if"))
		diag_help(p->lx.ds, d, "put `if ... then ... else ...` in parentheses");
	else if (token_is(&p->now, "not"))
		diag_help(p->lx.ds, d, "put `not ...` in parentheses");
	else if (f && f->help)
		diag_help(p->lx.ds, d, "%s", f->help);
}

void hint_if(struct parser *p, const char *word, uint32_t at)
{
	static const char *const splits[] = { "elif", "elsif", "elseif" };
	if (p->now.kind == TOKEN_BAD || hint_apart(p) || hint_quotes(p))
		return;
	for (size_t i = 0; i < sizeof(splits) / sizeof(splits[0]); i++)
		if (token_is(&p->now, splits[i])) {
			diag_help(p->lx.ds, foreign_error(p, p->now.end), "write `else if`");
			return;
		}
	if (p->now.kind == TOKEN_FOREIGN || (p->now.kind == TOKEN_NAME && FIND(operators, p->now.text)) || token_is(&p->now, "is")) {
		hint_operator(p, 0, 0);
		return;
	}
	struct str what = found(p);
	struct diag *d = lex_error(&p->lx, 200, p->now.start, p->now.end, "expected `%s`, found " STR_FMT, word, STR_ARG(what));
	diag_label(p->lx.ds, d, node_slice(p->lx.node, at, at + 2), "of this `if`");
	diag_help(p->lx.ds, d, "write `if a then b else c`");
}
