/*
 * The byte scan. Runs over every file, so the common case (ASCII, no tabs) is a
 * loop over blocks that the compiler turns into vector code, and a few memchr.
 * Only a block with something odd in it is looked at byte by byte.
 */
#include "syntax/node_scan.h"

#include <string.h>
#include "base/diag.h"
#include "base/str.h"

enum { BLOCK = 64 };

static struct span at(const struct source *src, size_t start, size_t end)
{
	return span_of(src, (uint32_t)start, (uint32_t)end);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool node_scan_break(const char *p, const char *end, uint32_t *n)
{
	if (end - p >= 2 && p[0] == '\xc2' && p[1] == '\x85') {
		*n = 2;
		return true;
	}
	if (end - p >= 3 && p[0] == '\xe2' && p[1] == '\x80' && (p[2] == '\xa8' || p[2] == '\xa9')) {
		*n = 3;
		return true;
	}
	return false;
}

static bool refuse_utf8(const struct source *src, size_t bad, struct diags *ds)
{
	struct str t = src->text;
	unsigned char a = (unsigned char)t.p[0], b = t.n > 1 ? (unsigned char)t.p[1] : 0;
	bool wide = (a == 0xff && b == 0xfe) || (a == 0xfe && b == 0xff);
	struct diag *d;

	if (wide) {
		d = diag_add(ds, 2, at(src, 0, 2), "this file is UTF-16, not UTF-8");
		diag_help(ds, d, "convert it: iconv -f UTF-16 -t UTF-8 FILE");
		return false;
	}
	d = diag_add(ds, 2, at(src, bad, bad + 1), "byte 0x%02X is not UTF-8", (unsigned char)t.p[bad]);
	diag_help(ds, d, "save the file as UTF-8");
	return false;
}

/* Embeddings, overrides and isolates of bidirectional text: what a reviewer sees is not what is there. */
static bool turns_text(uint32_t c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static bool refuse_control(const struct source *src, size_t pos, size_t n, uint32_t c, struct diags *ds)
{
	struct diag *d;

	if (c == 0) {
		d = diag_add(ds, 3, at(src, pos, pos + 1), "NUL byte in the file");
		diag_help(ds, d, "a runbook is text: remove the byte");
		return false;
	}
	if (c == '\r') {
		d = diag_add(ds, 5, at(src, pos, pos + 1), "carriage return without a line feed");
		diag_help(ds, d, "end lines with LF or CR LF; in a value write \"\\r\"");
		return false;
	}
	d = diag_add(ds, 4, at(src, pos, pos + n), "control character U+%04X in the file", (unsigned)c);
	if (c == 0xfeff)
		diag_help(ds, d, "remove the byte order mark; it may stand only at the start of a file");
	else if (c < 0x100)
		diag_help(ds, d, "remove it, or write it as \"\\x%02X\" in double quotes", (unsigned)c);
	else if (turns_text(c))
		diag_help(ds, d, "it makes text look other than it is: remove it, or write it as \"\\u%04X\" in double quotes",
			  (unsigned)c);
	else
		diag_help(ds, d, "remove it");
	return false;
}

static bool is_control(uint32_t c)
{
	if (c < 0x20)
		return c != '\t' && c != '\n' && c != '\r';
	return (c >= 0x7f && c < 0xa0 && c != 0x85) || c == 0xfffe || c == 0xffff || c == 0xfeff ||
	       turns_text(c);
}

/* One block or, from the first byte that is not ASCII on, the whole rest. */
static bool scan_odd(const struct source *src, size_t *pos, size_t end, struct diags *ds,
		     struct node_scan *out)
{
	struct str t = src->text;
	size_t p = *pos;

	while (p < end) {
		size_t was = p;
		uint32_t c = (unsigned char)t.p[p], n;
		if (c >= 0x80) {
			end = t.n;
			out->ascii = false;
			c = utf8_next(t, &p);
			if (c == 0xfffd && p - was == 1)
				return refuse_utf8(src, was, ds);
			if (node_scan_break(t.p + was, t.p + t.n, &n))
				out->breaks = true;
		} else {
			p++;
		}
		if (c == '\t')
			out->strict = true;
		if (is_control(c) || (c == '\r' && (p >= t.n || t.p[p] != '\n')))
			return refuse_control(src, was, p - was, c, ds);
	}
	*pos = p;
	return true;
}

static bool scan_bytes(const struct source *src, struct diags *ds, struct node_scan *out)
{
	struct str t = src->text;
	size_t p = out->start;

	while (p < t.n) {
		size_t end = t.n - p >= BLOCK ? p + BLOCK : t.n;
		unsigned odd = 1;
		if (end - p == BLOCK) {
			const unsigned char *b = (const unsigned char *)t.p + p;
			unsigned char acc = 0;
			for (int i = 0; i < BLOCK; i++) {
				unsigned char low = (unsigned char)((b[i] < 0x20) & (b[i] != '\n'));
				acc = (unsigned char)(acc | low | (b[i] >= 0x7f));
			}
			odd = acc;
		}
		if (!odd)
			p = end;
		else if (!scan_odd(src, &p, end, ds, out))
			return false;
	}
	return true;
}

/* `"a"#b`, `[a]#b`, `|#b`: comments for libyaml, errors in YAML 1.2. */
static bool odd_comment(struct str t, size_t start)
{
	const char *p = t.p + start, *end = t.p + t.n;

	while ((p = memchr(p, '#', (size_t)(end - p)))) {
		if (p > t.p + start && strchr("\"'{}[],:|>+-123456789", p[-1]))
			return true;
		p++;
	}
	return false;
}

/* A `?` that may be an explicit key, or that libyaml takes for one. */
static bool odd_question(struct str t, size_t start)
{
	const char *begin = t.p + start, *p = begin, *end = t.p + t.n;

	while ((p = memchr(p, '?', (size_t)(end - p)))) {
		const char *q = p;
		while (q > begin && is_blank(q[-1]))
			q--;
		if (q == begin || strchr("\n\r-?:{[,\"'", q[-1]))
			return true;
		p++;
	}
	return false;
}

/* Directives cost libyaml quadratic time; it must not see them. */
static bool directive_first(struct str t, size_t start)
{
	size_t p = start;

	while (p < t.n && (t.p[p] == '\n' || t.p[p] == '\r' || t.p[p] == '#' || t.p[p] == ' ')) {
		const char *nl = memchr(t.p + p, '\n', t.n - p);
		if (!nl)
			return false;
		p = (size_t)(nl - t.p) + 1;
	}
	return p < t.n && t.p[p] == '%';
}

/* A block scalar's last line counts as ended, not so for libyaml. */
static bool open_end(struct str t, size_t start)
{
	return t.n > start && t.p[t.n - 1] != '\n';
}

bool node_scan(const struct source *src, uint32_t bytes_max, struct diags *ds, struct node_scan *out)
{
	struct str t = src->text;

	*out = (struct node_scan){ .ascii = true };
	if (t.n > bytes_max) {
		struct diag *d = diag_add(ds, 1, at(src, 0, 0), "the file has %zu bytes, more than %u",
					  t.n, (unsigned)bytes_max);
		diag_help(ds, d, "move data and long scripts into `files:` beside the runbook");
		return false;
	}
	if (str_starts(t, STR("\xef\xbb\xbf")))
		out->start = 3;
	if (!scan_bytes(src, ds, out))
		return false;
	if (!out->strict)
		out->strict = out->breaks || directive_first(t, out->start) || open_end(t, out->start) ||
			      odd_comment(t, out->start) || odd_question(t, out->start);
	return true;
}
