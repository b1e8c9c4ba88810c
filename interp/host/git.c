#include "host/git.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"
#include "host/git_state.h"
#include "host/sha1.h"

/* git: the library, an open repository, and its objects. */

enum { CONFIG_MAX = 1 << 20, ERROR_MAX = 200 };

struct git *git_load(struct arena *a, struct fault *f)
{
	struct git *g = mem_alloc(sizeof(*g));
	const char *why = libgit2_load(&g->l);

	if (!why)
		return g;
	fault_set(f, a, 408, "no repository can be read: %s", why);
	mem_free(g);
	return NULL;
}

void git_unload(struct git *g)
{
	if (!g)
		return;
	g->l.libgit2_shutdown();
	mem_free(g);
}

struct str git_last_error(const struct libgit2 *l, struct arena *a)
{
	const git_error *e = l->error_last();
	const char *from = e && e->message ? e->message : "no reason was given";
	size_t n = strnlen(from, ERROR_MAX);
	struct str s = arena_str(a, from, n);
	char *p = arena_alloc(a, n + 1);

	for (size_t i = 0; i < n; i++)
		p[i] = s.p[i] >= 0x20 && s.p[i] < 0x7f ? s.p[i] : '?';
	return (struct str){ p, n };
}

/* A key of the configuration, of which nothing else is read: what it says decides whether
 * we can read the repository at all. */
static bool config_says(struct str text, const char *key, const char *value)
{
	size_t n = strlen(key), v = strlen(value);

	for (size_t i = 0; i + n < text.n; i++) {
		size_t at = i + n;

		if (strncasecmp(text.p + i, key, n))
			continue;
		while (at < text.n && (text.p[at] == ' ' || text.p[at] == '\t' || text.p[at] == '=' || text.p[at] == '"'))
			at++;
		if (at + v <= text.n && !strncasecmp(text.p + at, value, v))
			return true;
	}
	return false;
}

static bool readable_format(struct arena *a, const struct git_place *place, struct str name, struct fault *f)
{
	struct str path = arena_printf(a, STR_FMT "/config", STR_ARG(place->common)), text;
	struct stat st;

	if (stat(path.p, &st) || !S_ISREG(st.st_mode) || file_read(a, path.p, CONFIG_MAX, &text))
		return true;
	if (config_says(text, "objectformat", "sha256")) {
		fault_set(f, a, 408, STR_FMT " is a SHA-256 repository, which this program cannot read", STR_ARG(name));
		return fault_help(f, a, "runbooks are read from SHA-1 repositories, git's default; or run the file itself");
	}
	if (config_says(text, "refstorage", "reftable"))
		return fault_set(f, a, 408, STR_FMT " keeps its refs in a reftable, which this program cannot read", STR_ARG(name));
	return true;
}

static bool open_objects(struct git_repo *r, const char *objects)
{
	const struct libgit2 *l = &r->g->l;
	git_odb_backend *pack = NULL, *loose = NULL;

	if (l->odb_new(&r->odb))
		return false;
	if (l->odb_backend_pack(&pack, objects) || l->odb_add_backend(r->odb, pack, 2))
		return false;
	return !l->odb_backend_loose(&loose, objects, -1, 0, 0, 0) && !l->odb_add_backend(r->odb, loose, 1) &&
	       !l->repository_set_odb(r->repo, r->odb);
}

/* A pipe in the place of a file would let us wait for ever. */
static bool plain_files(struct arena *a, const struct git_place *place, struct str name, struct fault *f)
{
	const struct str paths[] = { arena_printf(a, STR_FMT "/HEAD", STR_ARG(place->gitdir)),
				     arena_printf(a, STR_FMT "/packed-refs", STR_ARG(place->common)) };
	struct stat st;

	for (size_t i = 0; i < 2; i++)
		if (!stat(paths[i].p, &st) && !S_ISREG(st.st_mode))
			return fault_set(f, a, 408, STR_FMT " cannot be read: " STR_FMT " is no plain file", STR_ARG(name), STR_ARG(paths[i]));
	return true;
}

struct git_repo *git_open(struct git *g, struct arena *a, const struct git_place *place, struct str name, struct fault *f)
{
	const struct libgit2 *l = &g->l;
	struct git_repo *r = mem_alloc(sizeof(*r));
	git_config *none = NULL;
	struct stat st;
	bool ok;

	r->g = g;
	r->place = *place;
	r->name = name;
	r->borrows = !stat(arena_printf(a, STR_FMT "/objects/info/alternates", STR_ARG(place->common)).p, &st) && st.st_size > 0;
	ok = readable_format(a, place, name, f) && plain_files(a, place, name, f) &&
	     !l->repository_open_bare(&r->repo, place->gitdir.p) && !l->config_new(&none) &&
	     !l->repository_set_config(r->repo, none) &&
	     open_objects(r, arena_printf(a, STR_FMT "/objects", STR_ARG(place->common)).p);
	if (none)
		l->config_free(none);
	if (ok)
		return r;
	if (!f->code)
		fault_set(f, a, 408, STR_FMT " cannot be opened: " STR_FMT, STR_ARG(name), STR_ARG(git_last_error(l, a)));
	git_close(r);
	return NULL;
}

struct git_repo *git_open_own(struct arena *a, const struct git_place *place, struct str name)
{
	struct fault none = { 0 };
	struct git_repo *r;

