#include "host/loop.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>
#include "base/mem.h"
#include "host/clock.h"
#include "host/timers.h"

/*
 * loop: struct loop_fd is what epoll gives back. A watch that is removed while
 * its turn is under way may still stand in the list of events: it only loses
 * its callback then and is reused after the turn.
 */

enum {
	EVENTS = 128,      /* taken from epoll at once */
	ROUNDS = 64        /* of EVENTS in one turn */
};
/* epoll counts on CLOCK_MONOTONIC, which stands still in suspend: look again. */
static const int64_t nap_max = 5000000000;

struct loop_fd {
	int fd;
	unsigned events;
	loop_fd_cb *cb;    /* NULL: removed */
	void *arg;
	struct loop_fd *prev, *next;
};

static const int caught[] = { SIGINT, SIGTERM, SIGHUP };
static const int ignored[] = { SIGPIPE, SIGTSTP };

struct loop {
	int ep;
	bool in_turn, coarse;        /* coarse: no epoll_pwait2 */
	struct loop_fd watched;      /* head of the ring of living watches */
	struct loop_fd *removed;     /* in this turn, by next */
	struct loop_fd *spare;
	struct timers timers;
	struct loop_keep keep;
	/* signals */
	int sig;
	struct loop_fd *sig_watch;
	loop_signal_cb *sig_cb;
	void *sig_arg;
	sigset_t old_mask;
	struct sigaction old_action[sizeof(ignored) / sizeof(*ignored)];
	struct epoll_event events[EVENTS];
};

struct loop *loop_new(int *err)
{
	struct loop *l;
	int ep = epoll_create1(EPOLL_CLOEXEC);

	if (ep < 0) {
		*err = errno;
		return NULL;
	}
	l = mem_alloc(sizeof(*l));
	l->ep = ep;
	l->sig = -1;
	l->watched.prev = l->watched.next = &l->watched;
	*err = 0;
	return l;
}

static void free_list(struct loop_fd *w)
{
	while (w) {
		struct loop_fd *next = w->next;

		mem_free(w);
		w = next;
	}
}

static void restore_signals(struct loop *l)
{
	struct signalfd_siginfo si;

	/* One that comes too late to be acted on must not kill us at the end. */
	while (read(l->sig, &si, sizeof(si)) > 0)
		continue;
	(void)close(l->sig);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		(void)sigaction(ignored[i], &l->old_action[i], NULL);
	(void)sigprocmask(SIG_SETMASK, &l->old_mask, NULL);
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	if (l->keep.drop)
		l->keep.drop(l->keep.p);
	if (l->sig >= 0)
		restore_signals(l);
	l->watched.prev->next = NULL;
	free_list(l->watched.next == &l->watched ? NULL : l->watched.next);
	free_list(l->removed);
	free_list(l->spare);
	timers_release(&l->timers);
	(void)close(l->ep);
	mem_free(l);
}

struct loop_keep *loop_keep(struct loop *l)
{
	return &l->keep;
}

/* --- descriptors ---------------------------------------------------------- */

static uint32_t to_epoll(unsigned events)
{
	return (events & LOOP_READ ? (uint32_t)EPOLLIN : 0) | (events & LOOP_WRITE ? (uint32_t)EPOLLOUT : 0);
}

static unsigned from_epoll(uint32_t events)
{
	return (events & EPOLLIN ? (unsigned)LOOP_READ : 0) | (events & EPOLLOUT ? (unsigned)LOOP_WRITE : 0) |
	       (events & (EPOLLHUP | EPOLLERR) ? (unsigned)LOOP_HANGUP : 0);
}

struct loop_fd *loop_watch(struct loop *l, int fd, unsigned events, loop_fd_cb *cb, void *arg)
{
	struct loop_fd *w = l->spare;
	struct epoll_event ev = { .events = to_epoll(events) };

	if (w)
		l->spare = w->next;
	else
		w = mem_alloc(sizeof(*w));
	ev.data.ptr = w;
	if (epoll_ctl(l->ep, EPOLL_CTL_ADD, fd, &ev)) {
		w->next = l->spare;
		l->spare = w;
		return NULL;
	}
	*w = (struct loop_fd){ fd, events, cb, arg, &l->watched, l->watched.next };
	w->next->prev = w;
	l->watched.next = w;
	return w;
}

int loop_rewatch(struct loop *l, struct loop_fd *w, unsigned events)
{
	struct epoll_event ev = { .events = to_epoll(events) };

	if (events == w->events)
		return 0;
	ev.data.ptr = w;
	if (epoll_ctl(l->ep, EPOLL_CTL_MOD, w->fd, &ev))
		return -1;
	w->events = events;
	return 0;
}

