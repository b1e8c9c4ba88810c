#ifndef RB_TESTS_SCENE_H
#define RB_TESTS_SCENE_H
/*
 * scene: a folder with a runbook, its state, its locks and its ledger; commands run
 * in it; and what its newest journal says. For the tests of this folder.
 */
#include <dirent.h>
#include <ftw.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include "trace.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "journal/reader.h"

enum { PATH_ROOM = 400, KEYS = 64, KEY_ROOM = 80, ARGS = 12, TEXT_ROOM = 64 << 10, RUNS = 8 };

struct scene {
	char dir[PATH_ROOM];       /* has everything */
	char book[32];             /* its name, without .yml */
	bool sync;
	bool power;                /* the power was lost, not only the runner */
	bool unsynced;             /* a power loss came before the journal's first sync */
	char run[27], first[27];   /* newest and oldest run, empty if none */
	uint32_t runs;
	char why[2000];            /* the first violation */
};

static const char *program;        /* the runbook under test, absolute */

__attribute__((format(printf, 2, 3)))
static bool wrong(struct scene *s, const char *fmt, ...)
{
	va_list ap;

	if (s->why[0])
		return false;
	va_start(ap, fmt);
	vsnprintf(s->why, sizeof(s->why), fmt, ap);
	va_end(ap);
	return false;
}

