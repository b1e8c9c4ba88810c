/*
 * visible: one pass that copies runs of harmless bytes and replaces the rest.
 */
#include "base/visible.h"

#include <string.h>

#include "base/buf.h"

enum { TAB = 4, REPLACEMENT = 0xfffd, PICTURES = 0x2400, PICTURE_DEL = 0x2421 };

/* What is shown instead of c, or 0 when c itself is. */
static uint32_t replaced(uint32_t c)
{
	if (c < 0x20)
		return PICTURES + c;
	if (c == 0x7f)
		return PICTURE_DEL;
	bool c1 = c >= 0x80 && c < 0xa0;
	bool turns = c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
		     (c >= 0x2066 && c <= 0x2069);
	bool breaks = c == 0x2028 || c == 0x2029;
	return c1 || turns || breaks || c == REPLACEMENT ? REPLACEMENT : 0;
}

/* The next piece of s from *at that is shown as it is (may be empty); then, if
 * anything follows, the code point *c that is not, already stepped over. */
static struct str next_run(struct str s, size_t *at, uint32_t *c, bool *more)
{
	size_t from = *at;
	*more = false;
	while (*at < s.n) {
		size_t here = *at;
		*c = utf8_next(s, at);
		if (replaced(*c)) {
			*more = true;
			return str_slice(s, from, here);
		}
	}
	return str_slice(s, from, s.n);
}

/* Only printable ASCII: the usual case, seen eight bytes at a time. */
static bool harmless(struct str s)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
	uint64_t bad = 0, w;
	size_t at = 0;
	for (; s.n - at >= 8; at += 8) {
		memcpy(&w, s.p + at, 8);
		/* high bit: not ASCII, a control, or DEL (or a neighbour of such a byte) */
		bad |= w | (w - ones * 0x20) | (w + ones);
	}
	for (; at < s.n; at++)
		bad |= s.p[at] < ' ' || s.p[at] > '~' ? tops : 0;
	return !(bad & tops);
}

void visible_add(struct buf *out, struct str s)
{
	size_t at = 0;
	uint32_t c;
	bool more = true;
	if (harmless(s)) {
		buf_adds(out, s);
		return;
	}
	while (more) {
		buf_adds(out, next_run(s, &at, &c, &more));
		if (more && c == '\t') {
			buf_fill(out, ' ', TAB);
		} else if (more) {
			char utf8[4];
			buf_add(out, utf8, utf8_put(replaced(c), utf8));
		}
	}
}

size_t visible_width(struct str s)
{
	size_t at = 0, total = 0;
	uint32_t c;
	bool more = true;
	if (harmless(s))
		return s.n;
	while (more) {
		total += utf8_width(next_run(s, &at, &c, &more));
		if (more)
			total += c == '\t' ? TAB : 1;
	}
	return total;
}
