/*
 * power_runs: the power fails at a system call of a run or of its recovery: the journal's
 * part that was not synced by then is lost sector by sector, and so are blobs that were
 * not synced. What the steps did stands: they work on other machines. Then the run is
 * brought home (judge.h). Also watched: no child is started with an intent to write that
 * is not synced.
 *
 *   power_runs PROGRAM BOOKS DIR COUNT [SEED]
 */
#include "judge.h"

#include "base/file.h"

static uint64_t rnd, torn_ones, lost_blobs, unsynced_starts;

static uint32_t dice(uint32_t n)
{
	rnd ^= rnd << 13;
	rnd ^= rnd >> 7;
	rnd ^= rnd << 17;
	return n ? (uint32_t)((rnd >> 20) % n) : 0;
}

/* What of the journal is on the disk. */
struct watch { struct scene *s; off_t synced; uint32_t sync_at; /* dies before this sync; 0: none */ char journal[PATH_ROOM + 100]; };

static off_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_size;
}

/* The path of fd if it is the newest journal. */
static bool is_journal(struct watch *w, pid_t pid, unsigned long long fd)
{
	char link[64], path[PATH_ROOM];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/fd/%llu", (int)pid, fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 14)
		return false;
	path[n] = 0;
	if (strcmp(path + n - 14, "/journal.jsonl"))
		return false;
	snprintf(w->journal, sizeof(w->journal), "%s", path);
	return true;
}

/* Is there an intent to write behind what is synced? */
static bool intent_unsynced(struct watch *w)
{
	struct arena a;
	struct str text;
	bool found = false;

	arena_init(&a);
	if (w->journal[0] && !file_read(&a, w->journal, 1 << 20, &text) && text.n > (size_t)w->synced)
		found = str_find(str_slice(text, (size_t)w->synced, text.n), STR("\"effect\":\"write\"")) >= 0;
	arena_release(&a);
	return found;
}

static void on_call(void *arg, pid_t pid, long nr, const unsigned long long args[3])
{
	struct watch *w = arg;

	if (nr == SYS_fdatasync && is_journal(w, pid, args[0])) {
		if (w->sync_at && !--w->sync_at)
			(void)kill(pid, SIGKILL);
		else
			w->synced = size_of(w->journal);
	}
	if (nr == SYS_write)
		(void)is_journal(w, pid, args[0]);
	if (nr == SYS_clone && intent_unsynced(w)) {
		unsynced_starts++;
		(void)wrong(w->s, "a child is started before the intent to write is synced");
	}
}

static int lose_blob(const char *path, const struct stat *st, int kind, struct FTW *f)
{
	(void)st, (void)f;
	if (kind == FTW_F && strstr(path, "/sha256/") && dice(2)) {
		lost_blobs++;
		return unlink(path);
	}
	return 0;
}

static void lose(struct watch *w)
{
	char text[TEXT_ROOM];
	size_t sector = dice(2) ? 512 : 128, len;
	int fd = open(w->journal, O_RDWR);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (n > w->synced) {
		len = (size_t)w->synced + dice((uint32_t)(n - w->synced + 1));
		if (dice(2))
			len = (size_t)n;
		for (size_t at = (size_t)w->synced / sector * sector; at < len; at += sector) {
			size_t from = at < (size_t)w->synced ? (size_t)w->synced : at, to = at + sector < len ? at + sector : len;

			if (dice(2))
				memset(text + from, 0, to - from);
		}
		if (ftruncate(fd, 0) || pwrite(fd, text, len, 0) != (ssize_t)len)
			trace_die("lose");
		torn_ones++;
		w->s->power = true;
	}
	if (fd >= 0)
		close(fd);
	if (!w->synced) {
		w->s->unsynced = true;
		(void)nftw(scene_path(w->s, "state/runs"), lose_blob, 16, FTW_PHYS);
	}
}

static void fail_power(struct scene *s, const char *const *args, long at)
{
	struct watch w = { .s = s, .sync_at = dice(3) ? 1 + dice(18) : 0 };
	struct trace t = { .kill_at = w.sync_at ? 0 : at, .on_call = on_call, .arg = &w };

	scene_look(s);
	if (s->run[0]) {
		snprintf(w.journal, sizeof(w.journal), "%s/state/runs/%s/journal.jsonl", s->dir, s->run);
		w.synced = size_of(w.journal);
	}
	(void)scene_run(s, &t, args);
	reap_all();
	if (t.code == 128 + SIGKILL && w.journal[0])
		lose(&w);
}

static bool one(const char *dir, const char *books, const char *book, const struct reference *ref)
{
	struct scene s;
	char file[40];
	const char *exec[] = { "exec", file, "--yes", NULL }, *resume[] = { "resume", "@last", "--yes", NULL };

	scene_begin(&s, dir, books, book, true);
	snprintf(file, sizeof(file), "%s.yml", book);
	fail_power(&s, exec, 60 + dice(500));
	for (int i = (int)dice(3); i > 0; i--)
		fail_power(&s, resume, 60 + dice(350));
	if (!s.why[0])
		(void)judge(&s, ref, false);
	reap_all();
	if (s.why[0])
		printf("# %s: %s\n", book, s.why);
	return !s.why[0];
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "plain", "parallel", "good", "drain" };
	static struct reference refs[4];
	static struct facts f;
	struct scene s;
	long count = argc > 4 ? strtol(argv[4], NULL, 10) : 0, bad = 0;

	if (argc < 5)
		return 2;
	program = argv[1];
	rnd = argc > 5 ? strtoull(argv[5], NULL, 10) | 1 : 20261129;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		trace_die("subreaper");
	for (int i = 0; i < 4; i++) {
		char file[40];
		const char *exec[] = { "exec", file, "--yes", NULL };
		struct watch w = { .s = &s };
		struct trace t = { .on_call = on_call, .arg = &w };

		scene_begin(&s, argv[3], argv[2], names[i], true);
		snprintf(file, sizeof(file), "%s.yml", names[i]);
		(void)scene_run(&s, &t, exec);
		if (!facts_read(&s, &f) || !f.scan.sealed || s.why[0]) {
			printf("Bail out! %s does not run: %s\n", names[i], s.why);
			return 1;
		}
		snprintf(refs[i].status, sizeof(refs[i].status), "%s", f.status);
		scene_text(&s, "ledger", refs[i].ledger);
		refs[i].exact = strcmp(names[i], "drain") != 0;
		refs[i].ordered = strcmp(names[i], "parallel") != 0;
		if (!refs[i].ordered)
			sort_lines(refs[i].ledger);
	}
	for (long i = 0; i < count; i++)
		bad += !one(argv[3], argv[2], names[i % 4], &refs[i % 4]);
	printf("# %ld power losses, %llu torn journals, %llu blobs lost, %llu children before their intent\n", count,
	       (unsigned long long)torn_ones, (unsigned long long)lost_blobs, (unsigned long long)unsynced_starts);
	printf("%sok 1 - every run came home: %ld wrong\n1..1\n", bad ? "not " : "", bad);
	if (!bad)
		remove_all(argv[3]);
	return bad != 0;
}
