#include "run/show.h"

#include "run/engine_state.h"

/* show: one step's command, or those of the steps below it. */
void show_command(struct frame *f, const struct prog_step *ps, struct buf *out)
{
	const struct step_kind *k = kind_of(ps);

	if (ps->ast->action == ACT_STEPS) {
		for (uint32_t i = 0; i < ps->ast->steps.count; i++) {
			size_t before = out->len;

			show_command(f, &f->e->p->steps[ps->ast->steps.list[i]->ix], out);
			if (out->len > before)
				buf_addc(out, '\n');
		}
		return;
	}
	if (!k->show)
		return;
	if (ps->ast->foreach.present)
		buf_addz(out, "# for each item: ");
	k->show(f, ps, out);
}
