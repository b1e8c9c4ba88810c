/*
 * scope: what names mean in a runbook: the owner of eval's struct scope. Roots
 * and their refs are described in program.h. Whether a step may be read from a
 * place is visible.c's business.
 */
#include "plan/check.h"

#include <string.h>

const char *const run_field_names[RUN_FIELDS] = { "id", "status", "started", "took", "dry_run", "operator",
						  "phase", "planned", "steps", "issues" };
/* By enum step_field, up to STEP_EACH. */
const char *const step_field_names[] = { "status", "code", "took", "attempts", "started", "ended", "planned",
					 "error", "text", "each", NULL };
static const char *const roots[] = { "inputs", "vars", "secrets", "roles", "steps", "run", "risk", "now", NULL };
static const char *const locals[] = { "out", "raw", "err", "code", "headers", "took", NULL };
static const char *const words[] = { "self", "context", "true", "false", "null", "if", "then", "else", "and", "or",
				     "not", "in", "matches", "for", NULL };
enum { LOCAL_OUT, LOCAL_RAW, LOCAL_ERR, LOCAL_CODE, LOCAL_HEADERS, LOCAL_TOOK }; /* by locals */

static int find_word(const char *const *list, struct str name)
{
	for (int i = 0; list[i]; i++)
		if (str_eqz(name, list[i]))
			return i;
	return -1;
}

bool scope_is_reserved(struct str name)
{
	return find_word(roots, name) >= 0 || find_word(locals, name) >= 0 || find_word(words, name) >= 0;
}

bool scope_is_step_field(struct str name)
{
	return find_word(step_field_names, name) >= 0 || str_eqz(name, "item");
}

static const struct prog_step *step_at(const struct load *l, uint32_t ix)
{
	return ix == NO_STEP ? NULL : &l->p->steps[ix];
}

static const struct type *scalar_type(uint8_t decl)
{
	static const struct type *const types[] = { &type_string, &type_int, &type_float, &type_bool, &type_duration,
						    &type_size, &type_percent, &type_time };
	return decl < DECL_LIST ? types[decl] : &type_string;
}

const struct type *scope_input_type(struct load *l, const struct decl *d)
{
	const struct type *t = scalar_type(d->type);
	if (d->type == DECL_LIST)
		t = type_list(l->a, scalar_type(d->of));
	else if (d->type == DECL_MAP)
		t = type_map(l->a, scalar_type(d->of));
	else if (d->type == DECL_SECRET)
		t = type_secret(l->a, &type_string);
	return d->has_default && d->dflt.kind == V_NULL ? type_optional(l->a, t) : t;
}

/* run.steps and run.issues */
static const struct type *run_list_type(struct load *l, bool issues)
{
	struct arena *a = l->a;
	const struct type *text = type_optional(a, &type_string);
	struct field step[] = {
		{ STR("id"), text }, { STR("name"), &type_string }, { STR("phase"), &type_string }, { STR("parent"), text },
		{ STR("item"), &type_any }, { STR("status"), &type_status }, { STR("code"), type_optional(a, &type_int) },
		{ STR("took"), &type_duration }, { STR("attempts"), &type_int },
		{ STR("started"), type_optional(a, &type_time) }, { STR("ended"), type_optional(a, &type_time) },
		{ STR("error"), text }, { STR("text"), text },
	};
	struct field issue[] = { { STR("step"), text }, { STR("phase"), text }, { STR("severity"), &type_string },
				 { STR("text"), &type_string } };
	uint32_t n = issues ? sizeof issue / sizeof *issue : sizeof step / sizeof *step;
	struct field *kept = arena_array(a, n, sizeof *kept); /* type_record() borrows */
	memcpy(kept, issues ? issue : step, n * sizeof *kept);
	return type_list(a, type_record(a, kept, n));
}

static const struct type *run_type(struct load *l, int field)
{
	switch (field) {
	case RUN_STATUS: return &type_run_status;
	case RUN_STARTED: return &type_time;
	case RUN_TOOK: return &type_duration;
	case RUN_DRY_RUN: return &type_bool;
	case RUN_PLANNED: return l->rb->planned.kind ? &type_duration : type_optional(l->a, &type_duration);
	case RUN_STEPS: return run_list_type(l, false);
	case RUN_ISSUES: return run_list_type(l, true);
	default: return &type_string;
	}
}

