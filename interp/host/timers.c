#include "host/timers.h"

#include "base/mem.h"

/* timers: see the header. */

void timers_release(struct timers *t)
{
	for (size_t i = 0; i < t->count; i++)
		mem_free(t->heap[i]);
	while (t->free) {
		struct loop_timer *w = t->free;

		t->free = w->next;
		mem_free(w);
	}
	mem_free(t->heap);
	*t = (struct timers){ 0 };
}

static bool before(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

static void put(struct timers *t, size_t ix, struct loop_timer *w)
{
	t->heap[ix] = w;
	w->ix = ix;
}

static void sift_up(struct timers *t, struct loop_timer *w)
{
	size_t ix = w->ix;

	for (; ix && before(w, t->heap[(ix - 1) / 2]); ix = (ix - 1) / 2)
		put(t, ix, t->heap[(ix - 1) / 2]);
	put(t, ix, w);
}

static void sift_down(struct timers *t, struct loop_timer *w)
{
	size_t ix = w->ix;

	for (;;) {
		size_t c = 2 * ix + 1;

		if (c + 1 < t->count && before(t->heap[c + 1], t->heap[c]))
			c++;
		if (c >= t->count || !before(t->heap[c], w))
			break;
		put(t, ix, t->heap[c]);
		ix = c;
	}
	put(t, ix, w);
}

struct loop_timer *timers_add(struct timers *t, int64_t at, timer_cb *cb, void *arg)
{
	struct loop_timer *w = t->free;

	if (w)
		t->free = w->next;
	else
		w = mem_alloc(sizeof(*w));
	MEM_ROOM(t->heap, t->count, t->cap, 16);
	*w = (struct loop_timer){ .at = at, .seq = t->seq++, .ix = t->count, .cb = cb, .arg = arg };
	t->heap[t->count++] = w;
	sift_up(t, w);
	return w;
}

void timers_remove(struct timers *t, struct loop_timer *w)
{
	struct loop_timer *last = t->heap[--t->count];

	if (last != w) {
		put(t, w->ix, last);
		sift_up(t, last);
		sift_down(t, last);
	}
	w->next = t->free;
	t->free = w;
}

int64_t timers_first(const struct timers *t)
{
	return t->count ? t->heap[0]->at : INT64_MAX;
}

int timers_run(struct timers *t, int64_t now)
{
	uint64_t fence = t->seq;
	int ran = 0;

	while (t->count && t->heap[0]->at <= now && t->heap[0]->seq < fence) {
		struct loop_timer *w = t->heap[0];
		timer_cb *cb = w->cb;
		void *arg = w->arg;

		timers_remove(t, w);
		cb(arg);
		ran++;
	}
	return ran;
}
