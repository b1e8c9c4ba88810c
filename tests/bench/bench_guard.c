/*
 * bench_guard: one million evaluations of a compiled guard, names fetched
 * through the environment each time, beside a bare C tree walk of the same
 * expression. Prints "guard NS floor NS ratio R"; the target is 50 ns.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/diag.h"
#include "eval/eval.h"
#include "syntax/node.h"

enum { ROUNDS = 5, TIMES = 1000000 };

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* --- the guard --- */

struct world { struct value values[2]; };

static bool find(const struct scope *s, struct str name, struct span at, struct diags *ds, struct binding *out)
{
	(void)s, (void)at, (void)ds;
	out->type = str_eqz(name, "a") ? &type_percent : &type_duration;
	out->ref = (struct ref){ 1, 0, str_eqz(name, "a") ? 0 : 1, 0 };
	return true;
}

static struct value fetch(void *ctx, struct ref ref)
{
	const struct world *w = ctx;

	return w->values[ref.a];
}

static const struct code *compile(struct arena *a, struct diags *ds)
{
	static const struct scope scope = { .name = find };
	struct str text = STR("a > 5% and b < 500ms");
	struct node *n = arena_alloc(a, sizeof *n);
	struct source *src = source_new(a, STR("bench"), text);
	uint32_t id = 0;
	const struct expr *e;

	*n = (struct node){ .kind = NODE_SCALAR, .style = NODE_PLAIN, .text = text };
	n->span = span_of(src, 0, (uint32_t)text.n);
	e = expr_parse(a, n, 0, (uint32_t)text.n, &id, ds);
	return e ? expr_compile(a, e, &scope, &type_bool, ds) : NULL;
}

static double time_guard(const struct code *c, const struct eval_env *env, struct world *w, long *trues)
{
	struct eval_error err;
	double start = now_ns();

	for (int i = 0; i < TIMES; i++) {
		w->values[0].i = (5 + i % 3) * (int64_t)PERCENT_ONE;
		w->values[1].i = 499999999 + i % 3;
		*trues += code_eval(c, env, &err).b;
	}
	return (now_ns() - start) / TIMES;
}

/* --- the floor: nodes with a kind, a switch, doubles in slots --- */

struct floor_node { int kind; double number; int slot; const struct floor_node *l, *r; };
enum { NUMBER, SLOT, LESS, GREATER, BOTH };

static double walk(const struct floor_node *n, const double *slots)
{
	switch (n->kind) {
	case NUMBER:
		return n->number;
	case SLOT:
		return slots[n->slot];
	case LESS:
		return walk(n->l, slots) < walk(n->r, slots);
	case GREATER:
		return walk(n->l, slots) > walk(n->r, slots);
	default:
		return walk(n->l, slots) != 0 && walk(n->r, slots) != 0;
	}
}

static double time_floor(long *trues)
{
	static const struct floor_node a = { SLOT, 0, 0, NULL, NULL }, b = { SLOT, 0, 1, NULL, NULL };
	static const struct floor_node five = { NUMBER, 5, 0, NULL, NULL }, limit = { NUMBER, 500, 0, NULL, NULL };
	static const struct floor_node greater = { GREATER, 0, 0, &a, &five }, less = { LESS, 0, 0, &b, &limit };
	static const struct floor_node both = { BOTH, 0, 0, &greater, &less };
	const struct floor_node *volatile root = &both;
	double slots[2], start = now_ns();

	for (int i = 0; i < TIMES; i++) {
		slots[0] = 5 + i % 3;
		slots[1] = 499 + i % 3;
		*trues += walk(root, slots) != 0;
	}
	return (now_ns() - start) / TIMES;
}

int main(void)
{
	struct world w = { { value_unit(V_PERCENT, 0), value_unit(V_DURATION, 0) } };
	double guard = 0, floor = 0, ns;
	struct eval_env env = { .fetch = fetch, .ctx = &w };
	long trues = 0, floor_trues = 0;
	const struct code *c;
	struct arena a, results;
	struct diags ds;

	arena_init(&a);
	arena_init(&results);
	diags_init(&ds, &a);
	env.arena = &results;
	c = compile(&a, &ds);
	if (!c) {
		fprintf(stderr, "bench_guard: the guard does not compile\n");
		return 1;
	}
	for (int i = 0; i < ROUNDS; i++) { /* the best of the rounds: the machine is shared */
		ns = time_guard(c, &env, &w, &trues);
		guard = guard == 0 || ns < guard ? ns : guard;
		ns = time_floor(&floor_trues);
		floor = floor == 0 || ns < floor ? ns : floor;
	}
	if (trues != floor_trues) {
		fprintf(stderr, "bench_guard: %ld and %ld differ\n", trues, floor_trues);
		return 1;
	}
	printf("guard %.1f floor %.1f ratio %.2f\n", guard, floor, guard / floor);
	diags_release(&ds);
	arena_release(&results);
	arena_release(&a);
	return 0;
}