/* Of a field of steps.ID; sure: it has completed. */
static const struct type *field_type(struct load *l, const struct step *s, int field, bool sure)
{
	switch (field) {
	case STEP_STATUS: return &type_status;
	case STEP_CODE:
		if (sure && !s->expect && action_calls(s->action))
			return &type_int;
		return type_optional(l->a, &type_int);
	case STEP_TOOK: return &type_duration;
	case STEP_ATTEMPTS: return &type_int;
	case STEP_STARTED:
	case STEP_ENDED: return sure ? &type_time : type_optional(l->a, &type_time);
	case STEP_PLANNED: return s->more->planned.kind ? &type_duration : type_optional(l->a, &type_duration);
	case STEP_TEXT:
		/* a report that did not render has no text, but the line before it in the list has run */
		return s->action == ACT_RENDER && !s->if_ ? &type_string : type_optional(l->a, &type_string);
	default: return type_optional(l->a, &type_string);
	}
}

static const struct type *capture_type(const struct prog_step *ps, uint32_t i)
{
	return ps->capture_types && ps->capture_types[i] ? ps->capture_types[i] : &type_error;
}

/* Fields of one record of `each`, or of a child in it. */
static uint32_t record_fields(struct load *l, const struct prog_step *ps, struct field *out)
{
	uint32_t n = 0;
	for (int f = STEP_STATUS; f <= STEP_TEXT; f++)
		if (f != STEP_PLANNED)
			out[n++] = (struct field){ str_of(step_field_names[f]), field_type(l, ps->ast, f, false) };
	for (uint32_t i = 0; i < ps->ast->capture_count; i++)
		out[n++] = (struct field){ ps->ast->captures[i].name, type_optional(l->a, capture_type(ps, i)) };
	return n;
}

static const struct type *each_type(struct load *l, const struct prog_step *ps)
{
	struct step_info *info = &l->info[ps->ast->ix];
	if (info->each)
		return info->each;
	uint32_t children = 0;
	for (uint32_t k = ps->ast->ix + 1; k < info->end; k++)
		children += l->p->steps[k].loop == ps->ast->ix && l->p->steps[k].ast->id.n;
	struct field *f = arena_array(l->a, 12 + ps->ast->capture_count + children, sizeof *f);
	uint32_t n = 0;
	f[n++] = (struct field){ STR("item"), info->item ? info->item : &type_any };
	n += record_fields(l, ps, f + n);
	for (uint32_t k = ps->ast->ix + 1; k < info->end; k++) {
		const struct prog_step *c = &l->p->steps[k];
		if (c->loop != ps->ast->ix || !c->ast->id.n)
			continue;
		struct field *cf = arena_array(l->a, 12 + c->ast->capture_count, sizeof *cf);
		uint32_t fields = record_fields(l, c, cf);
		if (c->ast->more->foreach.present)
			cf[fields++] = (struct field){ STR("each"), each_type(l, c) };
		f[n++] = (struct field){ c->ast->id, type_record(l->a, cf, fields) };
	}
	return info->each = type_list(l->a, type_record(l->a, f, n));
}

static void namespace_of(struct binding *out, enum ref_root root, uint32_t a)
{
	*out = (struct binding){ .type = &type_namespace, .ref = { (uint16_t)root, 0, a, 0 } };
}

static void value_of(struct binding *out, const struct type *t, enum ref_root root, uint32_t a, uint32_t b)
{
	*out = (struct binding){ .type = t, .ref = { (uint16_t)root, 0, a, b } };
}

/* The step whose rollback block holds the place, or NULL. */
static const struct prog_step *undo_owner(const struct place *at)
{
	const struct load *l = at->l;
	for (const struct prog_step *s = at->ps; s; s = step_at(l, s->parent))
		if (l->info[s->ast->ix].list == LIST_UNDO)
			return step_at(l, s->parent);
	return NULL;
}

static bool nothing(struct binding *out)
{
	value_of(out, &type_error, REF_NOW, 0, 0);
	return true;
}

