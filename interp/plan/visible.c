/*
 * visible: language.md section 3 "Missing": from which place a step's results
 * can be read, and whether it surely completed there. Works on the tree of
 * lists: two steps are compared where their ancestors stand in one list.
 */
#include "plan/check.h"

static const struct prog_step *step_at(const struct load *l, uint32_t ix)
{
	return ix == NO_STEP ? NULL : &l->p->steps[ix];
}

static const struct step_info *info_of(const struct load *l, const struct prog_step *ps)
{
	return &l->info[ps->ast->ix];
}

/* A modifier with which a step may end well without having completed. */
static bool may_be_missing(const struct step *s, struct sighting *out)
{
	const char *why = NULL, *key = NULL;
	for (uint32_t i = 0; i < s->guard_count; i++)
		if (s->guards[i].otherwise == GUARD_SKIP)
			why = "has a guard that may skip it", key = "guard";
	if (s->on_fail > ON_FAIL_FAIL)
		why = "may fail and the run goes on", key = "on_fail";
	if (s->more->probe)
		why = "does not run if its probe says yes", key = "probe";
	if (s->if_)
		why = "has `if`", key = "if";
	if (!why)
		return false;
	out->sight = SEEN_MAYBE;
	out->why = why;
	out->why_span = step_key_span(s, key);
	return true;
}

static struct sighting refuse(struct diags *ds, int code, struct span at, const struct prog_step *target,
			      const char *message, const char *help)
{
	struct diag *d = diag_add(ds, code, at, "step `" STR_FMT "` %s", STR_ARG(target->ast->id), message);
	diag_label(ds, d, target->ast->id_span, "it is here");
	if (help)
		diag_help(ds, d, "%s", help);
	return (struct sighting){ .sight = NOT_SEEN };
}

/* The path from a step up to the top, innermost first. */
struct path { const struct prog_step *at[NODE_DEPTH_MAX + 1]; uint32_t n; };

static void path_of(const struct load *l, const struct prog_step *ps, struct path *out)
{
	out->n = 0;
	for (; ps && out->n <= NODE_DEPTH_MAX; ps = step_at(l, ps->parent))
		out->at[out->n++] = ps;
}

/* X stands inside A (path x->at[0..upto], A last): nothing on the way may hide it. */
static bool hidden_inside(const struct load *l, const struct path *x, uint32_t upto, struct sighting *out, struct span at,
			  struct diags *ds)
{
	const struct prog_step *target = x->at[0];
	for (uint32_t i = 0; i < upto; i++) {
		if (info_of(l, x->at[i])->list != LIST_STEPS) {
			*out = refuse(ds, 155, at, target, "is part of a probe, rollback or always block and not seen from outside",
				      "only steps behind it in its own list can read it");
			return true;
		}
		const struct step *up = x->at[i + 1]->ast;
		if (!up->more->foreach.present)
			continue;
		*out = refuse(ds, 152, at, target, "is inside a loop and seen only there",
			      up->id.n ? arena_printf(l->a, "read `steps." STR_FMT ".each`, a list with one record per iteration",
						      STR_ARG(up->id)).p
				       : "give the loop an `id` and read `steps.ID.each`");
		return true;
	}
	return false;
}

static void weigh(const struct path *x, uint32_t upto, struct sighting *out)
{
	for (uint32_t i = 0; i <= upto; i++)
		if (may_be_missing(x->at[i]->ast, out))
			return;
}

/* The reader stands in B, a part of target A, or is A itself. */
static struct sighting read_around(const struct place *at, const struct prog_step *target, const struct prog_step *part,
				   struct span span, struct diags *ds)
{
	uint8_t list = part ? info_of(at->l, part)->list : LIST_STEPS;
	struct sighting maybe = { SEEN_MAYBE, "may not have completed when it is undone", target->ast->span };
	if (part && list == LIST_UNDO) {
		if (target->ast->more->foreach.present)
			maybe.sight = SEEN_OWN_UNDO;
		return maybe;
	}
	if (part && list == LIST_ALWAYS && !target->ast->more->foreach.present) {
		maybe.why = "may not have completed when `always` runs";
		return maybe;
	}
	if (!part && at->when >= WHEN_FAILED)
		return refuse(ds, 153, span, target, "is this step: it has no result yet",
			      "write the name alone: `out`, `code`, `took` or an earlier capture");
	return refuse(ds, 153, span, target, part ? "is around this one: it has no result yet" : "is this step: it has no result yet",
		      "its results can be read by the steps behind it");
}

/* A before B in one list (or top lists in running order). */
static bool in_order(const struct load *l, const struct prog_step *a, const struct prog_step *b)
{
	const struct step_info *ia = info_of(l, a), *ib = info_of(l, b);
	if (ia->list == LIST_TOP && ia->seq != ib->seq)
		return ia->seq < ib->seq;
	return a->ast->ix < b->ast->ix;
}

