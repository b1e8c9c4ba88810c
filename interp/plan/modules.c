/*
 * modules: see modules.h. Std modules are in this program (base/stdlib); all
 * others come through the load's fetch, so that loading stays pure.
 */
#include "plan/modules.h"

#include <string.h>

#include "base/stdlib.h"
#include "plan/check.h"

enum { TEXT_MAX = 32 << 20 /* of all modules together */ };
enum color { NEW, OPEN, DONE };

struct finding {
	struct arena *a;
	struct diags *ds;
	const struct fetch *fetch;
	struct modules *m;
	struct map keys;           /* key -> struct unit */
	uint32_t cap, ordered;
	size_t text;               /* bytes of modules so far */
	uint8_t *color;            /* by unit */
	uint32_t *height;          /* by unit: uses one below the other */
};

/* --- one file ------------------------------------------------------------- */

static struct unit *add_unit(struct finding *f, const struct fetched *got, struct runbook *rb)
{
	struct modules *m = f->m;
	if (m->count == f->cap) {
		uint32_t cap = f->cap ? f->cap * 2 : 8;
		struct unit **units = arena_array(f->a, cap, sizeof(struct unit *));
		const struct unit *const **targets = arena_array(f->a, cap, sizeof *targets);
		if (m->count) {
			memcpy(units, m->units, m->count * sizeof(struct unit *));
			memcpy(targets, m->targets, m->count * sizeof *targets);
		}
		m->units = units;
		m->targets = targets;
		f->cap = cap;
	}
	struct unit *u = arena_alloc(f->a, sizeof *u);
	u->rb = rb;
	u->index = m->count;
	u->from = *got;
	u->name = got->version.n ? arena_printf(f->a, STR_FMT "@" STR_FMT, STR_ARG(got->source), STR_ARG(got->version)) : got->source;
	u->std = str_starts(got->key, STR("std/"));
	u->first = rb->first_step;
	u->end = rb->first_step + rb->step_count;
	m->steps += rb->step_count;
	m->exprs += rb->expr_count;
	m->units[m->count++] = u;
	return u;
}

/* What a use of the file runs: its one list, or preflight to test as one. */
static struct step_list body_of(struct arena *a, const struct runbook *rb)
{
	if (rb->steps.present)
		return rb->steps;
	struct step_list all = { .span = rb->node->span, .present = true };
	for (int p = PHASE_PREFLIGHT; p <= PHASE_TEST; p++)
		all.count += rb->phases[p].count;
	struct step **list = arena_array(a, all.count, sizeof(struct step *));
	uint32_t n = 0;
	for (int p = PHASE_PREFLIGHT; p <= PHASE_TEST; p++)
		for (uint32_t i = 0; i < rb->phases[p].count; i++)
			list[n++] = rb->phases[p].list[i];
	all.list = list;
	return all;
}

/* --- where it comes from ---------------------------------------------------- */

static void help_std(struct finding *f, struct diag *d, struct str name)
{
	struct str *names = arena_array(f->a, stdlib_count, sizeof *names);
	for (size_t i = 0; i < stdlib_count; i++)
		names[i] = arena_printf(f->a, "std/%s@1", stdlib_modules[i].name);
	struct str near = diag_nearest(name, names, stdlib_count);
	if (near.n)
		diag_help(f->ds, d, "did you mean `" STR_FMT "`?", STR_ARG(near));
	else
		diag_help(f->ds, d, "the std modules are " STR_FMT, STR_ARG(names_list(f->a, names, (uint32_t)stdlib_count)));
}

/* std/NAME@1: the only version there is in this program. */
static bool fetch_std(struct finding *f, const struct act_uses *use, const struct spec *spec, struct fetched *out)
{
	struct str s = use->source, name = spec->path;
	const struct stdlib_module *found = NULL;
	for (size_t i = 0; i < stdlib_count && !found; i++)
		if (str_eqz(name, stdlib_modules[i].name))
			found = &stdlib_modules[i];
	if (found && str_eqz(spec->version, "1")) {
		*out = (struct fetched){ .key = s, .source = s, .bytes = str_of(found->text) };
		out->name = arena_printf(f->a, STR_FMT ".yml", STR_ARG(s));
		return true;
	}
	if (found) {
		struct diag *d = spec->version.n ? diag_add(f->ds, 420, use->span, "std/" STR_FMT " has no version " STR_FMT, STR_ARG(name), STR_ARG(spec->version))
						 : diag_add(f->ds, 421, use->span, "a std module needs its version");
		diag_help(f->ds, d, "write std/" STR_FMT "@1", STR_ARG(name));
	} else {
		struct diag *d = diag_add(f->ds, 420, use->span, "there is no std module `" STR_FMT "`", STR_ARG(name));
		help_std(f, d, s);
	}
	return false;
}