/* A sample that failed has no figures. */
static void no_figures(struct str name, struct span span, struct diags *ds)
{
	struct diag *d = diag_add(ds, 169, span, "a rule on `failed` cannot read `" STR_FMT "`: a sample that failed has no figures", STR_ARG(name));
	diag_help(ds, d, "make two rules, one on `failed` and one on the figures");
}

/* What of a sample is kept, so that its rules can be asked again in a replay. */
static bool rule_has(const struct place *at, int which, struct span span, struct diags *ds)
{
	if (which == LOCAL_CODE || which == LOCAL_TOOK)
		return true;
	if (at->failed) {
		no_figures(str_of(locals[which]), span, ds);
		return false;
	}
	if (which == LOCAL_OUT)
		return true;
	struct diag *d = diag_add(ds, 169, span, "a rule cannot read `%s`: it is not kept with the samples", locals[which]);
	diag_help(ds, d, "capture what the rule needs, and name the capture");
	return false;
}

static bool local_name(const struct place *at, int which, struct span span, struct diags *ds, struct binding *out)
{
	static const uint16_t refs[] = { REF_OUT, REF_RAW, REF_ERR, REF_CODE, REF_HEADERS, REF_TOOK };
	const struct prog_step *ps = at->ps;
	struct load *l = at->l;
	uint8_t action = ps ? ps->ast->action : (uint8_t)ACT_NONE;
	bool output = action_calls(action);
	if (at->when < WHEN_FAILED || !ps) {
		struct diag *d = diag_add(ds, 154, span, "`%s` is known only after an attempt", locals[which]);
		diag_help(ds, d, "use it in `capture`, `expect` or `retry.if`, or read an earlier step: steps.ID.NAME");
		return nothing(out);
	}
	bool has = which == LOCAL_TOOK || (which == LOCAL_HEADERS ? action == ACT_HTTP : output && !(which == LOCAL_ERR && action == ACT_METRIC));
	if (!has) {
		struct diag *d = diag_add(ds, 154, span, "`%s` does not exist here: this step has no %s", locals[which],
					  which == LOCAL_HEADERS ? "`http`" : which == LOCAL_ERR && output ? "`run`" : "`run` and no `http`");
		diag_help(ds, d, output ? which == LOCAL_ERR ? "only programs have a standard error" : "only http answers have headers"
					: "read the step that has it: steps.ID.NAME");
		return nothing(out);
	}
	if (at->when == WHEN_RULE && !rule_has(at, which, span, ds))
		return nothing(out);
	const struct type *t = &type_string;
	if (which == LOCAL_OUT)
		t = ps->out_type ? ps->out_type : &type_string;
	else if (which == LOCAL_CODE)
		t = at->failed ? type_optional(l->a, &type_int) : &type_int;
	else if (which == LOCAL_HEADERS)
		t = type_map(l->a, &type_string);
	else if (which == LOCAL_TOOK)
		t = &type_duration;
	value_of(out, t, refs[which], 0, 0);
	return true;
}

/* A loop's item, from the inside out. */
static bool loop_name(const struct place *at, struct str name, struct binding *out)
{
	const struct load *l = at->l;
	bool own = at->when != WHEN_LOOP;
	for (const struct prog_step *s = at->ps; s; s = step_at(l, s->parent), own = true) {
		if (!own || !s->ast->more->foreach.present || !str_eq(s->ast->more->foreach.as, name))
			continue;
		const struct type *t = l->info[s->ast->ix].item;
		value_of(out, t ? t : &type_error, REF_ITEM, s->ast->ix, 0);
		return true;
	}
	return false;
}

