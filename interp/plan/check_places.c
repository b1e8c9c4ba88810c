/*
 * check_places: what may stand where: rollback blocks, probes, `stop`, effects,
 * and keys that have no meaning beside their action.
 */
#include "plan/check.h"

static const struct prog_step *parent_of(const struct load *l, const struct prog_step *ps)
{
	return ps->parent == NO_STEP ? NULL : &l->p->steps[ps->parent];
}

static bool undoing(const struct prog_step *ps)
{
	return ps->role == ROLE_UNDO || ps->role == ROLE_TOP_UNDO;
}

/* In the report, in an always block, or in a list below one. */
static bool closing(const struct prog_step *ps)
{
	return ps->role == ROLE_ALWAYS || ps->role == ROLE_TOP_ALWAYS || ps->phase == PHASE_REPORT;
}

static const char *where(const struct prog_step *ps)
{
	return undoing(ps) ? "a rollback block" : ps->phase == PHASE_REPORT && ps->role != ROLE_ALWAYS ? "`report`" : "an always block";
}

static void forbid(struct load *l, int code, const struct step *s, const char *key, const char *place, const char *help)
{
	struct diag *d = diag_add(l->ds, code, step_key_span(s, key), "`%s` cannot stand in %s", key, place);
	diag_help(l->ds, d, "%s", help);
}

static void check_asks(struct load *l, const struct prog_step *ps)
{
	const struct step *s = ps->call ? ps->call->unit->asks : NULL;
	if (!s)
		return;
	struct diag *d = diag_add(l->ds, 160, ps->ast->action_span, "this module waits for a person, and stands in %s", where(ps));
	diag_label(l->ds, d, s->span, "here");
	diag_help(l->ds, d, "an undo does not wait for people: use a module that asks nothing");
}

/* Unwinding has to end without people, and has nothing to undo itself by. */
static void check_ending(struct load *l, const struct prog_step *ps)
{
	const struct step *s = ps->ast;
	const char *place = where(ps);
	if (s->rollback.present)
		forbid(l, 162, s, "rollback", place, undoing(ps) ? "make the undo itself safe to repeat, with `retry`"
								   : "undo belongs to the step that did it");
	if (s->more->irreversible.kind)
		forbid(l, 162, s, "irreversible", place, "it belongs to steps of the phases before");
	if (!undoing(ps))
		return;
	if (s->action == ACT_USES)
		check_asks(l, ps);
	if (action_asks(s->action))
		forbid(l, 160, s, action_names[s->action], place, "an undo does not wait for people; ask before, in the phases");
	if (s->on_fail == ON_FAIL_PAUSE)
		forbid(l, 160, s, "on_fail", place, "an undo does not wait for people: leave out `pause`");
}

static void check_probe(struct load *l, const struct prog_step *ps)
{
	static const char *const no_keys[] = { "if", "guard", "foreach", "parallel", "retry", "on_fail", "probe", "rollback",
					       "irreversible", "always", "preview", "idempotent", "planned", NULL };
	const struct step *s = ps->ast;
	if (!action_calls(s->action)) {
		struct diag *d = diag_add(l->ds, 163, s->action_span.src ? s->action_span : s->span, "a probe needs `run`, `http` or `metric`");
		diag_help(l->ds, d, "write probe: { run: [test, -e, path] }");
	}
	if (s->action == ACT_METRIC && !s->expect) {
		struct diag *d = diag_add(l->ds, 163, s->action_span, "a metric answers no question by itself");
		diag_help(l->ds, d, "add what it must be: expect: out == 1");
	}
	if (s->effect == EFFECT_WRITE) {
		struct diag *d = diag_add(l->ds, 163, step_key_span(s, "effect"), "a probe only reads");
		diag_help(l->ds, d, "remove `effect: write`");
	}
	for (int i = 0; no_keys[i]; i++) {
		const struct node *n = node_get(s->node, no_keys[i]);
		if (!n)
			continue;
		struct diag *d = diag_add(l->ds, 163, n->key_span, "`%s` has no meaning in a probe", no_keys[i]);
		diag_help(l->ds, d, "a probe is asked once: keep run or http, expect, parse, capture, timeout and env");
	}
}

