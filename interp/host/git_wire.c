#include "host/git_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/arena.h"
#include "host/clock.h"

/* git_wire: the parent's side: starts the child, reads it, ends it in time. */

enum { SAID_MAX = 64 << 10, LINE_MAX_BYTES = 200 };
static const int64_t slice = 200000000; /* ns between two looks at the child */

struct talk {
	const struct wire *w;
	struct buf *list;
	struct buf said;         /* the end of what came on its standard error */
	int64_t last;            /* when it last said anything */
	const char *ended;       /* why we ended it, or NULL */
	pid_t pid;
	int status;
	bool gone;               /* it has ended, and status is there */
};

/* Room for the pack that is allowed and its index; not for what never ends. */
static void limit_child(const struct wire *w)
{
	struct rlimit file = { w->bytes_max + (64 << 20), w->bytes_max + (64 << 20) };
	struct rlimit seconds = { (rlim_t)(w->limit_ns / 1000000000) + 1, (rlim_t)(w->limit_ns / 1000000000) + 2 };
	struct rlimit core = { 0, 0 };

	(void)setrlimit(RLIMIT_FSIZE, &file);
	(void)setrlimit(RLIMIT_CPU, &seconds);
	(void)setrlimit(RLIMIT_CORE, &core);
#ifndef __SANITIZE_ADDRESS__ /* which needs terabytes of addresses */
	const rlim_t most = (rlim_t)4 << 30; /* bytes */
	struct rlimit memory = { most, most };

	(void)setrlimit(RLIMIT_AS, &memory);
#endif
}

_Noreturn static void begin_child(const struct wire *w, int out, int err, pid_t parent)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	(void)setsid(); /* no terminal: what would ask a person fails instead */
	(void)umask(077);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGXFSZ, SIG_IGN);
	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(1);
	limit_child(w);
	wire_child(w);
}

/* Takes whole lines off the front: progress is told, the others stay for the message. */
static void hear(struct talk *t, const char *p, size_t n)
{
	buf_add(&t->said, p, n);
	for (;;) {
		struct str all = buf_str(&t->said);
		ptrdiff_t end = str_find(all, STR("\n"));
		uint64_t objects, total, bytes;

		if (!str_starts(all, STR("P ")) || end < 0)
			break;
		if (t->w->progress && sscanf(all.p, "P %" SCNu64 " %" SCNu64 " %" SCNu64, &objects, &total, &bytes) == 3)
			t->w->progress(t->w->arg, str_of(t->w->url), objects, total, bytes);
		memmove(t->said.p, t->said.p + end + 1, all.n - (size_t)end); /* and its NUL */
		t->said.len -= (size_t)end + 1;
	}
	if (t->said.full) { /* git's own progress */
		buf_clear(&t->said);
		buf_add(&t->said, p, n);
	}
}

/* One read; false at the end of the stream. */
static bool take(struct talk *t, int fd, bool result)
{
	char piece[16384];
	ssize_t n = read(fd, piece, sizeof(piece));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	if (!n)
		return false;
	t->last = clock_boot();
	if (!result)
		hear(t, piece, (size_t)n);
	else if (t->list)
		buf_add(t->list, piece, (size_t)n);
	if (t->list && t->list->full)
		t->ended = "the server lists more refs than are read (32 MiB)";
	return true;
}

static bool has_ended(struct talk *t, int how)
{
	pid_t got = 0;

	while (!t->gone && (got = waitpid(t->pid, &t->status, how)) < 0 && errno == EINTR)
		continue;
	if (!t->gone)
		t->gone = got == t->pid;
	return t->gone;
}

/* Until both pipes are closed, or the child has ended and they are silent: something that it
 * started (a daemon that keeps credentials) may hold them open for ever. */
static void watch(struct talk *t, int out, int err)
{
	int64_t end = clock_boot() + t->w->limit_ns;
	struct pollfd fds[2] = { { out, POLLIN, 0 }, { err, POLLIN, 0 } };

	t->last = clock_boot();
	while (!t->ended && (fds[0].fd >= 0 || fds[1].fd >= 0)) {
		int64_t now = clock_boot(), stall = t->last + t->w->stall_ns, until = stall < end ? stall : end;
		int ready;

		if (now >= until) {
			t->ended = until == end ? "the server did not answer in time" : "the server stalled";
			return;
		}
		ready = poll(fds, 2, until - now > slice ? (int)(slice / 1000000) : (int)((until - now) / 1000000) + 1);
		if (ready < 0 && errno != EINTR)
			t->ended = strerror(errno);
		if (!ready && has_ended(t, WNOHANG))
			return;
		for (int i = 0; i < 2; i++)
			if (ready > 0 && fds[i].fd >= 0 && fds[i].revents && !take(t, fds[i].fd, i == 0))
				fds[i].fd = -1;
	}
}

/* The last line that was said, printable. */
static struct str last_line(struct arena *a, struct str said)
{
	char *p;
	size_t from;

	said = str_trim(said);
	for (from = said.n; from && said.p[from - 1] != '\n' && said.p[from - 1] != '\r';)
		from--;
	said = str_slice(said, from, from + LINE_MAX_BYTES);
	p = arena_alloc(a, said.n + 1);
	for (size_t i = 0; i < said.n; i++)
		p[i] = said.p[i] >= 0x20 && said.p[i] < 0x7f ? said.p[i] : '?';
	return (struct str){ p, said.n };
}

static struct str verdict(const struct talk *t)
{
	int status = t->status;

	struct str said = last_line(t->w->a, buf_str(&t->said));

	if (t->ended)
		return str_of(t->ended);
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL
			? STR("it took too much time or memory") : arena_printf(t->w->a, "the fetch was killed by signal %d", WTERMSIG(status));
	return said.n ? said : STR("no reason was given");
}

bool wire_talk(const struct wire *w, struct buf *list, struct str *why)
{
	struct talk t = { .w = w, .list = list };
	int out[2], err[2];
	pid_t parent = getpid(), pid;
	bool ok;

	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC) || (pid = fork()) < 0) {
		*why = str_of(strerror(errno));
		return false;
	}
	if (!pid)
		begin_child(w, out[1], err[1], parent);
	(void)close(out[1]);
	(void)close(err[1]);
	t.pid = pid;
	buf_init(&t.said, SAID_MAX);
	watch(&t, out[0], err[0]);
	if (t.ended && !t.gone) {
		(void)kill(-pid, SIGKILL); /* its group, if it has one already */
		(void)kill(pid, SIGKILL);
	}
	ok = has_ended(&t, 0) && !t.ended && WIFEXITED(t.status) && !WEXITSTATUS(t.status);
	if (!ok)
		*why = verdict(&t);
	(void)close(out[0]);
	(void)close(err[0]);
	buf_release(&t.said);
	return ok;
}
