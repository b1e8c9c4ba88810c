/*
 * fuzz_check: any bytes as a runbook. program_load must give a program or an
 * error, never both; all places of diagnostics lie in the source; what was
 * loaded can be listed, and takes inputs.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "plan/listing.h"
#include "plan/program.h"

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_span(struct span s)
{
	must(!s.src || (s.start <= s.end && s.end <= s.src->text.n)); /* also of a module */
}

static void check_program(const struct program *p)
{
	for (uint32_t i = 0; i < p->step_count; i++) {
		const struct prog_step *ps = &p->steps[i];
		must(ps->ast && ps->ast->ix == i);
		must(ps->parent == NO_STEP || ps->parent < p->step_count);
		must(ps->unit && (LOOP_IS_UNIT(ps->loop) ? ps->slot < ps->unit->root_slots : ps->slot < p->steps[ps->loop].loop_slots));
		must(ps->effect == EFFECT_READ || ps->effect == EFFECT_WRITE);
		for (uint32_t k = 0; k < ps->ast->capture_count; k++)
			must(ps->capture_types[k] && (!ps->ast->captures[k].expr || p->codes.list[ps->ast->captures[k].expr->id]));
		must(!ps->ast->if_ || p->codes.list[ps->ast->if_->id]);
	}
}

static void list(const struct program *p, struct arena *a, struct diags *ds)
{
	struct value *inputs = arena_array(a, p->rb->input_count, sizeof *inputs);
	struct buf out;
	buf_init(&out, 4 << 20);
	bool ok = program_inputs(p, a, NULL, 0, NULL, 0, inputs, ds);
	plan_text(p, ok ? inputs : NULL, STR("why"), &out, true, 80, ENGINE_REVISION);
	plan_json(p, ok ? inputs : NULL, STR("why"), STR("0"), &out);
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;
	struct diags ds;
	struct buf out;
	arena_init(&a);
	diags_init(&ds, &a);
	struct source *src = source_new(&a, STR("fuzz.yml"), (struct str){ (const char *)data, size });
	struct program *p = program_load(&a, src, NULL, &ds);
	must((p == NULL) == (ds.errors > 0));
	for (size_t i = 0; i < ds.count; i++) {
		const struct diag *d = ds.list[i];
		check_span(d->span);
		for (int k = 0; k < d->label_count; k++)
			check_span(d->labels[k].span);
		must(diag_code_find(d->code) != NULL);
	}
	if (p) {
		check_program(p);
		list(p, &a, &ds);
	}
	diags_sort(&ds);
	buf_init(&out, 1 << 20);
	diag_text(&ds, &out, false);
	diag_json(&ds, &out);
	buf_release(&out);
	program_release(p);
	diags_release(&ds);
	arena_release(&a);
	return 0;
}
