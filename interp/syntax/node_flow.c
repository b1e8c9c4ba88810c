/*
 * The recogniser's flow part: [lists] and {maps} (YAML 1.2.2 chapter 7.4). n is
 * the column of the block that holds the brackets: each of their lines must be
 * indented more than that.
 */
#include "syntax/node_strict.h"

#include <string.h>
#include "base/diag.h"

static bool flow_gap(struct node_strict *st, int32_t n, uint32_t open)
{
	if (!strict_gap(st) || st->pos >= st->end)
		return true;
	if (strict_marker(st))
		return strict_fault(st, FAULT_FLOW_OPEN, open, open + 1, st->pos, st->pos + 3);
	if ((int64_t)st->indent > n)
		return true;
	/* YAML wants the closing bracket deeper too, but everybody writes it below the key. */
	if ((int64_t)st->indent == n && !st->tab && (st->s[st->pos] == ']' || st->s[st->pos] == '}'))
		return true;
	if (st->tab)
		return strict_fault(st, FAULT_TAB, st->line + st->indent, st->pos, open, open + 1);
	return strict_fault(st, FAULT_FLOW_INDENT, st->pos, st->pos + 1, open, open + 1);
}

/* What may stand behind `:`, `?` and `-` without making them indicators. */
static bool plain_safe(const struct node_strict *st, uint32_t p)
{
	return !strict_ends(st, p) && !strict_punct(st->s[p]);
}

bool strict_plain_start(const struct node_strict *st, uint32_t p, bool flow)
{
	char c = strict_char(st, p);

	if (strict_ends(st, p))
		return false;
	if (c == '-' || c == '?' || c == ':')
		return flow ? plain_safe(st, p + 1) : !strict_ends(st, p + 1);
	return !strchr(",[]{}#&*!|>'\"%@`", c);
}

char strict_plain_line(const struct node_strict *st, uint32_t from, bool flow, uint32_t *end)
{
	const char *s = st->s;
	uint32_t p = from;

	*end = from;
	for (; p < st->end; p++) {
		char c = s[p];
		if (c == '\n' || c == '\r')
			return '\n';
		if (strict_is_blank(c))
			continue;
		if (c == '#' && p > from && strict_is_blank(s[p - 1]))
			return '#';
		if (c == ':' && (flow ? !plain_safe(st, p + 1) : strict_ends(st, p + 1)))
			return ':';
		if (flow && strict_punct(c))
			return c;
		*end = p + 1;
	}
	return '\0';
}

bool strict_plain_more(struct node_strict *st, int32_t n, bool flow, const struct node_inline *it)
{
	struct node_strict was = *st;
	uint32_t p = it->end;
	char c;

	while (strict_is_blank(strict_char(st, p)))
		p++;
	if (p >= st->end || !strict_is_break(st->s[p])) {
		st->pos = it->end;
		return false;
	}
	st->pos = p;
	do {
		strict_newline(st);
		p = st->line + st->indent;
		/* A tab is white space only behind the indentation. */
		if (st->tab && (int64_t)st->indent <= n)
			break;
		while (strict_is_blank(strict_char(st, p)))
			p++;
		st->pos = p;
	} while (p < st->end && strict_is_break(st->s[p]));
	st->pos = p;
	c = strict_char(st, p);
	if (p < st->end && (int64_t)st->indent > n && c != '#' && !strict_marker(st) &&
	    !(c == ':' && (flow ? !plain_safe(st, p + 1) : strict_ends(st, p + 1))) &&
	    !(flow && strict_punct(c)))
		return true;
	if (c == ':' && !flow && p < st->end && (int64_t)st->indent > n) /* `: b` in the middle of text */
		return true;
	st->line = was.line;
	st->indent = was.indent;
	st->tab = was.tab;
	st->pos = it->end;
	return false;
}

/* libyaml reads `:` and `?` in flow text otherwise; in quotes it cannot. */
static void quote_plain(struct node_strict *st, const struct node_inline *it)
{
	uint32_t n = it->end - it->start;
	const char *p = st->s + it->start;

	if (!memchr(p, ':', n) && !memchr(p, '?', n))
		return;
	node_edits_add(&st->edits, (struct node_edit){ it->start, 0, "'", 1, true }, false);
	for (uint32_t i = 0; i < n; i++) {
		if (p[i] == '\'')
			node_edits_add(&st->edits, (struct node_edit){ it->start + i, 0, "'", 1, false }, false);
	}
	node_edits_add(&st->edits, (struct node_edit){ it->end, 0, "'", 1, false }, false);
}

static bool flow_plain(struct node_strict *st, int32_t n, struct node_inline *it)
{
	uint32_t first = st->line;

	it->plain = true;
	do {
		strict_plain_line(st, st->pos, true, &it->end);
	} while (strict_plain_more(st, n, true, it));
	it->lines = st->line != first;
	quote_plain(st, it);
	return true;
}

static bool fault_start(struct node_strict *st, uint32_t open)
{
	uint32_t p = st->pos;
	char c = st->s[p];

	if (c == '#')
		return strict_fault(st, FAULT_COMMENT, p, p + 1, open, open + 1);
	if (c == ',')
		return strict_fault(st, FAULT_FLOW_EMPTY, p, p + 1, open, open + 1);
	if (c == ']' || c == '}')
		return strict_fault(st, FAULT_FLOW_CLOSE, p, p + 1, open, open + 1);
	if (c == '-' || c == '?' || c == ':')
		return strict_fault(st, FAULT_DASH, p, p + 1, open, open + 1);
	return strict_fault(st, FAULT_RESERVED, p, p + 1, open, open + 1);
}

