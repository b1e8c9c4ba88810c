/* http: against a server that behaves well and badly: what came, what may have been sent, what is reused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "host/clock.h"
#include "host/http.h"
#include "host/loop.h"
#include "http_server.h"

static const int64_t ms = 1000000;

/* In the program itself, so that it stands before libc's: no threads for those who ask while it is set. */
static _Thread_local bool no_threads; /* the server has its own */
int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
	int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	void *p = dlsym(RTLD_NEXT, "pthread_create");

	memcpy(&real, &p, sizeof(real));
	return no_threads ? EAGAIN : real(thread, attr, start, arg);
}

struct seen { struct http_result r; struct buf body, error, heads; struct http_call *c; bool done; };

enum { MAX = 200 };
struct world {
	struct loop *l;
	struct http *h;
	struct http_server s;
	struct seen seen[MAX];
	char url[MAX][128];
	int started, done;
};
static struct world *the_world;

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	const char *error;
	int err;

	unsetenv("http_proxy"), unsetenv("https_proxy"), unsetenv("all_proxy"), unsetenv("ALL_PROXY");
	http_server_start(&w->s);
	w->l = loop_new(&err);
	w->h = http_new(w->l, "runbook/test", &error);
	the_world = w;
	*state = w;
	return w->h ? 0 : -1;
}

/* A full process table: requests run in the run's loop. */
static int setup_alone(void **state)
{
	struct world *w;
	const char *error;

	if (setup(state))
		return -1;
	w = *state;
	http_free(w->h);
	no_threads = true;
	w->h = http_new(w->l, "runbook/test", &error);
	no_threads = false;
	return w->h ? 0 : -1;
}

static int teardown(void **state)
{
	struct world *w = *state;

	http_free(w->h);
	loop_free(w->l);
	http_server_stop(&w->s);
	for (int i = 0; i < w->started; i++)
		buf_release(&w->seen[i].body), buf_release(&w->seen[i].error), buf_release(&w->seen[i].heads);
	free(w);
	return 0;
}

static void on_done(void *arg, const struct http_result *r)
{
	struct seen *s = arg;

	assert_false(s->done);
	s->done = true;
	s->r = *r;
	buf_adds(&s->body, r->body);
	buf_adds(&s->error, r->error);
	buf_addc(&s->heads, '\n');
	for (size_t i = 0; i < r->header_count; i++)
		buf_printf(&s->heads, STR_FMT "=" STR_FMT "\n", STR_ARG(r->headers[i].name), STR_ARG(r->headers[i].value));
	the_world->done++;
}

static struct seen *start(struct world *w, const char *method, const char *path, struct http_spec spec)
{
	struct seen *s = &w->seen[w->started];
	char *url = w->url[w->started++];

	buf_init(&s->body, 128 << 20);
	buf_init(&s->error, 4096);
	buf_init(&s->heads, 1 << 20);
	snprintf(url, sizeof(w->url[0]), path[0] == '/' ? "http://127.0.0.1:%d%s" : "%.0d%s", path[0] == '/' ? w->s.port : 0, path);
	spec.method = str_of(method);
	spec.url = str_of(url);
	spec.on_done = on_done;
	spec.arg = s;
	s->c = http_start(w->h, &spec);
	assert_false(s->done);
	return s;
}

static void wait_all(struct world *w)
{
	int64_t end = clock_boot() + 20000 * ms;

	while (w->done < w->started) {
		assert_true(loop_turn(w->l, 100 * ms) >= 0);
		assert_true(clock_boot() < end);
	}
}

static struct seen *call(struct world *w, const char *method, const char *path, struct http_spec spec)
{
	struct seen *s = start(w, method, path, spec);

	wait_all(w);
	return s;
}

#define PLAIN ((struct http_spec){ .follow = 0 })

static void has_text(const struct buf *b, const char *text)
{
	if (!b->p || !strstr(b->p, text))
		fail_msg("`%s` is not in `%s`", text, b->p ? b->p : "");
}

static void test_answer(void **state)
{
	struct world *w = *state;
	struct seen *s = call(w, "GET", "/ok", PLAIN);

	assert_true(s->r.answered && s->r.maybe_sent && !s->r.truncated);
	assert_int_equal(s->r.status, 200);
	assert_string_equal(s->body.p, "hello");
	has_text(&s->heads, "\nx-test=Yes\n");
	assert_true(s->r.took > 0);
	s = call(w, "GET", "/status/503", PLAIN);
	assert_true(s->r.answered);
	assert_int_equal(s->r.status, 503);
	assert_string_equal(s->body.p, "why");
}

