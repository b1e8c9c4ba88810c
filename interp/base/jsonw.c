/*
 * jsonw: strings are scanned eight bytes at a time; what needs no escape is
 * copied in one piece.
 */
#include "base/jsonw.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/b64.h"
#include "base/special.h"

enum { SHORT = 512 }; /* looked at twice if it needs escapes */

void jsonw_init(struct jsonw *w, struct buf *out)
{
	*w = (struct jsonw){ .out = out };
}

static void comma(struct jsonw *w)
{
	if (w->comma)
		buf_addc(w->out, ',');
	w->comma = true;
}

void jsonw_open(struct jsonw *w, char bracket)
{
	assert(bracket == '{' || bracket == '[');
	comma(w);
	buf_addc(w->out, bracket);
	w->comma = false;
}

void jsonw_close(struct jsonw *w, char bracket)
{
	assert(bracket == '}' || bracket == ']');
	buf_addc(w->out, bracket);
	w->comma = true;
}

void jsonw_name(struct jsonw *w, struct str name)
{
	size_t n = name.n;
	char *to = buf_room(w->out, n + 4), *p = to;
	if (!to)
		return;
	if (w->comma)
		*p++ = ',';
	*p++ = '"';
	memcpy(p, name.p, n);
	memcpy(p + n, "\":", 2);
	buf_took(w->out, (size_t)(p - to) + n + 2);
	w->comma = false;
}

/* Of ASCII. 0: as it is; 'u': \u00xx; else the letter after the backslash. */
static const char classes[128] = {
	['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\',
	[0] = 'u', [1] = 'u', [2] = 'u', [3] = 'u', [4] = 'u', [5] = 'u', [6] = 'u', [7] = 'u',
	[11] = 'u', [14] = 'u', [15] = 'u', [16] = 'u', [17] = 'u', [18] = 'u', [19] = 'u', [20] = 'u',
	[21] = 'u', [22] = 'u', [23] = 'u', [24] = 'u', [25] = 'u', [26] = 'u', [27] = 'u', [28] = 'u',
	[29] = 'u', [30] = 'u', [31] = 'u',
};

/* Has any of the eight bytes a class? (May say yes wrongly, never no.) */
static bool special(const char *p)
{
	uint64_t w;

	memcpy(&w, p, 8);
	return special8(w) != 0;
}

static void escape(struct buf *out, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	char class = classes[c];
	if (class == 'u') {
		char six[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };
		buf_add(out, six, 6);
	} else {
		char two[2] = { '\\', class };
		buf_add(out, two, 2);
	}
}

static void string_body(struct buf *out, struct str s)
{
	size_t from = 0, at = 0;
	while (at < s.n) {
		if (s.n - at >= 8 && !special(s.p + at)) {
			at += 8;
			continue;
		}
		unsigned char c = 0;
		while (at < s.n && (c = (unsigned char)s.p[at]) < 0x80 && classes[c] == 0)
			at++;
		if (at == s.n)
			break;
		if (c >= 0x80) {
			size_t next = at;
			/* One byte for a non-ASCII start means that it was bad. */
			utf8_next(s, &next);
			if (next == at + 1) {
				buf_add(out, s.p + from, at - from);
				buf_add(out, "\xef\xbf\xbd", 3);
				from = next;
			}
			at = next;
		} else {
			buf_add(out, s.p + from, at - from);
			escape(out, c);
			from = ++at;
		}
	}
	if (at > from)
		buf_add(out, s.p + from, at - from);
}

/* Up to seven bytes, some of them twice. */
static bool plain_short(struct str s)
{
	uint32_t head, tail;

	if (s.n >= 4) {
		memcpy(&head, s.p, 4);
		memcpy(&tail, s.p + s.n - 4, 4);
		return !special8((uint64_t)head << 32 | tail);
	}
	for (size_t at = 0; at < s.n; at++)
		if ((unsigned char)s.p[at] >= 0x80 || classes[(unsigned char)s.p[at]])
			return false;
	return true;
}

static bool plain(struct str s)
{
	size_t at = 0;

	if (s.n < 8)
		return plain_short(s);
#ifdef __SSE2__
	for (; s.n - at >= 16; at += 16)
		if (special16(s.p + at))
			return false;
#endif
	for (; s.n - at >= 8; at += 8)
		if (special(s.p + at))
			return false;
	return at == s.n || !special(s.p + s.n - 8); /* its last eight, some of them again */
}

/* With escapes, where there is room for the most that it can take: six bytes for one.
 * False: it is not ASCII, nothing was written. */
static bool escaped(struct jsonw *w, struct str s)
{
	static const char hex[] = "0123456789abcdef";
	char *to = w->out->p + w->out->len, *p = to;

	if (w->comma)
		*p++ = ',';
	*p++ = '"';
	for (size_t at = 0; at < s.n; at++) {
		unsigned char c = (unsigned char)s.p[at];
		char class;

		if (c >= 0x80) {
			*to = '\0';
			return false;
		}
		class = classes[c];
		if (!class) {
			*p++ = (char)c;
			continue;
		}
		*p++ = '\\';
		*p++ = class;
		if (class == 'u') {
			memcpy(p, "00", 2);
			p[2] = hex[c >> 4];
			p[3] = hex[c & 15];
			p += 4;
		}
	}
	*p++ = '"';
	buf_took(w->out, (size_t)(p - to));
	w->comma = true;
	return true;
}

void jsonw_str(struct jsonw *w, struct str s)
{
	char *to = s.n <= SHORT && plain(s) ? buf_room(w->out, s.n + 3) : NULL, *p = to;
	if (to) { /* most of them, in one piece */
		if (w->comma)
			*p++ = ',';
		*p++ = '"';
		if (s.n)
			memcpy(p, s.p, s.n);
		p[s.n] = '"';
		buf_took(w->out, (size_t)(p - to) + s.n + 1);
		w->comma = true;
		return;
	}
	if (s.n <= SHORT && !w->out->full && 6 * s.n + 3 < w->out->cap - w->out->len && 6 * s.n + 3 <= w->out->max - w->out->len && escaped(w, s))
		return;
	comma(w);
	buf_addc(w->out, '"');
	string_body(w->out, s);
	buf_addc(w->out, '"');
}

void jsonw_int(struct jsonw *w, int64_t n)
{
	comma(w);
	buf_addi(w->out, n);
}

void jsonw_float(struct jsonw *w, double d)
{
	if (!isfinite(d)) {
		jsonw_null(w);
		return;
	}
	char text[32];
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	comma(w);
	buf_addz(w->out, text);
	if (!strpbrk(text, ".e"))
		buf_add(w->out, ".0", 2);
}

void jsonw_bool(struct jsonw *w, bool b)
{
	comma(w);
	buf_addz(w->out, b ? "true" : "false");
}

void jsonw_null(struct jsonw *w)
{
	comma(w);
	buf_add(w->out, "null", 4);
}

void jsonw_raw(struct jsonw *w, struct str s)
{
	comma(w);
	buf_adds(w->out, s);
}

void jsonw_bytes(struct jsonw *w, struct str s)
{
	if (utf8_valid(s) && (s.n == 0 || !memchr(s.p, 0, s.n))) {
		jsonw_str(w, s);
		return;
	}
	comma(w);
	buf_addz(w->out, "{\"b64\":\"");
	b64_add(w->out, s);
	buf_add(w->out, "\"}", 2);
}
