#ifndef RB_RUN_LIVE_H
#define RB_RUN_LIVE_H
/*
 * live: the world that does things: children, requests, timers, questions and
 * files on host's loop, records through the journal. dry: the same world with
 * every write suppressed (engine.md section 4). Both are `struct effects`.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"
#include "run/effects.h"

struct journal;
struct loop;
struct mask;
struct live;

struct live_options {
	struct str run_id;
	const char *run_dir;               /* blobs, rendered files, answers */
	const char *signers;               /* allowed signers of answers (ssh-keygen -Y verify), or NULL */
	struct journal *journal;           /* borrowed */
	const struct mask *mask;
	int64_t start_wall, start_boot;    /* clocks at the run's start */
	const char *const *base_env;       /* environment of children: engine.md 3 "A child", NAME=value */
	const char *const *module_env;     /* of children of modules: without what the runbook inherits */
	bool yes;                          /* --yes */
	bool interactive;                  /* a person is at the terminal */
	bool shared;
	bool no_sync;                      /* --no-sync: blobs and rendered files are not synced either */
	struct str operator_name;          /* who answers at the terminal */
	struct str gone;                   /* run_setup.gone of a run taken over: nothing that has it is started */
	const char *version;               /* for User-Agent; may be NULL */
	/* Output of children as it comes, masked, controls not yet escaped. May be NULL. */
	void (*on_output)(void *arg, struct str key, int stream, struct str bytes);
	/* A question is about to be asked (text: the whole prompt, for the display to write)
	 * or was answered (text empty) or taken back (a newline). May be NULL. */
	void (*on_question)(void *arg, bool open, struct str text);
	/* Called at least once a second while waiting, for heartbeats and redraws. May be NULL. */
	void (*on_tick)(void *arg);
	/* Nothing is ready: before waiting. May be NULL. */
	void (*on_idle)(void *arg);
	/* effects.hide: the owner of the mask adds the secret to it. May be NULL. */
	void (*on_hide)(void *arg, struct str secret);
	void *arg;
};

struct live *live_new(const struct live_options *o, int *err);
void live_free(struct live *l);      /* kills what still runs, waits for its death */
struct loop *live_loop(struct live *l);
const struct effects *live_effects(void);  /* ctx: struct live * */

struct dry;
/* Wraps a live world: reads pass until the first suppressed write, then not in act
 * and test any more, where they would describe an unchanged system; relative files
 * pass; everything else answers END_SUPPRESSED. A request that is not GET or HEAD
 * never passes. */
struct dry *dry_new(struct live *l);
void dry_free(struct dry *d);
const struct effects *dry_effects(void);   /* ctx: struct dry * */

#endif