static bool own_capture(const struct place *at, struct str name, struct span span, struct diags *ds, struct binding *out)
{
	const struct prog_step *ps = at->ps;
	int64_t i = ps ? capture_index(at->l, ps, name) : -1;
	if (i < 0)
		return false;
	const struct named_expr *c = &ps->ast->captures[i];
	if (at->when < WHEN_FAILED) {
		struct diag *d = diag_add(ds, 154, span, "capture `" STR_FMT "` is known only after an attempt", STR_ARG(name));
		diag_label(ds, d, c->span, "captured here");
		diag_help(ds, d, "use it in `expect`, which is checked after each attempt, or in the guard of a later step: steps.ID." STR_FMT,
			  STR_ARG(name));
		return nothing(out);
	}
	if (i >= at->own) {
		struct diag *d = diag_add(ds, 150, span, "capture `" STR_FMT "` comes later", STR_ARG(name));
		diag_label(ds, d, c->span, "it is here");
		diag_help(ds, d, "captures are evaluated in order: move it up");
		return nothing(out);
	}
	const struct type *t = capture_type(ps, (uint32_t)i);
	if (at->failed) {
		no_figures(name, span, ds);
		return nothing(out);
	}
	value_of(out, at->when == WHEN_FAILED ? type_optional(at->l->a, t) : t, REF_OWN, (uint32_t)i, 0);
	return true;
}

static bool scope_name(const struct scope *s, struct str name, struct span span, struct diags *ds, struct binding *out)
{
	const struct place *at = s->owner;
	static const uint16_t refs[] = { REF_INPUT, REF_VAR, REF_SECRET, REF_ROLE, REF_STEP, REF_RUN, REF_RISK };
	if (loop_name(at, name, out))
		return true;
	int which = find_word(roots, name);
	if (which >= 0 && which < 7) {
		namespace_of(out, refs[which], NO_STEP);
		return true;
	}
	if (which == 7) {
		value_of(out, &type_time, REF_NOW, 0, 0);
		return true;
	}
	if (at->when == WHEN_RULE && str_eqz(name, "failed")) {
		value_of(out, &type_bool, REF_FAILED, 0, 0);
		return true;
	}
	if (str_eqz(name, "self")) {
		const struct prog_step *owner = undo_owner(at);
		if (owner) {
			namespace_of(out, REF_SELF, owner->ast->ix);
			return true;
		}
		struct diag *d = diag_add(ds, 154, span, "`self` exists only in the rollback block of a step");
		diag_help(ds, d, "write `steps.ID`");
		return nothing(out);
	}
	which = find_word(locals, name);
	if (which >= 0)
		return local_name(at, which, span, ds, out);
	return own_capture(at, name, span, ds, out);
}

static bool index_of(const struct map *m, struct str name, uint32_t *i)
{
	const void *v = map_get(m, name);
	if (!v)
		return false;
	*i = (uint32_t)((uintptr_t)v - 1);
	return true;
}

static bool var_member(const struct place *at, struct str name, struct span span, struct diags *ds, struct binding *out)
{
	struct load *l = at->l;
	uint32_t i;
	if (!index_of(&l->vars, name, &i))
		return false;
	if (i >= l->vars_ready) {
		struct diag *d = diag_add(ds, 150, span, "var `" STR_FMT "` comes later", STR_ARG(name));
		diag_label(ds, d, l->rb->vars[i].span, "it is here");
		diag_help(ds, d, "vars are evaluated in order: move it up");
		return nothing(out);
	}
	value_of(out, l->var_types[i], REF_VAR, i, 0);
	return true;
}

static bool secret_member(const struct place *at, struct str name, struct binding *out)
{
	uint32_t i;
	if (!index_of(&at->l->secrets, name, &i))
		return false;
	value_of(out, type_secret(at->l->a, &type_string), REF_SECRET, at->l->unit->first_secret + i, 0);
	return true;
}

/* roles.NAME, then .who and .contact */
static bool role_member(const struct place *at, const struct binding *of, struct str name, struct binding *out)
{
	struct load *l = at->l;
	uint32_t i;
	if (of->ref.a == NO_STEP) {
		if (!index_of(&l->roles, name, &i))
			return false;
		namespace_of(out, REF_ROLE, i);
		return true;
	}
	if (str_eqz(name, "who"))
		value_of(out, type_list(l->a, &type_string), REF_ROLE, of->ref.a, 0);
	else if (str_eqz(name, "contact"))
		value_of(out, l->rb->roles[of->ref.a].contact.kind ? &type_string : type_optional(l->a, &type_string), REF_ROLE, of->ref.a, 1);
	else
		return false;
	return true;
}

