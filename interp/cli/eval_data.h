#ifndef RB_CLI_EVAL_DATA_H
#define RB_CLI_EVAL_DATA_H
/* eval_data: the values of a file, for `eval`. */
#include <stdbool.h>
#include "value/value.h"

struct cli;

/* YAML or JSON. Plain YAML scalars become what vars would make of them. False after a message. */
bool eval_data_file(struct cli *c, const char *path, struct value *out);

#endif
