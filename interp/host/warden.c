#include "host/nursery.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/mem.h"
#include "host/clock.h"

/*
 * warden: ends children that ran out of time or are stopped, with everything
 * that descends from them; reaps orphans. One look at /proc serves all children
 * that are being killed.
 */

static const int64_t ms = 1000000;
static const int64_t stuck_after = 5000000000;
enum { REAP_EVERY = 32, SCAN_EVERY = 512 };

static int64_t plus(int64_t a, int64_t b)
{
	int64_t r;

	return __builtin_add_overflow(a, b, &r) ? INT64_MAX : r;
}

static void on_watch(void *arg);

void warden_wake(struct nursery *n, int64_t at)
{
	if (n->watch && n->watch_at <= at)
		return;
	if (n->watch)
		loop_cancel(n->l, n->watch);
	n->watch_at = at;
	n->watch = loop_at(n->l, at, on_watch, n);
}

/* --- who belongs to a child -------------------------------------------------- */

static void look(struct nursery *n, int64_t now, int64_t max_age)
{
	if (n->looked && now - n->looked <= max_age)
		return;
	(void)proc_scan(&n->procs);
	n->looked = now;
	for (const struct child *c = n->running.first; c; c = c->next) {
		struct proc *p = proc_find(&n->procs, c->pid);

		if (p)
			p->leader = true;
	}
}

static const char *env_entry(const struct child *c, const char *name)
{
	size_t len = strlen(name);

	for (const char *const *e = c->spec.envp; *e; e++)
		if (!strncmp(*e, name, len))
			return *e;
	return NULL;
}

static bool dead(const struct proc *p)
{
	return p->state == 'Z' || p->state == 'X' || p->state == 'x';
}

/* Marks what is in the child's group or session, or descends from what is marked. */
static void mark_descent(struct child *c)
{
	struct proc_list *l = &c->n->procs;
	pid_t self = getpid();
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < l->count; i++) {
			struct proc *p = &l->list[i], *parent;

			if (p->mark || p->leader || p->pid == self || dead(p))
				continue;
			parent = proc_find(l, p->ppid);
			p->mark = p->ppid == c->pid || p->pgrp == c->pid || p->session == c->pid || (parent && parent->mark);
			more = more || p->mark;
		}
	}
}

/* Marks orphans that came to us (or to init, without a subreaper) with the child's
 * environment. An older process with the same step is of an earlier attempt, or a
 * service that the step started: it stays. */
static void mark_env(struct child *c)
{
	const char *run = env_entry(c, "RUNBOOK_RUN="), *step = env_entry(c, "RUNBOOK_STEP=");
	struct proc_list *l = &c->n->procs;
	pid_t self = getpid();

	if (!run || !step || !c->start)
		return;
	for (size_t i = 0; i < l->count; i++) {
		struct proc *p = &l->list[i];

		if (p->mark || p->leader || p->pid == self || dead(p) || (p->ppid != self && p->ppid != 1))
			continue;
		if (p->start < c->start || (p->start == c->start && p->pid < c->pid))
			continue;
		p->mark = proc_has_env(p->pid, run, step) > 0;
	}
}

static void keep(struct child *c, const struct proc *p)
{
	for (uint32_t i = 0; i < c->known_count; i++)
		if (c->known[i].pid == p->pid && c->known[i].start == p->start)
			return;
	MEM_ROOM(c->known, c->known_count, c->known_cap, 8);
	c->known[c->known_count++] = (struct known){ p->pid, p->start };
}

/* Marks in the last look all living processes of the child but its leader; they
 * are remembered, since a parent's death hides whose they are. Returns how many. */
static uint32_t mark(struct child *c)
{
	struct proc_list *l = &c->n->procs;
	uint32_t count = 0;

	for (size_t i = 0; i < l->count; i++)
		l->list[i].mark = false;
	for (uint32_t i = 0; i < c->known_count; i++) {
		struct proc *p = proc_find(l, c->known[i].pid);

		if (p && p->start == c->known[i].start && !dead(p))
			p->mark = true;
	}
	mark_descent(c);
	mark_env(c);
	mark_descent(c);
	for (size_t i = 0; i < l->count; i++)
		if (l->list[i].mark) {
			keep(c, &l->list[i]);
			count++;
		}
	return count;
}

