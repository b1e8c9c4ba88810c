#include "host/nursery.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/mem.h"
#include "host/clock.h"

/*
 * nursery: the life of a child (host/child.h) from its pipes to on_done. On the usual way the
 * pipes close first and the exit is asked for afterwards, so that a step costs
 * no pidfd and no signal.
 */

static const int64_t exit_poll = 5000000; /* where there are no pidfds */

int child_become_subreaper(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) ? errno : 0;
}

void ring_add(struct ring *r, struct child *c)
{
	c->next = NULL;
	c->prev = r->last;
	*(r->last ? &r->last->next : &r->first) = c;
	r->last = c;
}

void ring_drop(struct ring *r, struct child *c)
{
	*(c->prev ? &c->prev->next : &r->first) = c->next;
	*(c->next ? &c->next->prev : &r->last) = c->prev;
}

/* --- the nursery ----------------------------------------------------------- */

static void drop_ring(struct ring *r)
{
	while (r->first) {
		struct child *c = r->first;

		r->first = c->next;
		mem_free(c->known);
		mem_free(c);
	}
}

static void nursery_drop(void *p)
{
	struct nursery *n = p;
	struct ring spare = { n->spare, NULL };

	if (n->ready)
		ring_add(&n->running, n->ready);
	for (struct child *c = n->running.first; c; c = c->next) {
		if (c->pid) {
			(void)kill(-c->pid, SIGKILL);
			(void)waitpid(c->pid, NULL, WNOHANG);
		}
		for (int i = 0; i < 2; i++) {
			pipe_close(&c->out[i]);
			pipe_close(&c->theirs[i]);
		}
		pipe_close(&c->in);
		pipe_close(&c->pidfd);
	}
	drop_ring(&n->running);
	drop_ring(&n->queued);
	drop_ring(&n->failed);
	drop_ring(&spare);
	proc_release(&n->procs);
	(void)sigaction(SIGPIPE, &n->old_pipe, NULL);
	if (n->null >= 0)
		(void)close(n->null);
	mem_free(n->stack);
	mem_free(n->buf);
	mem_free(n->path);
	mem_free(n);
}

static struct nursery *nursery_of(struct loop *l)
{
	struct loop_keep *k = loop_keep(l);
	struct sigaction ign = { .sa_handler = SIG_IGN }, chld;
	struct nursery *n = k->p;

	if (n)
		return n;
	n = mem_alloc(sizeof(*n));
	n->l = l;
	/* Not mapped: that, its guard and its end cost a start more than the child's own calls,
	 * which go a few frames deep and never into themselves. */
	n->stack = mem_realloc(NULL, NURSERY_STACK);
	n->buf = mem_realloc(NULL, NURSERY_BUF); /* not cleared: a step or two need little of it */
	n->path = mem_realloc(NULL, NURSERY_PATH);
	n->null = pipes_null();
	(void)sigaction(SIGPIPE, &ign, &n->old_pipe);
	/* Whoever started us with SIGCHLD ignored would make the kernel reap for us. */
	if (!sigaction(SIGCHLD, NULL, &chld) && (chld.sa_handler == SIG_IGN || (chld.sa_flags & SA_NOCLDWAIT))) {
		struct sigaction dfl = { .sa_handler = SIG_DFL };

		(void)sigaction(SIGCHLD, &dfl, NULL);
	}
	spawn_prepare(n);
	k->p = n;
	k->drop = nursery_drop;
	return n;
}

/* --- start ----------------------------------------------------------------- */

static struct child *child_new(struct nursery *n)
{
	struct child *c = n->spare;
	struct child fresh = { .n = n, .in = -1, .out = { -1, -1 }, .theirs = { -1, -1 }, .pidfd = -1 };

	if (c) {
		n->spare = c->next;
		fresh.known = c->known;
		fresh.known_cap = c->known_cap;
	} else {
		c = mem_alloc(sizeof(*c));
	}
	*c = fresh;
	return c;
}

