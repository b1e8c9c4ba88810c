/*
 * diag_text: diagnostics as a person reads them, after rustc's manner: the
 * source line, carets under it, labels beside them or hung below. One `mark` is
 * one underlined piece of one line. Columns are display columns.
 */
#include "base/diag.h"

#include <string.h>

#include "base/buf.h"
#include "base/visible.h"

/* Columns of source text shown of one line, and kept left of the marks when it is cut. */
enum { COLUMNS = 120, CONTEXT = 20, MARKS = DIAG_LABELS + 1 };

static const struct str ELLIPSIS = { "...", 3 };

struct mark {
	const struct source *src;
	uint32_t line;
	size_t from, to;       /* bytes of the line */
	size_t column, end;    /* display columns, end > column */
	struct str text;
	bool primary, hidden;  /* hidden: outside the part of the line that is shown */
};

/* SGR sequences, all empty without colour. */
struct palette { const char *severity, *strong, *frame, *off; };

struct sheet {
	struct buf *out;
	struct palette c;
	size_t gutter;                  /* digits of the largest line number */
	struct mark marks[MARKS];       /* in the order in which they are shown */
	size_t count;
};

/* --- small pieces --- */

static void newline(struct sheet *p)
{
	buf_addc(p->out, '\n');
}

/* "38 |", or "   |" for line 0. */
static void gutter(struct sheet *p, uint32_t line)
{
	buf_addz(p->out, p->c.frame);
	if (line)
		buf_printf(p->out, "%*u", (int)p->gutter, line);
	else
		buf_fill(p->out, ' ', p->gutter);
	buf_addz(p->out, " |");
	buf_addz(p->out, p->c.off);
}

/* Text that may have several lines; those after the first are indented. */
static void prose(struct sheet *p, struct str text, size_t indent)
{
	ptrdiff_t end;
	text = str_trim(text);
	while ((end = str_find(text, STR("\n"))) >= 0) {
		visible_add(p->out, str_slice(text, 0, (size_t)end));
		text = str_slice(text, (size_t)end + 1, text.n);
		newline(p);
		buf_fill(p->out, ' ', indent);
	}
	visible_add(p->out, text);
}

/* "   = note: text" */
static void footer(struct sheet *p, const char *kind, struct str text)
{
	buf_fill(p->out, ' ', p->gutter + 1);
	buf_printf(p->out, "%s=%s %s%s%s: ", p->c.frame, p->c.off, p->c.strong, kind, p->c.off);
	prose(p, text, p->gutter + strlen(kind) + 5);
	newline(p);
}

/* --- the part of a line that is shown --- */

struct window {
	struct str line;
	size_t from, to; /* bytes shown */
};

/* The offset, from `at` on, up to which text takes at most `columns`. */
static size_t forward(struct str line, size_t at, size_t columns)
{
	while (at < line.n) {
		size_t next = at;
		utf8_next(line, &next);
		size_t wide = visible_width(str_slice(line, at, next));
		if (wide > columns)
			break;
		columns -= wide;
		at = next;
	}
	return at;
}

static size_t backward(struct str line, size_t at, size_t columns)
{
	while (at > 0) {
		size_t before = at - 1;
		while (before > 0 && at - before < 4 && ((unsigned char)line.p[before] & 0xc0) == 0x80)
			before--;
		size_t wide = visible_width(str_slice(line, before, at));
		if (wide > columns)
			break;
		columns -= wide;
		at = before;
	}
	return at;
}

/* A window on line that shows the marks: all if they fit, else the primary one. */
static struct window window_on(struct str line, const struct mark *marks, size_t count)
{
	struct window w = { line, 0, forward(line, 0, COLUMNS) };
	if (w.to == line.n || count == 0)
		return w;
	size_t low = marks[0].from, high = marks[0].to, main = marks[0].from;
	for (size_t i = 1; i < count; i++) {
		if (marks[i].from < low)
			low = marks[i].from;
		if (marks[i].to > high)
			high = marks[i].to;
		if (marks[i].primary)
			main = marks[i].from;
	}
	if (high <= w.to)
		return w;
	w.from = backward(line, low, CONTEXT);
	w.to = forward(line, w.from, COLUMNS);
	if (high > w.to) {
		w.from = backward(line, main, CONTEXT);
		w.to = forward(line, w.from, COLUMNS);
	}
	return w;
}

static void window_show(struct sheet *p, const struct window *w, uint32_t line)
{
	gutter(p, line);
	if (w->line.n > 0)
		buf_addc(p->out, ' ');
	if (w->from > 0)
		buf_adds(p->out, ELLIPSIS);
	visible_add(p->out, str_slice(w->line, w->from, w->to));
	if (w->to < w->line.n)
		buf_adds(p->out, ELLIPSIS);
	newline(p);
}

static size_t column_of(const struct window *w, size_t offset)
{
	size_t before = w->from > 0 ? ELLIPSIS.n : 0;
	return before + visible_width(str_slice(w->line, w->from, offset));
}

