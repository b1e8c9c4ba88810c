#include "host/nursery.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/*
 * pipes: a child's standard input and output: opening them, feeding the one and
 * emptying the other two as long as they are open.
 */

int pipes_null(void)
{
	int fd = open("/dev/null", O_RDWR);

	/* Descriptors 0 to 2 of children are made by dup2: keep ours out of there. */
	while (fd >= 0 && fd < 3)
		fd = open("/dev/null", O_RDWR);
	if (fd >= 0)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

void pipe_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

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
	pipe_close(&c->in);
	c->in_watch = NULL;
}

static void close_out(struct child *c, int i)
{
	if (c->out[i] < 0)
		return;
	if (c->out_watch[i])
		loop_forget(c->n->l, c->out_watch[i]);
	pipe_close(&c->out[i]);
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
	child_check(c);
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

/* Makes the stdin; theirs is the child's end. 0 or errno. */
int pipes_open_in(struct child *c, int *theirs)
{
	int p[2], err;

	*theirs = c->n->null;
	if (!c->spec.input) {
		if (c->n->null < 0)
			*theirs = c->n->null = pipes_null();
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

int pipes_open_out(struct child *c)
{
	int err = open_out(c, 0);

	return err ? err : open_out(c, 1);
}

void pipes_close(struct child *c)
{
	close_in(c);
	for (int i = 0; i < 2; i++) {
		close_out(c, i);
		pipe_close(&c->theirs[i]);
	}
}
