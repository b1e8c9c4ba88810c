/*
 * inputs: -i texts and values of --inputs files become typed values. A text
 * takes the declared type; lists and maps are JSON on the command line and YAML
 * in a file. What is wrong is RB19x, with a span in the text itself.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/map.h"
#include "plan/check.h"
#include "value/json.h"
#include "value/units.h"

struct inputs {
	const struct runbook *rb;
	const struct program *p;
	struct arena *a;
	struct diags *ds;
	struct value *out;
	bool *given;
	struct span *at;
	struct regexes regexes;
	struct map names;      /* -> index + 1 */
};

static enum value_kind kind_of(uint8_t type)
{
	static const uint8_t kinds[] = { V_STRING, V_INT, V_FLOAT, V_BOOL, V_DURATION, V_SIZE, V_PERCENT, V_TIME };
	return type < DECL_LIST ? (enum value_kind)kinds[type] : V_STRING;
}

static struct str show(struct arena *a, struct value v)
{
	struct buf b;
	buf_init(&b, 256);
	value_show(v, &b);
	struct str s = arena_str(a, b.p ? b.p : "", b.len);
	buf_release(&b);
	return s;
}

static bool in_range(struct arena *a, const struct decl *d, struct value v, struct str *why)
{
	struct value n = v;
	const char *of = "";
	if (v.kind == V_STRING) {
		n = value_int((int64_t)utf8_len(value_text(v)));
		of = "its length ";
	} else if (v.kind == V_LIST || v.kind == V_MAP) {
		n = value_int(v.n);
		of = "its length ";
	}
	struct str shown = show(a, n);
	if (d->has_min && value_compare(n, d->min) < 0) {
		*why = arena_printf(a, "%s`" STR_FMT "` is less than " STR_FMT, of, STR_ARG(shown), STR_ARG(show(a, d->min)));
		return false;
	}
	if (d->has_max && value_compare(n, d->max) > 0) {
		*why = arena_printf(a, "%s`" STR_FMT "` is more than " STR_FMT, of, STR_ARG(shown), STR_ARG(show(a, d->max)));
		return false;
	}
	return true;
}

static bool pattern_fits(struct arena *a, const struct decl *d, const struct regex *re, struct value v, struct str *why)
{
	if (!re || v.kind == V_MAP)
		return true;
	if (v.kind == V_LIST) {
		for (uint32_t i = 0; i < v.n; i++)
			if (!pattern_fits(a, d, re, v.list[i], why))
				return false;
		return true;
	}
	if (v.kind != V_STRING || regex_test(re, value_text(v)) == REGEX_YES)
		return true;
	*why = arena_printf(a, "`" STR_FMT "` does not match " STR_FMT, STR_ARG(str_slice(value_text(v), 0, 80)), STR_ARG(d->pattern));
	return false;
}

bool input_fits(struct arena *a, const struct decl *d, const struct regex *re, struct value v, struct str *why)
{
	if (d->choice_count) {
		struct str *all = arena_array(a, d->choice_count, sizeof *all);
		for (uint32_t i = 0; i < d->choice_count; i++) {
			if (value_equal(v, d->choices[i]))
				return true;
			all[i] = show(a, d->choices[i]);
		}
		*why = arena_printf(a, "`" STR_FMT "` is not one of " STR_FMT, STR_ARG(show(a, v)),
				    STR_ARG(names_list(a, all, d->choice_count)));
		return false;
	}
	return in_range(a, d, v, why) && pattern_fits(a, d, re, v, why);
}

static const struct decl *find(const struct inputs *in, struct str name, uint32_t *ix)
{
	const void *found = map_get(&in->names, name);
	if (!found)
		return NULL;
	*ix = (uint32_t)((uintptr_t)found - 1);
	return &in->rb->inputs[*ix];
}

