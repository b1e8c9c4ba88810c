/*
 * check_names: names that are declared: step ids unique in the file, captures
 * and loop items that would hide something, env names that the runner owns.
 */
#include "plan/check.h"

static void twice(struct load *l, struct str name, struct span at, struct span first, const char *what)
{
	struct diag *d = diag_add(l->ds, 120, at, "%s `" STR_FMT "` is given twice", what, STR_ARG(name));
	diag_label(l->ds, d, first, "the first");
	diag_help(l->ds, d, "give it another name");
}

void check_id(struct load *l, struct prog_step *ps)
{
	const struct step *s = ps->ast;
	if (map_add(&l->ids, s->id, ps))
		return;
	const struct prog_step *first = map_get(&l->ids, s->id);
	twice(l, s->id, s->id_span, first->ast->id_span, "step");
}

static void reserved(struct load *l, struct str name, struct span at, const char *why)
{
	struct diag *d = diag_add(l->ds, 121, at, "`" STR_FMT "` %s", STR_ARG(name), why);
	diag_help(l->ds, d, "write another name, for example `my_" STR_FMT "`", STR_ARG(name));
}

static bool is_loop_name(const struct load *l, const struct prog_step *ps, struct str name)
{
	for (;; ps = &l->p->steps[ps->parent]) {
		if (ps->ast->more->foreach.present && str_eq(ps->ast->more->foreach.as, name))
			return true;
		if (ps->parent == NO_STEP)
			return false;
	}
}

static void check_captures(struct load *l, const struct prog_step *ps)
{
	const struct step *s = ps->ast;
	for (uint32_t i = ps->call ? ps->call->output_count : 0; i < s->capture_count; i++) {
		const struct named_expr *c = &s->captures[i];
		if (scope_is_step_field(c->name))
			reserved(l, c->name, c->span, "is a field that every step has");
		else if (scope_is_reserved(c->name))
			reserved(l, c->name, c->span, "has a meaning in expressions");
		else if (is_loop_name(l, ps, c->name))
			reserved(l, c->name, c->span, "is the item of the loop");
	}
}

/* Children by id and captures are fields of one record in `each`. */
static void check_each(struct load *l, const struct prog_step *ps)
{
	const struct step_info *info = &l->info[ps->ast->ix];
	for (uint32_t k = ps->ast->ix + 1; k < info->end; k++) {
		const struct prog_step *c = &l->p->steps[k];
		if (c->loop != ps->ast->ix || !c->ast->id.n)
			continue;
		if (scope_is_step_field(c->ast->id))
			reserved(l, c->ast->id, c->ast->id_span, "is a field of `each`, and so no id inside a loop");
		int64_t i = capture_index(l, ps, c->ast->id);
		if (i >= 0)
			twice(l, c->ast->id, c->ast->id_span, ps->ast->captures[i].span, "field of `each`");
	}
}

static void check_loop(struct load *l, const struct prog_step *ps)
{
	const struct step *s = ps->ast;
	if (scope_is_reserved(s->more->foreach.as)) {
		const struct node *as = node_get(s->node, "as");
		struct diag *d = diag_add(l->ds, 121, as ? as->span : s->more->foreach.span, "`" STR_FMT "` has a meaning in expressions",
					  STR_ARG(s->more->foreach.as));
		diag_help(l->ds, d, "give the item another name with `as:`");
	}
	check_each(l, ps);
}

static void check_env(struct load *l, const struct named_data *env, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct str n = env[i].name;
		bool ours = str_starts(n, STR("RUNBOOK_"));
		for (size_t k = 3; !ours && str_starts(n, STR("RB_")) && k < n.n; k++)
			if (n.p[k] < '0' || n.p[k] > '9')
				break;
			else if (k + 1 == n.n)
				ours = true;
		if (ours)
			reserved(l, n, env[i].span, "is set by the runner");
	}
}

void check_names(struct load *l)
{
	const struct runbook *rb = l->rb;
	check_env(l, rb->defaults.env, rb->defaults.env_count);
	for (uint32_t i = l->unit->first; i < l->unit->end; i++) {
		if (!(l->info[i].flags & STEP_HAS_NAMES))
			continue;
		const struct prog_step *ps = &l->p->steps[i];
		if (ps->ast->capture_count)
			check_captures(l, ps);
		if (ps->ast->more->foreach.present)
			check_loop(l, ps);
		if (ps->ast->env_count)
			check_env(l, ps->ast->env, ps->ast->env_count);
	}
}
