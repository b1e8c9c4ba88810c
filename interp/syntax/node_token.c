/*
 * Each function does what libyaml's scanner.c does under the name beside it; a
 * text of one line is not copied. `return false` leaves the token to libyaml:
 * blanks and blocks' ends are taken back then, and all else is done only when
 * nothing can go wrong any more.
 */
#include "syntax/node_token.h"

#include <string.h>
#include "base/str.h"
#include "syntax/node_scan.h"

/* What a byte can be in plain text. */
enum byte {
	OTHER,   /* of a character: may begin a text, and may be in one */
	MARK,    /* may be in one */
	COLON, BRACKET, /* brackets and comma: end a text only between brackets */
	SPACE, LINE,
	WIDE,    /* begins a character that may be a line end for libyaml */
	UNSURE   /* tab, CR, end of the text */
};

static enum byte byte_of(yaml_char_t c)
{
	static const uint8_t table[256] = {
		['\0'] = UNSURE, ['\t'] = UNSURE, ['\r'] = UNSURE, ['\n'] = LINE, [' '] = SPACE, [0xc2] = WIDE, [0xe2] = WIDE,
		[':'] = COLON, [','] = BRACKET, ['['] = BRACKET, [']'] = BRACKET, ['{'] = BRACKET, ['}'] = BRACKET,
		['-'] = MARK, ['?'] = MARK, ['#'] = MARK, ['&'] = MARK, ['*'] = MARK, ['!'] = MARK, ['|'] = MARK, ['>'] = MARK,
		['\''] = MARK, ['"'] = MARK, ['%'] = MARK, ['@'] = MARK, ['`'] = MARK,
	};
	return (enum byte)table[c];
}

static bool breaks(const yaml_parser_t *y, const yaml_char_t *p)
{
	uint32_t n;
	return node_scan_break((const char *)p, (const char *)y->buffer.last, &n);
}

/* A blank or the end of a line follows an indicator: 1. Or not: 0. Only libyaml knows: -1. */
static int ends_at(const yaml_parser_t *y, const yaml_char_t *p)
{
	enum byte b = byte_of(*p);
	if (b == UNSURE || (b == WIDE && breaks(y, p)))
		return -1;
	return b == SPACE || b == LINE;
}

static size_t chars(const yaml_char_t *p, const yaml_char_t *end, bool wide)
{
	return wide ? utf8_len((struct str){ (const char *)p, (size_t)(end - p) }) : (size_t)(end - p);
}

/* Moves on within the line. */
static void pass(yaml_parser_t *y, const yaml_char_t *end, size_t count)
{
	y->buffer.pointer += end - y->buffer.pointer;
	y->mark.index += count;
	y->mark.column += count;
	y->unread -= count;
}

/* SKIP_LINE; the pointer is at LF. */
static void pass_line(yaml_parser_t *y)
{
	pass(y, y->buffer.pointer + 1, 1);
	y->mark.column = 0;
	y->mark.line++;
}

static bool pass_comment(yaml_parser_t *y)
{
	const yaml_char_t *p = y->buffer.pointer;
	bool wide = false;
	for (; *p != '\n'; p++) {
		wide = wide || *p >= 0x80;
		if (*p == '\0' || *p == '\r' || (byte_of(*p) == WIDE && breaks(y, p)))
			return false;
	}
	pass(y, p, chars(y->buffer.pointer, p, wide));
	return true;
}

/* yaml_parser_scan_to_next_token */
static bool pass_gap(yaml_parser_t *y)
{
	for (;;) {
		const yaml_char_t *p = y->buffer.pointer;
		while (*p == ' ')
			p++;
		pass(y, p, (size_t)(p - y->buffer.pointer));
		if (*p == '#' && !pass_comment(y))
			return false;
		if (*y->buffer.pointer != '\n')
			return true;
		pass_line(y);
		if (!y->flow_level)
			y->simple_key_allowed = 1;
	}
}

static bool is_stale(const yaml_parser_t *y, const yaml_simple_key_t *k)
{
	return k->mark.line < y->mark.line || k->mark.index + 1024 < y->mark.index;
}

