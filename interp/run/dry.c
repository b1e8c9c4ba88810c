#include "run/live_world.h"

#include "base/mem.h"
#include "plan/program.h"

/* dry: lets reads pass to the live world, answers everything else by itself. */

struct dry {
	struct live *l;
	bool wrote;                /* a write was suppressed: the system is not as it would be */
	uint32_t *ops; uint32_t count, cap;      /* suppressed, to be answered */
	struct result *results; uint32_t result_cap; /* handed out */
};

static bool reads(const struct command *c)
{
	return str_eqz(c->request.method, "GET") || str_eqz(c->request.method, "HEAD");
}

static bool passes(const struct dry *d, const struct command *c)
{
	bool changed = d->wrote && (c->phase == PHASE_ACT || c->phase == PHASE_TEST);

	switch (c->kind) {
	case OP_QUESTION: /* values given beforehand are known in a dry-run, too */
		return c->question.what == ASK_VALUE && c->question.preset.n && !c->unknown;
	case OP_FILE:
		return !c->file.absolute;
	case OP_SPAWN:
		return !c->write && !c->unknown && !c->message && !changed;
	case OP_REQUEST:
		return !c->write && !c->unknown && !c->message && !changed && reads(c);
	default:
		return false;
	}
}

static void start(void *ctx, const struct command *c)
{
	struct dry *d = ctx;

	if (passes(d, c)) {
		live_effects()->start(d->l, c);
		return;
	}
	d->wrote = d->wrote || c->write;
	MEM_ROOM(d->ops, d->count, d->cap, 16);
	d->ops[d->count++] = c->op;
}

static void stop(void *ctx, uint32_t op, int64_t grace)
{
	struct dry *d = ctx;

	live_effects()->stop(d->l, op, grace); /* a suppressed one is answered anyway */
}

static uint32_t wait(void *ctx, struct event *events, uint32_t max)
{
	struct dry *d = ctx;
	uint32_t n = d->count < max ? d->count : max;

	if (!n)
		return live_effects()->wait(d->l, events, max);
	if (d->result_cap < n) {
		d->result_cap = n;
		d->results = mem_realloc(d->results, n * sizeof(*d->results));
	}
	live_stamp(d->l, events);
	for (uint32_t i = 0; i < n; i++) {
		d->results[i] = (struct result){ .op = d->ops[i], .end = END_SUPPRESSED, .code = -1 };
		events[i] = (struct event){ .kind = EVENT_RESULT, .wall = events[0].wall, .mono = events[0].mono, .result = &d->results[i] };
	}
	d->count -= n;
	for (uint32_t i = 0; i < d->count; i++)
		d->ops[i] = d->ops[n + i];
	return n;
}

static void record(void *ctx, int64_t wall, int64_t mono, struct str body)
{
	live_effects()->record(((struct dry *)ctx)->l, wall, mono, body);
}

static int flush(void *ctx, bool sync)
{
	return live_effects()->flush(((struct dry *)ctx)->l, sync);
}

static void hide(void *ctx, struct str secret)
{
	live_effects()->hide(((struct dry *)ctx)->l, secret);
}

const struct effects *dry_effects(void)
{
	static const struct effects fx = { record, flush, start, stop, wait, hide };

	return &fx;
}

struct dry *dry_new(struct live *l)
{
	struct dry *d = mem_alloc(sizeof(*d));

	d->l = l;
	return d;
}

void dry_free(struct dry *d)
{
	if (!d)
		return;
	mem_free(d->ops);
	mem_free(d->results);
	mem_free(d);
}
