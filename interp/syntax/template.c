/*
 * template: finds the holes of a text and parses them. A hole begins at ${{ and
 * ends at the first }} outside its quotes; results of holes are never scanned
 * again, so nothing here is undone or escaped.
 */
#include "syntax/template.h"

#include <string.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/mem.h"
#include "syntax/node.h"

static const struct str opener = { "${{", 3 };

bool tmpl_has_hole(struct str text)
{
	return str_find(text, opener) >= 0;
}

/* Offset of the opener at or behind `from`, or the text's length. */
static uint32_t find_opener(struct str s, uint32_t from)
{
	ptrdiff_t at = str_find(str_slice(s, from, s.n), opener);
	return at < 0 ? (uint32_t)s.n : from + (uint32_t)at;
}

/* Offset of the }} that ends the hole whose inside begins at `at`, or the text's
 * length; *quote is then the quote that is open, or UINT32_MAX. */
static uint32_t find_end(struct str s, uint32_t at, uint32_t *quote)
{
	*quote = UINT32_MAX;
	for (; at < s.n; at++) {
		char c = s.p[at];
		if (*quote == UINT32_MAX) {
			if (c == '\'' || c == '"')
				*quote = at;
			else if (c == '}' && at + 1 < s.n && s.p[at + 1] == '}')
				return at;
		} else if (c == '\\' && s.p[*quote] == '"') {
			at++;
		} else if (c == s.p[*quote]) {
			*quote = UINT32_MAX;
		}
	}
	return (uint32_t)s.n;
}

static void report_open(const struct node *n, uint32_t at, uint32_t quote, struct diags *ds)
{
	struct diag *d;
	if (quote != UINT32_MAX) {
		d = diag_add(ds, 202, node_slice(n, quote, quote + 1), "this `%c` is never closed", n->text.p[quote]);
		diag_label(ds, d, node_slice(n, at, at + 3), "in this hole");
		return;
	}
	d = diag_add(ds, 213, node_slice(n, at, at + 3), "this hole is never closed");
	diag_help(ds, d, "close it with `}}`; a plain `${{` is written ${{ '${{' }}");
}

/* Parts while they are found; the parser of holes allocates in the arena, too. */
struct parts { struct tmpl_part *list; uint32_t count, cap; };

static void parts_add(struct parts *ps, struct tmpl_part part)
{
	MEM_ROOM(ps->list, ps->count, ps->cap, 4);
	ps->list[ps->count++] = part;
}

static bool parse_holes(struct arena *a, const struct node *n, uint32_t *next_id, struct diags *ds, struct parts *ps)
{
	struct str s = n->text;
	uint32_t from = 0;
	bool ok = true;
	for (;;) {
		uint32_t at = find_opener(s, from), quote;
		if (at == s.n)
			break;
		uint32_t end = find_end(s, at + 3, &quote);
		if (end == s.n) {
			report_open(n, at, quote, ds);
			return false;
		}
		if (ps->count == TMPL_HOLES_MAX) {
			struct diag *d = diag_add(ds, 245, node_slice(n, at, at + 3), "more than %d holes in one text", TMPL_HOLES_MAX);
			diag_help(ds, d, "divide the text, or build the repeated part in one expression: join(map(...), ...)");
			return false;
		}
		struct tmpl_part part = { str_slice(s, from, at), NULL, at, end + 2 };
		part.hole = expr_parse(a, n, at + 3, end, next_id, ds);
		ok = ok && part.hole;
		parts_add(ps, part);
		from = end + 2;
	}
	parts_add(ps, (struct tmpl_part){ str_slice(s, from, s.n), NULL, (uint32_t)s.n, (uint32_t)s.n });
	return ok;
}

const struct tmpl *tmpl_parse(struct arena *a, const struct node *scalar, uint32_t *next_id, struct diags *ds)
{
	struct parts ps = { NULL, 0, 0 };
	struct tmpl *t = NULL;
	if (parse_holes(a, scalar, next_id, ds, &ps)) {
		struct tmpl_part *parts = arena_array(a, ps.count, sizeof(*parts));
		memcpy(parts, ps.list, ps.count * sizeof(*parts));
		t = arena_alloc(a, sizeof(*t));
		t->node = scalar;
		t->count = ps.count;
		t->parts = parts;
		t->exact = ps.count == 2 && !parts[0].text.n && !parts[1].text.n;
	}
	mem_free(ps.list);
	return t;
}
