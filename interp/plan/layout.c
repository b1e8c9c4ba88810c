/*
 * layout: the first pass: one prog_step for each step of the AST, with parent,
 * loop, slot, phase, role and everything inherited (shell, env, dir, effect,
 * timeout, grace, retry). No expression is looked at.
 */
#include "plan/check.h"

#include <string.h>

#include "value/units.h"

/* What a list hands down to its steps. */
struct inherit {
	const struct prog_step *parent;
	uint8_t list, seq, phase, role, effect;
	uint32_t position;        /* of the list's first step */
	int8_t shell;
	const struct data *dir;
	const struct named_data *env; uint32_t env_count;
	uint32_t loop;
};

/* Undo steps repeat by themselves: engine.md 3, unwinding, 5. */
const struct retry undo_retry = {
	.max = { .kind = DATA_LIT, .lit = { .kind = V_INT, .i = 3 } },
	.delay = { .kind = DATA_LIT, .lit = { .kind = V_DURATION, .i = 1000000000 } },
	.backoff = { .kind = DATA_LIT, .lit = { .kind = V_FLOAT, .f = 2 } },
};

static void layout_list(struct load *l, const struct step_list *list, const struct inherit *in);

static bool literal_is(const struct data *d, const char *a, const char *b)
{
	if (d->kind != DATA_LIT)
		return false;
	struct str s = value_text(d->lit);
	return str_eqz(s, a) || str_eqz(s, b);
}

/* A report outside the run's folder changes the machine. A path that begins with
 * a hole is only known later: taken as absolute. */
static bool writes_outside(const struct data *to)
{
	if (to->kind == DATA_LIT)
		return to->lit.n && to->lit.s[0] == '/';
	if (to->kind != DATA_TEXT)
		return false;
	struct str first = to->tmpl->parts[0].text;
	return !first.n || first.p[0] == '/';
}

static uint8_t own_effect(const struct prog_step *ps, uint8_t inherited)
{
	const struct step *s = ps->ast;
	uint8_t said = s->effect ? s->effect : inherited;
	switch (s->action) {
	case ACT_RUN: return said ? said : (uint8_t)EFFECT_WRITE;
	case ACT_HTTP: /* also of a monitor, which reads whatever its method */
		if (said)
			return said;
		return s->http.method.kind == DATA_NONE || literal_is(&s->http.method, "GET", "HEAD") ? EFFECT_READ
												       : EFFECT_WRITE;
	case ACT_USES: return ps->call ? ps->call->unit->effect : (uint8_t)EFFECT_READ;
	case ACT_RENDER: return writes_outside(&s->render.to) ? EFFECT_WRITE : EFFECT_READ;
	default: return EFFECT_READ;
	}
}

static void merge_env(struct load *l, struct prog_step *ps, const struct inherit *in)
{
	const struct step *s = ps->ast;
	ps->env = in->env;
	ps->env_count = in->env_count;
	if (!s->env_count)
		return;
	uint64_t want = (uint64_t)in->env_count + s->env_count;
	if (want > l->env_left) {
		struct diag *d = diag_add(l->ds, 111, s->env[0].span, "too many environment variables in all");
		diag_help(l->ds, d, "put them into a file that the program reads");
		return;
	}
	l->env_left -= want;
	struct named_data *all = arena_array(l->a, want, sizeof *all);
	struct map own;
	uint32_t n = 0;
	map_init(&own);
	for (uint32_t k = 0; in->env_count && k < s->env_count; k++)
		map_add(&own, s->env[k].name, all);
	for (uint32_t i = 0; i < in->env_count; i++)
		if (!map_get(&own, in->env[i].name))
			all[n++] = in->env[i];
	map_release(&own);
	memcpy(all + n, s->env, s->env_count * sizeof *all);
	ps->env = all;
	ps->env_count = n + s->env_count;
}

static void set_times(const struct load *l, struct prog_step *ps)
{
	const struct step *s = ps->ast;
	const struct defaults *d = &l->rb->defaults;
	bool calls = action_calls(s->action);
	const struct unit *used = prog_step_uses(ps);
	ps->timeout = s->timeout.kind ? &s->timeout : calls ? &d->timeout : used ? &used->rb->timeout : &s->timeout;
	ps->grace = s->more->grace.kind ? &s->more->grace : &d->grace;
	if (s->retry)
		ps->retry = s->retry;
	else if (calls && ps->role == ROLE_UNDO)
		ps->retry = &undo_retry;
	else if (calls && d->has_retry && ps->effect == EFFECT_READ && ps->role != ROLE_PROBE && ps->role != ROLE_MONITOR)
		ps->retry = &d->retry;
}

