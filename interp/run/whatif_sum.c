#include "run/whatif_more.h"

#include "base/mem.h"
#include "plan/align.h"
#include "run/engine_state.h"

/*
 * whatif_sum: what all drives of a what-if say together. An instance is the same
 * one in two drives if it stands at the same place and is the same one of those
 * there; its class is that of the first drive that came to it.
 */

enum { WHY_MAX = 64 << 10 };

struct sum_step { struct whatif_step s; const struct trace_step *was; struct sum_step *twin; uint32_t began, started, seen; bool certain; };
struct whatif_sum {
	const struct whatif_options *o;
	struct arena *a;
	struct map by_place;
	struct sum_step **steps; uint32_t count, cap;
	struct whatif_outcome *outcomes; uint32_t outcome_count, outcome_cap;
	uint32_t drives, unknowns;
};

static struct str keep(struct whatif_sum *s, struct str t)
{
	return t.n ? arena_str(s->a, t.p, t.n) : STR("");
}

struct whatif_sum *sum_new(const struct whatif_options *o, struct arena *a)
{
	struct whatif_sum *s = mem_alloc(sizeof(*s));

	s->o = o;
	s->a = a;
	map_init(&s->by_place);
	return s;
}

void sum_free(struct whatif_sum *s)
{
	map_release(&s->by_place);
	mem_free(s->steps);
	mem_free(s->outcomes);
	mem_free(s);
}

static struct sum_step *add(struct whatif_sum *s, struct str place)
{
	struct sum_step *x = arena_alloc(s->a, sizeof(*x)), *first;

	MEM_ROOM(s->steps, s->count, s->cap, 64);
	s->steps[s->count++] = x;
	first = map_get(&s->by_place, place);
	if (!first) {
		(void)map_add(&s->by_place, keep(s, place), x);
		return x;
	}
	while (first->twin)
		first = first->twin;
	first->twin = x;
	return x;
}

/* The instance of this place that the drive has not had yet. */
static struct sum_step *find(struct whatif_sum *s, const struct trace_step *t)
{
	struct sum_step *x = map_get(&s->by_place, t->place);

	while (x && x->seen == s->drives)
		x = x->twin;
	return x;
}

static void put_status(struct whatif_step *s, const struct trace_step *t)
{
	const char *word = t->ended ? step_status_names[t->status] : "not ended";

	for (uint32_t i = 0; i < s->status_count; i++)
		if (s->status[i] == word)
			return;
	if (s->status_count < sizeof(s->status) / sizeof(*s->status))
		s->status[s->status_count++] = word;
}

static const char *status_then(const struct trace_step *was)
{
	return !was || !was->began ? NULL : was->ended ? step_status_names[was->status] : "not ended";
}

/* Whether it starts was an assumption of its own. */
static bool decided_itself(const struct trace_step *t)
{
	for (const struct trace_condition *c = t->conditions; c; c = c->next)
		if (c->decided)
			return true;
	for (const struct trace_op *o = t->ops; o; o = o->next)
		if (o->purpose == OP_FOR_PROBE && o->source >= NOT_REACHED)
			return true;
	return false;
}

static void describe(struct whatif_sum *s, const struct trace_step *t, struct sum_step *x)
{
	const struct trace_step *was = t->was && t->was->began ? t->was : NULL;
	struct buf why;

	buf_init(&why, WHY_MAX);
	x->was = was;
	x->certain = t->certain && !decided_itself(t);
	x->s.cls = whatif_class_of(t, &why);
	x->s.why = keep(s, buf_str(&why));
	x->s.key = keep(s, t->key);
	x->s.at = keep(s, t->at);
	x->s.undo = keep(s, t->undo);
	x->s.holds = t->holds;
	x->s.moved = t->moved;
	x->s.usual = s->drives == 1;
	x->s.back = str_find(t->path, STR("!undo")) >= 0 || t->ps->role == ROLE_TOP_UNDO;
	x->s.was_status = status_then(was);
	if (was) {
		x->s.was_key = was->key;
		x->s.was_undo = was->undo;
		x->s.ran = was->started;
		x->s.undo_changed = t->undo_changed || (t->started && was->started && !str_eq(t->undo, was->undo));
	}
	buf_release(&why);
}

static void add_steps(struct whatif_sum *s, const struct drive *d)
{
	for (uint32_t i = 0; i < d->t.step_count; i++) {
		const struct trace_step *t = d->t.steps[i];
		struct sum_step *x;

		if (!t->began || !t->ps)
			continue;
		x = find(s, t);
		if (!x) {
			x = add(s, t->place);
			describe(s, t, x);
		}
		x->seen = s->drives;
		x->began++;
		x->started += t->started;
		put_status(&x->s, t);
		if (t->error.n && !x->s.error.n)
			x->s.error = keep(s, t->error);
	}
}

/* --- outcomes -------------------------------------------------------------------------- */

static struct str assumptions(struct whatif_sum *s, const struct drive *d)
{
	struct buf b;
	struct str out;

	buf_init(&b, WHY_MAX);
	for (uint32_t i = 0; i < d->made_len; i++)
		if (!d->made[i].usual)
			buf_printf(&b, STR_FMT ": " STR_FMT "\n", STR_ARG(d->made[i].key), STR_ARG(d->made[i].words));
	out = keep(s, buf_str(&b));
	buf_release(&b);
	return out;
}

