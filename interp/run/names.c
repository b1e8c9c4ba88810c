#include "run/engine_state.h"

/*
 * names: all that an expression of the runbook can name when the run stands
 * where it stands, as one value: for `eval --run`. It asks the environment that
 * the run's own expressions ask, so there is no second idea of what a name is.
 */

struct names { struct frame at; struct eval_env env; struct arena *arena; };

static struct value of(const struct names *n, uint16_t root, uint32_t a, uint32_t b)
{
	struct eval_env env = n->env;

	return env.fetch(env.ctx, (struct ref){ .root = root, .a = a, .b = b });
}

/* steps.ID */
static struct value step_names(const struct names *n, const struct prog_step *ps)
{
	const struct step *s = ps->ast;
	bool loop = s->more->foreach.present;
	struct pair *p = arena_array(n->arena, STEP_EACH + 1u + s->capture_count, sizeof(*p));
	uint32_t count = 0;

	for (uint32_t i = 0; i <= STEP_EACH; i++)
		if (i != STEP_EACH || loop)
			p[count++] = (struct pair){ str_of(step_field_names[i]), of(n, REF_STEP, s->ix, i) };
	for (uint32_t i = 0; i < s->capture_count; i++)
		p[count++] = (struct pair){ s->captures[i].name, of(n, REF_STEP, s->ix, (loop ? STEP_EACH_FIELD : STEP_CAPTURE) + i) };
	return value_map(p, count);
}

/* Steps of the runbook that stand in no loop and in no block of another one; and monitors. */
static bool nameable(const struct prog_step *ps)
{
	return !ps->unit->index && ps->ast->id.n && ps->loop == NO_STEP &&
	       (ps->role == ROLE_FORWARD || ps->role == ROLE_TOP_UNDO || ps->role == ROLE_TOP_ALWAYS || ps->role == ROLE_MONITOR);
}

static struct value all_steps(const struct names *n)
{
	const struct program *p = n->at.e->p;
	struct pair *list = arena_array(n->arena, p->step_count + 1u, sizeof(*list));
	uint32_t count = 0;

	for (uint32_t i = 0; i < p->step_count; i++)
		if (nameable(&p->steps[i]))
			list[count++] = (struct pair){ p->steps[i].ast->id, step_names(n, &p->steps[i]) };
	return value_map(list, count);
}

static struct value run_names(const struct names *n)
{
	struct pair *p = arena_array(n->arena, RUN_FIELDS, sizeof(*p));

	for (uint32_t i = 0; i < RUN_FIELDS; i++)
		p[i] = (struct pair){ str_of(run_field_names[i]), of(n, REF_RUN, i, 0) };
	return value_map(p, RUN_FIELDS);
}

static struct value all_roles(const struct names *n)
{
	const struct runbook *rb = n->at.e->p->rb;
	struct pair *list = arena_array(n->arena, rb->role_count + 1u, sizeof(*list));

	for (uint32_t i = 0; i < rb->role_count; i++) {
		struct pair *p = arena_array(n->arena, 2, sizeof(*p));

		p[0] = (struct pair){ STR("who"), of(n, REF_ROLE, i, 0) };
		p[1] = (struct pair){ STR("contact"), of(n, REF_ROLE, i, 1) };
		list[i] = (struct pair){ rb->roles[i].name, value_map(p, 2) };
	}
	return value_map(list, rb->role_count);
}

static struct value all_secrets(const struct names *n)
{
	const struct program *p = n->at.e->p;
	struct pair *list = arena_array(n->arena, p->secret_count + 1u, sizeof(*list));
	uint32_t count = 0;

	for (uint32_t i = 0; i < p->secret_count; i++)
		if (!p->secrets[i].unit->index)
			list[count++] = (struct pair){ p->secrets[i].secret->name, value_str(STR("***")) };
	return value_map(list, count);
}

static struct value all_inputs(const struct names *n)
{
	const struct runbook *rb = n->at.e->p->rb;
	struct pair *list = arena_array(n->arena, rb->input_count + 1u, sizeof(*list));

	for (uint32_t i = 0; i < rb->input_count; i++)
		list[i] = (struct pair){ rb->inputs[i].name, of(n, REF_INPUT, i, 0) };
	return value_map(list, rb->input_count);
}

static struct value all_vars(const struct names *n)
{
	const struct runbook *rb = n->at.e->p->rb;
	struct pair *list = arena_array(n->arena, rb->var_count + 1u, sizeof(*list));

	for (uint32_t i = 0; i < rb->var_count; i++)
		list[i] = (struct pair){ rb->vars[i].name, of(n, REF_VAR, i, 0) };
	return value_map(list, rb->var_count);
}

static struct value risk_names(const struct names *n)
{
	struct pair *p = arena_array(n->arena, 2, sizeof(*p));

	p[0] = (struct pair){ STR("score"), of(n, REF_RISK, 0, 0) };
	p[1] = (struct pair){ STR("level"), of(n, REF_RISK, 1, 0) };
	return value_map(p, 2);
}

struct value engine_names(struct engine *e, struct arena *a)
{
	struct names n = { .at = { .e = e, .kind = FRAME_LIST, .scope = e->root->scope, .tmp = a }, .arena = a };
	struct pair *top = arena_array(a, 8, sizeof(*top));

	n.env = frame_env(&n.at);
	top[0] = (struct pair){ STR("inputs"), all_inputs(&n) };
	top[1] = (struct pair){ STR("vars"), all_vars(&n) };
	top[2] = (struct pair){ STR("secrets"), all_secrets(&n) };
	top[3] = (struct pair){ STR("roles"), all_roles(&n) };
	top[4] = (struct pair){ STR("steps"), all_steps(&n) };
	top[5] = (struct pair){ STR("run"), run_names(&n) };
	top[6] = (struct pair){ STR("risk"), risk_names(&n) };
	top[7] = (struct pair){ STR("now"), of(&n, REF_NOW, 0, 0) };
	return masked_value(&n.at, value_map(top, 8));
}
