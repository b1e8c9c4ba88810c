#include "host/git_fetch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/diag.h"
#include "base/file.h"
#include "host/clock.h"
#include "host/git_wire.h"
#include "value/spec.h"

/*
 * git_fetch: a cache that only grows by whole packs. Which ref is meant is
 * decided here, from the server's list; then exactly that ref is fetched under
 * its own name and never moved by force, if it is a tag.
 */

enum { NAME_PART = 40 };
static const int64_t second = 1000000000;
static const int64_t list_limit = 20, fetch_limit = 600, stall_limit = 30; /* s */
static const uint64_t bytes_limit = UINT64_C(1) << 30;

struct fetching {
	struct git *g;
	struct arena *a;
	const struct git_upstream *from;
	struct fault *f;
	struct str dir;          /* the cache of this URL */
	int lock;                /* held while we write, or -1 */
	struct buf refs;         /* the server's, or empty */
	bool asked;              /* refs are there */
	struct str why;          /* not asked: why */
};

/* --- the folder ------------------------------------------------------------- */

static struct str cache_dir(struct fetching *x)
{
	struct git_id id = git_bytes_id(x->from->url);
	struct str url = x->from->url;
	char name[NAME_PART + 1];
	size_t from = url.n, n = 0;

	while (from && url.p[from - 1] != '/')
		from--;
	for (; from < url.n && n < NAME_PART; from++) {
		char c = url.p[from];
		bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';

		name[n++] = fine ? c : '_';
	}
	name[n] = 0;
	return arena_printf(x->a, "%s/%s-%s", x->from->cache, name, id.hex);
}

static bool folder_fault(struct fetching *x, int err)
{
	return fault_set(x->f, x->a, 409, "the cache " STR_FMT ": %s", STR_ARG(x->dir), strerror(err));
}

/* What an interrupted fetch left: nobody else writes while we have the lock. */
static void sweep(struct fetching *x, const char *sub, const char *const *prefixes)
{
	struct str folder = arena_printf(x->a, STR_FMT "/%s", STR_ARG(x->dir), sub);
	DIR *d = opendir(folder.p);
	struct dirent *e;

	while (d && (e = readdir(d)))
		for (size_t i = 0; prefixes[i]; i++)
			if (!strncmp(e->d_name, prefixes[i], strlen(prefixes[i])))
				(void)file_remove_tree(arena_printf(x->a, STR_FMT "/%s", STR_ARG(folder), e->d_name).p);
	if (d)
		(void)closedir(d);
}

/* An empty bare repository, complete or not there at all. */
static bool make_folder(struct fetching *x)
{
	static const char *const parts[] = { "objects/pack", "objects/info", "refs/tags", "refs/heads" };
	struct str fresh = arena_printf(x->a, STR_FMT ".new", STR_ARG(x->dir));
	struct str url = arena_printf(x->a, STR_FMT "\n", STR_ARG(x->from->url));
	int err = file_remove_tree(fresh.p);

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts) && (!err || err == ENOENT); i++)
		err = file_mkdirs(arena_printf(x->a, STR_FMT "/%s", STR_ARG(fresh), parts[i]).p, 0700);
	if (!err)
		err = file_write_atomic(arena_printf(x->a, STR_FMT "/HEAD", STR_ARG(fresh)).p, STR("ref: refs/heads/none\n"), 0600, 0);
	if (!err)
		err = file_write_atomic(arena_printf(x->a, STR_FMT "/config", STR_ARG(fresh)).p,
					STR("[core]\n\trepositoryformatversion = 0\n\tbare = true\n"), 0600, 0);
	if (!err)
		err = file_write_atomic(arena_printf(x->a, STR_FMT "/url", STR_ARG(fresh)).p, url, 0600, 0);
	if (!err && rename(fresh.p, x->dir.p))
		err = errno;
	return err ? folder_fault(x, err) : true;
}

