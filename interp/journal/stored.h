#ifndef RB_JOURNAL_STORED_H
#define RB_JOURNAL_STORED_H
/*
 * stored: outputs of children and answers as a journal holds them, read back
 * (output.h writes them). The journal may be hostile: all is bounded.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/str.h"

struct arena;

struct stored_output {
	uint64_t n;       /* bytes in all, as they were stored (masked) */
	struct str bytes; /* all of them, in the arena; empty if they were not wanted or are not whole */
	struct str blob, head, tail; /* names of blobs, views of the member */
	bool truncated;   /* only head and tail were kept, or more than was wanted */
	bool quiet;       /* secret: not kept */
	bool lost;        /* it could not be stored */
};

/* Reads the member (its JSON text; empty: nothing came) of a record of the run in dir.
 * At most max bytes are loaded; 0: none, blobs are not opened. 0; EBADMSG: no output;
 * else as blob_get(). */
int stored_output(struct arena *a, const char *dir, struct str raw, size_t max, struct stored_output *out);

#endif