static void unknown(struct inputs *in, struct str name, struct span at)
{
	struct diag *d = diag_add(in->ds, 190, at, "this runbook has no input `" STR_FMT "`", STR_ARG(name));
	if (in->ds->dropped)
		return;
	struct str *names = arena_array(in->a, in->rb->input_count, sizeof *names);
	for (uint32_t i = 0; i < in->rb->input_count; i++)
		names[i] = in->rb->inputs[i].name;
	struct str near = diag_nearest(name, names, in->rb->input_count);
	if (near.n)
		diag_help(in->ds, d, "did you mean `" STR_FMT "`?", STR_ARG(near));
	else if (in->rb->input_count)
		diag_help(in->ds, d, "its inputs are " STR_FMT, STR_ARG(names_list(in->a, names, in->rb->input_count)));
	else
		diag_help(in->ds, d, "it has no inputs at all");
}

static bool wrong_type(struct inputs *in, const struct decl *d, struct str text, struct span at)
{
	static const char *const examples[DECL_TYPES] = { "text", "3", "1.5", "true or false", "30s or 5m", "10MB or 1.5GiB",
							  "0.5%", "2026-11-21T02:00:00Z", "[\"a\", \"b\"]", "{\"a\": 1}", "" };
	struct diag *g = diag_add(in->ds, 191, at, "`" STR_FMT "` is no %s, which input `" STR_FMT "` needs",
				  STR_ARG(str_slice(text, 0, 80)), decl_type_names[d->type], STR_ARG(d->name));
	diag_help(in->ds, g, "for example %s", examples[d->type]);
	return false;
}

/* An item of a JSON list or map: units stand in strings. */
static bool json_item(struct inputs *in, uint8_t of, struct value v, struct value *out)
{
	enum value_kind want = kind_of(of);
	if (v.kind == want) {
		*out = v;
		return true;
	}
	if (want == V_FLOAT && v.kind == V_INT) {
		*out = value_float((double)v.i);
		return true;
	}
	bool unit = want == V_DURATION || want == V_SIZE || want == V_PERCENT || want == V_TIME;
	return unit && v.kind == V_STRING && unit_parse(want, in->a, value_text(v), out);
}

static bool json_value(struct inputs *in, const struct decl *d, struct str text, struct span at, struct value *out)
{
	struct json_error err;
	struct value v;
	if (!json_parse(in->a, text, &v, &err)) {
		struct diag *g = diag_add(in->ds, 191, at, "input `" STR_FMT "` is not JSON: %s", STR_ARG(d->name), err.text);
		diag_help(in->ds, g, d->type == DECL_LIST ? "for example '[\"a\", \"b\"]'" : "for example '{\"a\": \"b\"}'");
		return false;
	}
	if (v.kind != (d->type == DECL_LIST ? V_LIST : V_MAP))
		return wrong_type(in, d, text, at);
	if (v.kind == V_LIST) {
		struct value *items = arena_array(in->a, v.n, sizeof *items);
		for (uint32_t i = 0; i < v.n; i++)
			if (!json_item(in, d->of, v.list[i], &items[i]))
				return wrong_type(in, d, text, at);
		*out = value_list(items, v.n);
		return true;
	}
	struct pair *pairs = arena_array(in->a, v.n, sizeof *pairs);
	for (uint32_t i = 0; i < v.n; i++) {
		pairs[i].key = v.map[i].key;
		if (!json_item(in, d->of, v.map[i].value, &pairs[i].value))
			return wrong_type(in, d, text, at);
	}
	*out = value_map(pairs, v.n);
	return true;
}

static bool text_value(struct inputs *in, const struct decl *d, struct str text, struct span at, struct value *out)
{
	if (d->type == DECL_LIST || d->type == DECL_MAP)
		return json_value(in, d, text, at, out);
	/* NUL-terminated copy: values outlive the command line's memory */
	struct str copy = arena_str(in->a, text.p, text.n);
	return unit_parse(kind_of(d->type), in->a, copy, out) || wrong_type(in, d, text, at);
}

static bool node_scalar(struct arena *a, uint8_t type, const struct node *n, struct value *out, const struct node **bad)
{
	bool typed = type == DECL_INT || type == DECL_FLOAT || type == DECL_BOOL;
	*bad = n;
	return n->kind == NODE_SCALAR && !(typed && n->style != NODE_PLAIN) && unit_parse(kind_of(type), a, n->text, out);
}

