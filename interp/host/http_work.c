#include "host/http_call.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/mem.h"
#include "host/clock.h"
#include "host/loop.h"

/*
 * http_work: the thread that runs requests. libcurl tells it which sockets and what
 * time it waits for; a loop of its own tells libcurl what came. So libcurl's work
 * goes on while the run writes its records. Where no thread can be had (a full process
 * table must not forbid an undo), all of it happens in the run's loop.
 */

enum next { LOOK, WAIT, QUIT };

static enum next exchange(struct http *h);
static void on_socket(void *arg, int fd, unsigned events);
static void collect(struct http *h);

void http_list_add(struct http_list *l, struct http_call *c)
{
	c->next = NULL;
	if (l->first)
		l->last->next = c;
	else
		l->first = c;
	l->last = c;
}

/* --- libcurl's wishes -------------------------------------------------------- */

static int want_socket(CURL *e, curl_socket_t fd, int what, void *arg, void *watch)
{
	struct http *h = arg;
	struct loop_fd *w = watch;
	unsigned events = (what & CURL_POLL_IN ? (unsigned)LOOP_READ : 0) | (what & CURL_POLL_OUT ? (unsigned)LOOP_WRITE : 0);

	(void)e;
	if (what == CURL_POLL_REMOVE) {
		if (w)
			loop_unwatch(h->work, w);
		(void)h->curl.multi_assign(h->multi, fd, NULL);
		return 0;
	}
	if (w)
		return loop_rewatch(h->work, w, events);
	w = loop_watch(h->work, fd, events, on_socket, h);
	(void)h->curl.multi_assign(h->multi, fd, w);
	return w ? 0 : -1;
}

static void act(struct http *h, curl_socket_t fd, int events)
{
	int running;

	(void)h->curl.multi_socket_action(h->multi, fd, events, &running);
	collect(h);
	if (!h->running)
		(void)exchange(h);
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
		loop_cancel(h->work, h->timer);
	h->timer = ms < 0 ? NULL : loop_at(h->work, ms ? clock_boot() + (int64_t)ms * 1000000 : 0, on_timer, h);
	return 0;
}

/* --- a call under way ------------------------------------------------------------- */

/* c is out of the multi handle. */
static void end_call(struct http_call *c, CURLcode code)
{
	struct http *h = c->h;

	c->code = code;
	c->took = clock_boot() - c->started;
	if (c->timer)
		loop_cancel(h->work, c->timer);
	c->timer = NULL;
	*(c->prev ? &c->prev->next : &h->active) = c->next;
	if (c->next)
		c->next->prev = c->prev;
	http_list_add(&h->over, c);
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
		end_call(c, code);
	}
}

static void break_off(struct http_call *c)
{
	(void)c->h->curl.multi_remove_handle(c->h->multi, c->easy);
	end_call(c, CURLE_ABORTED_BY_CALLBACK);
}

/* Total time is over. */
static void on_end(void *arg)
{
	struct http_call *c = arg;
	struct http *h = c->h;

	c->timer = NULL;
	c->timeout = true;
	break_off(c);
	if (!h->running)
		(void)exchange(h);
}

static void begin_call(struct http_call *c)
{
	struct http *h = c->h;
	CURLMcode added = c->refused ? CURLM_OK : h->curl.multi_add_handle(h->multi, c->easy);
	int64_t end;

	if (added)
		c->refused = h->curl.multi_strerror(added);
	c->prev = NULL;
	c->next = h->active;
	if (c->next)
		c->next->prev = c;
	h->active = c;
	if (c->refused) {
		end_call(c, CURLE_FAILED_INIT);
	} else if (c->spec.timeout > 0) {
		if (__builtin_add_overflow(c->started, c->spec.timeout, &end))
			end = INT64_MAX;
		c->timer = loop_at(h->work, end, on_end, c);
	}
}

/* --- the thread --------------------------------------------------------------------- */

static void ring(int fd)
{
	const uint64_t one = 1;

	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
}

static void on_wake(void *arg, int fd, unsigned events)
{
	struct http *h = arg;
	uint64_t n;

	(void)events;
	(void)!read(fd, &n, sizeof(n));
	if (!h->running)
		(void)exchange(h);
}

/* By lock: true if the other side must be told. */
static bool hand_over(struct http *h)
{
	bool tell = h->over.first && !h->done.first;

	while (h->over.first) {
		struct http_call *c = h->over.first;

		h->over.first = c->next;
		c->away = false;
		http_list_add(&h->done, c);
	}
	return tell;
}

