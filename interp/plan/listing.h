#ifndef RB_PLAN_LISTING_H
#define RB_PLAN_LISTING_H
/*
 * listing: what `runbook plan` shows: every step in order with effect, guards,
 * command, risks, and the rollback stack that it would arm. Rendered from the
 * program and the inputs alone; what is known only at run time is shown as its
 * expression. Runs nothing.
 */
#include <stdbool.h>
#include "base/buf.h"
#include "plan/program.h"
#include "plan/revision.h"

/* outside: why the run goes on outside of its change window (--outside-window), or empty; revision: of the texts, see revision.h. */
void plan_text(const struct program *p, const struct value *inputs, struct str outside, struct buf *out, bool color, int width, uint32_t revision);
/* {"v":1,"runbook":..,"version":..,"digest":..,"inputs":{..},["outside_window":..,]"steps":[{k,id,name,phase,action,effect,command,guards,rollback,irreversible,line}...],"warnings":[..]} */
void plan_json(const struct program *p, const struct value *inputs, struct str outside, struct str digest, struct buf *out);

#endif
