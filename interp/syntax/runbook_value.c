/*
 * runbook_value: readers of single values for the runbook parser: literals,
 * texts, units, expressions, and maps and lists of them. They know nothing of
 * which key they serve: the node carries its key for the message.
 */
#include "syntax/runbook_read.h"

#include <string.h>

#include "value/units.h"

/* What a message calls the value: its key, or "an item". */
static struct str label(struct reader *r, const struct node *n)
{
	if (n->key.n)
		return arena_printf(r->a, "`" STR_FMT "`", STR_ARG(n->key));
	return STR("an item of this list");
}

/* The YAML reader has said what is wrong with this value: a second opinion on
 * what is left of it would only confuse. */
static bool cut_short(const struct reader *r, const struct node *n)
{
	for (size_t i = 0; i < r->ds->count; i++) {
		const struct diag *d = r->ds->list[i];
		if (d->code < 100 && d->span.start <= n->span.end + 1 && d->span.end >= n->span.start)
			return true;
	}
	return false;
}

static bool wrong_kind(struct reader *r, const struct node *n, const char *want, const char *what)
{
	if (cut_short(r, n))
		return false;
	struct str l = label(r, n);
	struct diag *d = diag_add(r->ds, 102, n->span, STR_FMT " needs %s, not %s", STR_ARG(l), want,
				  node_kind_name(n));
	if (what)
		diag_help(r->ds, d, "%s", what);
	return false;
}

bool read_is_missing(struct reader *r, const struct node *n)
{
	if (n->kind != NODE_SCALAR || n->style != NODE_PLAIN)
		return false;
	if (n->text.n && !str_eqz(n->text, "null") && !str_eqz(n->text, "~"))
		return false;
	struct str l = label(r, n);
	struct diag *d = diag_add(r->ds, 107, n->key.n ? n->key_span : n->span, STR_FMT " has no value", STR_ARG(l));
	if (n->text.n)
		diag_help(r->ds, d, "for the text itself write '" STR_FMT "'", STR_ARG(n->text));
	else
		diag_help(r->ds, d, "give it one, or remove the key");
	return true;
}

bool read_is_map(struct reader *r, const struct node *n, const char *what)
{
	if (n->kind == NODE_MAP)
		return true;
	return !read_is_missing(r, n) && wrong_kind(r, n, "a map", what);
}

/* `1. "a"` is one plain scalar to YAML; people mean a list. */
static bool numbered(struct str s)
{
	size_t i = 0;
	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return i && i + 1 < s.n && s.p[i] == '.' && s.p[i + 1] == ' ';
}

bool read_is_list(struct reader *r, const struct node *n, const char *what)
{
	if (n->kind == NODE_SEQ)
		return true;
	if (read_is_missing(r, n))
		return false;
	if (n->kind == NODE_SCALAR && n->style == NODE_PLAIN && numbered(n->text) && !cut_short(r, n)) {
		struct str l = label(r, n);
		struct diag *d = diag_add(r->ds, 102, n->span, STR_FMT " needs a list; `1.` does not make one",
					  STR_ARG(l));
		diag_help(r->ds, d, "start each item with `- ` instead of a number");
		return false;
	}
	return wrong_kind(r, n, "a list", what);
}

bool read_is_scalar(struct reader *r, const struct node *n, const char *what)
{
	if (n->kind != NODE_SCALAR)
		return wrong_kind(r, n, "one value", what);
	return !read_is_missing(r, n);
}

bool read_no_hole(struct reader *r, const struct node *n)
{
	if (!tmpl_has_hole(n->text))
		return true;
	struct str l = label(r, n);
	struct diag *d = diag_add(r->ds, 112, n->span, STR_FMT " is literal: it cannot have a hole", STR_ARG(l));
	diag_help(r->ds, d, "write the value itself");
	return false;
}

static bool name_ok(struct str s, enum name_form form)
{
	if (!s.n || (s.p[0] >= '0' && s.p[0] <= '9') || s.p[0] == '-' || (form != NAME_ENV && s.n > NAME_BYTES_MAX))
		return false;
	if (form == NAME_RUNBOOK && s.p[0] == '_')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')
			continue;
		if (form == NAME_ENV && c >= 'A' && c <= 'Z')
			continue;
		if (form == NAME_RUNBOOK && c == '-')
			continue;
		return false;
	}
	return true;
}

