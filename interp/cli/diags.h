#ifndef RB_CLI_DIAGS_H
#define RB_CLI_DIAGS_H
/* diags: diagnostics on their way to a person or a program. */
#include <stdbool.h>

struct cli;
struct diags;

enum diag_output { DIAG_TEXT, DIAG_JSON, DIAG_SARIF, DIAG_GITHUB };

/* Prints diagnostics: text on stderr, json, sarif and github on stdout. */
void source_report(struct cli *c, const struct diags *ds, enum diag_output how);

#endif
