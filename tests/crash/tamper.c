/*
 * tamper: a real journal (a run that was killed and taken over) changed in every simple
 * way: each byte, each line dropped, doubled, swapped with each other one, the end cut
 * off at each byte, the tail of another run put on, an old state put back, everything
 * made anew by somebody who knows the chain. With the head kept elsewhere all of it
 * must be seen; what the chain alone sees is counted.
 *
 *   tamper PROGRAM BOOKS DIR
 */
#include "scene.h"

#include "base/file.h"
#include "journal/chain.h"

enum { LINES = 200 };
struct kind { const char *name; uint64_t made, chain, head, sealed; };
static struct kind kinds[] = {
	{ .name = "byte changed" }, { .name = "line dropped" }, { .name = "line doubled" }, { .name = "two lines swapped" },
	{ .name = "cut at a byte" }, { .name = "cut behind a record" }, { .name = "spliced with another run" },
	{ .name = "chain made anew" },
};
enum { BYTE, DROP, TWICE, SWAP, CUT, OLD, SPLICE, ANEW, KINDS };

struct text { struct arena arena; struct str all, line[LINES]; int lines; };
static char head[65];
static int64_t records;

static void load(struct text *t, struct scene *s, const char *run)
{
	char name[100];
	size_t at = 0;

	arena_init(&t->arena);
	snprintf(name, sizeof(name), "state/runs/%s/journal.jsonl", run);
	if (file_read(&t->arena, scene_path(s, name), 1 << 20, &t->all)) {
		printf("Bail out! no journal\n");
		exit(2);
	}
	t->lines = 0;
	while (at < t->all.n && t->lines < LINES) {
		size_t end = (size_t)((const char *)memchr(t->all.p + at, '\n', t->all.n - at) - t->all.p) + 1;

		t->line[t->lines++] = str_slice(t->all, at, end);
		at = end;
	}
}

/* The first one is what it is compared with. */
static void judge_text(int kind, struct str text)
{
	struct journal_scan s;
	bool chain, seen;

	journal_scan_text(text, &s, NULL, NULL);
	chain = s.state != JOURNAL_SOUND;
	seen = chain || s.records != records || strcmp(s.head, head) != 0;
	kinds[kind].made++;
	kinds[kind].chain += chain;
	kinds[kind].head += seen;
	kinds[kind].sealed += !chain && s.sealed;
}

static void judge_lines(int kind, const struct str *lines, int n)
{
	struct buf b;

	buf_init(&b, 2 << 20);
	for (int i = 0; i < n; i++)
		buf_adds(&b, lines[i]);
	judge_text(kind, buf_str(&b));
	buf_release(&b);
}

static void bytes(struct text *t)
{
	char *copy = mem_alloc(t->all.n);

	memcpy(copy, t->all.p, t->all.n);
	for (size_t i = 0; i < t->all.n; i++) {
		static const unsigned char flips[] = { 1, 2, 4, 8, 16, 32, 64, 128, 255 };

		for (size_t k = 0; k < sizeof(flips); k++) {
			copy[i] = (char)(t->all.p[i] ^ flips[k]);
			judge_text(BYTE, (struct str){ copy, t->all.n });
		}
		copy[i] = t->all.p[i];
	}
	for (size_t i = 0; i < t->all.n; i++)
		judge_text(i && t->all.p[i - 1] == '\n' ? OLD : CUT, str_slice(t->all, 0, i));
	mem_free(copy);
}

static void lines(struct text *t)
{
	struct str list[LINES + 1];

	for (int i = 0; i < t->lines; i++) {
		int n = 0;

		for (int k = 0; k < t->lines; k++)
			if (k != i)
				list[n++] = t->line[k];
		judge_lines(DROP, list, n);
		n = 0;
		for (int k = 0; k < t->lines; k++) {
			list[n++] = t->line[k];
			if (k == i)
				list[n++] = t->line[k];
		}
		judge_lines(TWICE, list, n);
		for (int k = i + 1; k < t->lines; k++) {
			memcpy(list, t->line, sizeof(t->line));
			list[i] = t->line[k];
			list[k] = t->line[i];
			judge_lines(SWAP, list, t->lines);
		}
	}
}

