#include "report/html.h"

#include <stdlib.h>

/* html_timeline: when each phase, step, attempt and undo ran, as bars. A row is a link
 * to its step and says in words what its bars show. */

enum { ROWS_MAX = 240, TICKS = 5 };

static int by_took(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return a < b ? 1 : a > b ? -1 : 0;
}

static bool has_row(const struct report_node *n)
{
	for (const struct report_node *p = n; p; p = p->parent)
		if (p->kind == NODE_UNDO)
			return false; /* drawn in the row of what it undoes */
	return n->kind == NODE_PHASE || (n->step && n->began_us >= 0 && !str_eqz(n->status, "skipped"));
}

/* The shortest time that still gets a row, so that at most ROWS_MAX are drawn. */
static int64_t shortest(const struct report *r, uint32_t *rows)
{
	int64_t *took = malloc(r->node_count * sizeof(*took) + 1), least = 0;
	uint32_t n = 0;

	for (uint32_t i = 1; took && i < r->node_count; i++)
		if (has_row(r->nodes[i]))
			took[n++] = r->nodes[i]->took_us;
	*rows = n;
	if (n > ROWS_MAX) {
		qsort(took, n, sizeof(*took), by_took);
		least = took[ROWS_MAX];
	}
	free(took);
	return least;
}

static void place(struct scribe *s, int64_t from, int64_t to)
{
	int64_t all = s->r->last_m > 0 ? s->r->last_m : 1;
	int64_t left, width;

	if (to < 0 || to > all)
		to = all;
	if (from < 0)
		from = 0;
	if (from > to)
		from = to;
	left = from * 100000 / all;
	width = (to - from) * 100000 / all;
	buf_printf(s->out, "left:%lld.%03lld%%;width:%lld.%03lld%%", (long long)(left / 1000), (long long)(left % 1000), (long long)(width / 1000),
		   (long long)(width % 1000));
}

static void bar(struct scribe *s, const char *class, int64_t from, int64_t to)
{
	buf_printf(s->out, "<i class=\"%s\" style=\"", class);
	place(s, from, to);
	buf_addz(s->out, "\"></i>");
}

static void put_bars(struct scribe *s, const struct report_node *n)
{
	bool undo = str_starts(n->status, STR("undo")); /* of its undo: how it went itself shows its error */
	const char *class = n->error.n ? "bad" : undo ? "ok" : html_class(scribe_status(n));
	uint32_t drawn = 0;

	if (n->kind == NODE_PHASE) {
		if (n->began_us >= 0)
			bar(s, "p", n->began_us, n->ended_us);
	} else if (n->tries && n->tries->next) {
		bar(s, "w", n->began_us, n->ended_us);
		for (const struct report_attempt *t = n->tries; t && drawn < 60; t = t->next, drawn++)
			bar(s, t->next ? "bad" : class, t->at_us - t->took_us, t->at_us);
	} else if (str_eqz(n->action, "wait")) {
		bar(s, "w", n->began_us, n->ended_us);
	} else {
		bar(s, class, n->began_us, n->ended_us);
	}
	if (n->undo_from_us >= 0)
		bar(s, str_eqz(n->undo, "undone") ? "undo" : "bad", n->undo_from_us, n->undo_to_us);
}

static void put_row(struct scribe *s, const struct report_node *n, int depth)
{
	struct buf *out = s->out;

	buf_printf(out, "<li><a href=\"#s%u\"%s><span class=\"lb\" style=\"padding-left:%d.%drem\">", n->index, n->kind == NODE_PHASE ? " class=\"ph\"" : "",
		   depth > 8 ? 5 : depth * 6 / 10, depth > 8 ? 0 : depth * 6 % 10);
	html_text(s, n->kind == NODE_PHASE ? scribe_upper(s, n->key) : n->kind == NODE_STEP ? words_title(n) : scribe_name(s, n));
	if (n->item.n) {
		buf_addz(out, " ");
		html_text(s, words_value(&s->a, n->item));
	}
	buf_addz(out, "</span><span class=\"tr\" aria-hidden=\"true\">");
	put_bars(s, n);
	buf_addz(out, "</span><span class=\"du\"><span class=\"v\">");
	html_text(s, scribe_status(n));
	if (n->began_us >= 0)
		html_text(s, arena_printf(&s->a, ", at +" STR_FMT ", took ", STR_ARG(words_took(&s->a, n->began_us))));
	buf_addz(out, "</span>");
	if (n->ended_us >= 0)
		html_text(s, words_took(&s->a, n->took_us));
	if (n->undo_from_us >= 0)
		buf_printf(out, "<span class=\"v\">, undone at +" STR_FMT "</span>", STR_ARG(words_took(&s->a, n->undo_from_us)));
	buf_addz(out, "</span></a></li>\n");
}

static void put_axis(struct scribe *s)
{
	buf_addz(s->out, "<div class=\"ax\" aria-hidden=\"true\"><span></span><span class=\"tr\">");
	for (int i = 0; i <= TICKS; i++)
		buf_printf(s->out, i == TICKS ? "<span>%s" STR_FMT "</span>" : "<span style=\"left:%s%%\">" STR_FMT "</span>",
			   i == TICKS ? "" : arena_printf(&s->a, "%d", i * 100 / TICKS).p, STR_ARG(words_took(&s->a, s->r->last_m * i / TICKS)));
	buf_addz(s->out, "</span><span></span></div>\n");
}

void html_timeline(struct scribe *s)
{
	const struct report *r = s->r;
	uint32_t rows, drawn = 0;
	int64_t least = shortest(r, &rows);
	int depth = 0;

	arena_reset(&s->a);
	buf_addz(s->out, "<h2 id=\"timeline\">Timeline</h2>\n<div class=\"card\">\n");
	put_axis(s);
	buf_addz(s->out, "<ol class=\"tl\">\n");
	for (const struct report_node *n = report_walk(r->root, r->root, &depth); n; n = report_walk(n, r->root, &depth)) {
		bool must = n->kind == NODE_PHASE || (scribe_bad(n) && drawn < 4 * ROWS_MAX);

		if (!has_row(n) || (rows > ROWS_MAX && !must && (n->took_us <= least || drawn >= 2 * ROWS_MAX)))
			continue;
		arena_reset(&s->a);
		put_row(s, n, depth - 1);
		drawn++;
	}
	buf_addz(s->out, "</ol>\n");
	if (drawn < rows)
		buf_printf(s->out, "<p class=\"kicker\">The longest and the failed; %u shorter ones are not drawn. All are below.</p>\n", rows - drawn);
	buf_addz(s->out, "<p class=\"key\" aria-hidden=\"true\"><span><span class=\"tr\"><i class=\"ok\"></i></span>done</span><span><span class=\"tr\"><i class=\"bad\"></i></span>failed</span>"
			 "<span><span class=\"tr\"><i class=\"undo\"></i></span>undo</span><span><span class=\"tr\"><i class=\"w\"></i></span>waiting</span></p>\n</div>\n");
}
