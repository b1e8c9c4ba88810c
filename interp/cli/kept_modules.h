#ifndef RB_CLI_KEPT_MODULES_H
#define RB_CLI_KEPT_MODULES_H
/* kept_modules: the modules of a run, as the run has kept them: members `modules` and `uses` of its first record. */
#include <stdbool.h>
#include "plan/fetch.h"
#include "value/value.h"

struct jsonw;
struct program;

struct kept_modules {
	struct str run_dir;
	struct value modules, uses; /* lists, or null */
	struct fetch fetch;
};

/* Writes member `uses`: which `uses` of which module means which module. */
void kept_put_uses(const struct program *p, struct jsonw *w);
/* A fetch that answers from what the run kept, std modules too. */
void kept_modules_init(struct kept_modules *k, struct str run_dir, struct value modules, struct value uses);

#endif
