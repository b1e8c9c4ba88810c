#include "host/http_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"
#include "host/clock.h"
#include "host/curl.h"
#include "host/http.h"
#include "host/loop.h"

/*
 * http_call: libcurl tells us which sockets and what time it waits for; the loop
 * tells libcurl what came. Easy handles are kept for the next request.
 */

enum { TEXT_MAX = 1 << 20, BODY_KEPT = 64 << 10, CONNECTIONS_KEPT = 128 };

static void on_socket(void *arg, int fd, unsigned events);
static void collect(struct http *h);

/* --- libcurl's wishes -------------------------------------------------------- */

static int want_socket(CURL *e, curl_socket_t fd, int what, void *arg, void *watch)
{
	struct http *h = arg;
	struct loop_fd *w = watch;
	unsigned events = (what & CURL_POLL_IN ? (unsigned)LOOP_READ : 0) | (what & CURL_POLL_OUT ? (unsigned)LOOP_WRITE : 0);

	(void)e;
	if (what == CURL_POLL_REMOVE) {
		if (w)
			loop_unwatch(h->l, w);
		(void)h->curl.multi_assign(h->multi, fd, NULL);
		return 0;
	}
	if (w)
		return loop_rewatch(h->l, w, events);
	w = loop_watch(h->l, fd, events, on_socket, h);
	(void)h->curl.multi_assign(h->multi, fd, w);
	return w ? 0 : -1;
}

static void act(struct http *h, curl_socket_t fd, int events)
{
	int running;

	(void)h->curl.multi_socket_action(h->multi, fd, events, &running);
	collect(h);
}

static void on_socket(void *arg, int fd, unsigned events)
{
	/* An error or hang-up shows when it reads: libcurl does what it waits for. */
	act(arg, fd, (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0) |
			     (events & LOOP_HANGUP ? CURL_CSELECT_ERR : 0));
}

static void on_timer(void *arg)
{
	struct http *h = arg;

	h->timer = NULL;
	act(h, CURL_SOCKET_TIMEOUT, 0);
}

static int want_timer(CURLM *m, long ms, void *arg)
{
	struct http *h = arg;

	(void)m;
	if (h->timer)
		loop_cancel(h->l, h->timer);
	h->timer = ms < 0 ? NULL : loop_at(h->l, ms ? clock_boot() + (int64_t)ms * 1000000 : 0, on_timer, h);
	return 0;
}

/* --- the client --------------------------------------------------------------- */

/* CURL_CA_BUNDLE and so on, as the program curl; they stay ours as long as we run. */
static void find_ca(struct http *h)
{
	const char *file = getenv("CURL_CA_BUNDLE");

	if (!file || !*file)
		file = getenv("SSL_CERT_FILE");
	h->ca_file = file && *file ? file : NULL;
	h->ca_dir = getenv("SSL_CERT_DIR");
	if (h->ca_dir && !*h->ca_dir)
		h->ca_dir = NULL;
}

