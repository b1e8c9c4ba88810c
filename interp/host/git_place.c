#include "host/git.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/file.h"

/*
 * git_place: finds the folders of a repository by looking at names only. It must
 * not be led to one that belongs to somebody else, as /tmp/.git may.
 */

enum { LINK_MAX_BYTES = 4096 };

static bool is_dir(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static bool is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

/* The text of a one-line file behind `prefix`; a relative path is taken from `base`. */
static bool read_link(struct arena *a, const char *path, const char *prefix, struct str base, struct str *out)
{
	char real[PATH_MAX];
	struct str text;

	if (!is_file(path) || file_read(a, path, LINK_MAX_BYTES, &text) || !str_starts(text, str_of(prefix)))
		return false;
	text = str_trim(str_slice(text, strlen(prefix), text.n));
	if (!text.n || memchr(text.p, 0, text.n))
		return false;
	text = text.p[0] == '/' ? arena_str(a, text.p, text.n) : arena_printf(a, STR_FMT "/" STR_FMT, STR_ARG(base), STR_ARG(text));
	if (!realpath(text.p, real))
		return false;
	*out = arena_str(a, real, strlen(real));
	return true;
}

/* Has it what every repository has? Fills common. */
static bool complete(struct arena *a, struct str gitdir, struct str *common)
{
	struct stat st;

	if (lstat(arena_printf(a, STR_FMT "/HEAD", STR_ARG(gitdir)).p, &st))
		return false;
	*common = gitdir;
	(void)read_link(a, arena_printf(a, STR_FMT "/commondir", STR_ARG(gitdir)).p, "", gitdir, common);
	return is_dir(arena_printf(a, STR_FMT "/objects", STR_ARG(*common)).p) && is_dir(arena_printf(a, STR_FMT "/refs", STR_ARG(*common)).p);
}

/* `.git` in root: a folder, or a file that names one. */
static bool has_dot_git(struct arena *a, struct str root, struct git_place *out)
{
	struct str dot = arena_printf(a, "%s/.git", str_eqz(root, "/") ? "" : root.p);
	char real[PATH_MAX];
	struct stat st;

	if (stat(dot.p, &st))
		return false;
	if (S_ISDIR(st.st_mode)) {
		if (!realpath(dot.p, real))
			return false;
		out->gitdir = arena_str(a, real, strlen(real));
	} else if (!read_link(a, dot.p, "gitdir: ", root, &out->gitdir)) {
		return false;
	}
	out->root = root;
	out->bare = false;
	return complete(a, out->gitdir, &out->common);
}

static bool is_bare(struct arena *a, struct str root, struct git_place *out)
{
	out->gitdir = out->root = root;
	out->bare = true;
	return complete(a, root, &out->common);
}

static bool owner_is_fine(uid_t owner)
{
	const char *sudo = getenv("SUDO_UID");
	uid_t us = geteuid();
	char *end;

	if (owner == us || owner == 0)
		return true;
	if (us || !sudo || *sudo < '0' || *sudo > '9')
		return false;
	return (uid_t)strtoul(sudo, &end, 10) == owner && !*end;
}

/* The folder of the tree (if any), the repository's and where the objects are. */
static bool owned(struct arena *a, const struct git_place *p, struct fault *f)
{
	const struct str *const folders[] = { &p->root, &p->gitdir, &p->common };

	for (size_t i = 0; i < 3; i++) {
		struct stat st;

		if (!stat(folders[i]->p, &st) && owner_is_fine(st.st_uid))
			continue;
		fault_set(f, a, 408, "the repository " STR_FMT " belongs to somebody else (owner of " STR_FMT ")", STR_ARG(p->gitdir), STR_ARG(*folders[i]));
		return fault_help(f, a, "who owns a repository decides what its tags mean; clone it, or run as its owner");
	}
	return true;
}

bool git_discover(struct arena *a, const char *dir, struct git_place *out, struct fault *f)
{
	struct str at = arena_str(a, dir, strlen(dir));

	for (;;) {
		if (has_dot_git(a, at, out) || is_bare(a, at, out))
			return owned(a, out, f);
		if (at.n <= 1)
			return false;
		while (at.n && at.p[at.n - 1] != '/')
			at.n--;
		at = arena_str(a, at.p, at.n > 1 ? at.n - 1 : 1);
	}
}

bool git_at(struct arena *a, const char *path, struct git_place *out, struct fault *f)
{
	char real[PATH_MAX];
	struct str at;

	if (!realpath(path, real))
		return fault_set(f, a, 408, "no repository at %s: %s", path, strerror(errno));
	at = arena_str(a, real, strlen(real));
	if (!has_dot_git(a, at, out) && !is_bare(a, at, out))
		return fault_set(f, a, 408, "there is no git repository at %s", path);
	return owned(a, out, f);
}
