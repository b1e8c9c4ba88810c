#ifndef RB_CLI_SOURCE_H
#define RB_CLI_SOURCE_H
/* source: from a SOURCE on the command line to a checked program. */
#include <stdbool.h>
#include "base/diag.h"
#include "base/source.h"
#include "plan/program.h"

struct cli;

enum diag_output { DIAG_TEXT, DIAG_JSON, DIAG_SARIF, DIAG_GITHUB };

struct loaded {
	struct source *source;
	struct program *program;   /* NULL if there are errors */
	struct diags diags;
	struct str path;           /* as given */
	const char *dir;           /* the runbook's folder, absolute */
	char digest[65];           /* of its bytes */
};

/* Reads and checks. False after a message (file not readable); diagnostics are in l->diags. */
bool source_load(struct cli *c, const char *name, struct loaded *l);
void source_release(struct loaded *l);
/* Prints diagnostics: text and github on stderr, json and sarif on stdout. */
void source_report(struct cli *c, const struct diags *ds, enum diag_output how);
/* Inputs from --inputs files and -i options, in the order given, into values by
 * program->rb->inputs. Names with a dot are presets (-i STEP.answer=yes). */
struct preset;
bool source_inputs(struct cli *c, struct loaded *l, struct value **inputs, struct preset **presets, uint32_t *preset_count);

#endif
