#ifndef RB_JOURNAL_WRITER_H
#define RB_JOURNAL_WRITER_H
/*
 * writer: what journal.c (records, batches, sync) and open.c (create, reopen,
 * ballast) share: the journal's inside.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "journal/io.h"
#include "journal/record.h"

struct mask;

enum {
	JOURNAL_PENDING_MAX = 1 << 20, /* more than this is written without being asked */
	JOURNAL_AHEAD = 256 << 10      /* of so much the system begins to sync before it is asked */
};

struct journal {
	const struct journal_io *io;
	const struct mask *mask;
	void (*observe)(void *arg, struct str line);
	void *arg;
	int (*settle)(void *settle_arg); /* NULL once it was done */
	void *settle_arg;
	pthread_t settler;   /* if settling: does that, and the folders; settle_err is its own until it was joined */
	void *stack;         /* its own */
	bool settling;
	int settle_err;
	int fd, dirfd;
	int err;             /* final */
	bool no_sync;
	bool sealed;         /* the last record is a seal */
	bool unsynced;       /* something was written since the last sync */
	size_t ahead;        /* bytes of that which the system was not yet told of */
	bool in_batch;       /* b belongs to an open batch */
	bool low;            /* the ballast is spent */
	bool folders_due;    /* the first sync shall sync the folders too */
	int64_t n, b, ep, m; /* of the last record */
	int64_t syncs;
	char head[RECORD_HASH_HEX + 1];
	struct buf out;      /* lines not yet written */
	struct buf scratch;  /* of masking */
	struct record check; /* each record is read back before it counts */
	int64_t second;      /* the stamp below is for */
	char stamp[21];      /* 2026-11-21T06:50:28. */
};

/* Makes what the records name durable, if that is still to do. 0 or errno. */
int journal_sync_named(const struct journal *j);
/* Makes the names of all files durable. 0 or errno. */
int journal_sync_folders(const struct journal *j);
/* Waits for what journal_settle_begin() began: 0 or its errno. */
int journal_settle_end(struct journal *j);
/* Frees the ballast; false if there was none. */
bool ballast_drop(struct journal *j);
extern const char ballast_name[], journal_name[];

#endif
