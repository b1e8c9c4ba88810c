#ifndef RB_RUN_RECORDED_H
#define RB_RUN_RECORDED_H
/*
 * recorded: which records of a journal tell of an event, and that event rebuilt
 * from it: the reverse of run/records.c. The others are what the engine made of
 * the events.
 */
#include <stdbool.h>
#include <stdint.h>
#include "journal/record.h"
#include "run/effects.h"
#include "value/value.h"

struct arena;
struct buf;

/* The op that a result belongs to. */
struct recorded_op { uint8_t purpose; /* enum op_purpose */ struct str key, channel; /* channel: of a message */ };
/* Does the record tell of an event? For results *op says of which op. */
bool recorded_event(const struct record *r, uint8_t *kind, struct recorded_op *op);
/* Wall time of the record's envelope, ns. False: no time. */
bool recorded_wall(const struct record *r, int64_t *wall);
/* The body of the record: `"t":...` up to the hash. */
struct str recorded_body(const struct record *r);
/* The same of a guard, with each member of `saw` once: the first journals have a name as
 * often as the condition has it. In out, which is overwritten. */
struct str recorded_guard(const struct record *r, struct buf *out);
/* Fills result from the record; texts in the arena. want_output: of the command. dir: of
 * blobs. False: *why says what is missing. */
bool recorded_result(struct arena *a, const struct record *r, const char *dir, bool want_output, struct result *out,
		     char why[200]);
/* A value of the record with `gone` where a secret was: that is a secret of the replay, so
 * its own records come out masked like those of the run, and no program ever gets it. */
struct value recorded_marked(struct arena *a, struct value v, struct str gone);
/* Fills the members of ev that events other than results have. */
void recorded_other(struct arena *a, const struct record *r, struct event *ev);

#endif
