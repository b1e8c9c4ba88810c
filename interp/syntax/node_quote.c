/*
 * The recogniser's quoted scalars (YAML 1.2.2 chapter 7.3): escapes, and the
 * indentation of later lines. Values are libyaml's business.
 */
#include "syntax/node_strict.h"

#include <string.h>

/* Length of the escape behind the backslash at p (with it), or 0. */
static uint32_t escape_length(const struct node_strict *st, uint32_t p)
{
	char c = strict_char(st, p + 1);
	uint32_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0, v = 0;

	if (c == '\0' || (!digits && !strchr("0abt\tnvfre \"/\\N_LP", c)))
		return 0;
	for (uint32_t i = 0; i < digits; i++) {
		c = strict_char(st, p + 2 + i);
		if (c >= '0' && c <= '9')
			v = v << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return 0;
	}
	if ((v >= 0xd800 && v < 0xe000) || v > 0x10ffff)
		return 0;
	return 2 + digits;
}

/* At a line end inside quotes: to the next text, or the fault. */
static bool next_line(struct node_strict *st, int32_t n, uint32_t open)
{
	do {
		uint32_t p;
		strict_newline(st);
		p = st->line + st->indent;
		while (strict_is_blank(strict_char(st, p)))
			p++;
		if (strict_marker(st))
			return strict_fault(st, FAULT_QUOTE_OPEN, open, open + 1, st->pos, st->pos + 3);
		st->pos = p;
		/* Lines of spaces may be shorter than the indentation; a tab counts as text. */
		if (st->pos < st->end && (int64_t)st->indent <= n &&
		    (st->tab || !strict_is_break(st->s[st->pos]))) {
			if (st->tab)
				return strict_fault(st, FAULT_TAB, st->line + st->indent, p, open, open + 1);
			return strict_fault(st, FAULT_FLOW_INDENT, p, p + 1, open, open + 1);
		}
	} while (st->pos < st->end && strict_is_break(st->s[st->pos]));
	return true;
}

bool strict_quoted(struct node_strict *st, int32_t n, struct node_inline *it)
{
	uint32_t open = st->pos++, line = st->line;
	char quote = st->s[open];

	for (;;) {
		char c = strict_char(st, st->pos);
		if (st->pos >= st->end)
			return strict_fault(st, FAULT_QUOTE_OPEN, open, open + 1, 0, 0);
		if (c == quote) {
			if (quote == '"' || strict_char(st, st->pos + 1) != quote)
				break;
			st->pos += 2;
		} else if (strict_is_break(c)) {
			if (!next_line(st, n, open))
				return false;
		} else if (c == '\\' && quote == '"') {
			uint32_t len = escape_length(st, st->pos);
			if (strict_is_break(strict_char(st, st->pos + 1)))
				len = 1;
			if (!len)
				return strict_fault(st, FAULT_ESCAPE, st->pos, st->pos + 2, open, open + 1);
			st->pos += len;
		} else {
			st->pos++;
		}
	}
	st->pos++;
	*it = (struct node_inline){ .start = open, .end = st->pos, .lines = st->line != line, .json = true };
	return true;
}