	if (!readable_format(a, place, name, &none) || !plain_files(a, place, name, &none))
		return NULL;
	r = mem_alloc(sizeof(*r));
	*r = (struct git_repo){ .place = *place, .name = name, .own = git_own_open(place) };
	return r;
}

void git_close(struct git_repo *r)
{
	if (!r)
		return;
	git_own_close(r->own);
	if (r->odb)
		r->g->l.odb_free(r->odb);
	if (r->repo)
		r->g->l.repository_free(r->repo);
	mem_free(r);
}

struct git_id git_id_of(const struct libgit2 *l, const git_oid *id)
{
	struct git_id out = { { 0 } };

	l->oid_fmt(out.hex, id);
	return out;
}

struct git_id git_bytes_id(struct str bytes)
{
	struct git_id id;
	struct sha1 s;
	char head[32];

	sha1_init(&s);
	sha1_add(&s, head, (size_t)snprintf(head, sizeof(head), "blob %zu", bytes.n) + 1);
	sha1_add(&s, bytes.p, bytes.n);
	sha1_hex(&s, id.hex);
	return id;
}

bool git_raw_type(struct git_repo *r, const struct git_id *id, git_object_t *type)
{
	char path[PATH_MAX];
	struct stat st;
	git_oid oid;
	size_t size;

	/* libgit2 would wait for ever for a pipe. */
	(void)snprintf(path, sizeof(path), STR_FMT "/objects/%.2s/%s", STR_ARG(r->place.common), id->hex, id->hex + 2);
	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return false;
	return !r->g->l.oid_fromstr(&oid, id->hex) && !r->g->l.odb_read_header(&size, type, r->odb, &oid);
}

static const char *type_name(git_object_t type)
{
	return type == GIT_OBJECT_COMMIT ? "a commit" : type == GIT_OBJECT_TREE ? "a folder" : type == GIT_OBJECT_BLOB ? "a file" : "a tag";
}

static bool missing(struct git_repo *r, struct arena *a, const struct git_id *id, const char *what, int err, struct fault *f)
{
	if (err != GIT_ENOTFOUND) {
		fault_set(f, a, 408, "%s %s of " STR_FMT " is damaged: " STR_FMT, what, id->hex, STR_ARG(r->name),
			  STR_ARG(git_last_error(&r->g->l, a)));
		return fault_help(f, a, "`git fsck` tells what else is wrong");
	}
	fault_set(f, a, 408, "%s %s is not in " STR_FMT, what, id->hex, STR_ARG(r->name));
	return fault_help(f, a, "%s", r->borrows ? "the repository borrows objects from another one (objects/info/alternates), which is not followed; `git repack -a -d` copies them"
				: "a shallow or partial clone lacks objects: fetch them with git");
}

bool git_raw_read(struct git_repo *r, struct arena *a, const struct git_id *id, git_object_t type, size_t max, const char *what,
		     struct git_raw *out, struct fault *f)
{
	const struct libgit2 *l = r->g ? &r->g->l : NULL;
	struct str bytes;
	git_object_t is;
	git_oid oid;
	size_t size;
	int err;

	if (r->own) {
		if (!git_own_read(r->own, a, id, type, max, &bytes))
			return fault_set(f, a, 408, "%s %s of " STR_FMT " cannot be read so", what, id->hex, STR_ARG(r->name));
		*out = (struct git_raw){ NULL, bytes.p, bytes.n };
		return true;
	}
	if (l->oid_fromstr(&oid, id->hex))
		return fault_set(f, a, 408, "`%s` is no object id", id->hex);
	err = git_own_loose(a, &r->place, id, type, max, &bytes);
	if (err > 0) {
		*out = (struct git_raw){ NULL, bytes.p, bytes.n };
		return true;
	}
	if (err < 0) {
		fault_set(f, a, 408, "%s %s of " STR_FMT " is damaged: its file is not a whole object of that name", what, id->hex, STR_ARG(r->name));
		return fault_help(f, a, "`git fsck` tells what else is wrong");
	}
	err = l->odb_read_header(&size, &is, r->odb, &oid);
	if (err)
		return missing(r, a, id, what, err, f);
	if (is != type)
		return fault_set(f, a, 408, "%s %s of " STR_FMT " is %s, not %s", what, id->hex, STR_ARG(r->name), type_name(is), type_name(type));
	if (size > max)
		return fault_set(f, a, 407, "%s %s of " STR_FMT " has %zu bytes; at most %zu are read", what, id->hex, STR_ARG(r->name), size, max);
	err = l->odb_read(&out->o, r->odb, &oid);
	if (err)
		return missing(r, a, id, what, err == GIT_ENOTFOUND ? GIT_ERROR : err, f);
	out->p = l->odb_object_data(out->o);
	out->n = l->odb_object_size(out->o);
	return true;
}

void git_raw_end(struct git_repo *r, struct git_raw *o)
{
	if (o->o)
		r->g->l.odb_object_free(o->o);
}

bool git_header_id(const struct git_raw *o, size_t *at, const char *name, struct git_id *id)
{
	size_t n = strlen(name);
	struct str hex = { o->p + *at + n + 1, 40 };

	if (o->n < *at + n + 42 || memcmp(o->p + *at, name, n) || o->p[*at + n] != ' ' || o->p[*at + n + 41] != '\n')
		return false;
	for (size_t i = 0; i < 40; i++)
		if (!memchr("0123456789abcdef", hex.p[i], 16))
			return false;
	memcpy(id->hex, hex.p, 40);
	id->hex[40] = 0;
	*at += n + 42;
	return true;
}
