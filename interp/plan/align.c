#include "plan/align.h"

#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "plan/program.h"

/* align: two programs side by side. */

enum { PLACES_MAX = 200000, NODE_TEXT_MAX = 1 << 20, PATH_DEPTH_MAX = 200 };

/* A step that has not been paired in its own list. */
struct side { struct aligned **list; uint32_t n, cap; struct map *map; const struct program *p; };
struct pairing { struct align *al; struct arena *a; struct side was, is; struct buf text; };

/* --- texts -------------------------------------------------------------------- */

/* A node as text without comments, spacing and quoting; skip: a key at its top that is left out. */
static void put_node(struct buf *b, const struct node *n, const char *skip)
{
	if (n->kind == NODE_SCALAR) {
		buf_printf(b, "%zu:", n->text.n);
		buf_adds(b, n->text);
		return;
	}
	buf_addc(b, n->kind == NODE_SEQ ? '[' : '{');
	for (const struct node *c = n->first; c; c = c->next) {
		if (n->kind == NODE_MAP && skip && str_eqz(c->key, skip))
			continue;
		if (n->kind == NODE_MAP) {
			buf_printf(b, "%zu:", c->key.n);
			buf_adds(b, c->key);
			buf_addc(b, '=');
		}
		put_node(b, c, NULL);
		buf_addc(b, ',');
	}
	buf_addc(b, ']');
}

static struct str step_text(struct pairing *p, const struct prog_step *ps)
{
	buf_clear(&p->text);
	put_node(&p->text, ps->ast->node, "id");
	return arena_str(p->a, buf_str(&p->text).p, p->text.len);
}

static bool same_undo(struct pairing *p, const struct prog_step *a, const struct prog_step *b)
{
	const struct node *x = node_get(a->ast->node, "rollback"), *y = node_get(b->ast->node, "rollback");
	struct str one;

	if (!x || !y)
		return !x && !y;
	buf_clear(&p->text);
	put_node(&p->text, x, NULL);
	one = arena_str(p->a, buf_str(&p->text).p, p->text.len);
	buf_clear(&p->text);
	put_node(&p->text, y, NULL);
	return str_eq(one, buf_str(&p->text));
}

/* --- pairs --------------------------------------------------------------------- */

static void pair(struct pairing *p, struct aligned *was, struct aligned *is, bool moved)
{
	was->other = is;
	is->other = was;
	is->moved = moved;
	is->undo_changed = !same_undo(p, was->ps, is->ps);
}

static void left_over(struct side *s, struct aligned *x)
{
	MEM_ROOM(s->list, s->n, s->cap, 64);
	s->list[s->n++] = x;
}

static const struct step_list none;

/* A list of steps at a path, as places. */
static struct aligned **places(struct pairing *p, struct side *s, struct str path, const struct step_list *l)
{
	struct aligned **list = arena_array(p->a, l->count + 1u, sizeof(*list));

	for (uint32_t i = 0; i < l->count; i++) {
		struct aligned *x = arena_alloc(p->a, sizeof(*x));

		x->ps = &s->p->steps[l->list[i]->ix];
		x->path = arena_printf(p->a, STR_FMT "/" STR_FMT, STR_ARG(path), STR_ARG(x->ps->label));
		if (s->map->count < PLACES_MAX)
			(void)map_add(s->map, x->path, x);
		list[i] = x;
	}
	return list;
}

/* The first one of a text leads a queue of all of it. */
static void queue_up(struct map *by, struct str text, struct aligned *x)
{
	struct aligned *first = map_get(by, text);

	if (!first) {
		(void)map_add(by, text, x);
		x->last = x;
		return;
	}
	first->last->next = x;
	first->last = x;
}

static void same_text(struct pairing *p, struct aligned **was, uint32_t was_n, struct aligned **is, uint32_t is_n, bool moved)
{
	struct map by;

	map_init(&by);
	for (uint32_t i = 0; i < was_n; i++) {
		was[i]->next = NULL;
		if (!was[i]->other)
			queue_up(&by, step_text(p, was[i]->ps), was[i]);
	}
	for (uint32_t i = 0; i < is_n; i++) {
		struct aligned *w = is[i]->other ? NULL : map_get(&by, step_text(p, is[i]->ps));

		while (w && w->other)
			w = w->next;
		if (w)
			pair(p, w, is[i], moved);
	}
	map_release(&by);
}

static void same_id(struct pairing *p, struct aligned **was, uint32_t was_n, struct aligned **is, uint32_t is_n, bool moved)
{
	struct map by;

	map_init(&by);
	for (uint32_t i = 0; i < was_n; i++)
		if (!was[i]->other && was[i]->ps->ast->id.n)
			(void)map_add(&by, was[i]->ps->ast->id, was[i]);
	for (uint32_t i = 0; i < is_n; i++) {
		struct aligned *w = is[i]->other || !is[i]->ps->ast->id.n ? NULL : map_get(&by, is[i]->ps->ast->id);

		if (w && !w->other)
			pair(p, w, is[i], moved);
	}
	map_release(&by);
}

static uint32_t index_in(struct aligned **list, uint32_t n, const struct aligned *x)
{
	uint32_t i = 0;

	while (i < n && list[i] != x)
		i++;
	return i;
}

/* Steps without an id that stand between the same neighbours and do the same kind of thing. */
static void same_gap(struct pairing *p, struct aligned **was, uint32_t was_n, struct aligned **is, uint32_t is_n)
{
	uint32_t from = 0;

	for (uint32_t i = 0; i < is_n; i++) {
		if (is[i]->other) {
			from = index_in(was, was_n, is[i]->other) + 1;
			continue;
		}
		for (uint32_t k = from; k < was_n && !was[k]->other && !is[i]->ps->ast->id.n; k++)
			if (!was[k]->ps->ast->id.n && was[k]->ps->ast->action == is[i]->ps->ast->action) {
				pair(p, was[k], is[i], false);
				from = k + 1;
				break;
			}
	}
}

