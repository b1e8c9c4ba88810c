#include "run/trace.h"

#include "base/mem.h"
#include "journal/mask.h"
#include "journal/maskfind.h"
#include "journal/record.h"
#include "plan/align.h"
#include "run/engine_state.h"
#include "run/monitor.h"
#include "run/recorded.h"
#include "run/show.h"
#include "run/trace_more.h"
#include "value/json.h"

/* trace: takes down what an engine does. */

enum { TEXT_MAX = 1 << 20, PARTS_MAX = 16 << 20 };

static struct str keep(struct trace *t, struct str s)
{
	return arena_str(&t->arena, s.p ? s.p : "", s.n);
}

void trace_init(struct trace *t, const struct mask *m)
{
	*t = (struct trace){ .mask = m };
	arena_init(&t->arena);
	map_init(&t->by_key);
	map_init(&t->by_place);
}

void trace_release(struct trace *t)
{
	map_release(&t->by_key);
	map_release(&t->by_place);
	mem_free(t->steps);
	mem_free(t->events);
	mem_free(t->under_way);
	arena_release(&t->arena);
}

bool trace_tainted(const struct trace *t, struct value v)
{
	if (value_has_flag(v, VALUE_SECRET))
		return true;
	if (v.kind == V_STRING)
		return t->mask && !mask_empty(t->mask) && mask_find(t->mask, value_text(v));
	for (uint32_t i = 0; v.kind == V_LIST && i < v.n; i++)
		if (trace_tainted(t, v.list[i]))
			return true;
	for (uint32_t i = 0; v.kind == V_MAP && i < v.n; i++)
		if (trace_tainted(t, v.map[i].value))
			return true;
	return false;
}

/* --- instances ------------------------------------------------------------------- */

struct trace_step *trace_step_of(const struct trace *t, struct str key)
{
	return map_get(&t->by_key, key);
}

/* The path as the old program has it. */
static void path_there(struct trace *t, struct trace_step *s, struct buf *path)
{
	const struct aligned *al = t->align ? map_get(&t->align->is, s->path) : NULL;

	if (!t->align)
		return;
	s->moved = al && al->moved;
	s->undo_changed = al && al->undo_changed;
	s->added = al && !al->other;
	if (!al)
		return;
	buf_clear(path);
	if (al->other)
		buf_adds(path, al->other->path);
	else
		buf_printf(path, "+" STR_FMT, STR_ARG(al->path));
}

static void by_place(struct trace *t, struct trace_step *s)
{
	struct trace_step *first = map_get(&t->by_place, s->place);

	if (!first) {
		(void)map_add(&t->by_place, s->place, s);
		return;
	}
	while (first->twin)
		first = first->twin;
	first->twin = s;
}

static struct trace_step *step_add(struct trace *t, struct frame *f)
{
	struct trace_step *s = trace_step_of(t, f->key);
	struct buf path, items;

	if (s)
		return s;
	s = arena_alloc(&t->arena, sizeof(*s));
	buf_init(&path, TEXT_MAX);
	buf_init(&items, TEXT_MAX);
	place_of(f, t->align, &path, &items);
	s->key = keep(t, f->key);
	s->path = keep(t, buf_str(&path));
	path_there(t, s, &path);
	s->place = arena_printf(&t->arena, STR_FMT "\n" STR_FMT "%s", STR_ARG(buf_str(&path)), STR_ARG(buf_str(&items)),
				f->kind == FRAME_LOOP ? "\nloop" : "");
	s->ps = f->ps;
	s->loop = f->kind == FRAME_LOOP;
	if (f->ps) {
		s->label = f->ps->label;
		s->holds = s->loop || prog_step_holds(f->ps);
		s->at = keep(t, step_place(f));
	}
	MEM_ROOM(t->steps, t->step_count, t->step_cap, 64);
	s->order = t->step_count;
	t->steps[t->step_count++] = s;
	(void)map_add(&t->by_key, s->key, s);
	by_place(t, s);
	buf_release(&path);
	buf_release(&items);
	return s;
}

struct trace_step *trace_begin(struct trace *t, struct frame *f)
{
	struct trace_step *s = step_add(t, f);

	s->began = true;
	return s;
}

