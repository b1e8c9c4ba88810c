#include "host/http_call.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/mem.h"
#include "host/clock.h"
#include "host/curl_mem.h"
#include "host/loop.h"

/*
 * http_work: the threads that run requests, so that libcurl's work goes on while the
 * run writes its records. One does for a few at a time; whoever has more at once gets a
 * second one, for libcurl takes longer for a request than all else together. Where no
 * thread can be had (a full process table must not forbid an undo), a timer of the
 * run's loop does its turns.
 */

enum { CONNECTIONS_KEPT = 128 }; /* of each worker */
static const int64_t ms = 1000000, look_after = 3600000 * INT64_C(1000000), alone_every = 2 * INT64_C(1000000);

void http_list_add(struct http_list *l, struct http_call *c)
{
	c->next = NULL;
	if (l->first)
		l->last->next = c;
	else
		l->first = c;
	l->last = c;
}

/* --- a call under way ------------------------------------------------------------- */

/* c is out of the multi handle. */
static void end_call(struct http_worker *w, struct http_call *c, CURLcode code)
{
	c->code = code;
	c->took = clock_boot() - c->started;
	*(c->prev ? &c->prev->next : &w->active) = c->next;
	if (c->next)
		c->next->prev = c->prev;
	http_list_add(&w->over, c);
}

static void break_off(struct http_worker *w, struct http_call *c)
{
	(void)w->h->curl.multi_remove_handle(w->multi, c->easy);
	end_call(w, c, CURLE_ABORTED_BY_CALLBACK);
}

static void begin_call(struct http_worker *w, struct http_call *c)
{
	const struct curl *u = &w->h->curl;
	CURLMcode added = c->refused ? CURLM_OK : u->multi_add_handle(w->multi, c->easy);

	if (added)
		c->refused = u->multi_strerror(added);
	if (c->spec.timeout <= 0 || __builtin_add_overflow(c->started, c->spec.timeout, &c->until))
		c->until = INT64_MAX;
	c->prev = NULL;
	c->next = w->active;
	if (c->next)
		c->next->prev = c;
	w->active = c;
	if (c->refused)
		end_call(w, c, CURLE_FAILED_INIT);
}

static void collect(struct http_worker *w)
{
	const struct curl *u = &w->h->curl;
	CURLMsg *m;
	int left;

	while ((m = u->multi_info_read(w->multi, &left))) {
		CURLcode code = m->data.result;
		CURL *e = m->easy_handle;
		void *c = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		(void)u->easy_getinfo(e, CURLINFO_PRIVATE, (char **)&c);
		(void)u->multi_remove_handle(w->multi, e); /* m is gone */
		end_call(w, c, code);
	}
}

/* Ends what is late; returns how long the next one has, at most look_after. */
static int64_t end_late(struct http_worker *w)
{
	int64_t now = w->active ? clock_boot() : 0, first = INT64_MAX;

	for (struct http_call *c = w->active, *next; c; c = next) {
		next = c->next;
		if (c->until <= now) {
			c->timeout = true;
			break_off(w, c);
		} else if (c->until < first) {
			first = c->until;
		}
	}
	return first - now < look_after ? first - now : look_after;
}

/* --- the thread --------------------------------------------------------------------- */

