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

/* Takes lit and a number that follows it. */
static const char *take_int(const char *p, const char *end, const char *lit, size_t n, int64_t *out)
{
	int64_t v = 0;
	const char *start;

	if ((size_t)(end - p) <= n || memcmp(p, lit, n))
		return NULL;
	start = p += n;
	while (p < end && *p >= '0' && *p <= '9' && p - start < 17)
		v = v * 10 + (*p++ - '0');
	if (p == start || (*start == '0' && p - start > 1) || v > int_max)
		return NULL;
	*out = v;
	return p;
}

#define TAKE_INT(p, end, lit, out) take_int((p), (end), (lit), sizeof(lit) - 1, (out))

/* 2026-11-21T06:50:28.123456Z */
static bool wall_ok(const char *p)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd.ddddddZ";
	int month, day;

	for (int i = 0; i < WALL; i++)
		if (shape[i] == 'd' ? p[i] < '0' || p[i] > '9' : p[i] != shape[i])
			return false;
	month = (p[5] - '0') * 10 + p[6] - '0';
	day = (p[8] - '0') * 10 + p[9] - '0';
	return month >= 1 && month <= 12 && day >= 1 && day <= 31 && p[11] <= '2' && (p[11] < '2' || p[12] <= '3') &&
	       p[14] <= '5' && (p[17] <= '5' || (p[17] == '6' && p[18] == '0'));
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
	static const char wall[] = ",\"w\":\"";

	if (!(p = TAKE_INT(p, end, "{\"n\":", &r->n)) || !(p = TAKE_INT(p, end, ",\"b\":", &r->b)) ||
	    !(p = TAKE_INT(p, end, ",\"ep\":", &r->ep)))
		return NULL;
	if ((size_t)(end - p) < sizeof(wall) + WALL || memcmp(p, wall, sizeof(wall) - 1) ||
	    !wall_ok(p + sizeof(wall) - 1))
		return NULL;
	r->w = (struct str){ p + sizeof(wall) - 1, WALL };
	p = r->w.p + WALL;
	if (*p++ != '"' || !(p = TAKE_INT(p, end, ",\"m\":", &r->m)))
		return NULL;
	return r->n > 0 && r->b > 0 && r->b <= r->n && r->ep > 0 ? p : NULL;
}

/* Names of the envelope may not stand in the body. */
static bool reserved(struct str name)
{
	if (name.n == 1)
		return strchr("nbwmh", *name.p) != NULL;
	return name.n == 2 && name.p[0] == 'e' && name.p[1] == 'p';
}

/* The string value without quotes; empty if it is none or has escapes. */
static struct str plain_text(struct str raw)
{
	if (raw.n < 2 || raw.p[0] != '"' || memchr(raw.p, '\\', raw.n))
		return STR("");
	return (struct str){ raw.p + 1, raw.n - 2 };
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
		if (!p)
			return false;
		m->raw.p = p;
		p = p < end && *p == '"' ? scan_string(p, end, why) : scan_value(p, end, why);
		if (!p)
			return false;
		m->raw.n = (size_t)(p - m->raw.p);
		*why = "a member stands twice or has a name of the envelope";
		if (!m->name.n || reserved(m->name) || twice(r, &seen))
			return false;
		if (m->name.n == 1 && *m->name.p == 'k')
			r->k = plain_text(m->raw);
		r->count++;
	}
	*why = "the type `t` is missing";
	if (!r->count || !str_eqz(r->members[0].name, "t"))
		return false;
	r->t = plain_text(r->members[0].raw);
	return r->t.n > 0;
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