/* Of the paired, those are moved that are not in the longest run that kept its order. */
static void mark_moved(struct pairing *p, struct aligned **was, uint32_t was_n, struct aligned **is, uint32_t is_n)
{
	uint32_t *tails = arena_array(p->a, is_n + 1u, sizeof(*tails)), *before = arena_array(p->a, is_n + 1u, sizeof(*before));
	uint32_t *at = arena_array(p->a, is_n + 1u, sizeof(*at)), n = 0;
	struct map where;

	map_init(&where);
	for (uint32_t i = 0; i < was_n; i++)
		(void)map_add(&where, was[i]->path, was + i);
	for (uint32_t i = 0; i < is_n; i++) {
		uint32_t low = 0, high = n;

		if (!is[i]->other)
			continue;
		at[i] = (uint32_t)((struct aligned **)map_get(&where, is[i]->other->path) - was);
		is[i]->moved = true;
		while (low < high) {
			uint32_t mid = (low + high) / 2;

			if (at[tails[mid]] < at[i])
				low = mid + 1;
			else
				high = mid;
		}
		before[i] = low ? tails[low - 1] : UINT32_MAX;
		tails[low] = i;
		n = low == n ? n + 1 : n;
	}
	for (uint32_t i = n ? tails[n - 1] : UINT32_MAX; i != UINT32_MAX; i = before[i])
		is[i]->moved = false;
	map_release(&where);
}

static void pair_lists(struct pairing *p, struct str was_path, const struct step_list *was, struct str is_path,
		       const struct step_list *is, unsigned depth);

static const struct step_list *body_of(const struct aligned *x)
{
	return !x ? &none : x->ps->ast->action == ACT_STEPS ? &x->ps->ast->steps : x->ps->call ? &x->ps->call->unit->body : &none;
}

static void pair_inside(struct pairing *p, const struct aligned *was, const struct aligned *is, unsigned depth)
{
	struct str w = was ? was->path : STR(""), i = is ? is->path : STR("");

	pair_lists(p, w, body_of(was), i, body_of(is), depth);
	pair_lists(p, arena_printf(p->a, STR_FMT "!undo", STR_ARG(w)), was ? &was->ps->ast->rollback : &none,
		   arena_printf(p->a, STR_FMT "!undo", STR_ARG(i)), is ? &is->ps->ast->rollback : &none, depth);
	pair_lists(p, arena_printf(p->a, STR_FMT "!always", STR_ARG(w)), was ? &was->ps->ast->more->always : &none,
		   arena_printf(p->a, STR_FMT "!always", STR_ARG(i)), is ? &is->ps->ast->more->always : &none, depth);
}

static void pair_lists(struct pairing *p, struct str was_path, const struct step_list *was, struct str is_path,
		       const struct step_list *is, unsigned depth)
{
	struct aligned **w, **n;

	if ((!was->count && !is->count) || depth > PATH_DEPTH_MAX || p->al->was.count >= PLACES_MAX || p->al->is.count >= PLACES_MAX)
		return;
	w = places(p, &p->was, was_path, was);
	n = places(p, &p->is, is_path, is);
	same_id(p, w, was->count, n, is->count, false);
	same_text(p, w, was->count, n, is->count, false);
	mark_moved(p, w, was->count, n, is->count);
	same_gap(p, w, was->count, n, is->count);
	for (uint32_t i = 0; i < is->count; i++) {
		if (!n[i]->other)
			left_over(&p->is, n[i]);
		pair_inside(p, n[i]->other, n[i], depth + 1);
	}
	for (uint32_t i = 0; i < was->count; i++)
		if (!w[i]->other) {
			left_over(&p->was, w[i]);
			pair_inside(p, w[i], NULL, depth + 1);
		}
}

/* The steps by which monitors sample, as a list. */
static struct step_list monitors_of(struct arena *a, const struct program *p)
{
	struct step **list = arena_array(a, p->monitor_count + 1u, sizeof(*list));

	for (uint32_t i = 0; i < p->monitor_count; i++)
		list[i] = (struct step *)(uintptr_t)p->steps[p->monitors[i].step].ast;
	return (struct step_list){ .list = list, .count = p->monitor_count };
}

void align_programs(struct align *al, struct arena *a, const struct program *was, const struct program *is)
{
	struct pairing p = { .al = al, .a = a };
	struct step_list was_monitors = monitors_of(a, was), is_monitors = monitors_of(a, is);

	map_init(&al->was);
	map_init(&al->is);
	buf_init(&p.text, NODE_TEXT_MAX);
	p.was.map = &al->was;
	p.was.p = was;
	p.is.map = &al->is;
	p.is.p = is;
	for (int i = 0; i < PHASE_COUNT; i++)
		pair_lists(&p, str_of(phase_names[i]), &was->rb->phases[i], str_of(phase_names[i]), &is->rb->phases[i], 0);
	pair_lists(&p, STR("rollback"), &was->rb->rollback, STR("rollback"), &is->rb->rollback, 0);
	pair_lists(&p, STR("always"), &was->rb->always, STR("always"), &is->rb->always, 0);
	pair_lists(&p, STR("monitors"), &was_monitors, STR("monitors"), &is_monitors, 0);
	same_id(&p, p.was.list, p.was.n, p.is.list, p.is.n, true);
	same_text(&p, p.was.list, p.was.n, p.is.list, p.is.n, true);
	buf_release(&p.text);
	mem_free(p.was.list);
	mem_free(p.is.list);
}

void align_release(struct align *al)
{
	map_release(&al->was);
	map_release(&al->is);
}