/* Own lists of one step: children come before its rollback and always. */
static struct sighting read_across(const struct place *at, const struct path *x, uint32_t xi, const struct prog_step *a,
				   const struct prog_step *b, struct span span, struct diags *ds)
{
	const struct load *l = at->l;
	const struct step_info *ia = info_of(l, a), *ib = info_of(l, b);
	const struct prog_step *target = x->at[0];
	struct sighting out = { 0 };
	if (ia->list != LIST_STEPS && ia->list != LIST_TOP && ia->list != ib->list)
		return refuse(ds, 155, span, target, "is part of a probe, rollback or always block and not seen from outside",
				      "only steps behind it in its own list can read it");
	if (ia->list != ib->list) { /* a child, read in the block's rollback, always or probe */
		if (ib->list == LIST_PROBE)
			return refuse(ds, 150, span, target, "comes later", "a step can read only those before it");
		if (hidden_inside(l, x, xi, &out, span, ds))
			return out;
		return (struct sighting){ SEEN_MAYBE, "may not have completed when this runs", target->ast->span };
	}
	if (!in_order(l, a, b))
		return refuse(ds, 150, span, target, "comes later", "a step can read only those before it");
	const struct prog_step *owner = step_at(l, a->parent);
	if (ia->list == LIST_STEPS && owner && info_of(l, owner)->parallel)
		return refuse(ds, 151, span, target, "runs at the same time as this one", "read it after the block that holds both");
	if (hidden_inside(l, x, xi, &out, span, ds))
		return out;
	if (ib->list == LIST_TOP && ib->seq >= SEQ_UNDO && !(ib->seq == SEQ_UNDO && ia->seq == SEQ_UNDO)) {
		static const char *const why[] = { "may not have run when the top-level `rollback` runs",
						   "may not have run when `always` runs", "may not have run when `report` runs" };
		return (struct sighting){ SEEN_MAYBE, why[ib->seq - SEQ_UNDO], target->ast->span };
	}
	weigh(x, xi, &out);
	return out;
}

/* From the outputs of a module, when its steps have run. */
static struct sighting read_at_end(const struct place *at, const struct path *x, struct span span, struct diags *ds)
{
	const struct load *l = at->l;
	const struct prog_step *target = x->at[0], *outer = x->at[x->n - 1];
	struct sighting out = { 0 };
	if (info_of(l, outer)->seq >= SEQ_UNDO)
		return refuse(ds, 155, span, target, "is not part of what a use of this runbook runs", "outputs read the steps of preflight to test");
	if (hidden_inside(l, x, x->n - 1, &out, span, ds))
		return out;
	if (target->ast->ix >= l->first_stop)
		return (struct sighting){ SEEN_MAYBE, "may not have run: a guard may end the module before",
					  l->p->steps[l->first_stop].ast->span };
	weigh(x, x->n - 1, &out);
	return out;
}

/* From a monitor: phases before it first samples are over, of the others nothing is sure. */
static struct sighting read_by_monitor(const struct place *at, const struct path *x, struct span span, struct diags *ds)
{
	const struct load *l = at->l;
	const struct prog_step *target = x->at[0], *outer = x->at[x->n - 1];
	struct sighting out = { 0 };
	if (info_of(l, outer)->seq >= SEQ_UNDO)
		return refuse(ds, 150, span, target, "comes later", "a monitor reads steps of the phases");
	if (hidden_inside(l, x, x->n - 1, &out, span, ds))
		return out;
	if (info_of(l, outer)->seq >= info_of(l, at->ps)->seq)
		return (struct sighting){ SEEN_MAYBE, "may not have completed when a sample comes", target->ast->span };
	weigh(x, x->n - 1, &out);
	return out;
}

/* Of a monitor: its last good sample, when the phases are over. */
static struct sighting read_monitor(const struct place *at, const struct prog_step *target, struct span span, struct diags *ds)
{
	const struct load *l = at->l;
	const struct prog_step *outer = at->ps;
	while (outer && outer->parent != NO_STEP)
		outer = step_at(l, outer->parent);
	if (outer && info_of(l, outer)->list == LIST_TOP && info_of(l, outer)->seq >= SEQ_UNDO)
		return (struct sighting){ SEEN_MAYBE, "is a monitor, and may have had no good sample", target->ast->span };
	return refuse(ds, 150, span, target, "is a monitor: its figures can be read only when the phases are over",
		      "react to them by its `rules`; read them in the top-level `rollback` and `always`, or in `report`");
}

struct sighting visible_from(const struct place *at, const struct prog_step *target, struct span span, struct diags *ds)
{
	const struct load *l = at->l;
	if (info_of(l, target)->list == LIST_MONITOR && target != at->ps)
		return read_monitor(at, target, span, ds);
	if (!at->ps && at->when != WHEN_END)
		return refuse(ds, 150, span, target, "has not run when this is evaluated", NULL);
	struct path x, r;
	path_of(l, target, &x);
	if (!at->ps)
		return read_at_end(at, &x, span, ds);
	if (info_of(l, at->ps)->list == LIST_MONITOR && target != at->ps)
		return read_by_monitor(at, &x, span, ds);
	path_of(l, at->ps, &r);
	uint32_t xi = x.n, ri = r.n;
	while (xi && ri && x.at[xi - 1] == r.at[ri - 1]) {
		xi--;
		ri--;
	}
	struct sighting out = { 0 };
	if (xi == 0) /* the target is the reader or around it */
		return read_around(at, target, ri ? r.at[ri - 1] : NULL, span, ds);
	if (ri == 0) { /* the reader is a block and the target its part */
		if (at->when < WHEN_FAILED || info_of(l, x.at[xi - 1])->list != LIST_STEPS)
			return refuse(ds, 150, span, target, "comes later", "a step can read only those before it");
		if (hidden_inside(l, &x, xi - 1, &out, span, ds))
			return out;
		if (at->when == WHEN_FAILED)
			return (struct sighting){ SEEN_MAYBE, "may not have completed in an attempt that failed", target->ast->span };
		weigh(&x, xi - 1, &out);
		return out;
	}
	return read_across(at, &x, xi - 1, x.at[xi - 1], r.at[ri - 1], span, ds);
}
