#include "journal/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "journal/io.h"
#include "journal/output.h"
#include "journal/record.h"
#include "journal/scan.h"

/*
 * lock: one file per target, made whole beside its place and then linked to its
 * name, which is atomic and exclusive. The folder may belong to everybody (mode
 * 1777) and its files may be hostile: nothing is followed, only regular files of
 * bounded size are read, and one that makes no sense still holds the lock.
 */

enum { FILE_MAX = 128 << 10, NAME_MAX_SHOWN = 40, TRIES = 20, FREE_TRIES = 200, TARGET_SHOWN = 1024 };

/* For people a part of the target, for certainty its digest. */
static void lock_name(struct str target, struct buf *out)
{
	char hex[65];

	for (size_t i = 0; i < target.n && i < NAME_MAX_SHOWN; i++) {
		unsigned char c = (unsigned char)target.p[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
			     (c == '.' && i);

		buf_addc(out, plain ? (char)c : '_');
	}
	digest_hex(target, hex);
	buf_addc(out, '-');
	buf_add(out, hex, 16);
	buf_addz(out, ".lock");
}

static int folder_open(const char *path, int *fd)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
	char *slash;
	struct buf b;
	int err = 0;

	*fd = open(path, flags);
	if (*fd >= 0 || errno != ENOENT)
		return *fd < 0 ? errno : 0;
	buf_init(&b, 4096);
	buf_addz(&b, path);
	while (b.len > 1 && b.p[b.len - 1] == '/')
		b.p[--b.len] = '\0';
	slash = b.full ? NULL : strrchr(b.p, '/');
	if (slash && slash != b.p) {
		*slash = '\0';
		err = file_mkdirs(b.p, 0755);
		*slash = '/';
	}
	if (!err && mkdir(b.p, 0700) < 0)
		err = errno == EEXIST ? 0 : errno;
	else if (!err)
		/* Not by mkdir: the umask would take bits away. Ours alone if this fails. */
		(void)!chmod(b.p, 01777);
	if (!err) {
		*fd = open(b.p, flags);
		err = *fd < 0 ? errno : 0;
	}
	buf_release(&b);
	return err;
}

static void write_holder(struct buf *out, struct str target, const struct lock_holder *us)
{
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_open(&w, '{');
	jsonw_kint(&w, "v", 1);
	jsonw_kstr(&w, "target", str_slice(target, 0, TARGET_SHOWN));
	jsonw_kstr(&w, "run", us->run);
	jsonw_kstr(&w, "operator", us->operator_name);
	jsonw_kstr(&w, "host", us->host);
	jsonw_kstr(&w, "runbook", us->runbook);
	jsonw_kstr(&w, "dir", us->dir);
	jsonw_kint(&w, "since_ns", us->since_ns);
	jsonw_kbool(&w, "sync", us->sync);
	jsonw_close(&w, '}');
	buf_addc(out, '\n');
}

static int read_all(int fd, struct buf *b)
{
	char piece[4096];
	struct stat st;
	ssize_t k;

	if (fstat(fd, &st) < 0)
		return errno;
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		return EINVAL;
	while ((k = read(fd, piece, sizeof(piece))) != 0) {
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return errno;
		buf_add(b, piece, (size_t)k);
		if (b->full)
			return EINVAL;
	}
	return 0;
}

static void parse_holder(struct arena *a, struct str text, struct lock_holder *h)
{
	struct { const char *name; struct str *to; } texts[] = {
		{ "run", &h->run }, { "operator", &h->operator_name }, { "host", &h->host },
		{ "runbook", &h->runbook }, { "dir", &h->dir },
	};
	struct record r; /* its members are read like those of a record */
	const char *why;

	if (!scan_members(str_trim(text), r.members, RECORD_MEMBERS, &r.count, &why))
		return;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct str s = record_text(&r, a, texts[i].name);

		*texts[i].to = arena_str(a, s.p, s.n);
	}
	h->since_ns = record_int(&r, "since_ns", 0);
	h->sync = record_bool(&r, "sync");
}

static int holder_open(int folder, const char *name)
{
	return openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
}

/* *h is empty if the file makes no sense. */
static void read_holder_fd(struct arena *a, int fd, struct lock_holder *h)
{
	struct buf b;

	memset(h, 0, sizeof(*h));
	buf_init(&b, FILE_MAX);
	if (!read_all(fd, &b) && b.len)
		parse_holder(a, buf_str(&b), h);
	buf_release(&b);
}

/* 0 and *h, or ENOENT. */
static int read_holder(struct arena *a, int folder, const char *name, struct lock_holder *h)
{
	int fd = holder_open(folder, name);

	memset(h, 0, sizeof(*h));
	if (fd < 0)
		return errno == ENOENT ? ENOENT : 0;
	read_holder_fd(a, fd, h);
	close(fd);
	return 0;
}

