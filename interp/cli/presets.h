#ifndef RB_CLI_PRESETS_H
#define RB_CLI_PRESETS_H
/*
 * presets: answers given beforehand (-i STEP.field=value, --yes,
 * --outside-window): do they name questions of the runbook, do they fit, and do
 * they answer all that a run without a terminal would ask?
 */
#include <stdbool.h>
#include <stdint.h>

struct cli;
struct loaded;
struct preset;

/* Each names a question and fits it. False after a message for each that does not. */
bool presets_known(struct cli *c, const struct loaded *l, const struct preset *presets, uint32_t n);
/* The questions that nobody could answer without a terminal: false after a message for each. */
bool presets_enough(struct cli *c, const struct loaded *l, const struct preset *presets, uint32_t n, bool yes, bool window_answered,
		    int64_t wall);

#endif
