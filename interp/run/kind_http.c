#include "run/engine_state.h"

#include <string.h>
#include "journal/output.h"
#include "run/metric.h"
#include "run/show.h"
#include "value/json.h"

/*
 * kind_http: `http`: a request with query, headers and one body of json, form
 * or text, and `metric`, which is one to Prometheus. Values are encoded where they
 * enter, never pasted.
 */

void url_escape(struct buf *out, struct str s)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~", c)) {
			if (c) {
				buf_addc(out, (char)c);
				continue;
			}
		}
		buf_addc(out, '%');
		buf_addc(out, hex[c >> 4]);
		buf_addc(out, hex[c & 15]);
	}
}

struct request_parts { bool unknown; struct str error; bool ok; };

/* Nothing is sent in part. */
static void too_long(struct request_parts *p, const struct buf *b, const char *what)
{
	if (!b->full)
		return;
	p->ok = false;
	p->error = str_of(!strcmp(what, "body") ? "http: the body is longer than 16 MiB"
			  : !strcmp(what, "query") ? "http: the query is longer than 1 MiB"
						   : "http: a value is longer than 1 MiB");
}

static struct value evaluated(struct frame *f, const struct data *d, struct request_parts *p)
{
	struct eval_env env = frame_env(f);
	struct eval_error err = { 0 };
	struct value v = data_eval(d, &f->e->p->codes, &env, &err);

	if (err.set) {
		p->error = error_text(f, &err);
		p->ok = false;
	}
	if (value_has_unknown(v))
		p->unknown = true;
	return v;
}

/* A scalar as text into tmp; lists of scalars give several pairs elsewhere. */
static struct str scalar_text(struct frame *f, struct value v, struct request_parts *p)
{
	struct buf b;
	struct str s;

	if (v.kind == V_STRING)
		return value_text(v);
	if (v.kind == V_UNKNOWN)
		return value_text(named_unknowns(f, v));
	buf_init(&b, 1 << 20);
	if (!value_to_text(v, &b)) {
		p->ok = false;
		p->error = STR("http: a list or map where one text is needed");
	}
	too_long(p, &b, "value");
	s = arena_str(f->tmp, b.p ? b.p : "", b.len);
	buf_release(&b);
	return s;
}

/* name=value, or one for each item of a list; null drops out. */
static void put_pair(struct frame *f, struct buf *out, struct str name, struct value v, char *sep, struct request_parts *p)
{
	for (uint32_t i = 0; v.kind == V_LIST && i < v.n; i++)
		put_pair(f, out, name, v.list[i], sep, p);
	if (v.kind == V_LIST || v.kind == V_NULL)
		return;
	if (*sep)
		buf_addc(out, *sep);
	*sep = '&';
	url_escape(out, name);
	buf_addc(out, '=');
	url_escape(out, scalar_text(f, v, p));
}

/* a=b&c=d */
static void put_pairs(struct frame *f, struct buf *out, struct value map, char first, struct request_parts *p)
{
	char sep = first;

	for (uint32_t i = 0; map.kind == V_MAP && i < map.n; i++)
		put_pair(f, out, map.map[i].key, map.map[i].value, &sep, p);
}

static struct str build_url(struct frame *f, const struct prog_step *ps, int64_t timeout, struct request_parts *p)
{
	const struct act_http *h = &ps->ast->http;
	struct buf b;
	struct str url = { 0 };

