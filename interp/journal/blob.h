#ifndef RB_JOURNAL_BLOB_H
#define RB_JOURNAL_BLOB_H
/*
 * blob: writing one content-addressed file: blobs/tmp.*, hashed as it grows,
 * then renamed to blobs/sha256/<hash>. Modes follow those of the folder
 * blobs, so that a shared run stays shared. Inside this folder only.
 */
#include <stdbool.h>
#include <stdint.h>
#include "journal/io.h"
#include "journal/sha.h"

struct output_sink;
struct mask;

struct blob_writer {
	const struct journal_io *io;
	int folder, fd; /* of blobs, of the new file; -1: none */
	bool sync;
	int err;        /* the first error; all later calls do nothing */
	char tmp[32];
	struct sha sha;
};

/* Begins one in the run's folder dir. Errors are kept in w->err. */
void blob_begin(struct blob_writer *w, const char *dir, const struct journal_io *io, bool sync);
void blob_add(struct blob_writer *w, const char *p, size_t n);
/* Names the file by w->sha and makes it durable if sync. Always releases. 0 or errno. */
int blob_commit(struct blob_writer *w, char hex[SHA_HEX + 1]);
/* Forgets it; nothing stays on the disk. */
void blob_abort(struct blob_writer *w);

struct output_sink *output_new_with(const char *dir, const struct mask *m, bool quiet, const struct journal_io *io);

#endif
