#include "run/engine_state.h"

#include "base/mem.h"

/*
 * frames: the agenda and the frames that hold others: LIST (steps in order) and
 * LOOP (iterations of a foreach). What an instance does stands in step.c.
 */

void schedule(struct frame *f)
{
	struct engine *e = f->e;

	if (f->scheduled)
		return;
	f->scheduled = true;
	if (e->agenda_len == e->agenda_cap) {
		uint32_t cap = e->agenda_cap ? e->agenda_cap * 2 : 64;
		struct frame **a = mem_array(cap, sizeof(*a));

		for (uint32_t i = 0; i < e->agenda_len; i++)
			a[i] = e->agenda[(e->agenda_head + i) % e->agenda_cap];
		mem_free(e->agenda);
		e->agenda = a;
		e->agenda_cap = cap;
		e->agenda_head = 0;
	}
	e->agenda[(e->agenda_head + e->agenda_len++) % e->agenda_cap] = f;
}

struct frame *frame_new(struct engine *e, uint8_t kind, struct frame *parent)
{
	struct frame *f = e->free_frames;

	if (f) {
		e->free_frames = f->parent;
		*f = (struct frame){ 0 };
	} else {
		f = arena_alloc(&e->arena, sizeof(*f));
	}
	f->e = e;
	f->kind = kind;
	f->parent = parent;
	f->began = e->mono;
	if (parent) {
		f->scope = parent->scope;
		f->unknown = parent->unknown;
		f->role = parent->role;
		f->ps = parent->ps;
	}
	return f;
}

void frame_free(struct frame *f)
{
	f->dead = true;
	park_forget(f);
	if (f->scheduled)
		return; /* the agenda gives it back */
	f->parent = f->e->free_frames;
	f->e->free_frames = f;
}

/* Iterations are entries of the list that their loop stands in. */
static struct frame *keeper_of(const struct frame *f)
{
	struct frame *p = f->parent;

	while (p->kind == FRAME_LOOP)
		p = p->parent;
	return p;
}

void kept_add(struct frame *f)
{
	struct frame *parent = keeper_of(f);

	if (f->in_kept)
		return;
	f->in_kept = true;
	f->kept_next = NULL;
	f->kept_prev = parent->kept_last;
	if (parent->kept_last)
		parent->kept_last->kept_next = f;
	else
		parent->kept_first = f;
	parent->kept_last = f;
}

void kept_drop(struct frame *f)
{
	struct frame *p = keeper_of(f);

	if (!f->in_kept)
		return;
	f->in_kept = false;
	if (f->kept_prev)
		f->kept_prev->kept_next = f->kept_next;
	else
		p->kept_first = f->kept_next;
	if (f->kept_next)
		f->kept_next->kept_prev = f->kept_prev;
	else
		p->kept_last = f->kept_prev;
}

bool frame_draining(const struct frame *f)
{
	const struct engine *e = f->e;

	for (; f; f = f->parent) {
		if (f->drain)
			return true;
		if (f->shield)
			return false;
	}
	return e->settling;
}

bool frame_below(const struct frame *f, const struct frame *of)
{
	for (; f; f = f->parent)
		if (f == of)
			return true;
	return false;
}

struct frame *module_of(struct frame *f)
{
	for (; f->parent; f = f->parent)
		if (f->kind == FRAME_LIST && f->parent->kind == FRAME_STEP && f->parent->child == f && f->parent->inner == f->scope)
			return f;
	return NULL;
}

/* A child of a LIST or LOOP failed: nothing new starts there; waits end early. */
static void drain(struct frame *f, struct frame *child)
{
	if (!f->cause) {
		f->cause = child->cause ? child->cause : child;
		f->error = child->error;
	}
	if (f->drain)
		return;
	f->drain = true;
	op_stop_below(f->e, f, false);
}

bool may_need_undo(const struct frame *f)
{
	const struct prog_step *ps = f->ps;

	if (f->kind != FRAME_STEP || !f->started || f->undone)
		return false;
	if (ps->ast->more->irreversible.kind != DATA_NONE && f->acted)
		return true;
	if (prog_step_holds(ps))
		return f->complete && ps->has_undo && ps->ast->rollback.count > 0;
	if (ps->has_undo)
		return ps->ast->rollback.count > 0;
	return ps->effect == EFFECT_WRITE && f->acted;
}

