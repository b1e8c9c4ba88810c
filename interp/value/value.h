#ifndef RB_VALUE_VALUE_H
#define RB_VALUE_VALUE_H
/*
 * value: the language's immutable values, passed by value (16 bytes and a
 * pointer). Strings, lists and maps point into an arena that outlives them;
 * value_copy() moves a value to another arena. No reference counts.
 * Must not know: syntax, scopes, the world.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

struct arena;
struct buf;

enum value_kind {
	V_NULL, V_BOOL, V_INT, V_FLOAT, V_STRING,
	V_DURATION, /* i: ns */
	V_TIME,     /* i: ns since 1970-01-01T00:00:00Z */
	V_SIZE,     /* i: bytes */
	V_PERCENT,  /* i: 1e-9 of 1%: 0.5% is 500000000 */
	V_LIST, V_MAP,
	V_UNKNOWN,  /* dry-run and what-if: s may say of what, e.g. "steps.build.tag" */
	V_KINDS
};

enum { VALUE_SECRET = 1,    /* tainted: never shown, never stored */
       VALUE_TRUNCATED = 2, /* output longer than its limit: using it is an error */
       VALUE_SPLICE = 4 };  /* internal to templates */

struct pair;
struct value {
	uint8_t kind;   /* enum value_kind */
	uint8_t flags;
	uint32_t n;     /* bytes, items or pairs */
	union {
		bool b;
		int64_t i;
		double f;
		const char *s;           /* NUL-terminated as well */
		const struct value *list;
		const struct pair *map;  /* in order of insertion, keys unique */
	};
};
struct pair {
	struct str key;
	struct value value;
};

enum { PERCENT_ONE = 1000000000 };        /* 1% */
enum { VALUE_DEPTH_MAX = 64 };            /* nesting of lists and maps */

extern const struct value value_null;
struct value value_bool(bool b);
struct value value_int(int64_t i);
struct value value_float(double f);
struct value value_unit(enum value_kind k, int64_t i); /* duration, time, size, percent */
struct value value_unknown(const char *of);            /* of: borrowed, may be NULL */
/* Borrows the bytes; they must be NUL-terminated at s.p[s.n]. */
struct value value_str(struct str s);
struct value value_strz(const char *z);
/* Copies into the arena. */
struct value value_str_copy(struct arena *a, struct str s);
struct value value_list(const struct value *items, uint32_t n);
struct value value_map(const struct pair *pairs, uint32_t n);

struct str value_text(struct value v);   /* view of a V_STRING */
/* Member or NULL. Linear below 16 pairs. */
const struct value *value_get(struct value map, struct str key);
/* Deep copy into another arena. */
struct value value_copy(struct arena *a, struct value v);
/* Deep equality; int and float compare as numbers; other kinds must agree. */
bool value_equal(struct value a, struct value b);
/* Order of two values of one orderable kind (numbers mix): -1 0 1. */
int value_compare(struct value a, struct value b);
/* True if v or anything in it has the flag / is unknown. */
bool value_has_flag(struct value v, unsigned flag);
bool value_has_unknown(struct value v);
/* "int", "percent", ... as in messages. */
const char *value_kind_name(enum value_kind k);

/* Exact text of a scalar (language.md 1: reads back). False for null, list, map
 * and unknown, which have no text; nothing is appended then. */
bool value_to_text(struct value v, struct buf *out);
/* For people: as value_to_text, null as "null", lists and maps as JSON,
 * unknown as "(unknown: steps.x)", secret as "***". Always succeeds. */
void value_show(struct value v, struct buf *out);

#endif
