#include "run/engine_state.h"

#include <string.h>
#include "base/mem.h"
#include "run/show.h"

/*
 * unwind: compensation (engine.md section 3). UNWIND(target) undoes what the
 * target keeps, in reverse order of starting, one at a time; ALWAYS(target)
 * runs the always blocks that are due below it. Residue is collected here.
 */

void residue_add(struct engine *e, struct str key, struct str why, struct str *commands, uint32_t n)
{
	MEM_ROOM(e->residue, e->residue_len, e->residue_cap, 8);
	e->residue[e->residue_len++] = (struct residue){ key, why, commands, n };
}

static void undone_add(struct engine *e, struct str key)
{
	MEM_ROOM(e->undone, e->undone_len, e->undone_cap, 8);
	e->undone[e->undone_len++] = key;
}

struct frame *unwind_push(struct frame *parent, struct frame *target)
{
	struct frame *f = frame_new(parent->e, FRAME_UNWIND, parent);

	f->target = target;
	f->key = target->key;
	f->ps = target->ps;
	f->scope = target->scope;
	f->shield = true;
	f->ok = true;
	schedule(f);
	return f;
}

struct frame *always_push(struct frame *parent, struct frame *target)
{
	struct frame *f = frame_new(parent->e, FRAME_ALWAYS, parent);

	f->target = target;
	f->key = target->key;
	f->scope = target->scope;
	f->shield = true;
	f->ok = true;
	schedule(f);
	return f;
}

/* The last STEP below target whose always block is due (depth <= nesting). */
static struct frame *find_always(const struct frame *target)
{
	for (struct frame *c = target->kept_last; c; c = c->kept_prev) {
		struct frame *in = find_always(c);

		if (in)
			return in;
		if (c->always_due)
			return c;
	}
	return NULL;
}

bool always_pending(const struct frame *target)
{
	return find_always(target) != NULL;
}

void always_advance(struct frame *f)
{
	struct frame *s;

	if (f->child) {
		if (!f->child->done)
			return;
		frame_free(f->child);
		f->child = NULL;
	}
	s = find_always(f->target);
	if (!s) {
		f->done = true;
		schedule(f->parent);
		return;
	}
	s->always_due = false;
	f->child = list_push(f, &s->ps->ast->more->always, ROLE_ALWAYS, "");
	f->child->scope = s->scope;
	f->child->ps = s->ps;
	f->child->target = s;
	f->child->key = arena_printf(&f->e->arena, STR_FMT "!always", STR_ARG(s->key));
}

/* --- undoing one entry ---------------------------------------------------- */

static bool is_leaf(const struct frame *t)
{
	return t->kind == FRAME_STEP && !prog_step_holds(t->ps);
}

/* Undone by its own rollback block: every leaf, and a block that completed. */
static bool own_undo(const struct frame *t)
{
	return t->kind == FRAME_STEP && t->ps->has_undo && (is_leaf(t) || t->complete);
}

static void unwind_end(struct frame *f)
{
	f->done = true;
	schedule(f->parent);
}

static void probe_entry(struct frame *f, uint8_t state)
{
	struct frame *t = f->target;
	const struct prog_step *probe = &f->e->p->steps[t->ps->ast->more->probe->ix];
	struct str error = { 0 };

	arena_take(t);
	t->undoer = f;
	f->state = state;
	if (kind_of(probe)->start(t, probe, true, &error) != STARTED_WAIT) {
		struct result r = { .end = END_NOT_STARTED, .error = error };

		unwind_result(f, &r);
	}
}

static void record_comp(struct frame *f, const char *type, const char *status, struct str why)
{
	struct jsonw w;

	rec_open(f->e, type, f->target->key, &w);
	if (status)
		jsonw_kstr(&w, "status", str_of(status));
	if (why.n)
		rec_text(f->e, &w, "why", why);
	rec_close(f->e, &w);
}

static void run_rollback(struct frame *f)
{
	struct frame *t = f->target;
	struct engine *e = f->e;

	e->undo_count++;
	e->must_sync = true;
	record_comp(f, "comp.intent", NULL, STR(""));
	f->state = AT_CHILDREN;
	f->child = list_push(f, &t->ps->ast->rollback, ROLE_UNDO, "!undo");
	f->child->scope = t->scope;
	f->child->ps = t->ps;
	f->child->target = t;
}