static const char *scene_path(const struct scene *s, const char *name)
{
	static char path[4][PATH_ROOM + 200];
	static unsigned next;
	char *p = path[next++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", s->dir, name);
	return p;
}

/* Text of a file below the scene; empty if it is not there. */
static const char *scene_text(const struct scene *s, const char *name, char *to)
{
	int fd = open(scene_path(s, name), O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, to, TEXT_ROOM - 1);

	if (fd >= 0)
		close(fd);
	to[n > 0 ? n : 0] = 0;
	return to;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *f)
{
	(void)st, (void)kind, (void)f;
	return remove(path);
}

static void remove_all(const char *path)
{
	(void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void copy_file(const char *from, const char *to)
{
	char text[TEXT_ROOM];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t n = in < 0 ? -1 : read(in, text, sizeof(text));

	if (out < 0 || n < 0 || write(out, text, (size_t)n) != n) {
		perror(from);
		exit(99);
	}
	close(in);
	close(out);
}

/* An empty scene for the book. */
static void scene_begin(struct scene *s, const char *dir, const char *books, const char *book, bool sync)
{
	char from[PATH_ROOM + 64], name[64];

	memset(s, 0, sizeof(*s));
	snprintf(s->dir, sizeof(s->dir), "%s", dir);
	snprintf(s->book, sizeof(s->book), "%s", book);
	s->sync = sync;
	remove_all(dir);
	mkdir(dir, 0700);
	snprintf(from, sizeof(from), "%s/%s.yml", books, book);
	snprintf(name, sizeof(name), "%s.yml", book);
	copy_file(from, scene_path(s, name));
	close(open(scene_path(s, "ledger"), O_WRONLY | O_CREAT, 0600));
	setenv("RUNBOOK_STATE", scene_path(s, "state"), 1);
	setenv("RUNBOOK_LOCKS", scene_path(s, "locks"), 1);
}

/* Finds the runs of the scene. */
static void scene_look(struct scene *s)
{
	DIR *d = opendir(scene_path(s, "state/runs"));
	struct dirent *e;

	s->run[0] = s->first[0] = 0;
	s->runs = 0;
	while (d && (e = readdir(d))) {
		if (strlen(e->d_name) != 26)
			continue;
		s->runs++;
		if (!s->run[0] || strcmp(e->d_name, s->run) > 0)
			memcpy(s->run, e->d_name, 27);
		if (!s->first[0] || strcmp(e->d_name, s->first) < 0)
			memcpy(s->first, e->d_name, 27);
	}
	if (d)
		closedir(d);
}

/* `runbook ARGS...`, the last one NULL; traced as t says, or not at all. Its exit code. */
static int scene_run(struct scene *s, struct trace *t, const char *const *args)
{
	char *argv[ARGS] = { (char *)program };
	struct trace plain = { 0 };
	pid_t pid;
	int st;

	for (int i = 0; args[i]; i++)
		argv[i + 1] = (char *)args[i];
	if (t) {
		trace_run(t, argv, s->dir, "out", "err");
		return t->code;
	}
	pid = fork();
	if (pid < 0)
		trace_die("fork");
	if (!pid) {
		int in = open("/dev/null", O_RDONLY), o, e;

		if (chdir(s->dir))
			_exit(98);
		o = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
		e = open("err", O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (dup2(in, 0) < 0 || dup2(o, 1) < 0 || dup2(e, 2) < 0)
			_exit(98);
		execv(program, argv);
		_exit(98);
	}
	if (waitpid(pid, &st, 0) != pid)
		trace_die("wait");
	plain.code = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
	return plain.code;
}

/* Waits for everything that a killed runner left; we are its reaper. */
static void reap_all(void)
{
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

/* --- the journal ----------------------------------------------------------------- */

/* What an independent reader makes of one step's records. */
enum fate { FATE_NONE, FATE_FLIES, FATE_LOST, FATE_ENDED };
struct fact {
	char key[KEY_ROOM];
	enum fate fate;
	bool write, residue;       /* of the rollback: left */
	int word;                  /* resolve: 1 done, -1 not done, not used yet */
	bool doubt;                /* called doubtful in the last epoch */
	uint32_t intents;
};
struct facts {
	struct fact list[KEYS];
	uint32_t count;
	struct journal_scan scan;
	bool ran_rollback;
	char status[32];
	int64_t exit;
	struct arena arena;
};

static struct fact *fact_of(struct facts *f, struct str key)
{
	for (uint32_t i = 0; i < f->count; i++)
		if (str_eqz(key, f->list[i].key))
			return &f->list[i];
	if (f->count == KEYS || key.n >= KEY_ROOM) {
		fprintf(stderr, "too many keys\n");
		exit(99);
	}
	memset(&f->list[f->count], 0, sizeof(f->list[0]));
	memcpy(f->list[f->count].key, key.p, key.n);
	return &f->list[f->count++];
}

static void on_epoch(struct facts *f)
{
	for (uint32_t i = 0; i < f->count; i++) {
		struct fact *x = &f->list[i];

		x->doubt = false;
		if (x->fate == FATE_FLIES || x->fate == FATE_LOST)
			x->fate = !x->word ? FATE_LOST : x->word > 0 ? FATE_ENDED : FATE_FLIES;
		x->word = 0;
	}
}

static void take_fact(void *arg, const struct record *r)
{
	struct facts *f = arg;

	if (str_eqz(r->t, "epoch.open")) {
		on_epoch(f);
	} else if (str_eqz(r->t, "step.intent")) {
		struct fact *x = fact_of(f, r->k);

		x->fate = FATE_FLIES;
		x->intents++;
		x->write = str_eqz(record_raw(r, "effect"), "\"write\"") && str_eqz(record_raw(r, "action"), "\"run\"");
	} else if (str_eqz(r->t, "step.attempt")) {
		if (!str_eqz(record_raw(r, "end"), "\"lost\""))
			fact_of(f, r->k)->fate = FATE_ENDED;
	} else if (str_eqz(r->t, "step.outcome")) {
		fact_of(f, r->k)->fate = FATE_ENDED;
	} else if (str_eqz(r->t, "resolve")) {
		fact_of(f, r->k)->word = record_bool(r, "done") ? 1 : -1;
	} else if (str_eqz(r->t, "doubt")) {
		fact_of(f, r->k)->doubt = true;
	} else if (str_eqz(r->t, "comp.outcome")) {
		fact_of(f, r->k)->residue = !str_eqz(record_raw(r, "status"), "\"undone\"");
	} else if (str_eqz(r->t, "seal")) {
		struct str st = record_text(r, &f->arena, "status");

		snprintf(f->status, sizeof(f->status), "%.*s", (int)st.n, st.p);
		f->exit = record_int(r, "exit", -1);
	}
}

/* Reads the newest run's journal. False: there is none, or it is not sound. */
static bool facts_read(struct scene *s, struct facts *f)
{
	char name[100];

	memset(f, 0, sizeof(*f));
	arena_init(&f->arena);
	scene_look(s);
	snprintf(name, sizeof(name), "state/runs/%s/journal.jsonl", s->run);
	journal_scan_file(scene_path(s, name), &f->scan, take_fact, f);
	arena_release(&f->arena);
	return f->scan.records > 0;
}

/* --- the steps' natures (books/plain.yml) -------------------------------------------- */

static char letter(const char *key)
{
	const char *slash = strrchr(key, '/');

	return slash ? slash[1] : 0;
}

/* Whether only a person can tell about a step that was lost. */
static bool only_a_person(const char *key)
{
	const char *undo = strstr(key, "!undo");
	char owner[KEY_ROOM];

	if (strstr(key, "!always") || !strncmp(key, "report/", 7) || letter(key) == 'i' || letter(key) == 'p')
		return false;
	if (!undo)
		return true;
	snprintf(owner, sizeof(owner), "%.*s", (int)(undo - key), key);
	return letter(owner) != 'p';
}

/* How often the line stands in a text. */
static int lines_of(const char *text, const char *line)
{
	size_t n = strlen(line);
	int count = 0;

	for (const char *at = text; *at; at = strchr(at, '\n') + 1) {
		count += !strncmp(at, line, n) && at[n] == '\n';
		if (!strchr(at, '\n'))
			break;
	}
	return count;
}

#endif