/* yaml_parser_stale_simple_keys, and the look of yaml_parser_fetch_more_tokens */
bool node_token_settled(yaml_parser_t *y)
{
	bool waits = y->tokens.head == y->tokens.tail;
	for (yaml_simple_key_t *k = y->simple_keys.start; k != y->simple_keys.top && !waits; k++) {
		if (!k->possible)
			continue;
		if (!is_stale(y, k))
			waits = k->token_number == y->tokens_parsed;
		else if (k->required)
			return false;
		else
			k->possible = 0;
	}
	return !waits;
}

/* A key that is required has not become one. */
static bool misses_key(const yaml_parser_t *y)
{
	for (const yaml_simple_key_t *k = y->simple_keys.start; k != y->simple_keys.top; k++)
		if (k->possible && k->required && is_stale(y, k))
			return true;
	return false;
}

bool node_token_borrowed(const yaml_parser_t *y, const yaml_token_t *t)
{
	return t->type == YAML_SCALAR_TOKEN &&
	       (uintptr_t)t->data.scalar.value - (uintptr_t)y->buffer.start < (uintptr_t)(y->buffer.end - y->buffer.start);
}

/* yaml_queue_extend, as far as there is room. */
static bool has_room(yaml_parser_t *y, size_t tokens)
{
	if ((size_t)(y->tokens.end - y->tokens.tail) < tokens) {
		size_t n = (size_t)(y->tokens.tail - y->tokens.head);
		memmove(y->tokens.start, y->tokens.head, n * sizeof *y->tokens.head);
		y->tokens.head = y->tokens.start;
		y->tokens.tail = y->tokens.start + n;
	}
	return (size_t)(y->tokens.end - y->tokens.tail) >= tokens;
}

static void set_token(yaml_token_t *t, yaml_token_type_t type, yaml_mark_t start, yaml_mark_t end)
{
	t->type = type;
	t->start_mark = start;
	t->end_mark = end;
}

/* Both need room in the queue. */
static void append(yaml_parser_t *y, yaml_token_type_t type, yaml_mark_t start)
{
	set_token(y->tokens.tail++, type, start, y->mark);
}

static void insert(yaml_parser_t *y, size_t number, yaml_token_type_t type, yaml_mark_t mark)
{
	yaml_token_t *at = y->tokens.head + (number - y->tokens_parsed);
	memmove(at + 1, at, (size_t)(y->tokens.tail - at) * sizeof *at);
	y->tokens.tail++;
	set_token(at, type, mark, mark);
}

/* yaml_parser_unroll_indent */
static bool close_blocks(yaml_parser_t *y)
{
	while (!y->flow_level && y->indent > (int)y->mark.column) {
		if (!has_room(y, 1))
			return false;
		append(y, YAML_BLOCK_END_TOKEN, y->mark);
		y->indent = *--y->indents.top;
	}
	return true;
}

/* yaml_parser_remove_simple_key would fail. */
static bool key_is_due(const yaml_parser_t *y)
{
	return y->simple_keys.top[-1].possible && y->simple_keys.top[-1].required;
}

/* yaml_parser_save_simple_key, at the token to be read. */
static bool save_key(yaml_parser_t *y)
{
	if (!y->simple_key_allowed)
		return true;
	if (key_is_due(y))
		return false;
	y->simple_keys.top[-1] = (yaml_simple_key_t){
		.possible = 1,
		.required = !y->flow_level && y->indent == (int)y->mark.column,
		.token_number = y->tokens_parsed + (size_t)(y->tokens.tail - y->tokens.head),
		.mark = y->mark,
	};
	return true;
}

/* Passes an indicator of one character and appends its token. */
static bool indicator(yaml_parser_t *y, yaml_token_type_t type)
{
	yaml_mark_t start = y->mark;
	pass(y, y->buffer.pointer + 1, 1);
	append(y, type, start);
	return true;
}

/* yaml_parser_fetch_flow_collection_start */
static bool fetch_open(yaml_parser_t *y, yaml_token_type_t type)
{
	if (y->simple_keys.top == y->simple_keys.end || !save_key(y))
		return false;
	*y->simple_keys.top++ = (yaml_simple_key_t){ 0 };
	y->flow_level++;
	y->simple_key_allowed = 1;
	return indicator(y, type);
}

