/*
 * expr_literal: numbers, units and strings of expressions. A unit touches its
 * number; '...' is raw, "..." has JSON's escapes (RFC 8259 section 7).
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "syntax/expr.h"
#include "syntax/expr_lex.h"
#include "value/units.h"

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static char char_at(const struct lexer *lx, uint32_t at)
{
	return at < lx->text.n ? lx->text.p[at] : 0;
}

static struct token bad(struct lexer *lx, uint32_t start, uint32_t end)
{
	lx->at = end;
	return (struct token){ .kind = TOKEN_BAD, .start = start, .end = end, .text = str_slice(lx->text, start, end) };
}

static struct token literal(struct lexer *lx, uint32_t start, uint32_t end, struct value v)
{
	struct token t = { .kind = TOKEN_LIT, .start = start, .end = end, .lit = v };
	t.text = str_slice(lx->text, start, end);
	lx->at = end;
	return t;
}

static uint32_t skip_digits(const struct lexer *lx, uint32_t at)
{
	while (digit(char_at(lx, at)))
		at++;
	return at;
}

/* End of digits [. digits] [e digits]. */
static uint32_t number_end(const struct lexer *lx, uint32_t at)
{
	at = skip_digits(lx, at);
	if (char_at(lx, at) == '.' && digit(char_at(lx, at + 1)))
		at = skip_digits(lx, at + 1);
	if (char_at(lx, at) == 'e' || char_at(lx, at) == 'E') {
		uint32_t e = at + 1;
		if (char_at(lx, e) == '+' || char_at(lx, e) == '-')
			e++;
		if (digit(char_at(lx, e)))
			at = skip_digits(lx, e);
	}
	return at;
}

/* End of all that touches the number: units, further numbers of a duration. */
static uint32_t unit_end(const struct lexer *lx, uint32_t at)
{
	if (char_at(lx, at) == '%')
		return at + 1;
	while (letter(char_at(lx, at))) {
		while (letter(char_at(lx, at)))
			at++;
		at = number_end(lx, at);
	}
	return at;
}

static const struct { const char *wrong, *right; } spellings[] = {
	{ "min", "m" }, { "mins", "m" }, { "minute", "m" }, { "minutes", "m" }, { "sec", "s" }, { "secs", "s" },
	{ "second", "s" }, { "seconds", "s" }, { "S", "s" }, { "hr", "h" }, { "hrs", "h" }, { "hour", "h" },
	{ "hours", "h" }, { "H", "h" }, { "day", "d" }, { "days", "d" }, { "D", "d" }, { "week", "w" }, { "weeks", "w" },
	{ "msec", "ms" }, { "msecs", "ms" }, { "millis", "ms" }, { "usec", "us" }, { "MS", "ms" }, { "b", "B" },
	{ "kb", "KB" }, { "kB", "KB" }, { "mb", "MB" }, { "gb", "GB" }, { "tb", "TB" }, { "kib", "KiB" }, { "Ki", "KiB" },
	{ "mib", "MiB" }, { "Mi", "MiB" }, { "gib", "GiB" }, { "Gi", "GiB" }, { "tib", "TiB" }, { "Ti", "TiB" },
	{ "k", "KB" }, { "K", "KiB" }, { "M", "MiB" }, { "G", "GiB" }, { "T", "TiB" }, { "g", "GB" }, { "bytes", "B" },
	{ "pct", "%" }, { "percent", "%" },
};

static const char *right_spelling(struct str word)
{
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++)
		if (str_eqz(word, spellings[i].wrong))
			return spellings[i].right;
	return NULL;
}

static bool is_unit(struct str word)
{
	static const char *const units[] = { "ns", "us", "ms", "s", "m", "h", "d", "w", "B", "KB", "MB", "GB", "TB",
					     "KiB", "MiB", "GiB", "TiB" };
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (str_eqz(word, units[i]))
			return true;
	return false;
}

