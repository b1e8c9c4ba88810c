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

struct plan_view {
	struct str outside; /* why the run goes on outside of its change window (--outside-window), or empty */
	uint32_t revision;  /* of the texts, see revision.h */
	int width;          /* columns of the terminal; 0: lines are not cut */
	bool color;
	bool whole;         /* all lines of scripts and texts, not the first alone */
};
void plan_text(const struct program *p, const struct value *inputs, const struct plan_view *view, struct buf *out);
/* {"v":1,"runbook":..,"version":..,"digest":..,"inputs":{..},["outside_window":..,]"steps":[{k,id,name,phase,action,effect,command,guards,rollback,irreversible,line}...],"warnings":[..]} */
void plan_json(const struct program *p, const struct value *inputs, struct str outside, struct str digest, struct buf *out);

#endif