static void layout_children(struct load *l, struct prog_step *ps, const struct inherit *in)
{
	const struct step *s = ps->ast;
	struct inherit down = { .parent = ps, .seq = in->seq, .phase = in->phase, .role = in->role,
				.effect = s->effect ? s->effect : in->effect, .shell = ps->shell, .dir = ps->dir,
				.env = ps->env, .env_count = ps->env_count,
				.loop = s->more->foreach.present ? s->ix : in->loop };
	if (s->action == ACT_STEPS) {
		down.list = LIST_STEPS;
		layout_list(l, &s->steps, &down);
		for (uint32_t i = 0; i < s->steps.count; i++)
			if (l->p->steps[s->steps.list[i]->ix].effect == EFFECT_WRITE)
				ps->effect = EFFECT_WRITE;
	}
	down.effect = EFFECT_UNSET;
	if (s->more->probe) {
		struct step *probe[1] = { s->more->probe };
		struct step_list one = { probe, 1, s->more->probe->span, true };
		struct inherit p = down;
		p.list = LIST_PROBE;
		p.role = ROLE_PROBE;
		p.effect = EFFECT_READ;
		layout_list(l, &one, &p);
	}
	down.list = LIST_UNDO;
	down.role = ROLE_UNDO;
	layout_list(l, &s->rollback, &down);
	down.list = LIST_ALWAYS;
	down.role = in->role == ROLE_FORWARD ? ROLE_ALWAYS : in->role;
	layout_list(l, &s->more->always, &down);
}

static bool has_hole_text(const struct data *d)
{
	return d->kind > DATA_LIT;
}

static uint16_t flags_of(const struct step *s, const struct prog_step *ps)
{
	uint16_t f = 0;
	bool calls = action_calls(s->action);
	if (s->capture_count || s->more->foreach.present || s->env_count)
		f |= STEP_HAS_NAMES;
	if (has_hole_text(&s->more->name) || has_hole_text(&s->more->about) || has_hole_text(&s->more->preview) || s->env_count ||
	    has_hole_text(&s->more->irreversible) || has_hole_text(&s->more->dir) || has_hole_text(&s->more->stdin_))
		f |= STEP_HAS_TEXTS;
	if (s->guard_count || s->on_fail || (s->effect && (!calls || s->effect == EFFECT_WRITE)) || s->action == ACT_HTTP || s->action == ACT_METRIC || action_asks(s->action) ||
	    ps->role != ROLE_FORWARD || ps->phase == PHASE_REPORT || s->parse || s->more->stdin_.kind || s->env_count ||
	    s->more->dir.kind || s->more->grace.kind || s->more->parallel.kind || s->idempotent || s->more->irreversible.kind || s->shell != SHELL_UNSET)
		f |= STEP_HAS_PLACE;
	if (ps->effect == EFFECT_WRITE && s->action != ACT_STEPS)
		f |= STEP_HAS_WRITE;
	if (s->more->foreach.present)
		f |= STEP_HAS_LOOP;
	return f;
}

static uint32_t next_slot(struct load *l, uint32_t loop)
{
	return LOOP_IS_UNIT(loop) ? l->unit->root_slots++ : l->p->steps[loop].loop_slots++;
}

static void layout_step(struct load *l, const struct step *s, uint32_t position, const struct inherit *in)
{
	struct prog_step *ps = &l->p->steps[s->ix];
	struct step_info *info = &l->info[s->ix];
	ps->ast = s;
	ps->unit = l->unit;
	ps->label = s->id.n ? s->id : arena_printf(l->a, "#%u", position + 1);
	ps->parent = in->parent ? in->parent->ast->ix : NO_STEP;
	ps->loop = in->loop;
	ps->slot = next_slot(l, in->loop);
	ps->phase = in->phase;
	ps->role = in->role;
	ps->effect = own_effect(ps, in->effect);
	ps->shell = s->shell != SHELL_UNSET ? s->shell : in->shell;
	ps->has_undo = s->rollback.present;
	ps->dir = s->more->dir.kind ? &s->more->dir : in->dir;
	merge_env(l, ps, in);
	set_times(l, ps);
	info->list = in->list;
	info->seq = in->seq;
	info->depth = in->parent ? (uint16_t)(l->info[ps->parent].depth + 1) : 0;
	info->parallel = s->action == ACT_STEPS && s->more->parallel.kind && !s->more->foreach.present &&
			 !(s->more->parallel.kind == DATA_LIT && s->more->parallel.lit.i == 1);
	if (s->action == ACT_HTTP || s->action == ACT_METRIC)
		l->p->needs_http = true;
	if (action_asks(s->action) || s->on_fail == ON_FAIL_PAUSE)
		l->p->may_ask = true;
	if (s->action == ACT_CONFIRM || s->action == ACT_ASK)
		l->p->needs_answers = true;
	if (s->action == ACT_STEPS || s->more->probe || s->rollback.count || s->more->always.count)
		layout_children(l, ps, in);
	info->end = s->ix + 1;
	info->flags = flags_of(s, ps);
	if (s->id.n)
		check_id(l, ps);
}

