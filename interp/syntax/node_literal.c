/*
 * The recogniser's block scalars (YAML 1.2.2 chapter 8.1): header, indentation,
 * end. libyaml 0.2.5 needs help where the text begins with a tab, stands at
 * column 0, or has no line end.
 */
#include "syntax/node_strict.h"

#include <string.h>

static bool header(struct node_strict *st, uint32_t *digit, uint32_t *digit_at)
{
	uint32_t open = st->pos++, p;
	bool chomp = false;

	for (*digit = 0;; st->pos++) {
		char c = strict_char(st, st->pos);
		if (c >= '1' && c <= '9' && !*digit)
			*digit = (uint32_t)(c - '0');
		else if ((c == '+' || c == '-') && !chomp)
			chomp = true;
		else
			break;
	}
	*digit_at = open + 1;
	p = st->pos;
	while (strict_is_blank(strict_char(st, p))) {
		if (st->s[p] == '\t')
			node_edits_add(&st->edits, (struct node_edit){ p, 1, " ", 1, false }, false);
		p++;
	}
	if (p < st->end && !strict_is_break(st->s[p])) {
		uint32_t end = p;
		while (end < st->end && !strict_is_break(st->s[end]))
			end++;
		if (st->s[p] != '#')
			return strict_fault(st, FAULT_HEADER, p, end, open, p);
		if (p == st->pos)
			return strict_fault(st, FAULT_COMMENT, p, p + 1, open, p);
		p = end;
	}
	st->pos = p;
	return true;
}

static bool marker_at(const struct node_strict *st, uint32_t p)
{
	struct node_strict there = *st;

	there.pos = there.line = p;
	return strict_marker(&there);
}

/* The indentation of the first line of text; UINT32_MAX if there is no text. */
static bool detect(struct node_strict *st, int32_t n, uint32_t *indent, bool *tab)
{
	uint32_t p = st->pos, widest = 0, widest_at = 0;

	*indent = UINT32_MAX;
	while (p < st->end) {
		uint32_t line;
		p += st->s[p] == '\r';
		line = ++p;
		while (strict_char(st, p) == ' ')
			p++;
		if (p < st->end && !strict_is_break(st->s[p])) {
			uint32_t k = p - line;
			if ((int64_t)k <= n || (k == 0 && marker_at(st, p)))
				return true;
			if (widest > k)
				return strict_fault(st, FAULT_BLANKS, widest_at, widest_at + widest, line, p);
			*tab = st->s[p] == '\t';
			*indent = k;
			return true;
		}
		if (p - line > widest) {
			widest = p - line;
			widest_at = line;
		}
	}
	return true;
}

/* Lines for libyaml: text at column 0 moves one to the right; deep text that
 * needs its indentation stated moves left, as one digit must do. */
static void shift_line(struct node_strict *st, uint32_t drop, bool add)
{
	if (add)
		node_edits_add(&st->edits, (struct node_edit){ st->line, 0, " ", 1, false }, false);
	if (drop > st->indent)
		drop = st->indent;
	if (drop)
		node_edits_add(&st->edits, (struct node_edit){ st->line, drop, "", 0, false }, false);
}

static bool lines(struct node_strict *st, uint32_t indent, uint32_t drop, bool add)
{
	uint32_t open = st->line, count = 0;
	bool blank = true;

	while (st->pos < st->end) {
		uint32_t p;
		strict_newline(st);
		count++;
		p = st->line + st->indent;
		blank = p >= st->end || strict_is_break(st->s[p]);
		if (!blank && (indent == UINT32_MAX || st->indent < indent || strict_marker(st))) {
			if (st->tab)
				return strict_fault(st, FAULT_TAB, p, p + 1, open, open + 1);
			return true;
		}
		if (p > st->line || !blank)
			shift_line(st, drop, add);
		while (p < st->end && !strict_is_break(st->s[p]))
			p++;
		st->pos = p;
	}
	/* A last line of nothing but indentation counts only where it is the only one. */
	if (st->pos > st->line && st->line > open && (!blank || st->indent > indent || count == 1))
		node_edits_add(&st->edits, (struct node_edit){ st->pos, 0, "\n", 1, false }, false);
	return true;
}

bool strict_literal(struct node_strict *st, int32_t n)
{
	uint32_t digit, digit_at, indent, drop = 0, base = n > 0 ? (uint32_t)n : 0;
	bool tab = false, add;
	struct node_edit e;

	if (!header(st, &digit, &digit_at))
		return false;
	if (digit)
		indent = base + digit;
	else if (!detect(st, n, &indent, &tab))
		return false;
	add = !digit && indent == 0;
	if (tab || add) {
		if (indent > base + 9)
			drop = indent - base - 1;
		e = (struct node_edit){ digit_at, 0, { (char)('0' + (add ? 1 : indent - drop - base)) }, 1, false };
		node_edits_add(&st->edits, e, true);
	}
	return lines(st, indent, drop, add);
}
