/*
 * One function per group of faults. The message names what stands there, the
 * help is a line that can be typed. All texts taken from the file are cut to
 * one short line.
 */
#include "syntax/node_hint.h"

#include <string.h>
#include "base/buf.h"
#include "base/diag.h"
#include "syntax/node_strict.h"

struct hint {
	const struct node_strict *st;
	struct diags *ds;
	struct str text;       /* the whole file */
	struct span at, ref;
};

static struct str part(const struct hint *h, uint32_t start, uint32_t end)
{
	return str_slice(h->text, start, end);
}

static struct str brief(struct str s)
{
	size_t n = 0;

	while (n < s.n && n < 60 && !strict_is_break(s.p[n]))
		n++;
	while (n > 0 && n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return (struct str){ s.p, n };
}

/* From start to the end of its line, without a comment, trimmed. */
static struct str to_line_end(const struct hint *h, uint32_t start)
{
	size_t end = start;

	while (end < h->text.n && !strict_is_break(h->text.p[end])) {
		if (h->text.p[end] == '#' && end > start && strict_is_blank(h->text.p[end - 1]))
			break;
		end++;
	}
	return str_trim(part(h, start, (uint32_t)end));
}

static void help_quoted(const struct hint *h, struct diag *d, struct str whole)
{
	bool twice = memchr(whole.p, '"', whole.n) || memchr(whole.p, '\\', whole.n);

	if (brief(whole).n < whole.n || !whole.n || (twice && memchr(whole.p, '\'', whole.n)))
		diag_help(h->ds, d, "use a block scalar: `|` here, the text indented on the next line");
	else if (twice)
		diag_help(h->ds, d, "quote it: `'" STR_FMT "'`", STR_ARG(whole));
	else
		diag_help(h->ds, d, "quote it: `\"" STR_FMT "\"`", STR_ARG(whole));
}

/* --- text that goes on where YAML ends it --- */

static const char *const operators[] = { "==", "!=", "<=", ">=", "<", ">", "in", "not in", "matches", "+", "and", "or" };
static const char *const mirrored[] = { "==", "!=", ">=", "<=", ">", "<" };

/* `'x' == y`: the operator's index, or -1; *rest is what stands behind it. */
static int operator_at(struct str s, struct str *rest)
{
	for (int i = 0; i < (int)(sizeof operators / sizeof *operators); i++) {
		struct str op = str_of(operators[i]);
		if (str_starts(s, op) && s.n > op.n && s.p[op.n] == ' ') {
			*rest = str_trim(str_slice(s, op.n, s.n));
			return i;
		}
	}
	return -1;
}

static bool has_operator(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		struct str rest;
		if (s.p[i] == ' ' && operator_at(str_slice(s, i + 1, s.n), &rest) >= 0)
			return true;
	}
	return false;
}

/* "${{ inputs["a"] }}": the hole's own quotes end the value. Writes it with the others. */
static bool help_hole_quotes(const struct hint *h, struct diag *d, struct str value)
{
	ptrdiff_t open = str_find(value, STR("${{"));
	struct str line = to_line_end(h, h->ref.start);
	char quote = value.p[0], other = quote == '"' ? '\'' : '"';
	ptrdiff_t close;
	struct buf b;

	if (open < 0 || str_find(str_slice(value, (size_t)open, value.n), STR("}}")) >= 0)
		return false;
	close = str_find(str_slice(line, (size_t)open, line.n), STR("}}"));
	if (close < 0)
		return false;
	line = str_slice(line, 0, (size_t)(open + close) + 2);
	if (memchr(line.p, other, line.n))
		return false;
	buf_init(&b, 256);
	for (size_t i = 0; i < line.n; i++)
		buf_addc(&b, i > (size_t)open && line.p[i] == quote ? other : line.p[i]);
	buf_addc(&b, quote);
	if (!b.full)
		diag_help(h->ds, d, "write the other quotes in the hole: `" STR_FMT "`", STR_ARG(buf_str(&b)));
	buf_release(&b);
	return true;
}

