#include "cli/modules.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/file.h"
#include "cli/command.h"
#include "cli/origin.h"
#include "syntax/node.h"

/* modules: `uses: ./file.yml`: relative to the file that it stands in, never above the root. */

/* The nearest folder around dir with a .git, or dir. */
static const char *find_root(struct cli *c, const char *dir, bool *found)
{
	struct str at = str_of(dir);

	for (;;) {
		const char *git = arena_printf(&c->arena, STR_FMT "/.git", STR_ARG(at)).p;

		*found = !access(git, F_OK);
		if (*found)
			return arena_str(&c->arena, at.p, at.n).p;
		while (at.n && at.p[at.n - 1] != '/')
			at.n--;
		if (at.n <= 1)
			return dir;
		at.n--;
	}
}

static bool below(const char *path, const char *root)
{
	size_t n = strlen(root);

	return !strcmp(root, "/") || (!strncmp(path, root, n) && path[n] == '/');
}

static struct str relative_to(const char *path, const char *root)
{
	return str_of(path + strlen(root) + (strcmp(root, "/") ? 1 : 0));
}

static struct str folder_of(struct arena *a, struct str path)
{
	while (path.n && path.p[path.n - 1] != '/')
		path.n--;
	if (path.n > 1)
		path.n--;
	return arena_str(a, path.p, path.n);
}

/* As it would be typed here, if the runbook was given so. */
static struct str shown(const struct module_source *m, struct arena *a, const char *path)
{
	char cwd[PATH_MAX];

	if (m->absolute || !realpath(".", cwd) || !below(path, cwd))
		return arena_str(a, path, strlen(path));
	return arena_str(a, relative_to(path, cwd).p, relative_to(path, cwd).n);
}

static bool fetch_file(struct module_source *m, struct arena *a, const struct module_place *from, const struct spec *uses,
		       struct fetched *out, struct fault *f)
{
	const char *wanted = arena_printf(a, "%s/" STR_FMT, from->folder, STR_ARG(uses->text)).p;
	struct module_place *here = arena_alloc(a, sizeof(*here));
	char real[PATH_MAX];
	int err;

	if (!realpath(wanted, real)) {
		fault_set(f, a, 420, "the module `" STR_FMT "` is not there", STR_ARG(uses->text));
		return fault_help(f, a, "looked for " STR_FMT, STR_ARG(shown(m, a, wanted)));
	}
	if (!below(real, m->root)) {
		fault_set(f, a, 422, "the module `" STR_FMT "` lies outside of the runbook's %s", STR_ARG(uses->text),
			  m->in_repository ? "repository" : "folder");
		return fault_help(f, a, "modules of another place come from git: git+https://host/repository//path.yml@v1.2");
	}
	*out = (struct fetched){ .ours = true, .place = here };
	err = file_read(a, real, NODE_BYTES_MAX + 1, &out->bytes);
	if (err)
		return fault_set(f, a, 420, "the module `" STR_FMT "` cannot be read: %s", STR_ARG(uses->text), file_error(err));
	out->key = out->source = arena_printf(a, STR_FMT, STR_ARG(relative_to(real, m->root)));
	out->dir = folder_of(a, str_of(real));
	out->name = shown(m, a, real);
	here->folder = out->dir.p;
	return true;
}

/* path from the folder of the file `from`, without `.` and `..`. False: above the root. */
static bool join(struct arena *a, struct str from, struct str path, struct str *out)
{
	char *at = arena_alloc(a, from.n + path.n + 2);
	size_t n = from.n;

	memcpy(at, from.p, from.n);
	while (n && at[n - 1] != '/')
		n--;
	for (size_t i = 0; i < path.n;) {
		const char *slash = memchr(path.p + i, '/', path.n - i);
		struct str part = str_slice(path, i, slash ? (size_t)(slash - path.p) : path.n);

		i += part.n + 1;
		if (str_eqz(part, "..")) {
			if (!n)
				return false;
			for (n--; n && at[n - 1] != '/';)
				n--;
		} else if (part.n && !str_eqz(part, ".")) {
			memcpy(at + n, part.p, part.n);
			n += part.n;
			if (i <= path.n)
				at[n++] = '/';
		}
	}
	at[n] = 0;
	*out = (struct str){ at, n };
	return true;
}

/* Of a runbook at a version: the module is of the same commit. */
static bool fetch_commit(struct arena *a, const struct module_place *from, const struct spec *uses, struct fetched *out, struct fault *f)
{
	struct module_place *here = arena_alloc(a, sizeof(*here));
	struct git_entry file;

	*here = (struct module_place){ .commit = from->commit };
	if (!join(a, from->path, uses->text, &here->path)) {
		fault_set(f, a, 422, "the module `" STR_FMT "` lies outside of the runbook's repository", STR_ARG(uses->text));
		return false;
	}
	if (!git_read(from->commit->repo, a, &from->commit->found.tree, here->path, GIT_RUNBOOK_MAX, &file, f))
		return false;
	*out = (struct fetched){ .key = here->path, .source = here->path, .name = here->path, .bytes = file.bytes, .place = here, .ours = true };
	out->version = from->commit->found.tag;
	out->commit = str_of(from->commit->found.commit.hex);
	return true;
}

static bool fetch(void *arg, struct arena *a, const struct module_place *from, const struct spec *uses, struct fetched *out, struct fault *f)
{
	if (uses->kind == SPEC_GIT) {
		fault_set(f, a, 432, "`" STR_FMT "`: modules of other repositories are not in this version yet", STR_ARG(uses->text));
		return fault_help(f, a, "keep a copy of it in this repository: `uses: ./...`");
	}
	return from->folder ? fetch_file(arg, a, from, uses, out, f) : fetch_commit(a, from, uses, out, f);
}

void module_source_init(struct module_source *m, struct cli *c, struct origin *o, const char *dir, bool absolute)
{
	*m = (struct module_source){ .c = c, .absolute = absolute };
	if (o->pinned)
		m->root_place = (struct module_place){ .commit = o, .path = o->path };
	else
		m->root_place = (struct module_place){ .folder = dir };
	m->root = find_root(c, dir, &m->in_repository);
	m->fetch = (struct fetch){ .module = fetch, .arg = m, .root = &m->root_place };
}

bool module_pinned(const struct unit *u)
{
	return u->from.place && u->from.place->commit;
}

bool module_file(struct cli *c, const struct unit *u, uint32_t i, struct git_entry *out, struct fault *f)
{
	struct str name = u->rb->files.list[i], path;
	int err;

	*out = (struct git_entry){ .mode = GIT_FILE };
	if (module_pinned(u)) {
		const struct origin *o = u->from.place->commit;

		return join(&c->arena, u->from.place->path, name, &path) &&
		       git_read(o->repo, &c->arena, &o->found.tree, path, GIT_FILE_MAX, out, f);
	}
	path = arena_printf(&c->arena, STR_FMT "/" STR_FMT, STR_ARG(u->from.dir), STR_ARG(name));
	err = file_read(&c->arena, path.p, GIT_FILE_MAX, &out->bytes);
	return !err || fault_set(f, &c->arena, 405, "%s", file_error(err));
}
