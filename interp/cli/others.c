#include "cli/others.h"

#include <string.h>
#include <sys/stat.h>
#include "base/arena.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/origin.h"

/* others: from a line of the lock to the bytes that it stands for. */

#define UPDATE "`runbook mod update` writes it"

struct opened { struct str repo, version; struct origin origin; bool ok; struct fault fault; struct opened *next; };

void others_init(struct others *x, struct cli *c, struct origin *root, const char *dir)
{
	*x = (struct others){ .c = c, .root = root, .dir = dir };
}

void others_release(struct others *x)
{
	for (struct opened *o = x->opened; o; o = o->next)
		origin_close(&o->origin);
	x->opened = NULL;
}

/* A file beside the runbook. */
static bool read_beside(struct others *x, struct arena *a, struct str name, size_t max, struct git_entry *out, struct fault *f)
{
	struct str path = arena_printf(a, "%s/" STR_FMT, x->dir, STR_ARG(name));
	struct stat st;
	int err;

	if (x->root->pinned)
		return origin_read(x->c, x->root, name, out, f);
	if (stat(path.p, &st))
		return fault_set(f, a, 405, "there is no `" STR_FMT "`", STR_ARG(path));
	*out = (struct git_entry){ .mode = st.st_mode & 0100 ? GIT_PROGRAM : GIT_FILE };
	err = file_read(a, path.p, max, &out->bytes);
	return !err || fault_set(f, a, err == FILE_TOO_LARGE ? 407 : 408, "`" STR_FMT "`: %s", STR_ARG(path), file_error(err));
}

static bool read_lock(struct others *x, struct fault *f)
{
	struct arena *a = &x->c->arena;
	struct git_entry e = { 0 };
	struct str why;
	uint32_t line;

	if (!read_beside(x, a, STR(MODLOCK_NAME), MODLOCK_BYTES_MAX, &e, f)) {
		struct fault why_not = *f;

		*f = (struct fault){ 0 };
		if (why_not.code != 405)
			return fault_set(f, a, 436, STR_FMT, STR_ARG(why_not.text));
		fault_set(f, a, 434, "there is no " MODLOCK_NAME " beside the runbook, which says what its modules are");
		return fault_help(f, a, UPDATE);
	}
	x->text = e.bytes;
	x->there = true;
	if (modlock_parse(a, e.bytes, &x->lock, &line, &why))
		return true;
	fault_set(f, a, 436, MODLOCK_NAME ":%u: " STR_FMT, line, STR_ARG(why));
	return fault_help(f, a, "%s", str_find(why, STR("conflict")) >= 0 ? "keep one line for each module, the higher version, then run `runbook mod update`"
				: "`runbook mod update` writes it anew");
}

bool others_lock(struct others *x, struct fault *f)
{
	if (!x->read)
		(void)read_lock(x, &x->broken);
	x->read = true;
	*f = x->broken;
	return !f->code;
}

static bool allowed(struct others *x, const struct modlock_line *line, struct fault *f)
{
	if (!x->policy) {
		x->policy = arena_alloc(&x->c->arena, sizeof(*x->policy));
		x->allowed = policy_load(x->c, x->policy);
	}
	return x->allowed ? policy_allows(x->c, x->policy, line->source, f) : fault_set(f, &x->c->arena, 413, "the site's policy cannot be read");
}

/* --- objects -------------------------------------------------------------------- */

/* One origin for each repository and version. */
static struct opened *opened(struct others *x, const struct spec *spec, struct str commit, struct fault *f)
{
	struct opened *o = x->opened;
	struct str bytes;

	while (o && !(str_eq(o->repo, spec->repo) && str_eq(o->version, spec->version)))
		o = o->next;
	if (!o) {
		o = arena_alloc(&x->c->arena, sizeof(*o));
		o->repo = spec->repo;
		o->version = spec->version;
		o->next = x->opened;
		x->opened = o; /* closed in any case */
		o->ok = commit.n ? origin_open_locked(x->c, spec, commit, &o->origin, &o->fault) : origin_open(x->c, spec, &o->origin, &bytes, &o->fault);
	}
	*f = o->fault;
	if (!o->ok && !f->code)
		fault_set(f, &x->c->arena, 408, "`" STR_FMT "` cannot be read", STR_ARG(spec->text));
	return o->ok ? o : NULL;
}

struct origin *others_commit(struct others *x, const struct spec *uses, struct fault *f)
{
	struct opened *o = opened(x, uses, STR(""), f);

	return o ? &o->origin : NULL;
}

static bool read_object(void *arg, struct arena *a, struct str path, size_t max, struct git_entry *out, struct fault *f)
{
	struct origin *o = arg;

	return git_read(o->repo, a, &o->found.tree, path, max, out, f);
}