bool read_name(struct reader *r, struct str name, struct span at, enum name_form form, const char *what)
{
	if (name_ok(name, form))
		return true;
	if (form != NAME_ENV && name.n > NAME_BYTES_MAX) {
		diag_add(r->ds, 109, at, "a name of %zu bytes: at most %d are allowed", name.n, NAME_BYTES_MAX);
		return false;
	}
	static const char *const rules[] = { "lower case, digits and `_`, no digit first",
					     "letters, digits and `_`, no digit first",
					     "lower case, digits, `_` and `-`, a letter first" };
	struct diag *d = diag_add(r->ds, 109, at, "`" STR_FMT "` cannot be the name of %s", STR_ARG(name), what);
	struct str fixed = arena_str(r->a, name.p, name.n);
	char *p = (char *)fixed.p;
	for (size_t i = 0; i < fixed.n; i++) {
		if (p[i] >= 'A' && p[i] <= 'Z' && form != NAME_ENV)
			p[i] = (char)(p[i] + 32);
		else if ((p[i] == '-' && form != NAME_RUNBOOK) || p[i] == ' ' || p[i] == '.')
			p[i] = '_';
	}
	if (name_ok(fixed, form))
		diag_help(r->ds, d, "write `" STR_FMT "`", STR_ARG(fixed));
	diag_note(r->ds, d, "names are %s", rules[form]);
	return false;
}

bool read_word(struct reader *r, const struct node *n, struct str *out)
{
	if (!read_is_scalar(r, n, NULL) || !read_no_hole(r, n))
		return false;
	*out = n->text;
	return true;
}

bool read_words(struct reader *r, const struct node *n, struct strs *out, const struct span **spans)
{
	if (!read_is_list(r, n, "write it as [a, b]"))
		return false;
	struct str *list = arena_array(r->a, n->count, sizeof *list);
	struct span *at = spans ? arena_array(r->a, n->count, sizeof *at) : NULL;
	uint32_t count = 0;
	for (const struct node *c = n->first; c; c = c->next) {
		if (!read_word(r, c, &list[count]))
			continue;
		if (at)
			at[count] = c->span;
		count++;
	}
	out->list = list;
	out->count = count;
	if (spans)
		*spans = at;
	return true;
}

bool read_bool(struct reader *r, const struct node *n, bool *out)
{
	if (!read_is_scalar(r, n, NULL) || !read_no_hole(r, n))
		return false;
	if (n->style == NODE_PLAIN && str_eqz(n->text, "true")) {
		*out = true;
		return true;
	}
	if (n->style == NODE_PLAIN && str_eqz(n->text, "false")) {
		*out = false;
		return true;
	}
	return read_bad_literal(r, n, V_BOOL);
}

/* The word that was meant: another case, a slip, or another tool's word. */
static struct str enum_meant(struct str w, const struct str *names, uint8_t count)
{
	static const char *const words[][2] = { { "ignore", "continue" }, { "abort", "fail" }, { "rollback", "undo" },
						{ "error", "fail" }, { "exit", "stop" }, { "warning", "warn" },
						{ "crit", "critical" }, { "err", "error" }, { "number", "float" },
						{ "integer", "int" }, { "boolean", "bool" }, { "str", "string" },
						{ "array", "list" }, { "object", "map" }, { "dict", "map" },
						{ "bytes", "size" }, { "path", "string" }, { "enum", "string" }, { "datetime", "time" }, { "powershell", "pwsh" },
						{ "readonly", "read" } };
	for (uint8_t i = 0; i < count; i++) {
		size_t k = 0;
		while (k < w.n && names[i].n == w.n && (w.p[k] | 32) == (names[i].p[k] | 32))
			k++;
		if (k && k == w.n)
			return names[i];
	}
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		for (uint8_t k = 0; k < count && str_eqz(w, words[i][0]); k++)
			if (str_eqz(names[k], words[i][1]))
				return names[k];
	return diag_nearest(w, names, count);
}

bool read_enum(struct reader *r, const struct node *n, const char *const *words, uint8_t *out)
{
	struct str w;
	if (!read_word(r, n, &w))
		return false;
	struct str names[24];
	uint8_t count = 0;
	for (; words[count]; count++) {
		names[count] = str_of(words[count]);
		if (str_eq(w, names[count])) {
			*out = count;
			return true;
		}
	}
	struct str l = label(r, n);
	struct diag *d = diag_add(r->ds, 104, n->span, STR_FMT " cannot be `" STR_FMT "`", STR_ARG(l), STR_ARG(w));
	struct str near = enum_meant(w, names, count);
	struct str all = STR("");
	for (uint8_t i = 0; i < count; i++)
		all = arena_printf(r->a, STR_FMT "%s%s", STR_ARG(all), i ? ", " : "", words[i]);
	if (near.n)
		diag_help(r->ds, d, "write `" STR_FMT "`", STR_ARG(near));
	else
		diag_help(r->ds, d, "write one of " STR_FMT, STR_ARG(all));
	return false;
}

bool read_text(struct reader *r, const struct node *n, struct data *out)
{
	if (!read_is_scalar(r, n, NULL))
		return false;
	*out = data_parse(r->a, n, DATA_STRING, &r->exprs, r->ds);
	return out->kind != DATA_NONE;
}