/* 5min, 0x1f, 1_000: the first word that is no unit. */
static void report_word(struct lexer *lx, uint32_t start, uint32_t at, uint32_t end)
{
	struct str all = str_slice(lx->text, start, end);
	while (at < end) {
		uint32_t word = at;
		while (letter(char_at(lx, at)))
			at++;
		struct str w = str_slice(lx->text, word, at);
		if (!is_unit(w)) {
			const char *right = right_spelling(w);
			bool grouped = w.p[0] == '_', hex = (w.p[0] == 'x' || w.p[0] == 'X') && word == start + 1;
			struct diag *d = grouped || hex ?
				lex_error(lx, 204, start, end, "`" STR_FMT "` is not a number", STR_ARG(all)) :
				lex_error(lx, 205, word, at, "`" STR_FMT "` is not a unit", STR_ARG(w));
			if (right)
				diag_help(lx->ds, d, "write `" STR_FMT "%s`", STR_ARG(str_slice(lx->text, start, word)), right);
			else if (grouped)
				diag_help(lx->ds, d, "write the digits without `_`");
			else if (hex)
				diag_help(lx->ds, d, "numbers are decimal");
			else
				diag_help(lx->ds, d, "units: ns us ms s m h d w, B KB MB GB TB KiB MiB GiB TiB, %%");
			return;
		}
		at = number_end(lx, at);
	}
	struct diag *d = lex_error(lx, 205, start, end, "`" STR_FMT "` is not a whole duration", STR_ARG(all));
	diag_help(lx->ds, d, "each number needs its unit: 1h30m");
}

static bool read_unit(struct str s, struct value *out)
{
	int64_t i;
	if (unit_parse_duration(s, &i))
		*out = value_unit(V_DURATION, i);
	else if (unit_parse_size(s, &i))
		*out = value_unit(V_SIZE, i);
	else if (unit_parse_percent(s, &i))
		*out = value_unit(V_PERCENT, i);
	else
		return false;
	return true;
}

static struct token with_unit(struct lexer *lx, uint32_t start, uint32_t number, uint32_t end)
{
	struct str s = str_slice(lx->text, start, end);
	struct value v;
	if (read_unit(s, &v))
		return literal(lx, start, end, v);
	bool all_units = !digit(s.p[s.n - 1]), size = false;
	for (uint32_t at = number; at < end && all_units && char_at(lx, at) != '%';) {
		uint32_t word = at;
		while (letter(char_at(lx, at)))
			at++;
		struct str w = str_slice(lx->text, word, at);
		all_units = is_unit(w);
		size = size || (w.n && w.p[w.n - 1] == 'B');
		at = number_end(lx, at);
	}
	if (!all_units) {
		report_word(lx, start, number, end);
	} else {
		struct diag *d = lex_error(lx, 205, start, end, "`" STR_FMT "` cannot be held exactly", STR_ARG(s));
		diag_help(lx->ds, d, size ? "a size is one number of whole bytes, below 8 EiB" :
			  s.p[s.n - 1] == '%' ? "a percent has at most 9 decimals and is below 9223372036%%" :
			  "a duration is a whole number of nanoseconds, below 292 years");
	}
	return bad(lx, start, end);
}

struct token lex_number(struct lexer *lx)
{
	uint32_t start = lx->at, number = number_end(lx, start), end = unit_end(lx, number);
	struct str s = str_slice(lx->text, start, number);
	struct value v = { .kind = V_INT };
	if (s.n > 1 && s.p[0] == '0' && digit(s.p[1])) {
		struct diag *d = lex_error(lx, 204, start, end, "a number cannot begin with 0");
		diag_help(lx->ds, d, "leave out the zero, or quote the text: '" STR_FMT "'", STR_ARG(s));
		return bad(lx, start, end);
	}
	if (end > number)
		return with_unit(lx, start, number, end);
	if (unit_parse_int(s, &v.i))
		return literal(lx, start, end, v);
	if (str_eqz(s, "9223372036854775808")) {
		struct token t = literal(lx, start, end, value_int(INT64_MIN));
		t.lowest = true;
		return t;
	}
	bool real = memchr(s.p, '.', s.n) || memchr(s.p, 'e', s.n) || memchr(s.p, 'E', s.n);
	if (real && unit_parse_float(s, &v.f)) {
		v.kind = V_FLOAT;
		return literal(lx, start, end, v);
	}
	struct diag *d = lex_error(lx, 204, start, end, "`" STR_FMT "` is too large for %s",
				   STR_ARG(str_slice(s, 0, 40)), real ? "a float" : "an int");
	if (!real)
		diag_help(lx->ds, d, "the largest int is 9223372036854775807; a float is written with `.0`");
	return bad(lx, start, end);
}

