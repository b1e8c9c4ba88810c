#ifndef RB_BASE_FAULT_H
#define RB_BASE_FAULT_H
/*
 * fault: why something that a text asked for could not be had: code, sentence,
 * hint. It has no place: whoever knows the text that asked (an argument, a
 * `uses:`) makes a diagnostic of it at that text's span.
 */
#include <stdbool.h>
#include "base/source.h"
#include "base/str.h"

struct arena;
struct diags;

struct fault {
	int code;            /* of codes/4xx.def; 0: none */
	struct str text;     /* one sentence without a full stop, in the arena of the call */
	struct str help;     /* what to type instead, or empty */
	uint32_t from, to;   /* the part of the asking text that is meant; to 0: the whole */
};

/* Fills f and returns false, so that a failing function can end with it. Later
 * calls on the same fault are ignored: the first cause stays. */
bool fault_set(struct fault *f, struct arena *a, int code, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Adds the hint, if the fault has none yet. Returns false, as fault_set. */
bool fault_help(struct fault *f, struct arena *a, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The diagnostic of a fault; `at` is the whole text that asked. */
void fault_report(const struct fault *f, struct diags *ds, struct span at);

#endif
