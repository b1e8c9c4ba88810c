#ifndef RB_CLI_REBUILD_H
#define RB_CLI_REBUILD_H
/*
 * rebuild: brings an engine to where a run's journal ends: program, inputs and
 * seed from what the run kept, then a replay of its records. A runner that takes
 * over goes on from there; `replay` and `verify` ask only whether all was the same.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/map.h"
#include "base/str.h"
#include "cli/source.h"
#include "journal/reader.h"
#include "run/engine.h"
#include "run/lookalike.h"
#include "run/replay.h"
#include "run/trace.h"

struct cli;
struct mask;

struct rebuild {
	struct cli *c;
	struct loaded l;                 /* the program, from the run's own blobs */
	struct run_setup setup;
	struct engine *engine;
	struct replay *replay;
	struct mask *mask;               /* borrowed */
	struct str lock;
	/* of the first record */
	struct str run, path, dir, seed, host, boot, program_version, parent, parent_head;
	int64_t start;                   /* as of when vars were evaluated, wall ns */
	bool dry, sync;
	struct journal_scan scan;
	char why[256];                   /* why it cannot be rebuilt; empty: it can */
	bool diverged;                   /* it can, but the engine makes another journal of it */
	struct lookalikes alike;         /* texts that the journal has masked, though they are no secrets of the runbook */
	/* internal */
	struct rebuild *up;              /* of the run that it undoes */
	struct str run_dir;
	const struct value *secrets;
	bool hidden;                     /* an input had a secret in it */
	bool stand_ins;                  /* for secrets; those of the run are not known */
	int64_t given;                   /* the last record that `each` got */
	/* Called with each record that was the same, in order. May be NULL. */
	void (*each)(void *arg, const struct record *r);
	void *arg;
	unsigned depth;                  /* of runs that undo one another */
	struct trace *trace;             /* takes down what the replay does; borrowed, set before rebuild_open(). NULL: nothing does */
	struct map files;                /* with a trace: what `files:` of runbook and modules held: name -> digest */
};

/* Reads the first record and loads the program that it names. False: why. */
bool rebuild_open(struct rebuild *b, struct cli *c, struct str run_dir);
/* Replays the whole journal. secrets: values by program.secrets, or NULL: stand-ins, whose
 * mask is made here. Where the journal has *** for what stands in clear in the runbook, the
 * replay begins anew with that text as a secret, which must then be masked everywhere.
 * False: why (the journal is damaged, or the replay is not identical). */
bool rebuild_replay(struct rebuild *b, const struct value *secrets, struct mask *m);
void rebuild_release(struct rebuild *b);
/* What stands for a secret of the run that is not known; in the command's arena. */
struct str rebuild_stand_in(struct rebuild *b, struct str what);

#endif
