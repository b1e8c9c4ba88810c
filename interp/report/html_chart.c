#include "report/html.h"

#include <string.h>
#include "value/value.h"

/* html_chart: the figures that monitors sampled, each as a line over the run's time.
 * A sample that failed is a mark below the line. */

enum { SERIES_MAX = 64, POINTS_MAX = 2000, WIDE = 1000, HIGH = 100 };

/* x: thousandths of the run's time. */
struct point { struct point *next; int64_t x; double d; };
struct series {
	struct str monitor, name;
	struct value last, least, most; /* as typed, to be shown */
	double low, high;
	uint32_t points, failed;
	struct point *head, **tail;
	struct point *failures;
};

static bool number(struct value v, double *d)
{
	switch (v.kind) {
	case V_INT: case V_DURATION: case V_SIZE: case V_PERCENT: *d = (double)v.i; return true;
	case V_FLOAT: *d = v.f; return true;
	default: return false;
	}
}

/* The figures of a sample: the map `captures` (or `values`), else its own members. */
static struct value figures(struct value body)
{
	const struct value *m = body.kind == V_MAP ? value_get(body, STR("captures")) : NULL;

	if (!m && body.kind == V_MAP)
		m = value_get(body, STR("values"));
	return m && m->kind == V_MAP ? *m : body;
}

static bool meant(struct str name)
{
	static const char *const not_figures[] = { "took_us", "code", "n", "a", "signal" };

	for (size_t i = 0; i < sizeof(not_figures) / sizeof(*not_figures); i++)
		if (str_eqz(name, not_figures[i]))
			return false;
	return true;
}

static struct series *series_of(struct series *list, uint32_t *n, struct str monitor, struct str name)
{
	for (uint32_t i = 0; i < *n; i++)
		if (str_eq(list[i].monitor, monitor) && str_eq(list[i].name, name))
			return &list[i];
	if (*n == SERIES_MAX)
		return NULL;
	list[*n] = (struct series){ .monitor = monitor, .name = name };
	return &list[(*n)++];
}

static void add(struct arena *a, struct series *x, struct value v, double d, int64_t across)
{
	struct point *p = arena_alloc(a, sizeof(*p));

	*p = (struct point){ NULL, across, d };
	if (!x->points++) {
		x->least = x->most = v;
		x->low = x->high = d;
		x->tail = &x->head;
	}
	*x->tail = p;
	x->tail = &p->next;
	if (d < x->low) {
		x->low = d;
		x->least = v;
	}
	if (d > x->high) {
		x->high = d;
		x->most = v;
	}
	x->last = v;
}

/* A sample that failed marks all figures of its monitor. */
static void add_failure(struct arena *a, struct series *list, uint32_t n, struct str monitor, int64_t across)
{
	for (uint32_t i = 0; i < n; i++) {
		struct point *p;

		if (!str_eq(list[i].monitor, monitor) || list[i].failed >= POINTS_MAX)
			continue;
		p = arena_alloc(a, sizeof(*p));
		*p = (struct point){ list[i].failures, across, 0 };
		list[i].failures = p;
		list[i].failed++;
	}
}

static uint32_t collect(struct scribe *s, struct series *list)
{
	const struct report *r = s->r;
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->event_count; i++) {
		const struct report_event *e = &r->events[i];
		int64_t across = r->last_m > 0 ? e->at_us * WIDE / r->last_m : 0;
		struct value body, v;
		const struct value *failed;
		double d;

		if (!str_eqz(e->t, "sample"))
			continue;
		body = scribe_json(s, e->body);
		failed = body.kind == V_MAP ? value_get(body, STR("failed")) : NULL;
		v = figures(body);
		for (uint32_t k = 0; v.kind == V_MAP && k < v.n; k++) {
			struct series *x = number(v.map[k].value, &d) && meant(v.map[k].key) ? series_of(list, &n, e->k, v.map[k].key) : NULL;

			if (x)
				add(&s->a, x, v.map[k].value, d, across);
		}
		if (failed && failed->kind == V_BOOL && failed->b)
			add_failure(&s->a, list, n, e->k, across);
	}
	return n;
}

static void put_line(struct scribe *s, const struct series *x)
{
	double span = x->high > x->low ? x->high - x->low : 1;
	uint32_t every = 1 + x->points / POINTS_MAX, seen = 0;

	buf_addz(s->out, "<polyline class=\"l\" points=\"");
	for (const struct point *p = x->head; p; p = p->next)
		if (seen++ % every == 0)
			buf_printf(s->out, "%lld,%d ", (long long)p->x, (int)(HIGH - 8 - (p->d - x->low) / span * (HIGH - 16)));
	buf_addz(s->out, "\"/>");
	for (const struct point *p = x->failures; p; p = p->next)
		buf_printf(s->out, "<line class=\"f\" x1=\"%lld\" x2=\"%lld\" y1=\"94\" y2=\"100\"/>", (long long)p->x, (long long)p->x);
}

/* A figure for people: three digits of a duration are enough. */
static struct str figure(struct scribe *s, struct value v)
{
	return v.kind == V_DURATION ? words_took(&s->a, v.i / 1000) : words_show(&s->a, v);
}

static void put_chart(struct scribe *s, const struct series *x)
{
	struct str last = figure(s, x->last), least = figure(s, x->least), most = figure(s, x->most);
	struct str words = arena_printf(&s->a, STR_FMT ": %u samples%s, least " STR_FMT ", most " STR_FMT ", last " STR_FMT, STR_ARG(x->name), x->points,
					x->failed ? arena_printf(&s->a, " and %u that failed", x->failed).p : "", STR_ARG(least), STR_ARG(most), STR_ARG(last));

	buf_addz(s->out, "<figure class=\"card\"><svg viewBox=\"0 0 1000 100\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"");
	html_text(s, words);
	buf_addz(s->out, "\"><line class=\"a\" x1=\"0\" x2=\"1000\" y1=\"92\" y2=\"92\"/><line class=\"a\" x1=\"0\" x2=\"1000\" y1=\"8\" y2=\"8\"/>");
	put_line(s, x);
	buf_addz(s->out, "</svg><figcaption>");
	html_key(s, x->monitor);
	buf_addc(s->out, ' ');
	html_text(s, words);
	buf_addz(s->out, "</figcaption></figure>\n");
}

void html_charts(struct scribe *s)
{
	struct series list[SERIES_MAX];
	uint32_t n;

	arena_reset(&s->a);
	n = collect(s, list);
	if (!n)
		return;
	buf_addz(s->out, "<h2 id=\"monitors\">Monitors</h2>\n<div class=\"ch\">\n");
	for (uint32_t i = 0; i < n; i++)
		put_chart(s, &list[i]);
	buf_addz(s->out, "</div>\n");
}
