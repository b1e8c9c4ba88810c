#include "host/nursery.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * spawn: clone(VM|VFORK) and exec. The child shares our memory and runs on a
 * stack of its own while we stand still: it may only make system calls and
 * write into struct launch. So errors come back without a pipe.
 */

struct launch {
	struct nursery *n;
	const struct child_spec *spec;
	int fd[3];
	volatile int error;
	const char *volatile step;
};

#define ALONE __attribute__((no_sanitize("address", "undefined")))

/* Without instrumentation, and without calls that might not be safe here. */
ALONE static size_t length(const char *z)
{
	size_t n = 0;

	while (z[n])
		n++;
	return n;
}

ALONE static const char *search_path(const char *const *envp)
{
	for (; *envp; envp++) {
		const char *e = *envp;

		if (e[0] == 'P' && e[1] == 'A' && e[2] == 'T' && e[3] == 'H' && e[4] == '=')
			return e + 5;
	}
	return "/bin:/usr/bin";
}

ALONE static int try_exec(const char *path, const struct child_spec *s)
{
	(void)execve(path, (char *const *)s->argv, (char *const *)s->envp);
	return errno;
}

/* As execvp(3), but ENOEXEC is an error. Returns the errno. */
ALONE static int exec_program(struct launch *w)
{
	const char *name = w->spec->argv[0] ? w->spec->argv[0] : "", *at = search_path(w->spec->envp);
	size_t n = length(name);
	int result = ENOENT;

	if (!n)
		return ENOENT;
	for (size_t i = 0; i < n; i++)
		if (name[i] == '/')
			return try_exec(name, w->spec);
	for (;;) {
		char *out = w->n->path;
		size_t len = 0;
		int err = ENAMETOOLONG;

		while (at[len] && at[len] != ':')
			len++;
		if (len + n + 2 <= NURSERY_PATH) {
			for (size_t i = 0; i < len; i++)
				*out++ = at[i];
			if (len)
				*out++ = '/';
			for (size_t i = 0; i <= n; i++)
				*out++ = name[i];
			err = try_exec(w->n->path, w->spec);
		}
		switch (err) {
		case EACCES:
			result = EACCES;
			break;
		case ENOENT: case ENOTDIR: case ESTALE: case ENODEV: case ETIMEDOUT: case ENAMETOOLONG: case ELOOP:
			break;
		default:
			return err;
		}
		if (!at[len])
			return result;
		at += len + 1;
	}
}

/* A step finds the same however we were started: nohup, `&` and some CI runners leave
 * signals ignored, which a shell could not even trap. Its session is its own, so that
 * no terminal's signals reach it. */
ALONE static void reset_signals(const struct nursery *n)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int i = 0; i < n->ignored_count; i++)
		(void)sigaction(n->ignored[i], &dfl, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

void spawn_prepare(struct nursery *n)
{
	static const int list[NURSERY_SIGNALS] = { SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGALRM, SIGTERM, SIGUSR1, SIGUSR2,
						   SIGCHLD, SIGTSTP, SIGTTIN, SIGTTOU, SIGXFSZ, SIGXCPU };
	struct sigaction now;

	n->ignored_count = 0;
	for (int i = 0; i < NURSERY_SIGNALS; i++) /* exec itself ends handlers, but not ignoring */
		if (sigaction(list[i], NULL, &now) || now.sa_handler == SIG_IGN)
			n->ignored[n->ignored_count++] = list[i];
}

ALONE static int run_child(void *arg)
{
	struct launch *w = arg;

	(void)setsid();
	for (int i = 0; i < 3; i++)
		if (dup2(w->fd[i], i) < 0) {
			w->step = "pipe";
			w->error = errno;
			_exit(127);
		}
	/* Whatever the operator's shell or a library left open. All else is CLOEXEC. */
	(void)syscall(SYS_close_range, 3U, ~0U, 0U);
	if (w->spec->dir && chdir(w->spec->dir)) {
		w->step = "chdir";
		w->error = errno;
		_exit(127);
	}
	reset_signals(w->n);
	w->step = "exec";
	w->error = exec_program(w);
	_exit(127);
}

int spawn_leader(struct nursery *n, const struct child_spec *s, int in, int out, int err, pid_t *pid, const char **step)
{
	struct launch w = { .n = n, .spec = s, .fd = { in, out, err } };
	sigset_t all, old;
	int clone_err;

	/* No handler may run in the child on our memory. */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &old);
	*pid = clone(run_child, n->stack + NURSERY_STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, &w);
	clone_err = errno;
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	if (*pid < 0) {
		*step = "clone";
		return clone_err;
	}
	if (!w.error)
		return 0;
	while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	*step = w.step;
	return w.error;
}
