#include "run/people.h"

#include "journal/output.h"
#include "run/message.h"

/*
 * people: questions and answers. A question is bound to a subject: the digest
 * of run, plan (program, version, inputs), step, attempt and the text shown; an
 * answer from a file names the subject that it is for, so it serves for
 * nothing else. Several answers to one step are several questions, one after
 * the other.
 */

void people_digest(const struct frame *f, const char *what, struct str text, char hex[65])
{
	const struct run_setup *s = f->e->setup;
	char shown[65];
	struct buf b;

	digest_hex(text, shown);
	buf_init(&b, 64 << 10);
	buf_printf(&b, "runbook-question/v1\n" STR_FMT "\n" STR_FMT "\n" STR_FMT "\n%s\n%u\n%s\n", STR_ARG(f->e->run_id), STR_ARG(s->plan),
		   STR_ARG(f->key), what, f->attempt, shown);
	digest_hex(buf_str(&b), hex);
	buf_release(&b);
}

const char *const question_names[] = { "confirm", "pause", "approve", "ask", "checklist", "window" };

struct poll *poll_new(struct frame *f, uint8_t what, struct str text)
{
	struct poll *p = arena_alloc(&f->e->arena, sizeof(*p));

	p->text = arena_str(&f->e->arena, text.p, text.n);
	people_digest(f, question_names[what], p->text, p->subject);
	f->poll = p;
	return p;
}

struct command *question_queue(struct frame *f, uint8_t what, uint8_t op_what, struct str subject, struct str text)
{
	struct command *c = op_queue(f, OP_QUESTION, op_what);
	struct engine *e = f->e;

	c->question.what = what;
	c->question.text = text;
	c->question.subject = subject;
	c->question.remote = true;
	c->question.taken = e->taken;
	c->question.taken_count = e->taken_len;
	e->must_sync = true;
	return c;
}

static void put_list(struct engine *e, struct jsonw *w, const char *name, const struct str *list, uint32_t n)
{
	if (!n)
		return;
	jsonw_key(w, name);
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < n && rec_room(e, REC_TEXT_MAX + 512); i++)
		jsonw_str(w, rec_cut(e, list[i], REC_TEXT_MAX));
	jsonw_close(w, ']');
}

void rec_question(struct frame *f, const struct command *c, bool first)
{
	bool own = c->question.what == ASK_PAUSE || c->question.what == ASK_WINDOW; /* of the engine */
	const struct poll *p = own ? NULL : f->poll;
	struct engine *e = f->e;
	struct jsonw w;

	rec_open(e, "question", c->key, &w);
	jsonw_kstr(&w, "what", str_of(question_names[c->question.what]));
	jsonw_kstr(&w, "subject", c->question.subject);
	if (c->question.item.n)
		jsonw_kstr(&w, "item", c->question.item);
	if (first) {
		struct str text = rec_cut(e, p ? p->text : c->question.text, REC_ROOM / 4);

		if (rec_room(e, text.n))
			jsonw_kstr(&w, "text", text);
		put_list(e, &w, "choices", c->question.choices, c->question.choice_count);
		if (p) {
			put_list(e, &w, "who", p->who, p->who_count);
			put_list(e, &w, "items", p->items, p->items ? p->count : 0);
		}
	} else {
		jsonw_kbool(&w, "again", true);
	}
	if (p && p->need) {
		jsonw_kint(&w, "need", p->need);
		jsonw_kint(&w, "have", p->voice_count);
	} else if (p && p->count) {
		jsonw_kint(&w, "need", p->count);
		jsonw_kint(&w, "have", p->done);
	}
	rec_close(e, &w);
}

/* A step that asks people has asked: say so, to whom it concerns. */
void people_asked(struct frame *f, uint32_t question)
{
	struct engine *e = f->e;
	const struct act_approve *ap = &f->ps->ast->approve;
	struct message m = { .level = LEVEL_WARN };
	const struct channel **to = NULL;
	struct str error = { 0 };
	bool unknown = false;
	uint32_t n = 0;

	rec_question(f, &e->queue[question], true);
	if (f->ps->ast->action != ACT_APPROVE)
		return;
	if (ap->notify.kind && !message_targets(f, &ap->notify, &to, &n, &unknown, &error)) {
		rec_issue(e, "warning", f, error);
	} else if (!ap->notify.kind) {
		to = arena_array(f->tmp, 1, sizeof(*to));
		to[0] = message_channel(f, ap->from);
		n = to[0] != NULL;
	}
	m.title = arena_printf(f->tmp, "approval needed: " STR_FMT " " STR_FMT, STR_ARG(e->p->rb->name), STR_ARG(f->key));
	m.say = arena_printf(f->tmp, "runbook approve " STR_FMT " " STR_FMT " --why TEXT\n\n" STR_FMT, STR_ARG(e->run_id),
			     STR_ARG(f->key), STR_ARG(f->poll->text));
	message_tell(f, to, n, &m);
}

