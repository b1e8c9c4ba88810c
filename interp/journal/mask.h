#ifndef RB_JOURNAL_MASK_H
#define RB_JOURNAL_MASK_H
/*
 * mask: replaces secrets by *** in everything that is written. One table of all
 * forms of all secrets: raw, each line of a multi-line value, base64 and
 * base64url (three alignments, with and without padding, wrapped at 64 and 76),
 * URL (upper and lower hex, + for space), JSON (with \/ and \uXXXX variants),
 * hex (upper, lower, \xNN, bytes apart), shell-quoted. Found by the first four
 * bytes, then compared: the longest match wins, overlapping ones become one.
 * Costs one byte per byte of a form; a text without secrets about 1 ns a byte.
 */
#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"
#include "base/str.h"

struct mask;

enum {
	MASK_MIN = 4,       /* bytes of a secret without white space around it; shorter ones are refused */
	MASK_MAX = 64 << 10 /* longer ones too */
};

struct mask *mask_new(void);
void mask_free(struct mask *m);
/* Adds a secret; false if it is shorter than MASK_MIN or longer than MASK_MAX.
 * Streams may be open. */
bool mask_add(struct mask *m, struct str secret);
bool mask_empty(const struct mask *m);
/* Appends s to out with every form replaced. */
void mask_apply(const struct mask *m, struct str s, struct buf *out);
/* Appends the body of a record (valid JSON members without braces) with every
 * form replaced inside its strings, so that it stays valid JSON. Strings are
 * compared as the texts that they stand for. Names and fixed words of the format
 * (maskjson.c) are left alone. scratch is overwritten. */
void mask_json(const struct mask *m, struct str body, struct buf *scratch, struct buf *out);

/* A stream: what might be the start of a secret is held back until decided. */
struct mask_stream {
	const struct mask *m;
	struct buf held;
	size_t covered; /* of held: belongs to a *** that was written already */
};
void mask_stream_init(struct mask_stream *s, const struct mask *m);
void mask_stream_add(struct mask_stream *s, struct str bytes, struct buf *out);
void mask_stream_end(struct mask_stream *s, struct buf *out);
void mask_stream_release(struct mask_stream *s);

#endif
