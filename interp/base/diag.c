/*
 * diag: collecting diagnostics. Texts of those past the limit are not even
 * formatted, so that a hostile file cannot fill the arena with them.
 */
#include "base/diag.h"

#include "base/arena.h"
#include "base/mem.h"

enum { TEXT_MAX = 2000 };

void diags_init(struct diags *ds, struct arena *a)
{
	*ds = (struct diags){ .arena = a };
}

void diags_release(struct diags *ds)
{
	mem_free(ds->list);
	diags_init(ds, ds->arena);
}

static struct diag *scratch(struct diags *ds)
{
	if (!ds->scratch)
		ds->scratch = arena_alloc(ds->arena, sizeof *ds->scratch);
	*ds->scratch = (struct diag){ 0 };
	return ds->scratch;
}

static bool same_span(struct span a, struct span b)
{
	return a.src == b.src && a.start == b.start && a.end == b.end;
}

static bool known(const struct diags *ds, int code, struct span at)
{
	for (size_t i = 0; i < ds->count; i++)
		if (ds->list[i]->code == code && at.src && same_span(ds->list[i]->span, at))
			return true;
	return false;
}

static void keep(struct diags *ds, struct diag *d)
{
	MEM_ROOM(ds->list, ds->count, ds->cap, 8);
	ds->list[ds->count++] = d;
}

/* The text of a message. What it quotes may be as long as the file: of more than TEXT_MAX
 * bytes the middle is left out. */
static struct str words(struct diags *ds, const char *fmt, va_list ap)
{
	struct str s = arena_vprintf(ds->arena, fmt, ap);
	size_t head = TEXT_MAX / 2, tail = s.n - TEXT_MAX / 4;

	if (s.n <= TEXT_MAX)
		return s;
	while (((unsigned char)s.p[head] & 0xc0) == 0x80)
		head--;
	while (tail < s.n && ((unsigned char)s.p[tail] & 0xc0) == 0x80)
		tail++;
	return arena_printf(ds->arena, STR_FMT " ... " STR_FMT, STR_ARG(str_slice(s, 0, head)),
			    STR_ARG(str_slice(s, tail, s.n)));
}

struct diag *diag_add(struct diags *ds, int code, struct span at, const char *fmt, ...)
{
	if (known(ds, code, at))
		return scratch(ds);
	const struct diag_code *row = diag_code_find(code);
	enum diag_severity severity = row ? row->severity : DIAG_ERROR;
	if (severity == DIAG_ERROR)
		ds->errors++;
	else
		ds->warnings++;
	if (ds->count == DIAG_MAX) {
		ds->dropped++;
		return scratch(ds);
	}
	struct diag *d = arena_alloc(ds->arena, sizeof *d);
	*d = (struct diag){ .code = code, .severity = severity, .span = at };
	va_list ap;
	va_start(ap, fmt);
	d->message = words(ds, fmt, ap);
	va_end(ap);
	keep(ds, d);
	return d;
}

void diag_mark(struct diags *ds, struct diag *d, const char *fmt, ...)
{
	if (d == ds->scratch)
		return;
	va_list ap;
	va_start(ap, fmt);
	d->mark = words(ds, fmt, ap);
	va_end(ap);
}

void diag_label(struct diags *ds, struct diag *d, struct span at, const char *fmt, ...)
{
	if (d == ds->scratch || d->label_count == DIAG_LABELS)
		return;
	va_list ap;
	va_start(ap, fmt);
	d->labels[d->label_count].span = at;
	d->labels[d->label_count++].text = words(ds, fmt, ap);
	va_end(ap);
}

void diag_note(struct diags *ds, struct diag *d, const char *fmt, ...)
{
	if (d == ds->scratch || d->note_count == DIAG_NOTES)
		return;
	va_list ap;
	va_start(ap, fmt);
	d->notes[d->note_count++] = words(ds, fmt, ap);
	va_end(ap);
}

void diag_help(struct diags *ds, struct diag *d, const char *fmt, ...)
{
	if (d == ds->scratch || d->help_count == DIAG_NOTES)
		return;
	va_list ap;
	va_start(ap, fmt);
	d->helps[d->help_count++] = words(ds, fmt, ap);
	va_end(ap);
}

/* When a source was first spoken of: sources have no order of their own. */
static size_t first_seen(struct diag *const *order, const struct source *src)
{
	size_t i = 0;
	while (order[i]->span.src != src)
		i++;
	return i;
}

/* Does a come strictly before b? */
static bool comes_before(struct diag *const *order, const struct diag *a, const struct diag *b)
{
	if (a->span.src != b->span.src)
		return first_seen(order, a->span.src) < first_seen(order, b->span.src);
	if (a->span.start != b->span.start)
		return a->span.start < b->span.start;
	return a->code < b->code;
}

/* Insertion sort: at most DIAG_MAX, stable, and mostly in order already. */
void diags_sort(struct diags *ds)
{
	struct diag *order[DIAG_MAX];
	for (size_t i = 0; i < ds->count; i++)
		order[i] = ds->list[i];
	for (size_t i = 1; i < ds->count; i++) {
		struct diag *d = ds->list[i];
		size_t at = i;
		for (; at > 0 && comes_before(order, d, ds->list[at - 1]); at--)
			ds->list[at] = ds->list[at - 1];
		ds->list[at] = d;
	}
}

void diags_append(struct diags *to, const struct diags *from)
{
	if (to->count + from->count > to->cap) {
		to->cap = to->count + from->count;
		to->list = mem_realloc(to->list, to->cap * sizeof(*to->list));
	}
	for (size_t i = 0; i < from->count; i++)
		to->list[to->count++] = from->list[i];
	to->errors += from->errors;
	to->warnings += from->warnings;
	to->dropped += from->dropped;
}

struct str diag_nearest(struct str name, const struct str *names, size_t count)
{
	struct str best = { "", 0 };
	size_t length = utf8_len(name), reach = length / 3;
	if (reach < 1)
		reach = 1;
	for (size_t i = 0; i < count; i++) {
		size_t other = utf8_len(names[i]);
		size_t d = str_distance(name, names[i], reach + 1);
		if (d <= reach && d < (length > other ? length : other)) {
			best = names[i];
			if (d == 0)
				break;
			reach = d - 1;
		}
	}
	return best;
}
