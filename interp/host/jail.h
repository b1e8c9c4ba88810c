#ifndef RB_HOST_JAIL_H
#define RB_HOST_JAIL_H
/*
 * jail: gives up the power to change anything: from then on the kernel refuses
 * this process every system call but reading files, memory, time and writing to
 * descriptors that it has open as 1 and 2 (seccomp(2), filter mode). For replays
 * and checks of journals: no process, socket or file can come of them.
 */

/* 0 or errno (EINVAL: a kernel without seccomp; ENOSYS: another processor). There is no way back. */
int jail_enter(void);

#endif
