#ifndef RB_VALUE_UNITS_H
#define RB_VALUE_UNITS_H
/*
 * units: text to number and back for durations, sizes, percents, times, ints
 * and floats. Parsers take the whole text or fail; overflow fails.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"
#include "value/value.h"

struct buf;

bool unit_parse_duration(struct str s, int64_t *ns);   /* 1m30s, 1.5h, 250ms, -2s */
bool unit_parse_size(struct str s, int64_t *bytes);    /* 1536B, 10MB (1e6), 1.5GiB */
bool unit_parse_percent(struct str s, int64_t *p);     /* 0.5% */
bool unit_parse_time(struct str s, int64_t *ns);       /* RFC 3339 with fraction and offset */
bool unit_parse_int(struct str s, int64_t *n);         /* JSON integer */
bool unit_parse_float(struct str s, double *d);        /* JSON number */
/* Any of the above by kind (V_STRING: as it is; V_BOOL: true/false). */
bool unit_parse(enum value_kind k, struct arena *a, struct str s, struct value *out);

void unit_put_duration(struct buf *out, int64_t ns);   /* exact: 1m30s, 250ms, 0s */
void unit_put_size(struct buf *out, int64_t bytes);    /* 1536B, 2KiB where whole */
void unit_put_percent(struct buf *out, int64_t p);     /* 0.5% */
void unit_put_time(struct buf *out, int64_t ns);       /* 2026-11-21T02:00:00.25Z, UTC */
void unit_put_float(struct buf *out, double d);        /* shortest that reads back */
/* For people, rounded to three figures: 1m30s, 2.41s, 18ms; 1.5 GiB. */
void unit_show_duration(struct buf *out, int64_t ns);
void unit_show_size(struct buf *out, int64_t bytes);

/* Civil time. tz: IANA name or "UTC"; false if the zone is not known. */
struct civil { int year, month, day, hour, minute, second, weekday /* 0 = Monday */; int32_t offset_s; };
bool unit_civil(int64_t time_ns, struct str tz, struct civil *out);
/* False with the first piece that stands for nothing: "%Q", or "%" at the end. */
bool unit_format_ok(struct str strftime_format, struct str *wrong);
/* strftime in a zone; false if the zone is unknown or the format not ok. */
bool unit_format_time(struct buf *out, int64_t time_ns, struct str strftime_format, struct str tz);

#endif
