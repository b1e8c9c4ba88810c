#ifndef RB_CLI_HEADS_H
#define RB_CLI_HEADS_H
/*
 * heads: signed statements of how far a journal was: run, number of records, hash
 * of the last one. The chain alone does not show that whole records are missing
 * at its end, nor that somebody with the right to write made it anew; a head that
 * somebody else can check does. Signed by `ssh-keygen -Y sign`, namespace
 * runbook-head: heads/NAME.head and NAME.head.sig in the run's folder.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"
#include "cli/signed.h"

struct cli;

struct head { struct str run; int64_t records; char hash[65]; };

/* Its text: docs/journal.md, Heads. */
struct str head_text(struct cli *c, const struct head *h);
/* Reads one from text at *at, which moves behind it. False: there is none. */
bool head_parse(struct str text, size_t *at, struct head *h);
/* Writes and signs one with the private key file. Empty, or one sentence why not. */
struct str heads_sign(struct cli *c, struct str dir, const char *name, const struct head *h, const char *key);

/* One that was found: as it says, and whether somebody trusted signed it. */
struct signed_head { struct head head; struct str name; struct signed_by by; };
/* All heads of a run's folder. signers: allowed_signers file, or NULL: none is trusted. 0 or errno. */
int heads_read(struct cli *c, struct str dir, const char *signers, struct signed_head **out, uint32_t *count);

#endif
