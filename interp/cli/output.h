#ifndef RB_CLI_OUTPUT_H
#define RB_CLI_OUTPUT_H
/* output: what --output means for a command. */
#include <stdbool.h>
#include "cli/source.h"
#include "cli/ui.h"

struct cli;

/* --output of check. False after a message. */
bool output_diags(struct cli *c, enum diag_output *how);
/* --output of exec: text, json, github; text becomes github under GITHUB_ACTIONS=true. */
bool output_ui(struct cli *c, enum ui_format *how);
/* --output text|json of the others. */
bool output_json(struct cli *c, bool *json);

#endif
