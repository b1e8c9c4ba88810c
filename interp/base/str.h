#ifndef RB_BASE_STR_H
#define RB_BASE_STR_H
/*
 * str: a borrowed run of bytes, not always NUL-terminated (those that come out
 * of an arena are). Text is UTF-8. Also: UTF-8 steps, edit distance for
 * did-you-mean. Ownership stays where the bytes live.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

#define STR(lit) ((struct str){ "" lit, sizeof(lit) - 1 })
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).n, (s).p

/* View of a NUL-terminated string; NULL gives the empty str. */
static inline struct str str_of(const char *z)
{
	return z ? (struct str){ z, strlen(z) } : (struct str){ "", 0 };
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_eqz(struct str a, const char *z)
{
	return str_eq(a, str_of(z));
}

bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* memcmp order, shorter first on a tie. <0, 0, >0. */
int str_cmp(struct str a, struct str b);
/* Byte offset of needle in s, or -1. */
ptrdiff_t str_find(struct str s, struct str needle);
/* s without ASCII white space at both ends. */
struct str str_trim(struct str s);
/* s.p[from..to), clipped to s. */
struct str str_slice(struct str s, size_t from, size_t to);
/* For tables in memory only: seeded, differs from one run of the program to the next. */
uint64_t str_hash(struct str s);

enum { STR_DIGITS = 20 }; /* of the largest uint64_t */
/* Writes n in decimal so that it ends before `end`, which has STR_DIGITS bytes in front of it; returns where it begins. */
char *str_digits(char *end, uint64_t n);

/* True if s is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool utf8_valid(struct str s);
/* Offset of the first byte that is not well-formed UTF-8, or s.n. */
size_t utf8_bad_at(struct str s);
/* Decodes one code point at *at (< s.n), advances *at; U+FFFD and one byte on error. */
uint32_t utf8_next(struct str s, size_t *at);
/* Appends code point c as UTF-8 to out[4]; returns its length. */
size_t utf8_put(uint32_t c, char out[4]);
/* Number of code points (bad bytes count one each). */
size_t utf8_len(struct str s);
/* Columns on a terminal: by grapheme, the widest code point of each cluster;
 * VS16 and pairs of regional indicators are 2; controls count 0. (utf8proc) */
size_t utf8_width(struct str s);

/* Damerau-Levenshtein distance, at most cap (returns cap if it is more). */
size_t str_distance(struct str a, struct str b, size_t cap);

#endif