void child_ended(struct frame *f)
{
	struct frame *p = f->parent;
	bool keep = f->kept_first || f->always_due || f->stands || may_need_undo(f);

	f->done = true;
	if (p->kind == FRAME_LIST && f->out && f->out->unknown && !f->out->assumed)
		p->partly = true;
	if (f->in_kept && !keep)
		kept_drop(f);
	schedule(p);
	if (p->child == f)
		return; /* the parent looks at it and frees it */
	if (p->kind == FRAME_LIST || p->kind == FRAME_LOOP) {
		p->active--;
		if (!f->ok && p->keep_going && f->cause)
			rec_issue(f->e, "error", f, f->error);
		if (!f->ok && !p->keep_going && f->cause)
			drain(p, f);
		else if (!f->ok && !p->keep_going)
			p->drain = true; /* cancelled: not the cause of anything */
		if (!keep && !f->cause && p->cause != f && f->kind != FRAME_LOOP) /* iterations that are kept point to it */
			frame_free(f);
	}
}

struct frame *list_push(struct frame *parent, const struct step_list *l, uint8_t role, const char *suffix)
{
	struct engine *e = parent->e;
	struct frame *f = frame_new(e, FRAME_LIST, parent);

	f->list = *l;
	f->count = l->count;
	f->width = 1;
	f->role = role;
	f->shield = role != ROLE_FORWARD;
	f->keep_going = role == ROLE_ALWAYS || role == ROLE_TOP_ALWAYS;
	f->key = *suffix ? arena_printf(&e->arena, STR_FMT "%s", STR_ARG(parent->key), suffix) : parent->key;
	schedule(f);
	return f;
}

static void list_end(struct frame *f)
{
	if (f->ok && f->state != AT_ALWAYS && f->role == ROLE_FORWARD && always_pending(f)) {
		f->state = AT_ALWAYS;
		f->child = always_push(f, f);
		return;
	}
	f->state = AT_END;
	child_ended(f);
}

void list_advance(struct frame *f)
{
	struct engine *e = f->e;

	if (f->child) { /* the always blocks of its steps */
		if (!f->child->done)
			return;
		frame_free(f->child);
		f->child = NULL;
		list_end(f);
		return;
	}
	if (park(f))
		return;
	while (f->active < f->width && f->next < f->count && !frame_draining(f)) {
		const struct prog_step *ps = &e->p->steps[f->list.list[f->next++]->ix];

		f->active++;
		step_push(f, ps);
	}
	if (f->active)
		return;
	f->ok = (f->next == f->count && !f->drain) || (f->stopped && !f->cause);
	list_end(f);
}

/* --- foreach ------------------------------------------------------------ */

static void loop_end(struct frame *f)
{
	struct outcome *o = f->out;
	uint32_t skipped = 0, unchanged = 0, unknown = 0, assumed = 0;

	monitors_step(f, false);
	o->ended = f->e->wall;
	o->took = f->e->mono - f->began;
	if (o->status == S_NOT_RUN) {
		for (uint32_t i = 0; i < o->each_count; i++) {
			skipped += o->each[i].out.status == S_SKIPPED;
			unchanged += o->each[i].out.status == S_UNCHANGED;
			unknown += o->each[i].out.unknown;
			assumed += o->each[i].out.assumed;
		}
		o->unknown = unknown > 0;
		o->assumed = assumed && assumed == unknown;
		if (f->cause)
			o->status = f->cause->out && f->cause->out->status == S_TIMEOUT ? S_TIMEOUT : S_FAILED;
		else if (f->next < f->count || f->drain)
			o->status = S_CANCELLED;
		else if (skipped == f->count)
			o->status = S_SKIPPED;
		else if (unchanged && unchanged + skipped == f->count)
			o->status = S_UNCHANGED;
		else
			o->status = S_OK;
	}
	o->error = f->error;
	f->ok = !f->cause && f->next == f->count && !f->drain && o->status != S_FAILED;
	f->complete = f->ok;
	rec_outcome(f);
	watch_end(f);
	child_ended(f);
}

