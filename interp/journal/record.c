#include "journal/record.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "journal/scan.h"

/*
 * record: the envelope has fixed members in a fixed order, so it is compared
 * and not searched; the hash stands at a fixed distance from the end.
 */

enum { TAIL = 6 + RECORD_HASH_HEX + 2 /* ,"h":"..."} */, WALL = 27, INT_DIGITS = 16 };
_Static_assert(TAIL >= 65, "of a scan_walk");
static const uint64_t int_max = 9007199254740991; /* 2^53 - 1: exact in every JSON reader */

/* What is read before it is known to lie in front of end: the tail, which hash_ok() has seen,
 * stands there, and no text, name or number that is taken goes on into its `,"h":"`. */

/* The number at p, from 1. */
static inline const char *take_positive(const char *p, int64_t *out)
{
	const char *start = p;
	uint64_t v = (unsigned)*p - '0';
	unsigned d;

	if (v - 1 > 8)
		return NULL;
	while ((d = (unsigned)*++p - '0') <= 9)
		v = v * 10 + d;
	*out = (int64_t)v;
	return p - start > INT_DIGITS || v > int_max ? NULL : p;
}

/* Takes a text that must stand at p. */
#define TAKE(p, lit) (!memcmp((p), (lit), sizeof(lit) - 1) ? (p) + (sizeof(lit) - 1) : NULL)

/* 2026-11-21T06:50:28.123456Z */
static bool wall_ok(const char *p)
{
	static const unsigned char low[] = "0000-00-00T00:00:00.000000Z";
	static const unsigned char span[] = {
		9, 9, 9, 9, 0, 1, 9, 0, 3, 9, 0, 2, 9, 0, 5, 9, 0, 6, 9, 0, 9, 9, 9, 9, 9, 9, 0,
	};
	unsigned char bad = 0;
	int month, day;

	/* each byte in its own range: without branches, all of the first and of the last sixteen at once */
	for (int i = 0, k = WALL - 16; i < 16; i++, k++)
		bad |= (unsigned char)((unsigned char)((unsigned char)p[i] - low[i]) > span[i]) |
		       (unsigned char)((unsigned char)((unsigned char)p[k] - low[k]) > span[k]);
	if (bad)
		return false;
	month = (p[5] - '0') * 10 + p[6] - '0';
	day = (p[8] - '0') * 10 + p[9] - '0';
	return month >= 1 && month <= 12 && day >= 1 && day <= 31 && (p[11] < '2' || p[12] <= '3') &&
	       (p[17] < '6' || p[18] == '0');
}

/* Are these 64 lower-case digits? */
static bool hex_ok(const char *p)
{
#ifdef __SSE2__
	__m128i bad = _mm_setzero_si128();

	for (int i = 0; i < RECORD_HASH_HEX; i += 16) {
		__m128i x = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
		/* moved so that each range ends at the largest signed number */
		__m128i digit = _mm_add_epi8(x, _mm_set1_epi8(127 - '9')), letter = _mm_add_epi8(x, _mm_set1_epi8(127 - 'f'));

		bad = _mm_or_si128(bad, _mm_and_si128(_mm_cmplt_epi8(digit, _mm_set1_epi8(127 - 9)), _mm_cmplt_epi8(letter, _mm_set1_epi8(127 - 5))));
	}
	return !_mm_movemask_epi8(bad);
#else
	unsigned char bad = 0;

	for (int i = 0; i < RECORD_HASH_HEX; i++) {
		unsigned char c = (unsigned char)p[i];

		bad |= (unsigned char)((unsigned char)(c - '0') > 9) & (unsigned char)((unsigned char)(c - 'a') > 5);
	}
	return !bad;
#endif
}

static bool hash_ok(struct record *r, struct str line)
{
	const char *p = line.p + line.n - TAIL;

	r->h = (struct str){ p + 6, RECORD_HASH_HEX };
	return !memcmp(p, ",\"h\":\"", 6) && !memcmp(p + 6 + RECORD_HASH_HEX, "\"}", 2) && hex_ok(r->h.p);
}

static inline const char *envelope(struct record *r, const char *p, const char *end)
{
	if (!(p = TAKE(p, "{\"n\":")) || !(p = take_positive(p, &r->n)) || !(p = TAKE(p, ",\"b\":")) || !(p = take_positive(p, &r->b)) ||
	    !(p = TAKE(p, ",\"ep\":")) || !(p = take_positive(p, &r->ep)) || !(p = TAKE(p, ",\"w\":\"")) || end - p < WALL || !wall_ok(p))
		return NULL;
	r->w = (struct str){ p, WALL };
	if (!(p = TAKE(p + WALL, "\",\"m\":")) || r->b > r->n)
		return NULL;
	if (*p != '0')
		return take_positive(p, &r->m);
	r->m = 0;
	return p[1] >= '0' && p[1] <= '9' ? NULL : p + 1;
}

