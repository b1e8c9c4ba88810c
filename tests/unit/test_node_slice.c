/*
 * node_slice: places of characters inside scalars. Fixed cases for every style,
 * then a property over many generated scalars: decoding what each character's
 * span shows gives that character.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "syntax/node.h"

struct doc {
	struct arena a;
	struct diags ds;
	struct node *root;
};

static const struct node *doc_read(struct doc *d, const char *text)
{
	arena_init(&d->a);
	diags_init(&d->ds, &d->a);
	d->root = node_read(&d->a, source_new(&d->a, STR("t.yml"), str_of(text)), NULL, &d->ds);
	if (d->ds.count)
		fail_msg("`%s`: " STR_FMT, text, STR_ARG(d->ds.list[0]->message));
	return d->root->kind == NODE_SCALAR ? d->root : d->root->first;
}

static void doc_free(struct doc *d)
{
	diags_release(&d->ds);
	arena_release(&d->a);
}

/* The place of `part` in the scalar's text is where the source has `want`. */
static void assert_slice(const char *text, const char *part, const char *want)
{
	struct doc d;
	const struct node *n = doc_read(&d, text);
	ptrdiff_t at = str_find(n->text, str_of(part));
	struct span s;
	struct str got;

	if (at < 0)
		fail_msg("no `%s` in `" STR_FMT "`", part, STR_ARG(n->text));
	s = node_slice(n, (uint32_t)at, (uint32_t)((size_t)at + strlen(part)));
	got = str_slice(s.src->text, s.start, s.end);
	if (!str_eqz(got, want))
		fail_msg("`%s`: `%s` is at `" STR_FMT "`, expected `%s`", text, part, STR_ARG(got), want);
	doc_free(&d);
}

static void flow_styles(void **state)
{
	(void)state;
	assert_slice("a: one two", "two", "two");
	assert_slice("a: one\n  two\n\n  three", "two\nthree", "two\n\n  three");
	assert_slice("a: one\n  two\n\n  three", "one two", "one\n  two");
	assert_slice("a: 'it''s x'", "x", "x");
	assert_slice("a: 'it''s x'", "'", "''");
	assert_slice("a: 'x\n\n   y z'", "y", "y");
	assert_slice("a: \"\\ta\\u00e9b\\x41c\\U0001F600d\"", "d", "d");
	assert_slice("a: \"\\ta\\u00e9b\\x41c\\U0001F600d\"", "\xc3\xa9", "\\u00e9");
	assert_slice("a: \"\\ta\\u00e9b\\x41c\\U0001F600d\"", "Ac", "\\x41c");
	assert_slice("a: \"\\ta\\u00e9b\\x41c\\U0001F600d\"", "\xf0\x9f\x98\x80", "\\U0001F600");
	assert_slice("a: \"\\N\\_\\L\\Px\"", "x", "x");
	assert_slice("a: \"one\\\n   two \\\n\n   three\"", "three", "three");
	assert_slice("a: \"one\\\n   two \\\n\n   three\"", "two", "two");
	assert_slice("a: \"\n  one \t \n \n\n  two\t\n  \"", "two", "two");
	assert_slice("[::y:z, x]", "z", "z");
	assert_slice("a: \"\xed\x95\x9c\xea\xb8\x80 x\"", "x", "x");
}

static void block_styles(void **state)
{
	(void)state;
	assert_slice("a: |\n  one\n  two\n", "two", "two");
	assert_slice("a: |\n  one\n  two\n", "one\ntwo", "one\n  two");
	assert_slice("a: |2\n    one\n\n   two\n", "  one", "  one");
	assert_slice("a: |2\n    one\n\n   two\n", "two", "two");
	assert_slice("a: |\n\n \n  one\n", "one", "one");
	assert_slice("a: |-  # why\n  one\r\n  two\r\n\r\nb: c", "two", "two");
	assert_slice("a: >\n  one\n  two\n\n  three\n", "two\nthree", "two\n\n  three");
	assert_slice("a: >\n  one\n    two\n\n    three\n  four\n", "  three", "  three");
	assert_slice("a: >\n  one\n    two\n\n    three\n  four\n", "four", "four");
	assert_slice("a: >\n\n  one\n  two\n", "two", "two");
	assert_slice("--- |\none\n two\n", "two", "two");
	assert_slice("- |\n \tone\n two\n", "two", "two");
	assert_slice("a: |\n  one", "one\n", "one");
	assert_slice("a: |+\n  one\n\n\n", "one\n\n\n", "one\n\n\n");
}

