#ifndef RB_RUN_ENGINE_H
#define RB_RUN_ENGINE_H
/*
 * engine: the pure heart: (state, event) -> (state, records, commands). It reads
 * no clock, no environment and no file: all comes as events, all goes out
 * through struct effects. A new run: prepare, attach, drive. A run that another
 * runner left: attach a replay (run/replay.h), which feeds the journal's events;
 * then attach the live world and drive on with EVENT_EPOCH or EVENT_ADOPT.
 */
#include <stdbool.h>
#include <stdint.h>
#include "plan/program.h"
#include "plan/revision.h"
#include "run/effects.h"

struct engine;
struct mask;
struct arena;

enum run_status { RUN_RUNNING, RUN_OK, RUN_STOPPED, RUN_FAILED, RUN_ROLLED_BACK, RUN_INCOMPLETE,
		  RUN_IN_DOUBT, RUN_HELD, RUN_CANCELLED, RUN_STATUSES };
extern const char *const run_status_names[RUN_STATUSES];

struct preset { struct str name, value; }; /* -i STEP.field=value */
/* What the site says of a role instead of the runbook; by rb->roles. */
struct site_role { const struct str *who; uint32_t who_count; struct str notify; };
struct run_setup {
	const struct program *program;
	uint32_t revision;                   /* ENGINE_REVISION, or that of the journal */
	struct str run_id, operator_name;
	struct str user; int64_t uid;        /* the account that runs it: like the operator, it approves nothing */
	struct str plan;                     /* hex digest of program version, runbook, files and inputs: approvals are bound to it */
	const struct site_role *roles;       /* by rb->roles, or NULL */
	struct str outside_window;           /* --outside-window REASON, or empty */
	const struct value *inputs;          /* by rb->inputs */
	const struct value *secrets;         /* by program.secrets; strings, flagged VALUE_SECRET */
	bool dry_run;
	bool interactive;                    /* a person is at the terminal: a second INT asks */
	const struct preset *presets; uint32_t preset_count; /* answers given beforehand */
	const char *dir;                     /* default folder of steps: the runbook's */
	const char *const *unit_dirs;        /* by unit: folders of modules that have another one than they came from, or NULL */
	struct str gone;                     /* replay: stands where a secret was that is not known any more */
	const struct mask *mask;             /* secrets: texts are masked before they are cut for a record; NULL: none */
	struct str seed;                     /* 32 random bytes, for jitter and keys */
	struct str open_body;                /* members of run.open made by the caller: run, program, versions, ... */
};

struct engine *engine_new(const struct run_setup *s);
void engine_free(struct engine *e);

/* Evaluates vars and `lock` (empty if the runbook has none) as of wall. Call
 * once, before engine_drive. False: *error says which value failed and why. */
bool engine_prepare(struct engine *e, int64_t wall, struct str *lock, struct str *error);

/* The world from here on. */
void engine_attach(struct engine *e, const struct effects *fx, void *ctx);
/* Handles one event and hands out what it led to. False: the journal could not be written. */
bool engine_feed(struct engine *e, const struct event *ev);
/* Runs to the end: flush, start, wait, handle. first (its time is set here, from the
 * world) is what it begins with. Returns the exit code of engine.md section 3 and
 * *status. journal_err: errno if the journal failed (then in doubt). */
int engine_drive(struct engine *e, const struct event *first, enum run_status *status, int *journal_err);

/* --- taking over ------------------------------------------------------------ */

/* All that an expression of the runbook can name now: a map of inputs, vars, secrets, roles,
 * steps (also monitors), run, risk, now. Texts are masked; a secret is ***. It lives in a
 * and borrows from the engine. */
struct value engine_names(struct engine *e, struct arena *a);
/* Of engine.md section 3, by its status. */
int engine_exit_code(const struct engine *e);
enum run_status engine_status(const struct engine *e);
/* The run was sealed. */
bool engine_ended(const struct engine *e);
/* Held or in doubt, and nothing acts any more: nothing to do before a person has spoken. */
bool engine_waits(const struct engine *e);
bool engine_unwinding(const struct engine *e); /* never forward again */
bool engine_wrote(const struct engine *e);     /* a write was begun */
/* Wall time and monotonic time of the last event, ns. */
void engine_clock(const struct engine *e, int64_t *wall, int64_t *mono);
/* Keys of children that were under way with the last event; at most max. */
uint32_t engine_children(const struct engine *e, struct str *keys, uint32_t max);
/* The run is known from now on by another id and folder (EVENT_ADOPT). keeps: `run.id` stays that of
 * the run that did what is undone now; not in journals of before (before REVISION_3). */
void engine_rename(struct engine *e, struct str run_id, bool keeps);
/* Body of the record that a person's word on a step in doubt leaves: input of EVENT_RESOLVE. */
void engine_resolve_body(struct buf *out, struct str key, bool done, struct str by, struct str why);
/* The key of the step in doubt that name means: a key, or the id of a step of which only one
 * instance is in doubt. Else name itself. */
struct str engine_doubt_key(const struct engine *e, struct str name);
/* A step in doubt: 0 no such step, 1 in doubt, -1 not in doubt. */
int engine_doubt(const struct engine *e, struct str key);

#endif