static bool fetch_text(struct finding *f, const struct unit *from, const struct act_uses *use, struct fetched *out)
{
	struct str s = use->source;
	struct fault fault = { 0 };
	struct spec spec;
	if (!s.n)
		return false; /* has been said */
	if (!spec_parse(f->a, s, &spec, &fault)) {
		fault_report(&fault, f->ds, use->span);
		return false;
	}
	if (spec.kind == SPEC_FILE && !str_starts(s, STR("./")) && !str_starts(s, STR("../"))) {
		struct diag *d = diag_add(f->ds, 421, use->span, "`" STR_FMT "` does not say where the module is", STR_ARG(str_slice(s, 0, 200)));
		diag_help(f->ds, d, "write std/http@1, ./health.yml, or git+https://host/repository//path.yml@v1.2");
		return false;
	}
	if (spec.kind == SPEC_STD && !(f->fetch && f->fetch->std))
		return fetch_std(f, use, &spec, out);
	if (!f->fetch || (from->index && !from->from.place)) {
		struct diag *d = diag_add(f->ds, 420, use->span, "`" STR_FMT "` cannot be read from here", STR_ARG(str_slice(s, 0, 200)));
		diag_help(f->ds, d, "only std modules are known without files");
		return false;
	}
	if (f->fetch->module(f->fetch->arg, f->a, from->index ? from->from.place : f->fetch->root, &spec, out, &fault))
		return true;
	fault_report(&fault, f->ds, use->span);
	return false;
}

static struct unit *unit_of(struct finding *f, const struct unit *from, const struct act_uses *use)
{
	struct fetched got = { 0 };
	if (!fetch_text(f, from, use, &got))
		return NULL;
	struct unit *u = map_get(&f->keys, got.key);
	if (u)
		return u;
	f->text += got.bytes.n;
	if (f->m->count > UNITS_MAX || f->text > TEXT_MAX) {
		struct diag *d = diag_add(f->ds, 424, use->span, f->text > TEXT_MAX ? "the modules of this runbook have more than 32 MiB in all"
									      : "this runbook uses more than 1,000 modules");
		diag_help(f->ds, d, "use fewer");
		return NULL;
	}
	struct runbook *rb = runbook_parse_module(f->a, source_new(f->a, got.name, got.bytes), f->m->steps, f->m->exprs, f->ds);
	if (!rb)
		return NULL;
	u = add_unit(f, &got, rb);
	u->body = body_of(f->a, rb);
	map_add(&f->keys, u->from.key, u);
	return u;
}

/* --- all files ---------------------------------------------------------------- */

static void report_cycle(struct finding *f, const struct unit *u, uint32_t use)
{
	const struct act_uses *at = &u->rb->uses[use]->uses;
	const struct unit *to = f->m->targets[u->index][use];
	struct diag *d = diag_add(f->ds, 423, at->span, "`" STR_FMT "` uses itself", STR_ARG(at->source));
	for (uint32_t i = 0; i < to->rb->use_count && u != to; i++) {
		const struct unit *next = f->m->targets[to->index][i];
		if (!next || f->color[next->index] != OPEN)
			continue;
		diag_label(f->ds, d, to->rb->uses[i]->uses.span, "by way of this");
		break;
	}
	diag_help(f->ds, d, "a module cannot be part of itself: take out what both need into a third one");
}

/* Used ones first. The path from the runbook is at most as long as there are units. */
static void visit(struct finding *f, uint32_t index)
{
	struct modules *m = f->m;
	const struct unit *u = m->units[index];
	f->color[index] = OPEN;
	for (uint32_t i = 0; i < u->rb->use_count; i++) {
		const struct unit *to = m->targets[index][i];
		if (!to)
			continue;
		if (f->color[to->index] == OPEN) {
			report_cycle(f, u, i);
			((const struct unit **)m->targets[index])[i] = NULL;
			continue;
		}
		if (f->color[to->index] == NEW)
			visit(f, to->index);
		if (f->height[index] < f->height[to->index] + 1)
			f->height[index] = f->height[to->index] + 1;
	}
	f->color[index] = DONE;
	m->order[f->ordered++] = index;
}

/* Where the longest path is one too long. */
static void check_depth(struct finding *f)
{
	const struct unit *u = f->m->units[0];
	if (f->height[0] <= USES_DEPTH_MAX)
		return;
	for (uint32_t left = f->height[0], depth = 1; left; left--, depth++) {
		for (uint32_t i = 0; i < u->rb->use_count; i++) {
			const struct unit *to = f->m->targets[u->index][i];
			if (!to || f->height[to->index] + 1 != left)
				continue;
			if (depth > USES_DEPTH_MAX) {
				struct diag *d = diag_add(f->ds, 424, u->rb->uses[i]->uses.span, "modules use each other more than %d deep", USES_DEPTH_MAX);
				diag_help(f->ds, d, "use it from the runbook itself");
				return;
			}
			u = to;
			break;
		}
	}
}