static void recycle(struct child *c)
{
	c->next = c->n->spare;
	c->n->spare = c;
}

/* The pipes of the next child, while this one starts up: so a step after a step need not
 * wait for them. */
static void make_ready(struct nursery *n)
{
	struct child *c;

	if (n->ready || n->queued.first)
		return;
	c = child_new(n);
	if (pipes_open_out(c)) {
		pipes_close(c);
		recycle(c);
	} else {
		n->ready = c;
	}
}

static void on_timeout(void *arg)
{
	struct child *c = arg;

	c->timer = NULL;
	warden_begin(c, CHILD_TIMEOUT, c->spec.grace);
}

/* 0, or an errno and c->step: then nothing is left of the try. */
static int start(struct child *c)
{
	int in = -1, err;

	c->written = 0;
	c->step = "pipe";
	err = c->out[1] < 0 ? pipes_open_out(c) : 0;
	if (!err)
		err = pipes_open_in(c, &in);
	if (!err) {
		c->started = clock_boot();
		err = spawn_leader(c->n, &c->spec, in, c->theirs[0], c->theirs[1], &c->pid, &c->step);
	}
	if (in >= 0 && in != c->n->null)
		(void)close(in);
	if (err) {
		pipes_close(c);
		c->pid = 0;
		return err;
	}
	pipe_close(&c->theirs[0]);
	pipe_close(&c->theirs[1]);
	c->state = CHILD_RUNNING;
	c->n->active++;
	ring_add(&c->n->running, c);
	if (c->spec.timeout > 0) {
		int64_t at;

		if (__builtin_add_overflow(c->started, c->spec.timeout, &at))
			at = INT64_MAX;
		c->timer = loop_at(c->n->l, at, on_timeout, c);
	}
	make_ready(c->n);
	return 0;
}

/* May it succeed when another child has ended? */
static bool worth_waiting(const struct nursery *n, int err)
{
	return n->active && (err == EMFILE || err == ENFILE || err == EAGAIN || err == ENOMEM);
}

static void on_post(void *arg);

static void post(struct nursery *n)
{
	if (!n->post)
		n->post = loop_at(n->l, 0, on_post, n);
}

static void fail(struct child *c, int err)
{
	c->state = CHILD_FAILED;
	c->error = err;
	ring_add(&c->n->failed, c);
	post(c->n);
}

static void start_queued(struct nursery *n)
{
	while (n->queued.first) {
		struct child *c = n->queued.first;
		int err;

		ring_drop(&n->queued, c);
		err = start(c);
		if (err && worth_waiting(n, err)) {
			c->prev = NULL; /* back to the front */
			c->next = n->queued.first;
			*(c->next ? &c->next->prev : &n->queued.last) = c;
			n->queued.first = c;
			return;
		}
		if (err)
			fail(c, err);
	}
}

static void on_post(void *arg)
{
	struct nursery *n = arg;
	struct ring failed = n->failed;

	n->post = NULL;
	n->failed = (struct ring){ 0 };
	while (failed.first) {
		struct child *c = failed.first;
		struct child_result r = { .end = CHILD_NOT_STARTED, .code = -1, .error = c->error, .step = c->step };

		ring_drop(&failed, c);
		c->spec.on_done(c->spec.arg, &r);
		recycle(c);
	}
	start_queued(n);
}

struct child *child_start(struct loop *l, const struct child_spec *spec)
{
	struct nursery *n = nursery_of(l);
	struct child *c = n->ready ? n->ready : child_new(n);
	int err;

	n->ready = NULL;
	c->spec = *spec;
	if (n->queued.first) { /* first come, first served */
		ring_add(&n->queued, c);
		return c;
	}
	err = start(c);
	if (err && worth_waiting(n, err)) {
		c->state = CHILD_QUEUED;
		ring_add(&n->queued, c);
	} else if (err) {
		fail(c, err);
	}
	return c;
}

