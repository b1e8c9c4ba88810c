/*
 * compile: the second pass: every expression of the program, in running order,
 * so that a step's captures have types before they are read. Also where
 * secrets may flow, since that is a property of compiled expressions.
 */
#include "plan/check.h"

#include <string.h>

struct taint { const struct load *l; const struct prog_step *ps; bool found; };

static void note_secret(void *arg, struct ref ref, const struct expr *at)
{
	struct taint *t = arg;
	const struct load *l = t->l;
	(void)at;
	const struct type *type = NULL;
	if (ref.root == REF_SECRET)
		t->found = true;
	else if (ref.root == REF_INPUT)
		type = l->input_types[ref.a];
	else if (ref.root == REF_VAR)
		type = l->var_types[ref.a];
	else if (ref.root == REF_OWN && t->ps && t->ps->capture_types)
		type = t->ps->capture_types[ref.a];
	else if ((ref.root == REF_STEP || ref.root == REF_SELF) && ref.b >= STEP_EACH_FIELD) {
		const struct prog_step *ps = &l->p->steps[ref.a];
		uint32_t i = ref.b >= STEP_CAPTURE ? ref.b - STEP_CAPTURE : ref.b - STEP_EACH_FIELD;
		type = ps->capture_types && i < ps->ast->capture_count ? ps->capture_types[i] : NULL;
	}
	if (type && type_tainted(type))
		t->found = true;
}

static bool reads_secret(const struct place *at, const struct code *c)
{
	struct taint t = { at->l, at->ps, false };
	if (type_tainted(code_type(c)))
		return true;
	code_refs(c, note_secret, &t);
	return t.found;
}

bool reads_a_secret(const struct place *at, const struct data *d)
{
	if (d->kind == DATA_TEXT)
		for (uint32_t i = 0; i < d->tmpl->count; i++) {
			const struct expr *hole = d->tmpl->parts[i].hole;
			const struct code *c = hole ? at->l->p->codes.list[hole->id] : NULL;
			if (c && reads_secret(at, c))
				return true;
		}
	for (uint32_t i = 0; (d->kind == DATA_LIST || d->kind == DATA_MAP) && i < d->c.count; i++)
		if (reads_a_secret(at, &d->c.items[i]))
			return true;
	return false;
}

static void check_secret(const struct place *at, const struct expr *e, const struct code *c)
{
	struct load *l = at->l;
	if (at->secrets || !reads_secret(at, c))
		return;
	struct diag *d = diag_add(l->ds, 301, expr_span(e), "a secret cannot flow into `" STR_FMT "`", STR_ARG(at->what));
	if (str_eqz(at->what, "run"))
		diag_help(l->ds, d, "bind it with env: NAME: ${{ " STR_FMT " }}, and let the program read $NAME",
			  STR_ARG(str_slice(e->node->text, e->start, e->end)));
	else
		diag_help(l->ds, d, "secrets flow only to env, stdin, http, channels and secret inputs of modules");
}

const struct code *compile_expr(struct place *at, const struct expr *e, const struct type *want)
{
	struct load *l = at->l;
	if (!e)
		return NULL;
	const struct code *c = expr_compile(l->a, e, &at->scope, want, l->ds);
	l->p->codes.list[e->id] = c;
	if (c)
		check_secret(at, e, c);
	return c;
}

static struct str type_text(struct load *l, const struct type *t)
{
	struct buf b;
	buf_init(&b, 4096);
	type_print(t, &b);
	struct str s = arena_str(l->a, b.p, b.len);
	buf_release(&b);
	return s;
}

