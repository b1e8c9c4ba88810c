#include "run/watch.h"

#include "run/engine_state.h"

/* watch: the engine's calls to whoever watches it. */

void engine_watch(struct engine *e, const struct watch *w, void *ctx)
{
	e->watch = w;
	e->watch_ctx = ctx;
}

struct value watch_weigh(struct frame *f, uint8_t what, uint32_t index, const struct expr *x, bool failed, struct value v)
{
	const struct weighing w = { what, index, x, failed };
	struct value other;

	if (!f->e->watch)
		return v;
	other = f->e->watch->weigh(f->e->watch_ctx, f, &w, v);
	return failed ? v : other;
}

void watch_begin(struct frame *f)
{
	if (f->e->watch)
		f->e->watch->begin(f->e->watch_ctx, f);
}

void watch_end(struct frame *f)
{
	if (f->e->watch)
		f->e->watch->end(f->e->watch_ctx, f);
}
