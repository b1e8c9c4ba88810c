#ifndef RB_HOST_REFUGE_H
#define RB_HOST_REFUGE_H
/*
 * refuge: a private folder for what came from elsewhere, which is gone when the
 * command has ended, however it ended: the rest of the command runs in a child,
 * which may give up all rights (host/jail.h); its parent waits, passes signals on,
 * removes the folder and ends as the child did. Only for commands that have no
 * children or threads yet.
 */

/* A new folder below TMPDIR (mode 0700), for the caller to remove. NULL and errno if it cannot
 * be made. path has room for 4096 bytes. */
char *refuge_folder(char *path);
/* Makes such a folder and returns its path in the child; the parent
 * never returns. NULL and errno if it cannot be made. */
char *refuge_enter(char *path);

#endif
