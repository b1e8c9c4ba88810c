/*
 * From a scalar's decoded text back to its source bytes. The source is decoded
 * once more, in runs: a run of text bytes stands for a run of source bytes,
 * either byte by byte or as a whole (escapes, folded line ends). Only messages
 * need this, so nothing is kept at load.
 */
#include "syntax/node.h"

#include <string.h>

struct walk {
	const char *s;          /* the source text */
	uint32_t at, end;       /* in s */
	struct str text;        /* decoded */
	uint32_t done;          /* bytes of text passed */
	uint32_t from, to;      /* wanted */
	uint32_t start, stop;   /* found */
	bool has_start, has_stop;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_break(char c)
{
	return c == '\n' || c == '\r';
}

/* The next n bytes of text stand for s[at, to); true when nothing more is wanted. */
static bool run(struct walk *w, uint32_t n, uint32_t to, bool copy)
{
	uint32_t k = w->done;

	if (!w->has_start && w->from >= k && w->from < k + n) {
		w->start = copy ? w->at + (w->from - k) : w->at;
		w->has_start = true;
	}
	if (!w->has_stop && w->to > k && w->to <= k + n) {
		w->stop = copy ? w->at + (w->to - k) : to;
		w->has_stop = true;
	}
	w->done = k + n;
	w->at = to;
	return w->has_start && (w->has_stop || w->from == w->to);
}

/* Behind one line end. */
static uint32_t next_line(const struct walk *w, uint32_t p)
{
	if (p < w->end && w->s[p] == '\r')
		p++;
	if (p < w->end && w->s[p] == '\n')
		p++;
	return p;
}

/* Length of the blanks at p, if a line end follows them; else 0 and *text. */
static uint32_t skip_blanks(const struct walk *w, uint32_t p)
{
	while (p < w->end && is_blank(w->s[p]))
		p++;
	return p;
}

/* A fold at p (blanks, line ends, blanks): n bytes of text; *next is the text behind it. */
static uint32_t fold(const struct walk *w, uint32_t p, uint32_t *next)
{
	uint32_t breaks = 0;

	for (;;) {
		p = skip_blanks(w, p);
		if (p >= w->end || !is_break(w->s[p]))
			break;
		p = next_line(w, p);
		breaks++;
	}
	*next = p;
	return breaks > 1 ? breaks - 1 : breaks;
}

/* Length of the escape at p in the source; *n its length in the text. */
static uint32_t escape(const struct walk *w, uint32_t p, uint32_t *n)
{
	char c = p + 1 < w->end ? w->s[p + 1] : '\0', enc[4];
	uint32_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0, v = 0;

	*n = c == 'N' || c == '_' ? 2 : c == 'L' || c == 'P' ? 3 : 1;
	for (uint32_t i = 0; i < digits && p + 2 + i < w->end; i++) {
		char d = w->s[p + 2 + i];
		v = v << 4 | (uint32_t)(d <= '9' ? d - '0' : (d | 0x20) - 'a' + 10);
	}
	if (digits)
		*n = (uint32_t)utf8_put(v, enc);
	return 2 + digits;
}

/* `\` at a line end: the break goes, empty lines behind it stay. */
static uint32_t joined(const struct walk *w, uint32_t p, uint32_t *n)
{
	uint32_t next;

	p = next_line(w, p + 1);
	*n = 0;
	for (;;) {
		next = skip_blanks(w, p);
		if (next >= w->end || !is_break(w->s[next]))
			return next;
		p = next_line(w, next);
		(*n)++;
	}
}

/* The usual case, at the speed of memory: up to `to` the text stands there as it is. */
static bool walk_same(struct walk *w, uint8_t style)
{
	const char *t = w->text.p;

	if (w->to > w->end - w->at || memcmp(w->s + w->at, t, w->to) || memchr(t, '\n', w->to) ||
	    (style == NODE_SINGLE && memchr(t, '\'', w->to)) || (style == NODE_DOUBLE && memchr(t, '\\', w->to)))
		return false;
	(void)run(w, w->to, w->at + w->to, true);
	return w->has_start && w->has_stop;
}

static void walk_flow(struct walk *w, uint8_t style)
{
	bool stop = false;

	if (style != NODE_PLAIN) {
		w->at++;
		w->end--;
	}
	if (w->from < w->to && walk_same(w, style))
		return;
	while (!stop && w->at < w->end) {
		uint32_t p = w->at, n, next;
		char c = w->s[p];
		if (style == NODE_SINGLE && c == '\'') {
			stop = run(w, 1, p + 2, false);
		} else if (style == NODE_DOUBLE && c == '\\') {
			if (p + 1 < w->end && is_break(w->s[p + 1]))
				next = joined(w, p, &n);
			else
				next = p + escape(w, p, &n);
			stop = run(w, n, next, false);
		} else if ((is_blank(c) || is_break(c)) && (n = fold(w, p, &next)) > 0) {
			stop = run(w, n, next, false);
		} else {
			next = is_blank(c) ? skip_blanks(w, p) : p + 1;
			stop = run(w, next - p, next, true);
		}
	}
}

/* Spaces of indentation that are not text, found from the first line with text. */
static uint32_t indentation(const struct walk *w, uint32_t p)
{
	uint32_t lines = 0, source = 0, text = 0;

	while (lines < w->text.n && w->text.p[lines] == '\n')
		lines++;
	if (lines == w->text.n)
		return UINT32_MAX;
	for (uint32_t i = 0; i < lines && p < w->end; i++) {
		while (p < w->end && !is_break(w->s[p]))
			p++;
		p = next_line(w, p);
	}
	while (p + source < w->end && w->s[p + source] == ' ')
		source++;
	while (lines + text < w->text.n && w->text.p[lines + text] == ' ')
		text++;
	return source > text ? source - text : 0;
}

/* Length of the line at p without indentation; *p moves behind that. */
static uint32_t line_text(const struct walk *w, uint32_t *p, uint32_t indent)
{
	uint32_t q = *p, n = 0;
	const char *lf;

	while (n < indent && q < w->end && w->s[q] == ' ') {
		q++;
		n++;
	}
	*p = q;
	lf = memchr(w->s + q, '\n', w->end - q);
	q = lf ? (uint32_t)(lf - w->s) : w->end;
	return q - *p - (q > *p && w->s[q - 1] == '\r'); /* nothing else ends lines: RB005 */
}

/* The line ends between two lines of text: as many bytes as the text says. */
static bool between(struct walk *w, uint32_t indent, bool folded)
{
	uint32_t n = 0, p = next_line(w, w->at), line = p;

	if (!folded)
		return run(w, 1, p, false);
	if (w->text.p[w->done] == ' ')
		n = 1;
	while (w->text.p[w->done] == '\n' && w->done + n < w->text.n && w->text.p[w->done + n] == '\n')
		n++;
	while (p < w->end && line_text(w, &p, indent) == 0)
		line = p = next_line(w, p);
	return run(w, n, line, false);
}

static void walk_block(struct walk *w, bool folded)
{
	uint32_t indent;
	bool stop = false, first = true;

	while (w->at < w->end && !is_break(w->s[w->at]))
		w->at++;
	w->at = next_line(w, w->at);
	indent = indentation(w, w->at);
	while (!stop && w->done < w->text.n && w->at < w->end) {
		uint32_t n = line_text(w, &w->at, indent);
		if (n > w->text.n - w->done)
			n = (uint32_t)w->text.n - w->done;
		stop = n && run(w, n, w->at + n, true);
		if (!stop && w->done < w->text.n)
			stop = between(w, indent, folded && !(first && !n));
		first = first && !n;
	}
}

struct span node_slice(const struct node *scalar, uint32_t from, uint32_t to)
{
	struct walk w = { .from = from, .to = to, .text = scalar->text };
	struct span s = scalar->span;

	if (scalar->kind != NODE_SCALAR || !s.src || from > to || to > scalar->text.n)
		return s;
	w.s = s.src->text.p;
	w.at = s.start;
	w.end = s.end;
	if (scalar->style == NODE_LITERAL || scalar->style == NODE_FOLDED) {
		w.end = (uint32_t)s.src->text.n;
		walk_block(&w, scalar->style == NODE_FOLDED);
	} else {
		walk_flow(&w, scalar->style);
	}
	if (!w.has_start)
		w.start = w.at;
	if (!w.has_stop)
		w.stop = w.has_start && from == to ? w.start : w.at;
	return span_of(s.src, w.start, w.stop > w.start ? w.stop : w.start);
}
