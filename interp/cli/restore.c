#include "cli/restore.h"

#include <string.h>
#include <unistd.h>
#include "base/file.h"
#include "base/jsonw.h"
#include "cli/command.h"
#include "cli/rebuild.h"
#include "host/git.h"
#include "journal/output.h"
#include "run/effects.h"
#include "value/json.h"

/* restore: from the blobs of a run to a folder of it, `files` for the runbook, `files.N` for a module. */

struct reading { struct rebuild *b; struct kept_record *out; bool seen; };

static void on_open(void *arg, const struct record *r)
{
	struct reading *k = arg;
	struct arena *a = &k->b->c->arena;
	struct json_error je;
	struct str raw = record_raw(r, "files");

	if (k->seen)
		return;
	k->seen = true;
	if (raw.n)
		(void)json_parse(a, arena_str(a, raw.p, raw.n), &k->out->files, &je);
	raw = record_raw(r, "modules");
	if (!raw.n)
		return;
	k->out->modules_json = arena_str(a, raw.p, raw.n);
	(void)json_parse(a, k->out->modules_json, &k->out->modules, &je);
	raw = record_raw(r, "uses");
	k->out->uses_json = arena_str(a, raw.p ? raw.p : "", raw.n);
}

struct str kept_text(struct value map, const char *name)
{
	const struct value *v = map.kind == V_MAP ? value_get(map, str_of(name)) : NULL;

	return v && v->kind == V_STRING ? value_text(*v) : STR("");
}

/* Is every file in the folder still what the run has kept? */
static bool unchanged(struct rebuild *b, struct str dir, struct value list)
{
	for (uint32_t i = 0; list.kind == V_LIST && i < list.n; i++) {
		struct str path = arena_printf(&b->c->arena, STR_FMT "/" STR_FMT, STR_ARG(dir), STR_ARG(kept_text(list.list[i], "path")));
		struct str bytes;
		char hex[65];

		if (file_read(&b->c->arena, path.p, GIT_FILE_MAX, &bytes))
			return false;
		digest_hex(bytes, hex);
		if (!str_eqz(kept_text(list.list[i], "sha256"), hex))
			return false;
	}
	return access(dir.p, X_OK) == 0;
}

static int write_kept(struct rebuild *b, struct str folder, struct value file)
{
	struct str path = arena_printf(&b->c->arena, STR_FMT "/" STR_FMT, STR_ARG(folder), STR_ARG(kept_text(file, "path"))), bytes;
	size_t slash = path.n;
	int err = blob_get(&b->c->arena, b->run_dir.p, kept_text(file, "sha256"), GIT_FILE_MAX, &bytes);

	if (err)
		return err;
	while (path.p[slash - 1] != '/')
		slash--;
	err = file_mkdirs(arena_str(&b->c->arena, path.p, slash - 1).p, 0700);
	return err ? err : file_write_atomic(path.p, bytes, 0700, 1);
}

/* All files of `list` in `folder`, which may have to be made. */
static bool write_all(struct rebuild *b, struct str dir, struct str folder, struct value list)
{
	int err = file_mkdirs(folder.p, 0700);

	if (err) {
		cli_error("files: " STR_FMT ": %s", STR_ARG(folder), file_error(err));
		return false;
	}
	for (uint32_t i = 0; list.kind == V_LIST && i < list.n; i++) {
		err = write_kept(b, folder, list.list[i]);
		if (err) {
			cli_error("files: " STR_FMT ": %s", STR_ARG(kept_text(list.list[i], "path")), err < 0 ? "its kept copy is damaged" : file_error(err));
			return false;
		}
	}
	cli_error("note: files in " STR_FMT " have changed since; the copies that the run kept are used, in " STR_FMT, STR_ARG(dir), STR_ARG(folder));
	return true;
}

static void moved(struct kept_record *k, struct str key, struct str folder)
{
	k->dirs[k->dir_count++] = (struct header){ key, folder };
}

static bool restore_runbook(struct rebuild *b, struct kept_record *k)
{
	struct str folder = arena_printf(&b->c->arena, STR_FMT "/files", STR_ARG(b->run_dir));

	if (unchanged(b, b->dir, k->files))
		return true;
	if (k->files.kind != V_LIST || !k->files.n) {
		cli_error("the folder " STR_FMT " is gone", STR_ARG(b->dir));
		return false;
	}
	if (!write_all(b, b->dir, folder, k->files))
		return false;
	moved(k, STR(""), folder);
	return true;
}

static const struct value *find_module(struct value modules, struct str key)
{
	for (uint32_t i = 0; modules.kind == V_LIST && i < modules.n; i++)
		if (str_eq(kept_text(modules.list[i], "key"), key))
			return &modules.list[i];
	return NULL;
}

/* A module without `files` that stood in a folder which is gone has an empty one. */
static bool restore_modules(struct rebuild *b, struct kept_record *k)
{
	const struct program *p = b->l.program;

	for (uint32_t u = 1; u < p->unit_count; u++) {
		struct str key = p->units[u]->from.key, folder;
		const struct value *m = find_module(k->modules, key), *files = m ? value_get(*m, STR("files")) : NULL;
		struct value list = files ? *files : value_null;
		struct str dir = m ? kept_text(*m, "dir") : STR("");

		if (!dir.n || unchanged(b, dir, list))
			continue;
		folder = arena_printf(&b->c->arena, STR_FMT "/files.%u", STR_ARG(b->run_dir), u);
		if (!write_all(b, dir, folder, list))
			return false;
		moved(k, key, folder);
	}
	return true;
}

bool restore_files(struct rebuild *b, const char *journal, struct kept_record *out)
{
	struct reading k = { .b = b, .out = out };
	struct journal_scan scan;

	*out = (struct kept_record){ .dirs = arena_array(&b->c->arena, b->l.program->unit_count, sizeof(*out->dirs)) };
	journal_scan_file(journal, &scan, on_open, &k);
	return restore_runbook(b, out) && restore_modules(b, out);
}

void restore_put(const struct kept_record *k, struct jsonw *w)
{
	if (!k->dir_count)
		return;
	jsonw_key(w, "dirs");
	jsonw_open(w, '{');
	for (uint32_t i = 0; i < k->dir_count; i++)
		jsonw_kstr(w, k->dirs[i].name.n ? k->dirs[i].name.p : "", k->dirs[i].value);
	jsonw_close(w, '}');
}
