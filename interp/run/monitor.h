#ifndef RB_RUN_MONITOR_H
#define RB_RUN_MONITOR_H
/*
 * monitor: reads repeated beside the run, and what follows from them. A monitor is
 * on while a phase or step of its `during` runs, and then has one op under way: its
 * next sample, which the world starts when its time has come. Each sample is one
 * event and leaves one record, `sample`, which holds all that a monitor ever knows
 * of it: figures, or why it failed. Rules see what is recorded, so a replay and a
 * runner that takes over decide the same.
 *
 * Time counts for a rule (`for 5m`) only between two samples that told something:
 * a sample that failed, a runner that died and a source that hung leave a gap that
 * is not counted, and no sample at all never makes a rule fire. Only for run/.
 */
#include "run/engine_state.h"

/* A rule's memory of the samples so far. */
struct rule_state {
	bool held;            /* it held at the last sample that it was asked of */
	bool fired;           /* and has done what it does; again only after it did not hold */
	int64_t lasted;       /* ns that are known to have held */
	int64_t count;        /* samples */
};
struct monitor_state {
	const struct prog_monitor *m;
	struct frame *f;      /* FRAME_MONITOR: of expressions, keys and ops; beside the tree */
	bool on;
	uint32_t running;     /* steps of `during` under way */
	int64_t at;           /* mono ns: when the sample under way begins at the earliest */
	int64_t last;         /* mono ns of the last sample, -1: none since it is on, or since a takeover */
	bool failed;          /* so did that one */
	struct str render;    /* the sample under way cannot be asked for: why */
	struct value *figures;/* of the last good sample, by captures */
	struct rule_state *rules;
};

/* reaction.c: now: by rule, whether it holds at this sample (view); most: the longest time
 * between two samples that counts. Afterwards the monitor may be off. */
void rules_apply(struct monitor_state *m, const int *now, int64_t most);

#endif
