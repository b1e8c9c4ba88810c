#ifndef RB_HOST_NURSERY_H
#define RB_HOST_NURSERY_H
/*
 * nursery: the inside of child: all children of one loop, shared by nursery.c
 * (life of a child), pipes.c (its input and output), spawn.c (clone and exec)
 * and warden.c (kill, reap).
 *
 * A leader that has exited is not reaped before its child is done: its zombie
 * keeps pid and group from being given to somebody else, so that signals to
 * the group cannot hit strangers.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include "host/child.h"
#include "host/loop.h"
#include "host/proc.h"

enum child_state {
	CHILD_QUEUED,   /* waits for descriptors */
	CHILD_RUNNING,
	CHILD_FAILED    /* not started; on_done is due */
};
enum child_kill { KILL_NOT, KILL_TERM, KILL_KILL };

struct known { pid_t pid; uint64_t start; };

struct child {
	struct nursery *n;
	struct child *prev, *next; /* in a ring of the nursery */
	struct child_spec spec;
	uint8_t state;             /* enum child_state */
	uint8_t killing;           /* enum child_kill */
	uint8_t why;               /* enum child_end, once killing */
	bool exited;               /* seen; not yet reaped */
	pid_t pid;
	int in, out[2];            /* our ends, -1: closed */
	int theirs[2];             /* of out, until it runs */
	struct loop_fd *in_watch, *out_watch[2];
	int pidfd;
	struct loop_fd *pid_watch;
	size_t written;            /* of input */
	int64_t started;           /* clock_boot */
	struct loop_timer *timer;  /* timeout */
	struct loop_timer *poll;   /* for the exit, where there are no pidfds */
	int error; const char *step;
	/* while killing */
	int64_t kill_at;           /* clock_boot: when KILL follows, or came */
	uint64_t start;            /* of the leader, in ticks */
	struct known *known; uint32_t known_count, known_cap; /* descendants seen so far */
};

struct ring { struct child *first, *last; };

enum { NURSERY_STACK = 64 << 10, NURSERY_BUF = 64 << 10, NURSERY_PATH = 8192, NURSERY_SIGNALS = 14 };

struct nursery {
	struct loop *l;
	struct ring running, queued, failed;
	struct child *spare;       /* by next */
	struct child *ready;       /* its pipes are open already; or NULL */
	struct loop_timer *post;   /* on_done of failed ones, next try of queued ones */
	struct loop_timer *watch;  /* the warden's next look */
	int64_t watch_at;
	uint32_t active;           /* running ones */
	uint32_t done_count;       /* for reaping now and then */
	struct proc_list procs;    /* the warden's last look */
	int64_t looked;
	int null;                  /* /dev/null */
	char *stack, *buf, *path;  /* of a starting child; for reading; for the search of a program */
	struct sigaction old_pipe;
	int ignored[NURSERY_SIGNALS], ignored_count; /* signals that a child must not ignore, too */
};

/* spawn.c. Once, when our own signals are set up. */
void spawn_prepare(struct nursery *n);
/* Starts the leader with these as its descriptors 0, 1, 2. 0 or an errno with *step. */
int spawn_leader(struct nursery *n, const struct child_spec *s, int in, int out, int err, pid_t *pid, const char **step);

/* nursery.c */
void ring_add(struct ring *r, struct child *c);
void ring_drop(struct ring *r, struct child *c);
/* The leader and all that belongs to it have ended, or are given up (stuck). */
void child_finish(struct child *c, bool stuck);
/* Has the leader exited? */
bool child_look(struct child *c);
/* Its pipes or its leader may have closed or ended: is it done? */
void child_check(struct child *c);

/* pipes.c */
/* /dev/null with a number from 3 on, -1 and errno. */
int pipes_null(void);
/* Closes *fd if it is open; -1 from then on. */
void pipe_close(int *fd);
/* Makes the stdin (of spec.input, or nothing) and feeds it from then on; theirs is the child's end,
 * which is the nursery's null if there is nothing to read. 0 or errno. */
int pipes_open_in(struct child *c, int *theirs);
/* Makes out and theirs, and reads from then on. 0 or errno: what was opened stays for pipes_close(). */
int pipes_open_out(struct child *c);
/* Closes all that is open, on both sides. */
void pipes_close(struct child *c);
/* Has the child, and whoever got its output from it, closed both? */
bool child_pipes_closed(const struct child *c);

/* warden.c */
void warden_begin(struct child *c, enum child_end why, int64_t grace);
void warden_wake(struct nursery *n, int64_t at);
/* Reaps orphans that died. */
void warden_reap(struct nursery *n);

#endif
