/*
 * The recogniser's block part: documents, block maps and lists. The rules are
 * those of YAML 1.2.2 chapters 6 to 9; n is as there the column of the parent
 * collection, -1 at the root. Recursion ends at depth_max collections.
 * Anchors, tags, aliases, explicit keys and collections as keys are refused
 * elsewhere in any case, so their rules are followed only loosely here.
 */
#include "syntax/node_strict.h"

#include <string.h>
#include "base/diag.h"

enum how {
	HOW_COMPACT = 1, /* a collection may begin on this line (behind `- ` and `? `) */
	HOW_VALUE = 2,   /* a map's value: a list may stand at the map's own column */
	HOW_FRESH = 4,   /* nothing before it on this line */
	HOW_MARKER = 8   /* behind --- */
};

bool strict_fault(struct node_strict *st, enum node_fault_kind kind, uint32_t at, uint32_t end,
		  uint32_t ref, uint32_t ref_end)
{
	if (st->fault.kind == FAULT_NONE)
		st->fault = (struct node_fault){ kind, at, end < at ? at : end, ref, ref_end };
	return false;
}

bool strict_enter(struct node_strict *st, uint32_t at)
{
	if (++st->depth > st->depth_max)
		return strict_fault(st, FAULT_DEPTH, at, at + 1, at, at);
	return true;
}

void strict_ban(struct node_strict *st, char mark, uint32_t start, uint32_t end)
{
	if (st->banned_count < BANNED_MAX)
		st->banned[st->banned_count++] = (struct node_banned){ mark, start, end };
}

void strict_measure(struct node_strict *st)
{
	uint32_t p = st->line;

	while (p < st->end && st->s[p] == ' ')
		p++;
	st->indent = p - st->line;
	st->tab = strict_char(st, p) == '\t';
}

void strict_newline(struct node_strict *st)
{
	if (st->s[st->pos] == '\r')
		st->pos++;
	if (strict_char(st, st->pos) == '\n')
		st->pos++;
	st->line = st->pos;
	strict_measure(st);
}

static void skip_blanks(struct node_strict *st)
{
	for (; st->pos < st->end && strict_is_blank(st->s[st->pos]); st->pos++) {
		if (st->s[st->pos] == '\t')
			node_edits_add(&st->edits, (struct node_edit){ st->pos, 1, " ", 1, false }, false);
	}
}

bool strict_gap(struct node_strict *st)
{
	bool newline = false;

	for (;;) {
		skip_blanks(st);
		if (st->pos >= st->end)
			return newline;
		if (st->s[st->pos] == '#' && (st->pos == st->line || strict_is_blank(st->s[st->pos - 1]))) {
			while (st->pos < st->end && !strict_is_break(st->s[st->pos]))
				st->pos++;
			continue;
		}
		if (!strict_is_break(st->s[st->pos]))
			return newline;
		strict_newline(st);
		newline = true;
	}
}

static uint32_t token_end(const struct node_strict *st, uint32_t p)
{
	uint32_t q = p;

	while (q < st->end && !strict_ends(st, q))
		q++;
	return q > p ? q : p + 1;
}

static uint32_t line_end(const struct node_strict *st, uint32_t p)
{
	while (p < st->end && !strict_is_break(st->s[p]))
		p++;
	while (p > st->line && strict_is_blank(st->s[p - 1]))
		p--;
	return p;
}

bool strict_property(struct node_strict *st, bool flow)
{
	bool any = false;

	while (st->pos < st->end && (st->s[st->pos] == '&' || st->s[st->pos] == '!')) {
		uint32_t start = st->pos;
		while (!strict_ends(st, st->pos) && !(flow && strict_punct(st->s[st->pos])))
			st->pos++;
		strict_ban(st, st->s[start], start, st->pos);
		skip_blanks(st);
		any = true;
	}
	return any;
}

bool strict_alias(struct node_strict *st, bool flow, struct node_inline *it)
{
	it->start = st->pos++;
	while (!strict_ends(st, st->pos) && !(flow && strict_punct(st->s[st->pos])))
		st->pos++;
	it->end = st->pos;
	if (it->end == it->start + 1)
		return strict_fault(st, FAULT_RESERVED, it->start, it->end, 0, 0);
	strict_ban(st, '*', it->start, it->end);
	return true;
}

