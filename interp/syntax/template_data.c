/*
 * template_data: trees of texts: any YAML node as literals, templates, lists
 * and maps. Plain scalars get their type here, by the key they stand under
 * (enum data_typing), never by guessing: what looks like a number but would
 * print differently is refused.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "syntax/node.h"
#include "syntax/template.h"
#include "value/units.h"

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* 007 +5 1_000 0x1F .5 5. 1.10 1e3: what a reader would take for a number. */
static bool looks_numeric(struct str s)
{
	size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+');
	size_t start = i, digits = 0;
	if (s.n - i > 2 && s.p[i] == '0' && (s.p[i + 1] == 'x' || s.p[i + 1] == 'o' || s.p[i + 1] == 'b')) {
		for (i += 2; i < s.n && (digit(s.p[i]) || (s.p[start + 1] == 'x' && strchr("abcdefABCDEF", s.p[i]))); i++)
			;
		return i == s.n;
	}
	for (; i < s.n && (digit(s.p[i]) || (digits && s.p[i] == '_')); i++)
		digits += digit(s.p[i]);
	if (i < s.n && s.p[i] == '.')
		for (i++; i < s.n && digit(s.p[i]); i++)
			digits++;
	if (!digits)
		return false;
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		if (i < s.n && (s.p[i] == '+' || s.p[i] == '-'))
			i++;
		start = i;
		while (i < s.n && digit(s.p[i]))
			i++;
		if (i == start)
			return false;
	}
	return i == s.n;
}

static bool prints_back(struct value v, struct str s)
{
	struct buf b;
	buf_init(&b, 1024);
	bool same = value_to_text(v, &b) && str_eq(buf_str(&b), s);
	buf_release(&b);
	return same;
}

static void report_number(const struct node *n, struct value v, bool read, struct diags *ds)
{
	struct diag *d;
	if (read) {
		struct buf b;
		buf_init(&b, 1024);
		value_to_text(v, &b);
		d = diag_add(ds, 105, n->span, "`" STR_FMT "` would become the number " STR_FMT, STR_ARG(n->text),
			     STR_ARG(buf_str(&b)));
		diag_help(ds, d, "quote it to keep it as it is: '" STR_FMT "', or write " STR_FMT, STR_ARG(n->text),
			  STR_ARG(buf_str(&b)));
		buf_release(&b);
	} else {
		d = diag_add(ds, 105, n->span, "`" STR_FMT "` is not a number of JSON", STR_ARG(n->text));
		diag_help(ds, d, "quote it if it is text: '" STR_FMT "'", STR_ARG(n->text));
	}
}

/* true for what other languages write for true, false and null: *right is ours. */
static bool foreign_word(struct str s, const char **right)
{
	static const struct { const char *word, *right; } words[] = {
		{ "True", "true" }, { "TRUE", "true" }, { "False", "false" }, { "FALSE", "false" },
		{ "Null", "null" }, { "NULL", "null" }, { "~", "null" },
	};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_eqz(s, words[i].word)) {
			*right = words[i].right;
			return true;
		}
	return false;
}

static bool type_plain(struct arena *a, const struct node *n, enum data_typing typing, struct value *out, struct diags *ds)
{
	static const enum value_kind units[] = { V_DURATION, V_SIZE, V_PERCENT };
	static const enum value_kind kinds[] = { V_NULL, V_BOOL, V_INT, V_FLOAT };
	struct str s = n->text;
	const char *right;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (unit_parse(kinds[i], a, s, out)) {
			if (i < 2 || prints_back(*out, s))
				return true;
			report_number(n, *out, true, ds);
			return false;
		}
	for (size_t i = 0; typing == DATA_TYPED && i < sizeof(units) / sizeof(units[0]); i++)
		if (unit_parse(units[i], a, s, out))
			return true;
	if (looks_numeric(s)) {
		report_number(n, *out, false, ds);
		return false;
	}
	if (foreign_word(s, &right)) {
		struct diag *d = diag_add(ds, 105, n->span, "`" STR_FMT "` is text here, not %s", STR_ARG(s), right);
		diag_help(ds, d, "write `%s`, or quote it: '" STR_FMT "'", right, STR_ARG(s));
		return false;
	}
	if (!s.n) {
		struct diag *d = diag_add(ds, 107, n->key.n ? n->key_span : n->span, n->key.n ? "`" STR_FMT "` has no value" :
					  "an item of this list has no value" STR_FMT, STR_ARG(n->key));
		diag_help(ds, d, "write null, or \"\" for an empty text");
		return false;
	}
	*out = value_str(s);
	return true;
}

static void parse_scalar(struct arena *a, const struct node *n, enum data_typing typing, uint32_t *next_id,
			 struct diags *ds, struct data *out)
{
	if (tmpl_has_hole(n->text)) {
		out->tmpl = tmpl_parse(a, n, next_id, ds);
		out->kind = out->tmpl ? DATA_TEXT : DATA_NONE;
		return;
	}
	out->lit = value_str(n->text);
	if (typing == DATA_STRING || n->style != NODE_PLAIN || type_plain(a, n, typing, &out->lit, ds))
		out->kind = DATA_LIT;
}

static bool key_is_literal(const struct node *n, struct diags *ds)
{
	if (!tmpl_has_hole(n->key))
		return true;
	struct diag *d = diag_add(ds, 112, n->key_span, "the name of a key cannot have a hole");
	diag_help(ds, d, "write the name itself");
	return false;
}

/* Into *out, which is zero: items are many, and made where they stay. */
static void parse_into(struct arena *a, const struct node *n, enum data_typing typing, uint32_t *next_id,
		       struct diags *ds, struct data *out)
{
	out->node = n;
	if (n->kind == NODE_SCALAR) {
		parse_scalar(a, n, typing, next_id, ds, out);
		return;
	}
	struct data *items = arena_array(a, n->count ? n->count : 1, sizeof(*items));
	struct str *keys = n->kind == NODE_MAP ? arena_array(a, n->count ? n->count : 1, sizeof(*keys)) : NULL;
	uint32_t count = 0;
	bool ok = true;
	for (const struct node *c = n->first; c; c = c->next, count++) {
		parse_into(a, c, typing, next_id, ds, &items[count]);
		ok = (!keys || key_is_literal(c, ds)) && items[count].kind != DATA_NONE && ok;
		if (keys)
			keys[count] = c->key;
	}
	if (!ok)
		return;
	out->kind = keys ? DATA_MAP : DATA_LIST;
	out->c.items = items;
	out->c.keys = keys;
	out->c.count = count;
}

struct data data_parse(struct arena *a, const struct node *n, enum data_typing typing, uint32_t *next_id, struct diags *ds)
{
	struct data d = { 0 };
	parse_into(a, n, typing, next_id, ds, &d);
	return d;
}
