#ifndef RB_HOST_SIGN_H
#define RB_HOST_SIGN_H
/*
 * sign: signs a file with an ssh key: `ssh-keygen -Y sign` (ssh-keygen(1)) writes
 * PATH.sig beside it. It waits for that program alone, so a loop with children of
 * its own may go on meanwhile. A passphrase is asked for at the terminal.
 */

/* key: the private key's file. 0, errno, or -1: ssh-keygen refused. What it prints goes to
 * standard error, or nowhere if quiet. */
int sign_file(const char *key, const char *name_space, const char *path, int quiet);

#endif