static void test_connections_are_reused(void **state)
{
	struct world *w = *state;

	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 16; i++)
			start(w, "GET", "/ok", PLAIN);
		wait_all(w);
	}
	for (int i = 0; i < w->started; i++)
		assert_true(w->seen[i].r.answered);
	assert_int_equal(__atomic_load_n(&w->s.requests, __ATOMIC_SEQ_CST), 80);
	assert_true(__atomic_load_n(&w->s.connections, __ATOMIC_SEQ_CST) <= 17);
}

static void test_dead_connection(void **state)
{
	struct world *w = *state;
	struct seen *s;

	/* kept, but closed by the server: a GET is repeated, anything else gets a connection of its own */
	call(w, "GET", "/once", PLAIN);
	s = call(w, "GET", "/ok", PLAIN);
	assert_true(s->r.answered);
	call(w, "GET", "/ok", PLAIN);
	s = call(w, "POST", "/drop", (struct http_spec){ .body = STR("x"), .has_body = true });
	assert_false(s->r.answered);
	assert_true(s->r.maybe_sent);
	/* once, twice (and perhaps once in vain), three times, one POST: never two */
	assert_true(__atomic_load_n(&w->s.requests, __ATOMIC_SEQ_CST) <= 4);
}

static void test_what_is_sent(void **state)
{
	struct world *w = *state;
	struct http_header h[] = { { STR("X-A"), STR("1") }, { STR("X-Empty"), STR("") }, { STR("content-type"), STR("text/x") } };
	struct http_header own = { STR("user-agent"), STR("mine") };
	struct seen *s = call(w, "GET", "/echo?a=b%20c", (struct http_spec){ .headers = h, .header_count = 2 });

	has_text(&s->body, "GET /echo?a=b%20c HTTP/1.1\r\n");
	has_text(&s->body, "User-Agent: runbook/test\r\n");
	has_text(&s->body, "X-A: 1\r\n");
	has_text(&s->body, "X-Empty:\r\n");
	assert_null(strcasestr(s->body.p, "accept-encoding"));
	s = call(w, "POST", "/echo", (struct http_spec){ .headers = h, .header_count = 3, .body = STR("{\"a\":1}"), .has_body = true });
	has_text(&s->body, "POST /echo HTTP/1.1\r\n");
	has_text(&s->body, "content-type: text/x\r\n");
	has_text(&s->body, "\r\n\r\n{\"a\":1}");
	has_text(&s->body, "User-Agent: runbook/test\r\n");
	s = call(w, "GET", "/echo", (struct http_spec){ .headers = &own, .header_count = 1 });
	has_text(&s->body, "user-agent: mine\r\n");
	assert_null(strstr(s->body.p, "runbook/test"));
	has_text(&call(w, "GET", "/echo", PLAIN)->body, "User-Agent: runbook/test\r\n");
	s = call(w, "PUT", "/echo", (struct http_spec){ .body = STR("b"), .has_body = true });
	has_text(&s->body, "PUT /echo HTTP/1.1\r\n");
	assert_null(strcasestr(s->body.p, "content-type"));
	s = call(w, "DELETE", "/echo", PLAIN);
	has_text(&s->body, "DELETE /echo HTTP/1.1\r\n");
	assert_null(strcasestr(s->body.p, "content-length"));
	s = call(w, "POST", "/echo", PLAIN);
	has_text(&s->body, "Content-Length: 0\r\n");
	s = call(w, "GET", "/echo", (struct http_spec){ .user = STR("me"), .password = STR("pw") });
	has_text(&s->body, "Authorization: Basic bWU6cHc=\r\n");
	/* nothing of the ones before sticks to the handle */
	s = call(w, "GET", "/echo", PLAIN);
	has_text(&s->body, "GET /echo HTTP/1.1\r\n");
	assert_null(strstr(s->body.p, "Authorization"));
	assert_null(strstr(s->body.p, "X-A"));
	assert_null(strcasestr(s->body.p, "content-length"));
	s = call(w, "HEAD", "/ok", PLAIN);
	assert_true(s->r.answered);
	assert_int_equal(s->body.len, 0);
	s = call(w, "GET", "/ok", PLAIN);
	assert_string_equal(s->body.p, "hello");
}

static void test_large_body_out(void **state)
{
	struct world *w = *state;
	size_t n = 3 << 20;
	char *big = malloc(n);
	int64_t from = clock_boot();
	struct seen *s;

	memset(big, 'u', n);
	s = call(w, "POST", "/echo", (struct http_spec){ .body = { big, n }, .has_body = true });
	assert_true(s->r.answered);
	assert_true(s->body.len > n);
	assert_null(strcasestr(s->body.p, "expect:")); /* it would wait a second */
	assert_true(clock_boot() > from);
	free(big);
}

