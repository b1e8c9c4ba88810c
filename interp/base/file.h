#ifndef RB_BASE_FILE_H
#define RB_BASE_FILE_H
/*
 * file: whole files in and out, with limits. Errors are errno values (0 = ok),
 * plus FILE_TOO_LARGE; the caller makes the message.
 */
#include <stddef.h>
#include "base/str.h"

struct arena;

enum { FILE_TOO_LARGE = -1, FILE_NOT_REGULAR = -2 };

/* Reads path ("-" is standard input) into the arena. At most max bytes. */
int file_read(struct arena *a, const char *path, size_t max, struct str *out);
/* Writes beside path and renames over it; fsyncs file and folder when sync.
 * mode as for open(2). Parent folders must exist. */
int file_write_atomic(const char *path, struct str bytes, unsigned mode, int sync);
/* Removes what file_write_atomic left in the folder when its process was killed
 * (NAME.PID-N.tmp). Only where nobody else writes. */
void file_sweep(const char *folder);
/* The same for what is written piece by piece to fd: begun beside path (which must stay
 * valid), and put in its place by file_end(), or removed if err says that it failed. Both: 0 or errno. */
struct file_new { int fd; const char *path; char temp[4096], target[4096]; };
int file_begin(struct file_new *f, const char *path, unsigned mode);
/* The same for a path that a person gave: a device or a pipe is written into and stays what it is,
 * of a link to a file its target is replaced. */
int file_begin_named(struct file_new *f, const char *path, unsigned mode);
/* file_write_atomic() for such a path. */
int file_write_named(const char *path, struct str bytes, unsigned mode, int sync);
int file_end(struct file_new *f, int err, int sync);
/* mkdir -p with mode for each new folder. */
int file_mkdirs(const char *path, unsigned mode);
/* write(2) until all is written; loops over EINTR and short writes. */
int file_write_all(int fd, const char *p, size_t n);
/* rm -r: the folder and all in it; links are removed, not followed. 0 or errno. */
int file_remove_tree(const char *path);
/* Text for an error of this module: strerror or "larger than ...". */
const char *file_error(int err);

#endif
