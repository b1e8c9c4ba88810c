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
#include "base/str.h"

struct buf;
struct member;

enum { SCAN_DEPTH = 96 };

/* Nonzero if one of eight bytes is a quote, a backslash, a control or not ASCII.
 * The lowest bit set is in the first such byte; those above it may lie. */
static inline uint64_t scan_special(uint64_t x)
{
	const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
	uint64_t q = x ^ (ones * '"'), s = x ^ (ones * '\\');

	return ((~x & (x - ones * 0x20)) | (~q & (q - ones)) | (~s & (s - ones)) | x) & high;
}

/* The first such byte from p on, or end. */
static inline const char *scan_plain(const char *p, const char *end)
{
	uint64_t x, special;

	for (; end - p >= 8; p += 8) {
		memcpy(&x, p, 8);
		special = scan_special(x);
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

/* Any value at p. Spaces are allowed inside lists and maps only. */
const char *scan_value(const char *p, const char *end, const char **why);
/* A string; p is at its opening quote. */
const char *scan_string(const char *p, const char *end, const char **why);
/* A member name without escapes, with its colon; *name is its text. */
const char *scan_name(const char *p, const char *end, struct str *name, const char **why);
/* A whole object without spaces at its top: its members, none twice, at most cap. */
bool scan_members(struct str object, struct member *m, uint32_t cap, uint32_t *count, const char **why);
/* Appends the text of a checked string (raw with its quotes). */
void scan_unescape(struct str raw, struct buf *out);

#endif
