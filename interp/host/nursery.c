#include "host/nursery.h"

#include <errno.h>
#include <fcntl.h>
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

static int open_null(void)
{
	int fd = open("/dev/null", O_RDWR);

	/* Descriptors 0 to 2 of children are made by dup2: keep ours out of there. */
	while (fd >= 0 && fd < 3)
		fd = open("/dev/null", O_RDWR);
	if (fd >= 0)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

static void drop_ring(struct ring *r)
{
	while (r->first) {
		struct child *c = r->first;

		r->first = c->next;
		mem_free(c->known);
		mem_free(c);
	}
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
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
			close_fd(&c->out[i]);
			close_fd(&c->theirs[i]);
		}
		close_fd(&c->in);
		close_fd(&c->pidfd);
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
	n->null = open_null();
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

/* --- pipes ----------------------------------------------------------------- */

static void check(struct child *c);

bool child_pipes_closed(const struct child *c)
{
	return c->out[0] < 0 && c->out[1] < 0;
}

static void close_in(struct child *c)
{
	if (c->in < 0)
		return;
	if (c->in_watch)
		loop_forget(c->n->l, c->in_watch);
	close_fd(&c->in);
	c->in_watch = NULL;
}

static void close_out(struct child *c, int i)
{
	if (c->out[i] < 0)
		return;
	if (c->out_watch[i])
		loop_forget(c->n->l, c->out_watch[i]);
	close_fd(&c->out[i]);
	c->out_watch[i] = NULL;
}

/* One read a turn: as much as a pipe holds, and a fair share among many. */
static void on_out(void *arg, int fd, unsigned events)
{
	struct child *c = arg;
	int i = fd == c->out[1];
	ssize_t n = 0;

	if (events & LOOP_READ) {
		n = read(fd, c->n->buf, NURSERY_BUF);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			return;
		if (n > 0 && c->spec.on_output)
			c->spec.on_output(c->spec.arg, i + 1, c->n->buf, (size_t)n);
		/* Nobody can write any more and the pipe was emptied: that was all. */
		if (n == NURSERY_BUF || (n > 0 && !(events & LOOP_HANGUP)))
			return;
	}
	close_out(c, i);
	check(c);
}

/* True when there is nothing more to write. */
static bool feed(struct child *c)
{
	while (c->written < c->spec.input_len) {
		ssize_t n = write(c->in, c->spec.input + c->written, c->spec.input_len - c->written);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno != EAGAIN; /* EPIPE: it does not want the rest */
		c->written += (size_t)n;
	}
	return true;
}

static void on_in(void *arg, int fd, unsigned events)
{
	struct child *c = arg;

	(void)fd;
	if ((events & LOOP_HANGUP) || feed(c))
		close_in(c);
}

/* --- start ----------------------------------------------------------------- */

/* Makes the stdin; theirs is the child's end. 0 or errno. */
static int open_in(struct child *c, int *theirs)
{
	int p[2], err;

	*theirs = c->n->null;
	if (!c->spec.input) {
		if (c->n->null < 0)
			*theirs = c->n->null = open_null();
		return c->n->null < 0 ? errno : 0;
	}
	if (pipe2(p, O_CLOEXEC))
		return errno;
	*theirs = p[0];
	c->in = p[1];
	if (fcntl(c->in, F_SETFL, O_NONBLOCK)) {
		err = errno;
		(void)close(p[0]);
		return err;
	}
	if (feed(c)) {
		close_in(c);
		return 0;
	}
	c->in_watch = loop_watch(c->n->l, c->in, LOOP_WRITE, on_in, c);
	if (c->in_watch)
		return 0;
	err = errno;
	(void)close(p[0]);
	return err;
}

static int open_out(struct child *c, int i)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC))
		return errno;
	c->out[i] = p[0];
	c->theirs[i] = p[1];
	c->out_watch[i] = loop_watch(c->n->l, p[0], LOOP_READ, on_out, c);
	return c->out_watch[i] ? 0 : errno;
}

static int open_outs(struct child *c)
{
	int err = open_out(c, 0);

	return err ? err : open_out(c, 1);
}

static void close_all(struct child *c)
{
	close_in(c);
	for (int i = 0; i < 2; i++) {
		close_out(c, i);
		close_fd(&c->theirs[i]);
	}
}

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
	if (open_outs(c)) {
		close_all(c);
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
	err = c->out[1] < 0 ? open_outs(c) : 0;
	if (!err)
		err = open_in(c, &in);
	if (!err) {
		c->started = clock_boot();
		err = spawn_leader(c->n, &c->spec, in, c->theirs[0], c->theirs[1], &c->pid, &c->step);
	}
	if (in >= 0 && in != c->n->null)
		(void)close(in);
	if (err) {
		close_all(c);
		c->pid = 0;
		return err;
	}
	close_fd(&c->theirs[0]);
	close_fd(&c->theirs[1]);
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
	check(arg);
}

static void on_exit_poll(void *arg)
{
	struct child *c = arg;

	c->poll = NULL;
	check(c);
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
	close_in(c);
	close_out(c, 0);
	close_out(c, 1);
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

static void check(struct child *c)
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
