#ifndef RB_JOURNAL_JOURNAL_H
#define RB_JOURNAL_JOURNAL_H
/*
 * journal: the writer of a run's journal.jsonl: numbering, batches, the hash
 * chain, masking, sync, ballast. Records collect in memory until
 * journal_flush(), which writes them with one write(2) and, if asked, one
 * fdatasync. All records since the last sync share one batch number b (that of
 * the first of them): so there is at most one unsynced batch. An error of write
 * or sync is final (fail-stop): every later call fails and nothing more is
 * claimed.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

struct journal;
struct mask;

struct journal_options {
	const char *dir;          /* the run's folder, exists */
	struct str run_id;        /* both as in the members `run` and `program` of run.open */
	struct str program_digest;/* hex SHA-256 of the runbook's bytes */
	bool no_sync;             /* never fdatasync; the whole run is one batch then */
	bool shared;              /* 0660 instead of 0600 */
	bool no_ballast;          /* nothing can need undoing: no space is kept back for it */
	const struct mask *mask;  /* may be NULL; borrowed */
	/* Called for each record with its final line (masked, no newline), after it was
	 * written. It must not call the journal. */
	void (*observe)(void *arg, struct str line);
	void *arg;
	/* Called once, before the first sync, perhaps in another thread: makes durable what was
	 * written unsynced and the records name. 0 or errno. May be NULL. */
	int (*settle)(void *settle_arg);
	void *settle_arg;
};

/* Creates journal.jsonl (O_EXCL), flocks it, makes the ballast. NULL and *err errno.
 * The first synced flush syncs the folder and the two above it, too: one commit of
 * the file system instead of several, and nothing was claimed before. */
struct journal *journal_create(const struct journal_options *o, int *err);
/* Opens an existing, unsealed, sound journal to go on: takes the lock, cuts a torn
 * tail off (kept as torn.N and told by a record `torn`), makes sure that the last
 * batch is on the disk, continues n, b, ep + 1 and the chain. NULL and *err:
 * EWOULDBLOCK another runner has it; EROFS it is sealed; EBADMSG it is corrupt;
 * ENODATA not even run.open is there; EINVAL it is of another run or program;
 * else errno. Empty run_id and program_digest are not compared. */
struct journal *journal_reopen(const struct journal_options *o, int *err);
/* Releases without sealing (unflushed records are written, not synced). The
 * ballast goes if the last record is a seal. */
void journal_free(struct journal *j);
/* Adds a record: body is `"t":"...",...` (members without braces). wall in ns
 * since the epoch, mono in ns since the run's start; both cut to us. A body that
 * makes no valid record (form, RECORD_LINE_MAX, RECORD_MEMBERS) is a bug of the
 * caller: the journal fails with EINVAL or EMSGSIZE. */
void journal_add(struct journal *j, int64_t wall, int64_t mono, struct str body);
/* Writes what was added; sync makes it durable. 0 or errno (ENOSPC has freed
 * the ballast and retried once before). */
int journal_flush(struct journal *j, bool sync);
/* Begins in a thread with what the first sync has to do besides the records: settle(), and the
 * folders. That sync waits for it, and fails as it did. Nothing happens if it is done already. */
void journal_settle_begin(struct journal *j);
int journal_error(const struct journal *j);
/* True once the ballast is spent: start nothing new, unwind. */
bool journal_low(const struct journal *j);
/* The disk was found full elsewhere (an output): spends the reserve now. */
void journal_spend(struct journal *j);
int64_t journal_records(const struct journal *j);
/* The last record is a seal. */
bool journal_sealed(const struct journal *j);
int64_t journal_syncs(const struct journal *j);
/* Hash of the last record, hex. */
void journal_head(const struct journal *j, char hex[65]);

#endif
