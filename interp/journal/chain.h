#ifndef RB_JOURNAL_CHAIN_H
#define RB_JOURNAL_CHAIN_H
/*
 * chain: what a record must continue: number, batch, epoch and hash. The
 * readers check with it. Inside this folder only.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"
#include "journal/record.h"

struct chain {
	int64_t n, b, ep, m; /* of the last good record; all 0 before the first */
	bool sealed;
	char head[RECORD_HASH_HEX + 1];
};

/* The hash before the first record: it binds the run and its program. */
void chain_genesis(struct str run, struct str program, char head[RECORD_HASH_HEX]);
/* The hash of a record: of the one before it and of its bytes from `{` up to,
 * but without, `,"h":`. */
void chain_hash(const char before[RECORD_HASH_HEX], struct str bytes, char hex[RECORD_HASH_HEX]);
/* Takes r as the next record: NULL if it is, else why not (nothing changed then). */
const char *chain_add(struct chain *c, const struct record *r);

#endif
