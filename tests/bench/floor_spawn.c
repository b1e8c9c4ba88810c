/*
 * floor_spawn: what 1,000 sequential `/bin/true` cost at least, with what a step
 * needs (own session, captured output) and no journal: clone(VM|VFORK), setsid,
 * two pipes, poll, wait4. Prints microseconds a step; the bench divides by it.
 * With -s it also appends 700 bytes to FILE before each step and syncs them: what
 * a durable step cannot do without.
 *
 *   floor_spawn [-s FILE] [COUNT [PROGRAM [ARG...]]]
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

struct launch { char **argv; int null, out, err; };

static int child(void *arg)
{
	struct launch *l = arg;

	(void)setsid();
	(void)dup2(l->null, 0);
	(void)dup2(l->out, 1);
	(void)dup2(l->err, 2);
	(void)execve(l->argv[0], l->argv, environ);
	_exit(127);
}

static void drain(struct pollfd p[2])
{
	static char buf[64 << 10];
	int open_ends = 2;

	while (open_ends) {
		if (poll(p, 2, -1) < 0)
			continue;
		for (int i = 0; i < 2; i++)
			if (p[i].fd >= 0 && p[i].revents && read(p[i].fd, buf, sizeof(buf)) <= 0) {
				(void)close(p[i].fd);
				p[i].fd = -1;
				open_ends--;
			}
	}
}

static int step(char **argv, char *stack_top, int null)
{
	int out[2], err[2], status;
	struct launch l = { argv, null, 0, 0 };
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		return -1;
	l.out = out[1];
	l.err = err[1];
	pid = clone(child, stack_top, CLONE_VM | CLONE_VFORK | SIGCHLD, &l);
	(void)close(out[1]);
	(void)close(err[1]);
	if (pid < 0)
		return -1;
	drain((struct pollfd[2]){ { out[0], POLLIN, 0 }, { err[0], POLLIN, 0 } });
	if (wait4(pid, &status, 0, NULL) != pid)
		return -1;
	return status;
}

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static bool journal(int fd)
{
	static char record[700];

	if (!record[0])
		memset(record, 'x', sizeof(record));
	return fd < 0 || (write(fd, record, sizeof(record)) == sizeof(record) && fdatasync(fd) == 0);
}

int main(int argc, char **argv)
{
	static char stack[64 << 10] __attribute__((aligned(64)));
	char *usual[] = { (char[]){ "/bin/true" }, NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), file = -1;
	long count;
	double from;

	if (argc > 2 && strcmp(argv[1], "-s") == 0) {
		file = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
		if (file < 0) {
			perror(argv[2]);
			return 1;
		}
		argc -= 2;
		argv += 2;
	}
	count = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;
	from = now();
	for (long i = 0; i < count; i++)
		if (!journal(file) || step(argc > 2 ? argv + 2 : usual, stack + sizeof(stack), null)) {
			perror("floor_spawn");
			return 1;
		}
	printf("%.2f us/step\n", (now() - from) / (double)count);
	return 0;
}
