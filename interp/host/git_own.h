#ifndef RB_HOST_GIT_OWN_H
#define RB_HOST_GIT_OWN_H
/*
 * git_own: objects and HEAD read by ourselves, because loading libgit2 takes
 * longer than all the rest of a short run, and to say which commit a file
 * belongs to only a handful of objects is needed. Private to the files git*.c.
 *
 * It reads what git writes: loose objects, packs with an index of version 2, and
 * HEAD by way of a loose or packed branch. Each object is compared with its name.
 * Whatever is missing, damaged or unusual is simply "no": then libgit2 is asked,
 * which reads more and says what is wrong.
 */
#include <stdbool.h>
#include "host/git.h"
#include "host/libgit2.h"

struct git_own; /* descriptors of packs */

struct git_own *git_own_open(const struct git_place *place);
void git_own_close(struct git_own *o);
/* The object, if it has this type and at most max bytes. Bytes in the arena. */
bool git_own_read(struct git_own *o, struct arena *a, const struct git_id *id, git_object_t type, size_t max, struct str *out);
/* The commit that is checked out. */
bool git_own_head(struct arena *a, const struct git_place *place, struct git_id *out);

#endif
