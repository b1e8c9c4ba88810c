/*
 * faults: every system call of the runner fails: with each error that the kernel may
 * give for it, once, and from there on always. Whatever the run then does, its journal
 * claims nothing that is not so, and it can be brought home afterwards (judge.h).
 * A point is `BOOK COMMAND N CALL ERROR once|always`; COMMAND is exec, or resume of a run
 * that was killed half-way.
 *
 *   faults PROGRAM BOOKS DIR                  all points
 *   faults PROGRAM BOOKS DIR --sample N       about N of them, evenly
 *   faults PROGRAM BOOKS DIR --one BOOK COMMAND N CALL ERROR once|always
 */
#include "judge.h"

#include <sys/mman.h>

enum { POINTS_ABOUT = 9000, FAILURES_SHOWN = 6 };

/* Errors for the calls that a runner makes; SHORT: half of the bytes. */
struct row { long nr; const char *name; int errors[6]; };
static const struct row rows[] = {
	{ SYS_write, "write", { ENOSPC, EIO, EDQUOT, EINTR, TRACE_SHORT, EAGAIN } },
	{ SYS_pwrite64, "pwrite", { ENOSPC, EIO, TRACE_SHORT } },
	{ SYS_writev, "writev", { ENOSPC, EIO } },
	{ SYS_read, "read", { EIO, EINTR, TRACE_SHORT } },
	{ SYS_pread64, "pread", { EIO, EINTR, TRACE_SHORT } },
	{ SYS_openat, "openat", { EMFILE, ENFILE, EIO, ENOMEM, ENOSPC } },
	{ SYS_fsync, "fsync", { EIO, ENOSPC, EINTR } },
	{ SYS_fdatasync, "fdatasync", { EIO, ENOSPC, EINTR } },
	{ SYS_rename, "rename", { EIO, ENOSPC } },
	{ SYS_renameat, "renameat", { EIO, ENOSPC } },
	{ SYS_linkat, "linkat", { EIO, ENOSPC } },
	{ SYS_unlinkat, "unlinkat", { EIO } },
	{ SYS_unlink, "unlink", { EIO } },
	{ SYS_mkdir, "mkdir", { ENOSPC, EDQUOT } },
	{ SYS_mkdirat, "mkdirat", { ENOSPC, EDQUOT } },
	{ SYS_chmod, "chmod", { EIO } },
	{ SYS_fchmod, "fchmod", { EIO } },
	{ SYS_fallocate, "fallocate", { ENOSPC, EDQUOT, EINTR } },
	{ SYS_ftruncate, "ftruncate", { EIO } },
	{ SYS_fstat, "fstat", { EIO } },
	{ SYS_newfstatat, "newfstatat", { EIO, ENOMEM } },
	{ SYS_lseek, "lseek", { EIO } },
	{ SYS_flock, "flock", { EINTR, ENOLCK } },
	{ SYS_fcntl, "fcntl", { EINVAL } },
	{ SYS_getdents64, "getdents", { EIO } },
	{ SYS_getrandom, "getrandom", { EAGAIN } },
	{ SYS_mmap, "mmap", { ENOMEM } },
	{ SYS_pipe2, "pipe2", { EMFILE, ENFILE } },
	{ SYS_clone, "clone", { EAGAIN, ENOMEM } },
	{ SYS_wait4, "wait4", { EINTR } },
	{ SYS_waitid, "waitid", { EINTR } },
	{ SYS_epoll_create1, "epoll_create", { EMFILE, ENOMEM } },
	{ SYS_epoll_ctl, "epoll_ctl", { ENOMEM, ENOSPC } },
	{ SYS_epoll_wait, "epoll_wait", { EINTR } },
	{ SYS_epoll_pwait, "epoll_pwait", { EINTR } },
	{ SYS_epoll_pwait2, "epoll_pwait2", { EINTR } },
	{ SYS_poll, "poll", { EINTR, ENOMEM } },
	{ SYS_ppoll, "ppoll", { EINTR, ENOMEM } },
	{ SYS_eventfd2, "eventfd", { EMFILE } },
	{ SYS_timerfd_create, "timerfd_create", { EMFILE } },
	{ SYS_timerfd_settime, "timerfd_settime", { ENOMEM } },
	{ SYS_signalfd4, "signalfd", { EMFILE } },
	{ SYS_pidfd_open, "pidfd_open", { EMFILE } },
};
static const struct { int number; const char *name; } error_names[] = {
	{ ENOSPC, "ENOSPC" }, { EIO, "EIO" }, { EDQUOT, "EDQUOT" }, { EINTR, "EINTR" }, { EAGAIN, "EAGAIN" },
	{ EMFILE, "EMFILE" }, { ENFILE, "ENFILE" }, { ENOMEM, "ENOMEM" }, { EINVAL, "EINVAL" }, { ENOLCK, "ENOLCK" },
	{ TRACE_SHORT, "SHORT" },
};

