/*
 * runbook: the top level of a runbook file. Phases are read in the order in
 * which they run, whatever their order in the file, so that a step's ix also
 * tells what runs before it.
 */
#include "syntax/runbook.h"

#include <string.h>

#include "syntax/runbook_read.h"

const char *const phase_names[PHASE_COUNT] = { "preflight", "plan", "act", "test", "report" };

static bool digits(struct str s, size_t *at)
{
	size_t from = *at;
	while (*at < s.n && s.p[*at] >= '0' && s.p[*at] <= '9')
		++*at;
	return *at > from && (*at == from + 1 || s.p[from] != '0');
}

/* semver.org 2.0.0, without checking the parts after - and + beyond their letters. */
static bool is_version(struct str s)
{
	size_t at = 0;
	for (int part = 0; part < 3; part++) {
		if (part && (at >= s.n || s.p[at++] != '.'))
			return false;
		if (!digits(s, &at))
			return false;
	}
	if (at == s.n)
		return true;
	if ((s.p[at] != '-' && s.p[at] != '+') || at + 1 == s.n)
		return false;
	for (at++; at < s.n; at++) {
		char c = s.p[at];
		bool ok = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
			  c == '.' || c == '+';
		if (!ok)
			return false;
	}
	return true;
}

static void read_version(struct reader *r, const struct node *n)
{
	if (!read_word(r, n, &r->rb->version) || is_version(r->rb->version))
		return;
	struct diag *d = diag_add(r->ds, 105, n->span, "`version` needs three numbers, not `" STR_FMT "`", STR_ARG(n->text));
	diag_help(r->ds, d, "for example 1.4.0");
}

static void read_language(struct reader *r, const struct node *n)
{
	if (!read_is_scalar(r, n, NULL))
		return;
	if (n->style == NODE_PLAIN && str_eqz(n->text, "1"))
		return;
	struct diag *d = diag_add(r->ds, 110, n->span, "version `" STR_FMT "` of the language is not known", STR_ARG(n->text));
	diag_help(r->ds, d, "write `runbook: 1`");
}

static void read_key(struct reader *r, const struct key *k, struct node *v)
{
	struct runbook *rb = r->rb;
	switch (k->id) {
	case KEY_TOP_runbook: read_language(r, v); break;
	case KEY_TOP_name:
		if (read_word(r, v, &rb->name)) {
			rb->name_span = v->span;
			read_name(r, rb->name, v->span, NAME_RUNBOOK, "a runbook");
		}
		break;
	case KEY_TOP_version: read_version(r, v); break;
	case KEY_TOP_title: read_text(r, v, &rb->title); break;
	case KEY_TOP_about: read_lines(r, v, &rb->about); break;
	case KEY_TOP_owners: read_words(r, v, &rb->owners, NULL); break;
	case KEY_TOP_meta:
		if (read_is_map(r, v, "write it as { name: value }"))
			read_json(r, v, &rb->meta);
		break;
	case KEY_TOP_inputs: read_inputs(r, v); break;
	case KEY_TOP_secrets: read_secrets(r, v); break;
	case KEY_TOP_vars: read_named(r, v, DATA_TYPED, NAME_ID, "a var", &rb->vars, &rb->var_count); break;
	case KEY_TOP_outputs: read_named_exprs(r, v, "an output", &rb->outputs, &rb->output_count); break;
	case KEY_TOP_files: read_files(r, v); break;
	case KEY_TOP_channels: read_channels(r, v); break;
	case KEY_TOP_roles: read_roles(r, v); break;
	case KEY_TOP_window: read_windows(r, v); break;
	case KEY_TOP_escalate: read_escalate(r, v, &rb->escalate); break;
	case KEY_TOP_risks: read_risks(r, v); break;
	case KEY_TOP_lock: read_text(r, v, &rb->lock); break;
	case KEY_TOP_rto: read_duration(r, v, &rb->rto); break;
	case KEY_TOP_planned: read_duration(r, v, &rb->planned); break;
	case KEY_TOP_timeout: read_duration(r, v, &rb->timeout); break;
	case KEY_TOP_defaults: read_defaults(r, v); break;
	default: break;
	}
}

/* Where the nodes of the step lists stand: read after all other keys, in running order. */
struct lists { struct node *phase[PHASE_COUNT], *rollback, *always, *steps, *monitors; };

static bool keep_list(struct reader *r, struct lists *l, const struct key *k, struct node *v)
{
	struct node **slot;
	switch (k->id) {
	case KEY_TOP_preflight: slot = &l->phase[PHASE_PREFLIGHT]; break;
	case KEY_TOP_plan: slot = &l->phase[PHASE_PLAN]; break;
	case KEY_TOP_act: slot = &l->phase[PHASE_ACT]; break;
	case KEY_TOP_test: slot = &l->phase[PHASE_TEST]; break;
	case KEY_TOP_report: slot = &l->phase[PHASE_REPORT]; break;
	case KEY_TOP_rollback: slot = &l->rollback; break;
	case KEY_TOP_always: slot = &l->always; break;
	case KEY_TOP_steps: slot = &l->steps; break;
	case KEY_TOP_monitors: slot = &l->monitors; break;
	default: return false;
	}
	if (!*slot) {
		*slot = v;
		return true;
	}
	/* `preflight` and `pre-flight` are two keys to YAML */
	struct diag *d = diag_add(r->ds, 133, v->key_span, "`preflight` is given twice");
	diag_label(r->ds, d, (*slot)->key_span, "the first");
	diag_help(r->ds, d, "keep one of them");
	return true;
}