	if (!eval_text(f, &h->url, &url, &p->unknown, &p->error)) {
		p->ok = false;
		return url;
	}
	for (size_t i = 0; i < url.n; i++)
		if ((unsigned char)url.p[i] <= ' ' || url.p[i] == 0x7f) {
			p->error = STR("http.url has a space or control character; put values into `query:` or use url_encode()");
			if (refused_later(f, url, p->error))
				break;
			p->ok = p->unknown;
			return url;
		}
	if (ps->ast->action == ACT_METRIC) {
		p->ok = p->ok && metric_url(f, &ps->ast->metric, url, timeout, &url, &p->unknown, &p->error);
		return url;
	}
	if (h->query.kind == DATA_NONE)
		return url;
	buf_init(&b, 1 << 20);
	buf_adds(&b, url);
	put_pairs(f, &b, evaluated(f, &h->query, p), memchr(url.p, '?', url.n) ? '&' : '?', p);
	too_long(p, &b, "query");
	url = arena_str(f->tmp, b.p, b.len);
	buf_release(&b);
	return url;
}

static bool header_ok(struct str s)
{
	return !memchr(s.p, '\r', s.n) && !memchr(s.p, '\n', s.n) && !memchr(s.p, 0, s.n);
}

struct headers { struct header *list; uint32_t count; };

static void header_add(struct frame *f, struct headers *h, struct str name, struct str value, struct request_parts *p)
{
	if (!header_ok(name) || !header_ok(value)) {
		p->error = STR("http.headers: a name or value has a line break");
		if (!refused_later(f, value, p->error)) {
			p->ok = false;
			return;
		}
	}
	h->list[h->count++] = (struct header){ name, value };
}

static bool has_header(const struct headers *h, const char *name)
{
	size_t n = strlen(name);

	for (uint32_t i = 0; i < h->count; i++)
		if (h->list[i].name.n == n && !strncasecmp(h->list[i].name.p, name, n))
			return true;
	return false;
}

static struct headers build_headers(struct frame *f, const struct act_http *h, struct request_parts *p)
{
	struct value map = h->headers.kind == DATA_NONE ? value_map(NULL, 0) : evaluated(f, &h->headers, p);
	struct headers out = { arena_array(f->tmp, (map.kind == V_MAP ? map.n : 0) + 4u, sizeof(struct header)), 0 };

	for (uint32_t i = 0; map.kind == V_MAP && i < map.n; i++)
		if (map.map[i].value.kind != V_NULL)
			header_add(f, &out, map.map[i].key, scalar_text(f, map.map[i].value, p), p);
	if (h->bearer.kind != DATA_NONE) {
		struct str token = { 0 };

		if (!eval_text(f, &h->bearer, &token, &p->unknown, &p->error))
			p->ok = false;
		header_add(f, &out, STR("Authorization"), arena_printf(f->tmp, "Bearer " STR_FMT, STR_ARG(token)), p);
	}
	return out;
}

/* The value as it is sent: a request may carry secrets. shown: as it is recorded: a list, a map or a number
 * that is secret has no text in which it could be found. */
static struct value bare(struct arena *a, struct value v, bool shown)
{
	if (shown && (v.flags & VALUE_SECRET) && v.kind != V_STRING)
		return value_str(STR("***"));
	if (!value_has_flag(v, VALUE_SECRET))
		return v;
	v.flags = (uint8_t)(v.flags & ~VALUE_SECRET);
	if (v.kind == V_LIST) {
		struct value *items = arena_array(a, v.n + 1U, sizeof(*items));

		for (uint32_t i = 0; i < v.n; i++)
			items[i] = bare(a, v.list[i], shown);
		v.list = items;
	} else if (v.kind == V_MAP) {
		struct pair *pairs = arena_array(a, v.n + 1U, sizeof(*pairs));

		for (uint32_t i = 0; i < v.n; i++)
			pairs[i] = (struct pair){ v.map[i].key, bare(a, v.map[i].value, shown) };
		v.map = pairs;
	}
	return v;
}

static struct str json_text(struct frame *f, struct value v, struct buf *b)
{
	buf_clear(b);
	json_print(v, b, 0);
	return arena_str(f->tmp, b->p ? b->p : "", b->len);
}