struct left { struct engine *e; struct str *list; uint32_t n, cap; };

static void left_add(void *arg, struct str command)
{
	struct left *l = arg;

	if (l->n == l->cap) {
		uint32_t cap = l->cap ? l->cap * 2 : 8;
		struct str *list = arena_array(&l->e->arena, cap, sizeof(*list));

		if (l->n)
			memcpy(list, l->list, l->n * sizeof(*list));
		l->list = list;
		l->cap = cap;
	}
	l->list[l->n++] = arena_str(&l->e->arena, command.p, command.n);
}

void left_commands(struct frame *t, const struct step_list *l, const struct frame *list, struct str **out, uint32_t *n)
{
	struct left left = { t->e, NULL, 0, 0 };

	show_list(t, l, list && list->next ? list->next - 1 : 0, left_add, &left);
	*out = left.list;
	*n = left.n;
}

static void undo_finished(struct frame *f, bool ok, struct str why, const struct frame *list)
{
	struct engine *e = f->e;
	struct frame *t = f->target;
	struct str *commands = NULL;
	uint32_t n = 0;

	t->undone = true;
	t->out->status = ok ? S_UNDONE : S_UNDO_FAILED;
	if (ok) {
		undone_add(e, t->key);
	} else {
		left_commands(t, &t->ps->ast->rollback, list, &commands, &n);
		residue_add(e, t->key, arena_str(&e->arena, why.p, why.n), commands, n);
		f->ok = false;
	}
	record_comp(f, "comp.outcome", ok ? "undone" : "undo_failed", why);
	arena_give(t);
	unwind_end(f);
}

/* A started irreversible step that stands: nothing before it is undone. */
static void meet_irreversible(struct frame *f)
{
	struct frame *t = f->target;
	struct engine *e = f->e;
	struct str reason = { 0 }, error = { 0 };
	bool unknown = false;

	arena_take(t);
	if (!eval_text(t, &t->ps->ast->more->irreversible, &reason, &unknown, &error))
		reason = error;
	residue_add(e, t->key, arena_printf(&e->arena, "irreversible: " STR_FMT, STR_ARG(reason)), NULL, 0);
	t->undone = t->stands = t->left = true; /* listed once */
	f->blocked = true;
	f->ok = false;
	record_comp(f, "comp.outcome", "irreversible", reason);
	arena_give(t);
	unwind_end(f);
}

static void undo_leaf(struct frame *f)
{
	struct frame *t = f->target;
	struct engine *e = t->e;
	const struct step *s = t->ps->ast;

	if (t->undone || !t->started) {
		f->blocked = t->stands;
		f->ok = !t->stands;
		unwind_end(f);
		return;
	}
	if (s->more->irreversible.kind != DATA_NONE && t->acted) {
		if (s->more->probe && !t->unknown)
			probe_entry(f, AT_PROBE);
		else
			meet_irreversible(f);
		return;
	}
	if (t->ps->has_undo) {
		if (s->rollback.count && e->adopted && s->more->probe)
			probe_entry(f, AT_INTENT); /* long ago: is it in place still? It is undone all the same */
		else if (s->rollback.count)
			run_rollback(f);
		else
			unwind_end(f);
		return;
	}
	if (is_leaf(t) && may_need_undo(t)) {
		t->undone = t->left = true;
		f->ok = false;
		residue_add(e, t->key, STR("it has no rollback block"), NULL, 0);
		record_comp(f, "comp.outcome", "residue", STR("it has no rollback block"));
	}
	unwind_end(f);
}

void unwind_result(struct frame *f, const struct result *r)
{
	int v = r->end == END_SUPPRESSED ? 0 : probe_verdict(f->target, probe_of(f->target), r);

	f->target->undoer = NULL;
	rec_probe(f->target, f->state == AT_RETRY_PROBE ? "after undo" : "before undo", r, v);
	if (f->state == AT_INTENT) {
		run_rollback(f);
		return;
	}
	if (f->state == AT_PROBE) { /* irreversible: does it stand? */
		if (v == 0 && r->end != END_SUPPRESSED) {
			f->target->undone = true;
			arena_give(f->target);
			unwind_end(f);
		} else {
			meet_irreversible(f);
		}
		return;
	}
	undo_finished(f, v == 0,
		      v > 0   ? STR("its probe says that the effect is still in place")
		      : v < 0 ? STR("its probe cannot tell whether the effect is gone")
			      : STR(""),
		      NULL);
}

