#include "cli/kept.h"

#include <errno.h>
#include <string.h>
#include "base/file.h"
#include "base/jsonw.h"
#include "cli/command.h"
#include "cli/kept_modules.h"
#include "cli/modules.h"
#include "cli/origin.h"
#include "cli/source.h"
#include "journal/output.h"

/* kept: runbook, modules and files, from where they are to where they stay. */

bool kept_read(struct cli *c, struct loaded *l, struct kept_sources *k)
{
	const struct program *p = l->program;
	uint32_t n = 0;

	for (uint32_t u = 0; u < p->unit_count; u++)
		n += p->units[u]->rb->files.count;
	k->files = arena_array(&c->arena, n + 1, sizeof(*k->files));
	k->blobs = arena_array(&c->arena, n + p->unit_count, sizeof(*k->blobs));
	n = 0;
	for (uint32_t u = 0; u < p->unit_count; u++)
		for (uint32_t i = 0; i < p->units[u]->rb->files.count; i++)
			if (!source_file(c, l, p->units[u], i, &k->files[n++]))
				return false;
	return true;
}

struct standing { struct str *paths, *bytes; size_t count; };

static void add_file(struct standing *s, struct str path, struct str bytes)
{
	s->paths[s->count] = path;
	s->bytes[s->count++] = bytes;
}

/* A unit that is a file as it stands, and its files, by their whole paths. */
static void add_unit(struct cli *c, const struct loaded *l, const struct unit *u, const struct git_entry *files, struct standing *s)
{
	struct str dir = u->index ? u->from.dir : str_of(l->dir);

	if (u->std || (u->index && module_pinned(u)))
		return;
	add_file(s, u->index ? module_path(&c->arena, l->modules, u) : arena_printf(&c->arena, STR_FMT "/" STR_FMT, STR_ARG(dir), STR_ARG(l->origin->spec.path)),
		 u->rb->source->text);
	for (uint32_t i = 0; i < u->rb->files.count; i++)
		add_file(s, arena_printf(&c->arena, STR_FMT "/" STR_FMT, STR_ARG(dir), STR_ARG(u->rb->files.list[i])), files[i].bytes);
}

bool kept_accept(struct cli *c, struct loaded *l, const struct kept_sources *k, enum ui_format format)
{
	struct origin *o = l->origin;
	size_t all = l->program->unit_count + 1u;
	struct standing s = { 0 };
	struct fault f = { 0 };
	struct diags ds;

	if (o->pinned)
		return true;
	for (uint32_t u = 0; u < l->program->unit_count; u++)
		all += l->program->units[u]->rb->files.count;
	s.paths = arena_array(&c->arena, all, sizeof(*s.paths));
	s.bytes = arena_array(&c->arena, all, sizeof(*s.bytes));
	for (uint32_t u = 0, n = 0; u < l->program->unit_count; n += l->program->units[u++]->rb->files.count)
		add_unit(c, l, l->program->units[u], &k->files[n], &s);
	if (o->lock[0])
		add_file(&s, arena_printf(&c->arena, "%s/" MODLOCK_NAME, l->dir), l->modules->others.text);
	if (!policy_load(c, &o->policy))
		return false;
	if (!str_eqz(o->spec.text, "-"))
		origin_examine(c, o, l->dir, s.paths, s.bytes, s.count);
	if (origin_accept(c, o, l->dir, &f))
		return true;
	diags_init(&ds, &c->arena);
	fault_report(&f, &ds, span_of(source_new(&c->arena, STR("SOURCE"), l->path), 0, (uint32_t)l->path.n));
	source_report(c, &ds, format == UI_JSON ? DIAG_JSON : format == UI_GITHUB ? DIAG_GITHUB : DIAG_TEXT);
	diags_release(&ds);
	return false;
}

/* A commit's file, where its children run. */
static int write_file(const char *work, struct str name, const struct git_entry *file, bool sync, bool shared)
{
	unsigned mode = file->mode == GIT_PROGRAM ? 0700 : 0600;
	struct buf path;
	char *slash;
	int err;

	buf_init(&path, 8192);
	buf_printf(&path, "%s/" STR_FMT, work, STR_ARG(name));
	if (path.full) {
		buf_release(&path);
		return ENAMETOOLONG;
	}
	slash = strrchr(path.p, '/');
	*slash = 0;
	err = file_mkdirs(path.p, shared ? 02770 : 0700);
	*slash = '/';
	if (!err || err == EEXIST)
		err = file_write_atomic(path.p, file->bytes, shared ? mode | mode >> 3 : mode, sync);
	buf_release(&path);
	return err;
}

struct keeping { struct kept_sources *k; const char *dir; bool sync, shared; uint32_t n; struct jsonw *w; };

/* Member `files` of a unit; a commit's files also into `work`. */
static int keep_files(struct keeping *g, const struct unit *u, const char *work)
{
	const struct strs *files = &u->rb->files;
	int err = work ? file_mkdirs(work, g->shared ? 02770 : 0700) : 0;

	jsonw_key(g->w, "files");
	jsonw_open(g->w, '[');
	for (uint32_t i = 0; i < files->count && !err; i++) {
		const struct git_entry *file = &g->k->files[g->n++];
		char *name = g->k->blobs[g->k->count++];

		err = blob_write(g->dir, file->bytes, false, name);
		if (!err && work)
			err = write_file(work, files->list[i], file, g->sync, g->shared);
		jsonw_open(g->w, '{');
		jsonw_kstr(g->w, "path", files->list[i]);
		jsonw_kstr(g->w, "sha256", str_of(name));
		if (file->mode == GIT_PROGRAM)
			jsonw_kbool(g->w, "program", true);
		jsonw_close(g->w, '}');
	}
	jsonw_close(g->w, ']');
	return err;
}

static int keep_module(struct keeping *g, const struct unit *u, const char *work)
{
	char *name = g->k->blobs[g->k->count++];
	int err = blob_write(g->dir, u->rb->source->text, false, name);

	jsonw_open(g->w, '{');
	jsonw_kstr(g->w, "name", u->name);
	jsonw_kstr(g->w, "key", u->from.key);
	jsonw_kstr(g->w, "sha256", str_of(name));
	jsonw_kstr(g->w, "path", u->rb->source->name);
	if (u->from.commit.n)
		jsonw_kstr(g->w, "commit", u->from.commit);
	if (u->from.digest.n)
		jsonw_kstr(g->w, "tree", u->from.digest);
	if (work || u->from.dir.n)
		jsonw_kstr(g->w, "dir", work ? str_of(work) : u->from.dir);
	if (!err && (work || u->rb->files.count))
		err = keep_files(g, u, work);
	jsonw_close(g->w, '}');
	return err;
}

int kept_write(struct loaded *l, struct kept_sources *k, const char *dir, const char *work, bool sync, bool shared, struct jsonw *w)
{
	const struct program *p = l->program;
	struct keeping g = { k, dir, sync, shared, 0, w };
	int err = blob_write(dir, l->source->text, false, k->blobs[k->count++]);

	if (!err)
		err = keep_files(&g, p->units[0], l->origin->pinned ? work : NULL);
	if (p->unit_count > 1) {
		jsonw_key(w, "modules");
		jsonw_open(w, '[');
		for (uint32_t u = 1; u < p->unit_count && !err; u++)
			err = keep_module(&g, p->units[u], l->unit_dirs ? l->unit_dirs[u] : NULL);
		jsonw_close(w, ']');
		kept_put_uses(p, w);
	}
	origin_record(l->origin, l->dir, w);
	return err;
}