/* An exact hole keeps its type; where text is wanted it must have one. */
static void check_has_text(struct place *at, const struct expr *hole, const struct type *t, enum text_form form)
{
	struct load *l = at->l;
	bool list = (form == FORM_WORDS || form == FORM_NAMES) && t->kind == T_LIST;
	if (form == FORM_LINES && t->kind == T_LIST && l->options && l->options->ran)
		return; /* its step has failed then */
	if (list) {
		t = t->elem;
		if (t->kind == T_ANY)
			return; /* an empty list literal has no better type */
	} else if (form != FORM_TEXT && (t->optional || t->kind == T_NULL)) {
		if (t->kind == T_NULL)
			return;
		t = type_required(l->a, t); /* null drops the item out */
	}
	if (t->kind == T_ERROR || (type_has_text(t) && !t->optional))
		return;
	struct str name = type_text(l, t);
	struct str src = str_slice(hole->node->text, hole->start, hole->end);
	struct diag *d = diag_add(l->ds, 156, expr_span(hole), "`" STR_FMT "` needs text, and this is " STR_FMT,
				  STR_ARG(at->what), STR_ARG(name));
	if (list && t->optional)
		diag_help(l->ds, d, "an item may be null: write map(" STR_FMT ", x => x ?? '-')", STR_ARG(src));
	else if (t->optional)
		diag_help(l->ds, d, "write " STR_FMT " ?? '-', or show(" STR_FMT ")", STR_ARG(src), STR_ARG(src));
	else if (t->kind == T_LIST && form == FORM_LINES)
		diag_help(l->ds, d, "make it an item, `- ${{ " STR_FMT " }}`: each of its values is a line then", STR_ARG(src));
	else if (t->kind == T_LIST)
		diag_help(l->ds, d, "write join(" STR_FMT ", ' ')", STR_ARG(src));
	else
		diag_help(l->ds, d, "write str(" STR_FMT "), or to_json(...) or show(...)", STR_ARG(src));
}

struct hole_walk { struct place *at; enum text_form form; };

static void check_holes(struct place *at, const struct data *d, enum text_form form)
{
	struct load *l = at->l;
	if (d->kind == DATA_LIST || d->kind == DATA_MAP) {
		/* items of a list of words splice; values of a map are one text each, but in query and form */
		enum text_form inner = form == FORM_VALUE ? FORM_VALUE : d->kind == DATA_MAP && form != FORM_WORDS ? FORM_TEXT : FORM_WORDS;
		for (uint32_t i = 0; i < d->c.count; i++)
			check_holes(at, &d->c.items[i], inner);
		return;
	}
	if (d->kind != DATA_TEXT)
		return;
	const struct tmpl *t = d->tmpl;
	for (uint32_t i = 0; i < t->count; i++) {
		const struct expr *hole = t->parts[i].hole;
		const struct code *c = hole ? l->p->codes.list[hole->id] : NULL;
		if (!c)
			continue;
		check_secret(at, hole, c);
		if (t->exact && form != FORM_VALUE)
			check_has_text(at, hole, code_type(c), form);
	}
}

static bool has_hole(const struct data *d)
{
	if (d->kind == DATA_TEXT)
		return true;
	if (d->kind == DATA_LIST || d->kind == DATA_MAP)
		for (uint32_t i = 0; i < d->c.count; i++)
			if (has_hole(&d->c.items[i]))
				return true;
	return false;
}

void compile_data(struct place *at, const struct data *d, enum text_form form, const struct type *want)
{
	struct load *l = at->l;
	if (!has_hole(d))
		return;
	if (data_compile(l->a, d, &at->scope, want, &l->p->codes, l->ds))
		check_holes(at, d, form);
}

static void compile_guards(struct load *l, struct prog_step *ps)
{
	const struct step *s = ps->ast;
	struct place at;
	place_init(&at, l, ps, WHEN_BEFORE, "if");
	if (s->if_)
		compile_expr(&at, s->if_, &type_bool);
	at.what = STR("guard");
	for (uint32_t i = 0; i < s->guard_count; i++) {
		compile_expr(&at, s->guards[i].that, &type_bool);
		compile_data(&at, &s->guards[i].say, FORM_LINES, NULL);
	}
}