bool others_tree(struct arena *a, struct origin *o, struct str path, struct modtree *out, struct fault *f)
{
	struct modtree_reader r = { read_object, o };

	return modtree_load(a, &r, path, out, f);
}

/* --- the vendor folder -------------------------------------------------------------- */

struct str others_vendor_path(struct arena *a, const struct modlock_line *line, struct str path)
{
	struct str repo = line->spec.repo;
	size_t scheme = (size_t)str_find(repo, STR("://"));
	struct str rest = str_slice(repo, scheme + 3, repo.n);

	while (rest.n && rest.p[0] == '/')
		rest = str_slice(rest, 1, rest.n);
	return arena_printf(a, VENDOR_NAME "/" STR_FMT "/" STR_FMT "@" STR_FMT "/" STR_FMT, STR_ARG(str_slice(repo, 0, scheme)), STR_ARG(rest),
			    STR_ARG(line->tag), STR_ARG(path));
}

struct vendored { struct others *x; const struct modlock_line *line; };

static bool read_vendored(void *arg, struct arena *a, struct str path, size_t max, struct git_entry *out, struct fault *f)
{
	struct vendored *v = arg;

	return read_beside(v->x, a, others_vendor_path(a, v->line, path), max, out, f);
}

static bool is_vendored(struct others *x, const struct modlock_line *line)
{
	struct arena *a = &x->c->arena;
	struct str path = others_vendor_path(a, line, line->spec.path);
	struct fault none = { 0 };
	struct git_entry e;
	struct stat st;

	if (x->no_vendor)
		return false;
	return x->root->pinned ? origin_read(x->c, x->root, path, &e, &none) : !stat(arena_printf(a, "%s/" STR_FMT, x->dir, STR_ARG(path)).p, &st);
}

/* --- a line ---------------------------------------------------------------------------- */

static bool load_line(struct others *x, struct locked *l, struct fault *f)
{
	const struct modlock_line *line = l->line;
	struct arena *a = &x->c->arena;
	struct vendored v = { x, line };
	struct modtree_reader r = { read_vendored, &v };
	struct opened *o = NULL;

	if (!allowed(x, line, f))
		return false;
	l->vendored = is_vendored(x, line);
	if (!l->vendored)
		o = opened(x, &line->spec, line->commit, f);
	if (l->vendored ? !modtree_load(a, &r, line->spec.path, &l->tree, f) : !o || !others_tree(a, &o->origin, line->spec.path, &l->tree, f))
		return false;
	if (str_eqz(str_slice(line->tree, 7, line->tree.n), l->tree.digest))
		return true;
	fault_set(f, a, 435, STR_FMT "@" STR_FMT " is not what " MODLOCK_NAME " says: %s has other bytes", STR_ARG(line->source), STR_ARG(line->tag),
		  l->vendored ? "the folder " VENDOR_NAME : "the repository");
	return fault_help(f, a, "%s", l->vendored ? "`runbook mod vendor` writes the folder anew" : "look at what has changed, then `runbook mod update`");
}

const struct locked *others_line(struct others *x, const struct modlock_line *line, struct fault *f)
{
	struct locked *l = x->modules;

	while (l && l->line != line)
		l = l->next;
	if (l)
		return l;
	l = arena_alloc(&x->c->arena, sizeof(*l));
	l->line = line;
	if (!load_line(x, l, f))
		return NULL;
	l->next = x->modules;
	x->modules = l;
	return l;
}

const struct locked *others_locked(struct others *x, const struct spec *uses, struct fault *f)
{
	struct arena *a = &x->c->arena;
	const struct modlock_line *line;
	struct version want;
	struct str source;

	if (!version_parse(uses->version, &want)) {
		fault_set(f, a, 432, "`" STR_FMT "`: a module of another repository needs a version or a commit", STR_ARG(uses->text));
		return fault_help(f, a, "write a version like @v1.2 or @kis/v1.2.3, or all 40 digits of a commit"), NULL;
	}
	if (!others_lock(x, f))
		return NULL;
	source = arena_printf(a, "git+" STR_FMT "//" STR_FMT, STR_ARG(uses->repo), STR_ARG(uses->path));
	line = modlock_find(&x->lock, source, &want);
	if (!line) {
		fault_set(f, a, 434, "`" STR_FMT "` is not in " MODLOCK_NAME, STR_ARG(uses->text));
		return fault_help(f, a, UPDATE), NULL;
	}
	if (version_cmp(&line->version, &want) < 0) {
		fault_set(f, a, 435, "`" STR_FMT "` needs at least " STR_FMT ", and line %u of " MODLOCK_NAME " has " STR_FMT, STR_ARG(uses->text),
			  STR_ARG(uses->version), line->line, STR_ARG(line->tag));
		return fault_help(f, a, UPDATE), NULL;
	}
	return others_line(x, line, f);
}
