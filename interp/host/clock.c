#include "host/clock.h"

#include <time.h>

/* clock: clock_gettime(2) as one number. */

static int64_t read_clock(clockid_t which)
{
	struct timespec t = { 0, 0 };

	(void)clock_gettime(which, &t); /* cannot fail with these clocks on Linux */
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_wall(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_boot(void)
{
	return read_clock(CLOCK_BOOTTIME);
}