/* The outermost step around ps (or itself) whose parts may run before or beside it. */
static const struct prog_step *repeated_around(const struct load *l, const struct prog_step *ps)
{
	const struct prog_step *found = NULL;
	if (ps->ast->more->foreach.present)
		found = ps;
	for (const struct prog_step *up = parent_of(l, ps); up; up = parent_of(l, up))
		if (up->ast->more->foreach.present || l->info[up->ast->ix].parallel)
			found = up;
	return found;
}

static bool wrote_before(const struct load *l, const struct prog_step *ps)
{
	const struct prog_step *around = repeated_around(l, ps);
	if (!around)
		return l->info[ps->ast->ix].writes > 0;
	uint32_t end = l->info[around->ast->ix].end;
	if (end < l->unit->end)
		return l->info[end].writes > 0;
	return l->writes > 0;
}

static void check_stop(struct load *l, const struct prog_step *ps)
{
	const struct step *s = ps->ast;
	for (uint32_t i = 0; i < s->guard_count; i++) {
		if (s->guards[i].otherwise != GUARD_STOP)
			continue;
		struct span at = s->guards[i].span;
		if (undoing(ps) || closing(ps)) {
			struct diag *d = diag_add(l->ds, 161, at, "`stop` cannot stand in %s", where(ps));
			diag_help(l->ds, d, "the run is ending already: write `else: skip`");
		} else if (wrote_before(l, ps)) {
			struct diag *d = diag_add(l->ds, 161, at, "`stop` cannot stand where a write may have happened: it undoes nothing");
			diag_help(l->ds, d, "move the guard before the first write, or write `else: fail`");
		}
	}
}

static void check_effect(struct load *l, const struct prog_step *ps)
{
	const struct step *s = ps->ast;
	bool write = s->effect == EFFECT_WRITE || (ps->effect == EFFECT_WRITE && s->action != ACT_STEPS); /* a use writes as a whole */
	if (!write || ps->role == ROLE_PROBE)
		return;
	for (const struct prog_step *in = ps; l->info[in->ast->ix].list == LIST_STEPS; in = parent_of(l, in)) {
		const struct step *block = parent_of(l, in)->ast;
		if (block->effect == EFFECT_WRITE)
			return;
		if (block->effect != EFFECT_READ)
			continue;
		struct diag *d = diag_add(l->ds, 165, s->effect ? step_key_span(s, "effect") : s->action_span,
					  "this step writes inside a block that only reads");
		diag_label(l->ds, d, step_key_span(block, "effect"), "the block says so");
		diag_help(l->ds, d, "remove one of them");
		return;
	}
}

static void check_continue(struct load *l, const struct prog_step *ps)
{
	const struct step *s = ps->ast;
	if (s->on_fail != ON_FAIL_CONTINUE)
		return;
	bool assertion = s->action == ACT_NONE && s->guard_count;
	if (s->action != ACT_CONFIRM && s->action != ACT_APPROVE && !assertion)
		return;
	struct diag *d = diag_add(l->ds, 164, step_key_span(s, "on_fail"), "%s cannot be passed with `continue`",
				  assertion ? "a guard" : s->action == ACT_APPROVE ? "an approval" : "a confirmation");
	diag_help(l->ds, d, assertion ? "write `else: warn` in the guard" : "remove it: a no ends the run");
}

/* A block that completed is undone by its own rollback instead of child by child: that
 * would step over a point of no return inside. */
static void check_irreversible(struct load *l, const struct prog_step *ps)
{
	const struct step *s = ps->ast;
	for (const struct prog_step *in = ps; l->info[in->ast->ix].list == LIST_STEPS; in = parent_of(l, in)) {
		const struct step *block = parent_of(l, in)->ast;
		if (!block->rollback.present)
			continue;
		struct diag *d = diag_add(l->ds, 166, step_key_span(s, "irreversible"),
					  "an irreversible step cannot stand in a block with a rollback of its own");
		diag_label(l->ds, d, step_key_span(block, "rollback"), "this would undo the whole block");
		diag_help(l->ds, d, "move the step out of the block, or give the rollback to the steps that it undoes");
		return;
	}
}

