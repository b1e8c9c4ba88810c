/*
 * file: open, read or write whole, close; every error is an errno value.
 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <ftw.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"

enum { PATH_LONGEST = 4096, TEMP_TRIES = 100, READ_MIN = 4096, FUTILE_MAX = 100 };

/* expected: a guess at the size, at most max. */
static int read_all(struct arena *a, int fd, size_t expected, size_t max, struct str *out)
{
	size_t cap = expected < READ_MIN ? READ_MIN : expected + 1, n = 0;
	char *p = mem_realloc(NULL, cap);
	int err = 0;
	for (;;) {
		if (n == cap) {
			cap *= 2;
			p = mem_realloc(p, cap);
		}
		ssize_t got = read(fd, p + n, cap - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			err = got < 0 ? errno : 0;
			break;
		}
		n += (size_t)got;
		if (n > max) {
			err = FILE_TOO_LARGE;
			break;
		}
	}
	if (err == 0)
		*out = arena_str(a, p, n);
	mem_free(p);
	return err;
}

/* A pipe is read only where the caller's shell has put it: <(command). Elsewhere
 * opening one could wait forever. */
static int may_be_pipe(const char *path)
{
	return strncmp(path, "/dev/fd/", 8) == 0 || strncmp(path, "/proc/self/fd/", 14) == 0 ||
	       strcmp(path, "/dev/stdin") == 0;
}

int file_read(struct arena *a, const char *path, size_t max, struct str *out)
{
	*out = (struct str){ "", 0 };
	if (strcmp(path, "-") == 0)
		return read_all(a, STDIN_FILENO, 0, max, out);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (may_be_pipe(path) ? 0 : O_NONBLOCK));
	if (fd < 0)
		return errno;
	struct stat st;
	int err = 0;
	if (fstat(fd, &st) != 0)
		err = errno;
	else if (!S_ISREG(st.st_mode) && !may_be_pipe(path))
		err = FILE_NOT_REGULAR;
	else if (S_ISREG(st.st_mode) && (uintmax_t)st.st_size > max)
		err = FILE_TOO_LARGE;
	else
		err = read_all(a, fd, S_ISREG(st.st_mode) ? (size_t)st.st_size : 0, max, out);
	close(fd);
	return err;
}

int file_write_all(int fd, const char *p, size_t n)
{
	int futile = 0; /* waits for a place that was not there */

	while (n > 0) {
		ssize_t put = write(fd, p, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno == EAGAIN && futile++ < FUTILE_MAX) { /* another program has set the terminal or pipe so */
			(void)poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
			continue;
		}
		if (put < 0)
			return errno;
		if (put == 0)
			return EIO;
		futile = 0;
		p += put;
		n -= (size_t)put;
	}
	return 0;
}

static int sync_folder_of(const char *path)
{
	char folder[PATH_LONGEST];
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;
	if (n >= sizeof folder)
		return ENAMETOOLONG;
	memcpy(folder, path, n);
	folder[n] = '\0';
	int fd = open(n > 0 ? folder : slash ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	int err = fsync(fd) != 0 ? errno : 0;
	close(fd);
	return err;
}

int file_begin(struct file_new *f, const char *path, unsigned mode)
{
	f->path = path;
	for (int try = 0; try < TEMP_TRIES; try++) {
		int n = snprintf(f->temp, sizeof f->temp, "%s.%ld-%d.tmp", path, (long)getpid(), try);
		if (n < 0 || n >= (int)sizeof f->temp)
			return ENAMETOOLONG;
		f->fd = open(f->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
		if (f->fd >= 0)
			return 0;
		if (errno != EEXIST)
			return errno;
	}
	return EEXIST;
}

int file_begin_named(struct file_new *f, const char *path, unsigned mode)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return file_begin(f, path, mode);
	if (S_ISREG(st.st_mode))
		return realpath(path, f->target) ? file_begin(f, f->target, mode) : errno;
	f->path = path;
	f->temp[0] = '\0';
	f->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	return f->fd < 0 ? errno : 0;
}

int file_end(struct file_new *f, int err, int sync)
{
	bool beside = f->temp[0] != '\0';
	if (err == 0 && sync && beside && fsync(f->fd) != 0)
		err = errno;
	if (close(f->fd) != 0 && err == 0)
		err = errno;
	if (!beside)
		return err;
	if (err == 0 && rename(f->temp, f->path) != 0)
		err = errno;
	if (err != 0) {
		unlink(f->temp);
		return err;
	}
	return sync ? sync_folder_of(f->path) : 0;
}

/* err: of the beginning. */
static int file_write_whole(struct file_new *f, int err, struct str bytes, int sync)
{
	return err != 0 ? err : file_end(f, file_write_all(f->fd, bytes.p, bytes.n), sync);
}

int file_write_atomic(const char *path, struct str bytes, unsigned mode, int sync)
{
	struct file_new f;
	return file_write_whole(&f, file_begin(&f, path, mode), bytes, sync);
}

int file_write_named(const char *path, struct str bytes, unsigned mode, int sync)
{
	struct file_new f;
	return file_write_whole(&f, file_begin_named(&f, path, mode), bytes, sync);
}

static bool is_temp(const char *name)
{
	size_t n = strlen(name), digits = 0;

	if (n < 8 || strcmp(name + n - 4, ".tmp") != 0)
		return false;
	for (n -= 4; n && strchr("0123456789-", name[n - 1]); n--)
		digits++;
	return digits >= 3 && n && name[n - 1] == '.';
}

void file_sweep(const char *folder)
{
	DIR *d = opendir(folder);

	for (const struct dirent *e; d && (e = readdir(d));)
		if (is_temp(e->d_name))
			(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
}

static int make_folder(const char *path, mode_t mode)
{
	if (mkdir(path, mode) == 0)
		return 0;
	int err = errno;
	struct stat st;
	if (stat(path, &st) == 0)
		return S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
	return err;
}

int file_mkdirs(const char *path, unsigned mode)
{
	char part[PATH_LONGEST];
	size_t n = strlen(path);
	if (n == 0)
		return ENOENT;
	if (n >= sizeof part)
		return ENAMETOOLONG;
	memcpy(part, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		int err = make_folder(part, (mode_t)mode);
		if (err != 0)
			return err;
		part[i] = path[i];
	}
	return 0;
}

const char *file_error(int err)
{
	if (err == FILE_TOO_LARGE)
		return "larger than the limit";
	if (err == FILE_NOT_REGULAR)
		return "not a regular file";
	return strerror(err);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	return remove(path);
}

int file_remove_tree(const char *path)
{
	return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) ? errno : 0;
}