/* 'a'${{ x }}: the quotes must hold the hole too. */
static bool help_hole_behind(const struct hint *h, struct diag *d, struct str value)
{
	struct str hole = to_line_end(h, h->at.start);
	ptrdiff_t close = str_find(hole, STR("}}"));

	if (!str_starts(hole, STR("${{")) || close < 0 || value.n < 2)
		return false;
	hole = str_slice(hole, 0, (size_t)close + 2);
	value = str_slice(value, 1, value.n - 1);
	if (memchr(value.p, '"', value.n) || memchr(hole.p, '"', hole.n) || brief(value).n < value.n || brief(hole).n < hole.n)
		return false;
	diag_help(h->ds, d, "quote it as a whole: `\"" STR_FMT STR_FMT "\"`", STR_ARG(value), STR_ARG(hole));
	return true;
}

/* { that: split(x, '.') == y }: the comma of an expression ended its value. */
static bool help_comma(const struct hint *h, struct diag *d)
{
	uint32_t i = h->ref.start;

	if (h->at.start >= h->text.n || h->text.p[h->at.start] != ')')
		return false;
	while (i && strict_is_blank(h->text.p[i - 1]))
		i--;
	if (!i || h->text.p[i - 1] != ',')
		return false;
	diag_help(h->ds, d, "inside `{ }` and `[ ]` a comma ends the value: quote the whole expression, or write each key on a line of its own");
	return true;
}

static void hint_after(const struct hint *h)
{
	struct str value = part(h, h->ref.start, h->ref.end), rest;
	struct str more = str_slice(to_line_end(h, h->at.start), 0, h->at.end - h->at.start);
	struct str whole = part(h, h->ref.start, h->at.start + (uint32_t)more.n);
	bool brackets = value.n && (value.p[0] == '[' || value.p[0] == '{');
	int op = operator_at(more, &rest);
	struct diag *d;

	d = diag_add(h->ds, brackets ? 25 : 24, h->at, "`" STR_FMT "` stands behind the closing %s",
		     STR_ARG(brief(more)), brackets ? "bracket" : "quote");
	diag_label(h->ds, d, h->ref, "%s", brackets ? "the value ends here" : "a quoted value");
	if (op >= 0 && op < 6 && !has_operator(rest))
		diag_help(h->ds, d, "put the literal on the right: `" STR_FMT " %s " STR_FMT "`",
			  STR_ARG(brief(rest)), mirrored[op], STR_ARG(brief(value)));
	else if (brackets || (!help_comma(h, d) && !help_hole_quotes(h, d, value) && !help_hole_behind(h, d, value)))
		help_quoted(h, d, whole);
}

/* `a ? b : c` */
static bool hint_ternary(const struct hint *h, struct diag *d, struct str value, struct str c)
{
	ptrdiff_t q = str_find(value, STR(" ? "));
	struct str a, b;

	if (q < 0)
		return false;
	a = str_trim(str_slice(value, 0, (size_t)q));
	b = str_trim(str_slice(value, (size_t)q + 3, value.n));
	diag_help(h->ds, d, "write `if " STR_FMT " then " STR_FMT " else " STR_FMT "`", STR_ARG(brief(a)),
		  STR_ARG(brief(b)), STR_ARG(brief(c)));
	return true;
}

static void hint_colon(const struct hint *h)
{
	struct str value = part(h, h->ref.start, h->ref.end);
	struct diag *d = diag_add(h->ds, 23, h->at, "`: ` inside a value that is not quoted");

	if (!hint_ternary(h, d, value, to_line_end(h, h->at.end)))
		help_quoted(h, d, to_line_end(h, h->ref.start));
}

static void hint_colon_line(const struct hint *h)
{
	struct diag *d;
	uint32_t start = h->at.start, key;

	while (start > h->ref.start && !strict_is_break(h->text.p[start - 1]))
		start--;
	key = start;
	while (strict_is_blank(h->text.p[key]))
		key++;
	d = diag_add(h->ds, 21, span_of(h->at.src, key, h->at.start), "`" STR_FMT
		     ":` is indented deeper than the line before, so it continues that value",
		     STR_ARG(brief(part(h, key, h->at.start))));
	diag_label(h->ds, d, h->ref, "this value");
	diag_help(h->ds, d, "indent it like the keys beside it, or quote the text");
}

/* --- brackets --- */

/* The value inside brackets around `at`, as its author probably meant it. */
static struct str flow_value(const struct hint *h, uint32_t at)
{
	const char *p = h->text.p;
	uint32_t from = at, to = at, depth = 0;