static bool flow_item(struct node_strict *st, int32_t n, uint32_t open, struct node_inline *it)
{
	char c = st->s[st->pos];

	if (c == '[' || c == '{')
		return strict_flow(st, n, it);
	if (c == '"' || c == '\'')
		return strict_quoted(st, n, it);
	if (c == '*')
		return strict_alias(st, true, it);
	if (!strict_plain_start(st, st->pos, true))
		return fault_start(st, open);
	return flow_plain(st, n, it);
}

static bool flow_node(struct node_strict *st, int32_t n, uint32_t open, struct node_inline *it)
{
	char c;

	*it = (struct node_inline){ .start = st->pos, .end = st->pos };
	while (strict_property(st, true)) {
		if (!flow_gap(st, n, open))
			return false;
		c = strict_char(st, st->pos);
		if (c == '\0' || c == ',' || c == ']' || c == '}' || (c == ':' && !plain_safe(st, st->pos + 1)))
			return true;
	}
	if (st->pos >= st->end)
		return strict_fault(st, FAULT_FLOW_OPEN, open, open + 1, 0, 0);
	it->start = st->pos;
	if (!flow_item(st, n, open, it))
		return false;
	st->last = *it;
	return true;
}

/* The `:` of an entry whose key began at `start`, and the value behind it. */
static bool flow_value(struct node_strict *st, int32_t n, uint32_t open, const struct node_inline *key,
		       uint32_t start, uint32_t line, bool implicit)
{
	bool map = st->s[open] == '{';
	bool odd = st->line != line || st->pos - start > 1000;
	struct node_inline it;
	char c;

	if (implicit && odd && map)
		node_edits_add(&st->edits, (struct node_edit){ start, 0, "? ", 2, false }, true);
	if (implicit && !map && (st->line != line ||
	    utf8_len(str_slice(st->src->text, start, st->pos)) > 1024))
		return strict_fault(st, FAULT_KEY_LINES, start, key->end, st->pos, st->pos + 1);
	st->pos++;
	if (!key->json && strict_punct(strict_char(st, st->pos)))
		node_edits_add(&st->edits, (struct node_edit){ st->pos, 0, " ", 1, false }, false);
	if (!flow_gap(st, n, open))
		return false;
	c = strict_char(st, st->pos);
	if (c == ',' || c == ']' || c == '}' || c == '\0')
		return true;
	return flow_node(st, n, open, &it);
}

static bool flow_entry(struct node_strict *st, int32_t n, uint32_t open)
{
	uint32_t start = st->pos, line = st->line;
	struct node_inline key = { .start = start, .end = start };
	bool implicit = true;
	char c = st->s[start];

	if (c == '?' && !plain_safe(st, start + 1)) {
		struct diag *d = diag_add(st->ds, 19, span_of(st->src, start, start + 1),
					  "explicit key with `?`");
		diag_help(st->ds, d, "write `key: value`");
		implicit = false;
		st->pos++;
		if (!flow_gap(st, n, open))
			return false;
		c = strict_char(st, st->pos);
		if (c == ',' || c == ']' || c == '}' || c == '\0')
			return true;
	}
	if (c == ':' && !plain_safe(st, st->pos + 1)) {
		node_edits_add(&st->edits, (struct node_edit){ st->pos, 0, "\"\"", 2, true }, false);
		return flow_value(st, n, open, &key, start, line, implicit);
	}
	if (!flow_node(st, n, open, &key) || !flow_gap(st, n, open))
		return false;
	if (strict_char(st, st->pos) == ':' && (key.json || !plain_safe(st, st->pos + 1)))
		return flow_value(st, n, open, &key, start, line, implicit);
	return true;
}

/* Behind an item: something that is neither a comma nor the end. */
static bool fault_comma(struct node_strict *st, uint32_t open)
{
	uint32_t p = st->pos, end = p;
	char c = st->s[p], before = st->s[st->last.start];

	if (strict_punct(c) && c != '[' && c != '{')
		return strict_fault(st, FAULT_FLOW_CLOSE, p, p + 1, open, open + 1);
	if (c == '#')
		return strict_fault(st, FAULT_COMMENT, p, p + 1, open, open + 1);
	if ((before != '"' && before != '\'') || c == '"' || c == '\'' || st->last.end < st->line)
		return strict_fault(st, FAULT_FLOW_COMMA, p, p + 1, open, open + 1);
	while (end < st->end && !strict_is_break(st->s[end]) && !strict_punct(st->s[end]))
		end++;
	while (end > p && strict_is_blank(st->s[end - 1]))
		end--;
	return strict_fault(st, FAULT_AFTER, p, end, st->last.start, st->last.end);
}

bool strict_flow(struct node_strict *st, int32_t n, struct node_inline *it)
{
	uint32_t open = st->pos, line = st->line;
	char close = st->s[open] == '[' ? ']' : '}';

	if (!strict_enter(st, open))
		return false;
	st->pos++;
	for (;;) {
		if (!flow_gap(st, n, open))
			return false;
		if (st->pos >= st->end)
			return strict_fault(st, FAULT_FLOW_OPEN, open, open + 1, 0, 0);
		if (st->s[st->pos] == close)
			break;
		if (!flow_entry(st, n, open) || !flow_gap(st, n, open))
			return false;
		if (strict_char(st, st->pos) == ',') {
			st->pos++;
			continue;
		}
		if (strict_char(st, st->pos) == close)
			break;
		if (st->pos >= st->end)
			return strict_fault(st, FAULT_FLOW_OPEN, open, open + 1, 0, 0);
		return fault_comma(st, open);
	}
	st->pos++;
	st->depth--;
	*it = (struct node_inline){ .start = open, .end = st->pos, .lines = st->line != line, .json = true };
	return true;
}
