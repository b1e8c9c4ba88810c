#include "host/survivor.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include "base/buf.h"
#include "host/proc.h"

/* survivor: a look at all processes. */

enum { EXEC_PATIENCE = 250 /* times 2 ms */ };

static void entry(struct buf *b, const char *name, struct str value)
{
	buf_init(b, 64 << 10);
	buf_addz(b, name);
	buf_addc(b, '=');
	buf_adds(b, value);
}

/* A child that is between its fork and its new program has no environment for a moment. */
static int asked(pid_t pid, const char *run, const char *step)
{
	const struct timespec pause = { 0, 2000000 };
	int has = proc_has_env(pid, run, step);

	for (int i = 0; has < 0 && errno == EAGAIN && i < EXEC_PATIENCE; i++) {
		nanosleep(&pause, NULL);
		has = proc_has_env(pid, run, step);
	}
	return has < 0 && errno == EAGAIN ? 0 : has;
}

bool survivors_find(struct str run, const struct str *steps, uint32_t count, struct survivor *out, uint32_t max, uint32_t *found)
{
	struct proc_list l = { 0 };
	struct buf r, s;
	uint32_t n = 0;
	bool ok = proc_scan(&l);

	entry(&r, "RUNBOOK_RUN", run);
	for (uint32_t k = 0; k < count; k++) {
		entry(&s, "RUNBOOK_STEP", steps[k]);
		for (size_t i = 0; i < l.count && n < max; i++) {
			const struct proc *p = &l.list[i];

			int has = p->state != 'Z' && p->state != 'X' && !p->kernel && p->pid != getpid() ? asked(p->pid, r.p, s.p) : 0;

			if (has > 0)
				out[n++] = (struct survivor){ p->pid, p->start, k };
			ok = ok && has >= 0;
		}
		buf_release(&s);
	}
	buf_release(&r);
	proc_release(&l);
	*found = n;
	return ok;
}

int survivor_lives(const struct survivor *s)
{
	struct proc p;

	if (!proc_read(s->pid, &p))
		return errno != ENOENT && errno != ESRCH;
	return p.start == s->start && p.state != 'Z' && p.state != 'X';
}

void survivor_kill(const struct survivor *s, int signo)
{
	(void)proc_kill(s->pid, s->start, signo);
}
