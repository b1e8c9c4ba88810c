#ifndef RB_JOURNAL_OUTPUT_H
#define RB_JOURNAL_OUTPUT_H
/*
 * output: one captured stream of a child or body of an answer on its way into
 * the run: masked, hashed as it runs, up to OUTPUT_INLINE bytes for the record
 * itself, larger in a content-addressed blob (blobs/sha256/...), past
 * OUTPUT_MAX head and tail only, with full length and full hash. All lengths,
 * hashes and bytes are those after masking.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/str.h"

enum { OUTPUT_INLINE = 4096, OUTPUT_MAX = 64 << 20, OUTPUT_EDGE = 1 << 20 };

struct mask;
struct output_sink; /* one stream being captured */

/* dir: the run's folder. quiet: neither stored nor hashed (secret captures). */
struct output_sink *output_new(const char *dir, const struct mask *m, bool quiet);
/* Blobs are synced unless this says no (--no-sync). */
void output_set_sync(struct output_sink *o, bool sync);
/* raw bytes; `shown` (may be NULL) receives what may be shown now, masked;
 * nothing if quiet. An error is kept for output_end(). */
void output_add(struct output_sink *o, const char *p, size_t n, struct buf *shown);
/* Ends the stream: appends its JSON for the record to json: {"n":0}, {"n":12,"text":"..."},
 * {"n":12,"b64":"..."} (not UTF-8 or with NUL), {"n":9000,"blob":"<sha256>"},
 * {"n":..,"head":"<blob>","tail":"<blob>","sha256":"..","truncated":true},
 * {"n":5,"quiet":true} (n of raw bytes) or, on error, {"n":..,"lost":true}.
 * 0 or errno (blob not written). Blobs are synced before the return. */
int output_end(struct output_sink *o, struct buf *shown, struct buf *json);
/* Also before output_end(): then nothing is left of it. */
void output_free(struct output_sink *o);

/* A stream that is there as a whole, without a sink: what output_end() would append. False, and
 * nothing is done, if it takes a sink: there are secrets (m is not empty), or it is too long. */
bool output_whole(const struct mask *m, struct str raw, struct buf *json);

/* Stores bytes as a blob (not masked: the runbook, files); hex gets its name. 0 or errno. */
int blob_put(const char *dir, struct str bytes, char hex[65]);
/* As blob_put; with sync false it is not made durable (yet, see blobs_sync). */
int blob_write(const char *dir, struct str bytes, bool sync, char hex[65]);
/* Makes blobs durable that were written without sync. 0 or errno. */
int blobs_sync(const char *dir, char (*hexes)[65], size_t count);
/* Reads a blob and checks its hash. 0, errno (EINVAL: hex is no name of a blob;
 * EFBIG: larger than max), or -1: hash is wrong. */
struct arena;
int blob_get(struct arena *a, const char *dir, struct str hex, size_t max, struct str *out);
/* Hex SHA-256. */
void digest_hex(struct str bytes, char hex[65]);

#endif
