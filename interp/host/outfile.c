#include "host/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"

/* outfile: openat(2) one folder at a time, so that no link can lead astray. */

enum { TRIES = 100 };

struct target {
	int folder;
	char name[NAME_MAX + 1];
	bool keep;             /* an existing file's mode and owner */
	struct stat old;
	mode_t mode;
	bool exact;            /* the mode whatever the umask */
};

/* The run's own, which no runbook may write. */
static bool is_reserved(struct str first)
{
	static const char *const names[] = { "journal.jsonl", "blobs", "ballast", "cancel", "answers", "files" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (str_eqz(first, names[i]))
			return true;
	return str_starts(first, (struct str){ "torn.", 5 });
}

static int open_temp(const struct target *t, char *temp, size_t size)
{
	for (int i = 0; i < TRIES; i++) {
		int fd;

		if (snprintf(temp, size, ".%ld-%d.tmp", (long)getpid(), i) < 0)
			return -1;
		fd = openat(t->folder, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, t->keep ? 0600 : t->mode);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

static int fill(const struct target *t, int fd, struct str bytes, bool sync)
{
	int err = file_write_all(fd, bytes.p, bytes.n);

	if (!err && t->keep) {
		/* Only root can give files away; the group is worth a try for all. */
		if (fchown(fd, t->old.st_uid, t->old.st_gid) && fchown(fd, (uid_t)-1, t->old.st_gid))
			errno = 0;
		err = fchmod(fd, t->old.st_mode & 07777) ? errno : 0;
	} else if (!err && t->exact) {
		err = fchmod(fd, t->mode) ? errno : 0;
	}
	if (!err && sync && fsync(fd))
		err = errno;
	return err;
}

/* Writes beside and renames. 0 or errno. */
static int put(struct target *t, struct str bytes, bool sync)
{
	char temp[64];
	int fd = open_temp(t, temp, sizeof(temp)), err;

	if (fd < 0)
		return errno;
	err = fill(t, fd, bytes, sync);
	if (close(fd) && !err)
		err = errno;
	if (!err && renameat(t->folder, temp, t->folder, t->name))
		err = errno;
	if (err)
		(void)unlinkat(t->folder, temp, 0);
	else if (sync && fsync(t->folder))
		err = errno;
	return err;
}

/* What is there already: a file may be replaced, nothing else. */
static const char *look(struct target *t, int flags)
{
	if (fstatat(t->folder, t->name, &t->old, flags))
		return errno == ENOENT ? NULL : strerror(errno);
	if (!S_ISREG(t->old.st_mode))
		return "it is there and not a regular file";
	return NULL;
}

static int enter(int folder, const char *name, mode_t mode)
{
	if (mkdirat(folder, name, mode) && errno != EEXIST)
		return -1;
	return openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Goes down to the folder of path; the last part goes to t->name. */
static const char *descend(struct target *t, struct str path, bool shared)
{
	for (size_t at = 0, end; at <= path.n; at = end + 1) {
		struct str part;
		int next;

		for (end = at; end < path.n && path.p[end] != '/'; end++)
			continue;
		part = str_slice(path, at, end);
		if (!part.n || str_eqz(part, ".") || str_eqz(part, "..") || memchr(part.p, 0, part.n))
			return "a path in the run's folder may not have empty parts, `.` or `..`";
		if (part.n > NAME_MAX)
			return strerror(ENAMETOOLONG);
		if (!at && is_reserved(part))
			return "the run keeps something of its own under this name";
		memcpy(t->name, part.p, part.n);
		t->name[part.n] = 0;
		if (end == path.n)
			return NULL;
		next = enter(t->folder, t->name, shared ? 0770 : 0700);
		if (next < 0)
			return errno == ELOOP || errno == ENOTDIR ? "a part of the path is a link or a file, not a folder" : strerror(errno);
		(void)close(t->folder);
		t->folder = next;
	}
	return NULL;
}

const char *outfile_inside(const char *dir, struct str path, struct str bytes, bool shared, bool sync)
{
	struct target t = { .mode = shared ? 0660 : 0600, .exact = shared };
	const char *why;
	int err;

	if (!path.n || path.p[0] == '/')
		return "the path must be relative";
	t.folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t.folder < 0)
		return strerror(errno);
	why = descend(&t, path, shared);
	if (!why)
		why = look(&t, AT_SYMLINK_NOFOLLOW);
	if (!why) {
		err = put(&t, bytes, sync);
		why = err ? strerror(err) : NULL;
	}
	(void)close(t.folder);
	return why;
}

const char *outfile_absolute(struct str path, struct str bytes, bool sync)
{
	struct target t = { .mode = 0666 };
	char text[PATH_MAX], real[PATH_MAX], *slash;
	const char *why;
	int err;

	if (!path.n || path.p[0] != '/' || path.n >= sizeof(text) || memchr(path.p, 0, path.n))
		return "not an absolute path, or too long";
	memcpy(text, path.p, path.n);
	text[path.n] = 0;
	if (realpath(text, real)) { /* it exists: its target is what changes */
		memcpy(text, real, strlen(real) + 1);
		t.keep = true;
	} else if (errno != ENOENT) {
		return strerror(errno);
	}
	slash = strrchr(text, '/');
	if (!slash[1] || strlen(slash + 1) > NAME_MAX)
		return "the path has no file name";
	memcpy(t.name, slash + 1, strlen(slash + 1) + 1);
	slash[slash == text ? 1 : 0] = 0;
	t.folder = open(text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t.folder < 0)
		return strerror(errno);
	why = look(&t, AT_SYMLINK_NOFOLLOW);
	if (!why) {
		err = put(&t, bytes, sync);
		why = err ? strerror(err) : NULL;
	}
	(void)close(t.folder);
	return why;
}
