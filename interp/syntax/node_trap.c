/*
 * Traps seen in libyaml's events. Each gives its own code, the exact place and
 * a line that can be typed.
 */
#include "syntax/node_trap.h"

#include <string.h>
#include "base/diag.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       (unsigned char)c >= 0x80;
}

static struct str text_of(struct span s)
{
	return str_slice(s.src->text, s.start, s.end);
}

/* Cut where it is longer than any message is: a line may hold 100,000 marks. */
static struct str rest_of_line(struct span at)
{
	struct str t = at.src->text;
	size_t end = at.start, most = end + 1024;

	while (end < t.n && end < most && t.p[end] != '\n' && t.p[end] != '\r')
		end++;
	return str_trim(str_slice(t, at.start, end));
}

/* For a message: the first line, not too long. */
static struct str brief(struct str s)
{
	size_t n = 0;

	while (n < s.n && n < 60 && s.p[n] != '\n' && s.p[n] != '\r')
		n++;
	while (n > 0 && n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return (struct str){ s.p, n };
}

/* Keys whose value is an expression. */
static bool is_condition(struct str key)
{
	static const char *const names[] = { "if", "guard", "that", "expect", "when" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (str_eqz(key, names[i]))
			return true;
	}
	return false;
}

static void help_quote(struct diags *ds, struct diag *d, struct str whole)
{
	if (brief(whole).n < whole.n) {
		diag_help(ds, d, "quote the whole value");
		return;
	}
	if (memchr(whole.p, '"', whole.n) || memchr(whole.p, '\\', whole.n)) {
		if (!memchr(whole.p, '\'', whole.n))
			diag_help(ds, d, "quote it: `'" STR_FMT "'`", STR_ARG(whole));
		return;
	}
	diag_help(ds, d, "quote it: `\"" STR_FMT "\"`", STR_ARG(whole));
}

void node_trap_mark(struct diags *ds, struct span at, char mark, struct str key)
{
	struct str name = brief(text_of(at));
	struct diag *d;

	if (mark == '&') {
		d = diag_add(ds, 14, at, "anchor `" STR_FMT "`", STR_ARG(name));
		diag_help(ds, d, "name a shared value under `vars:`; if this is text, quote it");
	} else if (mark == '*') {
		d = diag_add(ds, 15, at, "alias `" STR_FMT "`", STR_ARG(name));
		diag_help(ds, d, "name a shared value under `vars:`; if this is text, quote it: `\"" STR_FMT "\"`",
			  STR_ARG(name));
	} else if (is_condition(key)) {
		struct str rest = rest_of_line(at);
		d = diag_add(ds, 16, at, "`!` begins a YAML tag here");
		rest = str_trim(str_slice(rest, 1, rest.n));
		if (rest.n && (is_word(rest.p[0]) || rest.p[0] == '('))
			diag_help(ds, d, "write `not " STR_FMT "`", STR_ARG(brief(rest)));
		else
			diag_help(ds, d, "write `not`, or quote the whole value");
	} else {
		d = diag_add(ds, 16, at, "`!` begins a YAML tag here");
		help_quote(ds, d, rest_of_line(at));
	}
}

uint32_t node_trap_properties(struct diags *ds, const struct source *src, uint32_t start,
			      struct str key)
{
	struct str t = src->text;
	uint32_t p = start;

	while (p < t.n && (t.p[p] == '&' || t.p[p] == '!')) {
		uint32_t from = p;
		while (p < t.n && !is_space(t.p[p]))
			p++;
		node_trap_mark(ds, span_of(src, from, p), t.p[from], key);
		while (p < t.n && is_space(t.p[p]))
			p++;
		while (p < t.n && t.p[p] == '#') {
			while (p < t.n && t.p[p] != '\n')
				p++;
			while (p < t.n && is_space(t.p[p]))
				p++;
		}
	}
	return p;
}

int node_trap_parens(struct str text)
{
	int open = 0;

	for (size_t i = 0; i < text.n; i++)
		open += (text.p[i] == '(') - (text.p[i] == ')');
	return open;
}

/* The quote or bracket that text leaves open, or 0. An apostrophe inside a word
 * opens nothing. */
static char left_open(struct str text)
{
	char quote = 0, open[16];
	size_t depth = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (quote) {
			quote = c == quote ? 0 : quote;
		} else if (c == '"' || (c == '\'' && (i == 0 || !is_word(text.p[i - 1])))) {
			quote = c;
		} else if (c == '(' || c == '[' || c == '{') {
			if (depth < sizeof open)
				open[depth] = c == '(' ? ')' : c == '[' ? ']' : '}';
			depth++;
		} else if ((c == ')' || c == ']' || c == '}') && depth) {
			depth--;
		}
	}
	if (quote)
		return quote;
	return depth && depth <= sizeof open ? open[depth - 1] : 0;
}