/* Fault for what cannot begin on this line: a tab before it, or something else. */
static bool fault_here(struct node_strict *st, enum node_fault_kind kind, uint32_t at, uint32_t end,
		       uint32_t ref)
{
	uint32_t p = st->line;

	while (p < at && strict_is_blank(st->s[p]))
		p++;
	if (p == at && st->tab)
		return strict_fault(st, FAULT_TAB, st->line + st->indent, at, 0, 0);
	return strict_fault(st, kind, at, end, ref, at);
}

/* Behind a value: only blanks and a comment. */
static bool rest_is_blank(struct node_strict *st, const struct node_inline *it)
{
	uint32_t p = st->pos;

	while (strict_is_blank(strict_char(st, p)))
		p++;
	if (strict_ends(st, p) || (st->s[p] == '#' && p > st->pos))
		return true;
	if (st->s[p] == '#')
		return strict_fault(st, FAULT_COMMENT, p, p + 1, it->start, it->end);
	return strict_fault(st, FAULT_AFTER, p, line_end(st, p), it->start, it->end);
}

static bool plain_rest(struct node_strict *st, int32_t n, struct node_inline *it)
{
	uint32_t first = st->line;

	for (;;) {
		char stop = strict_plain_line(st, st->pos, false, &it->end);
		if (stop == ':') {
			uint32_t p = it->end;
			while (st->s[p] != ':')
				p++;
			return strict_fault(st, st->line == first ? FAULT_COLON : FAULT_COLON_LINE, p, p + 1,
					    it->start, it->end);
		}
		if (!strict_plain_more(st, n, false, it))
			return true;
	}
}

/* What may be a key: one node inside its line. */
static bool inline_node(struct node_strict *st, int32_t n, struct node_inline *it)
{
	char c = st->s[st->pos];

	*it = (struct node_inline){ .start = st->pos };
	if (c == '"' || c == '\'')
		return strict_quoted(st, n, it);
	if (c == '[' || c == '{')
		return strict_flow(st, n, it);
	if (c == '*')
		return strict_alias(st, false, it);
	if (!strict_plain_start(st, st->pos, false))
		return strict_fault(st, FAULT_RESERVED, st->pos, st->pos + 1, 0, 0);
	it->plain = true;
	strict_plain_line(st, st->pos, false, &it->end);
	st->pos = it->end;
	return true;
}

/* True if `:` and its end follow; moves there. */
static bool at_colon(struct node_strict *st)
{
	uint32_t p = st->pos;

	while (strict_is_blank(strict_char(st, p)))
		p++;
	if (strict_char(st, p) != ':' || !strict_ends(st, p + 1))
		return false;
	skip_blanks(st);
	return true;
}

static bool too_long(const struct node_strict *st, uint32_t start, uint32_t end)
{
	return end - start > 1024 && utf8_len(str_slice(st->src->text, start, end)) > 1024;
}

static bool key_ok(struct node_strict *st, const struct node_inline *it)
{
	if (it->lines || too_long(st, it->start, st->pos))
		return strict_fault(st, FAULT_KEY_LINES, it->start, it->end, st->pos, st->pos + 1);
	return true;
}

static bool block_node(struct node_strict *st, int32_t n, unsigned how);

/* To the next entry of a block collection at column col. *more is false at its end. */
static bool next_entry(struct node_strict *st, uint32_t col, bool *more)
{
	strict_gap(st);
	*more = false;
	if (st->pos >= st->end || strict_marker(st))
		return true;
	if (st->tab)
		return strict_fault(st, FAULT_TAB, st->line + st->indent, st->pos, 0, 0);
	if (st->indent > col)
		return strict_fault(st, FAULT_INDENT, st->pos, token_end(st, st->pos), col, st->indent);
	*more = st->indent == col;
	return true;
}

static bool explicit_entry(struct node_strict *st, uint32_t col)
{
	bool more;
	struct diag *d = diag_add(st->ds, 19, span_of(st->src, st->pos, st->pos + 1),
				  "explicit key with `?`");

	diag_help(st->ds, d, "write `key: value`");
	st->pos++;
	if (!block_node(st, (int32_t)col, HOW_COMPACT | HOW_VALUE) || !next_entry(st, col, &more))
		return false;
	if (!more || st->s[st->pos] != ':' || !strict_ends(st, st->pos + 1))
		return true;
	st->pos++;
	return block_node(st, (int32_t)col, HOW_COMPACT | HOW_VALUE);
}

