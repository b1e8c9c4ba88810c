#include "run/live_world.h"

#include <strings.h>
#include "base/mem.h"
#include "host/clock.h"
#include "host/http.h"

/* live_request: HTTP requests, and mails, which go the same way. */

static void copy_headers(struct live_op *op, const struct http_result *r)
{
	uint32_t n = (uint32_t)r->header_count;

	if (op->header_cap < n) {
		op->header_cap = n;
		op->headers = mem_realloc(op->headers, n * sizeof(*op->headers));
	}
	for (uint32_t i = 0; i < n; i++) {
		buf_adds(&op->heads, r->headers[i].name);
		buf_adds(&op->heads, r->headers[i].value);
	}
	if (op->heads.full) /* cannot be: host limits them to less */
		return;
	for (size_t i = 0, at = 0; i < n; i++) {
		op->headers[i].name = (struct str){ op->heads.p + at, r->headers[i].name.n };
		at += r->headers[i].name.n;
		op->headers[i].value = (struct str){ op->heads.p + at, r->headers[i].value.n };
		at += r->headers[i].value.n;
	}
	op->result.headers = op->headers;
	op->result.header_count = n;
}

static void on_done(void *arg, const struct http_result *r)
{
	struct live_op *op = arg;
	enum result_end end = r->answered ? END_EXIT : r->stopped ? END_STOPPED : r->timeout ? END_TIMEOUT
			      : r->maybe_sent ? END_LOST : END_NOT_STARTED;

	op->call = NULL;
	if (op->c.message && live_message_again(op, r))
		return;
	op->result.took = op->c.message ? clock_boot() - op->began : r->took;
	op->result.tries = op->tries;
	op->result.code = r->status ? r->status : -1;
	if (!r->answered)
		buf_adds(&op->text, r->error);
	else if (op->c.message)
		live_message_reason(op, r);
	stream_whole(op, &op->out, r->body.p, r->body.n);
	if (r->header_count)
		copy_headers(op, r);
	streams_end(op);
	op->result.out.truncated = op->result.out.truncated || r->truncated;
	live_done(op, end);
}

static bool have_http(struct live *l)
{
	struct buf agent;

	if (l->http || l->http_error)
		return l->http != NULL;
	buf_init(&agent, 128);
	buf_addz(&agent, "runbook");
	if (l->o.version)
		buf_printf(&agent, "/%s", l->o.version);
	l->http = http_new(l->loop, agent.p, &l->http_error);
	buf_release(&agent);
	return l->http != NULL;
}

static void no_http(struct live_op *op)
{
	buf_addz(&op->text, op->l->http_error);
	streams_end(op);
	op->result.final = true; /* the library is looked for once */
	live_done(op, END_NOT_STARTED);
}

static bool has_secret(const struct live *l, struct str text)
{
	struct buf masked;
	bool found;

	live_masked(l, text, &masked);
	found = masked.full || !str_eq(buf_str(&masked), text);
	buf_release(&masked);
	return found;
}

/* libcurl keeps Authorization and Cookie from another host, but no other header and no body. */
static bool confined(const struct live_op *op)
{
	const struct command *c = &op->c;

	for (uint32_t i = 0; i < c->request.header_count; i++) {
		struct str name = c->request.headers[i].name;

		if ((name.n == 13 && !strncasecmp(name.p, "authorization", 13)) || (name.n == 6 && !strncasecmp(name.p, "cookie", 6)))
			continue;
		if (has_secret(op->l, c->request.headers[i].value))
			return true;
	}
	return c->request.has_body && has_secret(op->l, c->request.body);
}

void live_request(struct live_op *op)
{
	const struct command *c = &op->c;
	uint32_t n = c->request.header_count;
	struct http_header *headers;
	struct http_spec s = {
		.method = c->request.method, .url = c->request.url, .body = c->request.body, .has_body = c->request.has_body,
		.user = c->request.user, .password = c->request.password, .ca_file = c->request.ca, .cert_file = c->request.cert,
		.key_file = c->request.key, .insecure = c->request.insecure, .follow = c->request.follow, .timeout = c->timeout,
		.header_count = n, .on_done = on_done, .arg = op,
	};

	if (s.follow > 0)
		s.confined = confined(op);
	if (c->message) /* a try of it */
		s.timeout = live_message_begin(op);
	if (have_http(op->l)) {
		headers = mem_array(n, sizeof(*headers));
		for (uint32_t i = 0; i < n; i++)
			headers[i] = (struct http_header){ c->request.headers[i].name, c->request.headers[i].value };
		s.headers = headers;
		op->call = http_start(op->l->http, &s);
		mem_free(headers);
		return;
	}
	no_http(op);
}

void live_mail(struct live_op *op)
{
	const struct command *c = &op->c;
	const struct http_mail m = { c->mail.from, c->mail.to, c->mail.to_count, c->mail.tls };
	const struct http_spec s = {
		.mail = &m, .url = c->mail.url, .user = c->mail.user, .password = c->mail.password, .body = c->mail.text,
		.timeout = live_message_begin(op), .on_done = on_done, .arg = op,
	};

	if (have_http(op->l))
		op->call = http_start(op->l->http, &s);
	else
		no_http(op);
}
