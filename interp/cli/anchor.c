#include "cli/anchor.h"

#include <string.h>
#include <sys/stat.h>
#include "cli/command.h"
#include "host/git.h"
#include "journal/reader.h"
#include "value/json.h"

/* anchor: which repository and commit stands in the first record. */

#define NOTES "runbook"

static struct str text_of(struct value map, const char *name)
{
	const struct value *v = map.kind == V_MAP ? value_get(map, str_of(name)) : NULL;

	return v && v->kind == V_STRING ? value_text(*v) : STR("");
}

/* The run, and `repository` and `commit` of its member `source`; false: it has none. */
static bool source_of(struct cli *c, struct str dir, struct str *run, struct str *repository, struct str *commit)
{
	struct journal_tail *t;
	struct json_error je;
	struct record r;
	struct value source;
	struct str raw;
	bool ok;
	int err;

	t = journal_tail_open(arena_printf(&c->arena, STR_FMT "/journal.jsonl", STR_ARG(dir)).p, &err);
	if (!t)
		return false;
	ok = journal_tail_next(t, &r) == 1;
	raw = ok ? record_raw(&r, "source") : STR("");
	*run = ok ? record_text(&r, &c->arena, "run") : STR("");
	*run = arena_str(&c->arena, run->p ? run->p : "", run->n);
	ok = raw.n && json_parse(&c->arena, arena_str(&c->arena, raw.p, raw.n), &source, &je);
	journal_tail_free(t);
	if (!ok)
		return false;
	*repository = text_of(source, "repository");
	if (str_starts(*repository, STR("file:///")))
		*repository = str_slice(*repository, 7, repository->n);
	*commit = text_of(source, "commit");
	return repository->n && commit->n == 40;
}

struct open_repo { struct git *git; struct git_repo *repo; struct git_id commit; };

static bool open_repo(struct cli *c, const char *path, struct str commit, struct open_repo *o, struct fault *f)
{
	struct git_place place;

	memset(o, 0, sizeof(*o));
	memcpy(o->commit.hex, commit.p, 40);
	if (!git_at(&c->arena, path, &place, f))
		return false;
	o->git = git_load(&c->arena, f);
	if (o->git)
		o->repo = git_open(o->git, &c->arena, &place, place.root, f);
	return o->repo;
}

static void close_repo(struct open_repo *o)
{
	git_close(o->repo);
	git_unload(o->git);
}

struct str anchor_write(struct cli *c, struct str dir, const struct head *h, struct str who)
{
	struct str run, repository, commit;
	struct fault f = { 0 };
	struct open_repo o;

	if (!source_of(c, dir, &run, &repository, &commit))
		return STR("the runbook is of no commit of a repository");
	if (repository.p[0] != '/')
		return arena_printf(&c->arena, STR_FMT " is not on this machine", STR_ARG(repository));
	if (open_repo(c, repository.p, commit, &o, &f))
		(void)git_notes_add(o.repo, &c->arena, NOTES, &o.commit, head_text(c, h), who, &f);
	close_repo(&o);
	return f.code ? f.text : STR("");
}

/* Heads stand one behind the other, with anything between them that a person may have written. */
static void take_heads(struct cli *c, struct str text, struct str run, struct anchor_found *out)
{
	out->heads = arena_array(&c->arena, ANCHORED_MAX, sizeof(*out->heads));
	for (size_t at = 0; at < text.n && out->count < ANCHORED_MAX;) {
		const char *nl = memchr(text.p + at, '\n', text.n - at);
		size_t next = nl ? (size_t)(nl - text.p) + 1 : text.n;
		struct head *h = &out->heads[out->count];

		if (head_parse(text, &at, h))
			out->count += str_eq(h->run, run);
		else
			at = next > at ? next : at;
	}
}

void anchor_read(struct cli *c, struct str dir, const char *repository, struct anchor_found *out)
{
	struct str run, text = STR("");
	struct fault f = { 0 };
	struct open_repo o;
	struct stat st;

	*out = (struct anchor_found){ .why = STR("") };
	if (!source_of(c, dir, &run, &out->repository, &out->commit)) {
		out->why = repository ? STR("the run is of no commit of a repository") : STR("");
		return;
	}
	if (repository)
		out->repository = str_of(repository);
	else if (out->repository.p[0] != '/' || stat(out->repository.p, &st))
		return;
	out->asked = true;
	if (open_repo(c, out->repository.p, out->commit, &o, &f))
		(void)git_notes_read(o.repo, &c->arena, NOTES, &o.commit, &text, &f);
	take_heads(c, text, run, out);
	close_repo(&o);
	if (f.code)
		out->why = f.text;
}
