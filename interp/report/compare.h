#ifndef RB_REPORT_COMPARE_H
#define RB_REPORT_COMPARE_H
/*
 * compare: two runs side by side: what of them differs. Steps are matched by key.
 * Pure, as the fold.
 */
#include "report/fold.h"

enum compare_part { COMPARE_RUNBOOK, COMPARE_INPUTS, COMPARE_OUTCOME, COMPARE_PATH, COMPARE_OUTPUTS, COMPARE_TIMING, COMPARE_PARTS };

/* One difference. a or b with p NULL: there is none on that side. */
struct difference {
	enum compare_part part;
	struct str k;            /* step, or empty */
	struct str what;         /* "status", "capture p95", input's name ... */
	struct str a, b;
	int64_t a_us, b_us;      /* of COMPARE_TIMING */
};
struct comparison {
	struct difference *list;
	uint32_t count;
	uint32_t of[COMPARE_PARTS];
	bool same;               /* nothing but timing differs */
};

/* Takes differ when one is a quarter longer and at least COMPARE_LEAST_US more. */
enum { COMPARE_LEAST_US = 100000 };

/* Strings are those of the reports, or in the arena. */
void compare_runs(struct arena *arena, const struct report *a, const struct report *b, struct comparison *out);

#endif