static void place(struct mark *m, const struct window *w)
{
	m->hidden = m->from < w->from || m->from > w->to;
	if (m->hidden)
		return;
	m->column = column_of(w, m->from);
	m->end = column_of(w, m->to < w->to ? m->to : w->to);
	if (m->end <= m->column)
		m->end = m->column + 1;
}

/* --- rows under a line --- */

static const char *color_of(const struct sheet *p, bool primary)
{
	return primary ? p->c.severity : p->c.frame;
}

/* Pads from column *at to `column`. False if the row is there already. */
static bool go_to(struct sheet *p, size_t *at, size_t column)
{
	if (column < *at)
		return false;
	buf_fill(p->out, ' ', column - *at);
	*at = column;
	return true;
}

static void underline(struct sheet *p, const struct mark *marks, size_t count, const struct mark *beside)
{
	char row[COLUMNS * 2] = { 0 };
	size_t end = 0;
	for (int primary = 0; primary <= 1; primary++) {
		for (size_t i = 0; i < count; i++) {
			if (marks[i].hidden || marks[i].primary != (bool)primary)
				continue;
			size_t to = marks[i].end < sizeof row ? marks[i].end : sizeof row;
			for (size_t at = marks[i].column; at < to; at++)
				row[at] = primary ? '^' : '-';
			if (to > end)
				end = to;
		}
	}
	gutter(p, 0);
	buf_addc(p->out, ' ');
	for (size_t at = 0, next; at < end; at = next) {
		for (next = at; next < end && row[next] == row[at];)
			next++;
		if (row[at])
			buf_addz(p->out, color_of(p, row[at] == '^'));
		buf_fill(p->out, row[at] ? row[at] : ' ', next - at);
		if (row[at])
			buf_addz(p->out, p->c.off);
	}
	if (beside) {
		buf_printf(p->out, " %s", color_of(p, beside->primary));
		visible_add(p->out, beside->text);
		buf_addz(p->out, p->c.off);
	}
	newline(p);
}

/* The mark whose text can stand right of all underlining, or NULL. */
static const struct mark *find_beside(const struct mark *marks, size_t count)
{
	const struct mark *best = NULL;
	size_t end = 0;
	for (size_t i = 0; i < count; i++)
		if (!marks[i].hidden && marks[i].end > end)
			end = marks[i].end;
	for (size_t i = 0; i < count; i++)
		if (!marks[i].hidden && marks[i].end == end && marks[i].text.n > 0)
			best = &marks[i];
	return best;
}

/* One row: a bar for each of hung[0..bars), then the text of `last`, if any. */
static void hanging_row(struct sheet *p, const struct mark *const *hung, size_t bars, const struct mark *last)
{
	size_t at = 0;
	gutter(p, 0);
	buf_addc(p->out, ' ');
	for (size_t i = 0; i < bars; i++) {
		if (last && hung[i]->column >= last->column)
			break;
		if (!go_to(p, &at, hung[i]->column))
			continue;
		buf_printf(p->out, "%s|%s", color_of(p, hung[i]->primary), p->c.off);
		at++;
	}
	if (last) {
		go_to(p, &at, last->column);
		buf_addz(p->out, color_of(p, last->primary));
		visible_add(p->out, last->text);
		buf_addz(p->out, p->c.off);
	}
	newline(p);
}

/* Underlines and labels of the marks of one line, sorted by column. */
static void annotate(struct sheet *p, const struct mark *marks, size_t count)
{
	const struct mark *beside = find_beside(marks, count), *hung[MARKS];
	size_t n = 0;
	for (size_t i = 0; i < count; i++)
		if (!marks[i].hidden && marks[i].text.n > 0 && &marks[i] != beside)
			hung[n++] = &marks[i];
	underline(p, marks, count, beside);
	if (n > 0)
		hanging_row(p, hung, n, NULL);
	while (n > 0) {
		hanging_row(p, hung, n - 1, hung[n - 1]);
		n--;
	}
}

/* --- one diagnostic --- */

static void add_mark(struct sheet *p, struct span at, struct str text, bool primary)
{
	if (!at.src)
		return;
	uint32_t line = source_locate(at.src, at.start).line;
	struct str whole = source_line(at.src, line);
	size_t start = (size_t)(whole.p - at.src->text.p);
	if (whole.n == 0)
		start = at.start;
	size_t from = at.start > start ? at.start - start : 0, to = at.end > start ? at.end - start : 0;
	struct mark m = { .src = at.src, .line = line, .text = text, .primary = primary };
	m.from = from < whole.n ? from : whole.n;
	m.to = to < whole.n ? to : whole.n;

	/* Source of the primary mark first, then by line and place. */
	size_t i = p->count++;
	for (; i > 0; i--) {
		const struct mark *b = &p->marks[i - 1];
		bool main_source = m.src == p->marks[0].src;
		if (b->src != m.src ? !main_source : b->line != m.line ? b->line < m.line : b->from <= m.from)
			break;
		p->marks[i] = *b;
	}
	p->marks[i] = m;
}