/* A key of a block map up to its colon. */
static bool block_key(struct node_strict *st, uint32_t col)
{
	struct node_inline it;
	uint32_t start = st->pos;

	if (st->s[start] == '-' && strict_ends(st, start + 1))
		return strict_fault(st, FAULT_MIXED_MAP, start, start + 1, 0, 0);
	strict_property(st, false);
	if (at_colon(st)) {
		if (st->pos == start)
			node_edits_add(&st->edits, (struct node_edit){ start, 0, "\"\"", 2, true }, false);
		return true;
	}
	if (st->pos >= st->end || strict_is_break(st->s[st->pos]))
		return strict_fault(st, FAULT_NO_COLON, start, line_end(st, start), 0, 0);
	if (!inline_node(st, (int32_t)col, &it))
		return false;
	if (!at_colon(st)) {
		if (it.lines || !rest_is_blank(st, &it))
			return strict_fault(st, FAULT_NO_COLON, it.start, it.end, 0, 0);
		return strict_fault(st, FAULT_NO_COLON, start, line_end(st, start), 0, 0);
	}
	return key_ok(st, &it);
}

/* At a key, or (keyed) already at its colon. */
static bool block_map(struct node_strict *st, uint32_t col, bool keyed)
{
	bool more = true;

	if (!strict_enter(st, st->pos))
		return false;
	for (; more; keyed = false) {
		if (!keyed && st->s[st->pos] == '?' && strict_ends(st, st->pos + 1)) {
			if (!explicit_entry(st, col))
				return false;
		} else {
			if (!keyed && !block_key(st, col))
				return false;
			st->pos++;
			if (!block_node(st, (int32_t)col, HOW_VALUE))
				return false;
		}
		if (!next_entry(st, col, &more))
			return false;
	}
	st->depth--;
	return true;
}

/* n: the parent's column; a list in a map may share it. */
static bool block_list(struct node_strict *st, int32_t n, uint32_t col)
{
	bool more = true;

	if (!strict_enter(st, st->pos))
		return false;
	while (more) {
		st->pos++;
		if (!block_node(st, (int32_t)col, HOW_COMPACT) || !next_entry(st, col, &more))
			return false;
		if (more && (st->s[st->pos] != '-' || !strict_ends(st, st->pos + 1))) {
			if ((int64_t)col != n)
				return strict_fault(st, FAULT_MIXED_LIST, st->pos, token_end(st, st->pos), 0, 0);
			more = false;
		}
	}
	st->depth--;
	return true;
}

/* A block collection, whose first token is at pos. */
static bool block_collection(struct node_strict *st, int32_t n, uint32_t col, bool may, uint32_t from)
{
	char c = st->s[st->pos];

	if (c == '-')
		return may ? block_list(st, n, col)
			   : fault_here(st, FAULT_LIST_HERE, st->pos, st->pos + 1, from);
	if (!may)
		return fault_here(st, FAULT_MAP_HERE, st->pos, st->pos + 1, from);
	return block_map(st, col, false);
}

static bool block_content(struct node_strict *st, int32_t n, uint32_t first, bool may, uint32_t from,
			  unsigned how)
{
	uint32_t col = first - st->line;
	struct node_inline it;
	char c = st->s[st->pos];

	if ((c == '-' || c == '?' || c == ':') && strict_ends(st, st->pos + 1))
		return block_collection(st, n, col, may, from);
	if (c == '|' || c == '>')
		return strict_literal(st, n);
	if (!inline_node(st, n, &it))
		return false;
	if (at_colon(st)) {
		if (!may) {
			enum node_fault_kind kind = how & HOW_MARKER ? FAULT_DOC_LINE : FAULT_COLON;
			if (fault_here(st, kind, it.start, it.start, it.start), st->fault.kind == kind)
				st->fault = (struct node_fault){ kind, st->pos, st->pos + 1, it.start, it.end };
			return false;
		}
		return key_ok(st, &it) && block_map(st, col, true);
	}
	if (!it.plain)
		return rest_is_blank(st, &it);
	st->pos = it.start;
	return plain_rest(st, n, &it);
}

/* The node behind an indicator, perhaps empty. Leaves pos at the end of its
 * last line or, if it is empty, at the next token. */