static void splices(struct text *t, struct text *other)
{
	struct str list[2 * LINES];

	for (int i = 1; i < t->lines; i++)
		for (int k = 1; k < other->lines; k++) {
			int n = 0;

			for (int a = 0; a < i; a++)
				list[n++] = t->line[a];
			for (int b = k; b < other->lines; b++)
				list[n++] = other->line[b];
			judge_lines(SPLICE, list, n);
		}
	judge_text(SPLICE, other->all);
}

/* Each exit code made another one, and all hashes behind it right again. */
static void anew(struct text *t)
{
	static const struct str code = { "\"code\":", 7 };

	for (int i = 1; i < t->lines; i++) {
		ptrdiff_t at = str_find(t->line[i], code);
		char last[RECORD_HASH_HEX];
		struct buf b;

		if (at < 0)
			continue;
		memcpy(last, t->line[i - 1].p + t->line[i - 1].n - 3 - RECORD_HASH_HEX, sizeof(last));
		buf_init(&b, 2 << 20);
		for (int k = 0; k < i; k++)
			buf_adds(&b, t->line[k]);
		for (int k = i; k < t->lines; k++) {
			size_t start = b.len;

			buf_add(&b, t->line[k].p, t->line[k].n - 3 - RECORD_HASH_HEX - 6);
			if (k == i)
				b.p[start + (size_t)at + code.n] = b.p[start + (size_t)at + code.n] == '1' ? '2' : '1';
			chain_hash(last, (struct str){ b.p + start, b.len - start }, last);
			buf_addz(&b, ",\"h\":\"");
			buf_add(&b, last, sizeof(last));
			buf_addz(&b, "\"}\n");
		}
		judge_text(ANEW, buf_str(&b));
		buf_release(&b);
	}
}

/* A run that was killed and taken over until its end; its id. */
static void make_run(struct scene *s)
{
	const char *exec[] = { "exec", "plain.yml", "--yes", NULL }, *resume[] = { "resume", "@last", "--yes", NULL };
	struct trace kill = { .kill_at = 320 };

	(void)scene_run(s, &kill, exec);
	(void)scene_run(s, NULL, resume);
	scene_look(s);
}

int main(int argc, char **argv)
{
	static struct text one, two;
	struct scene s;
	char first[27];
	struct journal_scan scan;
	int wrong_ones = 0;

	if (argc < 4)
		return 2;
	program = argv[1];
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		trace_die("subreaper");
	scene_begin(&s, argv[3], argv[2], "plain", true);
	make_run(&s);
	memcpy(first, s.run, sizeof(first));
	remove_all(scene_path(&s, "locks"));
	make_run(&s);
	load(&one, &s, first);
	load(&two, &s, s.run);
	journal_scan_text(one.all, &scan, NULL, NULL);
	memcpy(head, scan.head, sizeof(head));
	records = scan.records;
	bytes(&one);
	lines(&one);
	splices(&one, &two);
	anew(&one);
	for (int i = 0; i < KINDS; i++) {
		printf("%sok %d - %s: %llu made, %llu seen by the chain alone, %llu with the head\n",
		       kinds[i].made && kinds[i].head == kinds[i].made ? "" : "not ", i + 1, kinds[i].name, (unsigned long long)kinds[i].made,
		       (unsigned long long)kinds[i].chain, (unsigned long long)kinds[i].head);
		wrong_ones += kinds[i].head != kinds[i].made || !kinds[i].made;
	}
	printf("1..%d\n", KINDS);
	arena_release(&one.arena);
	arena_release(&two.arena);
	reap_all();
	remove_all(argv[3]);
	return wrong_ones != 0;
}
