#ifndef RB_PLAN_WINDOW_H
#define RB_PLAN_WINDOW_H
/*
 * window: is a moment inside a change window? Civil time of the window's zone
 * decides, so an hour that a clock change drops is never inside, and one that
 * comes twice is inside both times.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "syntax/runbook.h"

/* False also if the zone is not known (its files are gone). */
bool window_open(const struct window *w, int64_t wall_ns);
/* When it opens next after wall_ns (which is outside), to the minute; 0: not within nine days. */
int64_t window_next(const struct window *w, int64_t wall_ns);
/* "sat sun 02:00-04:00 Asia/Seoul" */
void window_print(const struct window *w, struct buf *out);
/* "outside the change window (...): there it is fri 13:20; it opens in 12h40m" */
void window_outside(const struct window *w, int64_t wall_ns, struct buf *out);

#endif