bool modules_find(struct arena *a, const struct source *src, const struct fetch *fetch, struct modules *out, struct diags *ds)
{
	struct finding f = { .a = a, .ds = ds, .fetch = fetch, .m = out };
	struct fetched own = { .ours = true };
	struct runbook *rb = runbook_parse(a, src, ds);
	*out = (struct modules){ 0 };
	if (!rb)
		return false;
	map_init(&f.keys);
	struct unit *top = add_unit(&f, &own, rb);
	top->body = rb->steps; /* of a module that is looked at alone */
	for (uint32_t i = 0; i < out->count; i++) {
		const struct unit *u = out->units[i];
		const struct unit **targets = arena_array(a, u->rb->use_count, sizeof(const struct unit *));
		for (uint32_t k = 0; k < u->rb->use_count; k++)
			targets[k] = unit_of(&f, u, &u->rb->uses[k]->uses);
		out->targets[i] = targets;
	}
	f.color = arena_array(a, out->count, sizeof *f.color);
	f.height = arena_array(a, out->count, sizeof *f.height);
	out->order = arena_array(a, out->count, sizeof *out->order);
	visit(&f, 0);
	for (uint32_t i = 1; i < out->count; i++) /* only reached through a use that is an error */
		if (f.color[i] == NEW)
			visit(&f, i);
	check_depth(&f);
	map_release(&f.keys);
	return true;
}

/* --- calls ---------------------------------------------------------------------- */

/* The module's outputs, then the step's own captures: both are fields of steps.ID. */
static void join_captures(struct load *l, struct step *s, const struct unit *u)
{
	uint32_t outputs = u->rb->output_count, n = outputs + s->capture_count;
	struct named_expr *all = arena_array(l->a, n, sizeof *all);
	for (uint32_t i = 0; i < outputs; i++)
		all[i] = u->rb->outputs[i];
	for (uint32_t i = 0; i < s->capture_count; i++) {
		all[outputs + i] = s->captures[i];
		for (uint32_t k = 0; k < outputs; k++) {
			if (!str_eq(all[k].name, s->captures[i].name))
				continue;
			struct diag *d = diag_add(l->ds, 120, s->captures[i].span, "`" STR_FMT "` is an output of the module already", STR_ARG(all[k].name));
			diag_label(l->ds, d, all[k].span, "the output");
			diag_help(l->ds, d, "give the capture another name");
		}
	}
	s->captures = all;
	s->capture_count = n;
}

/* What a runbook with phases does not bring along when it is used. */
static void check_left_out(struct load *l, const struct step *s, const struct unit *u)
{
	static const char *const keys[] = { "rollback", "always", "lock", "window", "escalate", "monitors", NULL };
	const struct node *inherit = node_get(u->rb->node, "defaults");
	inherit = inherit && inherit->kind == NODE_MAP ? node_get(inherit, "inherit") : NULL;
	if (inherit && inherit->count) {
		struct diag *d = diag_add(l->ds, 429, s->uses.span, "this module wants variables of the operator's environment");
		diag_label(l->ds, d, inherit->key_span, "a module gets none");
		diag_help(l->ds, d, "give it what it needs as an input");
	}
	struct span at[6];
	struct str names[6];
	uint32_t n = 0;
	for (int i = 0; keys[i]; i++) {
		const struct node *key = node_get(u->rb->node, keys[i]);
		if (!key || (i == 2 && l->p->rb->lock.kind))
			continue;
		at[n] = key->key_span;
		names[n++] = str_of(keys[i]);
	}
	struct diag *d = n ? check_warn(l, 430, NULL, s->uses.span, "what stands at the top level of this runbook does nothing here: " STR_FMT,
					STR_ARG(names_list(l->a, names, n))) : NULL;
	if (!d)
		return;
	for (uint32_t i = 0; i < n && i < DIAG_LABELS; i++)
		diag_label(l->ds, d, at[i], "not part of a use");
	diag_help(l->ds, d, "put steps where they belong, or into this step; take a lock in the runbook that uses it");
}

void modules_link(struct load *l, const struct unit *const *targets)
{
	for (uint32_t i = 0; i < l->rb->use_count; i++) {
		struct step *s = (struct step *)l->rb->uses[i]; /* its captures grow here, before anybody has looked */
		const struct unit *u = targets[i];
		if (!u)
			continue;
		struct call *c = arena_alloc(l->a, sizeof *c);
		c->unit = u;
		c->output_count = u->rb->output_count;
		l->p->steps[s->ix].call = c;
		join_captures(l, s, u);
		with_literals(l, s, c);
		check_left_out(l, s, u);
	}
}