/* shown: see command.request; may be NULL. */
static bool build_body(struct frame *f, const struct act_http *h, struct headers *hs, struct str *body, struct str *shown, struct request_parts *p)
{
	struct buf b;
	const char *type = NULL;

	if (h->json.kind == DATA_NONE && h->form.kind == DATA_NONE && h->body.kind == DATA_NONE)
		return false;
	buf_init(&b, 16 << 20);
	if (h->json.kind != DATA_NONE) {
		struct value v = named_unknowns(f, evaluated(f, &h->json, p));

		if (shown && secrets_tell(f) && value_has_flag(v, VALUE_SECRET))
			*shown = json_text(f, bare(f->tmp, v, true), &b);
		buf_clear(&b);
		json_print(bare(f->tmp, v, false), &b, 0);
		type = "application/json";
	} else if (h->form.kind != DATA_NONE) {
		put_pairs(f, &b, evaluated(f, &h->form, p), 0, p);
		type = "application/x-www-form-urlencoded";
	} else {
		struct str text = { 0 };

		if (!eval_text(f, &h->body, &text, &p->unknown, &p->error))
			p->ok = false;
		buf_adds(&b, text);
	}
	if (type && !has_header(hs, "content-type"))
		header_add(f, hs, STR("Content-Type"), str_of(type), p);
	too_long(p, &b, "body");
	*body = arena_str(f->tmp, b.p ? b.p : "", b.len);
	buf_release(&b);
	return true;
}

static void tls_options(struct frame *f, const struct act_http *h, struct command *c, struct request_parts *p)
{
	struct value m;
	const struct value *v;

	if (h->tls.kind == DATA_NONE)
		return;
	m = evaluated(f, &h->tls, p);
	if (m.kind != V_MAP)
		return;
	if ((v = value_get(m, STR("ca"))))
		c->request.ca = scalar_text(f, *v, p);
	if ((v = value_get(m, STR("cert"))))
		c->request.cert = scalar_text(f, *v, p);
	if ((v = value_get(m, STR("key"))))
		c->request.key = scalar_text(f, *v, p);
	if ((v = value_get(m, STR("insecure"))))
		c->request.insecure = (v->kind == V_BOOL && v->b) || (v->kind == V_STRING && str_eqz(value_text(*v), "true"));
}

static void idempotency_header(struct frame *f, const struct prog_step *ps, struct headers *hs, struct request_parts *p)
{
	char key[65];

	if (ps->effect != EFFECT_WRITE || has_header(hs, "idempotency-key"))
		return;
	digest_hex(arena_join(f->tmp, f->e->run_id, '\n', f->key), key);
	header_add(f, hs, STR("Idempotency-Key"), arena_str(f->tmp, key, 32), p);
}

static enum started http_start(struct frame *f, const struct prog_step *ps, bool probe, struct str *error)
{
	const struct act_http *h = &ps->ast->http;
	struct request_parts p = { f->unknown, { NULL, 0 }, true };
	struct command c = { 0 }, *q;
	struct headers hs;
	int64_t follow = 0, timeout = 0;

	f->refuse = STR("");
	c.request.method = STR("GET");
	if (h->method.kind != DATA_NONE && !eval_text(f, &h->method, &c.request.method, &p.unknown, &p.error))
		p.ok = false;
	if (!eval_duration(f, ps->timeout, 0, &timeout, &p.error))
		p.ok = false;
	c.request.url = build_url(f, ps, timeout, &p);
	hs = build_headers(f, h, &p);
	c.request.has_body = build_body(f, h, &hs, &c.request.body, &c.request.shown, &p);
	if (!probe)
		idempotency_header(f, ps, &hs, &p);
	if ((h->user.kind != DATA_NONE && !eval_text(f, &h->user, &c.request.user, &p.unknown, &p.error)) ||
	    (h->password.kind != DATA_NONE && !eval_text(f, &h->password, &c.request.password, &p.unknown, &p.error)))
		p.ok = false;
	tls_options(f, h, &c, &p);
	if (!eval_int(f, &h->follow, 0, &follow, &p.error))
		p.ok = false;
	if (!p.ok) {
		*error = p.error;
		return STARTED_FAIL;
	}
	q = op_queue(f, OP_REQUEST, probe ? OP_FOR_PROBE : OP_FOR_ACTION);
	q->refuse = f->refuse;
	q->request = c.request;
	q->request.headers = hs.list;
	q->request.header_count = hs.count;
	q->request.follow = follow < 0 ? 0 : follow > 20 ? 20 : (int)follow;
	q->step = ps;
	q->probe = probe;
	q->write = !probe && ps->effect == EFFECT_WRITE;
	q->want_output = ps->wants_output;
	q->quiet = ps->secret_capture;
	q->unknown = p.unknown;
	q->timeout = timeout;
	f->op = q->op;
	return STARTED_WAIT;
}