struct point { const char *book; bool resume; long at, nr; int error; bool sticky; };
struct tally { uint64_t done, past, failed, sites, calls[sizeof(rows) / sizeof(*rows)]; uint32_t shown; };
static struct tally *tally;
static const char *books, *base_dir;
static long stride = 1;
static int worker, workers = 2;

static const char *error_name(int number)
{
	for (size_t i = 0; i < sizeof(error_names) / sizeof(*error_names); i++)
		if (error_names[i].number == number)
			return error_names[i].name;
	return "?";
}

static const struct row *row_of(long nr)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].nr == nr)
			return &rows[i];
	return NULL;
}

/* The numbers of an undisturbed run's calls. */
struct calls { long nr[4000]; long count; };

static void note_call(void *arg, pid_t pid, long nr, const unsigned long long args[3])
{
	struct calls *c = arg;

	(void)pid, (void)args;
	if (c->count + 1 < 4000)
		c->nr[++c->count] = nr;
}

static void run_command(struct scene *s, const struct point *p, struct trace *t)
{
	char book[40];
	const char *exec[] = { "exec", book, "--yes", NULL };
	const char *resume[] = { "resume", "@last", "--yes", NULL };
	struct trace kill = { .kill_at = 300 };

	snprintf(book, sizeof(book), "%s.yml", p->book);
	if (p->resume) {
		(void)scene_run(s, &kill, exec);
		reap_all();
	}
	(void)scene_run(s, t, p->resume ? resume : exec);
}

/* What the faulty runner said about itself: an error that it does not explain is wrong. */
static bool told(struct scene *s, const struct trace *t)
{
	static char err[TEXT_ROOM];

	if (t->code == 0 || t->code == 3)
		return true;
	scene_text(s, "err", err);
	if (t->code >= 128 && t->code != 128 + SIGABRT)
		return wrong(s, "the runner was killed by signal %d: %.300s", t->code - 128, err);
	return err[0] || wrong(s, "exit %d without a message", t->code);
}

/* False: the run ended before the call. */
static bool point_run(const struct point *p)
{
	struct scene s;
	struct trace t = { .fault_at = p->at, .fault_nr = p->nr, .error = p->error, .sticky = p->sticky };

	scene_begin(&s, base_dir, books, p->book, true);
	run_command(&s, p, &t);
	if (t.hung)
		(void)wrong(&s, "it hangs");
	if (t.failed) {
		if (t.nr != SYS_write) /* its own message may have been lost */
			(void)told(&s, &t);
		reap_all();
		(void)judge(&s, NULL, false);
	}
	reap_all();
	if (s.why[0]) {
		char kept[PATH_ROOM + 32];

		__atomic_add_fetch(&tally->failed, 1, __ATOMIC_RELAXED);
		if (__atomic_add_fetch(&tally->shown, 1, __ATOMIC_RELAXED) <= FAILURES_SHOWN) {
			printf("# point \"%s %s %ld %s %s %s\": %s\n", p->book, p->resume ? "resume" : "exec", p->at, row_of(p->nr)->name,
			       error_name(p->error), p->sticky ? "always" : "once", s.why);
			fflush(stdout);
			snprintf(kept, sizeof(kept), "%s.wrong%llu", s.dir, (unsigned long long)tally->failed);
			remove_all(kept);
			(void)rename(s.dir, kept);
		}
	}
	__atomic_add_fetch(t.failed ? &tally->done : &tally->past, 1, __ATOMIC_RELAXED);
	if (t.failed)
		__atomic_add_fetch(&tally->calls[row_of(t.nr) - rows], 1, __ATOMIC_RELAXED);
	return t.failed;
}

