#include "run/whatif_world.h"

#include "base/mem.h"
#include "run/engine_state.h"
#include "run/trace_more.h"

/*
 * whatif_watch: what the new engine comes to, beside what the old one came to at the same
 * place; conditions over what nobody knows are decided.
 */

enum { DECISIONS_MAX = 100000 };

/* --- deciding -------------------------------------------------------------------------- */

uint8_t world_decide(struct world *w, struct str key, uint8_t ways, const char *const *words)
{
	struct drive *d = w->d;
	uint32_t i = d->made_len;
	uint8_t taken = i < w->script_len && w->script[i] < ways ? w->script[i] : 0;

	if (i == DECISIONS_MAX) {
		d->too_long = true;
		return 0;
	}
	MEM_ROOM(d->made, i, d->made_cap, 16);
	d->made[d->made_len++] = (struct decision){ ways, taken, arena_str(&d->t.arena, key.p, key.n), str_of(words[taken]), !taken };
	return taken;
}

/* --- matching ---------------------------------------------------------------------------- */

struct trace_step *world_match(struct world *w, struct trace_step *s)
{
	struct trace *was = w->d->o->was;
	struct trace_step *same, *at;

	if (s->matched)
		return s->was;
	s->matched = true;
	same = trace_step_of(was, s->key);
	if (same && str_eq(same->place, s->place) && same->used_by != w->number) {
		s->was = same;
	} else {
		for (at = map_get(&was->by_place, s->place); at && at->used_by == w->number;)
			at = at->twin;
		s->was = at;
	}
	if (s->was)
		s->was->used_by = w->number;
	return s->was;
}

struct trace_op *world_op_then(struct world *w, const struct trace_step *s, const struct trace_op *is)
{
	for (struct trace_op *o = s->was ? s->was->ops : NULL; o; o = o->next)
		if (o->used_by != w->number && o->purpose == is->purpose && o->about == is->about && o->attempt == is->attempt) {
			o->used_by = w->number;
			return o;
		}
	return NULL;
}

static const struct trace_condition *condition_then(const struct trace_step *s, const struct trace_condition *is)
{
	const struct trace_condition *c = s->was ? s->was->conditions : NULL;

	while (c && !(c->what == is->what && c->index == is->index && c->round == is->round))
		c = c->next;
	return c;
}

/* --- watching the new engine ----------------------------------------------------------------- */

/* Had the loop this item then? */
static bool had_item(const struct trace_step *loop, struct value item)
{
	struct buf b;
	bool had;

	buf_init(&b, 1 << 16);
	buf_addc(&b, '\n');
	item_of(&b, item);
	buf_addc(&b, '\n');
	had = str_find(loop->items, buf_str(&b)) >= 0;
	buf_release(&b);
	return had;
}

/* Is it, or is it in, an iteration for an item that the loop did not have then, though it began? */
static bool in_new_item(struct world *w, const struct frame *f)
{
	const char *mark;

	for (const struct frame *up; f; f = up) {
		const struct trace_step *loop;

		up = frame_around(f, &mark);
		loop = f->kind == FRAME_STEP && up && up->kind == FRAME_LOOP ? trace_step_of(&w->d->t, up->key) : NULL;
		if (loop && loop->was && loop->was->items.n && !had_item(loop->was, f->scope->item))
			return true;
	}
	return false;
}

static void on_begin(void *ctx, struct frame *f)
{
	struct world *w = ctx;
	struct trace_step *s = trace_begin(&w->d->t, f);

	s->certain = s->certain || !w->d->made_len;
	if (!world_match(w, s))
		s->new_item = in_new_item(w, f);
}

static void on_end(void *ctx, struct frame *f)
{
	struct world *w = ctx;

	trace_end(&w->d->t, f);
}

struct tainting { struct world *w; struct frame *f; bool tainted; };

static void look_at(void *arg, struct ref r, const struct expr *at)
{
	struct tainting *t = arg;
	struct eval_env env = frame_env(t->f);

	(void)at;
	t->tainted = t->tainted || trace_tainted(&t->w->d->t, env.fetch(env.ctx, r));
}

/* It reads a secret, which is not known here, and it is not what was weighed then. */
static bool hidden(struct world *w, struct frame *f, const struct weighing *g, const struct trace_step *s, const struct trace_condition *c)
{
	struct tainting t = { w, f, false };
	const struct trace_condition *then;

	if (g->x)
		code_refs(f->e->p->codes.list[g->x->id], look_at, &t);
	if (!t.tainted)
		return false;
	then = condition_then(s, c);
	return !then || !str_eq(then->text, c->text) || !str_eq(then->saw, c->saw);
}

static const char *const if_words[] = { "its `if` holds", "its `if` does not hold" };
static const char *const guard_words[] = { "its guard holds", "its guard does not hold" };
static const char *const expect_words[] = { "its result is as expected", "its result is not as expected" };
static const char *const retry_words[] = { "it is tried again", "it is not tried again" };
static const char *const rule_words[] = { "its rule does not hold", "its rule holds" };
static const char *const items_words[] = { "its loop has items", "its loop has no items" };

static struct value on_weigh(void *ctx, struct frame *f, const struct weighing *g, struct value v)
{
	static const char *const *const words[] = { [WEIGH_IF] = if_words, [WEIGH_GUARD] = guard_words, [WEIGH_EXPECT] = expect_words,
						    [WEIGH_RETRY] = retry_words, [WEIGH_ITEMS] = items_words, [WEIGH_RULE] = rule_words };
	struct world *w = ctx;
	struct trace_condition *c = trace_weigh(&w->d->t, f, g, v);
	struct trace_step *s = trace_step_of(&w->d->t, f->key);
	bool way;

	(void)world_match(w, s);
	if (g->failed || (v.kind != V_UNKNOWN && !hidden(w, f, g, s, c)))
		return v;
	if (v.kind != V_UNKNOWN)
		v = value_unknown("a secret");
	if (f->e->setup->dry_run) {
		const struct trace_condition *then = condition_then(s, c);

		c->decided = !then || !str_eq(then->text, c->text) || !str_eq(then->saw, c->saw);
		return v;
	}
	c->decided = true;
	if (g->what == WEIGH_CAPTURE)
		return v;
	way = !world_decide(w, f->key, 2, words[g->what]) != (g->what == WEIGH_RULE);
	if (g->what == WEIGH_ITEMS)
		return way ? v : value_list(NULL, 0);
	c->result = way;
	return value_bool(way);
}

const struct watch whatif_watch = { on_begin, on_weigh, on_end };
