#ifndef RB_CLI_SEAL_TEXT_H
#define RB_CLI_SEAL_TEXT_H
/* seal_text: how a run ended, for people: from its seal (or held) record. */
#include <stdbool.h>
#include "base/arena.h"
#include "base/buf.h"

struct seal_look {
	struct str run_id;
	struct str hint;       /* what follows commands that are suggested, " --state DIR" or empty */
	struct str name, said; /* of the step that is the cause: its name, its last line on standard error; safe to show; empty: not known */
	struct str files, dir; /* the reports that were written, "a.md, b.json", and where; empty: none, nowhere that lasts */
	int exit_code;
	bool asked;            /* somebody wanted it undone */
	bool past;             /* exit_code is that of the seal */
	bool dry, color;
};

/* line: the record, or empty if there is none (the journal failed). */
void seal_text(struct str line, const struct seal_look *look, struct buf *out);
/* Key of the step that is the cause, in a; empty: none. */
struct str seal_cause(struct arena *a, struct str line);
/* The status word: "ok", "held", "in_doubt" ... */
void seal_status(struct str line, struct buf *out);

#endif
