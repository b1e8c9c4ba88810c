#include "host/git_state.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/arena.h"

/*
 * git_note: notes on commits. They are read as files of the notes' tree, by us; a new
 * one is written by libgit2, which keeps the tree's form: objects first, then the ref,
 * only from what it was a moment ago. No hook, no configuration, no log.
 */

enum { TRIES = 50, PAUSE_NS = 20000000 };

/* The notes' commit and tree; 1 found, 0 there are none, -1 fault. */
static int tip(struct git_repo *r, struct arena *a, const char *name, struct git_found *out, struct fault *f)
{
	int got = git_ref_id(r, a, "notes", str_of(name), &out->commit, f);

	return got < 1 ? got : git_commit_of(r, a, &out->commit, out, f) ? 1 : -1;
}

/* A note's path in a tree that was split 0, 1, 2 ... times (git-notes(1), "fanout"). */
static struct str split(struct arena *a, const char *hex, int times)
{
	char path[64];
	size_t n = 0;

	for (int i = 0; i < 40; i++) {
		path[n++] = hex[i];
		if (i % 2 && i / 2 < times)
			path[n++] = '/';
	}
	return arena_str(a, path, n);
}

static bool read_in(struct git_repo *r, struct arena *a, const struct git_id *tree, const struct git_id *commit, struct str *text, struct fault *f)
{
	struct git_entry e;

	for (int times = 0; times <= 3; times++) {
		struct fault miss = { 0 };

		if (git_read(r, a, tree, split(a, commit->hex, times), GIT_NOTE_MAX, &e, &miss)) {
			*text = e.bytes;
			return true;
		}
		if (miss.code != 405) {
			*f = miss;
			return false;
		}
	}
	return true;
}

bool git_notes_read(struct git_repo *r, struct arena *a, const char *name, const struct git_id *commit, struct str *text, struct fault *f)
{
	struct git_found notes = { 0 };
	int got = tip(r, a, name, &notes, f);

	*text = STR("");
	return got == 1 ? read_in(r, a, &notes.tree, commit, text, f) : got == 0;
}

/* --- writing ------------------------------------------------------------------------ */

struct adding {
	struct git_repo *r;
	struct arena *a;
	git_oid commit, parent;
	git_commit *before;    /* NULL: these are the first notes */
	git_signature *who;
};

static bool failed(struct adding *x, const char *what, struct fault *f)
{
	return fault_set(f, x->a, 408, "%s of " STR_FMT ": " STR_FMT, what, STR_ARG(x->r->name), STR_ARG(git_last_error(&x->r->g->l, x->a)));
}

/* 1 done, 0 somebody else was faster, -1 fault. */
static int put(struct adding *x, const char *ref, struct str text, struct fault *f)
{
	const struct libgit2 *l = &x->r->g->l;
	git_reference *made = NULL;
	git_oid notes, blob, none = { { 0 } };
	int err;

	if (l->note_commit_create(&notes, &blob, x->r->repo, x->before, x->who, x->who, &x->commit, text.p, 1)) {
		failed(x, "a note", f);
		return -1;
	}
	err = l->reference_create_matching(&made, x->r->repo, ref, &notes, 1, x->before ? &x->parent : &none, "runbook: head of a journal");
	if (!err)
		l->reference_free(made);
	if (err == GIT_EMODIFIED || err == GIT_ELOCKED || err == GIT_EEXISTS || err == GIT_ENOTFOUND)
		return 0;
	if (err)
		failed(x, ref, f);
	return err ? -1 : 1;
}

/* One try, from the notes as they are now. */
static int add_once(struct adding *x, const char *name, const struct git_id *commit, struct str text, struct fault *f)
{
	const struct libgit2 *l = &x->r->g->l;
	struct git_found notes = { 0 };
	struct str old = STR("");
	int got = tip(x->r, x->a, name, &notes, f);

	x->before = NULL;
	if (got < 0 || (got && !read_in(x->r, x->a, &notes.tree, commit, &old, f)))
		return -1;
	if (got && (l->oid_fromstr(&x->parent, notes.commit.hex) || l->commit_lookup(&x->before, x->r->repo, &x->parent))) {
		failed(x, "the notes", f);
		return -1;
	}
	if (old.n + text.n + 2 > GIT_NOTE_MAX) {
		fault_set(f, x->a, 407, "the note on commit %s of " STR_FMT " is full", commit->hex, STR_ARG(x->r->name));
		got = -1;
	} else {
		text = arena_printf(x->a, STR_FMT "%s" STR_FMT, STR_ARG(old), old.n ? "\n" : "", STR_ARG(text));
		got = put(x, arena_printf(x->a, "refs/notes/%s", name).p, text, f);
	}
	if (x->before)
		l->commit_free(x->before);
	return got;
}

/* Root in somebody's repository would leave files there that its owner cannot change. */
static bool is_ours(struct git_repo *r, struct arena *a, struct fault *f)
{
	struct str objects = arena_printf(a, STR_FMT "/objects", STR_ARG(r->place.common));
	struct stat st;

	return (!stat(objects.p, &st) && st.st_uid == geteuid()) ||
	       fault_set(f, a, 408, "nothing is written into the repository " STR_FMT ", which belongs to another account", STR_ARG(r->name));
}

bool git_notes_add(struct git_repo *r, struct arena *a, const char *name, const struct git_id *commit, struct str text, struct str who, struct fault *f)
{
	const struct libgit2 *l = &r->g->l;
	struct adding x = { .r = r, .a = a };
	struct timespec pause = { 0, PAUSE_NS };
	git_object_t type;
	int got = 0;

	if (!is_ours(r, a, f))
		return false;
	if (!git_raw_type(r, commit, &type) || type != GIT_OBJECT_COMMIT || l->oid_fromstr(&x.commit, commit->hex))
		return fault_set(f, a, 408, "the commit %s is not in " STR_FMT, commit->hex, STR_ARG(r->name));
	if (l->signature_new(&x.who, arena_printf(a, STR_FMT, STR_ARG(who)).p, "runbook@localhost", time(NULL), 0))
		return failed(&x, "the author", f);
	for (int i = 0; !got && i < TRIES; i++) {
		got = add_once(&x, name, commit, text, f);
		if (!got)
			nanosleep(&pause, NULL);
	}
	l->signature_free(x.who);
	return got == 1 || (got == 0 ? fault_set(f, a, 408, "the notes of " STR_FMT " are being written by others", STR_ARG(r->name)) : false);
}
