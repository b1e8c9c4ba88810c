#include "host/http_call.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "host/clock.h"
#include "host/curl_mem.h"
#include "host/loop.h"

/*
 * http_work: the thread that runs requests, so that libcurl's work goes on while the
 * run writes its records. Where no thread can be had (a full process table must not
 * forbid an undo), a timer of the run's loop does its turns.
 */

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
static void end_call(struct http_call *c, CURLcode code)
{
	struct http *h = c->h;

	c->code = code;
	c->took = clock_boot() - c->started;
	*(c->prev ? &c->prev->next : &h->active) = c->next;
	if (c->next)
		c->next->prev = c->prev;
	http_list_add(&h->over, c);
}

static void break_off(struct http_call *c)
{
	(void)c->h->curl.multi_remove_handle(c->h->multi, c->easy);
	end_call(c, CURLE_ABORTED_BY_CALLBACK);
}

static void begin_call(struct http_call *c)
{
	struct http *h = c->h;
	CURLMcode added = c->refused ? CURLM_OK : h->curl.multi_add_handle(h->multi, c->easy);

	if (added)
		c->refused = h->curl.multi_strerror(added);
	if (c->spec.timeout <= 0 || __builtin_add_overflow(c->started, c->spec.timeout, &c->until))
		c->until = INT64_MAX;
	c->prev = NULL;
	c->next = h->active;
	if (c->next)
		c->next->prev = c;
	h->active = c;
	if (c->refused)
		end_call(c, CURLE_FAILED_INIT);
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

/* Ends what is late; returns how long the next one has, at most look_after. */
static int64_t end_late(struct http *h)
{
	int64_t now = h->active ? clock_boot() : 0, first = INT64_MAX;

	for (struct http_call *c = h->active, *next; c; c = next) {
		next = c->next;
		if (c->until <= now) {
			c->timeout = true;
			break_off(c);
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

/* Hands over what has ended and takes what was asked for. False: quit. */
static bool exchange(struct http *h)
{
	bool ended, quit, stops;
	struct http_call *asked;

	(void)pthread_mutex_lock(&h->lock);
	ended = h->over.first && !h->done.first;
	while (h->over.first) {
		struct http_call *c = h->over.first;

		h->over.first = c->next;
		c->away = false;
		http_list_add(&h->done, c);
	}
	asked = h->asked.first;
	h->asked.first = NULL;
	stops = h->stops;
	h->stops = false;
	for (struct http_call *c = stops ? h->active : NULL; c; c = c->next)
		c->stopped = c->stop;
	for (struct http_call *c = stops ? asked : NULL; c; c = c->next)
		c->stopped = c->stop;
	quit = h->quit;
	(void)pthread_mutex_unlock(&h->lock);
	if (ended)
		tell(h);
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
	return !quit;
}

/* What can be done now. Returns how long nothing will be due but libcurl's own. */
static int64_t go_on(struct http *h)
{
	int running;

	(void)h->curl.multi_perform(h->multi, &running);
	collect(h);
	return end_late(h);
}

/* Nothing to hand over, nothing asked: whoever asks from now on must wake us. */
static bool may_sleep(struct http *h)
{
	bool idle;

	if (h->over.first)
		return false;
	(void)pthread_mutex_lock(&h->lock);
	idle = h->asleep = !h->asked.first && !h->stops && !h->quit;
	(void)pthread_mutex_unlock(&h->lock);
	return idle;
}

static void *work(void *arg)
{
	struct http *h = arg;

	curl_mem_keep();
	while (exchange(h)) {
		int64_t wait = go_on(h);

		if (may_sleep(h)) /* rounded up: not early */
			(void)h->curl.multi_poll(h->multi, NULL, 0, (int)((wait + ms - 1) / ms), NULL);
	}
	curl_mem_keep_end();
	return NULL;
}

/* The same without a thread. */
static void on_turn(void *arg)
{
	struct http *h = arg;

	h->turn = NULL;
	(void)exchange(h);
	(void)go_on(h);
	(void)exchange(h);
	if (h->active || h->over.first)
		h->turn = loop_at(h->l, clock_boot() + alone_every, on_turn, h);
}

bool work_start(struct http *h)
{
	sigset_t all, old;

	h->told = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	(void)pthread_mutex_init(&h->lock, NULL);
	if (h->told < 0)
		return false;
	(void)sigfillset(&all); /* signals are the run's */
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	h->threaded = !pthread_create(&h->thread, NULL, work, h);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return true;
}

void work_end(struct http *h)
{
	if (h->threaded) {
		(void)pthread_mutex_lock(&h->lock);
		h->quit = true;
		(void)pthread_mutex_unlock(&h->lock);
		(void)h->curl.multi_wakeup(h->multi);
		(void)pthread_join(h->thread, NULL);
	}
	if (h->turn)
		loop_cancel(h->l, h->turn);
	while (h->active)
		break_off(h->active);
	(void)pthread_mutex_destroy(&h->lock);
}

/* --- the other side ------------------------------------------------------------------ */

/* Locked before, unlocked behind: the work has something to look at. */
static void unlock_and_rouse(struct http *h)
{
	bool asleep = h->asleep;

	h->asleep = false;
	(void)pthread_mutex_unlock(&h->lock);
	if (h->threaded && asleep)
		(void)h->curl.multi_wakeup(h->multi);
	if (!h->threaded && !h->turn)
		h->turn = loop_at(h->l, 0, on_turn, h);
}

void work_ask(struct http *h, struct http_call *c)
{
	(void)pthread_mutex_lock(&h->lock);
	http_list_add(&h->asked, c);
	c->away = true;
	unlock_and_rouse(h);
}

void work_stop(struct http *h, struct http_call *c)
{
	(void)pthread_mutex_lock(&h->lock);
	if (c->away)
		c->stop = h->stops = true;
	unlock_and_rouse(h);
}
