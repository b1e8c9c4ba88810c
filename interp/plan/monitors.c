/*
 * monitors: the second half of a monitor: the phases and steps that it names,
 * its rules, and the rule that it has by itself: a source that cannot be read
 * never counts as healthy.
 */
#include "plan/check.h"

#include <string.h>

/* language.md 1.4: without a rule on `failed`: failed for 3 samples -> pause. */
static const struct rule own_rule = { .hold = { .amount = { .kind = V_INT, .i = 3 } }, .then = THEN_PAUSE, .level = -1 };

static void no_such(struct load *l, struct str name, struct span at)
{
	struct diag *d = diag_add(l->ds, 168, at, "no phase and no step is named `" STR_FMT "`", STR_ARG(name));
	struct str *names = arena_array(l->a, l->ids.count + PHASE_COUNT, sizeof *names);
	uint32_t n = 0;
	for (int i = PHASE_PREFLIGHT; i <= PHASE_TEST; i++)
		names[n++] = str_of(phase_names[i]);
	for (size_t i = 0; i < l->ids.count; i++)
		names[n++] = l->ids.entries[i].key;
	struct str near = diag_nearest(name, names, n);
	if (near.n)
		diag_help(l->ds, d, "did you mean `" STR_FMT "`?", STR_ARG(near));
	else
		diag_help(l->ds, d, "name phases (preflight, plan, act, test) or ids of steps: during: [test]");
}

static int phase_named(struct str name)
{
	for (int i = PHASE_PREFLIGHT; i < PHASE_COUNT; i++)
		if (str_eqz(name, phase_names[i]))
			return i;
	return -1;
}

static bool link_phase(struct load *l, struct prog_monitor *m, int phase, struct span at)
{
	struct diag *d;
	if (phase == PHASE_REPORT) {
		d = diag_add(l->ds, 168, at, "nothing is watched in `report`: the run is over");
		diag_help(l->ds, d, "watch `test`, and report what was seen");
		return false;
	}
	if (!l->rb->phases[phase].count) {
		d = diag_add(l->ds, 168, at, "the runbook has no steps in `%s`", phase_names[phase]);
		diag_help(l->ds, d, "name a phase that it has, or steps: during: [soak]");
		return false;
	}
	m->phases = (uint8_t)(m->phases | 1u << phase);
	return true;
}

/* Steps of the phases, also inside of blocks and loops. */
static bool link_step(struct load *l, struct str name, struct span at, uint32_t *ix, uint8_t *seq)
{
	const struct prog_step *ps = map_get(&l->ids, name);
	if (!ps || l->info[ps->ast->ix].list == LIST_MONITOR) {
		no_such(l, name, at);
		return false;
	}
	if (ps->role != ROLE_FORWARD || ps->phase >= PHASE_REPORT) {
		struct diag *d = diag_add(l->ds, 168, at, "step `" STR_FMT "` is no step of a phase from preflight to test", STR_ARG(name));
		diag_label(l->ds, d, ps->ast->id_span, "it is here");
		diag_help(l->ds, d, "monitors end when the unwinding begins");
		return false;
	}
	*ix = ps->ast->ix;
	*seq = ps->phase;
	return true;
}

static void link_during(struct load *l, struct prog_monitor *m)
{
	static const struct str test = { "test", 4 };
	const struct monitor *ast = m->ast;
	const struct node *n = node_get(ast->step->node, "during");
	uint32_t count = n ? ast->during.count : 1, *steps = arena_array(l->a, count + 1u, sizeof *steps);
	uint8_t first = PHASE_REPORT;
	for (uint32_t i = 0; i < count; i++) {
		struct str name = n ? ast->during.list[i] : test;
		struct span at = n ? ast->during_spans[i] : ast->step->node->first ? ast->step->node->first->key_span : ast->span;
		int phase = phase_named(name);
		uint8_t seq = (uint8_t)phase;
		bool ok = phase >= 0 ? link_phase(l, m, phase, at) : link_step(l, name, at, &steps[m->step_count], &seq);
		if (!ok)
			continue;
		m->step_count += phase < 0;
		first = seq < first ? seq : first;
	}
	m->steps = steps;
	l->info[m->step].seq = first == PHASE_REPORT ? (uint8_t)PHASE_PREFLIGHT : first;
}

static bool names_failed(const struct expr *e)
{
	if (!e)
		return false;
	if (e->kind == EXPR_NAME && str_eqz(e->name, "failed"))
		return true;
	for (uint32_t i = 0; i < e->count; i++)
		if (names_failed(e->args[i]))
			return true;
	return false;
}

static void link_rules(struct load *l, struct prog_monitor *m)
{
	const struct monitor *ast = m->ast;
	struct prog_rule *rules = arena_array(l->a, ast->rule_count + 1u, sizeof *rules);
	bool failed = false;
	for (uint32_t i = 0; i < ast->rule_count; i++) {
		rules[i] = (struct prog_rule){ &ast->rules[i], names_failed(ast->rules[i].when) };
		failed = failed || rules[i].failed;
	}
	m->rule_count = ast->rule_count;
	if (!failed)
		rules[m->rule_count++] = (struct prog_rule){ &own_rule, true };
	m->rules = rules;
	for (uint32_t i = 0; i < m->rule_count; i++)
		l->p->may_ask = l->p->may_ask || rules[i].ast->then == THEN_PAUSE;
}