/* The group by its number, which the leader's zombie holds; the others one by one. */
static void signal_all(struct child *c, int sig)
{
	struct proc_list *l = &c->n->procs;

	(void)kill(-c->pid, sig);
	for (size_t i = 0; i < l->count; i++)
		if (l->list[i].mark && l->list[i].pgrp != c->pid)
			(void)proc_kill(l->list[i].pid, l->list[i].start, sig);
}

/* --- killing ----------------------------------------------------------------- */

static void kill_now(struct child *c, int64_t now)
{
	if (c->killing != KILL_KILL) {
		c->killing = KILL_KILL;
		c->kill_at = now;
	}
	signal_all(c, SIGKILL);
	warden_wake(c->n, now + 10 * ms);
}

void warden_begin(struct child *c, enum child_end why, int64_t grace)
{
	int64_t now = clock_boot(), at = plus(now, grace > 0 ? grace : 0);
	struct proc self;

	if (c->killing == KILL_KILL || (c->killing == KILL_TERM && at >= c->kill_at))
		return;
	look(c->n, now, 20 * ms);
	if (c->killing == KILL_NOT) {
		c->why = (uint8_t)why;
		c->start = proc_read(c->pid, &self) ? self.start : 0;
	}
	(void)mark(c);
	c->kill_at = at;
	if (grace <= 0) {
		kill_now(c, now);
		return;
	}
	if (c->killing == KILL_NOT) {
		signal_all(c, SIGTERM);
		signal_all(c, SIGCONT); /* a stopped one could not act on it */
	}
	c->killing = KILL_TERM;
	/* Its pipes may be closed already; then nothing else would tell. */
	warden_wake(c->n, child_pipes_closed(c) ? plus(now, 10 * ms) : c->kill_at);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Looks after one child; returns when to look again. */
static int64_t attend(struct child *c, int64_t now)
{
	bool gone = c->exited && child_pipes_closed(c);
	uint32_t left;
	int64_t pause;

	if (c->killing == KILL_TERM && now < c->kill_at && !gone)
		return c->kill_at;
	look(c->n, now, 0);
	left = mark(c);
	if (gone && !left) {
		child_finish(c, false);
		return INT64_MAX;
	}
	if (c->killing == KILL_TERM && now < c->kill_at)
		return earlier(c->kill_at, now + 50 * ms);
	if (c->killing == KILL_KILL && now - c->kill_at > stuck_after) {
		child_finish(c, true);
		return INT64_MAX;
	}
	kill_now(c, now);
	pause = (now - c->kill_at) / 4;
	return now + (pause < 10 * ms ? 10 * ms : pause > 250 * ms ? 250 * ms : pause);
}

static void on_watch(void *arg)
{
	struct nursery *n = arg;
	int64_t now = clock_boot(), again = INT64_MAX;
	struct child *next;

	n->watch = NULL;
	/* All exits are seen before the look at /proc: what a leader left is in it then. */
	for (struct child *c = n->running.first; c; c = c->next)
		if (c->killing)
			(void)child_look(c);
	for (struct child *c = n->running.first; c; c = next) {
		next = c->next;
		if (c->killing)
			again = earlier(again, attend(c, now));
	}
	if (again < INT64_MAX)
		warden_wake(n, again);
}

/* --- orphans ----------------------------------------------------------------- */

static bool is_leader(const struct nursery *n, pid_t pid)
{
	for (const struct child *c = n->running.first; c; c = c->next)
		if (c->pid == pid)
			return true;
	return false;
}

/* One of our own zombies may stand before the others in the kernel's list. */
static void reap_by_scan(struct nursery *n)
{
	(void)proc_scan(&n->procs);
	n->looked = 0;
	for (size_t i = 0; i < n->procs.count; i++) {
		const struct proc *p = &n->procs.list[i];

		if (p->ppid == getpid() && p->state == 'Z' && !is_leader(n, p->pid))
			(void)waitpid(p->pid, NULL, WNOHANG);
	}
}

void warden_reap(struct nursery *n)
{
	siginfo_t si;

	n->done_count++;
	if (!n->active) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
		return;
	}
	if (n->done_count % SCAN_EVERY == 0)
		reap_by_scan(n);
	if (n->done_count % REAP_EVERY)
		return;
	for (;;) {
		si.si_pid = 0;
		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) || !si.si_pid || is_leader(n, si.si_pid))
			return;
		(void)waitpid(si.si_pid, NULL, WNOHANG);
	}
}
