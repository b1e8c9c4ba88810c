#ifndef RB_CLI_SEAL_TEXT_H
#define RB_CLI_SEAL_TEXT_H
/* seal_text: how a run ended, for people: from its seal (or held) record. */
#include <stdbool.h>
#include "base/buf.h"

/* line: the record, or empty if there is none (the journal failed). asked: somebody wanted it undone. hint: what
 * follows commands that are suggested, " --state DIR" or empty. */
void seal_text(struct str line, struct str run_id, int exit_code, bool dry, bool asked, bool color, struct str hint, struct buf *out);
/* The status word: "ok", "held", "in_doubt" ... */
void seal_status(struct str line, struct buf *out);

#endif
