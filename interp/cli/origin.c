#include "cli/origin.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/buf.h"
#include "cli/command.h"
#include "cli/seen.h"
#include "host/git_fetch.h"

/* origin: from a spec to the bytes of a commit, by the rules of the policy. */

static bool load_git(struct cli *c, struct origin *o, struct fault *f)
{
	if (!o->git)
		o->git = git_load(&c->arena, f);
	return o->git;
}

/* The nearest folder above `path` that is there, real; *rest is what follows it. */
static bool split_path(struct cli *c, struct str path, struct str *dir, struct str *rest)
{
	char real[PATH_MAX];
	size_t n = path.n;

	for (;;) {
		while (n && path.p[n - 1] != '/')
			n--;
		*rest = str_slice(path, n, path.n);
		if (realpath(n ? arena_str(&c->arena, path.p, n).p : ".", real)) {
			*dir = arena_str(&c->arena, real, strlen(real));
			return true;
		}
		if (!n)
			return false;
		n--;
	}
}

/* The path inside of a repository, of what stands at dir/rest. */
static struct str inside(struct cli *c, const struct git_place *place, struct str dir, struct str rest)
{
	struct str below = str_slice(dir, place->root.n, dir.n);

	if (below.n && below.p[0] == '/')
		below = str_slice(below, 1, below.n);
	return below.n ? arena_printf(&c->arena, STR_FMT "/" STR_FMT, STR_ARG(below), STR_ARG(rest)) : rest;
}

static bool open_place(struct cli *c, struct origin *o, struct fault *f)
{
	o->repository = o->place.bare ? o->place.gitdir : o->place.root;
	if (!load_git(c, o, f))
		return false;
	o->repo = git_open(o->git, &c->arena, &o->place, o->repository, f);
	return o->repo;
}

/* FILE@VERSION: from the repository that the file's folder belongs to. */
static bool open_beside(struct cli *c, struct origin *o, struct fault *f)
{
	struct str dir, rest;

	if (!split_path(c, o->spec.path, &dir, &rest) || !git_discover(&c->arena, dir.p, &o->place, f)) {
		fault_set(f, &c->arena, 404, "`" STR_FMT "` is in no git repository, so it has no versions", STR_ARG(o->spec.path));
		return fault_help(f, &c->arena, "without `@" STR_FMT "` the file itself is meant", STR_ARG(o->spec.version));
	}
	o->path = inside(c, &o->place, dir, rest);
	if (spec_bad_path(o->path))
		return fault_set(f, &c->arena, 401, "the path `" STR_FMT "` is refused: %s", STR_ARG(o->path), spec_bad_path(o->path));
	if (!policy_allows(c, &o->policy, arena_printf(&c->arena, STR_FMT "/" STR_FMT, STR_ARG(o->place.root), STR_ARG(o->path)), f))
		return false;
	return open_place(c, o, f) && git_resolve(o->repo, &c->arena, o->spec.version, o->policy.moving, &o->found, f);
}

/* One line where it is redrawn, or one in all. */
struct showing { bool terminal, shown; };

static void show_progress(void *arg, struct str what, uint64_t objects, uint64_t total, uint64_t bytes)
{
	struct showing *s = arg;
	struct buf b;

	if (!s->terminal && s->shown)
		return;
	s->shown = true;
	buf_init(&b, 8192);
	if (s->terminal)
		buf_printf(&b, "\r\x1b[Kfetching " STR_FMT ": %llu of %llu objects, %.1f MiB", STR_ARG(what), (unsigned long long)objects,
			   (unsigned long long)total, (double)bytes / (1 << 20));
	else
		buf_printf(&b, "fetching " STR_FMT "\n", STR_ARG(what));
	cli_err(buf_str(&b));
	buf_release(&b);
}

