#ifndef RB_PLAN_WINDOW_H
#define RB_PLAN_WINDOW_H
/*
 * window: is a moment inside a change window? Civil time of the window's zone
 * decides, so an hour that a clock change drops is never inside, and one that
 * comes twice is inside both times. Of several windows one is enough.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "syntax/runbook.h"

/* False also if no zone is known (their files are gone). */
bool windows_open(const struct windows *ws, int64_t wall_ns);
/* When one opens next after wall_ns (which is outside of all), to the minute, and which;
 * 0: none within nine days, then *which is the first. */
int64_t windows_next(const struct windows *ws, int64_t wall_ns, const struct window **which);
/* "sat sun 02:00-04:00 Asia/Seoul"; several with commas between. */
void windows_print(const struct windows *ws, struct buf *out);
/* "outside the change window (...): there it is fri 13:20; it opens in 12h40m", or
 * "outside the change windows (..., ...): in Asia/Seoul it is fri 13:20; the next one, sun 01:00-03:00, opens in 35h40m" */
void windows_outside(const struct windows *ws, int64_t wall_ns, struct buf *out);

#endif