/* Where libcurl would look for proxies of http and https. */
static bool has_proxies(void)
{
	static const char *const names[] = { "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (getenv(names[i]))
			return true;
	return false;
}

static struct http_call *call_new(struct http *h)
{
	struct http_call *c = mem_alloc(sizeof(*c));

	c->h = h;
	buf_init(&c->head, HTTP_HEADERS_MAX);
	buf_init(&c->url, TEXT_MAX);
	c->easy = h->curl.easy_init();
	c->parts = h->curl.url();
	if (!c->easy || !c->parts)
		mem_abort("no memory for a request");
	return c;
}

static void call_free(struct http_call *c)
{
	c->h->curl.easy_cleanup(c->easy);
	c->h->curl.url_cleanup(c->parts);
	if (c->lines)
		c->h->curl.slist_free_all(c->lines);
	buf_release(&c->head);
	buf_release(&c->url);
	buf_release(&c->body);
	mem_free(c);
}

struct http *http_new(struct loop *l, const char *agent, const char **error)
{
	struct http *h = mem_alloc(sizeof(*h));

	*error = curl_load(&h->curl);
	if (!*error && h->curl.global_init(CURL_GLOBAL_ALL))
		*error = "libcurl could not be initialised";
	if (*error) {
		mem_free(h);
		return NULL;
	}
	h->l = l;
	buf_init(&h->agent, 256);
	buf_addz(&h->agent, agent);
	buf_init(&h->text, TEXT_MAX);
	buf_init(&h->joined, HTTP_HEADERS_MAX);
	find_ca(h);
	h->proxies = has_proxies();
	h->multi = h->curl.multi_init();
	if (!h->multi)
		mem_abort("no memory for libcurl");
	(void)h->curl.multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	(void)h->curl.multi_setopt(h->multi, CURLMOPT_SOCKETDATA, (void *)h);
	(void)h->curl.multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	(void)h->curl.multi_setopt(h->multi, CURLMOPT_TIMERDATA, (void *)h);
	/* By default it keeps four for each request under way, and closes them as a batch ends. */
	(void)h->curl.multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
	h->spare = call_new(h);
	if (!send_options(h->spare)) {
		*error = "libcurl.so.4 is too old: 7.85 or later is needed";
		http_free(h);
		return NULL;
	}
	return h;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	while (h->active) {
		struct http_call *c = h->active;

		h->active = c->next;
		(void)h->curl.multi_remove_handle(h->multi, c->easy);
		if (c->timer)
			loop_cancel(h->l, c->timer);
		call_free(c);
	}
	while (h->spare) {
		struct http_call *c = h->spare;

		h->spare = c->next;
		call_free(c);
	}
	(void)h->curl.multi_cleanup(h->multi);
	if (h->timer)
		loop_cancel(h->l, h->timer);
	h->curl.global_cleanup();
	buf_release(&h->agent);
	buf_release(&h->text);
	buf_release(&h->joined);
	mem_free(h);
}

/* --- a request ----------------------------------------------------------------- */

static void recycle(struct http_call *c)
{
	struct http *h = c->h;

	if (c->lines) {
		(void)h->curl.easy_setopt(c->easy, CURLOPT_HTTPHEADER, NULL);
		h->curl.slist_free_all(c->lines);
		c->lines = NULL;
	}
	if (c->rare) {
		h->curl.easy_reset(c->easy);
		(void)send_options(c);
	}
	if (c->body.cap > BODY_KEPT)
		buf_release(&c->body);
	c->next = h->spare;
	h->spare = c;
}

static void put_peer(struct http_call *c, struct http_result *r)
{
	char *ip = NULL;
	long port = 0;

	if (c->h->curl.easy_getinfo(c->easy, CURLINFO_PRIMARY_IP, &ip) || !ip || !*ip)
		return;
	(void)c->h->curl.easy_getinfo(c->easy, CURLINFO_PRIMARY_PORT, &port);
	(void)snprintf(r->peer, sizeof(r->peer), strchr(ip, ':') ? "[%.45s]:%ld" : "%.45s:%ld", ip, port);
}

static struct str why_not(const struct http_call *c, CURLcode code)
{
	if (c->refused)
		return str_of(c->refused);
	if (c->stopped)
		return (struct str){ "stopped", 7 };
	if (c->timeout)
		return (struct str){ "timeout", 7 };
	return str_of(c->error[0] ? c->error : c->h->curl.easy_strerror(code));
}

/* Ends c with libcurl's verdict; the handle is out of the multi handle already. */
static void deliver(struct http_call *c, CURLcode code)
{
	struct http *h = c->h;
	struct http_result r = { .timeout = c->timeout, .stopped = c->stopped, .truncated = c->truncated };
	long status = 0, sent = 0;

	if (!c->refused) {
		(void)h->curl.easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
		(void)h->curl.easy_getinfo(c->easy, CURLINFO_REQUEST_SIZE, &sent);
		put_peer(c, &r);
	}
	r.status = (int)status;
	r.answered = !c->refused && !c->stopped && !c->timeout && status && (!code || (code == CURLE_WRITE_ERROR && c->truncated));
	r.maybe_sent = sent > 0;
	if (!r.answered)
		r.error = why_not(c, code);
	r.headers = h->headers;
	r.header_count = head_list(c);
	r.body = c->body.p ? buf_str(&c->body) : (struct str){ "", 0 };
	r.took = clock_boot() - c->started;
	if (c->timer)
		loop_cancel(h->l, c->timer);
	c->timer = NULL;
	*(c->prev ? &c->prev->next : &h->active) = c->next;
	if (c->next)
		c->next->prev = c->prev;
	c->spec.on_done(c->spec.arg, &r);
	recycle(c);
}

static void collect(struct http *h)
{
	CURLMsg *m;
	int left;

	while ((m = h->curl.multi_info_read(h->multi, &left))) {
		CURLcode code = m->data.result;
		CURL *e = m->easy_handle;
		void *c = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		(void)h->curl.easy_getinfo(e, CURLINFO_PRIVATE, (char **)&c);
		(void)h->curl.multi_remove_handle(h->multi, e); /* m is gone */
		deliver(c, code);
	}
}

/* Total time is over, or the call was refused or stopped before. */
static void on_end(void *arg)
{
	struct http_call *c = arg;

	c->timer = NULL;
	if (!c->refused) {
		c->timeout = !c->stopped;
		(void)c->h->curl.multi_remove_handle(c->h->multi, c->easy);
	}
	deliver(c, CURLE_ABORTED_BY_CALLBACK);
}

struct http_call *http_start(struct http *h, const struct http_spec *spec)
{
	struct http_call *c = h->spare;
	int64_t end = 0;
	CURLMcode added;

	if (c) {
		h->spare = c->next;
	} else {
		c = call_new(h);
		(void)send_options(c);
	}
	c->spec = *spec;
	if (!c->spec.max_body || c->spec.max_body > HTTP_BODY_MAX)
		c->spec.max_body = HTTP_BODY_MAX;
	buf_clear(&c->head);
	buf_clear(&c->body);
	c->body.max = c->spec.max_body;
	c->stopped = c->timeout = c->truncated = false;
	c->error[0] = 0;
	c->prev = NULL;
	c->next = h->active;
	if (c->next)
		c->next->prev = c;
	h->active = c;
	c->started = clock_boot();
	c->refused = send_request(c);
	c->spec.headers = NULL;
	if (!c->refused) {
		added = h->curl.multi_add_handle(h->multi, c->easy);
		c->refused = added ? h->curl.multi_strerror(added) : NULL;
	}
	if (c->refused)
		c->timer = loop_at(h->l, 0, on_end, c);
	else if (spec->timeout > 0)
		c->timer = loop_at(h->l, __builtin_add_overflow(c->started, spec->timeout, &end) ? INT64_MAX : end, on_end, c);
	return c;
}

void http_stop(struct http_call *c)
{
	if (c->refused || c->stopped)
		return;
	c->stopped = true;
	if (c->timer)
		loop_cancel(c->h->l, c->timer);
	c->timer = loop_at(c->h->l, 0, on_end, c);
}
