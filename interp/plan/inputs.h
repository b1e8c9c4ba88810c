#ifndef RB_PLAN_INPUTS_H
#define RB_PLAN_INPUTS_H
/*
 * inputs: one value against its declaration; shared by the checks of defaults
 * and by program_inputs(). Not for use outside plan/.
 */
#include <stdbool.h>
#include "eval/regex.h"
#include "syntax/runbook.h"

struct arena;

/* True if the value keeps min, max, enum and pattern (re: compiled, or NULL).
 * Else *why, as it follows "because": "`x` is not one of a, b". */
bool input_fits(struct arena *a, const struct decl *d, const struct regex *re, struct value v, struct str *why);

#endif
