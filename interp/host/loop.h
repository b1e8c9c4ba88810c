#ifndef RB_HOST_LOOP_H
#define RB_HOST_LOOP_H
/*
 * loop: one epoll loop for everything that takes time: descriptors, timers,
 * signals (signalfd). Callbacks run from loop_turn() only, never from inside the
 * call that registered them, and may register and remove anything. A loop belongs to
 * one thread.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct loop;
struct loop_fd;
struct loop_timer;

struct loop *loop_new(int *err); /* NULL and errno value on error */
void loop_free(struct loop *l);

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 };
/* events: what is so now; LOOP_HANGUP (also errors) comes unasked. */
typedef void loop_fd_cb(void *arg, int fd, unsigned events);
typedef void loop_timer_cb(void *arg);
/* sender: the process that sent it and its account; 0: the system itself. */
typedef void loop_signal_cb(void *arg, int signo, pid_t sender, uid_t uid);

/* Watches fd (borrowed), level-triggered. NULL and errno set on error. */
struct loop_fd *loop_watch(struct loop *l, int fd, unsigned events, loop_fd_cb *cb, void *arg);
int loop_rewatch(struct loop *l, struct loop_fd *w, unsigned events); /* 0, or -1 and errno */
void loop_unwatch(struct loop *l, struct loop_fd *w);
/* The same without a system call, for an fd that the caller closes next and
 * that nobody else has a copy of: closing takes it out of the epoll set. */
void loop_forget(struct loop *l, struct loop_fd *w);
/* Fires once at clock_boot() >= at. Then it is gone. */
struct loop_timer *loop_at(struct loop *l, int64_t at, loop_timer_cb *cb, void *arg);
void loop_cancel(struct loop *l, struct loop_timer *t);
/* Blocks INT TERM HUP, which arrive at cb, and ignores PIPE, TSTP. INT and HUP stay
 * ignored if they were (`&`, nohup). Restored by loop_free. 0 or errno. */
int loop_signals(struct loop *l, loop_signal_cb *cb, void *arg);
/* Waits at most max_ns (-1: without end) for something, runs every callback that
 * is due (all ready descriptors, so that results of parallel work arrive in one
 * turn). Returns the number of callbacks run, or -errno. */
int loop_turn(struct loop *l, int64_t max_ns);

/* A place for what nursery.c keeps as long as the loop lives; drop is called by loop_free. */
struct loop_keep { void *p; void (*drop)(void *p); };
struct loop_keep *loop_keep(struct loop *l);

#endif