static const struct type *elem_of(struct load *l, const struct type *t, struct span at, const char *what)
{
	if (t->kind == T_LIST && !t->optional)
		return t->elem;
	if (t->kind == T_ERROR)
		return t;
	struct str name = type_text(l, t);
	struct diag *d = diag_add(l->ds, 157, at, "`%s` needs a list, and this is " STR_FMT, what, STR_ARG(name));
	if (t->kind == T_LIST)
		diag_help(l->ds, d, "it may be null: write `" STR_FMT " ?? []`", STR_ARG(str_trim(str_slice(at.src->text, at.start, at.end))));
	else if (t->kind == T_STRING)
		diag_help(l->ds, d, "write lines(...) or split(...), or a list: [a, b]");
	else if (t->kind == T_INT)
		diag_help(l->ds, d, "write range(...)");
	else if (t->kind == T_ANY)
		diag_help(l->ds, d, "a value from JSON has no type of its own: write map(...) with str(), int() ..., or capture the parts");
	return &type_error;
}

static void compile_foreach(struct load *l, struct prog_step *ps)
{
	const struct step *s = ps->ast;
	struct place at;
	place_init(&at, l, ps, WHEN_LOOP, "foreach");
	struct step_info *info = &l->info[s->ix];
	if (s->more->foreach.over) {
		const struct code *c = compile_expr(&at, s->more->foreach.over, NULL);
		info->item = c ? elem_of(l, code_type(c), expr_span(s->more->foreach.over), "foreach") : &type_error;
	} else if (s->more->foreach.matrix_count) {
		struct field *f = arena_array(l->a, s->more->foreach.matrix_count, sizeof *f);
		for (uint32_t i = 0; i < s->more->foreach.matrix_count; i++) {
			const struct named_data *m = &s->more->foreach.matrix[i];
			compile_data(&at, &m->data, FORM_VALUE, NULL);
			f[i].name = m->name;
			f[i].type = elem_of(l, data_type(l, &m->data), m->data.node->span, "foreach");
		}
		info->item = type_record(l->a, f, s->more->foreach.matrix_count);
	} else if (s->more->foreach.items.kind) {
		compile_data(&at, &s->more->foreach.items, FORM_VALUE, NULL);
		const struct type *t = data_type(l, &s->more->foreach.items);
		info->item = t->kind == T_LIST ? t->elem : &type_error;
	} else {
		info->item = &type_error;
	}
	at.what = STR("parallel");
	compile_data(&at, &s->more->parallel, FORM_VALUE, &type_int);
}

static void compile_retry(struct load *l, struct prog_step *ps, const struct retry *r)
{
	struct place at;
	place_init(&at, l, ps, WHEN_BEFORE, "retry");
	compile_data(&at, &r->max, FORM_VALUE, &type_int);
	compile_data(&at, &r->delay, FORM_VALUE, &type_duration);
	compile_data(&at, &r->backoff, FORM_VALUE, &type_float);
	compile_data(&at, &r->max_delay, FORM_VALUE, &type_duration);
	compile_data(&at, &r->jitter, FORM_VALUE, &type_percent);
	if (!r->when)
		return;
	at.when = WHEN_FAILED;
	compile_expr(&at, r->when, &type_bool);
}

static bool reads_output(void *arg, struct ref ref)
{
	(void)arg;
	return ref.root == REF_OUT || ref.root == REF_RAW || ref.root == REF_ERR;
}

static void want_output(struct prog_step *ps, const struct code *c)
{
	if (c && !ps->wants_output && code_reads(c, reads_output, NULL))
		ps->wants_output = true;
}

/* The one value, or {labels, value} of every series. NaN is no value: null. */
static const struct type *metric_type(struct load *l, const struct step *s)
{
	struct field *f;
	if (!s->metric.all)
		return &type_float;
	f = arena_array(l->a, 2, sizeof *f);
	f[0] = (struct field){ STR("labels"), type_map(l->a, &type_string) };
	f[1] = (struct field){ STR("value"), type_optional(l->a, &type_float) };
	return type_list(l->a, type_record(l->a, f, 2));
}

