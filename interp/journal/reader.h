#ifndef RB_JOURNAL_READER_H
#define RB_JOURNAL_READER_H
/*
 * reader: reads a journal file and checks form, numbers, batches and hash
 * chain. Damage inside the last batch is a torn tail (also when that has a seal);
 * anything else is corruption, named by record and byte. A batch number is the
 * number of the batch's first record, so a readable record behind the damage
 * tells whether the damaged one was in an older batch, which had been synced.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"
#include "journal/record.h"

enum journal_state {
	JOURNAL_SOUND,
	JOURNAL_TORN,      /* also: empty, because the first batch was never written */
	JOURNAL_CORRUPT,
	JOURNAL_UNREADABLE /* no file, no regular file, no permission, too large */
};
struct journal_scan {
	enum journal_state state;
	int err;             /* errno of JOURNAL_UNREADABLE, else 0 */
	int64_t records;     /* good ones */
	uint64_t good_bytes; /* where the good prefix ends */
	uint64_t batch_at;   /* where the last batch of the good prefix begins */
	uint64_t bytes;
	bool sealed;
	int64_t last_b, last_ep, last_m;
	char head[65];
	int64_t bad_record;  /* number of the first bad record, from 1; 0: none */
	char why[160];       /* "record 17 (byte 4210): hash does not match" */
};

/* Checks text (a whole journal). each() may be NULL; it sees only good records,
 * in order, and must copy what it keeps. */
void journal_scan_text(struct str text, struct journal_scan *out,
		       void (*each)(void *arg, const struct record *r), void *arg);
/* Reads a file (at most 4 GiB, in pieces) and scans. Never maps it: a runner may
 * cut it meanwhile. */
void journal_scan_file(const char *path, struct journal_scan *out,
		       void (*each)(void *arg, const struct record *r), void *arg);
/* The same from the start of an open regular file; its offset stays. */
void journal_scan_fd(int fd, struct journal_scan *out,
		     void (*each)(void *arg, const struct record *r), void *arg);
/* Continues as the file grows (logs -f): whole lines only, the chain checked.
 * The record is valid until the next call. */
struct journal_tail;
struct journal_tail *journal_tail_open(const char *path, int *err);
int journal_tail_next(struct journal_tail *t, struct record *r); /* 1 record, 0 none now, -1 corrupt */
void journal_tail_free(struct journal_tail *t);

#endif
