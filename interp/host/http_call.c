#include "host/http_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/mem.h"
#include "host/clock.h"
#include "host/curl.h"
#include "host/curl_mem.h"
#include "host/http.h"
#include "host/loop.h"

/*
 * http_call: a request from http_start to on_done, on the run's side. Easy handles
 * are kept for the next request.
 */

enum { TEXT_MAX = 1 << 20, BODY_KEPT = 64 << 10 };

static void on_told(void *arg, int fd, unsigned events);

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

/* libcurl formats a line that it is given once for each request, and one that it makes twice. */
static void name_agent(struct http *h)
{
	struct buf line;

	buf_init(&line, 512);
	buf_addz(&line, "User-Agent: ");
	buf_adds(&line, buf_str(&h->agent));
	h->usual_lines = h->curl.slist_append(NULL, line.p);
	buf_release(&line);
	if (!h->usual_lines)
		mem_abort("no memory for libcurl");
}

static struct http_call *call_new(struct http *h)
{
	struct http_call *c = mem_alloc(sizeof(*c));

	c->h = h;
	buf_init(&c->head, HTTP_HEADERS_MAX);
	buf_init(&c->url, TEXT_MAX);
	buf_init(&c->origin, TEXT_MAX);
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
	buf_release(&c->origin);
	buf_release(&c->body);
	mem_free(c);
}

struct http *http_new(struct loop *l, const char *agent, const char **error)
{
	struct http *h = mem_alloc(sizeof(*h));

	*error = curl_load(&h->curl);
	if (!*error && h->curl.global_init_mem(CURL_GLOBAL_ALL, curl_mem_alloc, curl_mem_free, curl_mem_realloc, curl_mem_strdup, curl_mem_calloc))
		*error = "libcurl could not be initialised";
	if (*error) {
		mem_free(h);
		return NULL;
	}
	h->l = l;
	h->told = -1;
	buf_init(&h->agent, 256);
	buf_addz(&h->agent, agent);
	buf_init(&h->text, TEXT_MAX);
	buf_init(&h->joined, HTTP_HEADERS_MAX);
	find_ca(h);
	h->proxies = has_proxies();
	if (!h->proxies)
		name_agent(h);
	h->spare = call_new(h);
	if (!send_options(h->spare))
		*error = "libcurl.so.4 is too old: 7.85 or later is needed";
	else if (!work_start(h) || !(h->watch = loop_watch(l, h->told, LOOP_READ, on_told, h)))
		*error = "no descriptors for requests (see `ulimit -n`)";
	if (!*error)
		return h;
	http_free(h);
	return NULL;
}

static void free_all(struct http_call *c)
{
	while (c) {
		struct http_call *next = c->next;

		call_free(c);
		c = next;
	}
}

void http_free(struct http *h)
{
	if (!h)
		return;
	work_end(h);
	free_all(h->done.first);
	free_all(h->spare);
	h->curl.slist_free_all(h->usual_lines);
	work_free(h);
	h->curl.global_cleanup();
	if (h->watch)
		loop_unwatch(h->l, h->watch);
	if (h->told >= 0)
		(void)close(h->told);
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
		(void)h->curl.easy_setopt(c->easy, CURLOPT_HTTPHEADER, h->usual_lines);
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

static struct str why_not(const struct http_call *c)
{
	if (c->refused)
		return str_of(c->refused);
	if (c->strayed)
		return str_of("the server redirects to another host, which must not see the secret in this request");
	if (c->stopped)
		return (struct str){ "stopped", 7 };
	if (c->timeout)
		return (struct str){ "timeout", 7 };
	return str_of(c->error[0] ? c->error : c->h->curl.easy_strerror(c->code));
}

/* Not the network's or the server's passing trouble. */
static bool hopeless(const struct http_call *c, bool sent)
{
	switch (c->code) {
	case CURLE_UNSUPPORTED_PROTOCOL: /* or an answer that is no HTTP */
		return !sent;
	case CURLE_URL_MALFORMAT:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_USE_SSL_FAILED:
	case CURLE_ABORTED_BY_CALLBACK: /* strayed */
	case CURLE_LOGIN_DENIED:
		return true;
	default:
		return c->refused != NULL;
	}
}

/* The server's lines are no headers; a receiver that it refused is a failure. */
static void deliver_mail(struct http_call *c, struct http_result *r)
{
	struct str refusal = mail_refusal(c);

	if (!r->answered || !refusal.n)
		return;
	buf_clear(&c->h->joined);
	buf_addz(&c->h->joined, "not for all: ");
	buf_adds(&c->h->joined, refusal);
	r->answered = false;
	r->maybe_sent = r->hopeless = true;
	r->error = buf_str(&c->h->joined);
}

static void deliver(struct http_call *c)
{
	struct http *h = c->h;
	struct http_result r = { .timeout = c->timeout, .stopped = c->stopped && !c->refused,
				 .truncated = c->truncated };
	long status = 0, sent = 0;

	if (!c->refused) {
		(void)h->curl.easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
		(void)h->curl.easy_getinfo(c->easy, CURLINFO_REQUEST_SIZE, &sent);
	}
	r.status = (int)status;
	r.answered = !c->refused && !c->stopped && !c->timeout && status &&
		     (!c->code || (c->code == CURLE_WRITE_ERROR && c->truncated));
	r.maybe_sent = sent > 0;
	r.hopeless = !r.answered && hopeless(c, sent > 0);
	if (!r.answered)
		r.error = why_not(c);
	r.headers = h->headers;
	if (c->spec.mail)
		deliver_mail(c, &r);
	else
		r.header_count = head_list(c);
	r.body = c->body.p ? buf_str(&c->body) : (struct str){ "", 0 };
	r.took = c->took;
	c->spec.on_done(c->spec.arg, &r);
	recycle(c);
}

static void on_told(void *arg, int fd, unsigned events)
{
	struct http *h = arg;
	struct http_call *done;
	uint64_t n;

	(void)events;
	(void)!read(fd, &n, sizeof(n));
	(void)pthread_mutex_lock(&h->lock);
	done = h->done.first;
	h->done.first = NULL;
	(void)pthread_mutex_unlock(&h->lock);
	while (done) {
		struct http_call *c = done;

		done = c->next;
		deliver(c);
	}
}

struct http_call *http_start(struct http *h, const struct http_spec *spec)
{
	struct http_call *c = h->spare;

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
	c->stop = c->stopped = c->timeout = c->truncated = c->strayed = false;
	c->error[0] = 0;
	c->started = clock_boot();
	c->took = 0;
	c->refused = send_request(c);
	c->spec.headers = NULL; /* borrowed no longer; of the envelope only that there is one counts */
	work_ask(h, c);
	return c;
}

void http_stop(struct http_call *c)
{
	work_stop(c);
}
