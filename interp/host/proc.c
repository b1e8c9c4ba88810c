#include "host/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/mem.h"

/* proc: parses /proc/PID/stat and environ. */

enum { KERNEL_THREAD = 0x200000 /* PF_KTHREAD of field 9 */ };
enum { ENVIRON_MAX = 1 << 20, STAT_MAX = 1024, PROCS_MAX = 1 << 20 };

static ssize_t read_some(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t n = 0;
	ssize_t r = 0;
	int err;

	if (fd < 0)
		return -1;
	while (n < size && ((r = read(fd, buf + n, size - n)) > 0 || (r < 0 && errno == EINTR)))
		n += r > 0 ? (size_t)r : 0;
	err = errno;
	(void)close(fd);
	errno = err;
	return r < 0 ? -1 : (ssize_t)n;
}

bool proc_read(pid_t pid, struct proc *p)
{
	char path[64], buf[STAT_MAX + 1], *at;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	n = read_some(path, buf, STAT_MAX);
	if (n < 0)
		return false;
	errno = ESRCH;
	buf[n] = 0;
	/* The name may hold anything, also brackets and line breaks: it ends at the last one. */
	at = strrchr(buf, ')');
	if (!at || at[1] != ' ' || !at[2] || at[3] != ' ')
		return false;
	*p = (struct proc){ .pid = pid, .state = at[2] };
	at += 3;
	for (int field = 4; field <= 22; field++) {
		unsigned long long v = strtoull(at, &at, 10);

		switch (field) {
		case 4: p->ppid = (pid_t)v; break;
		case 5: p->pgrp = (pid_t)v; break;
		case 6: p->session = (pid_t)v; break;
		case 9: p->kernel = (v & KERNEL_THREAD) != 0; break;
		case 22: p->start = v; break;
		}
	}
	return true;
}

static int by_pid(const void *a, const void *b)
{
	const struct proc *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* It has ended meanwhile, or is none of our business. */
static bool gone(int err)
{
	return err == ENOENT || err == ESRCH || err == EACCES || err == EPERM;
}

bool proc_scan(struct proc_list *l)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	bool ok = true;

	l->count = 0;
	if (!d)
		return false;
	while ((errno = 0, e = readdir(d)) && l->count < PROCS_MAX) {
		long pid;

		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		pid = strtol(e->d_name, NULL, 10);
		MEM_ROOM(l->list, l->count, l->cap, 256);
		if (proc_read((pid_t)pid, &l->list[l->count]))
			l->count++;
		else
			ok = ok && gone(errno);
	}
	ok = ok && (e || !errno);
	(void)closedir(d);
	if (l->count)
		qsort(l->list, l->count, sizeof(*l->list), by_pid);
	return ok;
}

void proc_release(struct proc_list *l)
{
	mem_free(l->list);
	*l = (struct proc_list){ 0 };
}

struct proc *proc_find(const struct proc_list *l, pid_t pid)
{
	struct proc key = { .pid = pid };

	return l->count ? bsearch(&key, l->list, l->count, sizeof(key), by_pid) : NULL;
}

int proc_has_env(pid_t pid, const char *a, const char *b)
{
	char path[64], *buf = mem_alloc(ENVIRON_MAX + 1);
	bool has_a = false, has_b = false;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	n = read_some(path, buf, ENVIRON_MAX);
	if (!n) { /* an empty one, or in the midst of execve, which has neither for a moment */
		(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
		n = read_some(path, buf, 1);
		if (!n) {
			errno = EAGAIN;
			n = -1;
		} else if (n > 0) {
			n = 0;
		}
	}
	if (n < 0) {
		mem_free(buf);
		return gone(errno) ? 0 : -1;
	}
	for (ssize_t at = 0; at < n; at += (ssize_t)strlen(buf + at) + 1) {
		has_a = has_a || !strcmp(buf + at, a);
		has_b = has_b || !strcmp(buf + at, b);
	}
	mem_free(buf);
	return has_a && has_b;
}

bool proc_kill(pid_t pid, uint64_t start, int sig)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct proc now;
	bool done = false;

	/* The pidfd pins the process; only then does its start time prove anything. */
	if (fd >= 0) {
		done = proc_read(pid, &now) && now.start == start && !syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0);
		(void)close(fd);
	} else if (errno != ESRCH && proc_read(pid, &now) && now.start == start) {
		done = !kill(pid, sig); /* no pidfds: before Linux 5.3, or out of descriptors */
	}
	return done;
}
