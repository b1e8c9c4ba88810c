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

/* What a file of a commit or of a module's tree is called. */
static void of_commit(struct arena *a, const struct module_place *here, struct str bytes, struct fetched *out)
{
	*out = (struct fetched){ .bytes = bytes, .place = here, .ours = !here->other, .commit = here->id };
	out->source = here->other ? arena_printf(a, "git+" STR_FMT "//" STR_FMT, STR_ARG(here->repo), STR_ARG(here->path)) : here->path;
	out->version = here->tag;
	out->key = here->other ? arena_printf(a, STR_FMT "@" STR_FMT, STR_ARG(out->source), STR_ARG(here->id)) : here->path;
	out->name = here->other ? arena_printf(a, STR_FMT "@" STR_FMT, STR_ARG(out->source), STR_ARG(here->tag)) : here->path;
}

/* A file of the same commit or tree. */
static bool read_same(const struct module_place *p, struct arena *a, struct str path, size_t max, struct git_entry *out, struct fault *f)
{
	const struct modtree_file *file;

	if (!p->tree)
		return git_read(p->commit->repo, a, &p->commit->found.tree, path, max, out, f);
	file = modtree_find(p->tree, path);
	if (!file)
		return fault_set(f, a, 405, "there is no `" STR_FMT "` in this version of " STR_FMT, STR_ARG(path), STR_ARG(p->repo));
	*out = (struct git_entry){ .bytes = file->bytes, .mode = file->mode };
	return true;
}

/* Relative to a file of a commit: the module is of the same one. */
static bool fetch_same(struct arena *a, const struct module_place *from, const struct spec *uses, struct fetched *out, struct fault *f)
{
	struct module_place *here = arena_alloc(a, sizeof(*here));
	struct git_entry file;

	*here = *from;
	if (!modtree_join(a, from->path, uses->text, &here->path))
		return fault_set(f, a, 422, "the module `" STR_FMT "` lies outside of its repository", STR_ARG(uses->text));
	if (!read_same(here, a, here->path, GIT_RUNBOOK_MAX, &file, f))
		return false;
	of_commit(a, here, file.bytes, out);
	return true;
}

/* git+URL//path@VERSION: as the lock says; @COMMIT: exact, so there is nothing to look up. */
static bool fetch_other(struct module_source *m, struct arena *a, const struct spec *uses, struct fetched *out, struct fault *f)
{
	struct module_place *here = arena_alloc(a, sizeof(*here));
	const struct locked *l = NULL;
	struct git_entry file;

	*here = (struct module_place){ .other = true, .repo = uses->repo, .path = uses->path };
	if (spec_is_id(uses->version, 40)) {
		here->commit = others_commit(&m->others, uses, f);
		here->id = here->tag = uses->version;
	} else {
		l = others_locked(&m->others, uses, f);
	}
	if (l) {
		here->tree = &l->tree;
		here->id = l->line->commit;
		here->tag = l->line->tag;
	}
	if ((!here->commit && !here->tree) || !read_same(here, a, here->path, GIT_RUNBOOK_MAX, &file, f))
		return false;
	of_commit(a, here, file.bytes, out);
	if (l)
		out->digest = l->line->tree;
	return true;
}

static bool fetch(void *arg, struct arena *a, const struct module_place *from, const struct spec *uses, struct fetched *out, struct fault *f)
{
	if (uses->kind == SPEC_GIT)
		return fetch_other(arg, a, uses, out, f);
	return from->folder ? fetch_file(arg, a, from, uses, out, f) : fetch_same(a, from, uses, out, f);
}

void module_source_init(struct module_source *m, struct cli *c, struct origin *o, const char *dir, bool absolute)
{
	*m = (struct module_source){ .c = c, .absolute = absolute };
	if (o->pinned)
		m->root_place = (struct module_place){ .commit = o, .path = o->path, .id = str_of(o->found.commit.hex), .tag = o->found.tag };
	else
		m->root_place = (struct module_place){ .folder = dir };
	m->root = find_root(c, dir, &m->in_repository);
	m->fetch = (struct fetch){ .module = fetch, .arg = m, .root = &m->root_place };
	others_init(&m->others, c, o, dir);
}

void module_source_release(struct module_source *m)
{
	if (m)
		others_release(&m->others);
}

bool module_pinned(const struct unit *u)
{
	return u->from.place && !u->from.place->folder;
}

struct str module_path(struct arena *a, const struct module_source *m, const struct unit *u)
{
	return arena_printf(a, "%s%s" STR_FMT, m->root, strcmp(m->root, "/") ? "/" : "", STR_ARG(u->from.key));
}

bool module_file(struct cli *c, const struct unit *u, uint32_t i, struct git_entry *out, struct fault *f)
{
	struct str name = u->rb->files.list[i], path;
	int err;

	*out = (struct git_entry){ .mode = GIT_FILE };
	if (module_pinned(u))
		return modtree_join(&c->arena, u->from.place->path, name, &path) && read_same(u->from.place, &c->arena, path, GIT_FILE_MAX, out, f);
	path = arena_printf(&c->arena, STR_FMT "/" STR_FMT, STR_ARG(u->from.dir), STR_ARG(name));
	err = file_read(&c->arena, path.p, GIT_FILE_MAX, &out->bytes);
	return !err || fault_set(f, &c->arena, 405, "%s", file_error(err));
}