/* Hands over what has ended and takes what was asked for. */
static enum next exchange(struct http *h)
{
	struct http_call *asked;
	bool tell, quit, stops, asleep;

	(void)pthread_mutex_lock(&h->lock);
	tell = hand_over(h);
	asked = h->asked.first;
	h->asked.first = NULL;
	stops = h->stops;
	h->stops = false;
	for (struct http_call *c = stops ? h->active : NULL; c; c = c->next)
		c->stopped = c->stop;
	for (struct http_call *c = stops ? asked : NULL; c; c = c->next)
		c->stopped = c->stop;
	quit = h->quit;
	asleep = h->asleep = !h->running || (!asked && !stops && !quit);
	(void)pthread_mutex_unlock(&h->lock);
	if (tell)
		ring(h->told);
	while (asked) {
		struct http_call *c = asked;

		asked = c->next;
		begin_call(c);
	}
	for (struct http_call *c = stops ? h->active : NULL, *next; c; c = next) {
		next = c->next;
		if (c->stopped)
			break_off(c);
	}
	if (!h->running && h->over.first) { /* refused or stopped: nobody would come back for them */
		(void)pthread_mutex_lock(&h->lock);
		tell = hand_over(h);
		(void)pthread_mutex_unlock(&h->lock);
		if (tell)
			ring(h->told);
	}
	return quit ? QUIT : asleep ? WAIT : LOOK;
}

static void *work(void *arg)
{
	struct http *h = arg;
	enum next next;

	while ((next = exchange(h)) != QUIT)
		if (loop_turn(h->work, next == WAIT ? -1 : 0) < 0)
			mem_abort("the event loop of requests failed");
	return NULL;
}

static bool start_thread(struct http *h)
{
	sigset_t all, old;

	(void)sigfillset(&all); /* signals are the run's */
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	h->running = true; /* before the thread looks */
	if (pthread_create(&h->thread, NULL, work, h))
		h->running = false;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return h->running;
}

bool work_start(struct http *h)
{
	int err = 0;

	h->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	h->told = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	h->own = loop_new(&err);
	h->work = h->own;
	if (h->wake < 0 || h->told < 0 || err)
		return false;
	h->wake_watch = loop_watch(h->work, h->wake, LOOP_READ, on_wake, h);
	if (!h->wake_watch)
		return false;
	(void)h->curl.multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	(void)h->curl.multi_setopt(h->multi, CURLMOPT_SOCKETDATA, (void *)h);
	(void)h->curl.multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	(void)h->curl.multi_setopt(h->multi, CURLMOPT_TIMERDATA, (void *)h);
	(void)pthread_mutex_init(&h->lock, NULL);
	if (start_thread(h))
		return true;
	loop_unwatch(h->work, h->wake_watch);
	h->work = h->l;
	h->asleep = true;
	h->wake_watch = loop_watch(h->work, h->wake, LOOP_READ, on_wake, h);
	return h->wake_watch;
}

void work_end(struct http *h)
{
	if (h->running) {
		(void)pthread_mutex_lock(&h->lock);
		h->quit = true;
		(void)pthread_mutex_unlock(&h->lock);
		ring(h->wake);
		(void)pthread_join(h->thread, NULL);
	} else if (h->wake_watch) {
		loop_unwatch(h->work, h->wake_watch);
	}
	while (h->active)
		break_off(h->active);
}

/* --- the other side ------------------------------------------------------------------ */

/* By lock: true if the thread must be woken. */
static bool rouse(struct http *h)
{
	bool asleep = h->asleep;

	h->asleep = false;
	return asleep;
}

void work_ask(struct http *h, struct http_call *c)
{
	bool asleep;

	(void)pthread_mutex_lock(&h->lock);
	http_list_add(&h->asked, c);
	c->away = true;
	asleep = rouse(h);
	(void)pthread_mutex_unlock(&h->lock);
	if (asleep)
		ring(h->wake);
}

void work_stop(struct http *h, struct http_call *c)
{
	bool asleep = false;

	(void)pthread_mutex_lock(&h->lock);
	if (c->away && !c->stop) {
		c->stop = h->stops = true;
		asleep = rouse(h);
	}
	(void)pthread_mutex_unlock(&h->lock);
	if (asleep)
		ring(h->wake);
}
