#include "run/metric.h"

#include "plan/promql.h"
#include "value/json.h"
#include "value/units.h"

/* metric: PromQL out, values in. */

/* --- the query ------------------------------------------------------------------- */

/* Prometheus knows whole numbers and no unit below a millisecond. */
static bool put_duration(int64_t ns, struct buf *text, struct str *error)
{
	if (ns % 1000000) {
		*error = STR("metric.query: Prometheus knows no duration below a millisecond");
		return false;
	}
	buf_addi(text, ns / 1000000);
	buf_adds(text, STR("ms"));
	return true;
}

static bool put_hole(struct frame *f, const struct expr *hole, char quote, struct buf *b, bool *unknown, struct str *error)
{
	struct eval_error err = { 0 };
	struct value v = eval_code(f, hole, &err);
	struct buf text;
	bool ok;

	if (err.set) {
		*error = error_text(f, &err);
		return false;
	}
	*unknown = *unknown || v.kind == V_UNKNOWN;
	if (!quote && v.kind == V_DURATION && v.i % 1000000000)
		return put_duration(v.i, b, error);
	buf_init(&text, 64 << 10);
	ok = v.kind == V_UNKNOWN ? (value_show(v, &text), true) : value_to_text(v, &text);
	if (!ok || text.full) {
		*error = STR("metric.query: a value has no text, or is longer than 64 KiB");
		ok = false;
	} else if (quote) {
		promql_escape(b, buf_str(&text));
	} else {
		buf_adds(b, buf_str(&text));
	}
	buf_release(&text);
	return ok;
}

bool metric_query(struct frame *f, const struct act_metric *m, struct str *out, bool *unknown, struct str *error)
{
	struct promql_scan scan = { 0 };
	const struct tmpl *t;
	struct buf b;
	bool ok = true;

	if (m->query.kind != DATA_TEXT || m->query.tmpl->exact)
		return eval_text(f, &m->query, out, unknown, error);
	t = m->query.tmpl;
	buf_init(&b, 256 << 10);
	for (uint32_t i = 0; ok && i < t->count; i++) {
		char quote = promql_scan(&scan, t->parts[i].text);

		buf_adds(&b, t->parts[i].text);
		if (t->parts[i].hole)
			ok = put_hole(f, t->parts[i].hole, quote, &b, unknown, error);
	}
	if (ok && b.full) {
		*error = STR("metric.query is longer than 256 KiB");
		ok = false;
	}
	*out = arena_str(f->tmp, b.p ? b.p : "", b.len);
	buf_release(&b);
	return ok;
}

bool metric_url(struct frame *f, const struct act_metric *m, struct str base, int64_t timeout, struct str *out, bool *unknown,
		struct str *error)
{
	struct str query;
	struct buf b;
	bool ok;

	if (!metric_query(f, m, &query, unknown, error))
		return false;
	while (base.n && base.p[base.n - 1] == '/')
		base.n--;
	buf_init(&b, 1 << 20);
	buf_adds(&b, base);
	buf_addz(&b, "/api/v1/query?query=");
	url_escape(&b, query);
	if (timeout > 0)
		buf_printf(&b, "&timeout=%lldms", (long long)(timeout / 1000000 + 1));
	ok = !b.full;
	if (!ok)
		*error = STR("metric.query is longer than 1 MiB as part of an address");
	*out = arena_str(f->tmp, b.p, b.len);
	buf_release(&b);
	return ok;
}

/* --- the answer ------------------------------------------------------------------ */

static struct str text_of(struct value map, const char *name)
{
	const struct value *v = map.kind == V_MAP ? value_get(map, str_of(name)) : NULL;

	return v && v->kind == V_STRING ? value_text(*v) : STR("");
}

/* [time, "1.5"]: its number as text. */
static bool number_text(struct value pair, struct str *out)
{
	if (pair.kind != V_LIST || pair.n != 2 || pair.list[1].kind != V_STRING)
		return false;
	*out = value_text(pair.list[1]);
	return true;
}

static bool is_no_number(struct str s)
{
	return str_eqz(s, "NaN") || str_eqz(s, "+Inf") || str_eqz(s, "-Inf") || str_eqz(s, "Inf");
}