void monitors_link(struct load *l)
{
	const struct runbook *rb = l->rb;
	struct prog_monitor *all = arena_array(l->a, rb->monitor_count, sizeof *all);
	for (uint32_t i = 0; i < rb->monitor_count; i++) {
		struct prog_monitor *m = &all[i];
		m->ast = &rb->monitors[i];
		m->step = m->ast->step->ix;
		if (!m->ast->step->timeout.kind)
			l->p->steps[m->step].timeout = &m->ast->every;
		link_during(l, m);
		link_rules(l, m);
	}
	l->p->monitors = all;
	l->p->monitor_count = rb->monitor_count;
}

static bool is_out(void *arg, struct ref ref)
{
	(void)arg;
	return ref.root == REF_OUT;
}

static void compile_rule(struct load *l, struct prog_monitor *m, const struct prog_rule *r)
{
	struct place at;
	place_init(&at, l, &l->p->steps[m->step], WHEN_RULE, "when");
	at.failed = r->failed;
	if (!r->ast->when)
		return;
	const struct code *c = compile_expr(&at, r->ast->when, &type_bool);
	m->keeps_out |= c && code_reads(c, is_out, NULL);
	at.what = STR("say");
	compile_data(&at, &r->ast->say, FORM_LINES, NULL);
	at.what = STR("to");
	check_targets(l, &r->ast->to);
	compile_data(&at, &r->ast->to, FORM_NAMES, NULL);
}

/* Every figure of a sample is written down. */
static void check_captures(struct load *l, const struct prog_step *ps)
{
	for (uint32_t i = 0; i < ps->ast->capture_count; i++) {
		const struct named_expr *c = &ps->ast->captures[i];
		if (str_eqz(c->name, "failed")) {
			struct diag *d = diag_add(l->ds, 121, c->span, "`failed` has a meaning in the rules of a monitor");
			diag_help(l->ds, d, "write another name, for example `my_failed`");
		}
		if (!ps->capture_types || !ps->capture_types[i] || !type_tainted(ps->capture_types[i]))
			continue;
		struct diag *d = diag_add(l->ds, 301, c->span, "a sample is written down: a secret cannot be part of it");
		diag_help(l->ds, d, "capture a figure instead");
	}
}

void monitors_compile(struct load *l)
{
	for (uint32_t i = 0; i < l->p->monitor_count; i++) {
		struct prog_monitor *m = (struct prog_monitor *)&l->p->monitors[i];
		struct prog_step *ps = &l->p->steps[m->step];
		struct place at;
		compile_step(l, ps->ast);
		check_captures(l, ps);
		place_init(&at, l, NULL, WHEN_TOP, "every");
		compile_data(&at, &m->ast->every, FORM_VALUE, &type_duration);
		for (uint32_t k = 0; k < m->rule_count; k++)
			compile_rule(l, m, &m->rules[k]);
		ps->wants_output = ps->wants_output || m->keeps_out;
	}
}

/* --- RB5xx --------------------------------------------------------------------- */

static bool watches(const struct load *l, const struct prog_monitor *m, const struct prog_step *ps)
{
	uint32_t ix = ps->ast->ix;
	if (ps->role != ROLE_FORWARD || ps->phase >= PHASE_REPORT)
		return false;
	if (m->phases >> ps->phase & 1)
		return true;
	for (uint32_t i = 0; i < m->step_count; i++)
		if (ix >= m->steps[i] && ix < l->info[m->steps[i]].end)
			return true;
	return false;
}

static bool drains(const struct step *s)
{
	const struct data *name = &s->more->name;
	struct str text = name->kind == DATA_LIT ? value_text(name->lit) : STR("");
	return str_find(s->id, STR("drain")) >= 0 || str_find(text, STR("drain")) >= 0 || str_find(text, STR("Drain")) >= 0;
}

static void check_draining(struct load *l, const struct prog_monitor *m)
{
	const struct prog_step *own = &l->p->steps[m->step];
	for (uint32_t i = l->unit->first; i < l->unit->end; i++) {
		const struct prog_step *ps = &l->p->steps[i];
		if (!watches(l, m, ps) || !drains(ps->ast))
			continue;
		struct diag *d = check_warn(l, 509, own, step_key_span(own->ast, "during"), "this monitor watches while traffic is drained");
		if (!d)
			return;
		diag_label(l->ds, d, ps->ast->span, "here");
		diag_help(l->ds, d, "name the steps that it shall watch: during: [soak], or phases after it");
		return;
	}
}

void monitors_check(struct load *l)
{
	for (uint32_t i = 0; i < l->p->monitor_count; i++) {
		const struct prog_monitor *m = &l->p->monitors[i];
		bool ends = false;
		for (uint32_t k = 0; k < m->ast->rule_count; k++) {
			const struct rule *r = &m->ast->rules[k];
			bool once = r->hold.amount.kind == V_NULL || (r->hold.amount.kind == V_INT && r->hold.amount.i == 1);
			ends = ends || r->then != THEN_NOTIFY;
			if (r->then != THEN_ROLLBACK || !once)
				continue;
			struct diag *d = check_warn(l, 510, &l->p->steps[m->step], expr_span(r->when), "one sample of this monitor is enough to undo the run");
			if (d)
				diag_help(l->ds, d, "write how long it must hold: `for 3 samples` or `for 2m` behind it");
		}
		if (ends)
			check_draining(l, m);
	}
}
