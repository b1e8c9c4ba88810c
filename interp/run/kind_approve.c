#include "run/people.h"

#include "plan/listing.h"
#include "value/units.h"

/*
 * kind_approve: other people allow the run to go on. Who may is a role; the
 * operator never counts, nobody counts twice, and what they allow is the text
 * that they are shown: the plan with its inputs.
 */

enum { TEXT_MAX = 24 << 10, WHO_MAX = 1000 };

/* Index of a role of the file; its role_count if there is none. */
static uint32_t role_of(const struct runbook *rb, struct str name)
{
	uint32_t i = 0;

	while (i < rb->role_count && !str_eq(rb->roles[i].name, name))
		i++;
	return i;
}

/* What the site says of a role of this name. */
static const struct site_role *site_of(const struct engine *e, struct str name)
{
	uint32_t ix = role_of(e->p->rb, name);

	return e->setup->roles && ix < e->p->rb->role_count ? &e->setup->roles[ix] : NULL;
}

/* Fields that were asked for so far: the plan alone does not show them. */
static void put_given(struct frame *f, struct buf *out)
{
	const struct engine *e = f->e;

	for (uint32_t i = 0; i < e->p->step_count; i++) {
		const struct prog_step *ps = &e->p->steps[i];
		const struct outcome *o = &e->results.slots[ps->slot];

		if (ps->ast->action != ACT_ASK || ps->loop != NO_STEP || ps->ast->more->foreach.present || !o->captures)
			continue;
		for (uint32_t k = 0; k < ps->ast->ask.count; k++) {
			buf_printf(out, "  given " STR_FMT "." STR_FMT " = ", STR_ARG(ps->label), STR_ARG(ps->ast->ask.fields[k].name));
			value_show(o->captures[k], out);
			buf_addc(out, '\n');
		}
	}
}

static void put_part(struct frame *f, const struct data *d, struct buf *out)
{
	struct str text, error;
	bool unknown = false;

	if (d->kind == DATA_NONE || !eval_text(f, d, &text, &unknown, &error) || !text.n)
		return;
	buf_adds(out, text);
	buf_addc(out, '\n');
}

/* What the approvers see. */
static struct str approval_text(struct frame *f, struct str role, const struct str *who, uint32_t who_count, int64_t need)
{
	const struct run_setup *s = f->e->setup;
	struct buf b;
	struct str text;

	buf_init(&b, 16 << 20);
	buf_printf(&b, "run " STR_FMT ", step " STR_FMT ": approval by %lld of " STR_FMT " (", STR_ARG(f->e->run_id), STR_ARG(f->key),
		   (long long)need, STR_ARG(role));
	for (uint32_t i = 0; i < who_count; i++)
		buf_printf(&b, "%s" STR_FMT, i ? ", " : "", STR_ARG(who[i]));
	buf_printf(&b, "), not the operator " STR_FMT "\n", STR_ARG(s->operator_name));
	put_part(f, &f->ps->ast->more->name, &b);
	put_part(f, &f->ps->ast->more->about, &b);
	put_part(f, &f->ps->ast->more->preview, &b);
	buf_addc(&b, '\n');
	plan_text(f->e->p, s->inputs, s->revision >= REVISION_2 ? s->outside_window : STR(""), &b, false, 0, s->revision);
	put_given(f, &b);
	text = masked_text(f, arena_str(f->tmp, b.p, b.len));
	if (text.n > TEXT_MAX)
		text = arena_printf(f->tmp, STR_FMT "\n... cut here: `runbook plan` shows all\n", STR_ARG(rec_cut(f->e, text, TEXT_MAX)));
	buf_release(&b);
	return text;
}

static bool people_of(struct frame *f, struct str role, struct str **who, uint32_t *n, struct str *error)
{
	const struct runbook *rb = f->ps->unit->rb; /* a module has roles of its own */
	const struct site_role *site = site_of(f->e, role);
	uint32_t ix = role_of(rb, role);
	bool unknown = false;

	*who = NULL;
	*n = 0;
	if (ix == rb->role_count)
		return true; /* cannot be: the checker has looked */
	if (site && site->who_count) {
		*who = arena_array(f->tmp, site->who_count, sizeof(**who));
		for (uint32_t i = 0; i < site->who_count; i++)
			(*who)[(*n)++] = site->who[i];
		return true;
	}
	return eval_words(f, &rb->roles[ix].who, who, n, &unknown, error);
}