static bool series(struct value v, struct value *labels, struct str *number, struct str *error)
{
	const struct value *m = v.kind == V_MAP ? value_get(v, STR("metric")) : NULL;
	const struct value *pair = v.kind == V_MAP ? value_get(v, STR("value")) : NULL;

	if (v.kind == V_MAP && value_get(v, STR("histogram"))) {
		*error = STR("the query gave a histogram: take a figure of it, as with histogram_quantile()");
		return false;
	}
	for (uint32_t i = 0; m && m->kind == V_MAP && i < m->n; i++)
		if (m->map[i].value.kind != V_STRING)
			m = NULL;
	if (!m || m->kind != V_MAP || !pair || !number_text(*pair, number)) {
		*error = STR("the answer is not one of Prometheus: a series has no `metric` or no `value`");
		return false;
	}
	*labels = *m;
	return true;
}

static bool one(struct arena *a, struct str number, struct value *out, struct str *error)
{
	double d;

	if (is_no_number(number)) {
		*error = arena_printf(a, "the value is " STR_FMT ": that is no figure", STR_ARG(number));
		return false;
	}
	if (!unit_parse_float(number, &d)) {
		*error = STR("the answer is not one of Prometheus: the value is no number");
		return false;
	}
	*out = value_float(d);
	return true;
}

static bool vector(struct arena *a, struct value result, bool all, struct value *out, struct str *error)
{
	struct value *list = all ? arena_array(a, result.n + 1u, sizeof(*list)) : NULL, labels;
	struct str number;

	if (!all && result.n != 1) {
		*error = result.n ? arena_printf(a, "the query gave %u series where one value is needed: sum() or max() them, or `all: true`", result.n)
				  : STR("no data: the query gave no series");
		return false;
	}
	if (result.n > METRIC_SERIES_MAX) {
		*error = arena_printf(a, "the query gave %u series: at most %d are taken", result.n, METRIC_SERIES_MAX);
		return false;
	}
	for (uint32_t i = 0; i < result.n; i++) {
		struct pair *p;

		if (!series(result.list[i], &labels, &number, error))
			return false;
		if (!all)
			return one(a, number, out, error);
		p = arena_array(a, 2, sizeof(*p));
		p[0] = (struct pair){ STR("labels"), labels };
		p[1] = (struct pair){ STR("value"), value_null };
		if (!is_no_number(number) && !one(a, number, &p[1].value, error))
			return false;
		list[i] = value_map(p, 2);
	}
	*out = value_list(list, result.n);
	return true;
}

struct str metric_fault(struct arena *a, struct str body)
{
	struct json_error je;
	struct value v;
	struct str text;

	if (!json_parse(a, body, &v, &je) || v.kind != V_MAP || !str_eqz(text_of(v, "status"), "error"))
		return STR("");
	text = text_of(v, "error");
	return arena_printf(a, STR_FMT ": " STR_FMT, STR_ARG(text_of(v, "errorType")), STR_ARG(str_slice(text, 0, text.n < 500 ? text.n : 500)));
}

bool metric_parse(struct arena *a, struct str body, bool all, struct value *out, struct str *error)
{
	const struct value *data, *result;
	struct json_error je;
	struct value v;
	struct str type, number;

	if (!json_parse(a, body, &v, &je)) {
		*error = arena_printf(a, "the answer is not one of Prometheus: no JSON: line %d column %d: %s", je.line, je.column, je.text);
		return false;
	}
	if (str_eqz(text_of(v, "status"), "error")) {
		*error = metric_fault(a, body);
		return false;
	}
	data = v.kind == V_MAP && str_eqz(text_of(v, "status"), "success") ? value_get(v, STR("data")) : NULL;
	result = data && data->kind == V_MAP ? value_get(*data, STR("result")) : NULL;
	type = data ? text_of(*data, "resultType") : STR("");
	if (!result || !type.n || result->kind != V_LIST) {
		*error = STR("the answer is not one of Prometheus: it has no status, type or result");
		return false;
	}
	if (str_eqz(type, "vector"))
		return vector(a, *result, all, out, error);
	if (!str_eqz(type, "scalar")) {
		*error = arena_printf(a, "the query gave a " STR_FMT ", and an instant vector or a scalar is needed", STR_ARG(type));
		return false;
	}
	if (all) {
		*error = STR("the query gave a scalar, and `all` needs series");
		return false;
	}
	if (!number_text(*result, &number)) {
		*error = STR("the answer is not one of Prometheus: a scalar has no value");
		return false;
	}
	return one(a, number, out, error);
}