	while (from > h->ref.end && !strchr(",[{\n", p[from - 1]) &&
	       !(p[from - 1] == ' ' && p[from - 2] == ':'))
		from--;
	for (; to < h->text.n && !strict_is_break(p[to]); to++) {
		if (p[to] == '[' || p[to] == '{')
			depth++;
		else if (!depth && strchr(",]}", p[to]))
			break;
		else if (p[to] == ']' || p[to] == '}')
			depth--;
	}
	return str_trim(part(h, from, to));
}

static size_t char_length(const char *p)
{
	unsigned char c = (unsigned char)*p;

	return c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

static void hint_comma(const struct hint *h)
{
	const char *p = h->text.p;
	uint32_t at = h->at.start;
	struct str whole;
	struct diag *d;

	if (at > 0 && p[at] == '{' && p[at - 1] == '$') {
		struct str hole = to_line_end(h, at - 1), end = STR("}}");
		ptrdiff_t close = str_find(hole, end);
		uint32_t from = at - 1, to;
		hole = str_slice(hole, 0, close < 0 ? 3 : (size_t)close + 2);
		to = from + (uint32_t)hole.n;
		/* The text around the hole belongs to it: v${{ x }}-a */
		while (from > h->ref.end && !strchr(" ,[{\n", p[from - 1]))
			from--;
		while (close >= 0 && to < h->text.n && !strchr(" ,]}\r\n", p[to]))
			to++;
		d = diag_add(h->ds, 27, span_of(h->at.src, at - 1, at - 1 + (uint32_t)hole.n),
			     "a hole inside `[ ]` or `{ }` must be quoted");
		if (memchr(h->text.p + from, '"', to - from) && memchr(h->text.p + from, '\'', to - from))
			diag_help(h->ds, d, "write one item per line, `- ...`: there it needs no quotes");
		else
			help_quoted(h, d, part(h, from, to));
		return;
	}
	whole = flow_value(h, at);
	if (p[at] == ':') {
		d = diag_add(h->ds, 23, h->at, "`: ` inside a value that is not quoted");
		if (!hint_ternary(h, d, str_slice(whole, 0, (size_t)(p + at - whole.p)),
				  str_trim(str_slice(whole, (size_t)(p + at - whole.p) + 1, whole.n))))
			help_quoted(h, d, whole);
		return;
	}
	d = diag_add(h->ds, 26, h->at, "expected `,` or `%c`, found `%.*s`", p[h->ref.start] == '[' ? ']' : '}',
		     (int)char_length(p + at), p + at);
	diag_label(h->ds, d, h->ref, "opened here");
	if ((p[at] == '[' || p[at] == '{') && whole.p < p + at)
		help_quoted(h, d, whole);
	else
		diag_help(h->ds, d, "put a comma between items, or quote the whole value");
}

static void hint_flow(const struct hint *h, enum node_fault_kind kind)
{
	char c = h->text.p[h->at.start], open = h->text.p[h->ref.start];
	struct diag *d;

	if (kind == FAULT_FLOW_OPEN) {
		d = diag_add(h->ds, 28, h->at, "`%c` is never closed", c);
		diag_help(h->ds, d, "close it with `%c`; if it is text, quote it", c == '[' ? ']' : '}');
	} else if (kind == FAULT_FLOW_EMPTY) {
		d = diag_add(h->ds, 26, h->at, "nothing stands before this `,`");
		diag_help(h->ds, d, "remove the comma, or write \"\" for an empty text");
	} else if (kind == FAULT_DASH) {
		d = diag_add(h->ds, 26, h->at, "a lone `%c` inside brackets", c);
		diag_help(h->ds, d, "quote it: `\"%c\"`; items inside `[ ]` need no dash", c);
	} else {
		d = diag_add(h->ds, 26, h->at, "`%c` does not close `%c`", c, open);
		diag_label(h->ds, d, h->ref, "opened here");
		diag_help(h->ds, d, "close it with `%c`", open == '[' ? ']' : '}');
	}
}

/* --- indentation --- */

static void hint_tab(const struct hint *h)
{
	struct diag *d = diag_add(h->ds, 11, h->at, "a tab in the indentation");

	diag_help(h->ds, d, "indent with spaces");
}

static void hint_indent(const struct hint *h, enum node_fault_kind kind)
{
	struct diag *d;

	if (kind == FAULT_FLOW_INDENT) {
		d = diag_add(h->ds, 21, h->at, "a line inside %s must be indented",
			     strchr("'\"", h->text.p[h->ref.start]) ? "quotes" : "brackets");
		diag_label(h->ds, d, h->ref, "opened here");
		diag_help(h->ds, d, "indent it deeper than its key");
		return;
	}
	d = diag_add(h->ds, 21, h->at, "`" STR_FMT "` is not indented like the lines before it",
		     STR_ARG(brief(part(h, h->at.start, h->at.end))));
	diag_help(h->ds, d, "entries of one list or map begin in the same column");
}

static void hint_mixed(const struct hint *h, enum node_fault_kind kind)
{
	struct diag *d;

	if (kind == FAULT_MIXED_LIST) {
		d = diag_add(h->ds, 22, h->at, "`" STR_FMT "` stands among list items",
			     STR_ARG(brief(part(h, h->at.start, h->at.end))));
		diag_help(h->ds, d, "begin the line with `- `, or indent it as its key needs");
	} else if (kind == FAULT_MIXED_MAP) {
		d = diag_add(h->ds, 22, h->at, "a list item stands among keys");
		diag_help(h->ds, d, "give the list a key, or indent it under the key before it");
	} else if (kind == FAULT_LIST_HERE) {
		d = diag_add(h->ds, 22, h->at, "a list item must begin on a line of its own");
		diag_help(h->ds, d, "put `- ` on the next line, or write [a, b]");
	} else {
		d = diag_add(h->ds, 22, h->at, "`%c ` must begin on a line of its own", h->text.p[h->at.start]);
		diag_help(h->ds, d, "quote it if it is text");
	}
}

static void hint_no_colon(const struct hint *h)
{
	struct str line = part(h, h->at.start, h->at.end);
	const char *colon = memchr(line.p, ':', line.n);
	struct diag *d = diag_add(h->ds, 29, h->at, "expected `key: value`, found `" STR_FMT "`",
				  STR_ARG(brief(line)));

	if (colon && colon + 1 < line.p + line.n && colon > line.p && line.p[0] != '"' && line.p[0] != '\'')
		diag_help(h->ds, d, "put a space behind the colon: `" STR_FMT ": " STR_FMT "`",
			  STR_ARG(brief(str_slice(line, 0, (size_t)(colon - line.p)))),
			  STR_ARG(brief(str_slice(line, (size_t)(colon - line.p) + 1, line.n))));
	else
		diag_help(h->ds, d, "write `key: value`; text over several lines needs `|` behind its key");
}

/* --- scalars --- */

static void hint_escape(const struct hint *h)
{
	struct str e = part(h, h->at.start, h->at.end);
	uint32_t end = h->at.end;
	struct str whole;
	struct diag *d;

	if (e.n == 2 && ((unsigned char)e.p[1] >= 0x80 || strict_is_break(e.p[1])))
		e.n = 1;
	d = diag_add(h->ds, 34, span_of(h->at.src, h->at.start, h->at.start + (uint32_t)e.n),
		     "unknown escape `" STR_FMT "` in double quotes", STR_ARG(e));
	while (end < h->text.n && h->text.p[end] != '"' && !strict_is_break(h->text.p[end]))
		end += h->text.p[end] == '\\' ? 2 : 1;
	whole = part(h, h->ref.end, end);
	if (end < h->text.n && h->text.p[end] == '"' && brief(whole).n == whole.n &&
	    !memchr(whole.p, '\'', whole.n))
		diag_help(h->ds, d, "use single quotes: `'" STR_FMT "'`", STR_ARG(whole));
	else
		diag_help(h->ds, d, "double the backslash, or use single quotes");
}

static void hint_quote(const struct hint *h)
{
	char c = h->text.p[h->at.start];
	struct diag *d = diag_add(h->ds, 35, h->at, "the quote `%c` is never closed", c);

	diag_help(h->ds, d, c == '\'' ? "close it; inside single quotes '' is one quote"
				     : "close it; inside double quotes \\\" is one quote");
}

static void hint_reserved(const struct hint *h)
{
	char c = h->text.p[h->at.start];
	struct diag *d = c == '`' ? diag_add(h->ds, 36, h->at, "no value can begin with a backtick")
				  : diag_add(h->ds, 36, h->at, "no value can begin with `%c`", c);
	struct str whole = to_line_end(h, h->at.start);

	if (h->st->s[h->at.start] == '*' || h->ref.end > h->ref.start)
		diag_help(h->ds, d, "quote the value: \"%c...\"", c);
	else
		help_quoted(h, d, whole);
}

static void hint_comment(const struct hint *h)
{
	struct diag *d = diag_add(h->ds, 30, h->at, "`#` needs a space before it to begin a comment");

	diag_help(h->ds, d, "write ` #`, or put the whole into quotes");
}

static void hint_header(const struct hint *h, enum node_fault_kind kind)
{
	struct diag *d;

	if (kind == FAULT_BLANKS) {
		d = diag_add(h->ds, 37, h->at, "a blank line with more spaces than the text below it");
		diag_help(h->ds, d, "remove the spaces of the blank line");
		return;
	}
	d = diag_add(h->ds, 37, h->at, "text on the line of `%c`", h->text.p[h->ref.start]);
	diag_help(h->ds, d, "begin the text on the next line, indented");
}

static void hint_document(const struct hint *h, enum node_fault_kind kind)
{
	struct diag *d;

	if (kind == FAULT_DOC_LINE) {
		d = diag_add(h->ds, 22, h->at, "keys cannot begin on the line of `---`");
		diag_help(h->ds, d, "put them on the next line");
		return;
	}
	d = diag_add(h->ds, 12, h->at, "text behind `...`, the end of the document");
	diag_help(h->ds, d, "remove it");
}

static void hint_key(const struct hint *h)
{
	struct diag *d = diag_add(h->ds, 38, span_of(h->at.src, h->at.start, h->at.start + 1),
				  "a key must be on one line and at most 1024 characters");

	diag_help(h->ds, d, "if this is a value, quote the whole of it");
}

static void hint_depth(const struct hint *h)
{
	struct diag *d = diag_add(h->ds, 8, h->at, "more than %u levels deep", (unsigned)h->st->depth_max);

	diag_help(h->ds, d, "move the inner part into a file or a value of its own");
}

void node_hint_fault(const struct node_strict *st)
{
	const struct node_fault *f = &st->fault;
	struct hint h = {
		.st = st, .ds = st->ds, .text = st->src->text, .at = span_of(st->src, f->at, f->end),
		.ref = span_of(st->src, f->ref, f->ref_end),
	};

	switch (f->kind) {
	case FAULT_NONE: break;
	case FAULT_DEPTH: hint_depth(&h); break;
	case FAULT_TAB: hint_tab(&h); break;
	case FAULT_INDENT: case FAULT_FLOW_INDENT: hint_indent(&h, f->kind); break;
	case FAULT_NO_COLON: hint_no_colon(&h); break;
	case FAULT_COLON: hint_colon(&h); break;
	case FAULT_COLON_LINE: hint_colon_line(&h); break;
	case FAULT_AFTER: hint_after(&h); break;
	case FAULT_COMMENT: hint_comment(&h); break;
	case FAULT_LIST_HERE: case FAULT_MAP_HERE: case FAULT_MIXED_LIST: case FAULT_MIXED_MAP:
		hint_mixed(&h, f->kind);
		break;
	case FAULT_ESCAPE: hint_escape(&h); break;
	case FAULT_QUOTE_OPEN: hint_quote(&h); break;
	case FAULT_FLOW_COMMA: hint_comma(&h); break;
	case FAULT_FLOW_OPEN: case FAULT_FLOW_EMPTY: case FAULT_FLOW_CLOSE: case FAULT_DASH:
		hint_flow(&h, f->kind);
		break;
	case FAULT_RESERVED: hint_reserved(&h); break;
	case FAULT_HEADER: case FAULT_BLANKS: hint_header(&h, f->kind); break;
	case FAULT_KEY_LINES: hint_key(&h); break;
	case FAULT_DOC_LINE: case FAULT_DOC_END: hint_document(&h, f->kind); break;
	}
}
