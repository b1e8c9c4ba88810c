#include "journal/scan.h"

#include "base/buf.h"
#include "journal/member.h"

/*
 * scan: one pass over JSON text. Strings are taken sixteen bytes at a time, or eight.
 */

static const char cut_off[] = "the text ends too early";

/* One UTF-8 sequence of two or more bytes (RFC 3629), or NULL. */
static const char *skip_utf8(const char *p, const char *end)
{
	const unsigned char *u = (const unsigned char *)p;
	ptrdiff_t left = end - p;
	unsigned char c = u[0];

	if (c >= 0xc2 && c <= 0xdf)
		return left >= 2 && (u[1] & 0xc0) == 0x80 ? p + 2 : NULL;
	if (c >= 0xe0 && c <= 0xef) {
		if (left < 3 || (u[1] & 0xc0) != 0x80 || (u[2] & 0xc0) != 0x80)
			return NULL;
		return (c == 0xe0 && u[1] < 0xa0) || (c == 0xed && u[1] > 0x9f) ? NULL : p + 3;
	}
	if (c >= 0xf0 && c <= 0xf4) {
		if (left < 4 || (u[1] & 0xc0) != 0x80 || (u[2] & 0xc0) != 0x80 || (u[3] & 0xc0) != 0x80)
			return NULL;
		return (c == 0xf0 && u[1] < 0x90) || (c == 0xf4 && u[1] > 0x8f) ? NULL : p + 4;
	}
	return NULL;
}

/* The four hex digits at p, or -1. */
static int hex4(const char *p, const char *end)
{
	int v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			v = v << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			v = v << 4 | (c - 'A' + 10);
		else
			return -1;
	}
	return v;
}

/* p is behind the backslash. */
static const char *skip_escape(const char *p, const char *end)
{
	int v;

	if (p == end)
		return NULL;
	switch (*p) {
	case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't': return p + 1;
	case 'u': break;
	default: return NULL;
	}
	v = hex4(p + 1, end);
	if (v < 0 || (v >= 0xdc00 && v <= 0xdfff))
		return NULL;
	p += 5;
	if (v < 0xd800 || v > 0xdbff)
		return p;
	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return NULL;
	v = hex4(p + 2, end);
	return v >= 0xdc00 && v <= 0xdfff ? p + 6 : NULL;
}

/* The rest of a string from p on; w: NULL, or the walk that this is part of. */
static inline const char *take_rest(struct scan_walk *w, const char *p, const char *end, const char **why)
{
	for (;;) {
		unsigned char c;

		/* a walk must not be asked for a place behind its end */
		if (p < end)
			p = w ? scan_next(w, p) : scan_plain(p, end);
		if (p >= end) {
			*why = cut_off;
			return NULL;
		}
		c = (unsigned char)*p;
		if (c == '"')
			return p + 1;
		if (c == '\\') {
			p = skip_escape(p + 1, end);
			*why = "bad escape in a string";
		} else if (c >= 0x80) {
			p = skip_utf8(p, end);
			*why = "a string is not UTF-8";
		} else {
			p = NULL;
			*why = "control character in a string";
		}
		if (!p)
			return NULL;
	}
}

const char *scan_string(const char *p, const char *end, const char **why)
{
	return take_rest(NULL, p + 1, end, why);
}

const char *scan_rest(struct scan_walk *w, const char *p, const char **why)
{
	return take_rest(w, p, w->end, why);
}

const char *scan_name(const char *p, const char *end, struct str *name, const char **why)
{
	const char *q;

	if (p == end || *p != '"') {
		*why = "a member name is missing";
		return NULL;
	}
	q = scan_plain(p + 1, end);
	if (end - q < 2 || q[0] != '"' || q[1] != ':') {
		*why = "bad member name";
		return NULL;
	}
	*name = (struct str){ p + 1, (size_t)(q - p - 1) };
	return q + 2;
}

static bool digit(const char *p, const char *end)
{
	return p < end && *p >= '0' && *p <= '9';
}

static const char *skip_number(const char *p, const char *end)
{
	if (p < end && *p == '-')
		p++;
	if (!digit(p, end))
		return NULL;
	if (*p == '0')
		p++;
	else
		while (digit(p, end))
			p++;
	if (p < end && *p == '.') {
		p++;
		if (!digit(p, end))
			return NULL;
		while (digit(p, end))
			p++;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		if (!digit(p, end))
			return NULL;
		while (digit(p, end))
			p++;
	}
	return p;
}

static inline const char *take_string(struct scan_walk *w, const char *p, const char *end, const char **why)
{
	const char *q = w ? scan_next(w, p + 1) : scan_plain(p + 1, end);

	if (q < end && *q == '"')
		return q + 1;
	return w ? scan_rest(w, q, why) : scan_string(p, end, why);
}