static void set_out_type(struct load *l, struct prog_step *ps)
{
	const struct step *s = ps->ast;
	ps->out_type = &type_string;
	if (s->parse == PARSE_LINES)
		ps->out_type = type_list(l->a, &type_string);
	else if (s->parse == PARSE_JSON)
		ps->out_type = &type_any;
	ps->wants_output = s->parse == PARSE_JSON || s->parse == PARSE_REGEX || s->action == ACT_METRIC;
	if (s->action == ACT_METRIC) {
		ps->out_type = metric_type(l, s);
		return;
	}
	if (s->parse != PARSE_REGEX)
		return;
	struct str why = STR("");
	uint32_t at = 0;
	struct regex *re = regex_new(&l->p->regexes, l->a, s->more->regex, &why, &at);
	ps->regex = re;
	ps->out_type = re ? regex_type(re, l->a) : &type_error;
	if (re && ps->out_type->kind == T_RECORD && !ps->out_type->field_count) {
		struct diag *d = diag_add(l->ds, 158, s->more->regex_span, "the pattern has no named group: `out` would be empty");
		diag_help(l->ds, d, "name what you need: (?<name>...)");
	}
	if (re)
		return;
	struct diag *d = diag_add(l->ds, 172, s->more->regex_span, "the pattern is wrong: " STR_FMT, STR_ARG(why));
	diag_help(l->ds, d, "patterns are PCRE2; quote them with single quotes");
}

static void compile_result(struct load *l, struct prog_step *ps)
{
	const struct step *s = ps->ast;
	struct place at;
	place_init(&at, l, ps, WHEN_RESULT, "capture");
	if (s->capture_count) {
		const struct type **types = arena_array(l->a, s->capture_count, sizeof *types);
		ps->capture_types = types;
		uint32_t outputs = ps->call ? ps->call->output_count : 0;
		for (uint32_t i = 0; i < outputs; i++) {
			types[i] = ps->call->unit->output_types[i];
			ps->secret_capture |= type_tainted(types[i]);
		}
		for (uint32_t i = outputs; i < s->capture_count; i++) {
			at.own = i;
			/* a capture of a secret is a secret itself: that is what `secret()` is for */
			at.secrets = true;
			if (s->action == ACT_ASK && i < s->ask.count) {
				types[i] = scope_input_type(l, &s->ask.fields[i]);
				at.secrets = false;
				continue;
			}
			const struct code *c = compile_expr(&at, s->captures[i].expr, NULL);
			types[i] = c ? code_type(c) : &type_error;
			at.secrets = false;
			if (c && !type_tainted(types[i]))
				check_secret(&at, s->captures[i].expr, c);
			if (type_tainted(types[i]))
				ps->secret_capture = true;
			want_output(ps, c);
		}
	}
	at.own = s->capture_count;
	at.what = STR("expect");
	if (s->expect)
		want_output(ps, compile_expr(&at, s->expect, &type_bool));
	if (s->retry) {
		compile_retry(l, ps, s->retry);
		if (s->retry->when)
			want_output(ps, l->p->codes.list[s->retry->when->id]);
	}
}

static void compile_ladder(struct load *l, struct prog_step *ps, const struct ladder *ladder)
{
	struct place at;
	place_init(&at, l, ps, ps ? WHEN_BEFORE : WHEN_TOP, "escalate");
	for (uint32_t i = 0; i < ladder->count; i++) {
		check_targets(l, &ladder->rungs[i].notify);
		compile_data(&at, &ladder->rungs[i].notify, FORM_NAMES, NULL);
		compile_data(&at, &ladder->rungs[i].say, FORM_LINES, NULL);
	}
}

static void compile_list(struct load *l, const struct step_list *list);

void compile_step(struct load *l, const struct step *s)
{
	struct prog_step *ps = &l->p->steps[s->ix];
	if (s->more->foreach.present || s->more->parallel.kind)
		compile_foreach(l, ps);
	if (s->more->escalate)
		compile_ladder(l, ps, s->more->escalate);
	if (s->if_ || s->guard_count)
		compile_guards(l, ps);
	compile_action(l, ps);
	if (s->action == ACT_STEPS)
		compile_list(l, &s->steps);
	if (s->more->probe)
		compile_step(l, s->more->probe);
	if (action_calls(s->action))
		set_out_type(l, ps);
	if (s->capture_count || s->expect || s->retry)
		compile_result(l, ps);
	compile_list(l, &s->rollback);
	compile_list(l, &s->more->always);
}