static bool block_node(struct node_strict *st, int32_t n, unsigned how)
{
	uint32_t from = st->pos, first;
	bool newline = strict_gap(st) || (how & HOW_FRESH), may;

	for (;;) {
		if (st->pos >= st->end || (newline && strict_marker(st)))
			return true;
		if (newline && (int64_t)st->indent <= n) {
			bool list = st->s[st->pos] == '-' && strict_ends(st, st->pos + 1);
			if (st->tab)
				return strict_fault(st, FAULT_TAB, st->line + st->indent, st->pos, 0, 0);
			if (!(how & HOW_VALUE) || (int64_t)st->indent != n || !list)
				return true;
		}
		first = st->pos;
		may = newline ? !st->tab : false;
		if (!newline && (how & HOW_COMPACT)) {
			may = true;
			for (uint32_t p = from; p < first; p++)
				may = may && st->s[p] == ' ';
		}
		if (!strict_property(st, false))
			break;
		if (st->pos < st->end && !strict_is_break(st->s[st->pos]) && st->s[st->pos] != '#')
			break;
		newline = strict_gap(st) || newline;
	}
	return block_content(st, n, first, may, from, how);
}

/* Directives and document ends before the first document; false at the end of
 * the text. *marker: the document begins with ---. */
static bool prologue(struct node_strict *st, bool *marker)
{
	for (;;) {
		strict_gap(st);
		if (st->pos >= st->end)
			return false;
		if (st->pos == st->line && st->s[st->pos] == '%') {
			uint32_t p = st->pos;
			struct diag *d = diag_add(st->ds, 13, span_of(st->src, p, line_end(st, p)),
						  "YAML directive");
			diag_help(st->ds, d, "remove the line");
			node_edits_add(&st->edits, (struct node_edit){ p, 1, "#", 1, false }, false);
			while (st->pos < st->end && !strict_is_break(st->s[st->pos]))
				st->pos++;
			continue;
		}
		*marker = strict_marker(st);
		if (!*marker || st->s[st->pos] == '-')
			return true;
		/* libyaml takes it for the end of an empty document. */
		node_edits_add(&st->edits, (struct node_edit){ st->pos, 1, "#", 1, false }, false);
		st->pos += 3;
		if (!rest_is_blank(st, &(struct node_inline){ .start = st->pos - 3, .end = st->pos })) {
			st->fault.kind = FAULT_DOC_END;
			return true;
		}
	}
}

/* Behind the document: nothing, or another one. */
static bool epilogue(struct node_strict *st)
{
	strict_gap(st);
	st->document_end = st->end;
	if (st->pos < st->end && !strict_marker(st)) {
		if (st->tab)
			return strict_fault(st, FAULT_TAB, st->line + st->indent, st->pos, 0, 0);
		return strict_fault(st, st->s[st->pos] == '-' && strict_ends(st, st->pos + 1)
				    ? FAULT_MIXED_MAP : FAULT_INDENT, st->pos, token_end(st, st->pos), 0, 0);
	}
	while (st->pos < st->end && strict_marker(st) && st->s[st->pos] == '.') {
		st->document_end = st->pos;
		st->pos += 3;
		if (!rest_is_blank(st, &(struct node_inline){ .start = st->pos - 3, .end = st->pos })) {
			st->fault.kind = FAULT_DOC_END;
			return false;
		}
		strict_gap(st);
	}
	if (st->pos < st->end) {
		struct diag *d = diag_add(st->ds, 12, span_of(st->src, st->pos, token_end(st, st->pos)),
					  "a second document in one file");
		diag_help(st->ds, d, "put it into a file of its own");
		if (st->document_end == st->end)
			st->document_end = st->pos;
	}
	return true;
}

bool node_strict_run(struct node_strict *st, struct arena *a, const struct source *src,
		     uint32_t start, uint32_t depth_max, struct diags *ds)
{
	bool marker = false;

	*st = (struct node_strict){
		.src = src, .ds = ds, .s = src->text.p, .end = (uint32_t)src->text.n, .pos = start,
		.line = start, .depth_max = depth_max,
		.document_end = (uint32_t)src->text.n,
	};
	node_edits_init(&st->edits, a);
	strict_measure(st);
	if (!prologue(st, &marker)) {
		st->empty = true;
		return true;
	}
	if (st->fault.kind != FAULT_NONE)
		return false;
	if (marker)
		st->pos += 3;
	return block_node(st, -1, marker ? HOW_MARKER : HOW_FRESH) && epilogue(st);
}
