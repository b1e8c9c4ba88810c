/*
 * runbook_modifier: the modifiers of a step that have a shape of their own:
 * retry, guard, foreach, parse.
 */
#include "syntax/runbook_read.h"

#include <string.h>

bool read_retry(struct reader *r, const struct node *n, struct retry *out)
{
	memset(out, 0, sizeof *out);
	out->span = n->key_span;
	if (n->kind == NODE_SCALAR)
		return read_unit(r, n, V_INT, 0, &out->max);
	if (!read_is_map(r, n, "write `retry: 3` or `retry: { max: 3, delay: 5s }`"))
		return false;
	bool ok = true;
	struct node *at = n->first, *v;
	for (const struct key *k; (k = read_next_key(r, IN_RETRY, &at, &v));) {
		switch (k->id) {
		case KEY_RETRY_max: ok &= read_unit(r, v, V_INT, 0, &out->max); break;
		case KEY_RETRY_delay: ok &= read_unit(r, v, V_DURATION, 0, &out->delay); break;
		case KEY_RETRY_backoff: ok &= read_unit(r, v, V_FLOAT, 0, &out->backoff); break;
		case KEY_RETRY_max_delay: ok &= read_unit(r, v, V_DURATION, 0, &out->max_delay); break;
		case KEY_RETRY_jitter: ok &= read_unit(r, v, V_PERCENT, 0, &out->jitter); break;
		case KEY_RETRY_if: ok &= read_expr(r, v, &out->when); break;
		default: break;
		}
	}
	return read_needed(r, IN_RETRY, n, n->key_span) && ok;
}

static bool read_guard(struct reader *r, const struct node *n, struct guard *out)
{
	static const char *const words[] = { "fail", "skip", "warn", "stop", NULL };
	static const uint8_t kinds[] = { GUARD_FAIL, GUARD_SKIP, GUARD_WARN, GUARD_STOP };
	out->span = n->span;
	out->otherwise = GUARD_FAIL;
	if (n->kind == NODE_SCALAR)
		return read_expr(r, n, &out->that);
	if (!read_is_map(r, n, "a guard is an expression or { that: ..., else: ..., say: ... }"))
		return false;
	bool ok = true;
	struct node *at = n->first, *v;
	for (const struct key *k; (k = read_next_key(r, IN_GUARD, &at, &v));) {
		uint8_t i = 0;
		switch (k->id) {
		case KEY_GUARD_that: ok &= read_expr(r, v, &out->that); break;
		case KEY_GUARD_else:
			if (read_enum(r, v, words, &i))
				out->otherwise = kinds[i];
			break;
		case KEY_GUARD_say: read_lines(r, v, &out->say); break;
		default: break;
		}
	}
	return read_needed(r, IN_GUARD, n, n->key.n ? n->key_span : n->span) && ok;
}

bool read_guards(struct reader *r, const struct node *n, struct step *s)
{
	uint32_t count = n->kind == NODE_SEQ ? n->count : 1;
	struct guard *list = arena_array(r->a, count, sizeof *list);
	if (n->kind != NODE_SEQ) {
		bool ok = read_guard(r, n, list);
		if (n->kind == NODE_SCALAR)
			list->span = n->span;
		s->guards = list;
		s->guard_count = 1;
		return ok;
	}
	if (!n->count)
		diag_help(r->ds, diag_add(r->ds, 107, n->key_span, "`guard` has no condition"),
			  "give it one, or remove the key");
	uint32_t used = 0;
	for (const struct node *c = n->first; c; c = c->next) {
		read_guard(r, c, &list[used]);
		used++;
	}
	s->guards = list;
	s->guard_count = used;
	return true;
}

bool read_foreach(struct reader *r, const struct node *n, struct step *s)
{
	struct step_more *m = more_of(r, s);
	m->foreach.present = true;
	m->foreach.span = n->key_span;
	if (n->kind == NODE_SCALAR)
		return read_expr(r, n, &m->foreach.over);
	if (n->kind == NODE_SEQ) {
		m->foreach.items = data_parse(r->a, n, DATA_TYPED, &r->exprs, r->ds);
		return m->foreach.items.kind != DATA_NONE;
	}
	if (!n->count) {
		diag_help(r->ds, diag_add(r->ds, 107, n->key_span, "`foreach` has no list"),
			  "write `foreach: [a, b]`, an expression, or `foreach: { key: [a, b] }`");
		return false;
	}
	struct named_data *list = arena_array(r->a, n->count, sizeof *list);
	uint32_t used = 0;
	for (const struct node *c = n->first; c; c = c->next) {
		struct named_data *d = &list[used];
		if (!read_name(r, c->key, c->key_span, NAME_ID, "a matrix key"))
			continue;
		bool hole = c->kind == NODE_SCALAR && tmpl_has_hole(c->text);
		if (!hole && !read_is_list(r, c, "write `[a, b]`, or one hole `${{ ... }}` that gives a list"))
			continue;
		d->name = c->key;
		d->span = c->key_span;
		d->data = data_parse(r->a, c, DATA_TYPED, &r->exprs, r->ds);
		if (d->data.kind == DATA_NONE)
			continue;
		if (d->data.kind == DATA_TEXT && !d->data.tmpl->exact) {
			diag_help(r->ds, diag_add(r->ds, 105, c->span, "`" STR_FMT "` needs a list or exactly one hole",
						  STR_ARG(c->key)), "write `[a, b]`, or `${{ ... }}` without text around it");
			continue;
		}
		used++;
	}
	m->foreach.matrix = list;
	m->foreach.matrix_count = used;
	return used > 0;
}

bool read_parse(struct reader *r, const struct node *n, struct step *s)
{
	static const char *const words[] = { "text", "lines", "json", NULL };
	if (n->kind == NODE_SCALAR)
		return read_enum(r, n, words, &s->parse);
	if (!read_is_map(r, n, "write text, lines, json or { regex: '(?<n>...)' }"))
		return false;
	struct node *at = n->first, *v;
	for (const struct key *k; (k = read_next_key(r, IN_PARSE, &at, &v));) {
		if (!read_is_scalar(r, v, NULL))
			continue;
		s->parse = PARSE_REGEX;
		more_of(r, s)->regex = v->text;
		more_of(r, s)->regex_span = v->span;
	}
	return read_needed(r, IN_PARSE, n, n->key_span);
}