static void read_lists(struct reader *r, const struct lists *l)
{
	struct runbook *rb = r->rb;
	if (l->steps) {
		read_steps(r, l->steps, &rb->steps);
		if (l->steps->kind == NODE_SEQ && !l->steps->count)
			diag_help(r->ds, diag_add(r->ds, 107, l->steps->key_span, "`steps` has no step"), "add one");
	}
	for (int p = PHASE_PREFLIGHT; p <= PHASE_TEST; p++)
		if (l->phase[p])
			read_steps(r, l->phase[p], &rb->phases[p]);
	if (r->module)
		return;
	if (l->rollback)
		read_steps(r, l->rollback, &rb->rollback);
	if (l->always)
		read_steps(r, l->always, &rb->always);
	if (l->phase[PHASE_REPORT])
		read_steps(r, l->phase[PHASE_REPORT], &rb->phases[PHASE_REPORT]);
	if (l->monitors)
		read_monitors(r, l->monitors);
}

/* A module has one list, and what belongs to a run as a whole has no place in it. */
static void check_module(struct reader *r, const struct node *n)
{
	static const char *const of_runs[] = { "preflight", "pre-flight", "plan", "act", "test", "report", "rollback", "always",
					       "lock", "rto", "risks", "monitors", NULL };
	const struct node *steps = node_get(n, "steps");
	for (int i = 0; steps && of_runs[i]; i++) {
		const struct node *other = node_get(n, of_runs[i]);
		if (!other)
			continue;
		struct diag *d = diag_add(r->ds, 114, other->key_span, "`%s` cannot stand beside `steps`", of_runs[i]);
		diag_label(r->ds, d, steps->key_span, "a module has this one list");
		diag_help(r->ds, d, i < 6 ? "name the phases, or put all steps into `steps`"
				    : i < 8 ? "put it into the step that it belongs to" : "it belongs to the runbook that uses the module");
	}
}

static void check_whole(struct reader *r, const struct node *n)
{
	struct span start = n->first ? n->first->key_span : n->span;
	bool any = node_get(n, "pre-flight") || node_get(n, "steps");
	for (int p = 0; p < PHASE_COUNT; p++)
		any |= node_get(n, phase_names[p]) != NULL;
	if (!node_get(n, "runbook")) {
		struct diag *d = diag_add(r->ds, 103, start, "`runbook` is missing at the top level");
		diag_help(r->ds, d, "start the file with `runbook: 1`");
	} else if (!str_eqz(n->first->key, "runbook")) {
		struct diag *d = diag_add(r->ds, 132, node_get(n, "runbook")->key_span, "`runbook` is not the first key");
		diag_help(r->ds, d, "move it to the top of the file");
	}
	if (!any) {
		struct diag *d = diag_add(r->ds, 103, start, "the runbook has no steps");
		diag_help(r->ds, d, "add a phase: preflight, plan, act, test or report");
	}
	check_module(r, n);
}

static struct runbook *parse(struct reader *r)
{
	struct arena *a = r->a;
	struct diags *ds = r->ds;
	const struct source *src = r->src;
	uint32_t first_step = r->steps, first_expr = r->exprs;
	struct node *n = node_read(a, src, NULL, ds);
	if (!n)
		return NULL;
	if (n->kind != NODE_MAP) {
		struct diag *d = diag_add(ds, 102, n->span, "a runbook needs a map, not %s", node_kind_name(n));
		diag_help(ds, d, "start the file with `runbook: 1`");
		return NULL;
	}
	key_index_init(&r->keys);
	r->rb = arena_alloc(a, sizeof *r->rb);
	r->rb->source = src;
	r->rb->node = n;
	r->rb->defaults.shell = SHELL_UNSET;
	struct lists lists = { 0 };
	struct node *at = n->first, *v;
	for (const struct key *k; (k = read_next_key(r, IN_TOP, &at, &v));)
		if (!keep_list(r, &lists, k, v))
			read_key(r, k, v);
	read_lists(r, &lists);
	check_whole(r, n);
	read_allows(r);
	r->rb->first_step = first_step;
	r->rb->first_expr = first_expr;
	r->rb->step_count = r->steps - first_step;
	r->rb->expr_count = r->exprs - first_expr;
	r->rb->uses = r->uses;
	r->rb->use_count = r->use_count;
	return r->rb;
}

struct runbook *runbook_parse(struct arena *a, const struct source *src, struct diags *ds)
{
	struct reader r = { .a = a, .ds = ds, .src = src };
	return parse(&r);
}

struct runbook *runbook_parse_module(struct arena *a, const struct source *src, uint32_t first_step, uint32_t first_expr,
				     struct diags *ds)
{
	struct reader r = { .a = a, .ds = ds, .src = src, .module = true, .steps = first_step, .exprs = first_expr };
	return parse(&r);
}
