#include "report/html.h"

/* html_chart: what monitors sampled: each figure as a line over the run's time. A
 * sample that failed is a mark below the line, a rule that fired one across it. */

enum { WIDE = 1000, HIGH = 100 };

static long long across(const struct scribe *s, int64_t at_us)
{
	return s->r->last_m > 0 ? (long long)(at_us * WIDE / s->r->last_m) : 0;
}

static void put_line(struct scribe *s, const struct report_monitor *m, const struct report_figure *x)
{
	double span = x->high > x->low ? x->high - x->low : 1;

	buf_addz(s->out, "<polyline class=\"l\" points=\"");
	for (uint32_t i = 0; i < x->point_count; i++)
		buf_printf(s->out, "%lld,%d ", across(s, x->points[i].at_us), (int)(HIGH - 8 - (x->points[i].v - x->low) / span * (HIGH - 16)));
	buf_addz(s->out, "\"/>");
	for (uint32_t i = 0; i < m->failure_count; i++)
		buf_printf(s->out, "<line class=\"f\" x1=\"%lld\" x2=\"%lld\" y1=\"94\" y2=\"100\"/>", across(s, m->failures[i]), across(s, m->failures[i]));
	for (uint32_t i = 0; i < m->fired_count; i++)
		buf_printf(s->out, "<line class=\"f\" x1=\"%lld\" x2=\"%lld\" y1=\"0\" y2=\"100\"/>", across(s, m->fired[i].at_us), across(s, m->fired[i].at_us));
}

static void put_chart(struct scribe *s, const struct report_monitor *m, const struct report_figure *x)
{
	struct str words = words_figure_line(&s->a, m, x);

	buf_addz(s->out, "<figure class=\"card\"><svg viewBox=\"0 0 1000 100\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"");
	html_text(s, words);
	buf_addz(s->out, "\"><line class=\"a\" x1=\"0\" x2=\"1000\" y1=\"92\" y2=\"92\"/><line class=\"a\" x1=\"0\" x2=\"1000\" y1=\"8\" y2=\"8\"/>");
	put_line(s, m, x);
	buf_addz(s->out, "</svg><figcaption>");
	html_key(s, m->key);
	buf_addc(s->out, ' ');
	html_text(s, words);
	buf_addz(s->out, "</figcaption></figure>\n");
}

static void put_facts(struct scribe *s, const struct report_monitor *m)
{
	buf_addz(s->out, "<p>");
	html_key(s, m->key);
	buf_addz(s->out, ": ");
	html_text(s, words_monitor_line(&s->a, m));
	buf_addz(s->out, "</p>\n");
	if (!m->fired_count)
		return;
	buf_addz(s->out, "<ul>\n");
	for (uint32_t i = 0; i < m->fired_count; i++) {
		buf_addz(s->out, "<li>");
		html_text(s, words_fired_line(&s->a, &m->fired[i]));
		buf_addz(s->out, "</li>\n");
	}
	buf_addz(s->out, "</ul>\n");
}

void html_charts(struct scribe *s)
{
	const struct report *r = s->r;

	if (!r->monitor_count)
		return;
	buf_addz(s->out, "<h2 id=\"monitors\">Monitors</h2>\n");
	for (uint32_t i = 0; i < r->monitor_count; i++) {
		arena_reset(&s->a);
		put_facts(s, &r->monitors[i]);
		buf_addz(s->out, "<div class=\"ch\">\n");
		for (uint32_t k = 0; k < r->monitors[i].figure_count; k++)
			put_chart(s, &r->monitors[i], &r->monitors[i].figures[k]);
		buf_addz(s->out, "</div>\n");
	}
}
