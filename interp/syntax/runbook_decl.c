/*
 * runbook_decl: the declarations of the top level: inputs, secrets,
 * defaults, risks, files.
 */
#include "syntax/runbook_read.h"

#include <string.h>

#include "value/units.h"

const char *const decl_type_names[DECL_TYPES] = { "string", "int", "float", "bool", "duration", "size", "percent",
						  "time", "list", "map", "secret" };
/* Words allowed for `type` and `of`. */
static const char *const type_words[] = { "string", "int", "float", "bool", "duration", "size", "percent",
					  "time", "list", "map", "secret", NULL };
static const char *const of_words[] = { "string", "int", "float", "bool", "duration", "size", "percent",
					"time", NULL };

static enum value_kind kind_of(uint8_t type)
{
	static const uint8_t kinds[] = { V_STRING, V_INT, V_FLOAT, V_BOOL, V_DURATION, V_SIZE, V_PERCENT, V_TIME };
	return type < DECL_LIST ? (enum value_kind)kinds[type] : V_STRING;
}

static bool scalar_literal(struct reader *r, const struct node *n, uint8_t type, struct value *out)
{
	if (n->kind != NODE_SCALAR) {
		diag_add(r->ds, 102, n->span, "this needs one value of type %s, not %s", decl_type_names[type],
			 node_kind_name(n));
		return false;
	}
	if (!read_no_hole(r, n))
		return false;
	bool typed = type == DECL_INT || type == DECL_FLOAT || type == DECL_BOOL;
	if (!(typed && n->style != NODE_PLAIN) && unit_parse(kind_of(type), r->a, n->text, out))
		return true;
	return read_bad_literal(r, n, kind_of(type));
}

static bool decl_literal(struct reader *r, const struct decl *in, const struct node *n, struct value *out)
{
	if (in->type == DECL_LIST) {
		if (!read_is_list(r, n, "write it as [a, b]"))
			return false;
		struct value *items = arena_array(r->a, n->count, sizeof *items);
		uint32_t i = 0;
		for (const struct node *c = n->first; c; c = c->next)
			if (!scalar_literal(r, c, in->of, &items[i++]))
				return false;
		*out = value_list(items, i);
		return true;
	}
	if (in->type == DECL_MAP) {
		if (!read_is_map(r, n, "write it as { name: value }"))
			return false;
		struct pair *pairs = arena_array(r->a, n->count, sizeof *pairs);
		uint32_t i = 0;
		for (const struct node *c = n->first; c; c = c->next) {
			pairs[i].key = c->key;
			if (!scalar_literal(r, c, in->of, &pairs[i++].value))
				return false;
		}
		*out = value_map(pairs, i);
		return true;
	}
	return scalar_literal(r, n, in->type, out);
}

/* min and max: of numbers and units the value, of text, lists and maps the length. */
static void read_bound(struct reader *r, const struct decl *in, const struct node *v, bool *has, struct value *out)
{
	if (in->type == DECL_BOOL) {
		struct diag *d = diag_add(r->ds, 115, v->key_span, "`" STR_FMT "` has no meaning for type bool", STR_ARG(v->key));
		diag_help(r->ds, d, "remove it");
		return;
	}
	bool length = in->type == DECL_STRING || in->type == DECL_LIST || in->type == DECL_MAP;
	*has = scalar_literal(r, v, length ? (uint8_t)DECL_INT : in->type, out);
}

static void read_choices(struct reader *r, struct decl *in, const struct node *v)
{
	if (in->type == DECL_LIST || in->type == DECL_MAP) {
		struct diag *d = diag_add(r->ds, 115, v->key_span, "`enum` has no meaning for type %s", decl_type_names[in->type]);
		diag_help(r->ds, d, "remove it");
		return;
	}
	if (!read_is_list(r, v, "write it as [a, b]"))
		return;
	if (!v->count)
		diag_help(r->ds, diag_add(r->ds, 107, v->key_span, "`enum` has no value"), "add one, or remove the key");
	struct value *list = arena_array(r->a, v->count, sizeof *list);
	for (const struct node *c = v->first; c; c = c->next)
		if (scalar_literal(r, c, in->type, &list[in->choice_count]))
			in->choice_count++;
	in->choices = list;
}

/* A secret comes through `with`: nothing of it may stand in a file. */
static bool no_rule(struct reader *r, const struct decl *in, const struct key *k, const struct node *v)
{
	bool null = v->kind == NODE_SCALAR && v->style == NODE_PLAIN && str_eqz(v->text, "null");
	if (in->type != DECL_SECRET || k->id == KEY_DECL_help || k->id == KEY_DECL_type || (k->id == KEY_DECL_default && null))
		return false;
	struct diag *d = diag_add(r->ds, 115, v->key_span, "`%s` has no meaning for type secret", k->name);
	diag_help(r->ds, d, k->id == KEY_DECL_default ? "write `default: null` if it may be missing" : "remove it");
	return true;
}

