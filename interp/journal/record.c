#include "journal/record.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "journal/scan.h"

/*
 * record: the envelope has fixed members in a fixed order, so it is compared
 * and not searched; the hash stands at a fixed distance from the end.
 */

enum { TAIL = 6 + RECORD_HASH_HEX + 2 /* ,"h":"..."} */, WALL = 27 };
static const int64_t int_max = 9007199254740991; /* 2^53 - 1: exact in every JSON reader */

/* The number at p, without a sign. */
static const char *take_int(const char *p, const char *end, int64_t *out)
{
	const char *start = p;
	int64_t v = 0;

	while (p < end && *p >= '0' && *p <= '9' && p - start < 17)
		v = v * 10 + (*p++ - '0');
	if (p == start || (*start == '0' && p - start > 1) || v > int_max)
		return NULL;
	*out = v;
	return p;
}

/* Takes a text that must stand at p. */
#define TAKE(p, end, lit) \
	((size_t)((end) - (p)) >= sizeof(lit) - 1 && !memcmp((p), (lit), sizeof(lit) - 1) ? (p) + (sizeof(lit) - 1) : NULL)

/* Is each byte in its own range? Without branches: all sixteen at once. */
static bool in_range(const char *p, const unsigned char *low, const unsigned char *span)
{
	unsigned char bad = 0;

	for (int i = 0; i < 16; i++)
		bad |= (unsigned char)((unsigned char)((unsigned char)p[i] - low[i]) > span[i]);
	return !bad;
}

/* 2026-11-21T06:50:28.123456Z */
static bool wall_ok(const char *p)
{
	static const unsigned char low[] = "0000-00-00T00:00:00.000000Z";
	static const unsigned char span[] = {
		9, 9, 9, 9, 0, 1, 9, 0, 3, 9, 0, 2, 9, 0, 5, 9, 0, 6, 9, 0, 9, 9, 9, 9, 9, 9, 0,
	};
	int month, day;

	if (!in_range(p, low, span) || !in_range(p + WALL - 16, low + WALL - 16, span + WALL - 16))
		return false;
	month = (p[5] - '0') * 10 + p[6] - '0';
	day = (p[8] - '0') * 10 + p[9] - '0';
	return month >= 1 && month <= 12 && day >= 1 && day <= 31 && (p[11] < '2' || p[12] <= '3') &&
	       (p[17] < '6' || p[18] == '0');
}

static bool hash_ok(struct record *r, struct str line)
{
	const char *p = line.p + line.n - TAIL;
	unsigned char bad = 0;

	if (memcmp(p, ",\"h\":\"", 6) || memcmp(p + 6 + RECORD_HASH_HEX, "\"}", 2))
		return false;
	r->h = (struct str){ p + 6, RECORD_HASH_HEX };
	/* Without branches, so that the compiler takes many bytes at once. */
	for (size_t i = 0; i < RECORD_HASH_HEX; i++) {
		unsigned char c = (unsigned char)r->h.p[i];

		bad |= (unsigned char)((unsigned char)(c - '0') > 9) & (unsigned char)((unsigned char)(c - 'a') > 5);
	}
	return !bad;
}

static const char *envelope(struct record *r, const char *p, const char *end)
{
	if (!(p = TAKE(p, end, "{\"n\":")) || !(p = take_int(p, end, &r->n)) ||
	    !(p = TAKE(p, end, ",\"b\":")) || !(p = take_int(p, end, &r->b)) ||
	    !(p = TAKE(p, end, ",\"ep\":")) || !(p = take_int(p, end, &r->ep)) ||
	    !(p = TAKE(p, end, ",\"w\":\"")) || end - p < WALL || !wall_ok(p))
		return NULL;
	r->w = (struct str){ p, WALL };
	p += WALL;
	if (!(p = TAKE(p, end, "\",\"m\":")) || !(p = take_int(p, end, &r->m)))
		return NULL;
	return r->n > 0 && r->b > 0 && r->b <= r->n && r->ep > 0 ? p : NULL;
}

/* Names of the envelope may not stand in the body. */
static bool reserved(struct str name)
{
	char c = name.p[0];

	if (name.n == 1)
		return c == 'n' || c == 'b' || c == 'w' || c == 'm' || c == 'h';
	return name.n == 2 && c == 'e' && name.p[1] == 'p';
}

/* Is the newest member's name one of those before it? */
static bool twice(const struct record *r, uint64_t *seen)
{
	struct str name = r->members[r->count].name;
	unsigned mix = (unsigned char)name.p[0] + 4u * (unsigned char)name.p[name.n - 1] + (unsigned)name.n;
	uint64_t bit = UINT64_C(1) << (mix & 63);

	if (*seen & bit)
		for (uint32_t i = 0; i < r->count; i++)
			if (str_eq(r->members[i].name, name))
				return true;
	*seen |= bit;
	return false;
}

/* Takes the value of m at p. Of `t` and `k` the text, if it has no escapes. */
static const char *take_value(struct record *r, struct member *m, const char *p, const char *end, const char **why)
{
	const char *q;

	m->raw.p = p;
	if (p == end || *p != '"')
		return scan_value(p, end, why);
	q = scan_plain(p + 1, end);
	if (q == end || *q != '"')
		return scan_string(p, end, why);
	if (m->name.n == 1 && (*m->name.p == 't' || *m->name.p == 'k'))
		*(*m->name.p == 't' ? &r->t : &r->k) = (struct str){ p + 1, (size_t)(q - p - 1) };
	return q + 1;
}

static bool body(struct record *r, const char *p, const char *end, const char **why)
{
	uint64_t seen = 0;

	while (p < end) {
		struct member *m = &r->members[r->count];

		*why = "comma is missing";
		if (*p++ != ',')
			return false;
		*why = "too many members";
		if (r->count == RECORD_MEMBERS)
			return false;
		p = scan_name(p, end, &m->name, why);
		if (!p || !(p = take_value(r, m, p, end, why)))
			return false;
		m->raw.n = (size_t)(p - m->raw.p);
		*why = "a member stands twice or has a name of the envelope";
		if (!m->name.n || reserved(m->name) || twice(r, &seen))
			return false;
		r->count++;
	}
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
	return str_slice(r->line, 0, r->line.n - TAIL);
}

struct str record_raw(const struct record *r, const char *name)
{
	size_t n = strlen(name);

	for (uint32_t i = 0; i < r->count; i++)
		if (r->members[i].name.n == n && !memcmp(r->members[i].name.p, name, n))
			return r->members[i].raw;
	return STR("");
}

struct str record_text(const struct record *r, struct arena *a, const char *name)
{
	struct str raw = record_raw(r, name), out;
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

int64_t record_int(const struct record *r, const char *name, int64_t dflt)
{
	struct str raw = record_raw(r, name);
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

bool record_bool(const struct record *r, const char *name)
{
	return str_eqz(record_raw(r, name), "true");
}
