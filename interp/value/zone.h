#ifndef RB_VALUE_ZONE_H
#define RB_VALUE_ZONE_H
/*
 * zone: the offset of an IANA time zone at a moment, read from the system's
 * TZif files (RFC 8536) on each call: nothing is cached, TZ and the libc's zone
 * state are not touched. Used by units_time.c only.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

struct zone_local {
	int32_t offset;  /* seconds east of UTC */
	char name[16];   /* "CET" */
};

/* False if the zone is not known or its file is damaged. */
bool zone_at(struct str tz, int64_t seconds, struct zone_local *out);
/* Offset by a POSIX TZ string such as CET-1CEST,M3.5.0,M10.5.0/3. False if it
 * cannot be read. */
bool zone_posix(struct str rule, int64_t seconds, struct zone_local *out);
/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar. */
int64_t zone_days(int64_t year, int month, int day);
/* The date of a day number; month and day from 1. */
void zone_date(int64_t days, int *year, int *month, int *day);

#endif