static void tell(struct http *h)
{
	const uint64_t one = 1;

	while (write(h->told, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
}

/* What has ended, for the run's side. True: it must be told. */
static bool hand_over(struct http_worker *w)
{
	struct http *h = w->h;
	bool first = w->over.first && !h->done.first;

	while (w->over.first) {
		struct http_call *c = w->over.first;

		w->over.first = c->next;
		c->away = false;
		w->load--;
		http_list_add(&h->done, c);
	}
	return first;
}

/* Hands over what has ended and takes what was asked for. False: quit. */
static bool exchange(struct http_worker *w)
{
	struct http *h = w->h;
	bool ended, quit, stops;
	struct http_call *asked;

	(void)pthread_mutex_lock(&h->lock);
	ended = hand_over(w);
	asked = w->asked.first;
	w->asked.first = NULL;
	stops = w->stops;
	w->stops = false;
	for (struct http_call *c = stops ? w->active : NULL; c; c = c->next)
		c->stopped = c->stop;
	for (struct http_call *c = stops ? asked : NULL; c; c = c->next)
		c->stopped = c->stop;
	quit = w->quit;
	(void)pthread_mutex_unlock(&h->lock);
	if (ended)
		tell(h);
	while (asked) {
		struct http_call *c = asked;

		asked = c->next;
		begin_call(w, c);
	}
	for (struct http_call *c = stops ? w->active : NULL, *next; c; c = next) {
		next = c->next;
		if (c->stopped)
			break_off(w, c);
	}
	return !quit;
}

/* What can be done now. Returns how long nothing will be due but libcurl's own. */
static int64_t go_on(struct http_worker *w)
{
	int running;

	(void)w->h->curl.multi_perform(w->multi, &running);
	collect(w);
	return end_late(w);
}

/* Nothing to hand over, nothing asked: whoever asks from now on must wake us. */
static bool may_sleep(struct http_worker *w)
{
	bool idle;

	if (w->over.first)
		return false;
	(void)pthread_mutex_lock(&w->h->lock);
	idle = w->asleep = !w->asked.first && !w->stops && !w->quit;
	(void)pthread_mutex_unlock(&w->h->lock);
	return idle;
}

static void *work(void *arg)
{
	struct http_worker *w = arg;

	curl_mem_keep();
	while (exchange(w)) {
		int64_t wait = go_on(w);

		if (!w->over.first) /* what others have ready behind this needs no waking */
			(void)sched_yield();
		if (may_sleep(w)) /* rounded up: not early */
			(void)w->h->curl.multi_poll(w->multi, NULL, 0, (int)((wait + ms - 1) / ms), NULL);
	}
	curl_mem_keep_end();
	return NULL;
}

/* The same without a thread. */
static void on_turn(void *arg)
{
	struct http *h = arg;
	struct http_worker *w = h->worker;

	h->turn = NULL;
	(void)exchange(w);
	(void)go_on(w);
	(void)exchange(w);
	if (w->active || w->over.first)
		h->turn = loop_at(h->l, clock_boot() + alone_every, on_turn, h);
}

/* --- workers -------------------------------------------------------------------------- */

/* False: it could not be woken, for lack of descriptors. */
static bool worker_init(struct http_worker *w, struct http *h)
{
	w->h = h;
	w->multi = h->curl.multi_init();
	if (!w->multi)
		mem_abort("no memory for libcurl");
	/* By default it keeps four for each request under way, and closes them as a batch ends. */
	(void)h->curl.multi_setopt(w->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
	return !h->curl.multi_wakeup(w->multi);
}

static void worker_start(struct http_worker *w)
{
	sigset_t all, old;

	(void)sigfillset(&all); /* signals are the run's */
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	w->threaded = !pthread_create(&w->thread, NULL, work, w);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* What it still has is broken off. */
static void worker_end(struct http_worker *w)
{
	if (w->threaded) {
		(void)pthread_mutex_lock(&w->h->lock);
		w->quit = true;
		(void)pthread_mutex_unlock(&w->h->lock);
		(void)w->h->curl.multi_wakeup(w->multi);
		(void)pthread_join(w->thread, NULL);
	}
	while (w->asked.first) {
		struct http_call *c = w->asked.first;

		w->asked.first = c->next;
		http_list_add(&w->over, c);
	}
	while (w->active)
		break_off(w, w->active);
	(void)hand_over(w);
}

bool work_start(struct http *h)
{
	struct http_worker *first = h->worker;
	bool wakes = worker_init(first, h);

	h->workers = 1;
	h->told = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	(void)pthread_mutex_init(&h->lock, NULL);
	if (h->told < 0 || !wakes)
		return false;
	worker_start(first);
	return true;
}

void work_end(struct http *h)
{
	for (int i = 0; i < h->workers; i++)
		worker_end(&h->worker[i]);
	if (h->turn)
		loop_cancel(h->l, h->turn);
	if (h->workers)
		(void)pthread_mutex_destroy(&h->lock);
}

void work_free(struct http *h)
{
	for (int i = 0; i < h->workers; i++)
		(void)h->curl.multi_cleanup(h->worker[i].multi);
}

/* For the next call. The first worker has them all as long as it has few: the connections are its own. */
static struct http_worker *choose(struct http *h)
{
	struct http_worker *first = h->worker, *second = first + 1;

	if (first->load < HTTP_WORKER_FULL || !first->threaded)
		return first;
	if (h->workers < HTTP_WORKERS) {
		h->workers = HTTP_WORKERS;
		if (worker_init(second, h))
			worker_start(second);
	}
	return second->threaded && second->load < first->load ? second : first;
}

/* --- the other side ------------------------------------------------------------------ */

/* Locked before, unlocked behind: the worker has something to look at. */
static void unlock_and_rouse(struct http_worker *w)
{
	struct http *h = w->h;
	bool asleep = w->asleep;

	w->asleep = false;
	(void)pthread_mutex_unlock(&h->lock);
	if (w->threaded && asleep)
		(void)h->curl.multi_wakeup(w->multi);
	if (!w->threaded && !h->turn)
		h->turn = loop_at(h->l, 0, on_turn, h);
}

void work_ask(struct http *h, struct http_call *c)
{
	(void)pthread_mutex_lock(&h->lock);
	c->worker = choose(h);
	c->worker->load++;
	http_list_add(&c->worker->asked, c);
	c->away = true;
	unlock_and_rouse(c->worker);
}

void work_stop(struct http_call *c)
{
	struct http_worker *w = c->worker;

	(void)pthread_mutex_lock(&w->h->lock);
	if (c->away)
		c->stop = w->stops = true;
	unlock_and_rouse(w);
}