static void compile_list(struct load *l, const struct step_list *list)
{
	const struct step *s;
	EACH_STEP(s, list, i)
		compile_step(l, s);
}

static void compile_top(struct load *l)
{
	const struct runbook *rb = l->rb;
	struct place at;
	place_init(&at, l, NULL, WHEN_START, "vars");
	for (uint32_t i = 0; i < rb->var_count; i++) {
		compile_data(&at, &rb->vars[i].data, FORM_VALUE, NULL);
		l->var_types[i] = data_type(l, &rb->vars[i].data);
		l->vars_ready = i + 1;
	}
	at.when = WHEN_TOP;
	at.what = STR("title");
	compile_data(&at, &rb->title, FORM_TEXT, NULL);
	at.what = STR("about");
	compile_data(&at, &rb->about, FORM_LINES, NULL);
	at.what = STR("meta");
	compile_data(&at, &rb->meta, FORM_VALUE, NULL);
	at.what = STR("risks");
	compile_data(&at, &rb->risks, FORM_LINES, NULL);
	at.what = STR("roles");
	for (uint32_t i = 0; i < rb->role_count; i++) {
		compile_data(&at, &rb->roles[i].who, FORM_WORDS, NULL);
		compile_data(&at, &rb->roles[i].contact, FORM_TEXT, NULL);
	}
	if (rb->escalate)
		compile_ladder(l, NULL, rb->escalate);
	at.what = STR("lock");
	compile_data(&at, &rb->lock, FORM_TEXT, NULL);
	at.what = STR("defaults");
	compile_data(&at, &rb->defaults.dir, FORM_TEXT, NULL);
	compile_retry(l, NULL, &rb->defaults.retry);
	at.secrets = true;
	for (uint32_t i = 0; i < rb->defaults.env_count; i++)
		compile_data(&at, &rb->defaults.env[i].data, FORM_TEXT, NULL);
	at.what = STR("channels");
	for (uint32_t i = 0; i < rb->channel_count; i++) {
		const struct channel *ch = &rb->channels[i];
		compile_data(&at, &ch->argv, FORM_WORDS, NULL);
		compile_data(&at, &ch->url, FORM_TEXT, NULL);
		compile_data(&at, &ch->mail.server, FORM_TEXT, NULL);
		compile_data(&at, &ch->mail.user, FORM_TEXT, NULL);
		compile_data(&at, &ch->mail.from, FORM_TEXT, NULL);
		compile_data(&at, &ch->mail.to, FORM_NAMES, NULL);
	}
}

/* A module's results, read when all of its steps have run. */
static void compile_outputs(struct load *l)
{
	const struct runbook *rb = l->rb;
	const struct type **types = arena_array(l->a, rb->output_count, sizeof *types);
	struct place at;
	place_init(&at, l, NULL, WHEN_END, "outputs");
	at.secrets = true; /* what comes of a secret is one for the caller */
	for (uint32_t i = 0; i < rb->output_count; i++) {
		const struct code *c = compile_expr(&at, rb->outputs[i].expr, NULL);
		types[i] = c ? code_type(c) : &type_error;
		at.secrets = false;
		if (c && !type_tainted(types[i]))
			check_secret(&at, rb->outputs[i].expr, c);
		at.secrets = true;
	}
	l->unit->output_types = types;
}

void compile_program(struct load *l)
{
	const struct runbook *rb = l->rb;
	compile_top(l);
	compile_list(l, &rb->steps);
	for (int p = PHASE_PREFLIGHT; p <= PHASE_TEST; p++)
		compile_list(l, &rb->phases[p]);
	compile_outputs(l);
	if (!l->unit->index)
		monitors_compile(l);
	compile_list(l, &rb->rollback);
	compile_list(l, &rb->always);
	compile_list(l, &rb->phases[PHASE_REPORT]);
}
