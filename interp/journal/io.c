#include "journal/io.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static ssize_t os_write(void *ctx, int fd, const void *p, size_t n)
{
	(void)ctx;
	return write(fd, p, n);
}

static int os_fdatasync(void *ctx, int fd)
{
	(void)ctx;
	return fdatasync(fd);
}

static int os_fsync(void *ctx, int fd)
{
	(void)ctx;
	return fsync(fd);
}

const struct journal_io journal_io_os = { os_write, os_fdatasync, os_fsync, NULL };

int io_write_all(const struct journal_io *io, int fd, const char *p, size_t n, size_t *done)
{
	int patience = IO_PATIENCE;

	for (*done = 0; *done < n;) {
		ssize_t k = io->write(io->ctx, fd, p + *done, n - *done);

		if (k > 0) {
			*done += (size_t)k;
			patience = IO_PATIENCE;
		} else if (k == 0) {
			return EIO;
		} else if (errno != EINTR || !--patience) {
			return errno;
		}
	}
	return 0;
}

static int sync_with(const struct journal_io *io, int (*call)(void *ctx, int fd), int fd)
{
	int patience = IO_PATIENCE;

	while (call(io->ctx, fd) < 0)
		if (errno != EINTR || !--patience)
			return errno;
	return 0;
}

int io_datasync(const struct journal_io *io, int fd)
{
	return sync_with(io, io->fdatasync, fd);
}

int io_sync(const struct journal_io *io, int fd)
{
	return sync_with(io, io->fsync, fd);
}

void io_begin_sync(int fd)
{
#ifdef SYNC_FILE_RANGE_WRITE
	(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
#else
	(void)fd;
#endif
}

int io_sync_folder(const struct journal_io *io, int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;

	if (fd < 0)
		return errno;
	err = io_sync(io, fd);
	close(fd);
	/* Some file systems cannot sync a folder and need not. */
	return err == EINVAL ? 0 : err;
}