static struct str capture_note(struct load *l, const struct named_expr *c)
{
	if (!c->expr || !c->expr->node || c->expr->node->kind != NODE_SCALAR || c->span.src != l->rb->source)
		return STR("");
	/* a place costs the length of its line: not for files that are one line */
	uint32_t back = 0;
	while (back < 500 && back < c->span.start && c->span.src->text.p[c->span.start - back - 1] != '\n')
		back++;
	if (back == 500)
		return STR("");
	struct position p = source_locate(c->span.src, c->span.start);
	return arena_printf(l->a, "captured at %u:%u as " STR_FMT, p.line, p.column,
			    STR_ARG(str_slice(str_trim(c->expr->node->text), 0, 120)));
}

static bool step_member(const struct place *at, const struct binding *of, struct str name, struct span span,
			struct diags *ds, struct binding *out)
{
	struct load *l = at->l;
	if (of->ref.root == REF_STEP && of->ref.a == NO_STEP) {
		const struct prog_step *target = map_get(&l->ids, name);
		if (!target)
			return false;
		struct sighting seen = visible_from(at, target, span, ds);
		if (seen.sight == NOT_SEEN)
			return nothing(out);
		namespace_of(out, seen.sight == SEEN_OWN_UNDO ? REF_SELF : REF_STEP, target->ast->ix);
		out->ref.b = seen.sight == SEEN_MAYBE; /* not sure: its captures are T? */
		if (seen.why) {
			out->note = arena_printf(l->a, "`steps." STR_FMT "` %s", STR_ARG(name), seen.why);
			out->note_span = seen.why_span;
		}
		return true;
	}
	const struct prog_step *ps = &l->p->steps[of->ref.a];
	bool self = of->ref.root == REF_SELF, loop = ps->ast->more->foreach.present && !self;
	bool sure = !self && !of->ref.b;
	enum ref_root root = (enum ref_root)of->ref.root;
	int field = find_word(step_field_names, name);
	if (field == STEP_EACH && loop) {
		value_of(out, each_type(l, ps), root, ps->ast->ix, STEP_EACH);
		return true;
	}
	if (field >= 0 && field != STEP_EACH) {
		value_of(out, field_type(l, ps->ast, field, sure), root, ps->ast->ix, (uint32_t)field);
		out->note = of->note;
		out->note_span = of->note_span;
		return true;
	}
	int64_t found = capture_index(l, ps, name);
	if (found < 0) /* of a module that could not be had, which has been said */
		return ps->ast->action == ACT_USES && !ps->call && nothing(out);
	uint32_t i = (uint32_t)found;
	const struct named_expr *c = &ps->ast->captures[i];
	const struct type *t = capture_type(ps, i);
	if (loop)
		value_of(out, type_list(l->a, type_optional(l->a, t)), root, ps->ast->ix, STEP_EACH_FIELD + i);
	else
		value_of(out, sure ? t : type_optional(l->a, t), root, ps->ast->ix, STEP_CAPTURE + i);
	out->note = sure ? capture_note(l, c) : of->note;
	out->note_span = sure ? c->span : of->note_span;
	return true;
}

/* A module sees what it was given, nothing of the runbook around it. */
static bool not_in_modules(struct str name, const char *of, struct span span, struct diags *ds, struct binding *out)
{
	struct diag *d = diag_add(ds, 154, span, "`%s." STR_FMT "` does not exist in a module", of, STR_ARG(name));
	diag_help(ds, d, "give what is needed as an input");
	return nothing(out);
}

