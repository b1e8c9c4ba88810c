/*
 * settle: what the first sync of a new run does besides its records: the blobs that they name, the run's
 * folder, the folders above. A thread can do that while the run's first read is under way; nothing waits
 * for it but the first sync, which would have waited for all of it.
 */
#include "journal/journal.h"

#include <errno.h>
#include <signal.h>

#include "base/mem.h"
#include "journal/writer.h"

enum { STACK = 64 << 10 };

/* Those above the run's folder may all be new. Or they belong to somebody else; then they are not. */
int journal_sync_folders(const struct journal *j)
{
	static const char *const above[] = { "..", "../.." };
	int err = io_sync_folder(j->io, j->dirfd, ".");

	for (int i = 0; !err && i < 2; i++) {
		err = io_sync_folder(j->io, j->dirfd, above[i]);
		if (err == EACCES)
			err = 0;
	}
	return err;
}

/* The file system's commit for the blobs shall take our own first bytes along. */
int journal_sync_named(const struct journal *j)
{
	if (!j->settle)
		return 0;
	io_begin_sync(j->fd);
	return j->settle(j->settle_arg);
}

static void *work(void *arg)
{
	struct journal *j = arg;
	int err = journal_sync_named(j);

	j->settle_err = !err && j->folders_due ? journal_sync_folders(j) : err;
	return NULL;
}

static void drop_stack(struct journal *j)
{
	mem_free(j->stack);
	j->stack = NULL;
}

void journal_settle_begin(struct journal *j)
{
	pthread_attr_t attr;
	sigset_t all, old;

	if (j->err || j->no_sync || j->settling || (!j->settle && !j->folders_due))
		return;
	/* A stack of the heap: to map one and its guard would cost as much again as the thread. */
	if (pthread_attr_init(&attr))
		return;
	j->stack = mem_realloc(NULL, STACK);
	/* Signals are for the runner. Without a thread the first sync does it all. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	j->settling = !pthread_attr_setstack(&attr, j->stack, STACK) && !pthread_create(&j->settler, &attr, work, j);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)pthread_attr_destroy(&attr);
	if (!j->settling)
		drop_stack(j);
}

int journal_settle_end(struct journal *j)
{
	if (!j->settling)
		return 0;
	(void)pthread_join(j->settler, NULL);
	j->settling = j->folders_due = false;
	j->settle = NULL;
	drop_stack(j);
	return j->settle_err;
}
