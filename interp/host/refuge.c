#include "host/refuge.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/file.h"

/* refuge: the parent. */

enum { PATH_BYTES = 4096 };

/* The signals that end a command, and that of a child. */
static void endings(sigset_t *set)
{
	static const int list[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD };

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++)
		sigaddset(set, list[i]);
}

_Noreturn static void stand_by(pid_t child, const char *path, const sigset_t *set, const sigset_t *before)
{
	int status = 0, signo;

	while (waitpid(child, &status, WNOHANG) == 0)
		if (!sigwait(set, &signo) && signo != SIGCHLD)
			(void)kill(child, signo);
	(void)file_remove_tree(path);
	if (WIFSIGNALED(status)) {
		(void)signal(WTERMSIG(status), SIG_DFL);
		(void)sigprocmask(SIG_SETMASK, before, NULL);
		(void)raise(WTERMSIG(status));
		_exit(128 + WTERMSIG(status));
	}
	_exit(WEXITSTATUS(status));
}

char *refuge_folder(char *path)
{
	const char *tmp = getenv("TMPDIR");

	if (snprintf(path, PATH_BYTES, "%s/runbook-XXXXXX", tmp && tmp[0] == '/' ? tmp : "/tmp") >= PATH_BYTES) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return mkdtemp(path);
}

char *refuge_enter(char *path)
{
	sigset_t set, before;
	pid_t parent = getpid(), child;

	if (!refuge_folder(path))
		return NULL;
	(void)signal(SIGCHLD, SIG_DFL); /* ignored, it would take the child's end from us */
	endings(&set);
	(void)sigprocmask(SIG_BLOCK, &set, &before);
	child = fork();
	if (child > 0)
		stand_by(child, path, &set, &before);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	if (child < 0) {
		int err = errno;

		(void)file_remove_tree(path);
		errno = err;
		return NULL;
	}
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(1);
	return path;
}
