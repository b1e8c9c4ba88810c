#ifndef RB_HOST_PROC_H
#define RB_HOST_PROC_H
/*
 * proc: what /proc tells about processes. Only used when something has to be
 * killed or reaped: never while a run goes well.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct proc {
	pid_t pid, ppid, pgrp, session;
	char state;       /* R S D Z ... */
	bool kernel;      /* a thread of the kernel: it has no environment */
	bool mark, leader; /* the caller's */
	uint64_t start;   /* in clock ticks since boot: a pid and its start are one process */
};
struct proc_list {
	struct proc *list; /* by pid */
	size_t count, cap;
};

/* One process. False if there is none (ENOENT, ESRCH), or with another errno. */
bool proc_read(pid_t pid, struct proc *p);
/* All of them, as of now; the old contents go. False if some may be missing: no
 * /proc, no descriptors. */
bool proc_scan(struct proc_list *l);
void proc_release(struct proc_list *l);
struct proc *proc_find(const struct proc_list *l, pid_t pid);
/* Has it both of these NAME=value in its environment? 1 or 0; also 0 if it may not be
 * read; -1 if that cannot be told now: EAGAIN it is just being exec'd (or a kernel
 * thread, or it has wiped both its arguments and its environment), else no descriptors. */
int proc_has_env(pid_t pid, const char *a, const char *b);
/* Sends sig to the process that had this start time; never to a later one of the same pid. */
bool proc_kill(pid_t pid, uint64_t start, int sig);

#endif