static void rollback_ended(struct frame *f)
{
	struct frame *list = f->child;

	f->child = NULL;
	if (!list->ok) {
		struct str why = list->error.n ? list->error : STR("the rollback block failed");

		undo_finished(f, false, why, list);
	} else if (f->target->ps->ast->more->probe && !f->target->unknown) {
		probe_entry(f, AT_RETRY_PROBE);
	} else {
		undo_finished(f, true, STR(""), NULL);
	}
	frame_free(list);
}

/* --- walking the stack ------------------------------------------------------- */

static bool as_one(const struct frame *t)
{
	return is_leaf(t) || own_undo(t) ||
	       (t->kind == FRAME_STEP && t->ps->ast->more->irreversible.kind != DATA_NONE);
}

/* The child has ended: what it means for this walk. */
static void child_consumed(struct frame *f)
{
	struct frame *c = f->child;

	if (c->kind == FRAME_UNWIND && !c->ok)
		f->ok = false;
	f->blocked = f->blocked || c->blocked;
	f->child = NULL;
	frame_free(c);
}

void unwind_advance(struct frame *f)
{
	struct frame *t = f->target;
	struct engine *e = f->e;

	if (f->state == AT_PROBE || f->state == AT_INTENT || f->state == AT_RETRY_PROBE || f->done)
		return;
	if (f->child && !f->child->done)
		return;
	if (f->child && f->state == AT_CHILDREN) {
		rollback_ended(f);
		return;
	}
	if (f->child)
		child_consumed(f);
	if (f->state == AT_BEGIN) {
		if (t->kind == FRAME_STEP && as_one(t)) {
			undo_leaf(f);
			return;
		}
		f->state = AT_UNDO;
		f->cursor = t->kept_last;
	}
	if (f->state == AT_UNDO && f->cursor && !f->blocked && !e->stop_unwinding) {
		struct frame *next = f->cursor;

		f->cursor = next->kept_prev;
		f->child = unwind_push(f, next);
		return;
	}
	if (f->state == AT_UNDO && (t->kind == FRAME_LIST || t->kind == FRAME_ROOT) && always_pending(t)) {
		f->state = AT_ALWAYS;
		f->child = always_push(f, t);
		return;
	}
	if (f->cursor && (f->blocked || e->stop_unwinding))
		f->ok = false;
	if (t->kind == FRAME_STEP && f->ok && t->done && t->started && !t->undone) {
		t->undone = true;
		t->out->status = S_UNDONE;
	}
	unwind_end(f);
}

/* What still stands below t after the unwinding was stopped: residue. */
void unwind_left(struct frame *t, struct str why)
{
	for (struct frame *c = t->kept_last; c; c = c->kept_prev) {
		struct str *commands = NULL;
		uint32_t n = 0;

		if (c->kind != FRAME_STEP || !as_one(c)) {
			unwind_left(c, why);
			continue;
		}
		if (!may_need_undo(c))
			continue;
		c->undone = c->left = true;
		if (c->ps->has_undo)
			left_commands(c, &c->ps->ast->rollback, NULL, &commands, &n);
		residue_add(t->e, c->key, why, commands, n);
		arena_give(c);
	}
}

static void list_entries(const struct frame *t, struct jsonw *w, uint32_t *n)
{
	for (const struct frame *c = t->kept_last; c; c = c->kept_prev) {
		bool leaf = c->kind == FRAME_STEP && (!prog_step_holds(c->ps) || (c->complete && c->ps->has_undo));

		if (!leaf)
			list_entries(c, w, n);
		else if (may_need_undo(c) && (c->ps->has_undo || !c->e->setup->dry_run) && (*n)++ < 500 && w->out->len < REC_ROOM / 4)
			jsonw_str(w, c->key);
	}
}

/* The rollback stack as it stands, in the order of undoing: names: [keys], count. */
void unwind_entries(struct engine *e, const char *name, struct jsonw *w)
{
	uint32_t n = 0;

	jsonw_key(w, name);
	jsonw_open(w, '[');
	list_entries(e->root, w, &n);
	jsonw_close(w, ']');
	jsonw_kint(w, "count", n);
}