static bool matrix_items(struct frame *f, struct value *out, struct str *error)
{
	const struct step *s = f->ps->ast;
	uint32_t n = s->more->foreach.matrix_count, total = 1;
	struct arena *a = &f->e->arena;
	struct value *axes = arena_array(a, n, sizeof(*axes));
	struct eval_env env = frame_env(f);

	env.arena = a;
	for (uint32_t i = 0; i < n; i++) {
		struct eval_error err = { 0 };

		axes[i] = data_eval(&s->more->foreach.matrix[i].data, &f->e->p->codes, &env, &err);
		if (err.set) {
			*error = error_text(f, &err);
			return false;
		}
		if (axes[i].kind == V_UNKNOWN) {
			*out = axes[i];
			return true;
		}
		if (axes[i].kind != V_LIST || __builtin_mul_overflow(total, axes[i].n, &total) || total > 1000000) {
			*error = STR("foreach: not a list, or more than 1,000,000 combinations");
			return false;
		}
	}
	struct value *items = arena_array(a, total, sizeof(*items));

	for (uint32_t k = 0; k < total; k++) {
		struct pair *pairs = arena_array(a, n, sizeof(*pairs));
		uint32_t rest = k;

		for (uint32_t i = n; i-- > 0;) {
			pairs[i].key = s->more->foreach.matrix[i].name;
			pairs[i].value = axes[i].list[rest % axes[i].n];
			rest /= axes[i].n;
		}
		items[k] = value_map(pairs, n);
	}
	*out = value_list(items, total);
	return true;
}

bool loop_items(struct frame *f, struct str *error)
{
	const struct step *s = f->ps->ast;
	struct eval_env env = frame_env(f);
	struct eval_error err = { 0 };

	env.arena = &f->e->arena;
	if (s->more->foreach.over)
		f->items = code_eval(f->e->p->codes.list[s->more->foreach.over->id], &env, &err);
	else if (s->more->foreach.matrix_count)
		return matrix_items(f, &f->items, error);
	else
		f->items = data_eval(&s->more->foreach.items, &f->e->p->codes, &env, &err);
	if (err.set) {
		*error = error_text(f, &err);
		return false;
	}
	if (f->items.kind != V_LIST && f->items.kind != V_UNKNOWN) {
		*error = arena_printf(&f->e->arena, "foreach needs a list, this is %s", value_kind_name(f->items.kind));
		return false;
	}
	return true;
}

void loop_begin(struct frame *f)
{
	struct engine *e = f->e;
	struct str error = { 0 };
	int64_t width;

	f->state = AT_CHILDREN;
	f->out->started = e->wall;
	watch_begin(f);
	if (!loop_items(f, &error) || !eval_int(f, &f->ps->ast->more->parallel, 1, &width, &error)) {
		f->error = error;
		f->cause = f;
		f->out->status = S_FAILED;
		loop_end(f);
		return;
	}
	f->width = width < 1 ? 1 : width > 1024 ? 1024 : (uint32_t)width;
	f->items = watch_weigh(f, WEIGH_ITEMS, 0, f->ps->ast->more->foreach.over, false, f->items);
	if (f->items.kind == V_UNKNOWN) { /* shown once, with an unknown item */
		struct value *one = arena_alloc(&e->arena, sizeof(*one));

		*one = f->items;
		f->items = value_list(one, 1);
		f->unknown = true;
		e->dry_unknown++;
	}
	f->count = f->items.n;
	f->out->each = arena_array(&e->arena, f->count, sizeof(*f->out->each));
	f->out->each_count = f->count;
	monitors_step(f, true);
	loop_advance(f);
}

static void loop_start_one(struct frame *f)
{
	struct engine *e = f->e;
	uint32_t i = f->next++;
	struct iteration *it = &f->out->each[i];
	struct scope_results *sc = arena_alloc(&e->arena, sizeof(*sc));
	struct frame *s = frame_new(e, FRAME_STEP, f);
	char number[STR_DIGITS + 1], *end = number + STR_DIGITS, *from = str_digits(end, i);

	it->item = f->items.list[i];
	it->scope = sc;
	*sc = (struct scope_results){ .up = f->scope, .loop = f->ps->ast->ix, .item = it->item };
	if (f->ps->loop_slots)
		sc->slots = arena_array(&e->arena, f->ps->loop_slots, sizeof(*sc->slots));
	s->ps = f->ps;
	s->scope = sc;
	s->out = &it->out;
	s->position = i;
	*end = ']';
	s->key = arena_join(&e->arena, f->key, '[', (struct str){ from, (size_t)(end + 1 - from) });
	f->active++;
	schedule(s);
}

void loop_advance(struct frame *f)
{
	if (f->state == AT_BEGIN) {
		loop_begin(f);
		return;
	}
	if (park(f))
		return;
	while (f->active < f->width && f->next < f->count && !frame_draining(f))
		loop_start_one(f);
	if (!f->active)
		loop_end(f);
}
