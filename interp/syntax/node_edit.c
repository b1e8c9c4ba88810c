/*
 * The changed text and its map. Marks mostly ascend, so a cursor that steps
 * forward or back from its last place is enough; ASCII text without edits needs
 * no cursor at all.
 */
#include "syntax/node_edit.h"

#include <string.h>
#include "base/arena.h"
#include "syntax/node_scan.h"

void node_edits_init(struct node_edits *es, struct arena *a)
{
	*es = (struct node_edits){ .arena = a };
}

void node_edits_add(struct node_edits *es, struct node_edit e, bool before)
{
	uint32_t i = es->count;

	if (es->count == es->cap) {
		uint32_t cap = es->cap ? es->cap * 2 : 32;
		struct node_edit *list = arena_array(es->arena, cap, sizeof *list);
		if (es->count)
			memcpy(list, es->list, es->count * sizeof *list);
		es->list = list;
		es->cap = cap;
	}
	while (i > 0 && (es->list[i - 1].at > e.at || (before && es->list[i - 1].at == e.at)))
		i--;
	if (i > 0 && e.drop && es->list[i - 1].drop && es->list[i - 1].at == e.at)
		return; /* the same tab seen twice */
	memmove(es->list + i + 1, es->list + i, (es->count - i) * sizeof *es->list);
	es->list[i] = e;
	es->count++;
}

static uint32_t hex_value(const char *p, const char *end)
{
	uint32_t v = 0;
	int n = *p == 'x' ? 2 : *p == 'u' ? 4 : *p == 'U' ? 8 : 0;

	if (end - p <= n)
		return 0;
	for (int i = 1; i <= n; i++) {
		char c = p[i];
		uint32_t d = c >= '0' && c <= '9' ? (uint32_t)(c - '0')
			   : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
			   : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10) : 16;
		if (d == 16)
			return 0;
		v = v << 4 | d;
	}
	return v;
}

/* True if the text holds c, as itself or as an escape. */
static bool holds(struct str t, uint32_t c)
{
	char enc[4];
	size_t n = utf8_put(c, enc);
	const char *p = t.p, *end = t.p + t.n;

	if (str_find(t, (struct str){ enc, n }) >= 0)
		return true;
	while ((p = memchr(p, '\\', (size_t)(end - p)))) {
		if (++p < end && hex_value(p, end) == c)
			return true;
	}
	return false;
}

/* Stand-ins: printable for libyaml, of the same length, nowhere in the text. */
static void choose_stands(struct node_text *nt, struct str t)
{
	static const struct { uint32_t real, first; } kinds[] = {
		{ 0x85, 0x100 }, { 0x2028, 0xe000 }, { 0x2029, 0xe000 },
	};
	uint32_t last = 0;

	for (int i = 0; i < 3; i++) {
		uint32_t c = kinds[i].first;
		if (c <= last)
			c = last + 1;
		while (holds(t, c))
			c++;
		last = c;
		nt->stand[i].n = (uint32_t)utf8_put(kinds[i].real, nt->stand[i].real);
		utf8_put(c, nt->stand[i].stand);
	}
	nt->stand_count = 3;
}

static void replace(char *p, size_t n, const char *from, const char *to, uint32_t len)
{
	char *end = p + n;

	while (end - p >= (ptrdiff_t)len && (p = memchr(p, from[0], (size_t)(end - p)))) {
		if (end - p >= (ptrdiff_t)len && memcmp(p, from, len) == 0)
			memcpy(p, to, len);
		p++;
	}
}

void node_text_restore(const struct node_text *nt, char *p, size_t n)
{
	for (uint32_t i = 0; i < nt->stand_count; i++)
		replace(p, n, nt->stand[i].stand, nt->stand[i].real, nt->stand[i].n);
}

void node_text_init(struct node_text *nt, struct arena *a, const struct source *src, uint32_t start,
		    uint32_t end, bool ascii, bool breaks, const struct node_edits *edits)
{
	struct str t = str_slice(src->text, start, end);
	char *out, *p;
	uint32_t from = start;

	*nt = (struct node_text){ .src = src, .text = t, .start = start, .ascii = ascii,
				  .shift = start };
	if (breaks)
		choose_stands(nt, src->text);
	if (!breaks && (!edits || !edits->count))
		return;
	p = out = arena_alloc(a, t.n + (edits ? (size_t)edits->count * 2 : 0) + 1);
	for (uint32_t i = 0; edits && i < edits->count; i++, nt->edit_count++) {
		const struct node_edit *e = &edits->list[i];
		if (e->at > end || (e->at == end && e->drop))
			break;
		memcpy(p, src->text.p + from, e->at - from);
		p += e->at - from;
		memcpy(p, e->put, e->count);
		p += e->count;
		from = e->at + e->drop;
	}
	if (from < end)
		memcpy(p, src->text.p + from, end - from);
	p += from < end ? end - from : 0;
	for (uint32_t i = 0; i < nt->stand_count; i++)
		replace(out, (size_t)(p - out), nt->stand[i].real, nt->stand[i].stand, nt->stand[i].n);
	nt->text = (struct str){ out, (size_t)(p - out) };
	nt->edits = edits;
}

static bool continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Moves the cursor to `mark`, counting characters. */
static void seek_byte(struct node_text *nt, uint32_t mark)
{
	const char *p = nt->text.p;
	uint32_t n = (uint32_t)nt->text.n, b = nt->byte, m = nt->mark;

	if (nt->ascii) {
		nt->byte = nt->mark = mark < n ? mark : n;
		return;
	}
	while (m > mark) {
		b--;
		m -= !continues(p[b]);
	}
	while (m < mark && b < n) {
		b++;
		while (b < n && continues(p[b]))
			b++;
		m++;
	}
	nt->byte = b;
	nt->mark = m;
}

/* Where edit i begins in the text, given the shift before it. */
static int64_t edit_place(const struct node_text *nt, uint32_t i, int64_t shift)
{
	return (int64_t)nt->edits->list[i].at - shift;
}

static int64_t edit_shift(const struct node_edit *e)
{
	return (int64_t)e->drop - e->count;
}

uint32_t node_text_seek(struct node_text *nt, uint32_t mark)
{
	const struct node_edits *es = nt->edits;

	seek_byte(nt, mark);
	if (!es)
		return nt->start + nt->byte;
	while (nt->edit > 0) {
		int64_t before = nt->shift - edit_shift(&es->list[nt->edit - 1]);
		if (edit_place(nt, nt->edit - 1, before) + es->list[nt->edit - 1].count <= nt->byte)
			break;
		nt->edit--;
		nt->shift = before;
	}
	while (nt->edit < nt->edit_count) {
		const struct node_edit *e = &es->list[nt->edit];
		if (edit_place(nt, nt->edit, nt->shift) + e->count > nt->byte)
			break;
		nt->shift += edit_shift(e);
		nt->edit++;
	}
	/* Inside what was put in: the place of the edit itself. */
	if (nt->edit < nt->edit_count && edit_place(nt, nt->edit, nt->shift) < nt->byte)
		return es->list[nt->edit].at;
	return (uint32_t)((int64_t)nt->byte + nt->shift);
}

bool node_text_plain(const struct node_text *nt)
{
	const struct node_edits *es = nt->edits;

	return es && nt->edit < nt->edit_count && es->list[nt->edit].plain &&
	       edit_place(nt, nt->edit, nt->shift) == nt->byte;
}
