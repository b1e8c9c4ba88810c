#include "run/people.h"

#include "value/units.h"

/*
 * kind_checklist: people tick items, each by name and time, with a note if they
 * like, in any order. `no` fails the step, `later` holds the run: what is
 * ticked stays ticked.
 */

static uint32_t next_item(const struct poll *p)
{
	uint32_t i = 0;

	while (i < p->count && p->ticks[i].n)
		i++;
	return i;
}

static void checklist_ask(struct frame *f)
{
	struct poll *p = f->poll;
	struct engine *e = f->e;
	uint32_t i = next_item(p);
	struct str text = arena_printf(&e->arena, STR_FMT "%s%u/%u  " STR_FMT, STR_ARG(p->problem), p->problem.n ? "\n" : "", i + 1,
				       p->count, STR_ARG(p->items[i]));
	struct command *c = question_queue(f, ASK_ITEM, OP_FOR_ACTION, str_of(p->subject), text);

	c->question.item = arena_uint(&e->arena, i + 1);
	f->op = c->op;
}

static enum started checklist_start(struct frame *f, const struct prog_step *ps, bool probe, struct str *error)
{
	struct engine *e = f->e;
	struct str *items, *kept, text = STR("");
	bool unknown = false;
	struct poll *p;
	uint32_t n;

	(void)probe;
	if (!eval_words(f, &ps->ast->checklist, &items, &n, &unknown, error))
		return STARTED_FAIL;
	kept = arena_array(&e->arena, n + 1U, sizeof(*kept));
	for (uint32_t i = 0; i < n; i++) {
		struct str item = masked_text(f, items[i]);

		kept[i] = arena_str(&e->arena, item.p, item.n);
		text = arena_printf(f->tmp, STR_FMT "%u  " STR_FMT "\n", STR_ARG(text), i + 1, STR_ARG(item));
	}
	p = poll_new(f, ASK_ITEM, text);
	p->items = kept;
	p->count = n;
	p->ticks = arena_array(&e->arena, n + 1U, sizeof(*p->ticks));
	if (!n)
		return STARTED_DONE;
	checklist_ask(f);
	e->queue[e->queue_len - 1].unknown = unknown;
	return STARTED_WAIT;
}

/* "y all green" is the word and a note. */
static struct str first_word(struct str s, struct str *rest)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != ' ' && s.p[n] != '\t' && s.p[n] != ',' && s.p[n] != ':')
		n++;
	*rest = str_trim(str_slice(s, n + (n < s.n), s.n));
	return str_slice(s, 0, n);
}

static bool is(struct str s, const char *word, const char *brief)
{
	char low[8] = "";

	for (size_t i = 0; i < s.n && i < sizeof(low) - 1; i++)
		low[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + 32 : s.p[i]);
	return s.n < sizeof(low) && (str_eqz(str_of(low), word) || str_eqz(str_of(low), brief));
}

static struct str summary(struct frame *f)
{
	const struct poll *p = f->poll;
	struct str s;
	struct buf b;

	buf_init(&b, 1 << 20);
	for (uint32_t i = 0; i < p->count; i++)
		buf_printf(&b, "%s" STR_FMT ": " STR_FMT, i ? "\n" : "", STR_ARG(p->items[i]), STR_ARG(p->ticks[i].n ? p->ticks[i] : STR("not ticked")));
	s = arena_str(&f->e->arena, b.p, b.len);
	buf_release(&b);
	return s;
}

/* "kim 2026-11-21T02:00:00Z, the note" */
static struct str tick(struct frame *f, const struct result *r, struct str note)
{
	struct str s;
	struct buf at;

	buf_init(&at, 64);
	unit_put_time(&at, f->e->wall);
	s = arena_printf(&f->e->arena, STR_FMT " " STR_FMT "%s" STR_FMT, STR_ARG(r->by), STR_ARG(buf_str(&at)), note.n ? ", " : "", STR_ARG(note));
	buf_release(&at);
	return s;
}

/* Which item an answer is about: the one it names, or the one that was asked. */
static bool which(struct frame *f, struct str item, uint32_t *out, struct str *not_taken)
{
	const struct poll *p = f->poll;
	int64_t n;

	*out = next_item(p);
	if (!item.n)
		return true;
	if (!unit_parse_int(item, &n) || n < 1 || n > p->count) {
		*not_taken = arena_printf(&f->e->arena, "there is no item " STR_FMT ": they are 1 to %u", STR_ARG(item), p->count);
		return false;
	}
	*out = (uint32_t)(n - 1);
	return true;
}

static int checklist_take(struct frame *f, const struct result *r, struct str *not_taken)
{
	struct poll *p = f->poll;
	struct arena *a = &f->e->arena;
	struct str note, word = first_word(str_trim(r->answer), &note);
	bool partly = f->e->setup->revision >= REVISION_3; /* what is ticked is told, also if the rest never is */
	uint32_t i;

	if (!which(f, r->item, &i, not_taken))
		return TAKE_MORE;
	if (r->why.n)
		note = r->why;
	if (is(word, "later", "hold"))
		return TAKE_HOLD;
	if (is(word, "no", "n")) {
		if (partly) {
			p->ticks[i] = arena_printf(a, "no, " STR_FMT, STR_ARG(tick(f, r, note)));
			f->out->text = summary(f);
		}
		p->refused = arena_printf(a, "item %u is not done, says " STR_FMT "%s" STR_FMT, i + 1, STR_ARG(r->by), note.n ? ": " : "", STR_ARG(note));
		return TAKE_DONE;
	}
	if (!is(word, "yes", "y")) {
		*not_taken = STR("y: it is done (a note may follow); n: it is not; later: go on another time");
		return TAKE_MORE;
	}
	if (p->ticks[i].n) {
		*not_taken = arena_printf(a, "item %u is ticked already", i + 1);
		return TAKE_MORE;
	}
	p->ticks[i] = tick(f, r, note);
	if (++p->done == p->count || partly)
		f->out->text = summary(f);
	return p->done < p->count ? TAKE_MORE : TAKE_DONE;
}

static bool checklist_success(const struct frame *f, const struct result *r)
{
	return !f->poll->count || (r->end == END_ANSWER && f->poll->done == f->poll->count);
}

static void checklist_describe(struct frame *f, const struct prog_step *ps, struct jsonw *w)
{
	(void)ps;
	jsonw_kint(w, "items", f->poll->count);
}

const struct step_kind kind_checklist = { .action = ACT_CHECKLIST, .name = "checklist", .start = checklist_start,
					  .success = checklist_success, .describe = checklist_describe,
					  .question = ASK_ITEM, .ask = checklist_ask, .take = checklist_take };