bool input_from_node(struct arena *a, const struct decl *d, const struct node *n, struct value *out, const struct node **bad)
{
	if (d->type != DECL_LIST && d->type != DECL_MAP)
		return node_scalar(a, d->type, n, out, bad);
	*bad = n;
	if (n->kind != (d->type == DECL_LIST ? NODE_SEQ : NODE_MAP))
		return false;
	struct value *items = arena_array(a, n->count, sizeof *items);
	struct pair *pairs = arena_array(a, n->count, sizeof *pairs);
	uint32_t i = 0;
	for (const struct node *c = n->first; c; c = c->next, i++) {
		if (!node_scalar(a, d->of, c, &items[i], bad))
			return false;
		pairs[i] = (struct pair){ c->key, items[i] };
	}
	*out = d->type == DECL_LIST ? value_list(items, i) : value_map(pairs, i);
	return true;
}

static bool node_value(struct inputs *in, const struct decl *d, const struct node *n, struct value *out)
{
	const struct node *bad;
	return input_from_node(in->a, d, n, out, &bad) ||
	       wrong_type(in, d, bad->kind == NODE_SCALAR ? bad->text : str_of(node_kind_name(bad)), bad->span);
}

static void take_file(struct inputs *in, const struct node *map)
{
	if (map->kind != NODE_MAP) {
		struct diag *d = diag_add(in->ds, 193, map->span, "a file of inputs needs a map, not %s", node_kind_name(map));
		diag_help(in->ds, d, "write `name: value` lines");
		return;
	}
	for (const struct node *c = map->first; c; c = c->next) {
		uint32_t ix;
		const struct decl *d = find(in, c->key, &ix);
		if (!d) {
			unknown(in, c->key, c->key_span);
			continue;
		}
		in->given[ix] = true;
		in->at[ix] = c->span;
		bool none = c->kind == NODE_SCALAR && c->style == NODE_PLAIN && (str_eqz(c->text, "null") || !c->text.n);
		if (none && d->has_default && d->dflt.kind == V_NULL)
			in->out[ix] = value_null;
		else if (!node_value(in, d, c, &in->out[ix]))
			in->at[ix].src = NULL;
	}
}

static void take_text(struct inputs *in, const struct input_text *t)
{
	uint32_t ix;
	const struct decl *d = find(in, t->name, &ix);
	if (!d) {
		unknown(in, t->name, t->at);
		return;
	}
	in->given[ix] = true;
	in->at[ix] = t->at;
	if (!text_value(in, d, t->text, t->at, &in->out[ix]))
		in->at[ix].src = NULL; /* said already */
}

static void check_rules(struct inputs *in, uint32_t ix)
{
	const struct decl *d = &in->rb->inputs[ix];
	if (in->out[ix].kind == V_NULL || !in->at[ix].src)
		return;
	struct str why = STR("");
	struct regex *re = NULL;
	uint32_t at;
	if (d->pattern.n)
		re = regex_new(&in->regexes, in->a, d->pattern, &why, &at);
	if (input_fits(in->a, d, re, in->out[ix], &why))
		return;
	struct diag *g = diag_add(in->ds, 192, in->at[ix], "input `" STR_FMT "`: " STR_FMT, STR_ARG(d->name), STR_ARG(why));
	diag_label(in->ds, g, d->span, "declared here");
	if (d->help.n)
		diag_help(in->ds, g, STR_FMT, STR_ARG(d->help));
}

static void missing(struct inputs *in, const struct decl *d)
{
	struct diag *g = diag_add(in->ds, 194, d->span, "input `" STR_FMT "` is required", STR_ARG(d->name));
	if (d->help.n)
		diag_note(in->ds, g, STR_FMT, STR_ARG(d->help));
	diag_help(in->ds, g, "give it with -i " STR_FMT "=... (%s)", STR_ARG(d->name), decl_type_names[d->type]);
}

