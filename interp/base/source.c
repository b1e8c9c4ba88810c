/*
 * source: the table of line starts is made once, when the source is; positions
 * are found in it by bisection.
 */
#include "base/source.h"

#include <string.h>

#include "base/arena.h"
#include "base/visible.h"

/* A source's tree and all that is made from it come to about this, in the same arena. */
enum { MADE_PER_BYTE = 16 };

static const char BOM[] = "\xef\xbb\xbf";

/* Number of LF; a loop over blocks that the compiler turns into vector code. */
static uint32_t count_lf(struct str text)
{
	enum { BLOCK = 64 };
	uint32_t count = 0;
	size_t at = 0;
	for (; text.n - at >= BLOCK; at += BLOCK) {
		unsigned char in = 0;
		for (int i = 0; i < BLOCK; i++)
			in = (unsigned char)(in + (text.p[at + (size_t)i] == '\n'));
		count += in;
	}
	for (; at < text.n; at++)
		count += text.p[at] == '\n';
	return count;
}

/* Puts down the line starts behind the first, at most max; returns how many. */
static uint32_t find_lines(struct str text, uint32_t *out, uint32_t max)
{
	const char *end = text.p + text.n, *p = text.p;
	uint32_t count = 0;
	while (count < max && (p = memchr(p, '\n', (size_t)(end - p))))
		out[count++] = (uint32_t)(++p - text.p);
	return count;
}

/* The same where lines may end at a lone CR. */
static uint32_t find_odd_lines(struct str text, uint32_t *out, uint32_t max)
{
	uint32_t count = 0;
	for (uint32_t at = 0; at < text.n && count < max; at++) {
		bool lf = text.p[at] == '\n', cr = text.p[at] == '\r';
		if (lf || (cr && (at + 1 == text.n || text.p[at + 1] != '\n')))
			out[count++] = at + 1;
	}
	return count;
}

struct source *source_new(struct arena *a, struct str name, struct str text)
{
	if (text.n >= UINT32_MAX)
		text.n = UINT32_MAX - 1;
	bool odd = false;
	uint32_t most = count_lf(text);
	for (const char *p = text.p, *end = text.p + text.n; p < end && (p = memchr(p, '\r', (size_t)(end - p))); p++) {
		odd = true;
		most++;
	}
	arena_expect(a, text.n * MADE_PER_BYTE);
	uint32_t *lines = arena_array(a, (size_t)most + 1, sizeof *lines);
	uint32_t count = odd ? find_odd_lines(text, lines + 1, most) : find_lines(text, lines + 1, most);
	struct source *s = arena_alloc(a, sizeof *s);
	*s = (struct source){ .name = name, .text = text, .lines = lines, .line_count = count + 1 };
	return s;
}

/* Index in lines[] of the line that holds offset. */
static uint32_t line_index(const struct source *s, uint32_t offset)
{
	uint32_t lo = 0, hi = s->line_count;
	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (s->lines[mid] <= offset)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

static uint32_t line_start(const struct source *s, uint32_t index)
{
	uint32_t at = s->lines[index];
	if (index == 0 && str_starts(s->text, (struct str){ BOM, 3 }))
		at += 3;
	return at;
}

struct position source_locate(const struct source *s, uint32_t offset)
{
	if (offset > s->text.n)
		offset = (uint32_t)s->text.n;
	uint32_t index = line_index(s, offset);
	struct str before = str_slice(s->text, line_start(s, index), offset);
	return (struct position){
		.line = index + 1,
		.column = (uint32_t)utf8_len(before) + 1,
		.width = (uint32_t)visible_width(before),
	};
}

struct str source_line(const struct source *s, uint32_t line)
{
	if (line == 0 || line > s->line_count)
		return (struct str){ "", 0 };
	uint32_t end = line < s->line_count ? s->lines[line] : (uint32_t)s->text.n;
	struct str text = str_slice(s->text, line_start(s, line - 1), end);
	while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
		text.n--;
	return text;
}

struct span span_of(const struct source *s, uint32_t start, uint32_t end)
{
	return (struct span){ s, start, end < start ? start : end };
}

struct span span_join(struct span a, struct span b)
{
	if (a.src != b.src)
		return a.src ? a : b;
	if (b.start < a.start)
		a.start = b.start;
	if (b.end > a.end)
		a.end = b.end;
	return a;
}