void rec_answer(struct frame *f, struct str key, uint8_t what, const struct result *r, struct str not_taken)
{
	struct engine *e = f->e;
	struct jsonw w;

	rec_open(e, what == ASK_APPROVE ? "approval" : "answer", key, &w);
	jsonw_kstr(&w, "what", str_of(question_names[what]));
	if (r->end != END_ANSWER)
		jsonw_kstr(&w, "end", str_of(result_end_names[r->end]));
	rec_put_answer(&w, r);
	if (not_taken.n)
		rec_text(e, &w, "not_taken", not_taken);
	jsonw_kint(&w, "took_us", r->took / 1000);
	rec_close(e, &w);
	e->must_sync = true;
}

static void take_ref(struct engine *e, struct str ref)
{
	if (!ref.n)
		return;
	if (e->taken_len == e->taken_cap) { /* commands keep the old array */
		uint32_t cap = e->taken_cap ? e->taken_cap * 2 : 16;
		struct str *list = arena_array(&e->arena, cap, sizeof(*list));

		for (uint32_t i = 0; i < e->taken_len; i++)
			list[i] = e->taken[i];
		e->taken = list;
		e->taken_cap = cap;
	}
	e->taken[e->taken_len++] = arena_str(&e->arena, ref.p, ref.n);
}

void answer_refused(struct frame *f, struct str key, uint8_t what, const struct result *r)
{
	struct engine *e = f->e;

	take_ref(e, r->ref);
	rec_answer(f, key, what, r, STR(""));
	rec_issue(e, "warning", f, arena_printf(&e->arena, "an answer by " STR_FMT " was refused: " STR_FMT, STR_ARG(r->by), STR_ARG(r->refused)));
}

void operator_add(struct engine *e, struct str name, struct str user, int64_t uid)
{
	struct operator *o = arena_alloc(&e->arena, sizeof(*o));

	*o = (struct operator){ e->operators, arena_str(&e->arena, name.p, name.n), arena_str(&e->arena, user.p, user.n), uid };
	e->operators = o;
}

/* The next question; not if the run is ending, or the step's time is over. */
static void ask_again(struct frame *f, const struct step_kind *k)
{
	if (frame_draining(f)) {
		if (f->timed_out)
			step_fail(f, S_TIMEOUT, "timeout", STR("not answered in time"));
		else
			step_fail(f, S_CANCELLED, "cancelled", STR("stopped: the run is ending"));
		return;
	}
	k->ask(f);
	rec_question(f, &f->e->queue[f->e->queue_len - 1], false);
}

void people_again(struct frame *f)
{
	if (!f->op && !park(f))
		ask_again(f, kind_of(f->ps));
}

void people_hold(struct frame *f, struct str why)
{
	hold(f, f->key, why);
	(void)park(f);
}

bool answer_taken(struct frame *f, const struct result *r)
{
	const struct step_kind *k = kind_of(f->ps);
	struct str not_taken = STR("");
	enum take t;

	if (r->refused.n) {
		answer_refused(f, f->key, k->question, r);
		ask_again(f, k);
		return false;
	}
	take_ref(f->e, r->ref);
	if (!k->take)
		return true;
	if (r->subject.n && !str_eqz(r->subject, f->poll->subject)) {
		not_taken = STR("it was given for something else: the plan, the inputs or the text have changed");
		t = TAKE_MORE;
	} else {
		t = (enum take)k->take(f, r, &not_taken);
	}
	rec_answer(f, f->key, k->question, r, not_taken);
	f->poll->problem = not_taken;
	if (not_taken.n && str_eqz(r->how, "file"))
		rec_issue(f->e, "warning", f, arena_printf(&f->e->arena, "an answer by " STR_FMT " does not count: " STR_FMT, STR_ARG(r->by), STR_ARG(not_taken)));
	if (t == TAKE_MORE)
		ask_again(f, k);
	else if (t == TAKE_HOLD)
		people_hold(f, STR("to be continued later"));
	return t == TAKE_DONE;
}

struct str preset_answer(const struct frame *f, struct str field)
{
	const struct run_setup *s = f->e->setup;
	struct str id = f->ps->unit->index ? STR("") : f->ps->ast->id; /* ids of modules are their own business */

	for (uint32_t i = s->preset_count; id.n && i-- > 0;) { /* the last one wins */
		struct str name = s->presets[i].name;

		if (name.n == id.n + 1 + field.n && str_starts(name, id) && name.p[id.n] == '.' && str_ends(name, field))
			return s->presets[i].value;
	}
	return STR("");
}