static bool hex4(struct str s, size_t at, uint32_t *out)
{
	*out = 0;
	for (size_t i = 0; i < 4; i++) {
		char c = at + i < s.n ? s.p[at + i] : 0;
		int d = digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
		if (d < 0)
			return false;
		*out = *out << 4 | (uint32_t)d;
	}
	return true;
}

/* \uXXXX, with its second half if it is a surrogate. *at is behind the u. */
static bool unicode(struct str s, size_t *at, struct buf *out)
{
	uint32_t c, low;
	char utf8[4];
	if (!hex4(s, *at, &c) || !c || (c >= 0xdc00 && c <= 0xdfff))
		return false;
	*at += 4;
	if (c >= 0xd800 && c <= 0xdbff) {
		if (*at + 6 > s.n || s.p[*at] != '\\' || s.p[*at + 1] != 'u' || !hex4(s, *at + 2, &low) || low < 0xdc00 ||
		    low > 0xdfff)
			return false;
		*at += 6;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	buf_add(out, utf8, utf8_put(c, utf8));
	return true;
}

/* The escape at s.p[*at] (a backslash); advances behind it. */
static bool escape(struct str s, size_t *at, struct buf *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	char c = *at + 1 < s.n ? s.p[*at + 1] : 0;
	*at += 2;
	if (c == 'u')
		return unicode(s, at, out);
	const char *known = c ? strchr(from, c) : NULL;
	if (!known)
		return false;
	buf_addc(out, to[known - from]);
	return true;
}

static void report_escape(struct lexer *lx, uint32_t at)
{
	size_t next = at + 1;
	if (next < lx->text.n)
		utf8_next(lx->text, &next);
	uint32_t end = (uint32_t)next;
	bool u = char_at(lx, at + 1) == 'u';
	struct diag *d = lex_error(lx, 203, at, end, u ? "`\\u` needs the four hex digits of a character"
				   : "`" STR_FMT "` is not an escape", STR_ARG(str_slice(lx->text, at, end)));
	if (u)
		diag_note(lx->ds, d, "a character above U+FFFF is two halves: \\ud83d\\ude00; U+0000 cannot stand in text");
	else
		diag_help(lx->ds, d, "single quotes take a backslash as it is: '\\d+'");
}

static struct token unclosed(struct lexer *lx, uint32_t start, char quote)
{
	struct diag *d = lex_error(lx, 202, start, start + 1, "this %s is never closed", quote == '"' ? "`\"`" : "`'`");
	diag_help(lx->ds, d, quote == '\'' ? "close it, or write text with a `'` in it as \"it's\"" : "close it with `\"`");
	return bad(lx, start, (uint32_t)lx->text.n);
}

static struct token raw_string(struct lexer *lx, uint32_t start)
{
	const char *p = lx->text.p + start + 1;
	const char *end = memchr(p, '\'', lx->text.n - start - 1);
	if (!end)
		return unclosed(lx, start, '\'');
	struct str s = { p, (size_t)(end - p) };
	return literal(lx, start, start + 2 + (uint32_t)s.n, value_str_copy(lx->a, s));
}

struct token lex_string(struct lexer *lx)
{
	uint32_t start = lx->at;
	if (lx->text.p[start] == '\'')
		return raw_string(lx, start);
	struct buf out;
	size_t at = start + 1;
	buf_init(&out, EXPR_BYTES_MAX);
	while (at < lx->text.n && lx->text.p[at] != '"') {
		size_t from = at;
		if (lx->text.p[at] != '\\') {
			buf_addc(&out, lx->text.p[at++]);
		} else if (!escape(lx->text, &at, &out)) {
			buf_release(&out);
			/* an unclosed text is the likelier mistake if a backslash is its last byte */
			if (from + 1 >= lx->text.n)
				return unclosed(lx, start, '"');
			report_escape(lx, (uint32_t)from);
			return bad(lx, start, (uint32_t)lx->text.n);
		}
	}
	struct value v = value_str_copy(lx->a, buf_str(&out));
	buf_release(&out);
	if (at >= lx->text.n)
		return unclosed(lx, start, '"');
	return literal(lx, start, (uint32_t)at + 1, v);
}