static void read_decl_keys(struct reader *r, const struct node *n, struct decl *in)
{
	struct node *at = n->first, *v;
	for (const struct key *k; (k = read_next_key(r, IN_DECL, &at, &v));) {
		if (no_rule(r, in, k, v))
			continue;
		switch (k->id) {
		case KEY_DECL_default:
			if (v->kind == NODE_SCALAR && v->style == NODE_PLAIN && str_eqz(v->text, "null")) {
				in->has_default = true;
				in->dflt = value_null;
			} else if (v->kind != NODE_SCALAR || v->text.n || v->style != NODE_PLAIN) {
				in->has_default = decl_literal(r, in, v, &in->dflt);
			} else {
				read_is_missing(r, v);
			}
			break;
		case KEY_DECL_min: read_bound(r, in, v, &in->has_min, &in->min); break;
		case KEY_DECL_max: read_bound(r, in, v, &in->has_max, &in->max); break;
		case KEY_DECL_enum: read_choices(r, in, v); break;
		case KEY_DECL_pattern:
			if (in->type != DECL_STRING && in->type != DECL_LIST) {
				struct diag *d = diag_add(r->ds, 115, v->key_span, "`pattern` has no meaning for type %s",
							  decl_type_names[in->type]);
				diag_help(r->ds, d, "only text has a pattern");
			} else if (read_is_scalar(r, v, NULL)) {
				in->pattern = v->text;
				in->pattern_span = v->span;
			}
			break;
		case KEY_DECL_help: read_word(r, v, &in->help); break;
		default: break;
		}
	}
}

static bool read_decl(struct reader *r, const struct node *n, const char *what, struct decl *in)
{
	if (!read_name(r, n->key, n->key_span, NAME_ID, what))
		return false;
	in->name = n->key;
	in->span = n->key_span;
	in->node = n;
	in->of = DECL_STRING;
	if (n->kind == NODE_SCALAR)
		return read_enum(r, n, type_words, &in->type);
	if (!read_is_map(r, n, "write a type, or { type: string, default: ... }"))
		return false;
	/* The type decides how the other keys are read: it comes first. */
	const struct node *type = node_get(n, "type"), *of = node_get(n, "of");
	if (type && !read_enum(r, type, type_words, &in->type))
		return true;
	if (of && in->type != DECL_LIST && in->type != DECL_MAP) {
		struct diag *d = diag_add(r->ds, 115, of->key_span, "`of` has no meaning for type %s", decl_type_names[in->type]);
		diag_help(r->ds, d, "only lists and maps have elements");
	} else if (of) {
		read_enum(r, of, of_words, &in->of);
	}
	read_decl_keys(r, n, in);
	read_needed(r, IN_DECL, n, n->key_span);
	return true;
}

bool read_decls(struct reader *r, const struct node *n, const char *what, const struct decl **out, uint32_t *count)
{
	if (!read_is_map(r, n, "write `name: type` lines below it"))
		return false;
	struct decl *list = arena_array(r->a, n->count, sizeof *list);
	for (const struct node *c = n->first; c; c = c->next)
		if (read_decl(r, c, what, &list[*count]))
			++*count;
	*out = list;
	return true;
}

void read_inputs(struct reader *r, const struct node *n)
{
	read_decls(r, n, "an input", &r->rb->inputs, &r->rb->input_count);
}

static bool read_secret(struct reader *r, const struct node *n, struct secret *s)
{
	if (!read_name(r, n->key, n->key_span, NAME_ID, "a secret"))
		return false;
	s->name = n->key;
	s->span = n->key_span;
	if (!read_is_map(r, n, "write { env: NAME }, { file: path } or { run: [program] }"))
		return true;
	struct node *at = n->first, *v;
	uint32_t count = 0;
	for (const struct key *k; (k = read_next_key(r, IN_SECRET, &at, &v)); count++) {
		switch (k->id) {
		case KEY_SECRET_env:
			s->from = SECRET_ENV;
			if (read_word(r, v, &s->arg))
				read_name(r, s->arg, v->span, NAME_ENV, "an environment variable");
			break;
		case KEY_SECRET_file: s->from = SECRET_FILE; read_word(r, v, &s->arg); break;
		case KEY_SECRET_run:
			s->from = SECRET_RUN;
			if (read_words(r, v, &s->argv, NULL) && !v->count)
				diag_help(r->ds, diag_add(r->ds, 107, v->key_span, "`run` has no program"),
					  "write `run: [program, argument]`");
			break;
		default: break;
		}
	}
	if (count != 1) {
		struct diag *d = diag_add(r->ds, 114, n->key_span, count ? "a secret has one source" : "a secret needs a source");
		diag_help(r->ds, d, "write { env: NAME }, { file: path } or { run: [program] }");
	}
	return true;
}