pid_t child_pid(const struct child *c)
{
	return c->pid;
}

/* --- end ------------------------------------------------------------------- */

bool child_look(struct child *c)
{
	siginfo_t si = { 0 };

	if (!c->exited)
		c->exited = waitid(P_PID, (id_t)c->pid, &si, WEXITED | WNOHANG | WNOWAIT) || si.si_pid == c->pid;
	return c->exited;
}

static void on_exit_fd(void *arg, int fd, unsigned events)
{
	(void)fd, (void)events;
	child_check(arg);
}

static void on_exit_poll(void *arg)
{
	struct child *c = arg;

	c->poll = NULL;
	child_check(c);
}

/* The pipes are closed, but the leader goes on. */
static void watch_exit(struct child *c)
{
	if (c->pidfd >= 0 || c->poll)
		return;
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	if (c->pidfd >= 0)
		c->pid_watch = loop_watch(c->n->l, c->pidfd, LOOP_READ, on_exit_fd, c);
	if (c->pidfd >= 0 && !c->pid_watch) {
		(void)close(c->pidfd);
		c->pidfd = -1;
	}
	if (c->pidfd < 0)
		c->poll = loop_at(c->n->l, clock_boot() + exit_poll, on_exit_poll, c);
}

static void finish(struct child *c, const struct child_result *r)
{
	struct nursery *n = c->n;

	if (c->timer)
		loop_cancel(n->l, c->timer);
	if (c->poll)
		loop_cancel(n->l, c->poll);
	c->timer = c->poll = NULL;
	pipes_close(c);
	if (c->pidfd >= 0) {
		loop_forget(n->l, c->pid_watch);
		(void)close(c->pidfd);
	}
	ring_drop(&n->running, c);
	n->active--;
	warden_reap(n);
	c->spec.on_done(c->spec.arg, r);
	c->known_count = 0;
	recycle(c);
	if (n->queued.first)
		post(n);
}

static void result_of(const struct child *c, int status, struct child_result *r)
{
	*r = (struct child_result){ .end = CHILD_EXITED, .code = -1, .pid = c->pid, .took = clock_boot() - c->started };
	if (WIFSIGNALED(status)) {
		r->end = CHILD_SIGNALED;
		r->signo = WTERMSIG(status);
	} else {
		r->code = WEXITSTATUS(status);
	}
	if (c->killing)
		r->end = (enum child_end)c->why;
}

/* Its pid, 0 as long as it runs, -1. */
static pid_t reap(struct child *c, int *status)
{
	pid_t got;

	do
		got = waitpid(c->pid, status, WNOHANG);
	while (got < 0 && errno == EINTR);
	return got;
}

void child_finish(struct child *c, bool stuck)
{
	struct child_result r;
	int status = 0;
	pid_t got = reap(c, &status);

	result_of(c, status, &r);
	if (got != c->pid || stuck) { /* or somebody else reaped it: how it ended is not known */
		r.end = CHILD_STUCK;
		if (got != c->pid)
			r.code = -1;
	}
	finish(c, &r);
}

void child_check(struct child *c)
{
	struct child_result r;
	int status = 0;
	pid_t got;

	if (!child_pipes_closed(c))
		return;
	if (c->killing) {
		if (child_look(c))
			warden_wake(c->n, 0);
		else
			watch_exit(c);
		return;
	}
	got = reap(c, &status);
	if (!got) {
		watch_exit(c);
		return;
	}
	if (got < 0) {
		child_finish(c, true);
		return;
	}
	result_of(c, status, &r);
	finish(c, &r);
}

void child_stop(struct child *c, int64_t grace)
{
	switch (c->state) {
	case CHILD_QUEUED:
		ring_drop(&c->n->queued, c);
		c->step = "stop";
		fail(c, ECANCELED);
		break;
	case CHILD_RUNNING:
		warden_begin(c, CHILD_STOPPED, grace);
		break;
	default:
		break;
	}
}
