#ifndef RB_CLI_PRESETS_H
#define RB_CLI_PRESETS_H
/*
 * presets: answers given beforehand (-i STEP.field=value, --yes,
 * --outside-window): do they name questions of the runbook, do they fit, and do
 * they answer all that a run without a terminal would ask?
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct cli;
struct loaded;
struct preset;

/* --outside-window REASON; empty if it is not given. False after a message. */
bool presets_outside(struct cli *c, struct str *reason);
/* Says so where a reason changes nothing, since the runbook lets nobody decide. */
void presets_outside_note(const struct loaded *l, struct str reason);

/* Each names a question and fits it. False after a message for each that does not. */
bool presets_known(struct cli *c, const struct loaded *l, const struct preset *presets, uint32_t n);
/* The questions that nobody could answer without a terminal: false after a message for each. */
bool presets_enough(struct cli *c, const struct loaded *l, const struct preset *presets, uint32_t n, bool yes, bool window_answered,
		    int64_t wall);

#endif
