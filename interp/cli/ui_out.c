#include "cli/ui_state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/command.h"
#include "host/tty.h"

/*
 * ui_out: the display must never hold up a run: a stopped terminal, a stalled ssh or a pager that
 * nobody scrolls would else stop timeouts, monitors and undoing as well. Terminals and pipes
 * are opened once more, without waiting, so that nobody else's descriptor changes.
 */

enum { HELD_MAX = 32 << 10, SPARE_MAX = 256 << 10, BEHIND_TEXT_MAX = 1 << 20, BEHIND_JSON_MAX = 64 << 20, PATIENCE_MS = 1000, FUTILE_MAX = 100 };

static int without_waiting(int std)
{
	char path[32];
	struct stat st;

	if (fstat(std, &st) || !(S_ISFIFO(st.st_mode) || isatty(std)))
		return -1;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", std);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void ui_out_init(struct ui *u)
{
	for (int i = 0; i < 2; i++) {
		u->out[i] = (struct ui_out){ .std = i ? STDERR_FILENO : STDOUT_FILENO, .fd = -1 };
		buf_init(&u->out[i].text, BEHIND_JSON_MAX + (2 << 20));
		if (u->o.running)
			u->out[i].fd = without_waiting(u->out[i].std);
	}
}

static void clear(struct ui_out *o)
{
	o->sent = 0;
	o->behind = false;
	if (o->text.cap > SPARE_MAX)
		buf_release(&o->text);
	else
		buf_clear(&o->text);
}

static void send_waiting(struct ui_out *o)
{
	struct str rest = str_slice(buf_str(&o->text), o->sent, o->text.len);

	if (o->std == STDOUT_FILENO)
		cli_out(rest);
	else
		cli_err(rest);
	clear(o);
}

/* False: the reader does not read; the rest is kept. */
static bool send_now(struct ui_out *o)
{
	int futile = 0; /* waits for a place that was not there */

	while (o->sent < o->text.len) {
		ssize_t n = write(o->fd, o->text.p + o->sent, o->text.len - o->sent);

		if (n >= 0) {
			o->sent += (size_t)n;
			futile = 0;
		} else if (errno == EAGAIN) {
			struct pollfd p = { .fd = o->fd, .events = POLLOUT };

			if (!o->behind && futile++ < FUTILE_MAX && poll(&p, 1, PATIENCE_MS) > 0)
				continue;
			memmove(o->text.p, o->text.p + o->sent, o->text.len - o->sent);
			o->text.len -= o->sent;
			o->sent = 0;
			o->behind = true;
			return false;
		} else if (errno != EINTR) {
			send_waiting(o); /* which keeps the error */
			return true;
		}
	}
	clear(o);
	return true;
}

static void flush(struct ui_out *o, bool wait)
{
	if (o->text.len && (wait || o->fd < 0))
		send_waiting(o);
	else if (o->text.len && !send_now(o))
		return;
	if (o->lost) {
		buf_printf(&o->text, "runbook: %llu bytes were left out here, because nobody read on; `runbook logs` and `runbook show` have them\n",
			   (unsigned long long)o->lost);
		o->lost = 0;
		flush(o, wait);
	}
}

void ui_flush(struct ui *u)
{
	flush(&u->out[0], false);
	flush(&u->out[1], false);
}

void ui_out_end(struct ui *u)
{
	for (int i = 0; i < 2; i++) {
		flush(&u->out[i], true);
		buf_release(&u->out[i].text);
		if (u->out[i].fd >= 0)
			(void)close(u->out[i].fd);
		u->out[i].fd = -1;
	}
}

bool ui_behind(const struct ui *u)
{
	return u->out[1].behind;
}

void ui_write(struct ui *u, int fd, struct str s)
{
	struct ui_out *o = &u->out[fd == STDERR_FILENO], *other = &u->out[fd != STDERR_FILENO];
	bool json = u->o.format == UI_JSON && fd == STDOUT_FILENO;

	if (u->asking && !u->broken && tty_is(fd)) { /* a question stands there: its line ends */
		u->broken = true;
		ui_write(u, STDERR_FILENO, STR("\n"));
	}
	flush(other, false);
	if (o->text.len + s.n > HELD_MAX)
		flush(o, false);
	if (o->behind && o->text.len + s.n > (json ? (size_t)BEHIND_JSON_MAX : (size_t)BEHIND_TEXT_MAX)) {
		if (!json) {
			o->lost += s.n;
			return;
		}
		flush(o, true); /* of records none is left out */
	}
	buf_adds(&o->text, s);
	if (u->o.terminal || o->text.len > HELD_MAX)
		flush(o, false);
}
