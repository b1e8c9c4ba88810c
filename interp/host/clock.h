#ifndef RB_HOST_CLOCK_H
#define RB_HOST_CLOCK_H
/* clock: the machine's clocks, in ns. Only host and run/live may read them. */
#include <stdint.h>

int64_t clock_wall(void);  /* CLOCK_REALTIME */
int64_t clock_boot(void);  /* CLOCK_BOOTTIME: timeouts and durations go on in suspend */

#endif
