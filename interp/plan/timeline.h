#ifndef RB_PLAN_TIMELINE_H
#define RB_PLAN_TIMELINE_H
/*
 * timeline: what a run is planned to take: `planned` of steps (and waits of a
 * fixed length), one after the other, each with the moment at which it should
 * begin. Not for use outside plan/.
 */
#include "plan/preview.h"

/* Nothing if no step says how long it takes. */
void timeline_text(struct preview *v, struct buf *out);

#endif
