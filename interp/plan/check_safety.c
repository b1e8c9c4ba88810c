/*
 * check_safety: RB5xx: what runs, but will hurt at night: writes that nothing
 * undoes or ends, an act that nothing tests, a rollback longer than promised.
 */
#include "plan/check.h"

#include "value/units.h"

static bool inside(const struct load *l, const struct prog_step *ps, bool (*has)(const struct step *s))
{
	for (uint32_t ix = ps->parent; ix != NO_STEP; ix = l->p->steps[ix].parent)
		if (has(l->p->steps[ix].ast))
			return true;
	return false;
}

static bool is_irreversible(const struct step *s)
{
	return s->more->irreversible.kind != DATA_NONE;
}

static bool has_timeout(const struct step *s)
{
	return s->timeout.kind != DATA_NONE;
}

static struct span write_span(const struct prog_step *ps)
{
	return ps->ast->action_span.src ? ps->ast->action_span : ps->ast->span;
}

static void check_undo(struct load *l, const struct prog_step *ps)
{
	bool forward = ps->role == ROLE_FORWARD && ps->phase != PHASE_REPORT;
	if (!forward || ps->has_undo || is_irreversible(ps->ast) || inside(l, ps, is_irreversible))
		return;
	bool early = ps->phase == PHASE_PREFLIGHT || ps->phase == PHASE_PLAN;
	struct str who = step_title(l, ps);
	struct diag *d;
	if (early)
		d = check_warn(l, 504, ps, write_span(ps), STR_FMT " writes in %s", STR_ARG(who), phase_names[ps->phase]);
	else
		d = check_warn(l, 501, ps, write_span(ps), STR_FMT " writes and nothing undoes it", STR_ARG(who));
	if (!d)
		return;
	if (ps->parent != NO_STEP && l->p->steps[ps->parent].has_undo)
		diag_note(l->ds, d, "the block's own rollback serves only when the whole block has completed");
	diag_help(l->ds, d, "add `rollback: [...]`, `rollback: []` if nothing needs undoing, `irreversible: reason`, or `effect: read` if it only reads");
}

static void check_timeout(struct load *l, const struct prog_step *ps)
{
	bool calls = ps->ast->action == ACT_RUN || ps->ast->action == ACT_HTTP;
	if (!calls || ps->timeout->kind || inside(l, ps, has_timeout))
		return;
	struct str who = step_title(l, ps);
	struct diag *d = check_warn(l, 502, ps, write_span(ps), STR_FMT " writes and may hang for ever", STR_ARG(who));
	if (d)
		diag_help(l->ds, d, "add `timeout: 60s` here, or defaults: { timeout: 60s }");
}

static void check_tested(struct load *l)
{
	const struct step_list *act = &l->rb->phases[PHASE_ACT], *test = &l->rb->phases[PHASE_TEST];
	if (!act->count || test->count || l->unit->index) /* of a module the caller tests */
		return;
	struct diag *d = check_warn(l, 503, NULL, act->span, "`act` has no `test` after it: nothing would notice a failure");
	if (d)
		diag_help(l->ds, d, "add `test:` with a step that reads whether the change works");
}

static int64_t times(const struct load *l, const struct prog_step *ps)
{
	int64_t n = 1;
	for (uint32_t ix = ps->ast->ix; ix != NO_STEP; ix = l->p->steps[ix].parent) {
		const struct step *s = l->p->steps[ix].ast;
		if (!s->more->foreach.present || s->more->foreach.items.kind != DATA_LIST)
			continue;
		if (__builtin_mul_overflow(n, (int64_t)s->more->foreach.items.c.count, &n))
			return INT64_MAX;
	}
	return n;
}

static int64_t longest(const struct prog_step *ps)
{
	const struct step *s = ps->ast;
	if (s->action == ACT_WAIT && s->wait.amount.kind == DATA_LIT)
		return s->wait.amount.lit.i;
	bool calls = s->action == ACT_RUN || s->action == ACT_HTTP;
	return calls && ps->timeout->kind == DATA_LIT ? ps->timeout->lit.i : 0;
}

/* Worst case without retries: every undo takes its whole timeout, one after the other. */
static void check_rto(struct load *l)
{
	const struct data *rto = &l->rb->rto;
	int64_t sum = 0;
	for (uint32_t i = l->unit->first; i < l->unit->end; i++) {
		const struct prog_step *ps = &l->p->steps[i];
		int64_t one;
		if (ps->role != ROLE_UNDO && ps->role != ROLE_TOP_UNDO && !ps->call)
			continue;
		if (__builtin_mul_overflow(ps->call ? ps->call->unit->undo_time : longest(ps), times(l, ps), &one) || __builtin_add_overflow(sum, one, &sum))
			sum = INT64_MAX;
	}
	l->unit->undo_time = sum;
	if (l->unit->index || rto->kind != DATA_LIT || sum <= rto->lit.i)
		return;
	struct buf b;
	buf_init(&b, 64);
	unit_put_duration(&b, sum);
	struct str text = arena_str(l->a, b.p, b.len);
	buf_release(&b);
	struct diag *d = check_warn(l, 505, NULL, rto->node->span, "the rollback may take " STR_FMT ", longer than promised", STR_ARG(text));
	if (!d)
		return;
	diag_note(l->ds, d, "this is the sum of the timeouts of all rollback steps");
	diag_help(l->ds, d, "shorten their timeouts, or write `rto: " STR_FMT "`", STR_ARG(text));
}

/* language.md 1.5: the engine will refuse the first write in `act`. */
static void check_risk(struct load *l)
{
	struct str level = l->p->risk_level;
	if (!str_eqz(level, "high") && !str_eqz(level, "critical"))
		return;
	for (uint32_t i = l->unit->first; i < l->unit->end; i++) {
		const struct prog_step *ps = &l->p->steps[i];
		if (ps->role != ROLE_FORWARD || ps->phase > PHASE_ACT)
			continue;
		if (ps->ast->action == ACT_APPROVE && str_eqz(ps->ast->approve.from, "executive"))
			return;
		if (ps->phase != PHASE_ACT || !(l->info[i].flags & STEP_HAS_WRITE))
			continue;
		struct diag *d = check_warn(l, 506, NULL, l->rb->risks.node->key_span, "the risk is " STR_FMT ", and no step before the first write in `act` asks the role `executive` to approve", STR_ARG(level));
		if (!d)
			return;
		diag_label(l->ds, d, write_span(ps), "this write will be refused");
		diag_help(l->ds, d, "add to `plan`: - approve: { from: executive }");
		return;
	}
}

void check_safety(struct load *l)
{
	if (!l->unit->index) {
		check_risk(l);
		monitors_check(l);
	}
	for (uint32_t i = l->unit->first; i < l->unit->end; i++) {
		if (!(l->info[i].flags & STEP_HAS_WRITE))
			continue;
		const struct prog_step *ps = &l->p->steps[i];
		if (ps->call)
			continue; /* its steps are checked where they stand */
		check_undo(l, ps);
		check_timeout(l, ps);
	}
	check_tested(l);
	check_rto(l);
}
