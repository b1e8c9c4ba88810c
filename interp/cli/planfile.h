#ifndef RB_CLI_PLANFILE_H
#define RB_CLI_PLANFILE_H
/*
 * planfile: a plan that was saved by `plan -o FILE` and runs exactly so later,
 * or is refused because something changed. JSON with "runbook_plan": 1, the
 * runbook's path and digest, the program's version, the inputs, why it may go on
 * outside of its change window (outside_window, if so), and the files' digests.
 */
#include <stdbool.h>
#include "base/buf.h"
#include "cli/runner.h"

struct cli;
struct loaded;

/* Does the file begin as a plan file does? */
bool planfile_is(const char *path);
/* Writes the plan of a loaded runbook. outside: why it goes on outside of its window, or empty. False after a message. */
bool planfile_write(struct cli *c, struct loaded *l, const struct value *inputs, struct str outside, const char *path);
/* exec of a plan file. Exit code. */
int planfile_exec(struct cli *c, const char *path, struct run_request *q);

#endif
