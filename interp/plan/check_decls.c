/*
 * check_decls: declarations: patterns compile, defaults keep their own rules,
 * roles and messages name channels, approvals name roles.
 */
#include "plan/check.h"
#include "value/units.h"

const struct regex *check_field(struct load *l, const struct decl *d)
{
	const struct node *dflt = d->node ? node_get(d->node, "default") : NULL;
	struct regex *re = NULL;
	if (d->pattern.n) {
		struct str why = STR("");
		uint32_t at = 0;
		re = regex_new(&l->p->regexes, l->a, d->pattern, &why, &at);
		if (!re) {
			struct diag *g = diag_add(l->ds, 172, d->pattern_span, "the pattern is wrong: " STR_FMT, STR_ARG(why));
			diag_help(l->ds, g, "patterns are PCRE2; quote them with single quotes");
			return NULL;
		}
	}
	if (d->has_min && d->has_max && value_compare(d->min, d->max) > 0) {
		const struct node *max = node_get(d->node, "max");
		diag_help(l->ds, diag_add(l->ds, 173, max->span, "`max` is smaller than `min`"), "exchange them");
	}
	struct str why = STR("");
	if (!d->has_default || d->dflt.kind == V_NULL || !dflt || input_fits(l->a, d, re, d->dflt, &why))
		return re;
	struct diag *g = diag_add(l->ds, 173, dflt->span, "the default of `" STR_FMT "` breaks its own rule: " STR_FMT,
				  STR_ARG(d->name), STR_ARG(why));
	diag_help(l->ds, g, "change the default or the rule");
	return re;
}

static void unknown_channel(struct load *l, struct str name, struct span at, bool role)
{
	const struct runbook *rb = l->rb;
	struct diag *d = diag_add(l->ds, 170, at, "no channel is named `" STR_FMT "`", STR_ARG(name));
	if (l->ds->dropped)
		return;
	struct str *names = arena_array(l->a, (size_t)rb->channel_count + rb->role_count, sizeof *names);
	uint32_t n = 0;
	for (uint32_t i = 0; i < rb->channel_count; i++)
		names[n++] = rb->channels[i].name;
	for (uint32_t i = 0; i < rb->role_count && role; i++)
		names[n++] = rb->roles[i].name;
	struct str near = diag_nearest(name, names, n);
	if (near.n)
		diag_help(l->ds, d, "did you mean `" STR_FMT "`?", STR_ARG(near));
	else
		diag_help(l->ds, d, "add channels: { " STR_FMT ": { webhook: secret } } or { " STR_FMT ": { run: [program] } }",
			  STR_ARG(name), STR_ARG(name));
}

/* Outputs are fields of the step that uses the module. */
static void check_outputs(struct load *l)
{
	for (uint32_t i = 0; i < l->rb->output_count; i++) {
		const struct named_expr *o = &l->rb->outputs[i];
		bool field = scope_is_step_field(o->name);
		if (!field && !scope_is_reserved(o->name))
			continue;
		struct diag *d = diag_add(l->ds, 121, o->span, "`" STR_FMT "` %s", STR_ARG(o->name),
					  field ? "is a field that every step has" : "has a meaning in expressions");
		diag_help(l->ds, d, "write another name, for example `my_" STR_FMT "`", STR_ARG(o->name));
	}
}

void check_targets(struct load *l, const struct data *to)
{
	if (to->kind == DATA_LIST) {
		for (uint32_t i = 0; i < to->c.count; i++)
			check_targets(l, &to->c.items[i]);
		return;
	}
	if (to->kind != DATA_LIT)
		return;
	struct str name = value_text(to->lit);
	const void *role = map_get(&l->roles, name);
	if (map_get(&l->channels, name))
		return;
	if (!role) {
		unknown_channel(l, name, to->node->span, true);
	} else if (!l->rb->roles[(uintptr_t)role - 1].notify.n) {
		struct diag *d = diag_add(l->ds, 170, to->node->span, "role `" STR_FMT "` has no channel", STR_ARG(name));
		diag_label(l->ds, d, l->rb->roles[(uintptr_t)role - 1].span, "it is here");
		diag_help(l->ds, d, "add `notify: CHANNEL` to the role");
	}
}

static void check_roles(struct load *l)
{
	for (uint32_t i = 0; i < l->rb->role_count; i++) {
		const struct role *r = &l->rb->roles[i];
		if (r->notify.n && !map_get(&l->channels, r->notify))
			unknown_channel(l, r->notify, r->notify_span, false);
	}
}

void check_approve(struct load *l, const struct prog_step *ps)
{
	const struct act_approve *ap = &ps->ast->approve;
	const struct runbook *rb = l->rb;
	if (ap->notify.kind)
		check_targets(l, &ap->notify);
	if (!ap->from.n)
		return;
	const void *at = map_get(&l->roles, ap->from);
	if (at) {
		const struct role *r = &rb->roles[(uintptr_t)at - 1];
		bool known = r->who.kind == DATA_LIST && ap->min.kind == DATA_LIT;
		for (uint32_t i = 0; known && i < r->who.c.count; i++)
			known = r->who.c.items[i].kind == DATA_LIT;
		if (!known || ap->min.lit.i <= r->who.c.count)
			return;
		struct diag *d = check_warn(l, 507, ps, ap->min.node->span, "`min` is %lld, and role `" STR_FMT "` has %u people",
					    (long long)ap->min.lit.i, STR_ARG(ap->from), r->who.c.count);
		if (d)
			diag_help(l->ds, d, "name more people, or ask for fewer; the operator never counts");
		return;
	}
	struct diag *d = diag_add(l->ds, 174, ap->from_span, "no role is named `" STR_FMT "`", STR_ARG(ap->from));
	struct str *names = arena_array(l->a, rb->role_count, sizeof *names);
	for (uint32_t i = 0; i < rb->role_count; i++)
		names[i] = rb->roles[i].name;
	struct str near = diag_nearest(ap->from, names, rb->role_count);
	if (near.n)
		diag_help(l->ds, d, "did you mean `" STR_FMT "`?", STR_ARG(near));
	else
		diag_help(l->ds, d, "add roles: { " STR_FMT ": { who: [name, name] } }", STR_ARG(ap->from));
}

static void check_windows(struct load *l)
{
	const struct windows *ws = &l->rb->windows;
	struct civil c;
	for (uint32_t i = 0; i < ws->count; i++) {
		const struct window *w = &ws->list[i];

		if (unit_civil(0, w->tz, &c))
			continue;
		struct diag *d = diag_add(l->ds, 175, w->tz_span, "no time zone is named `" STR_FMT "`", STR_ARG(w->tz));
		diag_help(l->ds, d, "for example UTC, Asia/Seoul or Europe/Berlin");
	}
}

void check_decls(struct load *l)
{
	const struct runbook *rb = l->rb;
	const struct regex **patterns = arena_array(l->a, rb->input_count, sizeof(const struct regex *));
	for (uint32_t i = 0; i < rb->input_count; i++)
		patterns[i] = check_field(l, &rb->inputs[i]);
	l->unit->patterns = patterns;
	check_outputs(l);
	check_channels(l);
	check_roles(l);
	check_windows(l);
}