/* Lists of text hold scalars only; data_parse would take deeper trees. */
static bool text_items(struct reader *r, const struct node *n)
{
	bool ok = true;
	for (const struct node *c = n->first; c; c = c->next)
		if (c->kind != NODE_SCALAR)
			ok = wrong_kind(r, c, "one value", NULL);
	return ok;
}

bool read_lines(struct reader *r, const struct node *n, struct data *out)
{
	if (n->kind == NODE_MAP)
		return wrong_kind(r, n, "text or a list of lines", NULL);
	if (n->kind == NODE_SCALAR)
		return read_text(r, n, out);
	return read_argv(r, n, out);
}

bool read_argv(struct reader *r, const struct node *n, struct data *out)
{
	if (!read_is_list(r, n, "write it as [program, argument]") || !text_items(r, n))
		return false;
	*out = data_parse(r->a, n, DATA_STRING, &r->exprs, r->ds);
	return out->kind != DATA_NONE;
}

bool read_json(struct reader *r, const struct node *n, struct data *out)
{
	*out = data_parse(r->a, n, DATA_JSON, &r->exprs, r->ds);
	return out->kind != DATA_NONE;
}

static const struct { const char *name, *example; } unit_names[V_KINDS] = {
	[V_DURATION] = { "a duration", "30s, 5m or 1h30m" }, [V_INT] = { "a whole number", "3" },
	[V_FLOAT] = { "a number", "1.5" },                   [V_PERCENT] = { "a percentage", "10%" },
	[V_SIZE] = { "a size", "10MB or 1.5GiB" },           [V_TIME] = { "a time", "2026-11-21T02:00:00Z" },
	[V_BOOL] = { "true or false", "true" },              [V_STRING] = { "text", "text" },
};

static bool is_one_of(struct str s, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (str_eqz(s, words[i]))
			return true;
	return false;
}

/* yes, on, True: what YAML 1.1 took for a bool. */
static const char *bool_meant(struct str s)
{
	static const char *const yes[] = { "yes", "Yes", "YES", "on", "On", "ON", "True", "TRUE", "y", "1", NULL };
	static const char *const no[] = { "no", "No", "NO", "off", "Off", "OFF", "False", "FALSE", "n", "0", NULL };
	return is_one_of(s, yes) ? "true" : is_one_of(s, no) ? "false" : NULL;
}

bool read_bad_literal(struct reader *r, const struct node *n, enum value_kind kind)
{
	struct str l = label(r, n);
	struct diag *d = diag_add(r->ds, 105, n->span, STR_FMT " needs %s, not `" STR_FMT "`", STR_ARG(l),
				  unit_names[kind].name, STR_ARG(n->text));
	/* 5min, 30sec, 30: the unit that people mean */
	size_t digits = 0;
	while (digits < n->text.n && n->text.p[digits] >= '0' && n->text.p[digits] <= '9')
		digits++;
	struct str number = str_slice(n->text, 0, digits);
	struct str unit = str_trim(str_slice(n->text, digits, n->text.n));
	if (kind == V_DURATION && digits) {
		const char *fix = NULL;
		if (!unit.n || (unit.p[0] == 's' || unit.p[0] == 'S'))
			fix = "s";
		else if (unit.p[0] == 'h' || unit.p[0] == 'H')
			fix = "h";
		else if (unit.p[0] == 'd' || unit.p[0] == 'D')
			fix = "d";
		else if (str_eqz(unit, "msec") || str_starts(unit, STR("milli")) || str_eqz(unit, "ms"))
			fix = "ms";
		else if (unit.p[0] == 'm' || unit.p[0] == 'M')
			fix = "m";
		if (fix) {
			diag_help(r->ds, d, "write `" STR_FMT "%s`", STR_ARG(number), fix);
			return false;
		}
	}
	if (kind == V_BOOL && bool_meant(n->text)) {
		diag_help(r->ds, d, "write `%s`", bool_meant(n->text));
		return false;
	}
	if (n->style != NODE_PLAIN && (kind == V_INT || kind == V_FLOAT || kind == V_BOOL)) {
		diag_help(r->ds, d, "leave out the quotes");
		return false;
	}
	if (kind == V_PERCENT && digits && !unit.n) {
		diag_help(r->ds, d, "write `" STR_FMT "%%`", STR_ARG(number));
		return false;
	}
	diag_help(r->ds, d, "for example %s", unit_names[kind].example);
	return false;
}

static bool is_negative(struct value v)
{
	return v.kind == V_FLOAT ? v.f < 0 : v.i < 0;
}

