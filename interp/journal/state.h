#ifndef RB_JOURNAL_STATE_H
#define RB_JOURNAL_STATE_H
/*
 * state: where runs live: the state folder, run ids, a run's folder, the index
 * of past runs (by reading folders), and the machine-wide lock of `lock:`.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

struct arena;

/* 26 characters, sorts by time: ms since the epoch and 80 random bits in
 * Crockford base32, lower case (ULID). */
enum { RUN_ID_LEN = 26 };
void run_id_new(int64_t wall_ns, char out[RUN_ID_LEN + 1]);
/* Could text be a run id (in lower case)? */
bool run_id_ok(struct str text);

/* Creates STATE/runs/ID with blobs/ (modes by shared). 0 or errno. */
int run_dir_create(const char *state, const char *id, bool shared);
/* Finds a run by id, unique prefix (in either case) or "@last" (newest). 0 ok; ENOENT
 * none; ENOTUNIQ several (up to 5 listed in *which, comma-separated). *dir, *id in the arena. */
int run_find(struct arena *a, const char *state, struct str what, struct str *id, struct str *dir, struct str *which);
/* Ids, newest first. No state folder yet: none. 0 or errno. */
int run_list(struct arena *a, const char *state, struct str **ids, uint32_t *count);
/* Is a living runner on it (flock probe)? */
bool run_is_live(const char *dir);

/* The lock file of a target. One per machine: dir is the config's `locks`, made
 * (mode 1777, its parents 0755) if it is not there. Survives a reboot. */
struct lock_holder { struct str run, operator_name, host, runbook, dir; int64_t since_ns; bool sync; /* its journal is synced */ };
/* 0: ours now (or was already: the run is the same). EEXIST: held, *holder says by
 * whom (all empty if its file cannot be read). Else errno. */
int lock_take(struct arena *a, const char *locks_dir, struct str target, const struct lock_holder *us, struct lock_holder *holder);
/* Frees if it is held by run. 0; ENOENT nobody holds it; EPERM another run does; EBUSY
 * another process is freeing it. */
int lock_free(const char *locks_dir, struct str target, struct str run);

#endif
