#ifndef RB_CLI_RUNNER_H
#define RB_CLI_RUNNER_H
/*
 * runner: makes a run out of a loaded runbook: id, lock, folder, journal,
 * secrets, world, display; drives the engine; seals and cleans up.
 */
#include <stdbool.h>
#include <stdint.h>
#include "cli/ui.h"
#include "value/value.h"

struct cli;
struct loaded;
struct preset;

struct run_request {
	struct value *inputs;              /* by rb->inputs */
	struct preset *presets; uint32_t preset_count;
	struct str outside_window;         /* why the run goes on outside of its change window, or empty */
	enum ui_format format;
};

/* Runs as the command's options say (--dry-run --yes --no-input --operator
 * --no-sync --state); returns the exit code of engine.md section 3. */
int runner_run(struct cli *c, struct loaded *l, const struct run_request *q);

#endif