static uint32_t rounds(const struct trace_step *s, uint8_t what, uint32_t index)
{
	uint32_t n = 0;

	for (const struct trace_condition *c = s->conditions; c; c = c->next)
		n += c->what == what && c->index == index;
	return n;
}

static struct str items_text(struct trace *t, struct value list)
{
	struct buf b;
	struct str out;

	buf_init(&b, PARTS_MAX);
	buf_addc(&b, '\n');
	for (uint32_t i = 0; i < list.n; i++) {
		item_of(&b, list.list[i]);
		buf_addc(&b, '\n');
	}
	out = keep(t, buf_str(&b));
	buf_release(&b);
	return out;
}

struct trace_condition *trace_weigh(struct trace *t, struct frame *f, const struct weighing *w, struct value v)
{
	struct trace_step *s = step_add(t, f);
	struct trace_condition *c = arena_alloc(&t->arena, sizeof(*c));
	struct buf b;

	buf_init(&b, TEXT_MAX);
	c->what = w->what;
	c->index = w->index;
	c->round = w->what == WEIGH_RULE ? f->attempt : rounds(s, w->what, w->index);
	c->result = (int8_t)(w->what == WEIGH_ITEMS || w->what == WEIGH_CAPTURE ? 2 : w->failed || v.kind != V_BOOL ? -1 : v.b);
	if (w->x)
		c->text = keep(t, str_slice(w->x->node->text, w->x->start, w->x->end));
	saw_of(f, w->x, &b);
	c->saw = keep(t, buf_str(&b));
	buf_release(&b);
	if (w->what == WEIGH_ITEMS && v.kind == V_LIST)
		s->items = items_text(t, v);
	if (s->last_condition)
		s->last_condition->next = c;
	else
		s->conditions = c;
	s->last_condition = c;
	return c;
}

static void add_command(void *arg, struct str command)
{
	struct buf *b = arg;

	buf_adds(b, command);
	buf_addc(b, '\n');
}

void trace_end(struct trace *t, struct frame *f)
{
	struct trace_step *s = step_add(t, f);
	const struct outcome *o = f->out;
	struct buf b;

	s->ended = true;
	s->started = s->started || f->started || (f->kind == FRAME_LOOP && o->each_count);
	s->status = o->status;
	s->end = o->status == S_OK || o->status == S_UNCHANGED || o->status == S_SKIPPED ? NULL : f->cause_end;
	s->error = keep(t, o->error);
	buf_init(&b, TEXT_MAX);
	for (uint32_t i = 0; o->captures && f->kind == FRAME_STEP && i < f->ps->ast->capture_count; i++) {
		buf_printf(&b, STR_FMT "\t", STR_ARG(f->ps->ast->captures[i].name));
		json_print_typed(o->captures[i], &b);
		buf_addc(&b, '\n');
	}
	s->captures = keep(t, buf_str(&b));
	buf_clear(&b);
	if (f->kind == FRAME_STEP && f->started && f->ps->has_undo)
		show_list(f, &f->ps->ast->rollback, 0, add_command, &b);
	s->undo = keep(t, buf_str(&b));
	buf_release(&b);
}

/* --- ops ------------------------------------------------------------------------------ */

struct trace_op *trace_start(struct trace *t, const struct command *c, struct trace_step **step)
{
	struct op *o = op_find(t->engine, c->op);
	struct frame *f = o && o->frame ? o->frame : t->engine->root;
	struct trace_op *x = arena_alloc(&t->arena, sizeof(*x));
	struct trace_step *s = step_add(t, f);
	struct buf b;

	if (f->kind == FRAME_MONITOR)
		s->began = s->started = true;
	buf_init(&b, PARTS_MAX);
	identity_of(f, c, t->files, &b);
	x->identity = keep(t, buf_str(&b));
	buf_release(&b);
	x->kind = c->kind;
	x->purpose = c->purpose;
	x->attempt = c->attempt;
	x->about = c->purpose != OP_FOR_PROBE ? 0 : f->undoer ? 100u + f->undoer->state : f->state;
	x->want_output = c->want_output;
	x->timeout = c->timeout;
	x->delay = c->kind == OP_TIMER ? c->timer.at - t->engine->mono : 0;
	x->started = t->engine->mono;
	x->ended = x->stopped_at = -1;
	if (c->kind == OP_QUESTION)
		x->subject = keep(t, c->question.subject);
	if (s->last_op)
		s->last_op->next = x;
	else
		s->ops = x;
	s->last_op = x;
	*step = s;
	return x;
}