/* A file with the holder's text under a name that nobody else uses. */
static int make_tmp(int folder, struct str text, char name[32])
{
	unsigned long long r;
	size_t done;
	int fd, err;

	if (getentropy(&r, sizeof(r)) < 0)
		return errno;
	snprintf(name, 32, ".tmp-%016llx", r);
	fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return errno;
	/* Others must see who holds it, whatever the umask. */
	err = fchmod(fd, 0644) < 0 ? errno : 0;
	if (!err)
		err = io_write_all(&journal_io_os, fd, text.p, text.n, &done);
	if (!err)
		err = io_datasync(&journal_io_os, fd);
	close(fd);
	if (err)
		unlinkat(folder, name, 0);
	return err;
}

/* What runners that were killed in between have left: files of ours, older than an hour. */
static void sweep(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	struct stat st;

	if (!d && fd >= 0)
		close(fd);
	while (d && (e = readdir(d)))
		if (!strncmp(e->d_name, ".tmp-", 5) && !fstatat(folder, e->d_name, &st, AT_SYMLINK_NOFOLLOW) && st.st_uid == geteuid() &&
		    st.st_mtim.tv_sec + 3600 < time(NULL))
			unlinkat(folder, e->d_name, 0);
	if (d)
		closedir(d);
}

static int link_lock(struct arena *a, int folder, const char *tmp, const char *name, struct str run,
		     struct lock_holder *holder)
{
	for (int i = 0; i < TRIES; i++) {
		if (!linkat(folder, tmp, folder, name, 0)) {
			int err = io_sync_folder(&journal_io_os, folder, ".");

			if (err) /* refused: then it must not stay, either */
				unlinkat(folder, name, 0);
			return err;
		}
		if (errno != EEXIST)
			return errno;
		/* It may have been freed since. */
		if (read_holder(a, folder, name, holder) == ENOENT)
			continue;
		return run.n && str_eq(holder->run, run) ? 0 : EEXIST;
	}
	return EEXIST;
}

int lock_take(struct arena *a, const char *locks_dir, struct str target, const struct lock_holder *us,
	      struct lock_holder *holder)
{
	struct buf name, text;
	char tmp[32];
	int folder, err = folder_open(locks_dir, &folder);

	memset(holder, 0, sizeof(*holder));
	if (err)
		return err;
	buf_init(&name, 128);
	buf_init(&text, FILE_MAX);
	lock_name(target, &name);
	write_holder(&text, target, us);
	err = text.full ? EMSGSIZE : make_tmp(folder, buf_str(&text), tmp);
	if (!err) {
		err = link_lock(a, folder, tmp, name.p, us->run, holder);
		unlinkat(folder, tmp, 0);
		sweep(folder);
	}
	buf_release(&name);
	buf_release(&text);
	close(folder);
	return err;
}

/* One who frees at a time. Where the file system knows no such lock, we go on without. */
static int only_one(int fd)
{
	const struct timespec pause = { 0, 5000000 };

	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return errno == EBADF || errno == ENOLCK || errno == EOPNOTSUPP ? 0 : errno;
		if (i == FREE_TRIES)
			return EBUSY;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* Takes the file's name away if it still is the file that names the run: between a
 * look and an unlink another one may have freed it, and a third one taken it. */
static int unlink_held(struct arena *a, int folder, const char *name, struct str run)
{
	int fd = holder_open(folder, name), err;
	struct lock_holder h;
	struct stat open_one, now;

	if (fd < 0)
		return errno == ENOENT ? ENOENT : EPERM;
	err = only_one(fd);
	if (!err && fstatat(folder, name, &now, AT_SYMLINK_NOFOLLOW) < 0)
		err = errno;
	if (!err && (fstat(fd, &open_one) < 0 || open_one.st_ino != now.st_ino || open_one.st_dev != now.st_dev))
		err = EPERM;
	if (!err) {
		read_holder_fd(a, fd, &h);
		if (!run.n || !str_eq(h.run, run))
			err = EPERM;
		else if (unlinkat(folder, name, 0) < 0)
			err = errno;
	}
	close(fd);
	return err;
}

int lock_free(const char *locks_dir, struct str target, struct str run)
{
	struct arena a;
	struct buf name;
	int folder = open(locks_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW), err;

	if (folder < 0)
		return errno;
	arena_init(&a);
	buf_init(&name, 128);
	lock_name(target, &name);
	err = unlink_held(&a, folder, name.p, run);
	if (!err)
		err = io_sync_folder(&journal_io_os, folder, ".");
	buf_release(&name);
	arena_release(&a);
	close(folder);
	return err;
}
