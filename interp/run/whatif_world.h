#ifndef RB_RUN_WHATIF_WORLD_H
#define RB_RUN_WHATIF_WORLD_H
/* whatif_world: the world of one drive, which the new engine is in. Private to whatif. */
#include "run/whatif_more.h"
#include "run/effects.h"
#include "run/watch.h"

/* An op of the new engine. */
struct pending {
	uint32_t op;
	struct command c;          /* its texts live until its result was handled */
	struct trace_op *is, *was; /* was: the one of the old run, or NULL */
	struct trace_step *step;
	int64_t due, n;            /* n: order among those that are due at once */
	bool stopped, lost;        /* lost: what is recorded says nothing of its end */
	bool dropped;              /* a timer that nobody waits for any more */
	int8_t assumed;            /* -1: no; else the code of its result */
};
struct world {
	struct drive *d;
	struct engine *e;
	const uint8_t *script; uint32_t script_len;
	uint32_t number;           /* of this drive */
	struct pending *ops; uint32_t op_len, op_cap;
	uint32_t event_at;
	int64_t offset;            /* wall minus mono */
	struct arena event;
};

/* One of `ways`, which words name; taken is what the script says, or the first. */
uint8_t world_decide(struct world *w, struct str key, uint8_t ways, const char *const *words);
/* The old instance at the same place; of several the one of the same key, else the next.
 * NULL: there was none. */
struct trace_step *world_match(struct world *w, struct trace_step *s);
/* The old op of that instance that `is` is now, or NULL. */
struct trace_op *world_op_then(struct world *w, const struct trace_step *s, const struct trace_op *is);
/* What a drive notes of its engine, and decides for it. The context is the world. */
extern const struct watch whatif_watch;

#endif