static void approve_ask(struct frame *f)
{
	struct poll *p = f->poll;
	struct command *c = question_queue(f, ASK_APPROVE, OP_FOR_ACTION, str_of(p->subject), p->text);

	f->op = c->op;
}

static enum started approve_start(struct frame *f, const struct prog_step *ps, bool probe, struct str *error)
{
	const struct act_approve *ap = &ps->ast->approve;
	struct engine *e = f->e;
	struct str *who, *kept;
	struct poll *p;
	int64_t need = 1;
	uint32_t n;

	(void)probe;
	if (!eval_int(f, &ap->min, 1, &need, error) || !people_of(f, ap->from, &who, &n, error))
		return STARTED_FAIL;
	if (need < 1 || need > WHO_MAX || n > WHO_MAX) {
		*error = arena_printf(&e->arena, "`min` is %lld: it must be between 1 and %d", (long long)need, WHO_MAX);
		return STARTED_FAIL;
	}
	p = poll_new(f, ASK_APPROVE, approval_text(f, ap->from, who, n, need));
	kept = arena_array(&e->arena, n + 1U, sizeof(*kept));
	for (uint32_t i = 0; i < n; i++)
		kept[i] = arena_str(&e->arena, who[i].p, who[i].n);
	p->who = kept;
	p->who_count = n;
	p->need = (uint32_t)need;
	p->voices = arena_array(&e->arena, p->need, sizeof(*p->voices));
	approve_ask(f);
	return STARTED_WAIT;
}

static bool listed(const struct str *list, uint32_t n, struct str name)
{
	for (uint32_t i = 0; i < n; i++)
		if (str_eq(list[i], name))
			return true;
	return false;
}

/* Who runs it, or has run it before another one took over. */
static bool is_operator(const struct engine *e, const struct result *r)
{
	for (const struct operator *o = e->operators; o; o = o->next)
		if (str_eq(r->by, o->name) || (o->user.n && str_eq(r->by, o->user)) || (str_eqz(r->how, "file") && r->uid == o->uid))
			return true;
	return false;
}

static int approve_take(struct frame *f, const struct result *r, struct str *not_taken)
{
	struct poll *p = f->poll;
	struct engine *e = f->e;
	bool yes = str_eqz(r->answer, "yes");

	if (!listed(p->who, p->who_count, r->by)) {
		*not_taken = arena_printf(&e->arena, STR_FMT " is not in the role " STR_FMT, STR_ARG(r->by), STR_ARG(f->ps->ast->approve.from));
		return TAKE_MORE;
	}
	if (!yes) {
		p->refused = arena_printf(&e->arena, "rejected by " STR_FMT "%s" STR_FMT, STR_ARG(r->by), r->why.n ? ": " : "", STR_ARG(r->why));
		return TAKE_DONE;
	}
	if (is_operator(e, r))
		*not_taken = STR("who operates a run does not approve it");
	else if (listed(p->voices, p->voice_count, r->by))
		*not_taken = STR("the same person counts once");
	if (not_taken->n)
		return TAKE_MORE;
	p->voices[p->voice_count++] = arena_str(&e->arena, r->by.p, r->by.n);
	if (p->voice_count < p->need)
		return TAKE_MORE;
	f->out->text = STR("approved by ");
	for (uint32_t i = 0; i < p->voice_count; i++)
		f->out->text = arena_printf(&e->arena, STR_FMT "%s" STR_FMT, STR_ARG(f->out->text), i ? ", " : "", STR_ARG(p->voices[i]));
	if (str_eqz(f->ps->ast->approve.from, "executive"))
		e->executive = true;
	return TAKE_DONE;
}

static bool approve_success(const struct frame *f, const struct result *r)
{
	return r->end == END_ANSWER && f->poll->voice_count >= f->poll->need;
}

static void approve_describe(struct frame *f, const struct prog_step *ps, struct jsonw *w)
{
	jsonw_kstr(w, "from", ps->ast->approve.from);
	jsonw_kint(w, "min", f->poll->need);
}

const struct step_kind kind_approve = { .action = ACT_APPROVE, .name = "approve", .start = approve_start, .success = approve_success,
					.describe = approve_describe, .question = ASK_APPROVE, .ask = approve_ask, .take = approve_take };
