#ifndef RB_PLAN_MODULES_H
#define RB_PLAN_MODULES_H
/*
 * modules: finds the files of a program: the runbook and every module that is
 * used, each once, and the order in which they are checked: a module before
 * those that use it. Not for use outside plan/.
 */
#include <stdbool.h>
#include <stdint.h>
#include "plan/program.h"

struct diags;
struct load;

struct modules {
	struct unit **units; uint32_t count;
	const struct unit *const **targets; /* by unit: by rb->uses, NULL where it was not found */
	uint32_t *order;                    /* indexes of units, used ones first */
	uint32_t steps, exprs;              /* of all together */
};

/* Parses all files. False if there is nothing that could be checked; diagnostics in ds. */
bool modules_find(struct arena *a, const struct source *src, const struct fetch *fetch, struct modules *out, struct diags *ds);
/* Makes the calls of one unit's steps, whose targets are checked already: inputs to
 * `with`, outputs as the first captures. */
void modules_link(struct load *l, const struct unit *const *targets);
/* with.c: the values of `with` against the declarations of the inputs. */
void with_literals(struct load *l, const struct step *s, struct call *call);
void with_compile(struct load *l, struct prog_step *ps);

#endif