static void trap_cut(struct diags *ds, const struct node *n)
{
	struct str t = n->span.src->text, rest;
	uint32_t p = n->span.end;
	struct diag *d;
	char open;

	while (p < t.n && (t.p[p] == ' ' || t.p[p] == '\t'))
		p++;
	if (p >= t.n || p == n->span.end || t.p[p] != '#')
		return;
	open = left_open(n->text);
	rest = rest_of_line(span_of(n->span.src, p, p));
	if (!open || !memchr(rest.p, open, rest.n))
		return;
	d = diag_add(ds, 31, span_of(n->span.src, p, p + 1), "the value is cut here: ` #` begins a comment");
	diag_label(ds, d, n->span, "all that is left");
	help_quote(ds, d, str_slice(t, n->span.start, (size_t)p + rest.n));
}

/* `1. ` or `1) ` at the start of s */
static bool is_numbered(struct str s)
{
	size_t i = 0;

	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return i > 0 && i < 4 && i + 1 < s.n && (s.p[i] == '.' || s.p[i] == ')') && s.p[i + 1] == ' ';
}

static void trap_numbered(struct diags *ds, const struct node *n)
{
	struct str t = text_of(n->span), first, second;
	const char *nl = memchr(t.p, '\n', t.n), *end;
	struct diag *d;
	size_t i = 0;

	if (!nl || !is_numbered(t))
		return;
	first = str_trim(str_slice(t, 0, (size_t)(nl - t.p)));
	second = str_trim(str_slice(t, (size_t)(nl - t.p), t.n));
	end = memchr(second.p, '\n', second.n);
	if (end)
		second.n = (size_t)(end - second.p);
	if (!is_numbered(second))
		return;
	while (first.p[i] != ' ')
		i++;
	d = diag_add(ds, 32, n->span, "a numbered list is one text in YAML");
	diag_help(ds, d, "write list items: `- " STR_FMT "`",
		  STR_ARG(brief(str_trim(str_slice(first, i, first.n)))));
}

void node_trap_plain(struct diags *ds, const struct node *n)
{
	trap_cut(ds, n);
	if (n->multiline)
		trap_numbered(ds, n);
}

void node_trap_comma(struct diags *ds, struct span a, struct span b)
{
	struct span both = span_join(a, b), comma = span_of(a.src, a.end, a.end + 1);
	struct str t = a.src->text;
	struct diag *d;

	while (comma.start < b.start && t.p[comma.start] != ',')
		comma.start++;
	comma.end = comma.start + 1;
	d = diag_add(ds, 33, comma, "this comma ends the value");
	diag_label(ds, d, a, "begins with an open `(`");
	diag_help(ds, d, "inside `{ }` and `[ ]` quote a value with a comma: `\"" STR_FMT "\"`",
		  STR_ARG(brief(text_of(both))));
}

void node_trap_duplicate(struct diags *ds, struct str key, struct span at, struct span first)
{
	struct diag *d = diag_add(ds, 18, at, "key `" STR_FMT "` is given twice", STR_ARG(brief(key)));

	diag_label(ds, d, first, "first here");
	diag_help(ds, d, "keep one of them");
}

void node_trap_merge(struct diags *ds, struct span at)
{
	struct diag *d = diag_add(ds, 17, at, "merge key `<<`");

	diag_help(ds, d, "write the keys out, or use `defaults:`");
}

void node_trap_complex(struct diags *ds, struct span at)
{
	struct diag *d = diag_add(ds, 20, at, "a list or map as a key");

	diag_help(ds, d, "keys are text; if this is a value, quote it");
}