static void layout_list(struct load *l, const struct step_list *list, const struct inherit *in)
{
	const struct step *s;
	EACH_STEP(s, list, i)
		layout_step(l, s, in->position + i, in);
}

/* Subtrees are runs of ix: the parser numbers in preorder. */
static void set_ends(struct load *l)
{
	for (uint32_t i = l->unit->end; i-- > l->unit->first;) {
		uint32_t parent = l->p->steps[i].parent;
		if (parent != NO_STEP && l->info[parent].end < l->info[i].end)
			l->info[parent].end = l->info[i].end;
	}
}

static void count_writes(struct load *l)
{
	uint32_t n = 0;
	for (uint32_t i = l->unit->first; i < l->unit->end; i++) {
		const struct prog_step *ps = &l->p->steps[i];
		l->info[i].writes = n;
		bool write = l->info[i].flags & STEP_HAS_WRITE;
		n += write && (ps->role == ROLE_FORWARD || ps->role == ROLE_ALWAYS);
	}
	l->writes = n;
}

/* What callers know of a module: its effect, whether it may end early, whether it asks. */
static void set_body(struct load *l)
{
	struct unit *u = l->unit;
	u->effect = EFFECT_READ;
	for (uint32_t i = 0; i < u->body.count; i++)
		if (l->p->steps[u->body.list[i]->ix].effect == EFFECT_WRITE)
			u->effect = EFFECT_WRITE;
	for (uint32_t i = u->first; i < u->end; i++) {
		const struct prog_step *ps = &l->p->steps[i];
		const struct step *s = ps->ast; /* NULL: of a list that is not laid out yet */
		for (uint32_t k = 0; s && k < s->guard_count && l->first_stop == NO_STEP; k++)
			if (s->guards[k].otherwise == GUARD_STOP)
				l->first_stop = i;
		if (s && !u->asks && (action_asks(s->action) || s->on_fail == ON_FAIL_PAUSE))
			u->asks = s;
		else if (s && !u->asks && ps->call)
			u->asks = ps->call->unit->asks;
	}
}

void layout_program(struct load *l)
{
	const struct runbook *rb = l->rb;
	int8_t shell = rb->defaults.shell == SHELL_UNSET ? (int8_t)SHELL_KIND_SH : rb->defaults.shell;
	struct inherit in = { .list = LIST_TOP, .shell = shell, .dir = &rb->defaults.dir, .loop = UNIT_LOOP(l->unit),
			      .env = rb->defaults.env, .env_count = rb->defaults.env_count };
	if (rb->steps.present) {
		in.seq = in.phase = PHASE_ACT;
		layout_list(l, &rb->steps, &in);
	}
	for (uint8_t p = PHASE_PREFLIGHT; p <= PHASE_TEST; p++) {
		in.seq = in.phase = p;
		layout_list(l, &rb->phases[p], &in);
		in.position += l->unit->index ? rb->phases[p].count : 0; /* of a module one list */
	}
	set_body(l);
	if (l->unit->index) { /* the lists below belong to runs */
		set_ends(l);
		count_writes(l);
		return;
	}
	in.phase = PHASE_COUNT;
	in.seq = SEQ_UNDO;
	in.role = ROLE_TOP_UNDO;
	layout_list(l, &rb->rollback, &in);
	in.seq = SEQ_ALWAYS;
	in.role = ROLE_TOP_ALWAYS;
	layout_list(l, &rb->always, &in);
	in.seq = SEQ_REPORT;
	in.phase = PHASE_REPORT;
	in.role = ROLE_FORWARD;
	layout_list(l, &rb->phases[PHASE_REPORT], &in);
	in = (struct inherit){ .list = LIST_MONITOR, .shell = shell, .dir = &rb->defaults.dir, .loop = UNIT_LOOP(l->unit),
			       .env = rb->defaults.env, .env_count = rb->defaults.env_count, .phase = PHASE_COUNT,
			       .role = ROLE_MONITOR, .effect = EFFECT_READ };
	for (uint32_t i = 0; i < rb->monitor_count; i++)
		layout_step(l, rb->monitors[i].step, i, &in);
	l->p->may_ask = l->p->may_ask || (rb->windows.count && rb->windows.otherwise == WINDOW_CONFIRM);
	set_ends(l);
	count_writes(l);
}
