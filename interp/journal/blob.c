#include "journal/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_TRIES = 100 };

/* A folder below another with the same mode; *made if it was not there. */
static int folder_make(int at, const char *name, mode_t mode, bool *made)
{
	*made = mkdirat(at, name, mode & 0777) == 0;
	if (!*made)
		return errno == EEXIST ? 0 : errno;
	/* The umask may have taken bits away, and mkdir does not set the group-id bit. */
	return fchmodat(at, name, mode, 0) < 0 ? errno : 0;
}

static int folder_mode(int fd, mode_t *mode)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return errno;
	*mode = st.st_mode & 07777;
	return 0;
}

static int folder_open(struct blob_writer *w, const char *dir)
{
	int run = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;
	mode_t mode;
	bool made;

	if (run < 0)
		return errno;
	err = folder_mode(run, &mode);
	if (!err)
		err = folder_make(run, "blobs", mode, &made);
	if (!err && made && w->sync)
		err = io_sync_folder(w->io, run, ".");
	if (!err) {
		w->folder = openat(run, "blobs", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		err = w->folder < 0 ? errno : 0;
	}
	close(run);
	return err;
}

static int file_open(struct blob_writer *w)
{
	mode_t mode;
	int err = folder_mode(w->folder, &mode);

	if (err)
		return err;
	mode &= 0666;
	for (int i = 0; i < NAME_TRIES; i++) {
		unsigned long long r;

		if (getentropy(&r, sizeof(r)) < 0)
			return errno;
		snprintf(w->tmp, sizeof(w->tmp), "tmp.%016llx", r);
		w->fd = openat(w->folder, w->tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
		if (w->fd >= 0)
			return fchmod(w->fd, mode) < 0 ? errno : 0;
		if (errno != EEXIST)
			break;
	}
	return errno;
}

void blob_begin(struct blob_writer *w, const char *dir, const struct journal_io *io, bool sync)
{
	memset(w, 0, sizeof(*w));
	w->io = io;
	w->sync = sync;
	w->folder = w->fd = -1;
	sha_init(&w->sha);
	w->err = folder_open(w, dir);
	if (!w->err)
		w->err = file_open(w);
}

void blob_add(struct blob_writer *w, const char *p, size_t n)
{
	size_t done;

	if (w->err)
		return;
	sha_add(&w->sha, p, n);
	w->err = io_write_all(w->io, w->fd, p, n, &done);
}

/* A file system commits once for a new file, its name and its new folders if the
 * sync comes last. A file that is there already, which a record may name, is
 * replaced only by one whose bytes are safe. */
static int rename_synced(struct blob_writer *w, const char *to)
{
	bool there = w->sync && faccessat(w->folder, to, F_OK, 0) == 0;
	int err = there ? io_datasync(w->io, w->fd) : 0;

	if (err)
		return err;
	if (renameat(w->folder, w->tmp, w->folder, to) < 0)
		return errno;
	w->tmp[0] = '\0';
	if (there || !w->sync)
		return 0;
	err = io_datasync(w->io, w->fd);
	if (err)
		unlinkat(w->folder, to, 0);
	return err;
}

/* Moves the finished file to its place. */
static int place(struct blob_writer *w, const char *hex)
{
	char to[SHA_HEX + 16];
	mode_t mode = 0;
	bool made;
	int err = folder_mode(w->folder, &mode);

	if (!err)
		err = folder_make(w->folder, "sha256", mode, &made);
	if (err)
		return err;
	snprintf(to, sizeof(to), "sha256/%s", hex);
	err = rename_synced(w, to);
	if (!err && w->sync)
		err = io_sync_folder(w->io, w->folder, "sha256");
	if (!err && w->sync && made)
		err = io_sync_folder(w->io, w->folder, ".");
	return err;
}

int blob_commit(struct blob_writer *w, char hex[SHA_HEX + 1])
{
	sha_hex(&w->sha, hex);
	hex[SHA_HEX] = '\0';
	if (!w->err)
		w->err = place(w, hex);
	blob_abort(w);
	return w->err;
}

void blob_abort(struct blob_writer *w)
{
	if (w->fd >= 0) {
		close(w->fd);
		if (w->tmp[0])
			unlinkat(w->folder, w->tmp, 0);
	}
	if (w->folder >= 0)
		close(w->folder);
	w->fd = w->folder = -1;
}
