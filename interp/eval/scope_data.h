#ifndef RB_EVAL_SCOPE_DATA_H
#define RB_EVAL_SCOPE_DATA_H
/*
 * scope_data: a scope over plain data, for `runbook eval --context` and tests.
 * The keys of a map are the names, the whole map is `context`. Types are read
 * off the values: scalars are exact, a map is a record of its keys (a missing
 * one fails when evaluated, with ?. it is null), a list has its items' common
 * type or is JSON; null is JSON too.
 */
#include "eval/eval.h"

struct arena;

struct scope_data {
	struct scope scope;      /* first: give its address to expr_compile */
	struct arena *arena;     /* of the types */
	struct value data;       /* V_MAP, borrowed */
	const struct type *type;
};

/* data: a map; any other value gives only `context`. */
void scope_data_init(struct scope_data *s, struct arena *a, struct value data);
/* An environment that fetches from the same data; results go to the arena. */
struct eval_env scope_data_env(const struct scope_data *s, struct arena *results);
/* The type that the scope gives a value. */
const struct type *type_of_value(struct arena *a, struct value v);

#endif
