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
	struct module_source *modules; /* its repositories are open as long as this */
	const char **unit_dirs;    /* by unit: folder in the run of a commit's module, or NULL; NULL: none is of a commit */
};

/* Finds SOURCE (a file, or a version of one), reads and checks. False after a message (file not
 * readable, wrong configuration); diagnostics, also of a SOURCE that cannot be had, are in l->diags. */
bool source_load(struct cli *c, const char *name, struct loaded *l);
void source_release(struct loaded *l);
/* The i-th of `files:` of the runbook or a module, from its folder or commit. False after a message. */
bool source_file(struct cli *c, struct loaded *l, const struct unit *u, uint32_t i, struct git_entry *out);
/* Inputs from --inputs files and -i options, in the order given, into values by
 * program->rb->inputs. Names with a dot are presets (-i STEP.answer=yes). */
struct preset;
bool source_inputs(struct cli *c, struct loaded *l, struct value **inputs, struct preset **presets, uint32_t *preset_count);

#endif