static bool http_success(const struct frame *f, const struct result *r)
{
	(void)f;
	return r->end == END_EXIT && r->code >= 200 && r->code < 300;
}

static void http_show(struct frame *f, const struct prog_step *ps, struct buf *out)
{
	const struct act_http *h = &ps->ast->http;
	struct request_parts p = { false, { NULL, 0 }, true };
	struct str method = STR("GET"), body = { 0 }, user = { 0 };
	struct headers hs = build_headers(f, h, &p);
	bool has_body;

	if (h->method.kind != DATA_NONE)
		(void)eval_text(f, &h->method, &method, &p.unknown, &p.error);
	has_body = build_body(f, h, &hs, &body, NULL, &p); /* adds its header */
	buf_addz(out, "curl -f -X ");
	show_word(f, method, out);
	for (uint32_t i = 0; i < hs.count; i++) {
		buf_addz(out, " -H ");
		show_word(f, arena_printf(f->tmp, STR_FMT ": " STR_FMT, STR_ARG(hs.list[i].name), STR_ARG(hs.list[i].value)), out);
	}
	if (h->user.kind != DATA_NONE) {
		(void)eval_text(f, &h->user, &user, &p.unknown, &p.error);
		buf_addz(out, " -u ");
		show_word(f, user, out); /* curl asks for the password */
	}
	if (has_body) {
		buf_addz(out, " --data-binary ");
		show_word(f, body, out);
	}
	buf_addc(out, ' ');
	show_word(f, build_url(f, ps, 0, &p), out);
}

static void http_describe(struct frame *f, const struct prog_step *ps, struct jsonw *w)
{
	const struct command *c = &f->e->queue[f->e->queue_len - 1];
	char hex[65];

	jsonw_kstr(w, "method", rec_cut(f->e, c->request.method, 64));
	rec_text(f->e, w, "url", c->request.url);
	if (ps->ast->action == ACT_METRIC) {
		struct str query, error;
		bool unknown = false;

		if (metric_query(f, &ps->ast->metric, &query, &unknown, &error))
			rec_text(f->e, w, "query", query);
	}
	if (c->request.has_body) {
		struct str body = measured_text(f, c->request.shown.n ? c->request.shown : c->request.body);

		digest_hex(body, hex);
		jsonw_kint(w, "body_bytes", (int64_t)body.n);
		if (body.n <= 1024)
			jsonw_kstr(w, "body", body);
		else
			jsonw_kstr(w, "body_sha256", str_of(hex));
	}
}

/* The whole answer counts, and only 200 has one. */
static bool metric_success(const struct frame *f, const struct result *r)
{
	(void)f;
	return r->end == END_EXIT && r->code == 200;
}

const struct step_kind kind_metric = { .action = ACT_METRIC, .name = "metric", .start = http_start, .success = metric_success,
				       .show = http_show, .describe = http_describe };
const struct step_kind kind_http = { .action = ACT_HTTP, .name = "http", .start = http_start, .success = http_success,
				     .show = http_show, .describe = http_describe };
