#ifndef RB_JOURNAL_SCAN_H
#define RB_JOURNAL_SCAN_H
/*
 * scan: checks and skips JSON text without building anything. Used for records,
 * lock files and masking. No recursion, no allocation. All functions return the
 * place behind what they took, or NULL with static text in *why.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/special.h"
#include "base/str.h"

struct buf;
struct member;

enum { SCAN_DEPTH = 96 };

/* The first special byte from p on, or end. */
static inline const char *scan_plain(const char *p, const char *end)
{
	uint64_t x, special;

#ifdef __SSE2__
	for (; end - p >= 16; p += 16) {
		unsigned mark = special16(p);

		if (mark)
			return p + __builtin_ctz(mark);
	}
#endif
	for (; end - p >= 8; p += 8) {
		memcpy(&x, p, 8);
		special = special8(x);
		if (!special)
			continue;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		return p + (__builtin_ctzll(special) >> 3);
#else
		break;
#endif
	}
	while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80 && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* For text behind whose end 65 bytes may be read, the second of them a quote. The marks of 64
 * bytes are made at once, whatever is found in them: where the next string ends can be looked up
 * and need not be read for, which a processor can do only when it knows where that one begins. */
struct scan_walk {
	const char *end;
#ifdef __SSE2__
	const char *block; /* of 64 bytes */
	uint64_t marks;
#endif
};

#ifdef __SSE2__
static inline uint64_t scan_special64(const char *p)
{
	return (uint64_t)special16(p) | (uint64_t)special16(p + 16) << 16 | (uint64_t)special16(p + 32) << 32 |
	       (uint64_t)special16(p + 48) << 48;
}
#endif

/* A walk from p on, which only goes forward. */
static inline struct scan_walk scan_walk(const char *p, const char *end)
{
#ifdef __SSE2__
	return (struct scan_walk){ end, p, scan_special64(p) };
#else
	(void)p;
	return (struct scan_walk){ end };
#endif
}

/* As scan_plain(); what it returns may lie behind the end. p is at most the end, and not in
 * front of what was found last. */
static inline const char *scan_next(struct scan_walk *w, const char *p)
{
#ifdef __SSE2__
	size_t at = (size_t)(p - w->block);
	uint64_t left;

	while (at >= 64 || !(left = w->marks >> at << at)) {
		w->block += 64;
		w->marks = scan_special64(w->block);
		at = at < 64 ? 0 : at - 64;
	}
	return w->block + __builtin_ctzll(left);
#else
	return scan_plain(p, w->end);
#endif
}

/* Behind the whole number at p and before what ends it there; NULL if p has none such. Reads up to it. */
static inline const char *scan_whole(const char *p)
{
	const char *start = p;

	while (*p >= '0' && *p <= '9')
		p++;
	if (p == start || (*start == '0' && p - start > 1) || (*p != ',' && *p != '}' && *p != ']'))
		return NULL;
	return p;
}

/* Any value at p. Spaces are allowed inside lists and maps only. */
const char *scan_value(const char *p, const char *end, const char **why);
/* The same on a walk; behind its end stands a comma first. */
const char *scan_inside(struct scan_walk *w, const char *p, const char **why);
/* The rest of a string, likewise. */
const char *scan_rest(struct scan_walk *w, const char *p, const char **why);
/* A string; p is at its opening quote. */
const char *scan_string(const char *p, const char *end, const char **why);
/* A member name without escapes, with its colon; *name is its text. */
const char *scan_name(const char *p, const char *end, struct str *name, const char **why);
/* A whole object without spaces at its top: its members, none twice, at most cap. */
bool scan_members(struct str object, struct member *m, uint32_t cap, uint32_t *count, const char **why);
/* Appends the text of a checked string (raw with its quotes). */
void scan_unescape(struct str raw, struct buf *out);

#endif
