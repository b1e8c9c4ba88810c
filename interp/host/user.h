#ifndef RB_HOST_USER_H
#define RB_HOST_USER_H
/* user: who runs this. */
#include "base/str.h"

struct arena;

/* The name of a user id, in the arena: of /etc/passwd, else as the name service says
 * (which costs a start more than all the rest of it). Empty: it has none. */
struct str user_of(struct arena *a, unsigned uid);

#endif