/* yaml_parser_fetch_flow_collection_end */
static bool fetch_close(yaml_parser_t *y, yaml_token_type_t type)
{
	if (!y->flow_level || key_is_due(y))
		return false;
	y->flow_level--;
	y->simple_keys.top--;
	y->simple_key_allowed = 0;
	return indicator(y, type);
}

/* yaml_parser_fetch_flow_entry */
static bool fetch_comma(yaml_parser_t *y)
{
	if (key_is_due(y))
		return false;
	y->simple_keys.top[-1].possible = 0;
	y->simple_key_allowed = 1;
	return indicator(y, YAML_FLOW_ENTRY_TOKEN);
}

/* yaml_parser_fetch_block_entry */
static bool fetch_dash(yaml_parser_t *y)
{
	if (y->flow_level || !y->simple_key_allowed || key_is_due(y))
		return false;
	if (y->indent < (int)y->mark.column) {
		if (y->indents.top == y->indents.end)
			return false;
		*y->indents.top++ = y->indent;
		y->indent = (int)y->mark.column;
		append(y, YAML_BLOCK_SEQUENCE_START_TOKEN, y->mark);
	}
	y->simple_keys.top[-1].possible = 0;
	y->simple_key_allowed = 1;
	return indicator(y, YAML_BLOCK_ENTRY_TOKEN);
}

/* yaml_parser_fetch_value, behind a key that could be one */
static bool fetch_colon(yaml_parser_t *y)
{
	yaml_simple_key_t *k = y->simple_keys.top - 1;
	bool opens = !y->flow_level && y->indent < (int)k->mark.column;
	if (!k->possible || is_stale(y, k) || (opens && y->indents.top == y->indents.end))
		return false;
	insert(y, k->token_number, YAML_KEY_TOKEN, k->mark);
	if (opens) {
		*y->indents.top++ = y->indent;
		y->indent = (int)k->mark.column;
		insert(y, k->token_number, YAML_BLOCK_MAPPING_START_TOKEN, k->mark);
	}
	k->possible = 0;
	y->simple_key_allowed = 0;
	return indicator(y, YAML_VALUE_TOKEN);
}

/* Appends a text of one line that begins at the pointer, with `quotes` characters before and behind it. */
static bool scalar(yaml_parser_t *y, yaml_scalar_style_t style, const yaml_char_t *end, bool wide, size_t quotes)
{
	yaml_mark_t start = y->mark;
	yaml_token_t *t = y->tokens.tail;
	if (!save_key(y))
		return false;
	y->simple_key_allowed = 0;
	t->data.scalar.value = y->buffer.pointer + quotes;
	t->data.scalar.length = (size_t)(end - y->buffer.pointer) - 2 * quotes;
	t->data.scalar.style = style;
	pass(y, end, chars(y->buffer.pointer, end, wide));
	append(y, YAML_SCALAR_TOKEN, start);
	return true;
}

/* yaml_parser_scan_flow_scalar: without escapes */
static bool fetch_quoted(yaml_parser_t *y, yaml_char_t quote)
{
	const yaml_char_t *p = y->buffer.pointer + 1;
	bool wide = false;
	for (; *p != quote; p++) {
		wide = wide || *p >= 0x80;
		if (*p == '\0' || *p == '\n' || *p == '\r' || (*p == '\\' && quote == '"') || (byte_of(*p) == WIDE && breaks(y, p)))
			return false;
	}
	if (quote == '\'' && p[1] == '\'')
		return false;
	return scalar(y, quote == '"' ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_SINGLE_QUOTED_SCALAR_STYLE, p + 1, wide, 1);
}

