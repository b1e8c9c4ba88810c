#ifndef RB_CLI_STATEMENT_H
#define RB_CLI_STATEMENT_H
/*
 * statement: the statement about a run (report/statement.h) in a DSSE envelope, signed by
 * `ssh-keygen -Y sign`, namespace runbook-statement: `sig` is the base64 between the
 * armor of an ssh signature over the PAE, `keyid` the key's fingerprint.
 */
#include <stdbool.h>
#include "base/str.h"
#include "cli/signed.h"

struct cli;

/* The envelope of the run in dir, one line of JSON in the arena. Empty, or one sentence why not. */
struct str statement_envelope(struct cli *c, struct str dir, const char *key, struct str *envelope);

/* An envelope that was found: what it says, and whether somebody trusted signed it. */
struct statement_found { bool there; struct str payload; struct signed_by by; struct str why; /* not empty: it is no envelope */ };
/* Reads dir/statement.dsse.json. signers as in signed_check(). */
void statement_read(struct cli *c, struct str dir, const char *signers, struct statement_found *out);
/* Is its statement the one that the run gives? */
bool statement_holds(struct cli *c, struct str dir, const struct statement_found *found);

#endif
