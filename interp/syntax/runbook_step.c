/*
 * runbook_step: a step's keys, and lists of steps. Depth is bounded by the
 * YAML's (NODE_DEPTH_MAX), so recursion here is too.
 */
#include "syntax/runbook_read.h"

#include <stddef.h>
#include <string.h>

const char *const shell_words[] = { "sh", "bash", "pwsh", NULL };

static const struct step_more plain_step;

struct step_more *more_of(struct reader *r, struct step *s)
{
	if (s->more == &plain_step)
		s->more = arena_alloc(r->a, sizeof *s->more);
	return (struct step_more *)s->more; /* const for those who only read it */
}

/* Second and further actions: one diagnostic for each. */
static void set_action(struct reader *r, struct step *s, enum action action, const struct node *n)
{
	if (s->action == ACT_NONE) {
		s->action = (uint8_t)action;
		s->action_span = n->key_span;
		return;
	}
	struct diag *d = diag_add(r->ds, 106, n->key_span, "a step has one action, and `%s` is a second one",
				  action_names[action]);
	diag_label(r->ds, d, s->action_span, "the first");
	diag_help(r->ds, d, "make two steps, or a block with `steps:`");
}

static void read_shell(struct reader *r, const struct node *v, int8_t *out)
{
	uint8_t i;
	/* `shell: systemctl restart x`: the word of other tools for `run` */
	if (v->kind == NODE_SCALAR && str_find(v->text, STR(" ")) >= 0) {
		struct diag *d = diag_add(r->ds, 104, v->span, "`shell` names a shell and does not run a command");
		diag_help(r->ds, d, "write `run: " STR_FMT "`", STR_ARG(str_slice(v->text, 0, 60)));
		return;
	}
	if (read_enum(r, v, shell_words, &i))
		*out = (int8_t)i;
}

static void read_action(struct reader *r, const struct key *k, const struct node *n, const struct node *v, struct step *s)
{
	enum action a = ACT_RUN;
	while (a + 1 < ACT_COUNT && strcmp(action_names[a], k->name))
		a++;
	bool first = s->action == ACT_NONE;
	set_action(r, s, a, v);
	if (!first)
		return;
	switch (a) {
	case ACT_RUN: read_run(r, v, s); break;
	case ACT_HTTP: read_http(r, v, &s->http); break;
	case ACT_USES: read_uses(r, v, node_get(n, "with"), s); break;
	case ACT_STEPS:
		read_steps(r, v, &s->steps);
		if (v->kind == NODE_SEQ && !v->count)
			diag_help(r->ds, diag_add(r->ds, 107, v->key_span, "`steps` has no step"), "add one, or remove the block");
		break;
	case ACT_WAIT: read_wait(r, v, &s->wait); break;
	case ACT_CONFIRM: read_lines(r, v, &s->confirm); break;
	case ACT_APPROVE: read_approve(r, v, &s->approve); break;
	case ACT_ASK: read_ask(r, v, s); break;
	case ACT_CHECKLIST: read_argv(r, v, &s->checklist); break;
	case ACT_NOTIFY: read_notify(r, v, &s->notify); break;
	case ACT_RENDER: read_render(r, v, &s->render); break;
	case ACT_METRIC: read_metric(r, v, &s->metric); break;
	default: break;
	}
}

/* Modifiers that decide when and how often. */
static bool read_control(struct reader *r, const struct key *k, const struct node *v, struct step *s)
{
	static const char *const on_fail_words[] = { "fail", "continue", "undo", "pause", NULL };
	uint8_t i;
	switch (k->id) {
	case KEY_STEP_if: read_expr(r, v, &s->if_); return true;
	case KEY_STEP_guard: read_guards(r, v, s); return true;
	case KEY_STEP_foreach: read_foreach(r, v, s); return true;
	case KEY_STEP_as:
		if (read_word(r, v, &more_of(r, s)->foreach.as) && !read_name(r, v->text, v->span, NAME_ID, "a loop's item"))
			more_of(r, s)->foreach.as = STR("");
		return true;
	case KEY_STEP_parallel: read_unit(r, v, V_INT, 1, &more_of(r, s)->parallel); return true;
	case KEY_STEP_timeout: read_duration(r, v, &s->timeout); return true;
	case KEY_STEP_grace: read_duration(r, v, &more_of(r, s)->grace); return true;
	case KEY_STEP_planned: read_duration(r, v, &more_of(r, s)->planned); return true;
	case KEY_STEP_escalate: read_escalate(r, v, &more_of(r, s)->escalate); return true;
	case KEY_STEP_retry: {
		struct retry *own = arena_alloc(r->a, sizeof *own);
		s->retry = read_retry(r, v, own) ? own : NULL;
		return true;
	}
	case KEY_STEP_expect: read_expr(r, v, &s->expect); return true;
	case KEY_STEP_on_fail:
		if (read_enum(r, v, on_fail_words, &i))
			s->on_fail = (uint8_t)(ON_FAIL_FAIL + i);
		return true;
	default: return false;
	}
}