static void test_same_header_several_times(void **state)
{
	struct seen *s = call(*state, "GET", "/dup", PLAIN);

	has_text(&s->heads, "\na=1, 2, 3\n");
	has_text(&s->heads, "\nb=x\n");
	has_text(&s->heads, "\nempty=\n");
}

static void test_redirects(void **state)
{
	struct seen *s = call(*state, "GET", "/redir", PLAIN);

	assert_int_equal(s->r.status, 302);
	has_text(&s->heads, "\nlocation=/ok\n");
	assert_string_equal(s->body.p, "moved");
	s = call(*state, "GET", "/redir", (struct http_spec){ .follow = 3 });
	assert_int_equal(s->r.status, 200);
	assert_string_equal(s->body.p, "hello");
	assert_null(strstr(s->heads.p, "x-first"));
	s = call(*state, "GET", "/redir", PLAIN); /* not for the next one */
	assert_int_equal(s->r.status, 302);
}

/* A secret in a header or the body is for the host that was named. */
static void test_confined_redirects(void **state)
{
	struct seen *s = call(*state, "POST", "/redir-away", (struct http_spec){ .follow = 3 });

	assert_int_equal(s->r.status, 200);
	s = call(*state, "POST", "/redir-away", (struct http_spec){ .follow = 3, .confined = true });
	assert_false(s->r.answered);
	assert_true(s->r.maybe_sent && s->r.hopeless);
	has_text(&s->error, "another host");
	s = call(*state, "GET", "/redir", (struct http_spec){ .follow = 3, .confined = true });
	assert_int_equal(s->r.status, 200);
	s = call(*state, "POST", "/redir-away", (struct http_spec){ .follow = 3 }); /* not for the next one */
	assert_int_equal(s->r.status, 200);
}

static void test_body_cap(void **state)
{
	struct seen *s = call(*state, "GET", "/big", PLAIN);

	assert_true(s->r.answered && !s->r.truncated);
	assert_int_equal(s->body.len, 8 << 20);
	s = call(*state, "GET", "/big", (struct http_spec){ .max_body = 100000 });
	assert_true(s->r.answered && s->r.truncated);
	assert_int_equal(s->body.len, 100000);
	s = call(*state, "GET", "/ok", (struct http_spec){ .max_body = 5 });
	assert_true(s->r.answered && !s->r.truncated);
}

static void lost(const struct seen *s, bool maybe_sent)
{
	assert_false(s->r.answered);
	assert_int_equal(s->r.maybe_sent, maybe_sent);
	assert_true(s->error.len > 0);
	assert_false(s->r.timeout || s->r.stopped);
}

static void test_broken_connections(void **state)
{
	struct world *w = *state;
	char closed[64];
	struct http_server gone;

	lost(call(w, "GET", "/drop", PLAIN), true);
	lost(call(w, "GET", "/reset", PLAIN), true);
	lost(call(w, "GET", "/half", PLAIN), true);
	http_server_start(&gone);
	http_server_stop(&gone);
	snprintf(closed, sizeof(closed), "http://127.0.0.1:%d/", gone.port);
	lost(call(w, "POST", closed, (struct http_spec){ .body = STR("x"), .has_body = true }), false);
	has_text(&w->seen[w->started - 1].error, "onnect");
	lost(call(w, "GET", "http://no-such-host.invalid/", PLAIN), false);
	lost(call(w, "GET", "https://127.0.0.1:1/", PLAIN), false);
}

static void test_refused(void **state)
{
	struct world *w = *state;
	struct http_header bad[] = { { STR("X"), STR("a\r\nEvil: 1") } }, name[] = { { STR("X Y"), STR("a") } };
	int before = __atomic_load_n(&w->s.requests, __ATOMIC_SEQ_CST);
	char user[64];

	lost(call(w, "GET", "file:///etc/passwd", PLAIN), false);
	lost(call(w, "GET", "ftp://127.0.0.1/", PLAIN), false);
	snprintf(user, sizeof(user), "http://a:b@127.0.0.1:%d/ok", w->s.port);
	lost(call(w, "GET", user, PLAIN), false);
	lost(call(w, "GET", "/ok", (struct http_spec){ .headers = bad, .header_count = 1 }), false);
	lost(call(w, "GET", "/ok", (struct http_spec){ .headers = name, .header_count = 1 }), false);
	lost(call(w, "GET /evil HTTP/1.1\r\nX:", "/ok", PLAIN), false);
	lost(call(w, "", "/ok", PLAIN), false);
	lost(call(w, "HEAD", "/ok", (struct http_spec){ .body = STR("x"), .has_body = true }), false);
	assert_int_equal(__atomic_load_n(&w->s.requests, __ATOMIC_SEQ_CST), before);
	assert_true(call(w, "GET", "/ok", PLAIN)->r.answered);
	/* no path at the host that the same handle asked before */
	lost(call(w, "GET", "none:no-such-port", PLAIN), false);
	lost(call(w, "POST", "?x=1", PLAIN), false);
	assert_int_equal(__atomic_load_n(&w->s.requests, __ATOMIC_SEQ_CST), before + 1);
	assert_true(call(w, "GET", "/ok", PLAIN)->r.answered);
}

