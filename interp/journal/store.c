#include "journal/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "journal/blob.h"

/* store: whole blobs in and out. */

int blob_write(const char *dir, struct str bytes, bool sync, char hex[65])
{
	struct blob_writer w;

	blob_begin(&w, dir, &journal_io_os, sync);
	blob_add(&w, bytes.p, bytes.n);
	return blob_commit(&w, hex);
}

int blob_put(const char *dir, struct str bytes, char hex[65])
{
	return blob_write(dir, bytes, true, hex);
}

static int sync_file(int blobs, const char *path)
{
	int fd = openat(blobs, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), err;

	if (fd < 0)
		return errno;
	err = io_datasync(&journal_io_os, fd);
	close(fd);
	return err;
}

int blobs_sync(const char *dir, char (*hexes)[65], size_t count)
{
	char path[SHA_HEX + 16];
	int run = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	int blobs = run < 0 ? -1 : openat(run, "blobs", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (blobs < 0)
		err = errno;
	for (size_t i = 0; i < count && !err; i++) {
		snprintf(path, sizeof(path), "sha256/%s", hexes[i]);
		err = sync_file(blobs, path);
	}
	if (!err)
		err = io_sync_folder(&journal_io_os, blobs, "sha256");
	if (!err)
		err = io_sync_folder(&journal_io_os, blobs, ".");
	if (blobs >= 0)
		close(blobs);
	if (run >= 0)
		close(run);
	return err;
}

static int read_whole(int fd, char *p, size_t n)
{
	size_t at = 0;

	while (at < n) {
		ssize_t k = read(fd, p + at, n - at);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return errno;
		if (k == 0)
			return -1;
		at += (size_t)k;
	}
	return 0;
}

int blob_get(struct arena *a, const char *dir, struct str hex, size_t max, struct str *out)
{
	char found[65];
	struct str path;
	struct stat st;
	int fd, err;
	char *p;

	*out = STR("");
	if (!sha_is_hex(hex))
		return EINVAL;
	path = arena_printf(a, "%s/blobs/sha256/" STR_FMT, dir, STR_ARG(hex));
	fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno;
	if (fstat(fd, &st) < 0)
		err = errno;
	else if (!S_ISREG(st.st_mode))
		err = EINVAL;
	else
		err = (uint64_t)st.st_size > max ? EFBIG : 0;
	if (err) {
		close(fd);
		return err;
	}
	p = arena_alloc(a, (size_t)st.st_size + 1);
	err = read_whole(fd, p, (size_t)st.st_size);
	close(fd);
	if (err)
		return err;
	digest_hex((struct str){ p, (size_t)st.st_size }, found);
	if (memcmp(found, hex.p, SHA_HEX))
		return -1;
	*out = (struct str){ p, (size_t)st.st_size };
	return 0;
}

void digest_hex(struct str bytes, char hex[65])
{
	struct sha s;

	sha_init(&s);
	sha_add(&s, bytes.p, bytes.n);
	sha_hex(&s, hex);
	hex[SHA_HEX] = '\0';
}
