/*
 * load: bytes to program: parse, lay out, compile, check. Pure: no I/O. The
 * passes are in the order of check.h; a program with errors is not returned.
 */
#include "plan/program.h"

#include <string.h>

#include "plan/check.h"
#include "plan/modules.h"

/* Of all steps together: what a block's many variables cost below it. */
enum { ENV_ENTRIES_MAX = 500000 };

static void index_names(struct load *l)
{
	const struct runbook *rb = l->rb;
	/* map values are pointers: an index + 1 fits, and NULL stays "not there" */
	for (uint32_t i = 0; i < rb->input_count; i++)
		map_add(&l->inputs, rb->inputs[i].name, (void *)(uintptr_t)(i + 1));
	for (uint32_t i = 0; i < rb->var_count; i++)
		map_add(&l->vars, rb->vars[i].name, (void *)(uintptr_t)(i + 1));
	for (uint32_t i = 0; i < rb->secret_count; i++)
		map_add(&l->secrets, rb->secrets[i].name, (void *)(uintptr_t)(i + 1));
	for (uint32_t i = 0; i < rb->channel_count; i++)
		map_add(&l->channels, rb->channels[i].name, (void *)(uintptr_t)(i + 1));
	for (uint32_t i = 0; i < rb->role_count; i++)
		map_add(&l->roles, rb->roles[i].name, (void *)(uintptr_t)(i + 1));
	const struct type **inputs = arena_array(l->a, rb->input_count, sizeof *inputs);
	for (uint32_t i = 0; i < rb->input_count; i++)
		inputs[i] = scope_input_type(l, &rb->inputs[i]);
	l->input_types = inputs;
	l->var_types = arena_array(l->a, rb->var_count, sizeof *l->var_types);
}

static int word_index(const char *const *words, struct str s)
{
	for (int i = 0; words[i]; i++)
		if (str_eqz(s, words[i]))
			return i;
	return -1;
}

/* language.md 1.5: the highest product of probability and impact. */
static void measure_risk(struct load *l)
{
	static const char *const probability[] = { "very_low", "low", "medium", "high", "very_high", NULL };
	static const char *const impact[] = { "negligible", "minor", "moderate", "major", "severe", NULL };
	const struct data *risks = &l->rb->risks;
	int best = 0;
	for (uint32_t i = 0; risks->kind == DATA_LIST && i < risks->c.count; i++) {
		const struct data *r = &risks->c.items[i];
		int p = 0, m = 0;
		for (uint32_t k = 0; r->kind == DATA_MAP && k < r->c.count; k++) {
			if (r->c.items[k].kind != DATA_LIT)
				continue;
			if (str_eqz(r->c.keys[k], "probability"))
				p = word_index(probability, value_text(r->c.items[k].lit)) + 1;
			else if (str_eqz(r->c.keys[k], "impact"))
				m = word_index(impact, value_text(r->c.items[k].lit)) + 1;
		}
		if (p * m > best)
			best = p * m;
	}
	l->p->risk_score = best;
	l->p->risk_level = str_of(!best ? "" : best <= 4 ? "low" : best <= 9 ? "medium" : best <= 16 ? "high" : "critical");
}

/* The passes over one file. errors: how many there were before the load. */
static void load_unit(struct load *l, const struct unit *const *targets, size_t errors)
{
	map_init(&l->ids);
	map_reserve(&l->ids, l->rb->step_count);
	map_init(&l->inputs);
	map_init(&l->vars);
	map_init(&l->secrets);
	map_init(&l->channels);
	map_init(&l->roles);
	l->env_left = ENV_ENTRIES_MAX;
	l->first_stop = NO_STEP;
	index_names(l);
	check_allows(l);
	modules_link(l, targets);
	layout_program(l);
	if (!l->unit->index)
		monitors_link(l);
	check_names(l);
	check_decls(l);
	check_channels(l);
	compile_program(l);
	check_places(l);
	if (!l->unit->index)
		measure_risk(l);
	if (l->ds->errors == errors) {
		check_safety(l);
		check_style(l);
	}
	check_unused_allows(l);
	map_release(&l->ids);
	map_release(&l->inputs);
	map_release(&l->vars);
	map_release(&l->secrets);
	map_release(&l->channels);
	map_release(&l->roles);
}

static void gather_secrets(struct arena *a, const struct modules *m, struct program *p)
{
	for (uint32_t i = 0; i < m->count; i++)
		p->secret_count += m->units[i]->rb->secret_count;
	struct unit_secret *all = arena_array(a, p->secret_count, sizeof *all);
	uint32_t n = 0;
	for (uint32_t i = 0; i < m->count; i++) {
		m->units[i]->first_secret = n;
		for (uint32_t k = 0; k < m->units[i]->rb->secret_count; k++)
			all[n++] = (struct unit_secret){ m->units[i], &m->units[i]->rb->secrets[k] };
	}
	p->secrets = all;
}

struct program *program_load(struct arena *a, const struct source *src, const struct load_options *o, struct diags *ds)
{
	size_t errors = ds->errors;
	struct modules m;
	if (!modules_find(a, src, o ? o->fetch : NULL, &m, ds))
		return NULL;
	struct program *p = arena_alloc(a, sizeof *p);
	p->rb = m.units[0]->rb;
	p->units = (const struct unit *const *)m.units;
	p->unit_count = m.count;
	p->step_count = m.steps;
	p->steps = arena_array(a, m.steps, sizeof *p->steps);
	p->codes.count = m.exprs;
	p->codes.list = arena_array(a, m.exprs, sizeof *p->codes.list);
	gather_secrets(a, &m, p);
	struct step_info *info = arena_array(a, m.steps, sizeof *info);
	for (uint32_t i = 0; i < m.count; i++) {
		struct unit *u = m.units[m.order[i]];
		struct load l = { .a = a, .ds = ds, .p = p, .rb = u->rb, .unit = u, .quiet = !u->from.ours, .options = o, .info = info };
		load_unit(&l, m.targets[u->index], errors);
	}
	if (ds->errors == errors)
		return p;
	program_release(p);
	return NULL;
}

void program_release(struct program *p)
{
	if (p)
		regexes_release(&p->regexes);
}

bool prog_step_is_block(const struct prog_step *s)
{
	return s->ast->action == ACT_STEPS || s->ast->more->foreach.present;
}
