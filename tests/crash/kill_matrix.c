/*
 * kill_matrix: the runner is killed at every system call of a run, of its recovery,
 * and of the recovery of that. A point is a book and stages, `plain exec@120
 * resume@33`: the command is killed at its call of that number; @0 lets it end.
 * Every point ends with the judgement of judge.h.
 *
 *   kill_matrix PROGRAM BOOKS DIR                  all points
 *   kill_matrix PROGRAM BOOKS DIR --sample N       about N of them, evenly
 *   kill_matrix PROGRAM BOOKS DIR --one POINT...   these, and keeps DIR
 */
#include "judge.h"

#include <sys/mman.h>

enum { STAGES = 4, BASES = 8, FAILURES_SHOWN = 5, POINTS_ABOUT = 15000, POINTS_WANTED = 5000 };
enum command { C_EXEC, C_RESUME, C_RESOLVE, C_ROLLBACK };
static const char *const command_names[] = { "exec", "resume", "resolve", "rollback" };

struct stage { enum command command; long at; };
struct point { const char *book; bool sync; struct stage stages[STAGES]; int count; };

/* What the workers share. */
struct tally {
	uint64_t killed, past, failed, sites[4], turn;
	uint32_t shown;
};
static struct tally *tally;
static const char *books, *base_dir;
static long stride = 1;            /* of a sample */
static int worker, workers = 2;
static struct reference reference;

static void point_name(const struct point *p, struct buf *out)
{
	buf_printf(out, "%s%s", p->book, p->sync ? "" : ":nosync");
	for (int i = 0; i < p->count; i++)
		buf_printf(out, " %s@%ld", command_names[p->stages[i].command], p->stages[i].at);
}

/* --- one point ----------------------------------------------------------------- */

/* A step that the judge knows to be in doubt, for `resolve`; NULL: none is. */
static const char *doubtful(struct scene *s)
{
	static struct facts f;

	if (!facts_read(s, &f))
		return NULL;
	for (uint32_t i = 0; i < f.count; i++)
		if ((f.list[i].fate == FATE_FLIES || f.list[i].fate == FATE_LOST) && f.list[i].write && !f.list[i].word)
			return f.list[i].key;
	return NULL;
}

static int stage_run(struct scene *s, const struct stage *st, struct trace *t)
{
	char book[40];
	const char *key, *args[ARGS] = { command_names[st->command] };
	int n = 1;

	scene_look(s);
	snprintf(book, sizeof(book), "%s.yml", s->book);
	switch (st->command) {
	case C_EXEC:
		args[n++] = book;
		args[n++] = "--yes";
		if (!s->sync)
			args[n++] = "--no-sync";
		break;
	case C_RESUME:
		args[n++] = s->run[0] ? s->run : "@last";
		args[n++] = "--yes";
		break;
	case C_ROLLBACK:
		args[n++] = s->first[0] ? s->first : "@last";
		break;
	case C_RESOLVE:
		reap_all(); /* before its end nobody could tell */
		key = doubtful(s);
		args[n++] = s->run[0] ? s->run : "@last";
		args[n++] = key ? key : "none";
		args[n++] = key ? truth(s, key) : "--done";
		args[n++] = "--why";
		args[n++] = "the ledger";
		break;
	}
	*t = (struct trace){ .kill_at = st->at };
	return scene_run(s, t, args);
}

static bool undoes(const struct point *p)
{
	for (int i = 0; i < p->count; i++)
		if (p->stages[i].command == C_ROLLBACK)
			return true;
	return false;
}

static void show(const struct point *p, const struct scene *s)
{
	struct buf b;

	buf_init(&b, 4096);
	point_name(p, &b);
	printf("# point \"%s\": %s\n", b.p, s->why);
	fflush(stdout);
	buf_release(&b);
}