static bool open_remote(struct cli *c, struct origin *o, struct str version, bool offline, struct fault *f)
{
	struct showing s = { isatty(STDERR_FILENO) && !getenv("CI"), false };
	struct git_upstream from = { .url = o->spec.repo, .cache = o->policy.cache, .offline = offline, .progress = show_progress, .arg = &s };
	enum git_fresh fresh;

	if (!load_git(c, o, f))
		return false;
	o->repo = git_fetch(o->git, &c->arena, &from, version, o->policy.moving, &o->found, &fresh, &o->why_cached, f);
	if (s.terminal && s.shown)
		cli_err(STR("\r\x1b[K"));
	o->from_cache = o->repo && fresh == GIT_CACHED;
	if (o->from_cache && o->why_cached.n && !offline)
		cli_error(STR_FMT " could not be asked, so the cache answers: " STR_FMT, STR_ARG(o->spec.repo), STR_ARG(o->why_cached));
	return o->repo;
}

/* git+file:// */
static bool open_folder(struct cli *c, struct origin *o, struct fault *f)
{
	struct str folder = str_slice(o->spec.repo, sizeof("file://") - 1, o->spec.repo.n);

	if (!git_at(&c->arena, arena_str(&c->arena, folder.p, folder.n).p, &o->place, f) || !load_git(c, o, f))
		return false;
	o->repo = git_open(o->git, &c->arena, &o->place, o->repository, f);
	return o->repo;
}

static bool open_named(struct cli *c, struct origin *o, struct fault *f)
{
	o->repository = o->spec.repo;
	o->path = o->spec.path;
	if (!o->spec.version.n) {
		fault_set(f, &c->arena, 401, "`" STR_FMT "` says no version", STR_ARG(o->spec.text));
		return fault_help(f, &c->arena, "write it behind the file: @v1.4.0, @1.4 or @COMMIT");
	}
	if (!policy_allows(c, &o->policy, arena_printf(&c->arena, "git+" STR_FMT "//" STR_FMT, STR_ARG(o->spec.repo), STR_ARG(o->path)), f))
		return false;
	if (!str_starts(o->spec.repo, STR("file://")))
		return open_remote(c, o, o->spec.version, o->policy.offline, f);
	return open_folder(c, o, f) && git_resolve(o->repo, &c->arena, o->spec.version, o->policy.moving, &o->found, f);
}

static bool signed_well(struct cli *c, struct origin *o, struct fault *f)
{
	struct git_trust trust = { o->policy.allowed_signers, o->policy.keyring };

	if (!git_signature_of(o->repo, &c->arena, &o->found, &trust, &o->sign, f))
		return false;
	if (o->sign.good || !o->policy.require_signed)
		return true;
	fault_set(f, &c->arena, 412, "`" STR_FMT "` must be signed, and is not: " STR_FMT, STR_ARG(o->spec.text), STR_ARG(o->sign.why));
	return fault_help(f, &c->arena, "%s", trust.allowed_signers || trust.keyring ? "a tag is signed by `git tag -s`, by a key of allowed_signers (ssh) or keyring (OpenPGP)"
			  : "name the file of trusted keys: `allowed_signers` (ssh) or `keyring` (OpenPGP) in the configuration");
}

bool origin_open(struct cli *c, const struct spec *spec, struct origin *o, struct str *bytes, struct fault *f)
{
	*o = (struct origin){ .spec = *spec, .pinned = true };
	if (!policy_load(c, &o->policy))
		return false;
	if (o->policy.moving && o->policy.no_moving) {
		fault_set(f, &c->arena, 413, "the site's policy does not allow --moving");
		return fault_help(f, &c->arena, "name a tag or a commit");
	}
	if (!(spec->kind == SPEC_GIT ? open_named(c, o, f) : open_beside(c, o, f)) ||
	    !seen_check(c, o->policy.state, o->repository, &o->found, f) ||
	    !git_read(o->repo, &c->arena, &o->found.tree, o->path, GIT_RUNBOOK_MAX, &o->file, f) || !signed_well(c, o, f))
		return false;
	*bytes = o->file.bytes;
	return true;
}