void read_secrets(struct reader *r, const struct node *n)
{
	if (!read_is_map(r, n, "write `name: { env: NAME }` lines below it"))
		return;
	struct secret *list = arena_array(r->a, n->count, sizeof *list);
	for (const struct node *c = n->first; c; c = c->next)
		if (read_secret(r, c, &list[r->rb->secret_count]))
			r->rb->secret_count++;
	r->rb->secrets = list;
}

void read_defaults(struct reader *r, const struct node *n)
{
	struct defaults *d = &r->rb->defaults;
	if (!read_is_map(r, n, NULL))
		return;
	struct node *at = n->first, *v;
	for (const struct key *k; (k = read_next_key(r, IN_DEFAULTS, &at, &v));) {
		uint8_t i;
		switch (k->id) {
		case KEY_DEFAULTS_timeout: read_duration(r, v, &d->timeout); break;
		case KEY_DEFAULTS_grace: read_duration(r, v, &d->grace); break;
		case KEY_DEFAULTS_retry: d->has_retry = read_retry(r, v, &d->retry); break;
		case KEY_DEFAULTS_shell:
			if (read_enum(r, v, shell_words, &i))
				d->shell = (int8_t)i;
			break;
		case KEY_DEFAULTS_env:
			read_named(r, v, DATA_STRING, NAME_ENV, "an environment variable", &d->env, &d->env_count);
			break;
		case KEY_DEFAULTS_inherit: read_words(r, v, &d->inherit, NULL); break;
		case KEY_DEFAULTS_dir: read_text(r, v, &d->dir); break;
		default: break;
		}
	}
}

static const char *const probabilities[] = { "very_low", "low", "medium", "high", "very_high", NULL };
static const char *const impacts[] = { "negligible", "minor", "moderate", "major", "severe", NULL };

static void read_risk(struct reader *r, const struct node *n, struct data *out)
{
	struct data *items = arena_array(r->a, n->count, sizeof *items);
	struct str *keys = arena_array(r->a, n->count, sizeof *keys);
	uint32_t used = 0;
	struct node *at = n->first, *v;
	for (const struct key *k; (k = read_next_key(r, IN_RISK, &at, &v));) {
		uint8_t i;
		bool ok;
		if (k->id == KEY_RISK_probability || k->id == KEY_RISK_impact) {
			ok = read_enum(r, v, k->id == KEY_RISK_impact ? impacts : probabilities, &i);
			items[used] = (struct data){ .kind = DATA_LIT, .node = v, .lit = value_str(v->text) };
		} else {
			ok = k->id == KEY_RISK_plan ? read_lines(r, v, &items[used]) : read_text(r, v, &items[used]);
		}
		if (ok)
			keys[used++] = str_of(k->name);
	}
	read_needed(r, IN_RISK, n, n->first ? n->first->key_span : n->span);
	*out = (struct data){ .kind = DATA_MAP, .node = n, .c = { items, keys, used } };
}

void read_risks(struct reader *r, const struct node *n)
{
	if (!read_is_list(r, n, "write `- { what: ..., probability: low, impact: major }`"))
		return;
	struct data *items = arena_array(r->a, n->count, sizeof *items);
	uint32_t used = 0;
	for (const struct node *c = n->first; c; c = c->next)
		if (read_is_map(r, c, "write { what: ..., probability: low, impact: major }"))
			read_risk(r, c, &items[used++]);
	r->rb->risks = (struct data){ .kind = DATA_LIST, .node = n, .c = { items, NULL, used } };
}

void read_files(struct reader *r, const struct node *n)
{
	if (!read_words(r, n, &r->rb->files, &r->rb->file_spans))
		return;
	for (uint32_t i = 0; i < r->rb->files.count; i++) {
		struct str f = r->rb->files.list[i];
		bool up = str_eqz(f, "..") || str_starts(f, STR("../")) || str_find(f, STR("/../")) >= 0 ||
			  str_ends(f, STR("/.."));
		if (f.n && f.p[0] != '/' && !up)
			continue;
		struct diag *d = diag_add(r->ds, 130, r->rb->file_spans[i], "`" STR_FMT "` is not beside the runbook", STR_ARG(f));
		diag_help(r->ds, d, "name files relative to the runbook's folder, without `..`");
	}
}
