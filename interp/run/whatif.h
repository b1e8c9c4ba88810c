#ifndef RB_RUN_WHATIF_H
#define RB_RUN_WHATIF_H
/*
 * whatif: what another version of a runbook would have done with what a run has
 * recorded. A new engine is driven in a world that answers from the old run's
 * trace: a command that is the same, at the same place (run/trace.h), has the
 * result that was recorded; what a person typed, a signal, a crash come when they
 * came. Time is that of the record: a step that is the same takes as long, one
 * that is not takes as long as the recorded one of its place, or no time.
 *
 * What was not recorded is unknown, and so is what depends on it. Where the engine
 * must know (did it go well? does this guard hold? what does the probe say?) the
 * drive takes the first of the possible ways and notes that there are others;
 * each of those is driven as well, from the start, until no way is left or there
 * are too many. So all that is told of every drive is certain (`would`, `would
 * not`), the rest is `may`.
 *
 * Pure but for blobs of the old run, which are read. Starts nothing.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"
#include "run/trace.h"

struct align;
struct whatif;

enum whatif_class { WHATIF_SAME, WHATIF_MOVED, WHATIF_INPUT_CHANGED, WHATIF_NEW, WHATIF_DROPPED, WHATIF_GUARD_FLIP,
		    WHATIF_ROLLBACK_CHANGED, WHATIF_UNKNOWN, WHATIF_CLASSES };
extern const char *const whatif_class_names[WHATIF_CLASSES];
enum whatif_will { WOULD_NOT, MAY, WOULD };
extern const char *const whatif_will_names[]; /* "would not", "may", "would" */

/* What the caller says of a step (its id, label or key) that was not recorded so. */
struct assumption { struct str step; bool fail; };

enum { WHATIF_DRIVES_MAX = 256 };
struct whatif_options {
	const struct run_setup *setup; /* the new program, with the old run's inputs, times, operator ... */
	struct trace *was;             /* of the old run; borrowed, marked */
	const struct align *align;     /* from the old program to the new one */
	const struct map *files;       /* what files hold now, as struct trace has it */
	const char *dir;               /* of the old run, for blobs */
	const struct mask *mask;       /* the stand-ins of secrets, old and new */
	int64_t start;                 /* as of when vars are evaluated, wall ns */
	const struct assumption *assume; uint32_t assume_count;
	uint32_t drives_max;           /* 0: WHATIF_DRIVES_MAX */
};

/* One step instance, old and new. Texts are unmasked; some are of the old run's trace. */
struct whatif_step {
	struct str key, was_key;       /* was_key: empty if the old run has none */
	struct str at;                 /* place in the runbook's text: the new one's, or of a dropped step the old one's */
	uint8_t cls;                   /* enum whatif_class */
	uint8_t runs;                  /* enum whatif_will: does it start? */
	bool ran, holds;               /* ran: it did start then; holds: block, loop, module */
	bool usual, back;              /* usual: the first drive came to it; back: of a rollback block */
	bool moved, undo_changed, known; /* known: it was reached in the same way by every drive */
	const char *was_status;        /* NULL: it did not begin */
	const char *status[4]; uint32_t status_count; /* how it may end, at most 4 */
	struct str why;                /* in words, several lines */
	struct str error;              /* how it fails, if it does */
	struct str undo, was_undo;     /* commands, one a line */
};
/* A way in which it may end; what had to be assumed for it. */
struct whatif_outcome {
	uint8_t status;                /* enum run_status */
	int exit;
	struct str assumed;            /* one line each; empty: nothing but that all unknown goes well */
	bool plain;                    /* of the drive in which all unknown goes well */
	struct str cause_key, cause, stopped;
	int64_t unwound_at;            /* wall ns; 0: nothing would be undone */
	struct { struct str key, commands; } *undone; uint32_t undone_count;
	struct { struct str key, why; } *residue; uint32_t residue_count;
	uint32_t drives;               /* that ended so */
};
struct whatif_result {
	struct str refused;            /* the new version would not have started: why */
	struct whatif_step *steps; uint32_t step_count; /* in the order of beginning; dropped ones last */
	struct whatif_outcome *outcomes; uint32_t outcome_count; /* the first: all unknown goes well */
	uint32_t classes[WHATIF_CLASSES];
	uint32_t drives, unknowns;     /* unknowns: of the first drive */
	bool exhaustive;               /* every way was driven */
	bool flips, may_flip;          /* it would end, or may end, otherwise than it did */
	bool different;
};

struct whatif *whatif_run(const struct whatif_options *o);
const struct whatif_result *whatif_result(const struct whatif *w);
void whatif_free(struct whatif *w);

#endif