static bool unit_literal(struct reader *r, const struct node *n, enum value_kind kind, int64_t min, struct data *out)
{
	struct value v;
	/* "3" in quotes is text, and no number */
	bool quoted = n->style != NODE_PLAIN && (kind == V_INT || kind == V_FLOAT);
	if (quoted || !unit_parse(kind, r->a, n->text, &v))
		return read_bad_literal(r, n, kind);
	struct str l = label(r, n);
	if (is_negative(v) || (kind != V_FLOAT && v.i < min)) {
		struct diag *d = diag_add(r->ds, 111, n->span, STR_FMT " cannot be `" STR_FMT "`", STR_ARG(l),
					  STR_ARG(n->text));
		if (min > 1 || kind == V_DURATION)
			diag_help(r->ds, d, "it must be longer than zero");
		else
			diag_help(r->ds, d, "the smallest value is %d", (int)min);
		return false;
	}
	*out = (struct data){ .kind = DATA_LIT, .node = n, .lit = v };
	return true;
}

bool read_unit(struct reader *r, const struct node *n, enum value_kind kind, int64_t min, struct data *out)
{
	if (!read_is_scalar(r, n, NULL))
		return false;
	if (!tmpl_has_hole(n->text))
		return unit_literal(r, n, kind, min, out);
	struct data d = data_parse(r->a, n, DATA_STRING, &r->exprs, r->ds);
	if (d.kind == DATA_NONE)
		return false;
	if (d.kind == DATA_TEXT && !d.tmpl->exact) {
		struct str l = label(r, n);
		struct diag *g = diag_add(r->ds, 105, n->span, STR_FMT " needs %s or exactly one hole", STR_ARG(l),
					  unit_names[kind].name);
		diag_help(r->ds, g, "write `${{ ... }}` without text around it");
		return false;
	}
	*out = d;
	return true;
}

bool read_duration(struct reader *r, const struct node *n, struct data *out)
{
	return read_is_scalar(r, n, NULL) && read_no_hole(r, n) && unit_literal(r, n, V_DURATION, 1, out);
}

bool read_named(struct reader *r, const struct node *n, enum data_typing typing, enum name_form form,
		const char *what, const struct named_data **list, uint32_t *count)
{
	if (!read_is_map(r, n, NULL))
		return false;
	struct named_data *items = arena_array(r->a, n->count, sizeof *items);
	uint32_t used = 0;
	for (const struct node *c = n->first; c; c = c->next) {
		struct named_data *d = &items[used];
		if (what && !read_name(r, c->key, c->key_span, form, what))
			continue;
		if (typing == DATA_STRING ? !read_text(r, c, &d->data)
					  : (d->data = data_parse(r->a, c, typing, &r->exprs, r->ds)).kind == DATA_NONE)
			continue;
		d->name = c->key;
		d->span = c->key_span;
		used++;
	}
	*list = items;
	*count = used;
	return true;
}

/* One scalar, whole, without holes. */
static bool expr_text(struct reader *r, const struct node *n)
{
	if (!read_is_scalar(r, n, "an expression is one line of text, for example steps.a.n > 3"))
		return false;
	if (n->text.n >= 3 && tmpl_has_hole(n->text)) {
		struct str l = label(r, n);
		struct diag *d = diag_add(r->ds, 113, n->span, STR_FMT " is an expression already: no hole here",
					  STR_ARG(l));
		struct str inner = str_trim(n->text);
		if (str_starts(inner, STR("${{")) && str_ends(inner, STR("}}"))) {
			inner = str_trim(str_slice(inner, 3, inner.n - 2));
			if (str_find(inner, STR("${{")) < 0)
				diag_help(r->ds, d, "write " STR_FMT, STR_ARG(inner));
		} else {
			diag_help(r->ds, d, "leave out `${{` and `}}`");
		}
		return false;
	}
	return !cut_short(r, n);
}

bool read_expr(struct reader *r, const struct node *n, const struct expr **out)
{
	*out = expr_text(r, n) ? expr_parse(r->a, n, 0, (uint32_t)n->text.n, &r->exprs, r->ds) : NULL;
	return *out != NULL;
}

bool read_rule_expr(struct reader *r, const struct node *n, const struct expr **out, struct expr_for *hold)
{
	*out = expr_text(r, n) ? expr_parse_rule(r->a, n, &r->exprs, hold, r->ds) : NULL;
	return *out != NULL;
}

bool read_named_exprs(struct reader *r, const struct node *n, const char *what, const struct named_expr **list, uint32_t *count)
{
	if (!read_is_map(r, n, "write it as { name: expression }"))
		return false;
	struct named_expr *items = arena_array(r->a, n->count, sizeof *items);
	uint32_t used = 0;
	for (const struct node *c = n->first; c; c = c->next) {
		struct named_expr *e = &items[used];
		if (!read_name(r, c->key, c->key_span, NAME_ID, what))
			continue;
		e->name = c->key;
		e->span = c->key_span;
		if (!read_expr(r, c, &e->expr))
			e->expr = NULL; /* kept: references to it are not unknown */
		used++;
	}
	*list = items;
	*count = used;
	return true;
}