static void check_url(struct load *l, const struct step *s)
{
	const struct data *u = &s->http.url; /* also of a metric */
	struct str text = STR("");
	if (u->kind == DATA_LIT)
		text = value_text(u->lit);
	else if (u->kind == DATA_TEXT)
		text = u->tmpl->parts[0].text;
	if (u->kind == DATA_TEXT && str_find(text, STR("://")) < 0 && text.n < 9)
		return; /* begins with a hole */
	if (u->kind == DATA_NONE || str_starts(text, STR("http://")) || str_starts(text, STR("https://")))
		return;
	struct diag *d = diag_add(l->ds, 167, u->node->span, "`%s` needs http:// or https://", s->action == ACT_METRIC ? "prometheus" : "url");
	diag_help(l->ds, d, "for example https://example.org/health");
}

struct useless { const char *key; bool useless; const char *why; };

static void check_useless(struct load *l, const struct prog_step *ps)
{
	const struct step *s = ps->ast;
	bool run = s->action == ACT_RUN, calls = run || s->action == ACT_HTTP, block = s->action == ACT_STEPS;
	bool uses = s->action == ACT_USES;
	bool below = block || s->more->probe || s->rollback.count || s->more->always.count;
	const struct useless rows[] = {
		{ "parse", (s->parse != PARSE_TEXT || s->more->regex.n) && !calls,
		  s->action == ACT_METRIC ? "the answer to a query has its own form" : "only run and http have output" },
		{ "stdin", s->more->stdin_.kind && !run, "only run has a standard input" },
		{ "shell", s->shell != SHELL_UNSET && !(run && s->run.script) && !below, "only scripts have a shell" },
		{ "env", s->env_count && !run && !below, "only run has an environment" },
		{ "dir", s->more->dir.kind && !run && !below, "only run has a folder" },
		{ "grace", s->more->grace.kind && !run && !prog_step_holds(ps), "only run is ended with TERM and KILL" },
		{ "parallel", s->more->parallel.kind && !block && !s->more->foreach.present, "it needs `foreach` or `steps`" },
		{ "idempotent", s->idempotent && ps->effect == EFFECT_READ, "a step that only reads may always be repeated" },
		{ "effect", s->effect && !calls && !block, uses ? "a use has the effect of its module" : "only run, http and blocks have one" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!rows[i].useless)
			continue;
		struct diag *d = check_warn(l, 602, ps, step_key_span(s, rows[i].key), "`%s` has no meaning here", rows[i].key);
		if (d)
			diag_help(l->ds, d, "%s", rows[i].why);
	}
}

/* Who may answer, and by which name, is the runbook's business. */
static void check_person(struct load *l, const struct step *s)
{
	if (!l->unit->index || (s->action != ACT_APPROVE && s->action != ACT_ASK && s->action != ACT_CHECKLIST))
		return;
	struct diag *d = diag_add(l->ds, 433, s->action_span, "`%s` cannot stand in a module", action_names[s->action]);
	diag_help(l->ds, d, "put it into the runbook, before the step that uses the module");
}

void check_places(struct load *l)
{
	for (uint32_t i = l->unit->first; i < l->unit->end; i++) {
		if (!(l->info[i].flags & (STEP_HAS_PLACE | STEP_HAS_WRITE)))
			continue;
		const struct prog_step *ps = &l->p->steps[i];
		if (ps->role == ROLE_PROBE && l->info[i].list == LIST_PROBE) {
			check_probe(l, ps);
		} else if (ps->role != ROLE_MONITOR) { /* which has only keys that it may have */
			if (undoing(ps) || closing(ps))
				check_ending(l, ps);
			check_stop(l, ps);
			check_effect(l, ps);
			check_continue(l, ps);
			if (ps->ast->more->irreversible.kind && ps->role == ROLE_FORWARD)
				check_irreversible(l, ps);
		}
		check_person(l, ps->ast);
		if (ps->ast->action == ACT_HTTP || ps->ast->action == ACT_METRIC)
			check_url(l, ps->ast);
		check_useless(l, ps);
	}
}
