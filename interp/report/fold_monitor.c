#include "report/fold_state.h"

#include <string.h>
#include "value/json.h"

/*
 * fold_monitor: samples of monitors, as figures over time. A long run has millions
 * of them: of each figure the extremes and the last value are exact, and at most
 * REPORT_POINTS_MAX points are kept, evenly: when they are full, every second goes.
 */

enum { MONITORS_MAX = 1000, FIGURES_MAX = 32, FIRED_MAX = 1000 };

static struct report_monitor *monitor_of(struct fold *f, const struct record *r)
{
	struct report *m = f->r;

	for (uint32_t i = 0; i < m->monitor_count; i++)
		if (str_eq(m->monitors[i].key, r->k))
			return &m->monitors[i];
	if (m->monitor_count == MONITORS_MAX) {
		m->left_out++;
		return NULL;
	}
	m->monitors = fold_grow(f, m->monitors, m->monitor_count, &f->monitor_cap, sizeof(*m->monitors));
	m->monitors[m->monitor_count] = (struct report_monitor){ .key = fold_keep(f, r->k) };
	return &m->monitors[m->monitor_count++];
}

static bool number(struct value v, double *d)
{
	switch (v.kind) {
	case V_INT: case V_DURATION: case V_SIZE: case V_PERCENT: *d = (double)v.i; return true;
	case V_FLOAT: *d = v.f; return true;
	default: return false;
	}
}

static struct report_figure *figure_of(struct fold *f, struct report_monitor *m, struct str name)
{
	for (uint32_t i = 0; i < m->figure_count; i++)
		if (str_eq(m->figures[i].name, name))
			return &m->figures[i];
	if (m->figure_count == FIGURES_MAX)
		return NULL;
	if (!m->figures)
		m->figures = arena_array(f->a, FIGURES_MAX, sizeof(*m->figures));
	m->figures[m->figure_count] = (struct report_figure){ .name = fold_keep(f, name), .stride = 1 };
	return &m->figures[m->figure_count++];
}

static void add_point(struct fold *f, struct report_figure *x, int64_t at, double d, struct value v)
{
	if (x->count % x->stride)
		return;
	if (!x->points)
		x->points = arena_array(f->a, REPORT_POINTS_MAX, sizeof(*x->points));
	if (x->point_count == REPORT_POINTS_MAX) {
		for (uint32_t i = 0; i < REPORT_POINTS_MAX / 2; i++)
			x->points[i] = x->points[2 * i];
		x->point_count = REPORT_POINTS_MAX / 2;
		x->stride *= 2;
		if (x->count % x->stride)
			return;
	}
	x->points[x->point_count++] = (struct report_point){ at, d, v };
}

static void add_figure(struct fold *f, struct report_monitor *m, struct str name, struct value v, int64_t at)
{
	struct report_figure *x;
	double d;

	if (!number(v, &d) || !(x = figure_of(f, m, name)))
		return;
	add_point(f, x, at, d, v);
	if (!x->count || d < x->low) {
		x->low = d;
		x->least = v;
	}
	if (!x->count || d > x->high) {
		x->high = d;
		x->most = v;
	}
	x->last = v;
	x->count++;
}

void fold_sample(struct fold *f, const struct record *r)
{
	struct report_monitor *m = monitor_of(f, r);
	struct str values = record_raw(r, "values"), out = record_raw(r, "out");
	struct json_error je;
	struct value v;

	if (!m)
		return;
	if (!m->samples)
		m->first_us = r->m;
	m->samples++;
	m->last_us = r->m;
	if (record_raw(r, "error").n) {
		m->failed++;
		m->error = fold_text(f, r, "error");
		if (m->failure_count < REPORT_POINTS_MAX) {
			if (!m->failures)
				m->failures = arena_array(f->a, REPORT_POINTS_MAX, sizeof(*m->failures));
			m->failures[m->failure_count++] = r->m;
		}
		return;
	}
	arena_reset(&f->tmp);
	if (values.n && json_parse_members(&f->tmp, values, 1, &v, &je) && v.kind == V_MAP)
		for (uint32_t i = 0; i < v.n; i++)
			add_figure(f, m, v.map[i].key, v.map[i].value, r->m);
	if (out.n && json_parse_typed(&f->tmp, out, &v, &je))
		add_figure(f, m, STR("out"), v, r->m);
}

void fold_rule(struct fold *f, const struct record *r)
{
	struct report_monitor *m = monitor_of(f, r);

	if (!m || m->fired_count == FIRED_MAX) {
		f->r->left_out += m != NULL;
		return;
	}
	if (!m->fired)
		m->fired = arena_array(f->a, FIRED_MAX, sizeof(*m->fired));
	m->fired[m->fired_count++] = (struct report_fired){ record_int(r, "rule", 0), fold_text(f, r, "when"), fold_text(f, r, "then"),
							    fold_text(f, r, "text"), r->m };
}
