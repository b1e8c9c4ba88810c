#ifndef RB_EVAL_FUNCTIONS_H
#define RB_EVAL_FUNCTIONS_H
/*
 * functions: declarations made from functions.def. fn_NAME() evaluates a call
 * whose arguments are known, not null where the table says so, and of the right
 * kind; rule_NAME() gives the type of a call at check time, NULL after a
 * diagnostic. Shared by the files of eval only.
 */
#include "eval/code.h"

#define FN(name, group, signature, doc, params, rule, flags) struct value fn_##name(struct call *k);
#include "eval/functions.def"
#undef FN

typedef const struct type *type_rule(struct check *k);

type_rule rule_str, rule_bool, rule_int, rule_float, rule_duration, rule_size, rule_percent, rule_ratio, rule_time,
	rule_secret, rule_any, rule_string, rule_len, rule_split, rule_join, rule_replace, rule_bool_of, rule_strings,
	rule_format, rule_item, rule_quantifier, rule_count, rule_filter, rule_map, rule_sort_by, rule_sum,
	rule_extreme, rule_avg, rule_percentile, rule_same, rule_flatten, rule_ints, rule_chunks, rule_values,
	rule_merge, rule_round, rule_mod, rule_div, rule_clamp, rule_format_time, rule_calendar;

/* A unit's worth in ns or bytes; false: no such unit. */
bool unit_of_duration(struct str name, int64_t *ns);
bool unit_of_size(struct str name, int64_t *bytes);
/* Counts {} of a template; -1 after a stray brace. */
int format_holes(struct str template);
/* The value without secret flags, deep, so that it can be printed. */
struct value without_secret(struct call *k, struct value v);
/* Order of two values that both have one (numbers mix); false: they have none. */
bool values_order(struct value a, struct value b, int *out);

#endif
