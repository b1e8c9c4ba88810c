#include "host/git_state.h"

#include <string.h>
#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"
#include "value/spec.h"

/*
 * git_tree: from a tree and a path to bytes. Trees are read as they stand in the
 * object (mode, name, id; gitformat in git's documentation of objects), so that
 * what looks like two files cannot be one.
 */

enum { ID_BYTES = 20 };

struct entry { unsigned mode; struct str name; const char *raw; /* id, ID_BYTES, in the object */ };
enum { MODE_TREE = 040000, MODE_LINK = 0120000, MODE_SUBMODULE = 0160000 };

/* One part of a path that was found. */
struct step { unsigned mode; struct git_id id; };

/* Next entry of a tree object; false at its end or (*bad) if it is malformed. */
static bool next_entry(const struct git_raw *o, size_t *at, struct entry *e, bool *bad)
{
	size_t i = *at, end;

	if (i == o->n)
		return false;
	*bad = true;
	for (e->mode = 0; i < o->n && o->p[i] >= '0' && o->p[i] <= '7' && i - *at < 6; i++)
		e->mode = e->mode * 8 + (unsigned)(o->p[i] - '0');
	if (i == *at || i == o->n || o->p[i++] != ' ')
		return false;
	for (end = i; end < o->n && o->p[end]; end++) /* short: faster than a call */
		;
	if (end == i || o->n - end < 1 + ID_BYTES)
		return false;
	e->name = (struct str){ o->p + i, end - i };
	e->raw = o->p + end + 1;
	*at = end + 1 + ID_BYTES;
	*bad = false;
	return true;
}

static struct git_id hex_of(const char *raw)
{
	struct git_id id;

	for (size_t k = 0; k < ID_BYTES; k++) {
		unsigned char byte = (unsigned char)raw[k];

		id.hex[2 * k] = "0123456789abcdef"[byte >> 4];
		id.hex[2 * k + 1] = "0123456789abcdef"[byte & 15];
	}
	id.hex[40] = 0;
	return id;
}

static bool malformed(struct git_repo *r, struct arena *a, const struct git_id *tree, struct fault *f)
{
	return fault_set(f, a, 408, "the folder %s of " STR_FMT " is malformed", tree->hex, STR_ARG(r->name));
}

/* The entry of that name: its mode and id. 1 found, 0 not there, -1 fault. */
static int find(struct git_repo *r, struct arena *a, const struct git_id *tree, struct str name, struct step *out, struct fault *f)
{
	struct git_raw o;
	struct entry e;
	size_t at = 0;
	int found = 0;
	bool bad = false;

	if (!git_raw_read(r, a, tree, GIT_OBJECT_TREE, GIT_TREE_MAX, "the folder", &o, f))
		return -1;
	while (next_entry(&o, &at, &e, &bad))
		if (str_eq(e.name, name)) {
			*out = (struct step){ e.mode, hex_of(e.raw) };
			found++;
		}
	git_raw_end(r, &o);
	if (bad || found > 1) {
		malformed(r, a, tree, f);
		return -1;
	}
	return found;
}

static bool refuse_entry(struct git_repo *r, struct arena *a, struct str path, unsigned mode, struct fault *f)
{
	const char *what = mode == MODE_LINK ? "a symbolic link" : mode == MODE_SUBMODULE ? "a submodule" : mode == MODE_TREE ? "a folder" : "no plain file";

	fault_set(f, a, 406, "`" STR_FMT "` of " STR_FMT " is %s", STR_ARG(path), STR_ARG(r->name), what);
	return mode == MODE_LINK ? fault_help(f, a, "links are not followed: name the file itself")
	     : mode == MODE_SUBMODULE ? fault_help(f, a, "name the submodule's own repository as the source") : false;
}

static bool file_mode(unsigned mode)
{
	return (mode & 0170000) == 0100000;
}

/* Walks to the entry at path. */
static bool walk(struct git_repo *r, struct arena *a, const struct git_id *tree, struct str path, struct step *e, struct fault *f)
{
	const char *why = spec_bad_path(path);
	size_t from = 0;

	if (why)
		return fault_set(f, a, 401, "the path is refused: %s", why);
	*e = (struct step){ .mode = MODE_TREE, .id = *tree };
	for (size_t i = 0; i <= path.n; i++) {
		struct git_id in = e->id;
		int got;

		if (i < path.n && path.p[i] != '/')
			continue;
		if (e->mode != MODE_TREE)
			return refuse_entry(r, a, str_slice(path, 0, from - 1), e->mode, f);
		got = find(r, a, &in, str_slice(path, from, i), e, f);
		if (got < 0)
			return false;
		if (!got)
			return fault_set(f, a, 405, "there is no `" STR_FMT "` in this version of " STR_FMT, STR_ARG(path), STR_ARG(r->name));
		from = i + 1;
	}
	return true;
}

bool git_stat(struct git_repo *r, struct arena *a, const struct git_id *tree, struct str path, struct git_entry *out, struct fault *f)
{
	struct step e;

	*out = (struct git_entry){ 0 };
	if (!walk(r, a, tree, path, &e, f))
		return false;
	if (!file_mode(e.mode))
		return refuse_entry(r, a, path, e.mode, f);
	out->mode = e.mode & 0100 ? GIT_PROGRAM : GIT_FILE;
	out->id = e.id;
	return true;
}