/* True if the last stage was killed: a point. */
static bool point_run(const struct point *p, bool verbose)
{
	struct scene s;
	struct trace t = { 0 };
	static struct facts f;

	scene_begin(&s, base_dir, books, p->book, p->sync);
	for (int i = 0; i < p->count; i++) {
		int code = stage_run(&s, &p->stages[i], &t);

		if (verbose)
			printf("# %s@%ld: %ld calls, %s %ld, exit %d\n", command_names[p->stages[i].command], p->stages[i].at, t.calls,
			       t.killed ? "killed at the entry of syscall" : "not killed;", t.nr, code);
		if (t.killed && facts_read(&s, &f))
			(void)effects_announced(&s, &f);
	}
	scene_look(&s);
	(void)judge(&s, reference.exact || reference.status[0] ? &reference : NULL, undoes(p));
	reap_all();
	if (s.why[0]) {
		__atomic_add_fetch(&tally->failed, 1, __ATOMIC_RELAXED);
		if (verbose || __atomic_add_fetch(&tally->shown, 1, __ATOMIC_RELAXED) <= FAILURES_SHOWN) {
			char kept[PATH_ROOM + 32];

			show(p, &s);
			snprintf(kept, sizeof(kept), "%s.wrong%llu", s.dir, (unsigned long long)tally->failed);
			remove_all(kept);
			(void)rename(s.dir, kept);
		}
	}
	__atomic_add_fetch(t.killed ? &tally->killed : &tally->past, 1, __ATOMIC_RELAXED);
	if (t.killed)
		__atomic_add_fetch(&tally->sites[p->stages[p->count - 1].command], 1, __ATOMIC_RELAXED);
	return t.killed;
}

/* --- all points of a series ------------------------------------------------------ */

/* An undisturbed run of the stages with @0: number of calls of the last one. */
static long refer(const char *book, bool sync, bool rollback)
{
	struct scene s;
	struct trace t;
	static struct facts f;
	struct stage stages[] = { { C_EXEC, 0 }, { C_ROLLBACK, 0 } };
	long calls = 0;

	scene_begin(&s, base_dir, books, book, sync);
	for (int i = 0; i < 1 + rollback; i++) {
		(void)stage_run(&s, &stages[i], &t);
		calls = t.calls;
	}
	if (!facts_read(&s, &f) || !f.scan.sealed) {
		printf("Bail out! %s does not run: %s\n", book, f.scan.why);
		exit(2);
	}
	memset(&reference, 0, sizeof(reference));
	snprintf(reference.status, sizeof(reference.status), "%s", f.status);
	scene_text(&s, "ledger", reference.ledger);
	reference.exact = strcmp(book, "drain") != 0;
	reference.ordered = strcmp(book, "parallel") != 0;
	if (!reference.ordered)
		sort_lines(reference.ledger);
	return calls;
}

/* Is this one ours? Workers take turns; a sample leaves most out. */
static bool ours(uint64_t turn)
{
	return turn % (uint64_t)stride == 0 && turn / (uint64_t)stride % (uint64_t)workers == (uint64_t)worker;
}

/* Every call of the last stage, to its end: `calls` is about where. */
static void series(struct point p, long calls)
{
	static uint64_t turn;
	struct stage *last = &p.stages[p.count - 1];
	int past = 0;

	/* Beyond what an undisturbed run needs: every worker looks for its own end. */
	for (last->at = 1; past < 2 && last->at < calls * 3 + 500; last->at++) {
		if (stride > 1 && last->at > calls)
			break;
		if (!ours(turn++))
			continue;
		past = point_run(&p, false) ? 0 : past + 1;
	}
}

static void recoveries(const char *book, bool sync, long calls, bool deep)
{
	for (int i = 1; i <= BASES; i++) {
		long at = calls * i / (BASES + 1) + i;
		struct point p = { book, sync, { { C_EXEC, at }, { C_RESUME, 0 } }, 2 };

		series(p, calls);
		if (deep && i % 3 == 1)
			for (int k = 1; k <= 3; k++) {
				struct point q = { book, sync, { { C_EXEC, at }, { C_RESUME, calls * k / 5 }, { C_RESUME, 0 } }, 3 };

				series(q, calls);
			}
		if (deep && i % 2 == 0) {
			struct point q = { book, sync, { { C_EXEC, at }, { C_RESOLVE, 0 } }, 2 };

			series(q, calls / 2);
		}
	}
}

