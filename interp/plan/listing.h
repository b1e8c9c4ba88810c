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

/* How texts are worded that end up in journals. A journal of 1 (or without) has them as they were before. 2: in a run
 * that undoes another one `run.id` is the other one's; a false `expect` says what it saw, a checklist what is ticked of
 * it; the plan shows conditions and loops of undo steps, and arguments of a list one by one; a command to type in which a
 * secret is missing stands behind # until it is filled in. */
enum { WORDING_NOW = 2 };
void plan_text(const struct program *p, const struct value *inputs, struct buf *out, bool color, int width, int wording);
/* {"v":1,"runbook":..,"version":..,"digest":..,"inputs":{..},"steps":[{k,id,name,phase,action,effect,command,guards,rollback,irreversible,line}...],"warnings":[..]} */
void plan_json(const struct program *p, const struct value *inputs, struct str digest, struct buf *out);

#endif
