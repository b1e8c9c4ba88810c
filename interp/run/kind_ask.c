#include "run/people.h"

/*
 * kind_ask: the operator fills in values, one question for each; answers are
 * checked like inputs and asked for again until they fit. At a terminal a list
 * is asked for element by element until an empty answer.
 */

enum { LIST_MAX = 100 };

static uint32_t next_field(const struct poll *p)
{
	uint32_t i = 0;

	while (i < p->count && p->given[i])
		i++;
	return i;
}

/* How a value of the type is written, for people; "": that goes without saying. */
static const char *written(uint8_t type)
{
	switch (type) {
	case DECL_BOOL: return ": true | false";
	case DECL_DURATION: return " such as 90s or 10m";
	case DECL_SIZE: return " such as 5MiB";
	case DECL_PERCENT: return " such as 2.5%";
	case DECL_TIME: return " such as 2026-01-31T10:00:00Z";
	default: return "";
	}
}

static void put_bound(struct buf *b, const struct decl *d, bool has, const char *before, struct value v)
{
	if (!has)
		return;
	buf_addz(b, before);
	value_show(v, b);
	buf_addz(b, d->type == DECL_LIST || d->type == DECL_MAP ? " of them" : d->type == DECL_STRING ? " characters" : "");
}

static void put_rules(const struct frame *f, const struct decl *d, struct buf *b)
{
	bool more = f->e->setup->revision >= REVISION_2;

	buf_printf(b, " (%s", decl_type_names[d->type]);
	if (d->type == DECL_LIST || d->type == DECL_MAP)
		buf_printf(b, " of %s", decl_type_names[d->of]);
	if (more && !d->choice_count)
		buf_addz(b, written(d->type));
	for (uint32_t i = 0; i < d->choice_count; i++) {
		buf_addz(b, i ? " | " : ": ");
		value_show(d->choices[i], b);
	}
	if (d->pattern.n)
		buf_printf(b, ", like " STR_FMT, STR_ARG(d->pattern));
	if (more) {
		put_bound(b, d, d->has_min, ", at least ", d->min);
		put_bound(b, d, d->has_max, ", at most ", d->max);
	}
	if (d->has_default) {
		buf_addz(b, ", empty: ");
		value_show(d->dflt, b);
	}
	buf_addc(b, ')');
}

/* "ticket (string, like ^CR-\d+$): the change request" */
static struct str field_prompt(struct frame *f, const struct decl *d)
{
	struct poll *p = f->poll;
	struct str text;
	struct buf b;

	buf_init(&b, 32 << 10);
	if (p->problem.n)
		buf_printf(&b, STR_FMT "\n", STR_ARG(p->problem));
	if (!p->done && !p->list_count && !p->problem.n && p->text.n)
		buf_printf(&b, STR_FMT "\n", STR_ARG(p->text));
	if (d->help.n && !p->problem.n && !p->list_count)
		buf_printf(&b, STR_FMT "\n", STR_ARG(d->help));
	buf_adds(&b, d->name);
	if (d->type == DECL_LIST && p->list_count) {
		buf_printf(&b, "[%u] (%s, empty: no more)", p->list_count, decl_type_names[d->of]);
	} else {
		if (d->type == DECL_LIST)
			buf_addz(&b, "[0]");
		put_rules(f, d, &b);
	}
	buf_addz(&b, ": ");
	text = arena_str(&f->e->arena, b.p, b.len);
	buf_release(&b);
	return text;
}

/* An answer given beforehand; or the default, where nobody is there to leave a field empty. */
static void give_preset(struct frame *f, const struct decl *d, struct command *c)
{
	const struct engine *e = f->e;

	c->question.preset = preset_answer(f, d->name);
	if (c->question.preset.n || e->interactive || e->setup->dry_run || !decl_default_text(&f->e->arena, d, &c->question.preset))
		return;
	c->question.preset_by = STR("default");
}

static void ask_ask(struct frame *f)
{
	struct poll *p = f->poll;
	uint32_t i = next_field(p);
	const struct decl *d = &f->ps->ast->ask.fields[i];
	struct command *c = question_queue(f, ASK_VALUE, OP_FOR_ACTION, str_of(p->subject), field_prompt(f, d));

	c->question.item = d->name;
	if (!p->problem.n && !p->list_count)
		give_preset(f, d, c);
	f->op = c->op;
}

