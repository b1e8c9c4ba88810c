/*
 * source: the table of line starts is made once, when the source is; positions
 * are found in it by bisection.
 */
#include "base/source.h"

#include "base/arena.h"
#include "base/visible.h"

static const char BOM[] = "\xef\xbb\xbf";

/* Offset after the line end at or after `at`, or 0 if no line follows. */
static uint32_t next_line(struct str text, uint32_t at)
{
	for (; at < text.n; at++) {
		if (text.p[at] == '\n')
			return at + 1;
		if (text.p[at] == '\r')
			return at + 1 + (at + 1 < text.n && text.p[at + 1] == '\n');
	}
	return 0;
}

struct source *source_new(struct arena *a, struct str name, struct str text)
{
	if (text.n >= UINT32_MAX)
		text.n = UINT32_MAX - 1;
	uint32_t count = 1;
	for (uint32_t at = 0; (at = next_line(text, at)) != 0;)
		count++;
	uint32_t *lines = arena_array(a, count, sizeof *lines);
	uint32_t line = 1;
	for (uint32_t at = 0; (at = next_line(text, at)) != 0;)
		lines[line++] = at;
	struct source *s = arena_alloc(a, sizeof *s);
	*s = (struct source){ .name = name, .text = text, .lines = lines, .line_count = count };
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
