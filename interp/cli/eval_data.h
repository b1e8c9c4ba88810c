#ifndef RB_CLI_EVAL_DATA_H
#define RB_CLI_EVAL_DATA_H
/* eval_data: what `eval` knows: a file's values, or those of a past run. */
#include <stdbool.h>
#include "value/value.h"

struct cli;
struct past;

/* YAML or JSON. Plain YAML scalars become what vars would make of them. False after a message. */
bool eval_data_file(struct cli *c, const char *path, struct value *out);
/* {inputs: {...}, steps: {id: {status, code, took, ..., captures}}, run: {...}} */
struct value eval_data_run(struct cli *c, const struct past *p);

#endif
