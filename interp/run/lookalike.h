#ifndef RB_RUN_LOOKALIKE_H
#define RB_RUN_LOOKALIKE_H
/*
 * lookalike: texts of a runbook that hold what is a secret's value, too. The run knew
 * the value and masked them; a replay does not, and makes them in clear. Where only that
 * is different, the two bodies side by side say which text it was.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

struct arena;

enum { LOOKALIKES_MAX = 64 };

struct lookalikes {
	/* from: since the run's steps may have captured so many secrets; 0: from the start on */
	struct { struct str text; uint32_t from; } list[LOOKALIKES_MAX];
	uint32_t count;
	bool more;           /* set when it was changed */
	struct arena *arena; /* of the texts; borrowed */
};

/* Calls found with each text of made that recorded has a *** for, if it is long enough for a
 * secret. False: they have another form, so what follows is another story. Texts live as
 * long as the call. */
bool lookalikes_between(struct str recorded, struct str made, void (*found)(void *arg, struct str text), void *arg);
/* Adds a text that was masked when `from` secrets may have been captured, if it can be a
 * secret's value: there are no more of them than secrets (those of the runbook that are not
 * known, and from), and none has another in it: the shorter one explains both. */
void lookalikes_add(struct lookalikes *l, struct str text, uint32_t from, uint32_t secrets);

#endif