static void describe_outcome(struct whatif_sum *s, const struct drive *d, struct whatif_outcome *x)
{
	const struct trace *t = &d->t;

	x->assumed = assumptions(s, d);
	x->plain = s->drives == 1;
	x->exit = t->exit;
	x->cause_key = keep(s, t->cause_key);
	x->cause = keep(s, t->cause);
	x->stopped = keep(s, t->stopped);
	x->unwound_at = t->unwound_at;
	x->undone = arena_array(s->a, t->undone_count + 1u, sizeof(*x->undone));
	for (uint32_t i = 0; i < t->undone_count; i++) {
		const struct trace_step *step = trace_step_of(t, t->undone[i]);

		x->undone[x->undone_count].key = keep(s, t->undone[i]);
		x->undone[x->undone_count++].commands = step ? keep(s, step->undo) : STR("");
	}
	x->residue = arena_array(s->a, t->residue_count + 1u, sizeof(*x->residue));
	for (uint32_t i = 0; i < t->residue_count; i++) {
		x->residue[x->residue_count].key = keep(s, t->residue[i].key);
		x->residue[x->residue_count++].why = keep(s, t->residue[i].why);
	}
}

static void add_outcome(struct whatif_sum *s, const struct drive *d)
{
	struct whatif_outcome *x = s->outcomes;

	while (x < s->outcomes + s->outcome_count && x->status != d->t.status)
		x++;
	if (x == s->outcomes + s->outcome_count) {
		MEM_ROOM(s->outcomes, s->outcome_count, s->outcome_cap, 8);
		x = &s->outcomes[s->outcome_count++];
		*x = (struct whatif_outcome){ .status = d->t.status };
		describe_outcome(s, d, x);
	}
	x->drives++;
}

void sum_add(struct whatif_sum *s, const struct drive *d)
{
	s->drives++;
	if (d->refused.n)
		return;
	if (s->drives == 1)
		s->unknowns = d->made_len;
	add_steps(s, d);
	add_outcome(s, d);
}

/* --- the end ----------------------------------------------------------------------------- */

static bool loop_began(struct whatif_sum *s, struct str key)
{
	const struct trace_step *loop;
	size_t n = key.n;

	while (n && key.p[n - 1] != '[')
		n--;
	loop = n && key.p[key.n - 1] == ']' ? trace_step_of(s->o->was, str_slice(key, 0, n - 1)) : NULL;
	return loop && map_get(&s->by_place, loop->place);
}

/* Instances of the old run that no drive came to. */
static void add_dropped(struct whatif_sum *s)
{
	const struct trace *was = s->o->was;
	struct map had;

	map_init(&had);
	for (uint32_t i = 0; i < s->count; i++)
		if (s->steps[i]->was)
			(void)map_add(&had, s->steps[i]->was->key, s->steps[i]);
	for (uint32_t i = 0; i < was->step_count; i++) {
		const struct trace_step *t = was->steps[i];
		const struct aligned *al;
		struct sum_step *x;

		if (!t->began || !t->ps || map_get(&had, t->key))
			continue;
		al = s->o->align ? map_get(&s->o->align->was, t->path) : NULL;
		x = add(s, arena_printf(s->a, "-" STR_FMT, STR_ARG(t->key)));
		x->s = (struct whatif_step){ .key = t->key, .was_key = t->key, .at = t->at, .cls = WHATIF_DROPPED, .ran = t->started,
					     .holds = t->holds, .was_status = status_then(t), .was_undo = t->undo, .known = true };
		x->s.why = al && !al->other			? STR("the runbook has no such step any more\n")
			   : loop_began(s, t->key) ? STR("its loop would not come to this item\n")
						   : STR("the run would not come to it\n");
	}
	map_release(&had);
}

static void conclude(struct whatif_sum *s, struct whatif_result *out)
{
	const struct trace *was = s->o->was;
	bool same = false;

	for (uint32_t i = 0; i < s->outcome_count; i++)
		same = same || s->outcomes[i].status == was->status;
	out->flips = out->refused.n || (!same && out->exhaustive);
	out->may_flip = out->flips || s->outcome_count != 1 || !same || !out->exhaustive;
	out->different = out->may_flip || out->classes[WHATIF_SAME] != out->step_count;
}

void sum_end(struct whatif_sum *s, bool exhaustive, struct whatif_result *out)
{
	if (!out->refused.n)
		add_dropped(s);
	out->drives = s->drives;
	out->unknowns = s->unknowns;
	out->exhaustive = exhaustive;
	out->steps = arena_array(s->a, s->count + 1u, sizeof(*out->steps));
	for (uint32_t i = 0; i < s->count; i++) {
		struct sum_step *x = s->steps[i];
		bool all = x->certain || (exhaustive && x->began == s->drives);

		x->s.known = x->s.known || all;
		x->s.runs = x->started == 0 ? (exhaustive || x->certain || x->s.cls == WHATIF_DROPPED ? WOULD_NOT : MAY)
			    : x->started == x->began && all ? WOULD : MAY;
		out->classes[x->s.cls]++;
		out->steps[out->step_count++] = x->s;
	}
	out->outcomes = arena_array(s->a, s->outcome_count + 1u, sizeof(*out->outcomes));
	for (uint32_t i = 0; i < s->outcome_count; i++)
		out->outcomes[out->outcome_count++] = s->outcomes[i];
	conclude(s, out);
}