static void series(const char *book, bool resume)
{
	static uint64_t turn;
	struct point p = { .book = book, .resume = resume };
	struct calls *c = calloc(1, sizeof(*c));
	struct trace t = { .on_call = note_call, .arg = c };
	struct scene s;

	scene_begin(&s, base_dir, books, book, true);
	run_command(&s, &p, &t);
	/* Before its first random number (malloc's) the dynamic loader acts, not the runner. */
	while (p.at < c->count && c->nr[++p.at] != SYS_getrandom)
		;
	for (; p.at <= c->count; p.at++) {
		const struct row *row = row_of(c->nr[p.at]);

		for (int i = 0; row && i < 6 && row->errors[i]; i++)
			for (int sticky = 0; sticky < 2; sticky++) {
				p.nr = row->nr;
				p.error = row->errors[i];
				p.sticky = sticky;
				/* EINTR for ever is no kernel of this world. */
				if (sticky && (p.error == EINTR || p.error == TRACE_SHORT))
					continue;
				if (turn % (uint64_t)stride == 0 && turn / (uint64_t)stride % (uint64_t)workers == (uint64_t)worker)
					(void)point_run(&p);
				turn++;
			}
	}
	free(c);
}

static void work(int i)
{
	static char dir[PATH_ROOM];

	worker = i;
	snprintf(dir, sizeof(dir), "%s/%d", base_dir, i);
	base_dir = dir;
	mkdir(dir, 0700);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		trace_die("subreaper");
	series("plain", false);
	series("plain", true);
	series("parallel", false);
	series("good", false);
	remove_all(dir);
	exit(0);
}

static int run_all(void)
{
	bool ok = true;
	int st;

	for (int i = 0; i < workers; i++)
		if (!fork())
			work(i);
	while (waitpid(-1, &st, 0) > 0)
		ok = ok && WIFEXITED(st) && !WEXITSTATUS(st);
	printf("# %llu faults;", (unsigned long long)tally->done);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (tally->calls[i])
			printf(" %s %llu", rows[i].name, (unsigned long long)tally->calls[i]);
	ok = ok && !tally->failed;
	printf("\n%sok 1 - no wrong claim, a message, brought home: %llu wrong\n1..1\n", ok ? "" : "not ", (unsigned long long)tally->failed);
	return !ok;
}

static int run_one(char **a)
{
	struct point p = { a[0], !strcmp(a[1], "resume"), strtol(a[2], NULL, 10), 0, 0, !strcmp(a[5], "always") };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (!strcmp(rows[i].name, a[3]))
			p.nr = rows[i].nr;

	for (size_t i = 0; i < sizeof(error_names) / sizeof(*error_names); i++)
		if (!strcmp(error_names[i].name, a[4]))
			p.error = error_names[i].number;
	printf("# %s\n", point_run(&p) ? "failed as told" : "there is no such call");
	printf("%s\n", tally->failed ? "not ok" : "ok");
	return tally->failed != 0;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	program = argv[1];
	books = argv[2];
	base_dir = argv[3];
	unsetenv("CI");
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		trace_die("start");
	mkdir(base_dir, 0700);
	if (argc == 11 && !strcmp(argv[4], "--one"))
		return run_one(argv + 5);
	if (argc == 6 && !strcmp(argv[4], "--sample"))
		stride = POINTS_ABOUT / strtol(argv[5], NULL, 10);
	stride = stride < 1 ? 1 : stride;
	return run_all();
}
