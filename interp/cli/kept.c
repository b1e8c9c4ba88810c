#include "cli/kept.h"

#include <errno.h>
#include <string.h>
#include "base/file.h"
#include "base/jsonw.h"
#include "cli/command.h"
#include "cli/origin.h"
#include "cli/source.h"
#include "journal/output.h"

/* kept: runbook and files, from where they are to where they stay. */

bool kept_read(struct cli *c, struct loaded *l, struct kept_sources *k)
{
	uint32_t n = l->program->rb->files.count;

	k->files = arena_array(&c->arena, n + 1, sizeof(*k->files));
	k->blobs = arena_array(&c->arena, n + 1, sizeof(*k->blobs));
	k->count = n + 1;
	for (uint32_t i = 0; i < n; i++)
		if (!source_file(c, l, i, &k->files[i]))
			return false;
	return true;
}

bool kept_accept(struct cli *c, struct loaded *l, const struct kept_sources *k, enum ui_format format)
{
	const struct runbook *rb = l->program->rb;
	struct origin *o = l->origin;
	struct str *paths = arena_array(&c->arena, k->count, sizeof(*paths));
	struct str *bytes = arena_array(&c->arena, k->count, sizeof(*bytes));
	struct fault f = { 0 };
	struct diags ds;

	if (o->pinned)
		return true;
	paths[0] = o->spec.path;
	bytes[0] = l->source->text;
	for (uint32_t i = 0; i < rb->files.count; i++) {
		paths[i + 1] = rb->files.list[i];
		bytes[i + 1] = k->files[i].bytes;
	}
	if (!policy_load(c, &o->policy))
		return false;
	if (!str_eqz(o->spec.text, "-"))
		origin_examine(c, o, l->dir, paths, bytes, k->count);
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

int kept_write(struct loaded *l, struct kept_sources *k, const char *dir, const char *work, bool sync, bool shared, struct jsonw *w)
{
	const struct runbook *rb = l->program->rb;
	bool pinned = l->origin->pinned;
	int err = blob_write(dir, l->source->text, false, k->blobs[0]);

	if (!err && pinned)
		err = file_mkdirs(work, shared ? 02770 : 0700);
	jsonw_key(w, "files");
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < rb->files.count && !err; i++) {
		err = blob_write(dir, k->files[i].bytes, false, k->blobs[i + 1]);
		if (!err && pinned)
			err = write_file(work, rb->files.list[i], &k->files[i], sync, shared);
		jsonw_open(w, '{');
		jsonw_kstr(w, "path", rb->files.list[i]);
		jsonw_kstr(w, "sha256", str_of(k->blobs[i + 1]));
		if (k->files[i].mode == GIT_PROGRAM)
			jsonw_kbool(w, "program", true);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
	origin_record(l->origin, l->dir, w);
	return err;
}
