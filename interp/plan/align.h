#ifndef RB_PLAN_ALIGN_H
#define RB_PLAN_ALIGN_H
/*
 * align: which step of one program is which step of another. Steps are known by
 * their path: the labels from the phase down, with `!undo` and `!always` where a
 * step's rollback or always block begins; a module's steps stand below each
 * `uses`. Paired are, in this order: the same id in the same list, the same text
 * in the same list (the id aside), an unlabelled step of the same kind between
 * two paired neighbours, the same id or text elsewhere in the program. Pure.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/map.h"
#include "base/str.h"

struct arena;
struct prog_step;
struct program;

/* A step at its place in one of the programs. */
struct aligned {
	struct str path;
	const struct prog_step *ps;
	const struct aligned *other; /* what it is in the other program, or NULL */
	bool moved;                  /* new side: into another list, or past another step of its list */
	bool undo_changed;           /* new side: its rollback block reads differently */
	struct aligned *next, *last; /* while pairing: others with the same text */
};
struct align { struct map was, is; /* path -> struct aligned * */ };

/* Pairs the steps; all lives in the arena but the maps. */
void align_programs(struct align *al, struct arena *a, const struct program *was, const struct program *is);
void align_release(struct align *al);

#endif