static bool take_lock(struct fetching *x, int64_t limit)
{
	int64_t end = clock_boot() + limit;
	struct timespec pause = { 0, 50000000 };
	int err = file_mkdirs(x->from->cache, 0700);

	if (err && err != EEXIST)
		return folder_fault(x, err);
	x->lock = open(arena_printf(x->a, STR_FMT ".lock", STR_ARG(x->dir)).p, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (x->lock < 0)
		return folder_fault(x, errno);
	while (flock(x->lock, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return folder_fault(x, errno);
		if (clock_boot() >= end)
			return fault_set(x->f, x->a, 409, "another process has been fetching " STR_FMT " for too long", STR_ARG(x->from->url));
		(void)nanosleep(&pause, NULL);
	}
	return true;
}

static struct git_repo *open_cache(struct fetching *x)
{
	struct git_place place;
	struct fault none = { 0 };
	struct stat st;

	if (stat(x->dir.p, &st))
		return NULL;
	if (!git_at(x->a, x->dir.p, &place, &none)) {
		*x->f = none;
		return NULL;
	}
	return git_open(x->g, x->a, &place, x->from->url, x->f);
}

/* --- the server --------------------------------------------------------------- */

static bool talk(struct fetching *x, const char *spec, const char *spec2, struct buf *list, struct str *why)
{
	struct wire w = { .g = x->g, .a = x->a, .progress = x->from->progress, .arg = x->from->arg };
	int64_t limit = list ? x->from->list_ns : x->from->fetch_ns;

	w.url = arena_str(x->a, x->from->url.p, x->from->url.n).p;
	w.gitdir = x->dir.p;
	w.refspecs[0] = spec;
	w.refspecs[1] = spec2;
	w.limit_ns = limit ? limit : (list ? list_limit : fetch_limit) * second;
	w.stall_ns = limit ? limit : stall_limit * second;
	w.bytes_max = x->from->bytes_max ? x->from->bytes_max : bytes_limit;
	return wire_talk(&w, list, why);
}

static void ask(struct fetching *x)
{
	buf_init(&x->refs, WIRE_LIST_BYTES);
	if (x->from->offline)
		x->why = STR("the server is not asked (--offline)");
	else
		x->asked = talk(x, NULL, NULL, &x->refs, &x->why);
	if (!x->asked)
		buf_clear(&x->refs);
}

/* Next line "HEX\tREF": false at the end. Lines that are none are left out. */
static bool next_ref(struct fetching *x, size_t *at, struct git_id *id, struct str *ref)
{
	struct str all = buf_str(&x->refs);

	while (*at < all.n) {
		struct str rest = str_slice(all, *at, all.n);
		ptrdiff_t end = str_find(rest, STR("\n"));
		struct str line = str_slice(rest, 0, end < 0 ? rest.n : (size_t)end);

		*at += line.n + 1;
		if (line.n < 42 || line.p[40] != '\t' || !spec_is_id(str_slice(line, 0, 40), 40))
			continue;
		memcpy(id->hex, line.p, 40);
		id->hex[40] = 0;
		*ref = str_slice(line, 41, line.n);
		return true;
	}
	return false;
}

static bool has_ref(struct fetching *x, const char *folder, struct str name, struct git_id *id)
{
	struct str full = arena_printf(x->a, "refs/%s/" STR_FMT, folder, STR_ARG(name)), ref;
	size_t at = 0;

	while (next_ref(x, &at, id, &ref))
		if (str_eq(ref, full))
			return true;
	return false;
}

/* A tag's name, or empty: another ref, a peeled one, or a name that no version can be. */
static struct str tag_name(struct str ref)
{
	struct str name = str_starts(ref, STR("refs/tags/")) ? str_slice(ref, sizeof("refs/tags/") - 1, ref.n) : STR("");

	return name.n && !str_ends(name, STR("^{}")) && !spec_bad_version(name) ? name : STR("");
}

static void choose(struct fetching *x, struct git_choice *b, struct str version)
{
	struct git_id id;
	struct str ref;
	size_t at = 0;

	git_choice_begin(b, x->a, version);
	while (next_ref(x, &at, &id, &ref))
		if (tag_name(ref).n)
			git_choose(b, tag_name(ref));
}

static bool no_such(struct fetching *x, struct str version, const struct git_choice *b)
{
	struct str nearest = diag_nearest(version, b->near, b->near_count);
	struct git_id id;

	if (has_ref(x, "heads", version, &id)) {
		fault_set(x->f, x->a, 403, "`" STR_FMT "` is a branch of " STR_FMT ": what it stands for moves", STR_ARG(version), STR_ARG(x->from->url));
		return fault_help(x->f, x->a, "name a tag, or the commit it stands for now (%s), or accept the branch with --moving", id.hex);
	}
	fault_set(x->f, x->a, 402, STR_FMT " has no tag `" STR_FMT "`", STR_ARG(x->from->url), STR_ARG(version));
	return nearest.n ? fault_help(x->f, x->a, "did you mean `" STR_FMT "`?", STR_ARG(nearest)) : false;
}

/* --- into the cache -------------------------------------------------------------- */

static bool failed(struct fetching *x, struct str why)
{
	fault_set(x->f, x->a, 409, STR_FMT " cannot be fetched: " STR_FMT, STR_ARG(x->from->url), STR_ARG(why));
	return fault_help(x->f, x->a, "nothing of it is in the cache that could be used instead");
}

/* Fetches under the lock; what is there already costs nothing but a look. */
static bool bring(struct fetching *x, const char *spec, const char *spec2)
{
	static const char *const packs[] = { "pack_git2_", "tmp_", ".tmp-", NULL }, *const objects[] = { "tmp_objdir", "incoming", NULL };
	struct str why = { 0 };

	sweep(x, "objects/pack", packs);
	sweep(x, "objects", objects);
	return talk(x, spec, spec2, NULL, &why) ? true : failed(x, why);
}

struct known { struct str name; struct git_id id; bool found; };

static bool find_known(void *arg, struct str name, const struct git_id *object)
{
	struct known *k = arg;

	if (!str_eq(k->name, name))
		return true;
	k->id = *object;
	k->found = true;
	return false;
}

/* Which object the cache has for a tag. */
static bool cached_tag(struct fetching *x, struct git_repo *r, struct str name, struct git_id *id)
{
	struct known k = { .name = name };
	struct fault none = { 0 };

	(void)git_tags(r, x->a, find_known, &k, &none);
	*id = k.id;
	return k.found;
}

static bool moved(struct fetching *x, struct str tag, const struct git_id *was, const char *now)
{
	fault_set(x->f, x->a, 410, "the tag `" STR_FMT "` of " STR_FMT " has been moved since it was last fetched: it was %s, now %s", STR_ARG(tag),
		  STR_ARG(x->from->url), was->hex, now);
	return fault_help(x->f, x->a, "ask who moved it; --offline uses what was fetched, @COMMIT names either version; to accept the new one remove " STR_FMT, STR_ARG(x->dir));
}

/* Makes the ref of the server present. */
static bool bring_ref(struct fetching *x, const char *folder, struct str name, const struct git_id *id, bool force)
{
	struct git_repo *r = open_cache(x);
	struct git_id was;
	bool have = r && !force && cached_tag(x, r, name, &was);

	git_close(r);
	if (x->f->code)
		return false;
	if (have)
		return !strcmp(was.hex, id->hex) || moved(x, name, &was, id->hex);
	return bring(x, arena_printf(x->a, "%srefs/%s/" STR_FMT ":refs/%s/" STR_FMT, force ? "+" : "", folder, STR_ARG(name), folder, STR_ARG(name)).p, NULL);
}

/* A commit: by the ref that is at it, else with all branches and tags. */
static bool bring_commit(struct fetching *x, struct str commit)
{
	struct git_id id;
	struct str ref, name;
	size_t at = 0;

	while (next_ref(x, &at, &id, &ref)) {
		if (!str_eqz(commit, id.hex))
			continue;
		name = str_ends(ref, STR("^{}")) ? str_slice(ref, 0, ref.n - 3) : ref;
		if (!str_starts(name, STR("refs/")) || spec_bad_version(name))
			continue;
		return bring(x, arena_printf(x->a, "+" STR_FMT ":refs/runbook/" STR_FMT, STR_ARG(name), STR_ARG(commit)).p, NULL);
	}
	return bring(x, "+refs/heads/*:refs/runbook/heads/*", "+refs/tags/*:refs/runbook/tags/*");
}

/* The server has been asked: fetches what `version` means there. *exact: the name to resolve. */
static bool bring_version(struct fetching *x, struct str version, bool moving, struct str *exact)
{
	struct git_choice b;
	struct git_id id;

	*exact = version;
	if (spec_is_id(version, 40))
		return bring_commit(x, version);
	if (has_ref(x, "tags", version, &id))
		return bring_ref(x, "tags", version, &id, false);
	if (moving && has_ref(x, "heads", version, &id))
		return bring_ref(x, "heads", version, &id, true);
	choose(x, &b, version);
	if (!b.name.n)
		return no_such(x, version, &b);
	*exact = b.name;
	if (b.twin.n && has_ref(x, "tags", b.twin, &id) && bring_ref(x, "tags", b.twin, &id, false))
		*exact = version; /* git_resolve compares the two */
	return has_ref(x, "tags", b.name, &id) && bring_ref(x, "tags", b.name, &id, false);
}

static void end(struct fetching *x)
{
	if (x->lock >= 0)
		(void)close(x->lock);
	buf_release(&x->refs);
}

/* A tag that the server does not have any more was taken back: as bad as moved. */
static bool taken_back(struct fetching *x, struct git_repo *r, struct str version)
{
	struct git_id was, id;

	if (!cached_tag(x, r, version, &was) || has_ref(x, "tags", version, &id))
		return false;
	(void)moved(x, version, &was, "gone");
	return true;
}

/* With the lock: asks, fetches; opens. NULL after a fault. */
static struct git_repo *renew(struct fetching *x, struct git_repo *r, struct str version, bool moving, struct str *exact)
{
	ask(x);
	if (!x->asked) /* what the cache has must do */
		return r ? r : (failed(x, x->why), NULL);
	if (r && !spec_is_id(version, 40) && taken_back(x, r, version)) {
		git_close(r);
		return NULL;
	}
	git_close(r);
	return bring_version(x, version, moving, exact) ? open_cache(x) : NULL;
}

/* With the lock: somebody else may have made it meanwhile. */
static bool have_folder(struct fetching *x, struct git_repo **r)
{
	if (!*r)
		*r = open_cache(x);
	return !x->f->code && (*r || make_folder(x));
}

struct git_repo *git_fetch(struct git *g, struct arena *a, const struct git_upstream *from, struct str version, bool moving,
			   struct git_found *out, enum git_fresh *fresh, struct str *why_cached, struct fault *f)
{
	struct fetching x = { .g = g, .a = a, .from = from, .f = f, .lock = -1 };
	struct fault none = { 0 };
	struct str exact = version;
	struct git_repo *r;

	*fresh = GIT_CACHED;
	*why_cached = STR("");
	x.dir = cache_dir(&x);
	r = open_cache(&x);
	if (r && spec_is_id(version, 40) && git_resolve(r, a, version, false, out, &none))
		return r;
	if (!f->code && take_lock(&x, (from->fetch_ns ? from->fetch_ns : fetch_limit * second)) && have_folder(&x, &r)) {
		r = renew(&x, r, version, moving, &exact);
	} else {
		git_close(r);
		r = NULL;
	}
	if (r && !git_resolve(r, a, exact, moving, out, f)) {
		git_close(r);
		r = NULL;
		if (!x.asked) {
			*f = (struct fault){ 0 };
			(void)failed(&x, x.why);
		}
	}
	*fresh = x.asked ? GIT_ASKED : GIT_CACHED;
	*why_cached = x.why;
	end(&x);
	return r;
}

bool git_fetch_tags(struct git *g, struct arena *a, const struct git_upstream *from,
		    bool (*each)(void *arg, struct str name, const struct git_id *object), void *arg, struct fault *f)
{
	struct fetching x = { .g = g, .a = a, .from = from, .f = f, .lock = -1 };
	struct git_repo *r = NULL;
	struct git_id id;
	struct str ref;
	size_t at = 0;
	bool ok = true;

	x.dir = cache_dir(&x);
	r = open_cache(&x);
	if (!f->code && !r && take_lock(&x, fetch_limit * second))
		(void)have_folder(&x, &r);
	if (!f->code)
		ask(&x);
	if (!f->code && !x.asked)
		ok = r ? git_tags(r, a, each, arg, f) : failed(&x, x.why);
	while (ok && x.asked && next_ref(&x, &at, &id, &ref))
		ok = !tag_name(ref).n || each(arg, arena_str(a, tag_name(ref).p, tag_name(ref).n), &id);
	git_close(r);
	end(&x);
	return ok && !f->code;
}
