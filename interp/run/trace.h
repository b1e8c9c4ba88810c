#ifndef RB_RUN_TRACE_H
#define RB_RUN_TRACE_H
/*
 * trace: what an engine did, as far as a what-if compares it: the instances of
 * steps that began, what they weighed and with which outcome, and the ops that
 * they started: with what, and what came of it. Of the run that was: the trace
 * watches its replay. Of the one that would have been: run/whatif.h does.
 *
 * An instance is known by its place: its path in the program (plan/align.h), the
 * items of the loops around it and the attempts of the blocks around it. Paths of
 * the new program are given as those of the old one where a step has one there,
 * so the same place is the same step with the same item.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/map.h"
#include "base/str.h"
#include "run/effects.h"
#include "run/engine.h"
#include "run/replay.h"
#include "run/watch.h"

struct align;
struct mask;
struct record;

struct trace_condition {
	struct trace_condition *next;
	uint8_t what;              /* enum weighed */
	int8_t result;             /* 1 true, 0 false, -1 could not be told, 2 no condition: a list or a capture */
	bool decided;              /* it depends on something unknown: the result is an assumption */
	uint32_t index, round;     /* which one, and the how manieth time */
	struct str text, saw;      /* saw: JSON of the names that it read */
};
/* Where the result of an op came from. */
enum trace_source {
	FROM_RECORD,   /* the journal */
	FROM_CLOCK,    /* a timer */
	FROM_OTHER,    /* of no consequence: a message */
	NOT_REACHED,   /* the run did not come to this */
	NOT_SAME,      /* it did, with something else */
	NOT_KNOWN,     /* it depends on something unknown */
	NOT_KEPT,      /* the result was not stored, or has secrets in it that would be needed */
	NOT_ENDED,     /* the record ends, or was interrupted, before it did */
	ASSUMED        /* the caller said so */
};
struct trace_op {
	struct trace_op *next;
	const struct trace_op *was; /* of the new one: what it is matched with, or NULL */
	uint8_t kind, purpose;     /* of the command */
	uint8_t source;            /* enum trace_source; of a run that was: FROM_RECORD */
	uint32_t attempt, about;   /* about: what a probe is asked for */
	bool want_output, stopped;
	uint32_t used_by;          /* of a run that was: the drive that has had it */
	int64_t timeout, delay;    /* delay: of a timer */
	int64_t started, ended, stopped_at, wall; /* mono ns, -1: never; wall minus mono of the end */
	int64_t n;                 /* number of the record of its end */
	struct str identity;       /* what it is, one part a line: NAME\tJSON */
	struct str subject;        /* of a question */
	struct str line;           /* the record of its end; empty: none */
	struct str judging;        /* what its output was judged by, if that is not stored (trace_judging) */
	struct str why;            /* NOT_*: in words */
};
struct trace_step {
	struct str key, path, place;
	struct str label, at;      /* at: "deploy.yml:12:3" */
	const struct prog_step *ps;
	uint32_t order;
	bool holds, loop, began, started, ended;
	bool moved, undo_changed, added; /* of the new one: from struct aligned; added: it has no other */
	bool new_item;             /* of the new one: the loop around it had no such item then */
	bool certain;              /* it began before anything unknown was decided */
	uint8_t status;            /* enum step_status, when it ended */
	const char *end;           /* why it failed: "guard", "if", "exit" ... or NULL */
	struct str error, captures, undo; /* undo: commands, one a line */
	struct str items;          /* of a loop: each as in places, one a line */
	struct trace_condition *conditions, *last_condition;
	struct trace_op *ops, *last_op;
	struct trace_step *twin;   /* next of the same place */
	struct trace_step *was;    /* of the new one: what it is matched with */
	bool matched;
	uint32_t used_by;          /* of a run that was: the drive that has matched it */
};
struct trace_event { int64_t n, mono, wall; struct str line; }; /* records of what came from outside */
struct trace {
	struct arena arena;
	struct engine *engine;
	const struct mask *mask;
	const struct align *align; /* NULL: of the run that was */
	const struct map *files;   /* name -> digest of files that scripts name; NULL: none */
	struct trace_step **steps; uint32_t step_count, step_cap;
	struct map by_key, by_place;
	struct trace_event *events; uint32_t event_count, event_cap;
	struct { uint32_t op; struct trace_op *of; } *under_way; uint32_t way_len, way_cap;
	/* by trace_finish() */
	uint8_t status; int exit;  /* enum run_status */
	bool ended;
	struct str cause_key, cause, stopped;
	int64_t unwound_at;        /* wall ns, 0: not */
	struct str *undone; uint32_t undone_count;
	struct { struct str key, why; } *residue; uint32_t residue_count;
};

void trace_init(struct trace *t, const struct mask *m);
void trace_release(struct trace *t);
/* Watches the engine from now on. */
void trace_attach(struct trace *t, struct engine *e);
/* Takes down how it ended, or stands. */
void trace_finish(struct trace *t);
/* The instance of a key; NULL: none began. */
struct trace_step *trace_step_of(const struct trace *t, struct str key);
/* For whoever watches: what the trace itself does. */
struct trace_step *trace_begin(struct trace *t, struct frame *f);
struct trace_condition *trace_weigh(struct trace *t, struct frame *f, const struct weighing *w, struct value v);
void trace_end(struct trace *t, struct frame *f);
/* Takes down an op that was started, and of which instance. NULL step: of the run itself. */
struct trace_op *trace_start(struct trace *t, const struct command *c, struct trace_step **step);
/* What the output of an op under way will be judged by, into out: texts of parse, capture,
 * expect and retry.if, and the values that they read beside the output. */
void trace_judging(struct engine *e, uint32_t op, struct buf *out);
/* Does v, or anything in it, have a secret in it? */
bool trace_tainted(const struct trace *t, struct value v);

/* For the replay of the run that was: takes down what is started and stopped, and the events. */
struct replay_observer trace_observer(struct trace *t);

#endif
