#ifndef RB_JOURNAL_BUNDLE_H
#define RB_JOURNAL_BUNDLE_H
/*
 * bundle: runs in one file, to be checked on another machine: a ustar archive
 * whose bytes follow from what is in it. Its first entry lists all others with
 * length and SHA-256, in order. The format is in docs/journal.md. A reader takes
 * nothing that the writer would not have written: names of a run's files only,
 * no links, no folders, no second entry of a name, no byte between or behind.
 */
#include <stdint.h>
#include "base/str.h"

struct arena;

enum { BUNDLE_FILES_MAX = 100000, BUNDLE_MANIFEST_MAX = 32 << 20 };
#define BUNDLE_BYTES_MAX ((uint64_t)4 << 30) /* of all entries */

struct bundle_entry {
	struct str path;         /* RUN/journal.jsonl ... */
	struct str from;         /* a file; empty: bytes */
	struct str bytes;
	uint64_t size;
	char hex[65];
};

/* May a bundle hold an entry of this name? */
bool bundle_path_ok(struct str path);
/* Is it a regular file that begins as a bundle does? */
bool bundle_is(const char *path);
/* Reads an entry's file once, for size and digest. 0 or errno (EFBIG: past the limit). */
int bundle_measure(struct bundle_entry *e);
/* Sorts the entries and writes them to fd. Empty, or one sentence why not. */
struct str bundle_write(struct arena *a, struct str run, struct bundle_entry *list, uint32_t count, int fd);
/* Unpacks into dir, an empty folder that nobody else can write: dir/RUN/... *run is the run
 * that it is about. Empty, or one sentence why not; what is in dir then is worth nothing. */
struct str bundle_unpack(struct arena *a, const char *path, const char *dir, struct str *run);

#endif