static void test_timeout_and_stop(void **state)
{
	struct world *w = *state;
	struct seen *s = call(w, "POST", "/silent", (struct http_spec){ .timeout = 150 * ms, .body = STR("x"), .has_body = true });

	assert_true(s->r.timeout && s->r.maybe_sent && !s->r.answered);
	assert_true(s->r.took >= 150 * ms);
	s = start(w, "GET", "/silent", (struct http_spec){ .timeout = 10000 * ms });
	loop_turn(w->l, 50 * ms);
	http_stop(s->c);
	http_stop(s->c);
	assert_false(s->done);
	wait_all(w);
	assert_true(s->r.stopped && !s->r.timeout && !s->r.answered);
	s = start(w, "GET", "/ok", PLAIN);
	http_stop(s->c); /* before it was sent */
	wait_all(w);
	assert_true(s->r.stopped || s->r.answered);
	assert_true(call(w, "GET", "/ok", PLAIN)->r.answered);
}

/* Whatever the thread is at: each call ends once, and the next one is not hit. */
static void test_stop_at_any_moment(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 90; i++) {
		struct seen *s = start(w, "GET", i % 3 ? "/ok" : "/silent", (struct http_spec){ .timeout = 10000 * ms });

		for (int64_t until = clock_boot() + i % 30 * 20000; clock_boot() < until;)
			loop_turn(w->l, 0);
		if (!s->done)
			http_stop(s->c);
		if (i % 2)
			wait_all(w);
	}
	wait_all(w);
	assert_int_equal(w->done, 90);
	assert_true(call(w, "GET", "/ok", PLAIN)->r.answered);
}

static void test_free_with_calls_under_way(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 12; i++)
		start(w, "GET", "/silent", (struct http_spec){ .timeout = 10000 * ms });
	loop_turn(w->l, 50 * ms);
	assert_int_equal(w->done, 0);
}

/* More than one thread is for; those of each are stopped, and their connections used again. */
static void many_at_once(struct world *w)
{
	for (int i = 0; i < 12; i++)
		start(w, "GET", "/silent", (struct http_spec){ .timeout = 10000 * ms });
	loop_turn(w->l, 50 * ms);
	for (int i = 0; i < 12; i += 2)
		http_stop(w->seen[i].c);
	while (w->done < 6)
		assert_true(loop_turn(w->l, 1000 * ms) >= 0);
	for (int i = 0; i < 12; i++)
		assert_true(w->seen[i].done == !(i % 2) && w->seen[i].r.stopped == !(i % 2));
	for (int i = 0; i < 40; i++)
		start(w, "GET", "/ok", PLAIN);
	for (int i = 1; i < 12; i += 2)
		http_stop(w->seen[i].c);
	wait_all(w);
	for (int i = 0; i < w->started; i++)
		assert_true(i < 12 ? w->seen[i].r.stopped : w->seen[i].r.answered);
	assert_true(call(w, "GET", "/ok", PLAIN)->r.answered);
}

static void test_many_at_once(void **state)
{
	many_at_once(*state);
}

/* The process table is full when a second thread would be needed: the first one does it all. */
static void test_no_second_thread(void **state)
{
	no_threads = true;
	many_at_once(*state);
	no_threads = false;
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown), \
	{ #name "_alone", name, setup_alone, teardown, NULL }
	const struct CMUnitTest tests[] = {
		T(test_answer), T(test_connections_are_reused), T(test_dead_connection), T(test_what_is_sent), T(test_large_body_out),
		T(test_same_header_several_times), T(test_redirects), T(test_confined_redirects), T(test_body_cap), T(test_broken_connections), T(test_refused),
		T(test_timeout_and_stop), T(test_stop_at_any_moment), T(test_free_with_calls_under_way), T(test_many_at_once), T(test_no_second_thread),
	};

	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
