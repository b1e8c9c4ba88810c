#ifndef RB_JOURNAL_IO_H
#define RB_JOURNAL_IO_H
/*
 * io: the calls that can fail while a journal or a blob is written, as a table,
 * so that tests can make each of them fail. Each row acts like the call of its
 * name: -1 and errno on error.
 */
#include <stddef.h>
#include <sys/types.h>

struct journal_io {
	ssize_t (*write)(void *ctx, int fd, const void *p, size_t n);
	int (*fdatasync)(void *ctx, int fd);
	int (*fsync)(void *ctx, int fd);
	void *ctx;
};
extern const struct journal_io journal_io_os;

enum { IO_PATIENCE = 1000 /* EINTR in a row before it counts as an error */ };

/* Writes all of it over short writes and EINTR; *done counts what was written. 0 or errno. */
int io_write_all(const struct journal_io *io, int fd, const char *p, size_t n, size_t *done);
/* Syncs data, or a folder (fsync). 0 or errno; only EINTR is repeated. */
int io_datasync(const struct journal_io *io, int fd);
int io_sync(const struct journal_io *io, int fd);
/* Lets the system begin to write; promises nothing. */
void io_begin_sync(int fd);
/* Makes a folder's entries durable; name is below dirfd, "." is dirfd itself. 0 or errno. */
int io_sync_folder(const struct journal_io *io, int dirfd, const char *name);

struct journal;
struct journal_options;
struct journal *journal_create_with(const struct journal_options *o, const struct journal_io *io, int *err);
struct journal *journal_reopen_with(const struct journal_options *o, const struct journal_io *io, int *err);

#endif