/* Only a step with `uses` can give a module what it needs. */
static bool is_module(const struct runbook *rb, struct diags *ds)
{
	struct span at = rb->steps.span;
	bool secret = false;
	for (uint32_t i = 0; i < rb->input_count && !secret; i++)
		if (rb->inputs[i].type == DECL_SECRET) {
			secret = true;
			at = rb->inputs[i].span;
		}
	if (!rb->steps.present && !secret)
		return false;
	struct diag *d = diag_add(ds, 431, at, secret ? "this is a module: a secret is an input" : "this is a module: it has one list of steps and no phases");
	diag_help(ds, d, "use it in a runbook: `uses: ./" STR_FMT "`", STR_ARG(rb->source->name));
	return true;
}

bool program_inputs(const struct program *p, struct arena *a, const struct input_text *texts, uint32_t text_count,
		    const struct node *const *files, uint32_t file_count, struct value *out, struct diags *ds)
{
	uint32_t n = p->rb->input_count;
	size_t errors = ds->errors;
	struct inputs in = { .rb = p->rb, .p = p, .a = a, .ds = ds, .out = out };
	if (is_module(p->rb, ds))
		return false;
	map_init(&in.names);
	for (uint32_t i = 0; i < n; i++)
		map_add(&in.names, p->rb->inputs[i].name, (void *)(uintptr_t)(i + 1));
	in.given = arena_array(a, n, sizeof *in.given);
	in.at = arena_array(a, n, sizeof *in.at);
	for (uint32_t i = 0; i < n; i++)
		out[i] = p->rb->inputs[i].has_default ? p->rb->inputs[i].dflt : value_null;
	for (uint32_t i = 0; i < file_count; i++)
		take_file(&in, files[i]);
	for (uint32_t i = 0; i < text_count; i++)
		take_text(&in, &texts[i]);
	for (uint32_t i = 0; i < n; i++) {
		if (in.given[i])
			check_rules(&in, i);
		else if (!p->rb->inputs[i].has_default)
			missing(&in, &p->rb->inputs[i]);
	}
	map_release(&in.names);
	regexes_release(&in.regexes);
	return ds->errors == errors;
}

struct decl decl_element(const struct decl *d)
{
	return (struct decl){ .name = d->name, .help = d->help, .pattern = d->pattern, .span = d->span, .type = d->of };
}

bool decl_fits(struct arena *a, const struct decl *d, struct value v, struct str *why)
{
	struct regexes regexes = { 0 };
	struct regex *re = NULL;
	uint32_t at;
	if (d->pattern.n)
		re = regex_new(&regexes, a, d->pattern, why, &at);
	bool ok = input_fits(a, d, re, v, why);
	regexes_release(&regexes);
	return ok;
}

bool decl_parse(struct arena *a, const struct decl *d, struct str text, struct value *out, struct str *why)
{
	struct diags ds;
	diags_init(&ds, a);
	struct inputs in = { .a = a, .ds = &ds };
	bool ok = utf8_valid(text);
	if (!ok)
		*why = STR("it is not UTF-8");
	else if (!text_value(&in, d, text, (struct span){ 0 }, out)) {
		*why = ds.count ? ds.list[0]->message : STR("it has the wrong type");
		ok = false;
	}
	diags_release(&ds);
	return ok && decl_fits(a, d, *out, why);
}

bool decl_default_text(struct arena *a, const struct decl *d, struct str *out)
{
	struct buf b;
	bool ok;

	if (!d->has_default || d->dflt.kind == V_NULL)
		return false;
	buf_init(&b, 1 << 20);
	ok = d->dflt.kind == V_LIST || d->dflt.kind == V_MAP || value_to_text(d->dflt, &b);
	if (d->dflt.kind == V_LIST || d->dflt.kind == V_MAP)
		json_print(d->dflt, &b, 0);
	ok = ok && b.len && !b.full;
	if (ok)
		*out = arena_str(a, b.p, b.len);
	buf_release(&b);
	return ok;
}
