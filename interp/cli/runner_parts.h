#ifndef RB_CLI_RUNNER_PARTS_H
#define RB_CLI_RUNNER_PARTS_H
/*
 * runner_parts: what a runner of a new run (runner.c) and one that takes over
 * (takeover.c) share: who runs, secrets, lock, world, display, and the drive to
 * the end. For these two only.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "cli/kept.h"
#include "cli/runner.h"
#include "cli/settings.h"
#include "journal/state.h"
#include "run/engine.h"

struct jsonw;

struct runner {
	struct cli *c;
	struct loaded *l;
	const struct run_request *q;
	struct settings set;
	bool dry_run, yes, no_sync, interactive;
	const char *claimed_operator;      /* --operator or NULL */
	const char *state;
	char id[RUN_ID_LEN + 1];
	struct str dir;                /* the run's folder */
	char seed[65];
	struct str operator_name, user;
	char host[256];
	int64_t wall, boot;
	struct str lock;
	bool locked;
	struct mask *mask;
	struct value *secrets;
	struct kept_sources kept;
	const char *const *module_env;
	const char *work;              /* the children's folder: the runbook's, or the run's own files/ */
	struct journal *journal;
	struct live *live;
	struct dry *dry;
	struct ui *ui;
	struct engine *engine;
	struct buf open_body;
	bool head_signed;              /* that of the first records of this runner */
	struct str gone;               /* of a run that is taken over: live_options.gone */
	struct run_setup setup;
};

/* Options and settings, clocks, who and where. 0 or an exit code after a message. */
int runner_begin(struct runner *r, struct cli *c);
/* Values of the secrets, and the mask made of them. False after a message. */
bool runner_secrets(struct runner *r, const char *const *env);
/* The environment of children, without the variables that secrets come from. */
const char *const *runner_env(struct runner *r);
/* Until the loop has them: a signal must not leave a lock behind. */
void runner_hold_signals(void);
void runner_open_ui(struct runner *r);
/* The target's lock, for the run r->id. 0 or an exit code after a message. */
int runner_lock(struct runner *r);
void runner_unlock(struct runner *r);
/* Options of the journal, as far as they are known to both. */
struct journal_options;
void runner_journal(struct runner *r, struct journal_options *o);
/* Writes the sources into the run's folder, and the body of run.open (docs/journal.md) into
 * open_body. False after a message. */
bool runner_first_record(struct runner *r);
/* Members that say who runs and where. */
void runner_put_who(struct runner *r, struct jsonw *w);
/* The live (or dry) world; r->boot is the run's monotonic zero. 0 or an exit code after a message. */
int runner_world(struct runner *r, const char *const *env);
/* Drives the engine, attached to the world, to the end; frees the lock if the run is over. */
int runner_drive(struct runner *r, const struct event *first);
/* The report is written, the end is shown. */
void runner_end(struct runner *r, int code);
void runner_release(struct runner *r);
/* The run was refused before its first record: nothing of it stays. */
void runner_forget(struct runner *r);
bool runner_shared(const struct runner *r);
/* runner_people.c: fills r->setup, once `files:` are read; and says so in run.open. */
void runner_people(struct runner *r);
void runner_put_people(struct runner *r, struct jsonw *w);

#endif


