#include "cli/eval_data.h"

#include <string.h>
#include "base/file.h"
#include "cli/past.h"
#include "cli/source.h"
#include "syntax/node.h"
#include "syntax/template.h"
#include "value/json.h"
#include "value/units.h"

enum { CONTEXT_MAX = 16 << 20 };

/* Literals of a YAML tree: typed as in `vars`; holes are text here. */
static struct value data_value(struct cli *c, const struct data *d)
{
	if (d->kind == DATA_LIT)
		return d->lit;
	if (d->kind == DATA_TEXT)
		return value_str(d->node->text);
	if (d->kind == DATA_LIST) {
		struct value *items = arena_array(&c->arena, d->c.count, sizeof(*items));

		for (uint32_t i = 0; i < d->c.count; i++)
			items[i] = data_value(c, &d->c.items[i]);
		return value_list(items, d->c.count);
	}
	if (d->kind == DATA_MAP) {
		struct pair *pairs = arena_array(&c->arena, d->c.count, sizeof(*pairs));

		for (uint32_t i = 0; i < d->c.count; i++)
			pairs[i] = (struct pair){ d->c.keys[i], data_value(c, &d->c.items[i]) };
		return value_map(pairs, d->c.count);
	}
	return value_null;
}

static bool read_yaml(struct cli *c, const char *path, struct str text, struct value *out)
{
	struct node_limits limits = { CONTEXT_MAX, 0, 0 };
	struct diags ds;
	uint32_t next = 0;
	struct node *n;
	bool ok;

	diags_init(&ds, &c->arena);
	n = node_read(&c->arena, source_new(&c->arena, str_of(path), text), &limits, &ds);
	if (n) {
		struct data d = data_parse(&c->arena, n, DATA_TYPED, &next, &ds);

		*out = data_value(c, &d);
	}
	ok = n && !ds.errors;
	if (!ok)
		source_report(c, &ds, DIAG_TEXT);
	diags_release(&ds);
	return ok;
}

bool eval_data_file(struct cli *c, const char *path, struct value *out)
{
	struct json_error je;
	struct str text, start;
	int err = file_read(&c->arena, path, CONTEXT_MAX, &text);

	if (err) {
		cli_error("%s: %s", path, file_error(err));
		return false;
	}
	start = str_trim(text);
	if (start.n && (start.p[0] == '{' || start.p[0] == '[')) {
		if (json_parse(&c->arena, text, out, &je))
			return true;
		if (str_ends(str_of(path), STR(".json"))) {
			cli_error("%s:%d:%d: %s", path, je.line, je.column, je.text);
			return false;
		}
	}
	return read_yaml(c, path, text, out);
}

static struct value text_or_null(struct str s)
{
	return s.n ? value_str(s) : value_null;
}

static struct value step_value(struct cli *c, const struct report_node *s)
{
	struct json_error je;
	struct value captures = value_map(NULL, 0), started = value_null;
	struct pair *p;
	uint32_t n = 0;

	if (s->captures.n)
		(void)json_parse_members(&c->arena, s->captures, 1, &captures, &je);
	if (s->started.n && unit_parse_time(s->started, &started.i))
		started = value_unit(V_TIME, started.i);
	else
		started = value_null;
	p = arena_array(&c->arena, 8 + captures.n, sizeof(*p));
	p[n++] = (struct pair){ STR("status"), value_str(s->status.n ? s->status : STR("not_run")) };
	p[n++] = (struct pair){ STR("code"), s->code < 0 ? value_null : value_int(s->code) };
	p[n++] = (struct pair){ STR("took"), value_unit(V_DURATION, s->took_us * 1000) };
	p[n++] = (struct pair){ STR("attempts"), value_int(s->attempts) };
	p[n++] = (struct pair){ STR("started"), started };
	p[n++] = (struct pair){ STR("error"), text_or_null(s->error) };
	for (uint32_t i = 0; captures.kind == V_MAP && i < captures.n; i++)
		p[n++] = captures.map[i];
	return value_map(p, n);
}

struct value eval_data_run(struct cli *c, const struct past *p)
{
	const struct report *s = &p->s;
	struct pair *steps = arena_array(&c->arena, s->step_count, sizeof(*steps)), *run = arena_array(&c->arena, 5, sizeof(*run)),
		    *top = arena_array(&c->arena, 3, sizeof(*top));
	struct value inputs = value_map(NULL, 0);
	struct json_error je;
	uint32_t n = 0;
	int64_t started = 0;

	for (uint32_t i = 0; i < s->step_count; i++) {
		uint32_t k = 0;

		if (!s->steps[i]->id.n)
			continue;
		while (k < n && !str_eq(steps[k].key, s->steps[i]->id))
			k++;
		steps[k] = (struct pair){ s->steps[i]->id, step_value(c, s->steps[i]) };
		n += k == n;
	}
	(void)unit_parse_time(s->started, &started);
	run[0] = (struct pair){ STR("id"), value_str(p->id) };
	run[1] = (struct pair){ STR("status"), value_str(past_status(p)) };
	run[2] = (struct pair){ STR("took"), value_unit(V_DURATION, s->took_us * 1000) };
	run[3] = (struct pair){ STR("started"), value_unit(V_TIME, started) };
	run[4] = (struct pair){ STR("operator"), value_str(s->operator_name) };
	if (s->inputs.n)
		(void)json_parse_members(&c->arena, s->inputs, 1, &inputs, &je);
	top[0] = (struct pair){ STR("inputs"), inputs };
	top[1] = (struct pair){ STR("steps"), value_map(steps, n) };
	top[2] = (struct pair){ STR("run"), value_map(run, 5) };
	return value_map(top, 3);
}
