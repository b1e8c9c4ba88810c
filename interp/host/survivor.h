#ifndef RB_HOST_SURVIVOR_H
#define RB_HOST_SURVIVOR_H
/*
 * survivor: processes of a run whose runner died: they can outlive it, and its
 * lock. Found by RUNBOOK_RUN and RUNBOOK_STEP in their environment, so those of
 * other users are seen by root only.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/str.h"

struct survivor { pid_t pid; uint64_t start; uint32_t step; /* index into steps */ };

/* Those of run that belong to one of the steps (keys): at most max. False and errno if
 * not all processes could be looked at: there may be more. */
bool survivors_find(struct str run, const struct str *steps, uint32_t count, struct survivor *out, uint32_t max, uint32_t *found);
/* Is it still there? (Another process of the same number is not.) */
int survivor_lives(const struct survivor *s);
void survivor_kill(const struct survivor *s, int signo);

#endif
