#ifndef RB_CLI_SOURCE_H
#define RB_CLI_SOURCE_H
/* source: from a SOURCE on the command line to a checked program. */
#include <stdbool.h>
#include "base/diag.h"
#include "base/source.h"
#include "cli/diags.h"
#include "plan/program.h"

struct cli;
struct git_entry;
struct origin;

struct loaded {
	struct source *source;
	struct program *program;   /* NULL if there are errors */
	struct diags diags;
	struct str path;           /* as given */
	const char *dir;           /* the runbook's folder, absolute; of a commit's: where we are */
	struct origin *origin;     /* which commit, if it is from one (pinned) */
	char digest[65];           /* of its bytes */
};

/* Finds SOURCE (a file, or a version of one), reads and checks. False after a message (file not
 * readable, wrong configuration); diagnostics, also of a SOURCE that cannot be had, are in l->diags. */
bool source_load(struct cli *c, const char *name, struct loaded *l);
void source_release(struct loaded *l);
/* The i-th of `files:`, from the runbook's folder or its commit. False after a message. */
bool source_file(struct cli *c, struct loaded *l, uint32_t i, struct git_entry *out);
/* Inputs from --inputs files and -i options, in the order given, into values by
 * program->rb->inputs. Names with a dot are presets (-i STEP.answer=yes). */
struct preset;
bool source_inputs(struct cli *c, struct loaded *l, struct value **inputs, struct preset **presets, uint32_t *preset_count);

#endif