static inline const char *take_scalar(struct scan_walk *w, const char *p, const char *end, const char **why)
{
	size_t left = (size_t)(end - p);
	const char *q;

	if (*p == '"')
		return take_string(w, p, end, why);
	if (w && (q = scan_whole(p)) != NULL)
		return q;
	*why = "bad value";
	if (left >= 4 && (!memcmp(p, "true", 4) || !memcmp(p, "null", 4)))
		return p + 4;
	if (left >= 5 && !memcmp(p, "false", 5))
		return p + 5;
	return skip_number(p, end);
}

static inline const char *skip_spaces(const char *p, const char *end)
{
	while (p < end && *p == ' ')
		p++;
	return p;
}

/* A name inside a nested map: any string, a colon, spaces. */
static inline const char *nested_name(struct scan_walk *w, const char *p, const char *end, const char **why)
{
	p = skip_spaces(p, end);
	if (p < end && *p == '"') {
		p = take_string(w, p, end, why);
		if (!p)
			return NULL;
		p = skip_spaces(p, end);
		if (p < end && *p == ':')
			return p + 1;
	}
	*why = "bad member name";
	return NULL;
}

static inline const char *take_value(struct scan_walk *w, const char *p, const char *end, const char **why)
{
	char close[SCAN_DEPTH];
	unsigned depth = 0;

	for (;;) {
		if (depth)
			p = skip_spaces(p, end);
		if (p == end) {
			*why = cut_off;
			return NULL;
		}
		if (*p == '{' || *p == '[') {
			if (depth == SCAN_DEPTH) {
				*why = "nested too deep";
				return NULL;
			}
			close[depth] = *p == '{' ? '}' : ']';
			p++;
			if (p == end || *p != close[depth]) {
				if (close[depth++] == '}' && !(p = nested_name(w, p, end, why)))
					return NULL;
				continue;
			}
			p++;
		} else if (!(p = take_scalar(w, p, end, why))) {
			return NULL;
		}
		/* A value has ended. */
		for (;;) {
			if (!depth)
				return p;
			p = skip_spaces(p, end);
			if (p < end && *p == close[depth - 1]) {
				p++;
				depth--;
				continue;
			}
			if (p == end || *p != ',') {
				*why = p == end ? cut_off : "comma or closing bracket is missing";
				return NULL;
			}
			p++;
			if (close[depth - 1] == '}' && !(p = nested_name(w, p, end, why)))
				return NULL;
			break;
		}
	}
}

const char *scan_value(const char *p, const char *end, const char **why)
{
	return take_value(NULL, p, end, why);
}

const char *scan_inside(struct scan_walk *w, const char *p, const char **why)
{
	return take_value(w, p, w->end, why);
}

bool scan_members(struct str object, struct member *m, uint32_t cap, uint32_t *count, const char **why)
{
	const char *p = object.p, *end = object.p + object.n;

	*count = 0;
	*why = "not an object";
	if (object.n < 2 || *p != '{' || end[-1] != '}')
		return false;
	end--;
	if (++p == end)
		return true;
	for (;;) {
		struct member *x = &m[*count];

		if (*count == cap) {
			*why = "too many members";
			return false;
		}
		p = scan_name(p, end, &x->name, why);
		if (!p)
			return false;
		x->raw.p = p;
		p = scan_value(p, end, why);
		if (!p)
			return false;
		x->raw.n = (size_t)(p - x->raw.p);
		for (uint32_t i = 0; i < *count; i++)
			if (str_eq(m[i].name, x->name)) {
				*why = "a member stands twice";
				return false;
			}
		++*count;
		if (p == end)
			return true;
		if (*p++ != ',') {
			*why = "comma is missing";
			return false;
		}
	}
}

void scan_unescape(struct str raw, struct buf *out)
{
	const char *p = raw.p + 1, *end = raw.p + raw.n - 1;

	while (p < end) {
		const char *slash = memchr(p, '\\', (size_t)(end - p));
		char text[4];
		uint32_t c;

		if (!slash)
			slash = end;
		buf_add(out, p, (size_t)(slash - p));
		if (slash == end)
			return;
		p = slash + 2;
		switch (slash[1]) {
		case 'b': buf_addc(out, '\b'); continue;
		case 'f': buf_addc(out, '\f'); continue;
		case 'n': buf_addc(out, '\n'); continue;
		case 'r': buf_addc(out, '\r'); continue;
		case 't': buf_addc(out, '\t'); continue;
		case 'u': break;
		default: buf_addc(out, slash[1]); continue;
		}
		c = (uint32_t)hex4(p, end);
		p += 4;
		if (c >= 0xd800 && c <= 0xdbff) {
			c = 0x10000 + ((c - 0xd800) << 10) + ((uint32_t)hex4(p + 2, end) - 0xdc00);
			p += 6;
		}
		buf_add(out, text, utf8_put(c, text));
	}
}
