#ifndef RB_PLAN_PREVIEW_H
#define RB_PLAN_PREVIEW_H
/*
 * preview: texts of a program as far as inputs and vars tell: what is known
 * only at run time stays as its expression, ${{ ... }}. Not for use outside
 * plan/.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "plan/program.h"

struct preview {
	const struct program *p;
	const struct value *inputs;  /* by rb->inputs */
	struct value *vars;          /* by rb->vars; unknown where they read the run */
	struct arena arena;
};

void preview_init(struct preview *v, const struct program *p, const struct value *inputs);
void preview_release(struct preview *v);
/* One text, or lines joined with newlines. */
struct str preview_text(struct preview *v, const struct data *d);
/* A condition's value if it is known: 1, 0, else -1. */
int preview_known(struct preview *v, const struct expr *e);
/* The expression as written. */
struct str preview_source(const struct expr *e);
/* What the action does, in one line or several: a command, a request, a question. */
struct str preview_command(struct preview *v, const struct prog_step *ps);

#endif
