/* timeline: see timeline.h. */
#include "plan/timeline.h"

#include "value/units.h"

struct timeline {
	struct preview *v;
	struct buf *out;
	int64_t at;       /* ns since the start */
	uint32_t lines;
};

/* Of one step that says so; -1: it does not. */
static int64_t planned_of(const struct step *s)
{
	int64_t ns = -1;
	if (s->more->planned.kind == DATA_LIT)
		ns = s->more->planned.lit.i;
	else if (s->action == ACT_WAIT && s->wait.amount.kind == DATA_LIT)
		ns = s->wait.amount.lit.i;
	/* iterations of a fixed list, one after the other */
	if (ns > 0 && s->more->foreach.items.kind == DATA_LIST && s->more->parallel.kind == DATA_NONE &&
	    __builtin_mul_overflow(ns, (int64_t)s->more->foreach.items.c.count, &ns))
		ns = INT64_MAX;
	return ns;
}

static void put_line(struct timeline *t, const struct prog_step *ps, const char *phase, int64_t ns)
{
	struct buf at;
	if (!t->lines++)
		buf_addz(t->out, "\nTIMELINE, as planned\n");
	buf_init(&at, 64);
	unit_put_duration(&at, t->at);
	buf_printf(t->out, "  +%-10s", at.p);
	buf_release(&at);
	buf_printf(t->out, "%s/" STR_FMT "  ", phase, STR_ARG(ps->label));
	if (ps->ast->more->name.kind) {
		buf_adds(t->out, preview_text(t->v, &ps->ast->more->name));
		buf_addz(t->out, "  ");
	}
	unit_put_duration(t->out, ns);
	buf_addc(t->out, '\n');
	if (__builtin_add_overflow(t->at, ns, &t->at))
		t->at = INT64_MAX;
}

static void put_list(struct timeline *t, const struct step_list *l, const char *phase)
{
	for (uint32_t i = 0; i < l->count; i++) {
		const struct step *s = l->list[i];
		int64_t ns = planned_of(s);
		if (ns >= 0)
			put_line(t, &t->v->p->steps[s->ix], phase, ns);
		else if (s->action == ACT_STEPS)
			put_list(t, &s->steps, phase);
	}
}

void timeline_text(struct preview *v, struct buf *out)
{
	struct timeline t = { .v = v, .out = out };
	const struct runbook *rb = v->p->rb;
	for (int i = PHASE_PREFLIGHT; i < PHASE_COUNT; i++)
		put_list(&t, &rb->phases[i], phase_names[i]);
	if (!t.lines)
		return;
	buf_addz(out, "  =");
	unit_put_duration(out, t.at);
	if (rb->planned.kind == DATA_LIT) {
		buf_addz(out, " of ");
		unit_put_duration(out, rb->planned.lit.i);
		buf_addz(out, t.at > rb->planned.lit.i ? " planned for the run: too long" : " planned for the run");
	}
	buf_addc(out, '\n');
}
