#ifndef RB_HOST_TIMERS_H
#define RB_HOST_TIMERS_H
/*
 * timers: a binary heap of one-shot timers, for loop.c only. Equal times fire
 * in the order of their setting.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void timer_cb(void *arg); /* loop_timer_cb */

struct loop_timer {
	int64_t at;
	uint64_t seq;
	size_t ix;               /* place in the heap */
	timer_cb *cb;
	void *arg;
	struct loop_timer *next; /* in the free list */
};
struct timers {
	struct loop_timer **heap;
	size_t count, cap;
	uint64_t seq;
	struct loop_timer *free;
};

void timers_release(struct timers *t);
struct loop_timer *timers_add(struct timers *t, int64_t at, timer_cb *cb, void *arg);
void timers_remove(struct timers *t, struct loop_timer *w);
/* Time of the first one, or INT64_MAX. */
int64_t timers_first(const struct timers *t);
/* Runs what is due at now, but nothing that was set meanwhile. Returns how many. */
int timers_run(struct timers *t, int64_t now);

#endif
