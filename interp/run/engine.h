#ifndef RB_RUN_ENGINE_H
#define RB_RUN_ENGINE_H
/*
 * engine: the pure heart: (state, event) -> (state, records, commands). It reads
 * no clock, no environment and no file: all comes as events, all goes out
 * through struct effects. The driver below turns the crank.
 */
#include <stdbool.h>
#include <stdint.h>
#include "plan/program.h"
#include "run/effects.h"

struct engine;
struct mask;

enum run_status { RUN_RUNNING, RUN_OK, RUN_STOPPED, RUN_FAILED, RUN_ROLLED_BACK, RUN_INCOMPLETE,
		  RUN_IN_DOUBT, RUN_HELD, RUN_CANCELLED, RUN_STATUSES };
extern const char *const run_status_names[RUN_STATUSES];

struct preset { struct str name, value; }; /* -i STEP.field=value */
struct run_setup {
	const struct program *program;
	struct str run_id, operator_name;
	const struct value *inputs;          /* by rb->inputs */
	const struct value *secrets;         /* by rb->secrets; strings, flagged VALUE_SECRET */
	bool dry_run;
	bool interactive;                    /* a person is at the terminal: a second INT asks */
	const struct preset *presets; uint32_t preset_count; /* answers given beforehand */
	const char *dir;                     /* default folder of steps: the runbook's */
	const struct mask *mask;             /* secrets: texts are masked before they are cut for a record; NULL: none */
	struct str seed;                     /* 32 random bytes, for jitter and keys */
	struct str open_body;                /* members of run.open made by the caller: run, program, versions, ... */
};

struct engine *engine_new(const struct run_setup *s);
void engine_free(struct engine *e);

/* Evaluates vars and `lock` (empty if the runbook has none) as of wall. Call
 * once, before engine_drive. False: *error says which value failed and why. */
bool engine_prepare(struct engine *e, int64_t wall, struct str *lock, struct str *error);

/* Runs to the end: flush, start, wait, handle. Returns the exit code of
 * engine.md section 3 and *status. journal_err: errno if the journal failed (then in doubt). */
int engine_drive(struct engine *e, const struct effects *fx, void *ctx, enum run_status *status, int *journal_err);

#endif
