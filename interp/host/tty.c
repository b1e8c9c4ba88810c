#include "host/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/mem.h"
#include "host/clock.h"
#include "host/loop.h"

/*
 * tty: a question opens the terminal anew, so that non-blocking reads do not
 * change the descriptors that we share with the shell.
 */

enum { LINE_LONGEST = 64 << 10 };

struct tty_line {
	struct loop *l;
	int fd;                  /* -1: there is no terminal */
	struct loop_fd *watch;
	struct loop_timer *fail; /* says so soon */
	bool hidden;
	struct termios old;
	struct buf line;
	void (*on_line)(void *arg, bool ok, struct str line);
	void *arg;
};

bool tty_is(int fd)
{
	return isatty(fd) == 1;
}

int tty_width(int fd)
{
	struct winsize w = { 0 };

	return !ioctl(fd, TIOCGWINSZ, &w) && w.ws_col ? (int)w.ws_col : 80;
}

bool tty_interactive(void)
{
	const char *ci = getenv("CI");

	return tty_is(STDIN_FILENO) && tty_is(STDERR_FILENO) && (!ci || !*ci);
}

/* Gives the terminal back as it was. */
static void release(struct tty_line *t)
{
	if (t->hidden && t->fd >= 0)
		(void)tcsetattr(t->fd, TCSADRAIN, &t->old);
	if (t->watch)
		loop_unwatch(t->l, t->watch);
	if (t->fail)
		loop_cancel(t->l, t->fail);
	if (t->fd >= 0)
		(void)close(t->fd);
}

static void forget(struct tty_line *t)
{
	if (t->hidden)
		for (size_t i = 0; i < t->line.len; i++)
			((volatile char *)t->line.p)[i] = 0;
	buf_release(&t->line);
	mem_free(t);
}

static void end(struct tty_line *t, bool ok)
{
	release(t); /* first: the callback may ask again */
	t->on_line(t->arg, ok, t->line.p ? buf_str(&t->line) : (struct str){ "", 0 });
	forget(t);
}

static void on_fail(void *arg)
{
	struct tty_line *t = arg;

	t->fail = NULL;
	end(t, false);
}

enum { HANGUP_WAIT = 1000000000 /* ns */ };

static bool hung_up(const struct tty_line *t)
{
	struct pollfd p = { t->fd, POLLIN, 0 };

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR));
}

static void on_read(void *arg, int fd, unsigned events)
{
	struct tty_line *t = arg;
	char c[256];
	ssize_t n = read(fd, c, sizeof(c));

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	for (ssize_t i = 0; i < n; i++) {
		if (c[i] == '\n') {
			end(t, true);
			return;
		}
		buf_addc(&t->line, c[i]);
	}
	if (n <= 0 && hung_up(t)) { /* its signal comes with it, and says more than the end of input */
		loop_unwatch(t->l, t->watch);
		t->watch = NULL;
		t->fail = loop_at(t->l, clock_boot() + HANGUP_WAIT, on_fail, t);
	} else if (n <= 0 || t->line.full) {
		end(t, false);
	}
}

static void hide(struct tty_line *t)
{
	struct termios quiet;

	t->hidden = !tcgetattr(t->fd, &t->old);
	if (!t->hidden)
		return;
	quiet = t->old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL;
	(void)tcsetattr(t->fd, TCSADRAIN, &quiet);
}

struct tty_line *tty_ask(struct loop *l, bool hidden, void (*on_line)(void *arg, bool ok, struct str line), void *arg)
{
	struct tty_line *t = mem_alloc(sizeof(*t));

	t->l = l;
	t->on_line = on_line;
	t->arg = arg;
	buf_init(&t->line, LINE_LONGEST);
	t->fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (t->fd >= 0)
		t->watch = loop_watch(l, t->fd, LOOP_READ, on_read, t);
	if (!t->watch) /* gone this moment, perhaps */
		t->fail = loop_at(l, clock_boot() + HANGUP_WAIT, on_fail, t);
	else if (hidden)
		hide(t);
	return t;
}

void tty_cancel(struct tty_line *t)
{
	if (!t)
		return;
	release(t);
	forget(t);
}
