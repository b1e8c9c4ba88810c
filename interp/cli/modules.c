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

static void of_commit(struct arena *a, const struct module_place *here, struct str bytes, struct fetched *out)
{
	const struct origin *o = here->commit;

	*out = (struct fetched){ .bytes = bytes, .place = here, .ours = !here->other };
	out->source = here->other ? arena_printf(a, "git+" STR_FMT "//" STR_FMT, STR_ARG(o->spec.repo), STR_ARG(here->path)) : here->path;
	out->version = here->other ? str_of(o->found.commit.hex) : o->found.tag;
	out->commit = str_of(o->found.commit.hex);
	out->key = out->name = here->other ? arena_printf(a, STR_FMT "@" STR_FMT, STR_ARG(out->source), STR_ARG(out->version)) : here->path;
}

/* Relative to a file of a commit: the module is of the same one. */
static bool fetch_commit(struct arena *a, const struct module_place *from, const struct spec *uses, struct fetched *out, struct fault *f)
{
	struct module_place *here = arena_alloc(a, sizeof(*here));
	struct git_entry file;

	*here = (struct module_place){ .commit = from->commit, .other = from->other };
	if (!join(a, from->path, uses->text, &here->path)) {
		fault_set(f, a, 422, "the module `" STR_FMT "` lies outside of its repository", STR_ARG(uses->text));
		return false;
	}
	if (!git_read(from->commit->repo, a, &from->commit->found.tree, here->path, GIT_RUNBOOK_MAX, &file, f))
		return false;
	of_commit(a, here, file.bytes, out);
	return true;
}

struct opened { struct str repo, version; struct origin origin; struct opened *next; };

/* The commit of another repository, opened once. */
static struct origin *other_origin(struct module_source *m, const struct spec *uses, struct fault *f)
{
	struct opened *o = m->opened;
	struct str bytes;

	while (o && !(str_eq(o->repo, uses->repo) && str_eq(o->version, uses->version)))
		o = o->next;
	if (o)
		return &o->origin;
	o = arena_alloc(&m->c->arena, sizeof(*o));
	o->repo = uses->repo;
	o->version = uses->version;
	o->next = m->opened;
	m->opened = o; /* closed in any case */
	return origin_open(m->c, uses, &o->origin, &bytes, f) ? &o->origin : NULL;
}

/* git+URL//path@COMMIT: exact, so there is nothing to resolve. */
static bool fetch_other(struct module_source *m, struct arena *a, const struct spec *uses, struct fetched *out, struct fault *f)
{
	struct module_place *here = arena_alloc(a, sizeof(*here));
	struct git_entry file;

	if (!spec_is_id(uses->version, 40)) {
		fault_set(f, a, 432, "`" STR_FMT "`: a module of another repository needs a commit", STR_ARG(uses->text));
		return fault_help(f, a, "write the 40 digits of the commit behind the @: `git rev-parse TAG^{commit}` says them");
	}
	here->commit = other_origin(m, uses, f);
	if (!here->commit || !here->commit->repo)
		return f->code ? false : fault_set(f, a, 408, "`" STR_FMT "` cannot be read", STR_ARG(uses->text));
	here->path = uses->path;
	here->other = true;
	if (!git_read(here->commit->repo, a, &here->commit->found.tree, here->path, GIT_RUNBOOK_MAX, &file, f))
		return false;
	of_commit(a, here, file.bytes, out);
	return true;
}

static bool fetch(void *arg, struct arena *a, const struct module_place *from, const struct spec *uses, struct fetched *out, struct fault *f)
{
	if (uses->kind == SPEC_GIT)
		return fetch_other(arg, a, uses, out, f);
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

void module_source_release(struct module_source *m)
{
	for (struct opened *o = m ? m->opened : NULL; o; o = o->next)
		origin_close(&o->origin);
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
