#ifndef RB_RUN_TRACE_MORE_H
#define RB_RUN_TRACE_MORE_H
/* trace_more: how a trace names things. Private to run/. */
#include "base/buf.h"
#include "run/trace.h"

/* What a frame stands in: its parent, or the step that it undoes or whose always block it is
 * (then *mark is `!undo` or `!always`, else empty). */
const struct frame *frame_around(const struct frame *f, const char **mark);
/* Path of the frame's step, and the items and attempts around it, each with the path of its
 * loop or block as al has it (NULL: as it is). */
void place_of(const struct frame *f, const struct align *al, struct buf *path, struct buf *items);
/* An item of a loop as it stands in the place of what runs for it: [JSON]. */
void item_of(struct buf *items, struct value item);
/* The parts of a command that make it what it is. */
void identity_of(const struct frame *f, const struct command *c, const struct map *files, struct buf *out);
/* JSON of the names that an expression reads, with their values: {"inputs.n":3}. */
void saw_of(struct frame *f, const struct expr *x, struct buf *out);

#endif