static void read_modifier(struct reader *r, const struct key *k, const struct node *v, struct step *s)
{
	static const char *const effect_words[] = { "read", "write", NULL };
	uint8_t i;
	switch (k->id) {
	case KEY_STEP_id:
		if (read_word(r, v, &s->id)) {
			s->id_span = v->span;
			if (!read_name(r, s->id, v->span, NAME_ID, "a step"))
				s->id = STR("");
		}
		break;
	case KEY_STEP_name: read_text(r, v, &more_of(r, s)->name); break;
	case KEY_STEP_about: read_lines(r, v, &more_of(r, s)->about); break;
	case KEY_STEP_effect:
		if (read_enum(r, v, effect_words, &i))
			s->effect = (uint8_t)(EFFECT_READ + i);
		break;
	case KEY_STEP_probe:
		if (read_is_map(r, v, "a probe is a step: probe: { run: [...] }"))
			more_of(r, s)->probe = read_step(r, v);
		break;
	case KEY_STEP_rollback: read_steps(r, v, &s->rollback); break;
	case KEY_STEP_always: read_steps(r, v, &more_of(r, s)->always); break;
	case KEY_STEP_irreversible: read_text(r, v, &more_of(r, s)->irreversible); break;
	case KEY_STEP_preview: read_lines(r, v, &more_of(r, s)->preview); break;
	case KEY_STEP_parse: read_parse(r, v, s); break;
	case KEY_STEP_capture: read_named_exprs(r, v, "a capture", &s->captures, &s->capture_count); break;
	case KEY_STEP_env:
		read_named(r, v, DATA_STRING, NAME_ENV, "an environment variable", &s->env, &s->env_count);
		break;
	case KEY_STEP_stdin: read_text(r, v, &more_of(r, s)->stdin_); break;
	case KEY_STEP_dir: read_text(r, v, &more_of(r, s)->dir); break;
	case KEY_STEP_shell: read_shell(r, v, &s->shell); break;
	case KEY_STEP_idempotent: read_bool(r, v, &s->idempotent); break;
	default: break;
	}
}

/* Keys that mean something only beside another one. */
static void check_company(struct reader *r, const struct node *n, const struct step *s)
{
	if (s->more->foreach.as.n && !s->more->foreach.present)
		diag_help(r->ds, diag_add(r->ds, 115, node_get(n, "as")->key_span, "`as` needs `foreach`"),
			  "add `foreach: [a, b]`, or remove `as`");
	if (s->action != ACT_USES && node_get(n, "with"))
		diag_help(r->ds, diag_add(r->ds, 115, node_get(n, "with")->key_span, "`with` needs `uses`"),
			  "name the module: `uses: std/http@1` or `uses: ./health.yml`");
	if (s->action != ACT_NONE || s->guard_count || s->capture_count)
		return;
	const struct node *shell = node_get(n, "shell");
	bool said = node_get(n, "guard") || node_get(n, "capture"); /* was wrong, and has been said */
	if (said || (shell && shell->kind == NODE_SCALAR && str_find(shell->text, STR(" ")) >= 0))
		return;
	uint32_t unknown = 0;
	for (const struct node *c = n->first; c; c = c->next)
		unknown += !key_index_find(&r->keys, IN_STEP, c->key);
	if (unknown)
		return; /* most likely the action is the key that was not known */
	struct diag *d = diag_add(r->ds, 116, n->count ? n->first->key_span : n->span, "this step does nothing");
	diag_help(r->ds, d, "add an action (run, http, uses, steps, wait, confirm, approve, ask, checklist, notify, render, metric), a `guard` or a `capture`");
}

/* Has it one of the actions that stand in the last part of struct step? */
static bool has_tail(const struct node *n)
{
	for (const struct node *c = n->first; c; c = c->next) {
		if (c->key.n == 4 && (memcmp(c->key.p, "http", 4) == 0 || memcmp(c->key.p, "wait", 4) == 0))
			return true;
		if (c->key.n == 6 && (memcmp(c->key.p, "notify", 6) == 0 || memcmp(c->key.p, "render", 6) == 0 ||
				      memcmp(c->key.p, "metric", 6) == 0))
			return true;
		if (c->key.n == 7 && memcmp(c->key.p, "approve", 7) == 0)
			return true;
	}
	return false;
}

struct step *step_new(struct reader *r, const struct node *n)
{
	struct step *s = arena_alloc(r->a, has_tail(n) ? sizeof *s : offsetof(struct step, http));
	s->ix = r->steps++;
	s->span = n->span;
	s->node = n;
	s->more = &plain_step;
	s->shell = SHELL_UNSET;
	return s;
}

void read_step_key(struct reader *r, const struct key *k, const struct node *n, const struct node *v, struct step *s)
{
	if (k->action)
		read_action(r, k, n, v, s);
	else if (!read_control(r, k, v, s))
		read_modifier(r, k, v, s);
}

struct step *read_step(struct reader *r, const struct node *n)
{
	struct step *s = step_new(r, n);
	struct node *at = n->first, *v;
	for (const struct key *k; (k = read_next_key(r, IN_STEP, &at, &v));)
		read_step_key(r, k, n, v, s);
	check_company(r, n, s);
	if (s->action == ACT_ASK)
		read_ask_fields(r, s);
	if (s->more->foreach.present && !s->more->foreach.as.n)
		more_of(r, s)->foreach.as = STR("item");
	return s;
}

bool read_steps(struct reader *r, const struct node *n, struct step_list *out)
{
	out->present = true;
	out->span = n->key_span;
	if (!read_is_list(r, n, "each step starts with `- `"))
		return false;
	struct step **list = arena_array(r->a, n->count, sizeof(struct step *));
	uint32_t used = 0;
	for (const struct node *c = n->first; c; c = c->next) {
		if (c->kind == NODE_MAP) {
			list[used++] = read_step(r, c);
			continue;
		}
		struct diag *d = diag_add(r->ds, 102, c->span, "a step needs a map, not %s", node_kind_name(c));
		if (c->kind == NODE_SCALAR && c->text.n)
			diag_help(r->ds, d, "write `- run: " STR_FMT "`", STR_ARG(str_slice(c->text, 0, 60)));
		else
			diag_help(r->ds, d, "write `- run: [program, argument]`");
	}
	out->list = list;
	out->count = used;
	return true;
}
