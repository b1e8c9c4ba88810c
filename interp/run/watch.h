#ifndef RB_RUN_WATCH_H
#define RB_RUN_WATCH_H
/*
 * watch: what a what-if sees of an engine beside its commands: instances of
 * steps that begin and end, and every condition that was weighed. A watch may
 * put another value in a condition's place; an engine without one decides by
 * itself. Only for run/.
 */
#include <stdbool.h>
#include <stdint.h>
#include "value/value.h"

struct engine;
struct expr;
struct frame;

/* What is weighed: conditions (also of rules of monitors), the list of a foreach, and captures. */
enum weighed { WEIGH_IF, WEIGH_GUARD, WEIGH_EXPECT, WEIGH_RETRY, WEIGH_ITEMS, WEIGH_CAPTURE, WEIGH_RULE };
struct weighing {
	uint8_t what;         /* enum weighed */
	uint32_t index;       /* which guard or capture */
	const struct expr *x; /* NULL: of a foreach without an expression */
	bool failed;          /* it could not be evaluated: the value is null and stays so */
};

struct watch {
	void (*begin)(void *ctx, struct frame *f);
	struct value (*weigh)(void *ctx, struct frame *f, const struct weighing *w, struct value v);
	void (*end)(void *ctx, struct frame *f);
};

/* Both borrowed; NULL ends it. */
void engine_watch(struct engine *e, const struct watch *w, void *ctx);
/* For the engine: the value that counts: v, or what the watch says. */
struct value watch_weigh(struct frame *f, uint8_t what, uint32_t index, const struct expr *x, bool failed, struct value v);
void watch_begin(struct frame *f);
void watch_end(struct frame *f);

#endif
