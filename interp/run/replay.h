#ifndef RB_RUN_REPLAY_H
#define RB_RUN_REPLAY_H
/*
 * replay: the world that answers from a journal. Its records are given one by
 * one; those that tell of an event (run/recorded.h) are fed to the engine, and
 * every record that the engine makes must be the one that the journal has, byte
 * for byte, with its times. So a replay proves that program, inputs and events
 * lead to exactly this journal; and a runner that takes over uses it to bring its
 * engine to where the last one stood. It starts nothing.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"
#include "run/effects.h"

struct engine;
struct lookalikes;
struct mask;
struct record;
struct replay;

enum replay_verdict {
	REPLAY_IDENTICAL, /* so far */
	REPLAY_DIVERGED,  /* at record n: the journal has `recorded`, the engine makes `made` */
	REPLAY_CANNOT     /* something is missing: why */
};
struct replay_result {
	enum replay_verdict verdict;
	int64_t n;
	char why[200];
	struct str recorded, made; /* bodies; empty: none. They live as long as the replay */
};

/* Sees what the engine starts and stops, and each event with its record before it is fed.
 * A result's op is set, its other members are those that the engine will see. */
struct replay_observer {
	void (*start)(void *arg, const struct command *c);
	void (*stop)(void *arg, uint32_t op);
	void (*event)(void *arg, const struct record *rec, const struct event *ev);
	void *arg;
};

struct replay_options {
	struct engine *engine;    /* new and prepared; borrowed */
	const char *dir;          /* the run's folder, for blobs */
	struct mask *mask;        /* what the engine's records are masked with; borrowed */
	struct str gone;          /* run_setup.gone; added to the mask when it is needed */
	/* What is masked beside secrets (run/lookalike.h); after a divergence, what else would
	 * have to be. NULL: nothing looks like a secret. */
	struct lookalikes *alike;
	uint32_t secrets;         /* of the runbook, whose values are not known here */
	struct replay_observer observer; /* all NULL: nobody */
};

struct replay *replay_new(const struct replay_options *o);
void replay_free(struct replay *r);
/* Takes the journal's next record. False once the verdict is not IDENTICAL any more; the
 * records behind that one are still of use for `alike`. */
bool replay_take(struct replay *r, const struct record *rec);
/* The journal ends here. sealed: then the engine must have ended too. */
void replay_end(struct replay *r, bool sealed);
const struct replay_result *replay_result(const struct replay *r);
/* Records that the engine made of the last events and the journal does not have, because
 * its runner died before it wrote them. Each is given once. */
void replay_rest(struct replay *r, void (*each)(void *arg, int64_t wall, int64_t mono, struct str body), void *arg);

#endif