/* Plain text in the line of the pointer: the end of its last word, and what ends it. false: only libyaml knows. */
static bool plain_text(const yaml_parser_t *y, const yaml_char_t **end, const yaml_char_t **stop, bool *wide)
{
	const yaml_char_t *p = y->buffer.pointer, *word = p;
	yaml_char_t all = 0;
	for (;;) {
		enum byte b;
		int ends = 0;
		while (byte_of(*p) <= MARK)
			all |= *p++;
		if (p[-1] != ' ')
			word = p;
		while (*p == ' ')
			p++;
		b = byte_of(*p);
		if (b == UNSURE || (b == WIDE && breaks(y, p)))
			return false;
		if (b == COLON) {
			ends = ends_at(y, p + 1);
			if (ends < 0 || (!ends && y->flow_level && (byte_of(p[1]) == BRACKET || p[1] == '?')))
				return false;
		}
		if (ends || b == LINE || *p == '#' || (b == BRACKET && y->flow_level))
			break;
		all |= *p++;
	}
	*end = word;
	*stop = p;
	*wide = all >= 0x80;
	return true;
}

/* yaml_parser_scan_plain_scalar */
static bool fetch_plain(yaml_parser_t *y)
{
	const yaml_char_t *end, *stop, *line, *p;
	size_t lines = 0;
	bool wide;
	if (!plain_text(y, &end, &stop, &wide))
		return false;
	for (line = p = stop; *p == '\n'; lines++) {
		line = ++p;
		while (*p == ' ')
			p++;
	}
	if (lines) {
		bool deeper = y->flow_level || p - line > y->indent; /* there it might go on */
		if ((deeper && *p != '#') || *p == '\t' || *p == '\r' || (byte_of(*p) == WIDE && breaks(y, p)))
			return false;
	}
	if (!scalar(y, YAML_PLAIN_SCALAR_STYLE, end, wide, 0))
		return false;
	pass(y, p, (size_t)(p - end));
	if (lines) {
		y->mark.line += lines;
		y->mark.column = (size_t)(p - line);
		y->simple_key_allowed = 1;
	}
	return true;
}

static bool fetch_bracket(yaml_parser_t *y)
{
	switch (*y->buffer.pointer) {
	case '[': return fetch_open(y, YAML_FLOW_SEQUENCE_START_TOKEN);
	case '{': return fetch_open(y, YAML_FLOW_MAPPING_START_TOKEN);
	case ']': return fetch_close(y, YAML_FLOW_SEQUENCE_END_TOKEN);
	case '}': return fetch_close(y, YAML_FLOW_MAPPING_END_TOKEN);
	default: return fetch_comma(y);
	}
}

/* The token at the pointer */
static bool fetch(yaml_parser_t *y)
{
	const yaml_char_t *p = y->buffer.pointer;
	if (y->mark.column == 0 && (*p == 0xef || ((*p == '-' || *p == '.') && p[1] == *p))) /* BOM, --- and ... */
		return false;
	switch (byte_of(*p)) {
	case OTHER: return fetch_plain(y);
	case BRACKET: return fetch_bracket(y);
	case COLON: return ends_at(y, p + 1) == 1 && fetch_colon(y);
	case MARK:
		if (*p == '\'' || *p == '"')
			return fetch_quoted(y, *p);
		if (*p != '-' || ends_at(y, p + 1) < 0)
			return false;
		return ends_at(y, p + 1) ? fetch_dash(y) : fetch_plain(y);
	default: return false;
	}
}

/* yaml_parser_fetch_next_token */
bool node_token_fetch(yaml_parser_t *y)
{
	enum { MOST = 3 }; /* tokens that one fetch appends, without the ends of blocks */
	yaml_char_t *pointer = y->buffer.pointer;
	yaml_mark_t mark = y->mark;
	size_t unread = y->unread, tokens = (size_t)(y->tokens.tail - y->tokens.head);
	int allowed = y->simple_key_allowed, indent = y->indent, *top = y->indents.top;
	if (y->stream_start_produced && pass_gap(y) && !misses_key(y) && close_blocks(y) && has_room(y, MOST) && fetch(y))
		return true;
	y->buffer.pointer = pointer;
	y->mark = mark;
	y->unread = unread;
	y->tokens.tail = y->tokens.head + tokens;
	y->simple_key_allowed = allowed;
	y->indent = indent;
	y->indents.top = top;
	return false;
}
