/*
 * runbook_action: the actions of a step: run, http, metric, uses, wait, notify, render.
 */
#include "syntax/runbook_read.h"

#include <string.h>

#include "value/units.h"

const char *const action_names[ACT_COUNT] = { "", "run", "http", "uses", "steps", "wait", "confirm", "approve",
					      "ask", "checklist", "notify", "render", "metric" };

bool action_asks(uint8_t action)
{
	return action == ACT_CONFIRM || action == ACT_APPROVE || action == ACT_ASK || action == ACT_CHECKLIST;
}

/* `run: >` and a plain scalar over lines come out as one line: two commands become one. */
static bool joined_lines(struct reader *r, const struct node *n)
{
	bool folded = n->style == NODE_FOLDED;
	if (!folded && !(n->multiline && n->style != NODE_LITERAL))
		return false;
	struct diag *d = diag_add(r->ds, 131, n->span, folded ? "`>` joins the lines of a script into one command"
							       : "YAML joins the lines of this script into one command");
	diag_help(r->ds, d, "write `run: |` and the script indented below");
	return true;
}

bool read_run(struct reader *r, const struct node *n, struct step *s)
{
	if (n->kind == NODE_MAP) {
		struct diag *d = diag_add(r->ds, 102, n->span, "`run` needs a script or a list, not a map");
		diag_help(r->ds, d, "write `run: |` and the script below, or `run: [program, argument]`");
		return false;
	}
	if (n->kind == NODE_SEQ) {
		if (!n->count) {
			struct diag *d = diag_add(r->ds, 107, n->key_span, "`run` has no program");
			diag_help(r->ds, d, "write `run: [program, argument]`");
			return false;
		}
		return read_argv(r, n, &s->run.words);
	}
	if (!read_is_scalar(r, n, NULL) || joined_lines(r, n))
		return false;
	s->run.script = true;
	if (tmpl_has_hole(n->text))
		return read_text(r, n, &s->run.words);
	s->run.words = (struct data){ .kind = DATA_LIT, .node = n, .lit = value_str(n->text) };
	return true;
}

static bool read_auth(struct reader *r, const struct node *n, struct act_http *out)
{
	if (!read_is_map(r, n, "write { user: ..., password: ... } or { bearer: ... }"))
		return false;
	struct node *at = n->first, *v;
	for (const struct key *k; (k = read_next_key(r, IN_HTTP_AUTH, &at, &v));) {
		switch (k->id) {
		case KEY_HTTP_AUTH_user: read_text(r, v, &out->user); break;
		case KEY_HTTP_AUTH_password: read_text(r, v, &out->password); break;
		case KEY_HTTP_AUTH_bearer: read_text(r, v, &out->bearer); break;
		default: break;
		}
	}
	bool user = node_get(n, "user"), password = node_get(n, "password"), bearer = node_get(n, "bearer");
	if (bearer ? !user && !password : user && password)
		return true;
	struct diag *d = diag_add(r->ds, 114, n->key_span, "`auth` needs a user and a password, or a bearer token");
	diag_help(r->ds, d, "write { user: ..., password: ... } or { bearer: ... }");
	return false;
}

static bool read_tls(struct reader *r, const struct node *n, struct data *out)
{
	if (!read_is_map(r, n, NULL))
		return false;
	struct data *items = arena_array(r->a, n->count, sizeof *items);
	struct str *keys = arena_array(r->a, n->count, sizeof *keys);
	uint32_t used = 0;
	struct node *at = n->first, *v;
	for (const struct key *k; (k = read_next_key(r, IN_HTTP_TLS, &at, &v));) {
		bool yes = false;
		if (k->id == KEY_HTTP_TLS_insecure) {
			if (!read_bool(r, v, &yes))
				continue;
			items[used] = (struct data){ .kind = DATA_LIT, .node = v, .lit = value_bool(yes) };
		} else if (!read_text(r, v, &items[used])) {
			continue;
		}
		keys[used++] = str_of(k->name);
	}
	*out = (struct data){ .kind = DATA_MAP, .node = n, .c = { items, keys, used } };
	return true;
}