static void edges(void **state)
{
	struct doc d;
	const struct node *n;
	struct span s;
	(void)state;
	n = doc_read(&d, "a: ' xy '\n");
	s = node_slice(n, 4, 4);
	assert_int_equal(s.start, 8);
	assert_int_equal(s.end, 8);
	s = node_slice(n, 0, 0);
	assert_int_equal(s.start, 4);
	assert_int_equal(s.end, 4);
	/* Out of range: the whole value. */
	s = node_slice(n, 3, 9);
	assert_int_equal(s.start, n->span.start);
	assert_int_equal(s.end, n->span.end);
	doc_free(&d);
	n = doc_read(&d, "a: |\nb: ''\n");
	s = node_slice(n, 0, 0);
	assert_true(s.start <= s.end && s.end <= 5);
	s = node_slice(n->next, 0, 0);
	assert_int_equal(s.start, 9);
	doc_free(&d);
}

/* Pieces of text that fold, escape and indent; letters are all different. */
static const char *const pieces[] = { "a", "b c", " ", "\n", "\n\n", "d", "\"", "'", "\\", "\xc3\xa9", "\t", "e  f", "\n ", "#g", ": h" };

static void emit(struct buf *out, int style, struct str text)
{
	static const char *const heads[] = { "- '", "- \"", "- |2\n", "- >2\n" };

	buf_addz(out, heads[style]);
	if (style >= 2)
		buf_addz(out, "   ");
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (style == 1 && (c == '"' || c == '\\'))
			buf_printf(out, "\\%c", c);
		else if (style == 1 && c == '\n')
			buf_addz(out, "\\n");
		else if (style == 0 && c == '\'')
			buf_addz(out, "''");
		else if (style == 0 && c == '\n')
			buf_addz(out, "\n\n   ");
		else if (c == '\n')
			buf_addz(out, "\n   ");
		else
			buf_addc(out, c);
	}
	buf_addz(out, style == 0 ? "'\n" : style == 1 ? "\"\n" : "\n");
}

static void check_all(const struct node *n)
{
	struct str src = n->span.src->text;
	uint32_t before = 0;

	for (uint32_t i = 0; i < n->text.n; i++) {
		struct span s = node_slice(n, i, i + 1);
		struct str got = str_slice(src, s.start, s.end);
		char want = n->text.p[i];
		bool ok = s.start >= before && s.end >= s.start;
		if (want == ' ' || want == '\n')
			ok = ok && (!got.n || strchr(" \n\t\\", got.p[0]));
		else
			ok = ok && got.n && (got.p[0] == want ? got.n == 1 || want == '\\' || want == '\'' : got.p[0] == '\\' && got.p[1] == want);
		if (!ok)
			fail_msg("style %d, character %u (%02x) of `" STR_FMT "` is at %u..%u of `" STR_FMT "`", n->style, i,
				 (unsigned char)want, STR_ARG(n->text), s.start, s.end, STR_ARG(src));
		before = s.start;
	}
}

static void every_character(void **state)
{
	uint32_t seed = 7;
	int read = 0;
	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct buf text, doc;
		struct arena a;
		struct diags ds;
		struct node *n;
		buf_init(&text, 4096);
		buf_init(&doc, 8192);
		for (int i = 0; i < 8; i++) {
			seed = seed * 1664525u + 1013904223u;
			buf_addz(&text, pieces[(seed >> 16) % (sizeof pieces / sizeof *pieces)]);
		}
		emit(&doc, round % 4, buf_str(&text));
		arena_init(&a);
		diags_init(&ds, &a);
		n = node_read(&a, source_new(&a, STR("t"), buf_str(&doc)), NULL, &ds);
		/* Some are no YAML (a tab as indentation); the others must fit. */
		if (n && !ds.count && n->first) {
			read++;
			check_all(n->first);
		}
		diags_release(&ds);
		arena_release(&a);
		buf_release(&text);
		buf_release(&doc);
	}
	assert_true(read > 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flow_styles), cmocka_unit_test(block_styles), cmocka_unit_test(edges),
		cmocka_unit_test(every_character),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