/* One of 64 bits for a name. */
#define NAME_BIT(first, last, n) (UINT64_C(1) << (((first) + 3u * (last) + 7u * (n)) & 63))
static const uint64_t envelope_bits = NAME_BIT('n', 'n', 1) | NAME_BIT('b', 'b', 1) | NAME_BIT('e', 'p', 2) |
	NAME_BIT('w', 'w', 1) | NAME_BIT('m', 'm', 1) | NAME_BIT('h', 'h', 1);

/* Is the name that of a member before m, or of the envelope? */
static bool taken(const struct record *r, const struct member *m)
{
	if (m->name.n == 1 ? memchr("nbwmh", *m->name.p, 5) != NULL : str_eq(m->name, STR("ep")))
		return true;
	for (const struct member *x = r->members; x < m; x++)
		if (str_eq(x->name, m->name))
			return true;
	return false;
}

/* The value at p of member m. Of `t` and `k` the text, if it has no escapes. */
static inline const char *take_value(struct record *r, const struct member *m, struct scan_walk *w, const char *p, const char **why)
{
	const char *q;

	if (*p != '"') {
		q = scan_whole(p);
		return q ? q : scan_inside(w, p, why);
	}
	q = scan_next(w, p + 1);
	if (q >= w->end || *q != '"')
		return scan_rest(w, q, why);
	if (m->name.n == 1 && (*m->name.p == 't' || *m->name.p == 'k'))
		*(*m->name.p == 't' ? &r->t : &r->k) = (struct str){ p + 1, (size_t)(q - p - 1) };
	return q + 1;
}

static bool body(struct record *r, const char *p, const char *end, const char **why)
{
	struct scan_walk w = scan_walk(p, end);
	uint64_t seen = envelope_bits;
	struct member *m = r->members;

	for (; p < end; m++) {
		const char *name = p + 2, *q;
		uint64_t bit;

		if (*p != ',' || m == r->members + RECORD_MEMBERS) {
			*why = *p != ',' ? "comma is missing" : "too many members";
			return false;
		}
		if (p[1] != '"' || memcmp(q = scan_next(&w, name), "\":", 2)) {
			(void)scan_name(p + 1, end, &m->name, why); /* says what is wrong */
			return false;
		}
		m->name = (struct str){ name, (size_t)(q - name) };
		m->raw.p = q + 2;
		p = take_value(r, m, &w, q + 2, why);
		if (!p)
			return false;
		m->raw.n = (size_t)(p - m->raw.p);
		bit = NAME_BIT((unsigned char)*name, (unsigned char)q[-1], (unsigned)m->name.n);
		if (q == name || ((seen & bit) && taken(r, m))) {
			*why = "a member stands twice or has a name of the envelope";
			return false;
		}
		seen |= bit;
	}
	r->count = (uint32_t)(m - r->members);
	*why = "the type `t` is missing";
	return r->count && r->members[0].name.n == 1 && *r->members[0].name.p == 't' && r->t.n;
}

bool record_parse(struct record *r, struct str line, const char **why)
{
	const char *p, *end;

	r->line = line;
	r->count = 0;
	r->k = r->t = STR("");
	if (line.n > RECORD_LINE_MAX) {
		*why = "the line is too long";
		return false;
	}
	if (line.n < TAIL + 64) {
		*why = "not a record";
		return false;
	}
	if (!hash_ok(r, line)) {
		*why = "the hash is missing at its end";
		return false;
	}
	end = line.p + line.n - TAIL;
	p = envelope(r, line.p, end);
	if (!p) {
		*why = "bad envelope";
		return false;
	}
	return body(r, p, end, why);
}

struct str record_hashed(const struct record *r)
{
	return (struct str){ r->line.p, r->line.n - TAIL };
}

struct str record_member(const struct record *r, struct str name)
{
	for (const struct member *m = r->members; m < r->members + r->count; m++)
		if (m->name.n == name.n && *m->name.p == *name.p && !memcmp(m->name.p, name.p, name.n))
			return m->raw;
	return STR("");
}

struct str record_string(struct str raw, struct arena *a)
{
	struct str out;
	struct buf b;

	if (raw.n < 2 || raw.p[0] != '"')
		return STR("");
	if (!memchr(raw.p, '\\', raw.n))
		return (struct str){ raw.p + 1, raw.n - 2 };
	buf_init(&b, raw.n);
	scan_unescape(raw, &b);
	out = arena_str(a, b.p, b.len);
	buf_release(&b);
	return out;
}

int64_t record_number(struct str raw, int64_t dflt)
{
	bool minus = raw.n && raw.p[0] == '-';
	int64_t v = 0;

	if (raw.n == minus)
		return dflt;
	for (size_t i = minus; i < raw.n; i++) {
		int d = raw.p[i] - '0';

		if (d < 0 || d > 9 || __builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, d, &v))
			return dflt;
	}
	if (!minus && v == INT64_MIN)
		return dflt;
	return minus ? v : -v;
}
