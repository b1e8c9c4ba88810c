/*
 * UTF-8 as RFC 3629 has it, and display width by grapheme cluster (utf8proc).
 */
#include "base/str.h"

#include <string.h>
#include <utf8proc.h>

enum { REPLACEMENT = 0xfffd, VS16 = 0xfe0f, RI_FIRST = 0x1f1e6, RI_LAST = 0x1f1ff };

/* Length of the well-formed sequence at p (n bytes left, n > 0), 0 if there is none. */
static size_t sequence(const unsigned char *p, size_t n)
{
	unsigned char c = p[0], low = 0x80, high = 0xbf;
	size_t len;
	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	if (c < 0xe0) {
		len = 2;
	} else if (c < 0xf0) {
		len = 3;
		if (c == 0xe0)
			low = 0xa0;
		if (c == 0xed)
			high = 0x9f;
	} else {
		len = 4;
		if (c == 0xf0)
			low = 0x90;
		if (c == 0xf4)
			high = 0x8f;
	}
	if (n < len || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/* Number of ASCII bytes at the start of p, looked at eight at a time. */
static size_t ascii_run(const unsigned char *p, size_t n)
{
	size_t at = 0;
	while (n - at >= 8) {
		uint64_t word;
		memcpy(&word, p + at, 8);
		if (word & 0x8080808080808080u)
			break;
		at += 8;
	}
	while (at < n && p[at] < 0x80)
		at++;
	return at;
}

size_t utf8_bad_at(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t at = 0;
	while (at < s.n) {
		at += ascii_run(p + at, s.n - at);
		if (at == s.n)
			break;
		size_t len = sequence(p + at, s.n - at);
		if (len == 0)
			return at;
		at += len;
	}
	return s.n;
}

bool utf8_valid(struct str s)
{
	return utf8_bad_at(s) == s.n;
}

uint32_t utf8_next(struct str s, size_t *at)
{
	const unsigned char *p = (const unsigned char *)s.p + *at;
	size_t len = sequence(p, s.n - *at);
	if (len == 0) {
		(*at)++;
		return REPLACEMENT;
	}
	*at += len;
	switch (len) {
	case 1:
		return p[0];
	case 2:
		return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
	case 3:
		return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
	default:
		return (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
	}
}

size_t utf8_put(uint32_t c, char out[4])
{
	if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		c = REPLACEMENT;
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

size_t utf8_len(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t at = 0, count = 0;
	while (at < s.n) {
		size_t run = ascii_run(p + at, s.n - at);
		at += run;
		count += run;
		if (at < s.n) {
			utf8_next(s, &at);
			count++;
		}
	}
	return count;
}

size_t utf8_width(struct str s)
{
	size_t total = 0, at = 0;
	unsigned cluster = 0, regional = 0;
	uint32_t before = 0;
	utf8proc_int32_t state = 0;
	bool first = true;
	while (at < s.n) {
		uint32_t c = utf8_next(s, &at);
		/* Two characters that are plain ASCII never join, except CR LF, which are 0 wide. */
		bool plain = c < 0x80 && before < 0x80;
		if (first || plain ||
		    utf8proc_grapheme_break_stateful((utf8proc_int32_t)before, (utf8proc_int32_t)c, &state)) {
			total += cluster;
			cluster = regional = 0;
		}
		if (plain)
			state = 0;
		first = false;
		int wide = c < 0x20 || c == 0x7f ? 0 : c < 0x7f ? 1 : utf8proc_charwidth((utf8proc_int32_t)c);
		if (wide > 0 && (unsigned)wide > cluster)
			cluster = (unsigned)wide;
		if (c >= RI_FIRST && c <= RI_LAST && ++regional == 2)
			cluster = 2;
		if (c == VS16 && cluster > 0)
			cluster = 2;
		before = c;
	}
	return total + cluster;
}
