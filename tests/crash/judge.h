#ifndef RB_TESTS_JUDGE_H
#define RB_TESTS_JUDGE_H
/*
 * judge: brings a scene whose runner was killed to its end with `resume` and truthful
 * answers of `resolve`, and compares its ledger with that of a run that nobody
 * disturbed. It reads the journal by rules of its own (scene.h), not the engine's.
 */
#include "scene.h"

enum { PATIENCE = 12 /* resumes until it must have ended */ };

/* What an uninterrupted run leaves. */
struct reference { char ledger[TEXT_ROOM]; char status[32]; bool ordered, exact; };

/* Cuts the next line off; NULL at the end. */
static char *next_line(char **at)
{
	char *line = *at, *nl = strchr(line, '\n');

	if (!nl)
		return NULL;
	*nl = 0;
	*at = nl + 1;
	return line;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_lines(char *text)
{
	static char copy[TEXT_ROOM];
	char *lines[200], *at = copy;
	struct buf b;
	size_t n = 0;

	memcpy(copy, text, strlen(text) + 1);
	while (n < 200 && (lines[n] = next_line(&at)) != NULL)
		n++;
	qsort(lines, n, sizeof(*lines), compare_lines);
	buf_init(&b, TEXT_ROOM);
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s\n", lines[i]);
	memcpy(text, b.len ? b.p : "", b.len + 1);
	buf_release(&b);
}

/* No line of the ledger without an intent in the journal; none twice. */
static bool effects_announced(struct scene *s, struct facts *f)
{
	static char ledger[TEXT_ROOM];
	char *at = ledger, *p;

	scene_text(s, "ledger", ledger);
	while ((p = next_line(&at)) != NULL) {
		struct fact *x = fact_of(f, str_of(p));

		if (!x->intents && s->runs < 2)
			return wrong(s, "%s is in the ledger without an intent in the journal", p);
	}
	scene_text(s, "ledger", ledger);
	for (uint32_t i = 0; i < f->count; i++)
		if (lines_of(ledger, f->list[i].key) > 1)
			return wrong(s, "%s is in the ledger %d times", f->list[i].key, lines_of(ledger, f->list[i].key));
	return true;
}

/* After a resume that nobody killed: the steps in doubt are those that must be. */
static bool doubts_right(struct scene *s, struct facts *before, struct facts *now, bool exact)
{
	for (uint32_t i = 0; i < now->count; i++) {
		struct fact *x = &now->list[i], *old = fact_of(before, str_of(x->key));
		bool open = (old->fate == FATE_FLIES || old->fate == FATE_LOST) && old->write && !old->word;

		/* After a power loss its intent may be lost with what announced it: also doubtful. */
		if (x->doubt && ((!open && !s->power) || !only_a_person(x->key)))
			return wrong(s, "%s is called doubtful, and is not", x->key);
		if (exact && !x->doubt && open && only_a_person(x->key))
			return wrong(s, "%s is in doubt, and is not called so", x->key);
	}
	return true;
}

static const char *truth(struct scene *s, const char *key)
{
	static char ledger[TEXT_ROOM];

	return lines_of(scene_text(s, "ledger", ledger), key) ? "--done" : "--not-done";
}

static bool answer_doubts(struct scene *s, struct facts *f)
{
	for (uint32_t i = 0; i < f->count; i++) {
		const char *args[] = { "resolve", s->run, f->list[i].key, truth(s, f->list[i].key), "--why", "the ledger", NULL };
		int code = f->list[i].doubt && !f->list[i].word ? scene_run(s, NULL, args) : 0;

		if (code)
			return wrong(s, "resolve %s exits %d", f->list[i].key, code);
	}
	return true;
}

/* Nothing was written of the newest run: it is begun once more. */
static int begin_again(struct scene *s, bool rollback)
{
	char book[40];
	const char *exec[] = { "exec", book, "--yes", s->sync ? NULL : "--no-sync", NULL };
	const char *undo[] = { "rollback", s->first, NULL };

	snprintf(book, sizeof(book), "%s.yml", s->book);
	return scene_run(s, NULL, rollback ? undo : exec);
}

/* Resumes until the newest run is sealed. */
static bool bring_home(struct scene *s, struct facts *f, bool rollback, bool exact)
{
	static struct facts before;
	int code;

	for (int i = 0; i < PATIENCE; i++) {
		bool there = facts_read(s, f);

		if (f->scan.state == JOURNAL_CORRUPT)
			return wrong(s, "the journal is corrupt: %s", f->scan.why);
		if (there && !effects_announced(s, f))
			return false;
		if (there && f->scan.sealed && (!rollback || s->runs > 1))
			return true;
		before = *f;
		if (!there && s->run[0] && !s->unsynced) {
			const char *args[] = { "resume", s->run, NULL };

			if (scene_run(s, NULL, args) != 1)
				return wrong(s, "resume of a run that was killed before its first record does not say that it did nothing");
		}
		if (!there || f->scan.sealed) {
			code = begin_again(s, rollback);
			if (code == 7 || code == 2 || code >= 70)
				return wrong(s, "begun again: exit %d", code);
			continue;
		}
		const char *args[] = { "resume", s->run, "--yes", NULL };

		code = scene_run(s, NULL, args);
		if (code == 6 && s->unsynced) { /* its runbook is lost; nothing was done */
			const char *cancel[] = { "cancel", s->run, "--why", "lost in a power loss", NULL };

			if (scene_run(s, NULL, cancel) || begin_again(s, rollback) >= 4)
				return wrong(s, "a run that never began cannot be put aside");
			continue;
		}
		if (!facts_read(s, f))
			return wrong(s, "after resume the journal is gone: %s", f->scan.why);
		if (!doubts_right(s, &before, f, exact))
			return false;
		if (f->scan.sealed)
			continue;
		if (code != 4)
			return wrong(s, "resume exits %d and the run is not sealed", code);
		if (!answer_doubts(s, f))
			return false;
	}
	return wrong(s, "not sealed after %d resumes", PATIENCE);
}

/* Undone once what was done; nothing undone that the journal does not call started. */
static bool consistent(struct scene *s, struct facts *f, const char *ledger)
{
	for (uint32_t i = 0; i < f->count; i++) {
		const char *key = f->list[i].key;
		char undo[KEY_ROOM + 20];
		int done = lines_of(ledger, key), undone;

		if (strstr(key, "!undo") || strstr(key, "!always") || strncmp(key, "act/", 4))
			continue;
		snprintf(undo, sizeof(undo), "%s!undo/#1", key);
		undone = lines_of(ledger, undo);
		if (strcmp(f->status, "ok") && done && !undone && !f->list[i].residue)
			return wrong(s, "%s: done, not undone, and not listed as left", key);
		if (!strcmp(f->status, "ok") && (!done || undone) && f->list[i].write)
			return wrong(s, "%s: the run is called ok, and it was done %d times, undone %d times", key, done, undone);
	}
	return true;
}

static bool keys_same(struct scene *s)
{
	static char text[TEXT_ROOM];
	char *at = text, *first, *line;

	scene_text(s, "keys", text);
	first = next_line(&at);
	while (first && (line = next_line(&at)) != NULL)
		if (strcmp(first, line))
			return wrong(s, "another idempotency key: %s, %s", first, line);
	return true;
}

/* A lock of a run that has ended: resume frees it. */
static bool locks_free(struct scene *s)
{
	for (int i = 0; i < 2; i++) {
		const char *args[] = { "resume", s->run, NULL };
		DIR *d = opendir(scene_path(s, "locks"));
		struct dirent *e;
		bool locked = false;

		while (d && (e = readdir(d)))
			locked = locked || (e->d_name[0] != '.' && strstr(e->d_name, ".lock"));
		if (d)
			closedir(d);
		if (!locked)
			return true;
		(void)scene_run(s, NULL, args);
	}
	return wrong(s, "the lock is not freed");
}

static bool replays(struct scene *s)
{
	static char out[TEXT_ROOM];
	const char *args[] = { "replay", s->run, NULL };
	int code = scene_run(s, NULL, args);

	return !code || wrong(s, "replay exits %d: %.600s", code, scene_text(s, "out", out));
}

/* The whole judgement. ref may be NULL: only consistency is asked for. */
static bool judge(struct scene *s, const struct reference *ref, bool rollback)
{
	static struct facts f;
	static char ledger[TEXT_ROOM];

	if (!bring_home(s, &f, rollback, ref && ref->exact))
		return false;
	scene_text(s, "ledger", ledger);
	if (ref && ref->exact) {
		if (!ref->ordered)
			sort_lines(ledger);
		if (strcmp(ledger, ref->ledger))
			return wrong(s, "the ledger is\n%sinstead of\n%s", ledger, ref->ledger);
		if (strcmp(f.status, ref->status))
			return wrong(s, "the status is %s instead of %s", f.status, ref->status);
	} else if (!rollback && !consistent(s, &f, ledger)) {
		return false;
	}
	return keys_same(s) && locks_free(s) && replays(s);
}

#endif
