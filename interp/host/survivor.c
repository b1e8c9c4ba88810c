#include "host/survivor.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include "base/buf.h"
#include "host/proc.h"

/* survivor: a look at all processes. */

static void entry(struct buf *b, const char *name, struct str value)
{
	buf_init(b, 64 << 10);
	buf_addz(b, name);
	buf_addc(b, '=');
	buf_adds(b, value);
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

			int has = p->state != 'Z' && p->state != 'X' && p->pid != getpid() ? proc_has_env(p->pid, r.p, s.p) : 0;

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