void loop_forget(struct loop *l, struct loop_fd *w)
{
	struct loop_fd **to = l->in_turn ? &l->removed : &l->spare;

	w->cb = NULL;
	w->prev->next = w->next;
	w->next->prev = w->prev;
	w->next = *to;
	*to = w;
}

void loop_unwatch(struct loop *l, struct loop_fd *w)
{
	(void)epoll_ctl(l->ep, EPOLL_CTL_DEL, w->fd, NULL);
	loop_forget(l, w);
}

/* --- timers --------------------------------------------------------------- */

struct loop_timer *loop_at(struct loop *l, int64_t at, loop_timer_cb *cb, void *arg)
{
	return timers_add(&l->timers, at, cb, arg);
}

void loop_cancel(struct loop *l, struct loop_timer *t)
{
	timers_remove(&l->timers, t);
}

/* --- signals -------------------------------------------------------------- */

static void on_signal(void *arg, int fd, unsigned events)
{
	struct loop *l = arg;
	struct signalfd_siginfo si;

	(void)events;
	while (read(fd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		l->sig_cb(l->sig_arg, (int)si.ssi_signo, (pid_t)si.ssi_pid, (uid_t)si.ssi_uid);
}

static void ignore_some(struct loop *l)
{
	struct sigaction ign = { .sa_handler = SIG_IGN };

	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		(void)sigaction(ignored[i], &ign, &l->old_action[i]);
}

int loop_signals(struct loop *l, loop_signal_cb *cb, void *arg)
{
	sigset_t set;
	struct sigaction now;
	int err;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(caught) / sizeof(*caught); i++)
		if (caught[i] == SIGTERM || (!sigaction(caught[i], NULL, &now) && now.sa_handler != SIG_IGN))
			(void)sigaddset(&set, caught[i]);
	if (sigprocmask(SIG_BLOCK, &set, &l->old_mask))
		return errno;
	l->sig_cb = cb;
	l->sig_arg = arg;
	l->sig = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	l->sig_watch = l->sig < 0 ? NULL : loop_watch(l, l->sig, LOOP_READ, on_signal, l);
	if (!l->sig_watch) {
		err = errno;
		if (l->sig >= 0)
			(void)close(l->sig);
		l->sig = -1;
		(void)sigprocmask(SIG_SETMASK, &l->old_mask, NULL);
		return err;
	}
	ignore_some(l);
	return 0;
}

/* --- the turn ------------------------------------------------------------- */

static int wait_events(struct loop *l, int64_t ns)
{
	int n;

	if (!l->coarse && ns > 0) {
		struct timespec t = { ns / 1000000000, ns % 1000000000 };

		n = epoll_pwait2(l->ep, l->events, EVENTS, &t, NULL);
		if (n >= 0 || errno != ENOSYS)
			return n;
		l->coarse = true; /* before Linux 5.11 */
	}
	return epoll_wait(l->ep, l->events, EVENTS, (int)((ns + 999999) / 1000000));
}

static int dispatch(struct loop *l, int n)
{
	int ran = 0;

	for (int i = 0; i < n; i++) {
		struct loop_fd *w = l->events[i].data.ptr;

		if (!w->cb)
			continue;
		w->cb(w->arg, w->fd, from_epoll(l->events[i].events));
		ran++;
	}
	return ran;
}

static void reuse_removed(struct loop *l)
{
	while (l->removed) {
		struct loop_fd *w = l->removed;

		l->removed = w->next;
		w->next = l->spare;
		l->spare = w;
	}
}

/* One wait of at most ns, then all that is ready. -errno on error. */
static int round_of(struct loop *l, int64_t ns)
{
	int ran = 0, n = wait_events(l, ns);

	if (n < 0 && errno != EINTR)
		return -errno;
	l->in_turn = true;
	for (int i = 0; n > 0; i++) {
		ran += dispatch(l, n);
		reuse_removed(l);
		if (n < EVENTS || i == ROUNDS)
			break;
		n = wait_events(l, 0);
	}
	if (l->timers.count)
		ran += timers_run(&l->timers, clock_boot());
	l->in_turn = false;
	reuse_removed(l);
	return ran;
}

int loop_turn(struct loop *l, int64_t max_ns)
{
	int64_t now = max_ns ? clock_boot() : 0, end;
	int ran;

	if (max_ns < 0 || __builtin_add_overflow(now, max_ns, &end))
		end = INT64_MAX;
	for (;;) {
		int64_t until = timers_first(&l->timers) < end ? timers_first(&l->timers) : end;
		int64_t ns = !max_ns || until <= now ? 0 : until - now;

		ran = round_of(l, ns < nap_max ? ns : nap_max);
		if (ran || !max_ns)
			return ran;
		now = clock_boot();
		if (now >= end)
			return 0;
	}
}
