#ifndef RB_PLAN_REVISION_H
#define RB_PLAN_REVISION_H
/*
 * revision: what the engine decides and words otherwise than it once did. A run is
 * replayed and taken over as its revision did (run.open's `revision`, docs/journal.md);
 * a new one has the last.
 */

enum {
	REVISION_2 = 2, /* dry-run: a block of which not all ran is unknown; approvers see why a run goes on outside its window;
			 * a rule that does not hold any more is recorded; what is asked for is told with its bounds and how
			 * it is written */
	REVISION_3 = 3, /* in a run that undoes another one `run.id` is the other one's; a false `expect` says what it saw, a
			 * checklist what is ticked of it; approvers see scripts whole, and the plan shows conditions and loops
			 * of undo steps, and arguments of a list one by one; a command in which a secret is missing stands behind # until
			 * it is filled in; lengths and digests are those of texts without their secrets */
	REVISION_4 = 4, /* a wrong format of format_time() is called that, and not an unknown time zone; what is computed from a
			 * secret is one, too, and found in texts; where it cannot be computed, or has characters that may not
			 * be there, the step is announced and not started */
	ENGINE_REVISION = REVISION_4
};

#endif
