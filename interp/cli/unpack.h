#ifndef RB_CLI_UNPACK_H
#define RB_CLI_UNPACK_H
/* unpack: a run in a bundle file, for the commands that only read (member `bundles` of struct cli_command). */
#include <stdbool.h>
#include "base/str.h"

struct cli;

/* Is `what` a path, not a run's id? (An id has neither `/` nor `.`.) */
bool unpack_wanted(const char *what);
/* Unpacks it into a folder that is gone when the command has ended (host/refuge.h: the rest of
 * the command runs in a child). *dir, *id: of the run that it is about. 0, or an exit code
 * after a message. */
int unpack_run(struct cli *c, const char *path, struct str *id, struct str *dir);

#endif