static uint32_t way_find(const struct trace *t, uint32_t op)
{
	uint32_t i = 0;

	while (i < t->way_len && t->under_way[i].op != op)
		i++;
	return i;
}

static void on_start(void *arg, const struct command *c)
{
	struct trace *t = arg;
	struct trace_step *s;

	MEM_ROOM(t->under_way, t->way_len, t->way_cap, 16);
	t->under_way[t->way_len].op = c->op;
	t->under_way[t->way_len++].of = trace_start(t, c, &s);
}

static void on_stop(void *arg, uint32_t op)
{
	struct trace *t = arg;
	uint32_t i = way_find(t, op);

	if (i == t->way_len || t->under_way[i].of->stopped)
		return;
	t->under_way[i].of->stopped = true;
	t->under_way[i].of->stopped_at = t->engine->mono;
}

/* What came from outside is kept as it is; a result belongs to its op. */
static void on_event(void *arg, const struct record *rec, const struct event *ev)
{
	struct trace *t = arg;
	struct trace_op *o;
	struct buf b;
	uint32_t i;

	if (ev->kind != EVENT_RESULT) {
		if (ev->kind == EVENT_EPOCH)
			t->way_len = 0;
		MEM_ROOM(t->events, t->event_count, t->event_cap, 8);
		t->events[t->event_count++] = (struct trace_event){ rec->n, ev->mono, ev->wall, keep(t, rec->line) };
		return;
	}
	i = way_find(t, ev->result->op);
	if (i == t->way_len)
		return;
	o = t->under_way[i].of;
	t->under_way[i] = t->under_way[--t->way_len];
	o->line = keep(t, rec->line);
	o->n = rec->n;
	o->ended = ev->mono;
	o->wall = ev->wall - ev->mono;
	buf_init(&b, TEXT_MAX);
	if (record_raw(rec, "opaque").n || o->purpose == OP_FOR_SAMPLE) /* of a sample only its figures are stored */
		trace_judging(t->engine, ev->result->op, &b);
	o->judging = keep(t, buf_str(&b));
	buf_release(&b);
}

struct replay_observer trace_observer(struct trace *t)
{
	return (struct replay_observer){ on_start, on_stop, on_event, t };
}

/* --- watching ------------------------------------------------------------------------- */

static void on_begin(void *ctx, struct frame *f)
{
	(void)trace_begin(ctx, f);
}

static struct value on_weigh(void *ctx, struct frame *f, const struct weighing *w, struct value v)
{
	(void)trace_weigh(ctx, f, w, v);
	return v;
}

static void on_end(void *ctx, struct frame *f)
{
	trace_end(ctx, f);
}

void trace_attach(struct trace *t, struct engine *e)
{
	static const struct watch watch = { on_begin, on_weigh, on_end };

	t->engine = e;
	engine_watch(e, &watch, t);
}

void trace_finish(struct trace *t)
{
	const struct engine *e = t->engine;

	t->status = (uint8_t)engine_status(e);
	t->exit = engine_exit_code(e);
	t->ended = engine_ended(e);
	for (uint32_t i = 0; i < e->monitor_count; i++) {
		struct trace_step *s = trace_step_of(t, e->monitors[i].f->key);

		if (s) {
			s->ended = true;
			s->status = e->monitors[i].f->out->status;
		}
	}
	t->cause_key = keep(t, e->cause_key);
	t->cause = keep(t, e->cause_text);
	t->stopped = keep(t, e->stop_text);
	t->unwound_at = e->undo_count || e->residue_len ? e->wall - e->mono + e->unwind_began : 0;
	t->undone = arena_array(&t->arena, e->undone_len + 1u, sizeof(*t->undone));
	for (uint32_t i = 0; i < e->undone_len; i++)
		t->undone[t->undone_count++] = keep(t, e->undone[i]);
	t->residue = arena_array(&t->arena, e->residue_len + 1u, sizeof(*t->residue));
	for (uint32_t i = 0; i < e->residue_len; i++) {
		t->residue[t->residue_count].key = keep(t, e->residue[i].key);
		t->residue[t->residue_count++].why = keep(t, e->residue[i].why);
	}
}