static void arrow(struct sheet *p, const char *sign, const struct source *src, uint32_t offset)
{
	struct position at = source_locate(src, offset);
	buf_fill(p->out, ' ', p->gutter);
	buf_printf(p->out, "%s%s%s ", p->c.frame, sign, p->c.off);
	visible_add(p->out, src->name);
	buf_printf(p->out, ":%u:%u\n", at.line, at.column);
	gutter(p, 0);
	newline(p);
}

static void bare_line(struct sheet *p, const struct source *src, uint32_t line)
{
	struct window w = window_on(source_line(src, line), NULL, 0);
	window_show(p, &w, line);
}

/* What stands between two marked lines of a source. */
static void gap(struct sheet *p, const struct source *src, uint32_t before, uint32_t line)
{
	if (line == before + 2)
		bare_line(p, src, before + 1);
	else if (line > before + 2)
		buf_printf(p->out, "%s...%s\n", p->c.frame, p->c.off);
}

static uint32_t offset_of(const struct diag *d, const struct source *src)
{
	if (d->span.src == src)
		return d->span.start;
	for (int i = 0; i < d->label_count; i++)
		if (d->labels[i].span.src == src)
			return d->labels[i].span.start;
	return 0;
}

static void excerpts(struct sheet *p, const struct diag *d)
{
	const struct source *src = NULL;
	for (size_t i = 0, next; i < p->count; i = next) {
		struct mark *m = &p->marks[i];
		for (next = i + 1; next < p->count && p->marks[next].src == m->src &&
				   p->marks[next].line == m->line;)
			next++;
		if (i > 0 && m->src != src) {
			gutter(p, 0);
			newline(p);
		}
		if (m->src != src)
			arrow(p, i == 0 ? "-->" : ":::", m->src, offset_of(d, m->src));
		else
			gap(p, src, p->marks[i - 1].line, m->line);
		src = m->src;
		struct window w = window_on(source_line(src, m->line), m, next - i);
		for (size_t k = i; k < next; k++)
			place(&p->marks[k], &w);
		window_show(p, &w, m->line);
		annotate(p, m, next - i);
	}
}

/* Labels that could not be drawn are told in words. */
static void told_labels(struct sheet *p, const struct diag *d)
{
	for (int i = 0; i < d->label_count; i++)
		if (!d->labels[i].span.src && d->labels[i].text.n > 0)
			footer(p, "note", d->labels[i].text);
	for (size_t i = 0; i < p->count; i++)
		if (p->marks[i].hidden && p->marks[i].text.n > 0)
			footer(p, "note", p->marks[i].text);
}

static void render(struct sheet *p, const struct diag *d)
{
	static const char *const names[] = { [DIAG_ERROR] = "error", [DIAG_WARNING] = "warning" };
	p->count = 0;
	add_mark(p, d->span, d->mark, true);
	for (int i = 0; i < d->label_count; i++)
		add_mark(p, d->labels[i].span, d->labels[i].text, false);
	p->gutter = 1;
	for (size_t i = 0; i < p->count; i++) {
		size_t digits = 1;
		for (uint32_t n = p->marks[i].line; n >= 10; n /= 10)
			digits++;
		if (digits > p->gutter)
			p->gutter = digits;
	}

	const char *name = names[d->severity];
	buf_printf(p->out, "%s%s", p->c.severity, name);
	if (d->code > 0)
		buf_printf(p->out, "[RB%03d]", d->code);
	buf_printf(p->out, "%s%s: ", p->c.off, p->c.strong);
	prose(p, d->message, strlen(name) + (d->code > 0 ? 9 : 2));
	buf_addz(p->out, p->c.off);
	newline(p);
	excerpts(p, d);
	told_labels(p, d);
	for (int i = 0; i < d->note_count; i++)
		footer(p, "note", d->notes[i]);
	for (int i = 0; i < d->help_count; i++)
		footer(p, "help", d->helps[i]);
	if (d->code > 0) {
		char more[32];
		int n = snprintf(more, sizeof more, "runbook explain RB%03d", d->code);
		footer(p, "more", (struct str){ more, (size_t)n });
	}
}

void diag_text(const struct diags *ds, struct buf *out, bool color)
{
	for (size_t i = 0; i < ds->count; i++) {
		struct sheet p = { .out = out, .c = { "", "", "", "" } };
		if (color)
			p.c = (struct palette){
				ds->list[i]->severity == DIAG_ERROR ? "\033[1;31m" : "\033[1;33m",
				"\033[1m", "\033[1;34m", "\033[0m",
			};
		if (i > 0)
			newline(&p);
		render(&p, ds->list[i]);
	}
	if (ds->dropped > 0)
		buf_printf(out, "\n%zu more not shown\n", ds->dropped);
}
