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
#include "plan/revision.h"

struct preview {
	const struct program *p;
	const struct unit *unit;     /* whose steps are shown */
	const struct value *inputs;  /* by its inputs */
	struct value *vars;          /* by its vars; unknown where they read the run */
	struct arena arena;
	uint32_t revision;           /* of the texts: revision.h */
};

void preview_init(struct preview *v, const struct program *p, const struct value *inputs, uint32_t revision);
void preview_release(struct preview *v);
/* Inside of the module that a step uses, as far as its `with` is known; preview_leave() goes back. */
struct preview_outside { const struct unit *unit; const struct value *inputs; struct value *vars; };
struct preview_outside preview_enter(struct preview *v, const struct prog_step *ps);
void preview_leave(struct preview *v, struct preview_outside o);
/* One text, or lines joined with newlines. */
struct str preview_text(struct preview *v, const struct data *d);
/* A condition's value if it is known: 1, 0, else -1. */
int preview_known(struct preview *v, const struct expr *e);
/* The expression as written. */
struct str preview_source(const struct expr *e);
/* What a step with foreach goes over: "host in inputs.hosts". */
struct str preview_loop(struct preview *v, const struct step *s);
/* What undoes s, step by step, with conditions and loops as remarks ("# only if: ..."). */
typedef void preview_each(void *arg, struct str line);
void preview_undo(struct preview *v, const struct step *s, preview_each *each, void *arg);
/* What the action does, in one line or several: a command, a request, a question. */
struct str preview_command(struct preview *v, const struct prog_step *ps);

#endif