static bool read_text_map(struct reader *r, const struct node *n, struct data *out)
{
	if (!read_is_map(r, n, "write it as { name: value }"))
		return false;
	for (const struct node *c = n->first; c; c = c->next)
		if (!read_is_scalar(r, c, NULL))
			return false;
	*out = data_parse(r->a, n, DATA_STRING, &r->exprs, r->ds);
	return out->kind != DATA_NONE;
}

/* query, form: a list repeats its name. */
static bool read_pair_map(struct reader *r, const struct node *n, struct data *out)
{
	if (!read_is_map(r, n, "write it as { name: value }"))
		return false;
	for (const struct node *c = n->first; c; c = c->next) {
		if (c->kind != NODE_SEQ && !read_is_scalar(r, c, "write one text, or a list of them"))
			return false;
		for (const struct node *item = c->kind == NODE_SEQ ? c->first : NULL; item; item = item->next)
			if (!read_is_scalar(r, item, NULL))
				return false;
	}
	*out = data_parse(r->a, n, DATA_STRING, &r->exprs, r->ds);
	return out->kind != DATA_NONE;
}

static bool read_method(struct reader *r, const struct node *n, struct data *out)
{
	static const char *const words[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", NULL };
	uint8_t i;
	if (!read_text(r, n, out))
		return false;
	return out->kind == DATA_TEXT || read_enum(r, n, words, &i);
}

bool read_http(struct reader *r, const struct node *n, struct act_http *out)
{
	if (!read_is_map(r, n, "write `http: { url: ... }`"))
		return false;
	struct span bodies[3];
	int body_count = 0;
	struct node *at = n->first, *v;
	for (const struct key *k; (k = read_next_key(r, IN_HTTP, &at, &v));) {
		switch (k->id) {
		case KEY_HTTP_url: read_text(r, v, &out->url); break;
		case KEY_HTTP_method: read_method(r, v, &out->method); break;
		case KEY_HTTP_headers: read_text_map(r, v, &out->headers); break;
		case KEY_HTTP_query: read_pair_map(r, v, &out->query); break;
		case KEY_HTTP_json: read_json(r, v, &out->json); break;
		case KEY_HTTP_form: read_pair_map(r, v, &out->form); break;
		case KEY_HTTP_body: read_lines(r, v, &out->body); break;
		case KEY_HTTP_auth: read_auth(r, v, out); break;
		case KEY_HTTP_follow: read_unit(r, v, V_INT, 0, &out->follow); break;
		case KEY_HTTP_tls: read_tls(r, v, &out->tls); break;
		default: break;
		}
		bool body = k->id == KEY_HTTP_json || k->id == KEY_HTTP_form || k->id == KEY_HTTP_body;
		if (body && body_count < 3)
			bodies[body_count++] = v->key_span;
	}
	if (body_count > 1) {
		struct diag *d = diag_add(r->ds, 114, bodies[1], "`http` has two bodies");
		diag_label(r->ds, d, bodies[0], "the first");
		diag_help(r->ds, d, "keep one of `json`, `form` and `body`");
	}
	return read_needed(r, IN_HTTP, n, n->key_span);
}

bool read_metric(struct reader *r, const struct node *n, struct act_metric *out)
{
	if (!read_is_map(r, n, "write `metric: { prometheus: http://..., query: ... }`"))
		return false;
	struct node *at = n->first, *v;
	for (const struct key *k; (k = read_next_key(r, IN_METRIC, &at, &v));) {
		switch (k->id) {
		case KEY_METRIC_prometheus: read_text(r, v, &out->http.url); break;
		case KEY_METRIC_query: read_text(r, v, &out->query); break;
		case KEY_METRIC_all: read_bool(r, v, &out->all); break;
		case KEY_METRIC_headers: read_text_map(r, v, &out->http.headers); break;
		case KEY_METRIC_auth: read_auth(r, v, &out->http); break;
		case KEY_METRIC_tls: read_tls(r, v, &out->http.tls); break;
		default: break;
		}
	}
	return read_needed(r, IN_METRIC, n, n->key_span);
}

static bool read_with(struct reader *r, const struct node *n, struct act_uses *out)
{
	if (!read_is_map(r, n, "write `name: value` lines below it, one for each input"))
		return false;
	struct named_data *items = arena_array(r->a, n->count, sizeof *items);
	for (const struct node *c = n->first; c; c = c->next) {
		struct named_data *d = &items[out->with_count];
		bool scalar = c->kind == NODE_SCALAR;
		if (!read_name(r, c->key, c->key_span, NAME_ID, "an input") || (scalar && !c->text.n && read_is_missing(r, c)))
			continue;
		*d = (struct named_data){ c->key, c->key_span, data_parse(r->a, c, DATA_STRING, &r->exprs, r->ds) };
		out->with_count += d->data.kind != DATA_NONE;
	}
	out->with = items;
	return true;
}

static void keep_use(struct reader *r, const struct step *s)
{
	if (r->use_count == r->use_cap) {
		const struct step **all;
		r->use_cap = r->use_cap ? r->use_cap * 2 : 8;
		all = arena_array(r->a, r->use_cap, sizeof(const struct step *));
		if (r->use_count)
			memcpy(all, r->uses, r->use_count * sizeof(const struct step *));
		r->uses = all;
	}
	r->uses[r->use_count++] = s;
}

bool read_uses(struct reader *r, const struct node *n, const struct node *with, struct step *s)
{
	if (!read_word(r, n, &s->uses.source))
		return false;
	s->uses.span = n->span;
	if (with)
		read_with(r, with, &s->uses);
	keep_use(r, s);
	return true;
}

bool read_wait(struct reader *r, const struct node *n, struct act_wait *out)
{
	if (n->kind == NODE_SCALAR)
		return read_unit(r, n, V_DURATION, 0, &out->amount);
	if (!read_is_map(r, n, "write `wait: 30s` or `wait: { until: ... }`"))
		return false;
	struct node *at = n->first, *v;
	while (read_next_key(r, IN_WAIT, &at, &v)) {
		struct value t;
		if (!read_text(r, v, &out->until) || out->until.kind != DATA_LIT)
			continue;
		if (unit_parse_time(v->text, &t.i)) {
			out->until.lit = value_unit(V_TIME, t.i);
			continue;
		}
		struct diag *d = diag_add(r->ds, 105, v->span, "`until` needs a time, not `" STR_FMT "`", STR_ARG(v->text));
		diag_help(r->ds, d, "for example 2026-11-21T02:00:00Z, or one hole of type time");
	}
	return read_needed(r, IN_WAIT, n, n->key_span);
}

bool read_render(struct reader *r, const struct node *n, struct act_render *out)
{
	if (!read_is_map(r, n, "write `render: { to: file, text: ... }`"))
		return false;
	struct node *at = n->first, *v;
	for (const struct key *k; (k = read_next_key(r, IN_RENDER, &at, &v));) {
		switch (k->id) {
		case KEY_RENDER_to: read_text(r, v, &out->to); break;
		case KEY_RENDER_text: read_lines(r, v, &out->text); break;
		case KEY_RENDER_json: read_json(r, v, &out->json); break;
		default: break;
		}
	}
	bool text = node_get(n, "text"), json = node_get(n, "json");
	if (text == json) {
		struct diag *d = diag_add(r->ds, 114, n->key_span, text ? "`render` has both `text` and `json`"
									: "`render` needs `text` or `json`");
		diag_help(r->ds, d, "%s", text ? "keep one of them" : "add `text: ...`");
		return false;
	}
	return read_needed(r, IN_RENDER, n, n->key_span);
}