/* What `git lfs` leaves in a repository in the place of a file. */
static bool is_lfs_pointer(const struct git_raw *o)
{
	static const char first[] = "version https://git-lfs.github.com/spec/v1\n";

	return o->n < 1024 && o->n >= sizeof(first) - 1 && !memcmp(o->p, first, sizeof(first) - 1);
}

bool git_read(struct git_repo *r, struct arena *a, const struct git_id *tree, struct str path, size_t max, struct git_entry *out, struct fault *f)
{
	struct git_raw o;

	if (!git_stat(r, a, tree, path, out, f) ||
	    !git_raw_read(r, a, &out->id, GIT_OBJECT_BLOB, max, arena_printf(a, "the file `" STR_FMT "`", STR_ARG(path)).p, &o, f))
		return false;
	if (!r->own && is_lfs_pointer(&o)) { /* else it is only compared with a file */
		fault_set(f, a, 406, "`" STR_FMT "` of " STR_FMT " is a pointer of Git LFS, not the file", STR_ARG(path), STR_ARG(r->name));
		git_raw_end(r, &o);
		return fault_help(f, a, "its bytes are not in the repository: commit the file itself, or fetch the data in a step");
	}
	out->bytes = arena_str(a, o.p, o.n);
	git_raw_end(r, &o);
	return true;
}

/* --- all files of a folder --- */

struct listing {
	struct git_repo *r;
	struct arena *a;
	bool (*each)(void *arg, struct str path, const struct git_entry *entry);
	void *arg;
	struct fault *f;
	size_t count;
	bool stopped;
};

static struct str folded(struct arena *a, struct str name)
{
	char *p = arena_alloc(a, name.n + 1);

	for (size_t i = 0; i < name.n; i++)
		p[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] - 'A' + 'a') : name.p[i];
	return (struct str){ p, name.n };
}

static bool list_tree(struct listing *l, const struct git_id *tree, struct str at, int depth);

static bool list_entry(struct listing *l, struct map *names, const struct entry *e, struct str at, int depth)
{
	struct str path = at.n ? arena_printf(l->a, STR_FMT "/" STR_FMT, STR_ARG(at), STR_ARG(e->name)) : arena_str(l->a, e->name.p, e->name.n);
	struct git_entry b = { .mode = e->mode & 0100 ? GIT_PROGRAM : GIT_FILE, .id = hex_of(e->raw) };
	const char *why = spec_bad_path(path);

	if (memchr(e->name.p, '/', e->name.n))
		why = "it has a `/`";
	if (why)
		return fault_set(l->f, l->a, 406, "a name in `" STR_FMT "` of " STR_FMT " is refused: %s", STR_ARG(at), STR_ARG(l->r->name), why);
	if (++l->count > GIT_LIST_MAX)
		return fault_set(l->f, l->a, 407, "there are more than %d entries in this folder of " STR_FMT, GIT_LIST_MAX, STR_ARG(l->r->name));
	if (!map_add(names, folded(l->a, e->name), l))
		return fault_set(l->f, l->a, 406, "`" STR_FMT "` of " STR_FMT " differs from another name in the case of letters only", STR_ARG(path), STR_ARG(l->r->name));
	if (e->mode == MODE_TREE)
		return list_tree(l, &b.id, path, depth + 1);
	if (!file_mode(e->mode))
		return refuse_entry(l->r, l->a, path, e->mode, l->f);
	l->stopped = !l->each(l->arg, path, &b);
	return !l->stopped;
}

/* As deep as a path may be. */
static bool list_tree(struct listing *l, const struct git_id *tree, struct str at, int depth)
{
	struct git_raw o;
	struct entry e;
	struct map names;
	size_t i = 0;
	bool bad = false, ok = true;

	if (depth > SPEC_DEPTH_MAX)
		return fault_set(l->f, l->a, 407, "`" STR_FMT "` of " STR_FMT " is more than %d folders deep", STR_ARG(at), STR_ARG(l->r->name), SPEC_DEPTH_MAX);
	if (!git_raw_read(l->r, l->a, tree, GIT_OBJECT_TREE, GIT_TREE_MAX, "the folder", &o, l->f))
		return false;
	map_init(&names);
	while (ok && next_entry(&o, &i, &e, &bad))
		ok = list_entry(l, &names, &e, at, depth);
	map_release(&names);
	git_raw_end(l->r, &o);
	return bad ? malformed(l->r, l->a, tree, l->f) : ok;
}

bool git_list(struct git_repo *r, struct arena *a, const struct git_id *tree, struct str path,
	      bool (*each)(void *arg, struct str path, const struct git_entry *entry), void *arg, struct fault *f)
{
	struct listing l = { r, a, each, arg, f, 0, false };
	struct step e = { .mode = MODE_TREE, .id = *tree };

	if (path.n && !walk(r, a, tree, path, &e, f))
		return false;
	if (e.mode != MODE_TREE)
		return fault_set(f, a, 406, "`" STR_FMT "` of " STR_FMT " is not a folder", STR_ARG(path), STR_ARG(r->name));
	return list_tree(&l, &e.id, path, 0);
}