/* For those who answer from elsewhere. */
static const struct str *field_texts(struct frame *f)
{
	const struct act_ask *ask = &f->ps->ast->ask;
	struct str *list = arena_array(&f->e->arena, ask->count + 1U, sizeof(*list));
	struct buf b;

	for (uint32_t i = 0; i < ask->count; i++) {
		buf_init(&b, 16 << 10);
		buf_adds(&b, ask->fields[i].name);
		put_rules(f, &ask->fields[i], &b);
		if (ask->fields[i].help.n)
			buf_printf(&b, ": " STR_FMT, STR_ARG(ask->fields[i].help));
		list[i] = arena_str(&f->e->arena, b.p, b.len);
		buf_release(&b);
	}
	return list;
}

static enum started ask_start(struct frame *f, const struct prog_step *ps, bool probe, struct str *error)
{
	struct engine *e = f->e;
	struct str text = STR("");
	bool unknown = false;
	struct poll *p;

	(void)probe;
	if (!eval_text(f, &ps->ast->more->about, &text, &unknown, error))
		return STARTED_FAIL;
	p = poll_new(f, ASK_VALUE, masked_text(f, text));
	p->count = ps->ast->ask.count;
	p->fields = arena_array(&e->arena, p->count + 1U, sizeof(*p->fields));
	p->given = arena_array(&e->arena, p->count + 1U, sizeof(*p->given));
	p->items = field_texts(f);
	if (!p->count)
		return STARTED_DONE;
	ask_ask(f);
	return STARTED_WAIT;
}

static int field_done(struct poll *p, uint32_t i, struct value v)
{
	p->fields[i] = v;
	p->done += !p->given[i];
	p->given[i] = true;
	p->list_count = 0;
	return next_field(p) < p->count ? TAKE_MORE : TAKE_DONE;
}

/* One element of a list, or its end. */
static int take_element(struct frame *f, const struct decl *d, uint32_t i, struct str text, struct str *not_taken)
{
	struct poll *p = f->poll;
	struct decl one = decl_element(d);
	struct value v;

	if (text.n) {
		if (p->list_count == LIST_MAX)
			*not_taken = STR("a list has 100 elements at most");
		else if (decl_parse(&f->e->arena, &one, text, &v, not_taken))
			p->list[p->list_count++] = v;
		return TAKE_MORE;
	}
	if (!p->list_count && d->has_default)
		return field_done(p, i, d->dflt);
	v = value_copy(&f->e->arena, value_list(p->list, p->list_count));
	if (decl_fits(&f->e->arena, d, v, not_taken))
		return field_done(p, i, v);
	p->list_count = 0;
	return TAKE_MORE;
}

static int ask_take(struct frame *f, const struct result *r, struct str *not_taken)
{
	struct poll *p = f->poll;
	struct arena *a = &f->e->arena;
	uint32_t i = next_field(p), named = 0;
	const struct decl *d;
	struct str text = str_trim(r->answer);
	struct value v;

	while (r->item.n && named < p->count && !str_eq(f->ps->ast->ask.fields[named].name, r->item))
		named++;
	if (named == p->count) {
		*not_taken = arena_printf(a, "the step has no field `" STR_FMT "`", STR_ARG(r->item));
		return TAKE_MORE;
	}
	if (r->item.n)
		i = named;
	d = &f->ps->ast->ask.fields[i];
	text = arena_str(a, text.p, text.n);
	if (str_eqz(r->how, "terminal")) {
		if (d->type == DECL_LIST && !str_starts(text, STR("["))) {
			if (!p->list)
				p->list = arena_array(a, LIST_MAX, sizeof(*p->list));
			return take_element(f, d, i, text, not_taken);
		}
		if (!text.n && d->has_default)
			return field_done(p, i, d->dflt);
		if (!text.n) {
			*not_taken = arena_printf(a, "`" STR_FMT "` needs a value", STR_ARG(d->name));
			return TAKE_MORE;
		}
	}
	if (!decl_parse(a, d, text, &v, not_taken))
		return TAKE_MORE;
	return field_done(p, i, v);
}

static bool ask_success(const struct frame *f, const struct result *r)
{
	return !f->poll->count || (r->end == END_ANSWER && f->poll->done == f->poll->count);
}

static void ask_describe(struct frame *f, const struct prog_step *ps, struct jsonw *w)
{
	jsonw_key(w, "fields");
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < ps->ast->ask.count && rec_room(f->e, 1024); i++)
		jsonw_str(w, ps->ast->ask.fields[i].name);
	jsonw_close(w, ']');
}

const struct step_kind kind_ask = { .action = ACT_ASK, .name = "ask", .start = ask_start, .success = ask_success,
				    .describe = ask_describe, .question = ASK_VALUE, .ask = ask_ask, .take = ask_take };
