#include "run/whatif.h"

#include <string.h>
#include "base/mem.h"
#include "run/engine_state.h"
#include "run/whatif_more.h"

/* whatif: drives, one after the other, and what is made of them. */

/* A drive to come: the ways that it takes first. */
struct script { uint8_t *ways; uint32_t len; };

struct whatif {
	struct arena arena;
	struct whatif_result result;
	struct script *queue; uint32_t head, len, cap;
	bool dropped;            /* ways that were not driven */
};

static void plan_drive(struct whatif *w, const struct drive *d, uint32_t at, uint8_t way)
{
	struct script *s;

	MEM_ROOM(w->queue, w->len, w->cap, 16);
	s = &w->queue[w->len++];
	s->len = at + 1;
	s->ways = mem_alloc(s->len);
	for (uint32_t i = 0; i < at; i++)
		s->ways[i] = d->made[i].taken;
	s->ways[at] = way;
}

/* The other ways of what this drive decided first. */
static void plan_others(struct whatif *w, const struct drive *d, uint32_t from, uint32_t most)
{
	for (uint32_t i = from; i < d->made_len; i++)
		for (uint8_t way = 1; way < d->made[i].ways; way++) {
			if (w->len >= most) {
				w->dropped = true;
				return;
			}
			plan_drive(w, d, i, way);
		}
}

struct whatif *whatif_run(const struct whatif_options *o)
{
	struct whatif *w = mem_alloc(sizeof(*w));
	uint32_t most = o->drives_max ? o->drives_max : WHATIF_DRIVES_MAX;
	struct whatif_sum *sum;
	struct script s = { NULL, 0 };

	arena_init(&w->arena);
	sum = sum_new(o, &w->arena);
	do {
		struct drive d;

		drive_run(&d, o, s.ways, s.len, w->head + 1);
		if (d.refused.n)
			w->result.refused = arena_str(&w->arena, d.refused.p, d.refused.n);
		w->dropped = w->dropped || d.too_long;
		sum_add(sum, &d);
		plan_others(w, &d, s.len, most - 1);
		drive_release(&d);
		mem_free(s.ways);
		s = w->head < w->len ? w->queue[w->head] : (struct script){ NULL, 0 };
	} while (w->head++ < w->len);
	sum_end(sum, !w->dropped, &w->result);
	sum_free(sum);
	return w;
}

const struct whatif_result *whatif_result(const struct whatif *w)
{
	return &w->result;
}

void whatif_free(struct whatif *w)
{
	if (!w)
		return;
	mem_free(w->queue);
	arena_release(&w->arena);
	mem_free(w);
}