static bool moved(struct cli *c, const struct origin *o, struct str commit, const char *now, struct fault *f)
{
	*f = (struct fault){ 0 };
	fault_set(f, &c->arena, 410, "the tag `" STR_FMT "` of " STR_FMT " was moved: runbook.lock has it at commit " STR_FMT ", now it %s%s", STR_ARG(o->spec.version),
		  STR_ARG(o->repository), STR_ARG(commit), *now ? "stands for " : "is gone", now);
	return fault_help(f, &c->arena, "ask who moved it; to accept it, take its line out of runbook.lock and run `runbook mod update`");
}

/* The commit in the cache if it is there, else what the server has under its tag. */
static bool open_cached(struct cli *c, struct origin *o, struct str commit, struct fault *f)
{
	struct git_found tag;
	struct fault none = { 0 };

	if (!open_remote(c, o, commit, true, &none))
		return open_remote(c, o, o->spec.version, o->policy.offline, f);
	if (git_resolve(o->repo, &c->arena, o->spec.version, false, &tag, &none) && str_eq(tag.tag, o->spec.version))
		o->found = tag;
	return true;
}

bool origin_open_locked(struct cli *c, const struct spec *spec, struct str commit, struct origin *o, struct fault *f)
{
	bool file = str_starts(spec->repo, STR("file://"));

	*o = (struct origin){ .spec = *spec, .pinned = true, .repository = spec->repo, .path = spec->path };
	if (!policy_load(c, &o->policy))
		return false;
	if (file ? !open_folder(c, o, f) : !open_cached(c, o, commit, f))
		return false;
	if (file && (!git_resolve(o->repo, &c->arena, spec->version, false, &o->found, f) || !str_eq(o->found.tag, spec->version)))
		return f->code && f->code != 402 ? false : moved(c, o, commit, "", f);
	if (!str_eqz(commit, o->found.commit.hex))
		return moved(c, o, commit, o->found.commit.hex, f);
	return signed_well(c, o, f);
}

void origin_close(struct origin *o)
{
	git_close(o->repo);
	git_unload(o->git);
	o->repo = NULL;
	o->git = NULL;
}

/* A path relative to the runbook's folder, from the root. */
static struct str beside(struct cli *c, const struct origin *o, struct str path)
{
	size_t n = o->path.n;

	while (n && o->path.p[n - 1] != '/')
		n--;
	return arena_printf(&c->arena, STR_FMT STR_FMT, STR_ARG(str_slice(o->path, 0, n)), STR_ARG(path));
}

bool origin_read(struct cli *c, struct origin *o, struct str path, struct git_entry *out, struct fault *f)
{
	while (str_starts(path, STR("./")))
		path = str_slice(path, 2, path.n);
	return git_read(o->repo, &c->arena, &o->found.tree, beside(c, o, path), GIT_FILE_MAX, out, f);
}

struct str origin_lasting(struct cli *c, const struct origin *o)
{
	struct str version = o->found.tag.n ? o->found.tag : str_of(o->found.commit.hex);

	if (o->spec.kind == SPEC_GIT)
		return arena_printf(&c->arena, "git+" STR_FMT "//" STR_FMT "@" STR_FMT, STR_ARG(o->spec.repo), STR_ARG(o->path), STR_ARG(version));
	return arena_printf(&c->arena, STR_FMT "/" STR_FMT "@" STR_FMT, STR_ARG(o->place.root), STR_ARG(o->path), STR_ARG(version));
}

void origin_remember(struct cli *c, const struct origin *o, const char *state)
{
	int err = o->pinned ? seen_add(c, state, o->repository, &o->found) : 0;

	if (err)
		cli_error("%s/tags: %s; that the tag moves cannot be noticed", state, strerror(err));
}