static void rollbacks(const char *book, bool sync)
{
	long calls = refer(book, sync, true);
	struct point p = { book, sync, { { C_EXEC, 0 }, { C_ROLLBACK, 0 } }, 2 };

	series(p, calls);
	for (int i = 1; i <= 4; i++) {
		struct point q = { book, sync, { { C_EXEC, 0 }, { C_ROLLBACK, calls * i / 5 }, { C_RESUME, 0 } }, 3 };

		series(q, calls);
	}
}

static void all_series(void)
{
	static const char *const names[] = { "plain", "parallel", "good", "drain" };

	for (int i = 0; i < 4; i++)
		for (int sync = 1; sync >= 0; sync--) {
			long calls = refer(names[i], sync, false);
			struct point p = { names[i], sync, { { C_EXEC, 0 } }, 1 };

			series(p, calls);
			if (sync == (i == 0))
				recoveries(names[i], sync, calls, i == 0);
		}
	rollbacks("good", true);
	rollbacks("good", false);
}

/* --- the program ------------------------------------------------------------------ */

static bool parse_point(const char *text, struct point *p, char book[32])
{
	int n = 0, k = 0;
	char word[32];

	memset(p, 0, sizeof(*p));
	p->book = book;
	p->sync = true;
	if (sscanf(text, "%31[a-z]%n", book, &n) != 1)
		return false;
	text += n;
	if (!strncmp(text, ":nosync", 7)) {
		p->sync = false;
		text += 7;
	}
	while (p->count < STAGES && sscanf(text, " %31[a-z]@%ld%n", word, &p->stages[p->count].at, &n) == 2) {
		for (k = 0; k < 4 && strcmp(word, command_names[k]); k++)
			;
		if (k == 4)
			return false;
		p->stages[p->count++].command = (enum command)k;
		text += n;
	}
	return p->count && !*text;
}

static int run_ones(char **points)
{
	for (; *points; points++) {
		struct point p;
		char book[32];

		if (!parse_point(*points, &p, book)) {
			fprintf(stderr, "not a point: %s\n", *points);
			return 2;
		}
		(void)refer(p.book, p.sync, undoes(&p));
		(void)point_run(&p, true);
	}
	printf("%s\n", tally->failed ? "not ok" : "ok");
	return tally->failed != 0;
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
	all_series();
	remove_all(dir);
	exit(0);
}

static int run_all(long wanted)
{
	bool ok = true;
	int st;

	for (int i = 0; i < workers; i++)
		if (!fork())
			work(i);
	while (waitpid(-1, &st, 0) > 0)
		ok = ok && WIFEXITED(st) && !WEXITSTATUS(st);
	printf("# killed at %llu points (exec %llu, resume %llu, resolve %llu, rollback %llu), none skipped; %llu beyond an end\n",
	       (unsigned long long)tally->killed, (unsigned long long)tally->sites[C_EXEC], (unsigned long long)tally->sites[C_RESUME],
	       (unsigned long long)tally->sites[C_RESOLVE], (unsigned long long)tally->sites[C_ROLLBACK], (unsigned long long)tally->past);
	printf("%sok 1 - every point came home: %llu wrong\n", tally->failed || !ok ? "not " : "", (unsigned long long)tally->failed);
	ok = ok && !tally->failed;
	printf("%sok 2 - at least %ld points\n", tally->killed >= (uint64_t)wanted ? "" : "not ", wanted);
	printf("1..2\n");
	return ok && tally->killed >= (uint64_t)wanted ? 0 : 1;
}

int main(int argc, char **argv)
{
	long sample = argc == 6 && !strcmp(argv[4], "--sample") ? strtol(argv[5], NULL, 10) : 0;

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
	if (argc > 5 && !strcmp(argv[4], "--one"))
		return run_ones(argv + 5);
	if (sample > 0)
		stride = POINTS_ABOUT / sample;
	return run_all(sample > 0 ? sample / 2 : POINTS_WANTED);
}