static bool scope_member(const struct scope *s, const struct binding *of, struct str name, struct span span,
			 struct diags *ds, struct binding *out)
{
	const struct place *at = s->owner;
	struct load *l = at->l;
	uint32_t i;
	switch (of->ref.root) {
	case REF_INPUT:
		if (!index_of(&l->inputs, name, &i))
			return false;
		value_of(out, l->input_types[i], REF_INPUT, i, 0);
		out->note = STR("declared here");
		out->note_span = l->rb->inputs[i].span;
		return true;
	case REF_VAR: return var_member(at, name, span, ds, out);
	case REF_SECRET: return secret_member(at, name, out);
	case REF_RUN:
		for (i = 0; i < RUN_FIELDS && !str_eqz(name, run_field_names[i]); i++)
			continue;
		if (i == RUN_FIELDS)
			return false;
		if (l->unit->index && (i == RUN_STEPS || i == RUN_ISSUES || i == RUN_PLANNED))
			return not_in_modules(name, "run", span, ds, out);
		value_of(out, run_type(l, (int)i), REF_RUN, i, 0);
		return true;
	case REF_RISK:
		if (!str_eqz(name, "score") && !str_eqz(name, "level"))
			return false;
		if (l->unit->index)
			return not_in_modules(name, "risk", span, ds, out);
		value_of(out, str_eqz(name, "score") ? &type_int : &type_string, REF_RISK, str_eqz(name, "level"), 0);
		return true;
	case REF_ROLE: return role_member(at, of, name, out);
	case REF_STEP:
	case REF_SELF: return step_member(at, of, name, span, ds, out);
	default: return false;
	}
}

static void root_names(const struct place *at, void (*each)(void *arg, struct str), void *arg)
{
	const struct load *l = at->l;
	for (int i = 0; roots[i]; i++)
		each(arg, str_of(roots[i]));
	for (const struct prog_step *s = at->ps; s; s = step_at(l, s->parent))
		if (s->ast->more->foreach.present)
			each(arg, s->ast->more->foreach.as);
	if (at->when < WHEN_FAILED || !at->ps)
		return;
	for (int i = 0; locals[i]; i++)
		each(arg, str_of(locals[i]));
	if (at->when == WHEN_RULE)
		each(arg, STR("failed"));
	for (uint32_t i = 0; i < at->own && i < at->ps->ast->capture_count; i++)
		each(arg, at->ps->ast->captures[i].name);
}

static void step_names(const struct place *at, const struct binding *of, void (*each)(void *arg, struct str), void *arg)
{
	const struct load *l = at->l;
	if (of->ref.a == NO_STEP) {
		for (size_t i = 0; i < l->ids.count; i++)
			each(arg, l->ids.entries[i].key);
		return;
	}
	const struct step *s = l->p->steps[of->ref.a].ast;
	for (uint32_t i = 0; i < s->capture_count; i++)
		each(arg, s->captures[i].name);
	for (int i = 0; step_field_names[i]; i++)
		if (i != STEP_EACH || (s->more->foreach.present && of->ref.root == REF_STEP))
			each(arg, str_of(step_field_names[i]));
}

static void scope_names(const struct scope *s, const struct binding *of, void (*each)(void *arg, struct str), void *arg)
{
	const struct place *at = s->owner;
	const struct runbook *rb = at->l->rb;
	if (!of) {
		root_names(at, each, arg);
		return;
	}
	switch (of->ref.root) {
	case REF_INPUT:
		for (uint32_t i = 0; i < rb->input_count; i++)
			each(arg, rb->inputs[i].name);
		break;
	case REF_VAR:
		for (uint32_t i = 0; i < rb->var_count; i++)
			each(arg, rb->vars[i].name);
		break;
	case REF_SECRET:
		for (uint32_t i = 0; i < rb->secret_count; i++)
			each(arg, rb->secrets[i].name);
		break;
	case REF_RUN:
		for (int i = 0; i < RUN_FIELDS; i++)
			each(arg, str_of(run_field_names[i]));
		break;
	case REF_ROLE:
		for (uint32_t i = 0; i < rb->role_count && of->ref.a == NO_STEP; i++)
			each(arg, rb->roles[i].name);
		if (of->ref.a != NO_STEP) {
			each(arg, STR("who"));
			each(arg, STR("contact"));
		}
		break;
	case REF_RISK:
		each(arg, STR("score"));
		each(arg, STR("level"));
		break;
	case REF_STEP:
	case REF_SELF: step_names(at, of, each, arg); break;
	default: break;
	}
}

void place_init(struct place *p, struct load *l, const struct prog_step *ps, enum moment when, const char *what)
{
	*p = (struct place){ .scope = { scope_name, scope_member, scope_names, p },
			     .l = l, .ps = ps, .when = (uint8_t)when, .own = UINT32_MAX, .what = str_of(what) };
}
