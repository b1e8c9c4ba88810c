#ifndef RB_JOURNAL_REASON_H
#define RB_JOURNAL_REASON_H
/*
 * reason: who cancels a run, and why. The process that sends the signal leaves a
 * file in the run's folder before, named by its own id; the runner, which knows
 * from the system who sent the signal, takes that file and no other.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/str.h"

struct arena;

enum { REASON_WHY_MAX = 4096 /* bytes of `why` */, REASON_BY_MAX = 256 };

struct reason { struct str by, why; };

/* Leaves the reason of this process in the folder, whole. 0 or errno. */
int reason_leave(const char *run_dir, const struct reason *r);
/* Takes away what this process has left and nobody took. True: it was there. */
bool reason_withdraw(const char *run_dir);
/* Takes the file of the process that sent the signal, as the account uid: reads it, into the arena,
 * and removes it. False: it left none, or what is there is not its own. */
bool reason_take(struct arena *a, const char *run_dir, pid_t sender, uid_t uid, struct reason *out);

#endif
