#include "cli/whatif.h"

#include <string.h>
#include "journal/mask.h"
#include "run/engine.h"

/* whatif_ask: from a run's folder and a SOURCE to what would have been. */

static void cannot(struct whatif_case *k, uint8_t how, struct str why)
{
	k->asked = how;
	k->why = arena_str(&k->own.arena, why.p ? why.p : "", why.n);
}

static void refuse(struct whatif_case *k, struct str why)
{
	k->refused = (struct whatif_result){ .refused = why, .flips = true, .may_flip = true, .different = true, .exhaustive = true };
	k->res = &k->refused;
}

/* --- the setup of the new program ------------------------------------------------------ */

static const struct value *input_then(const struct whatif_case *k, struct str name)
{
	const struct runbook *rb = k->b.l.program->rb;

	for (uint32_t i = 0; i < rb->input_count; i++)
		if (str_eq(rb->inputs[i].name, name))
			return &k->b.setup.inputs[i];
	return NULL;
}

static bool take_inputs(struct whatif_case *k, const struct program *p)
{
	const struct runbook *rb = p->rb;
	struct arena *a = &k->own.arena;
	struct value *list = arena_array(a, rb->input_count + 1u, sizeof(*list));

	k->setup.inputs = list;
	for (uint32_t i = 0; i < rb->input_count; i++) {
		const struct decl *d = &rb->inputs[i];
		const struct value *then = input_then(k, d->name);
		struct str why = STR("");
		struct value v = then ? *then : value_null;

		if (!then) {
			list[i] = d->has_default ? d->dflt : value_unknown(arena_printf(a, "inputs." STR_FMT, STR_ARG(d->name)).p);
			continue;
		}
		if (d->type == DECL_FLOAT && v.kind == V_INT)
			v = value_float((double)v.i);
		list[i] = v;
		if (v.kind == V_NULL ? d->has_default && d->dflt.kind == V_NULL : trace_tainted(&k->was, v))
			continue;
		if (v.kind != V_NULL && input_fits(a, d, p->units[0]->patterns[i], v, &why))
			continue;
		refuse(k, arena_printf(a, "input `" STR_FMT "`: " STR_FMT, STR_ARG(d->name), STR_ARG(why.n ? why : STR("it is null"))));
		return false;
	}
	return true;
}

static bool same_source(const struct secret *a, const struct secret *b)
{
	bool same = str_eq(a->name, b->name) && a->from == b->from && str_eq(a->arg, b->arg) && a->argv.count == b->argv.count;

	for (uint32_t i = 0; same && i < a->argv.count; i++)
		same = str_eq(a->argv.list[i], b->argv.list[i]);
	return same;
}

/* A secret that comes from where it came from has the stand-in that it had. */
static void take_secrets(struct whatif_case *k, const struct program *p)
{
	const struct program *was = k->b.l.program;
	struct arena *a = &k->own.arena;
	struct value *list = arena_array(a, p->secret_count + 1u, sizeof(*list));

	for (uint32_t i = 0; i < p->secret_count; i++) {
		const struct unit_secret *s = &p->secrets[i];
		struct str mine;
		uint32_t n = 0;

		while (n < was->secret_count && !(same_source(was->secrets[n].secret, s->secret) && !was->secrets[n].unit->index == !s->unit->index))
			n++;
		if (n < was->secret_count) {
			list[i] = k->b.setup.secrets[n];
			continue;
		}
		mine = rebuild_stand_in(&k->b, arena_printf(a, "new\n" STR_FMT "\n" STR_FMT, STR_ARG(s->unit->name), STR_ARG(s->secret->name)));
		list[i] = value_str(mine);
		list[i].flags = VALUE_SECRET;
		(void)mask_add(k->mask, mine);
	}
	(void)mask_add(k->mask, k->setup.gone);
	k->setup.secrets = list;
}

static void take_roles(struct whatif_case *k, const struct runbook *rb)
{
	const struct runbook *was = k->b.l.program->rb;
	struct site_role *list = arena_array(&k->own.arena, rb->role_count + 1u, sizeof(*list));

	for (uint32_t i = 0; k->b.setup.roles && i < rb->role_count; i++)
		for (uint32_t n = 0; n < was->role_count; n++)
			if (str_eq(was->roles[n].name, rb->roles[i].name))
				list[i] = k->b.setup.roles[n];
	k->setup.roles = k->b.setup.roles ? list : NULL;
}

/* --- asking ---------------------------------------------------------------------------------- */

static bool same_runbook(struct whatif_case *k, const struct runbook *rb)
{
	const struct runbook *was = k->b.l.program->rb;

	if (str_eq(was->name, rb->name))
		return true;
	cannot(k, ASKED_OTHER, arena_printf(&k->own.arena, "it is a run of runbook `" STR_FMT "`, and SOURCE is `" STR_FMT "`", STR_ARG(was->name), STR_ARG(rb->name)));
	return false;
}

static bool read_run(struct whatif_case *k, struct str run_dir, const struct whatif_source *src)
{
	k->b.trace = &k->was;
	if (!rebuild_open(&k->b, &k->own, run_dir)) {
		cannot(k, ASKED_CANNOT, str_of(k->b.why));
		return false;
	}
	if (k->b.parent.n) {
		cannot(k, ASKED_UNDO, arena_printf(&k->own.arena, "it undoes run " STR_FMT ", with the version that ran there: ask about that one", STR_ARG(k->b.parent)));
		return false;
	}
	if (!same_runbook(k, src->l.program->rb))
		return false;
	if (!rebuild_replay(&k->b, NULL, k->mask)) {
		cannot(k, ASKED_CANNOT, str_of(k->b.why));
		return false;
	}
	trace_finish(&k->was);
	return true;
}

void whatif_ask(struct whatif_case *k, const struct cli *c, struct str run_dir, const struct whatif_source *src)
{
	const struct program *p = src->l.program;
	struct whatif_options o;

	*k = (struct whatif_case){ .own = *c };
	arena_init(&k->own.arena);
	k->mask = mask_new();
	trace_init(&k->was, k->mask);
	map_init(&k->b.files);
	map_init(&k->align.was);
	map_init(&k->align.is);
	if (!read_run(k, run_dir, src))
		return;
	k->setup = k->b.setup;
	k->setup.program = p;
	k->setup.dir = src->l.dir;
	k->setup.unit_dirs = src->l.unit_dirs;
	take_secrets(k, p);
	take_roles(k, p->rb);
	if (!take_inputs(k, p))
		return;
	align_programs(&k->align, &k->own.arena, k->b.l.program, p);
	o = (struct whatif_options){ .setup = &k->setup, .was = &k->was, .align = &k->align, .files = &src->files, .dir = run_dir.p,
				     .mask = k->mask, .start = k->b.start, .assume = src->assume, .assume_count = src->assume_count };
	k->whatif = whatif_run(&o);
	k->res = whatif_result(k->whatif);
}

void whatif_close(struct whatif_case *k)
{
	whatif_free(k->whatif);
	align_release(&k->align);
	rebuild_release(&k->b);
	trace_release(&k->was);
	mask_free(k->mask);
	arena_release(&k->own.arena);
}

const char *whatif_status(const struct whatif_result *r, uint32_t outcome)
{
	return outcome < r->outcome_count ? run_status_names[r->outcomes[outcome].status] : "refused";
}

const char *whatif_was(const struct whatif_case *k)
{
	return k->was.status == RUN_RUNNING ? "broken" : run_status_names[k->was.status];
}
