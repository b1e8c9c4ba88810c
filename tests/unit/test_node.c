/*
 * node_read: values, styles and exact spans; what it refuses, with which code
 * and where; limits; that both ways of reading (libyaml alone, or after the
 * recogniser and its edits) give the same tree.
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
	struct source *src;
	struct node *root;
};

static void doc_read_n(struct doc *d, const char *text, size_t n, const struct node_limits *l)
{
	/* A copy without a byte behind it, so that the sanitizer sees overruns. */
	char *copy = malloc(n ? n : 1);

	memcpy(copy, text, n);
	arena_init(&d->a);
	diags_init(&d->ds, &d->a);
	d->src = source_new(&d->a, STR("t.yml"), (struct str){ copy, n });
	d->root = node_read(&d->a, d->src, l, &d->ds);
}

static void doc_read(struct doc *d, const char *text)
{
	doc_read_n(d, text, strlen(text), NULL);
}

static void doc_free(struct doc *d)
{
	free((char *)(uintptr_t)d->src->text.p);
	diags_release(&d->ds);
	arena_release(&d->a);
}

/* {k=v k=[a,b]} with scalars as `:plain 'single "double |literal >folded` */
static void print(const struct node *n, struct buf *out)
{
	if (n->kind == NODE_SCALAR) {
		buf_addc(out, ":'\"|>"[n->style]);
		for (size_t i = 0; i < n->text.n; i++) {
			if (n->text.p[i] == '\n')
				buf_addz(out, "\\n");
			else
				buf_addc(out, n->text.p[i]);
		}
		return;
	}
	buf_addc(out, n->kind == NODE_MAP ? '{' : '[');
	for (const struct node *c = n->first; c; c = c->next) {
		if (c != n->first)
			buf_addc(out, ' ');
		if (n->kind == NODE_MAP) {
			buf_adds(out, c->key);
			buf_addc(out, '=');
		}
		print(c, out);
	}
	buf_addc(out, n->kind == NODE_MAP ? '}' : ']');
}

static void assert_tree(const char *text, const char *want)
{
	struct doc d;
	struct buf b;

	doc_read(&d, text);
	if (d.ds.count)
		fail_msg("`%s`: RB%03d " STR_FMT, text, d.ds.list[0]->code, STR_ARG(d.ds.list[0]->message));
	assert_non_null(d.root);
	buf_init(&b, 1 << 20);
	print(d.root, &b);
	assert_string_equal(b.p, want);
	buf_release(&b);
	doc_free(&d);
}

/* codes: "18 20", in order of discovery */
static void assert_codes(const char *text, const char *codes)
{
	struct doc d;
	struct buf b;

	doc_read(&d, text);
	buf_init(&b, 4096);
	buf_addz(&b, "");
	for (size_t i = 0; i < d.ds.count; i++)
		buf_printf(&b, "%s%d", i ? " " : "", d.ds.list[i]->code);
	if (!b.p || strcmp(b.p, codes) != 0)
		fail_msg("`%s`: codes `%s`, expected `%s`", text, b.p ? b.p : "", codes);
	buf_release(&b);
	doc_free(&d);
}

static void assert_span(struct span s, const char *want)
{
	struct str got = str_slice(s.src->text, s.start, s.end);

	if (!str_eqz(got, want))
		fail_msg("span is `" STR_FMT "`, expected `%s`", STR_ARG(got), want);
}

static void values(void **state)
{
	(void)state;
	assert_tree("a: b\nc: [1, 'x', \"y\"]\nd:\n- |\n  l\n- >\n  f\n  g\n",
		    "{a=:b c=[:1 'x \"y] d=[|l\\n >f g\\n]}");
	assert_tree("a:\nb: ''\n", "{a=: b='}");
	assert_tree("--- text\n  goes on\n\n  here\n...\n# end\n...\n", ":text goes on\\nhere");
	assert_tree("\xef\xbb\xbf\"a\": {b: c, d}\r\nx: |\r\n  1\r\n  2\r\n", "{a={b=:c d=:} x=|1\\n2\\n}");
	assert_tree("a: b #c\nd: e#f # g\nh: don't # it's\n", "{a=:b d=:e#f h=:don't}");
}

/* Right by YAML 1.2, refused or misread by libyaml 0.2.5. */
static void beyond_libyaml(void **state)
{
	(void)state;
	assert_tree("a: x\n: both\n", "{a=:x =:both}");
	assert_tree("[a, : b, {: c}]", "[:a {=:b} {=:c}]");
	assert_tree("{\"a\"\n  :b, c\n  : d}", "{a=:b c=:d}");
	assert_tree("{\"multi\n  line\": 1, plain\n  too: 2}", "{multi line=:1 plain too=:2}");
	assert_tree("[::x, ?y, -z, a::b, \"k\"::v]", "[:::x :?y :-z :a::b {k=::v}]");
	assert_tree("{a:, b:[c], d:{e: f}, it's a: x:y'z}", "{a=: b=[:c] d={e=:f} it's a=:x:y'z}");
	assert_tree("-\ta\n- b:\tc\t# d\n", "[:a {b=:c}]");
	assert_tree("\t[\n\ta,\n\t\n b\n\t]\n", "[:a :b]");
	assert_tree("a:\n \tb\nc: |\n \td\n", "{a=:b c=|\td\\n}");
	assert_tree("--- |\nat\n the margin\n", "|at\\n the margin\\n");
	assert_tree("a:\n              |\n            \t" "deep\n            x\n", "{a=|\tdeep\\nx\\n}");
	assert_tree("a: |\n  x\n   ", "{a=|x\\n \\n}");
	assert_tree("a: |\n  x", "{a=|x\\n}");
	assert_tree("a: >-\n  x", "{a=>x}");
	/* U+0085, U+2028 and U+2029 end no line, also beside the stand-ins' own characters. */
	assert_tree("a: b\xc2\x85" "c\nd: \"\xe2\x80\xa8\\u0100\\L\"\ne: |\n  \xc4\x80\xe2\x80\xa9\xee\x80\x80\n",
		    "{a=:b\xc2\x85" "c d=\"\xe2\x80\xa8\xc4\x80\xe2\x80\xa8 e=|\xc4\x80\xe2\x80\xa9\xee\x80\x80\\n}");
	assert_tree("a: [\n  b,\n]\nc: {\n}\n", "{a=[:b] c={}}");
}

/* Accepted by libyaml 0.2.5, refused by YAML 1.2. */
static void stricter_than_libyaml(void **state)
{
	static const struct { const char *text, *codes; } cases[] = {
		{ "[a, b]#c\n", "30" }, { "[a,#c\nb]\n", "30" }, { "a: \"b\"#c\n", "30" }, { "a: |#c\n  x\n", "30" },
		{ "{a: b, \"c\":#d\n x}", "30" }, { "[-]\n", "26" }, { "{a: -}\n", "26" }, { "[a, -, b]", "26" },
		{ "a: \"b\nc\"\n", "21" }, { "a: 'b\n\nc'\n", "21" }, { "a: [\nb ]\n", "21" }, { "- [a,\nb]\n", "21" },
		{ "a: \"b\n\tc\"\n", "11" }, { "a: [\n\tb ]\n", "11" }, { "a: |\n  b\n \t\nc: d\n", "11" },
		{ "a:\n|\n b\n", "36" }, { "a: |\n   \n  x\n", "37" }, { "a: >\n  \n # x\nb: c\n", "37" },
		{ "a: b\n... c\n", "12" }, { "%YAML 1.2#x\n---\na: b\n", "13" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_codes(cases[i].text, cases[i].codes);
}

static void spans(void **state)
{
	struct doc d;
	const struct node *n;
	(void)state;
	doc_read(&d, "\xef\xbb\xbf# \xed\x95\x9c\n\xea\xb0\x92: \"\xed\x95\x9c a\" # c\nb : [x, {y: 'z'}] \nc:\n- |  # h\n  t\n  u\n\n- v\n  w   # z\n"
		     "d:\n  e:   f \n\ng:\nh: >-\n  x\n\n  \n");
	assert_int_equal(d.ds.count, 0);
	n = d.root->first;
	assert_span(n->key_span, "\xea\xb0\x92");
	assert_span(n->span, "\"\xed\x95\x9c a\"");
	n = n->next;
	assert_span(n->key_span, "b");
	assert_span(n->span, "[x, {y: 'z'}]");
	assert_span(n->first->next->span, "{y: 'z'}");
	assert_span(n->first->next->first->span, "'z'");
	n = n->next;
	assert_span(n->span, "- |  # h\n  t\n  u\n\n- v\n  w");
	assert_span(n->first->span, "|  # h\n  t\n  u");
	assert_span(n->first->next->span, "v\n  w");
	assert_true(n->first->next->multiline);
	assert_false(n->first->multiline);
	n = n->next;
	assert_span(n->span, "e:   f");
	n = n->next;
	assert_string_equal(n->text.p, "");
	assert_span(n->span, "");
	assert_int_equal(d.src->text.p[n->span.start - 1], ':');
	assert_span(n->next->span, ">-\n  x");
	assert_span(d.root->span, "\xea\xb0\x92: \"\xed\x95\x9c a\" # c\nb : [x, {y: 'z'}] \nc:\n- |  # h\n  t\n  u\n\n- v\n  w   # z\n"
				  "d:\n  e:   f \n\ng:\nh: >-\n  x");
	doc_free(&d);
}

/* Edits before a place must not move its span. */
static void spans_after_edits(void **state)
{
	struct doc d;
	const struct node *n;
	(void)state;
	doc_read(&d, "\xed\x95\x9c:\t[::\xed\x95\x9c, it's:x, {\"k\"\n  : v}, \"q\"]\n: e\nl: |\n \tt\nz: end");
	assert_int_equal(d.ds.count, 0);
	n = d.root->first->first;
	assert_span(n->span, "::\xed\x95\x9c");
	assert_int_equal(n->style, NODE_PLAIN);
	assert_span(n->next->span, "it's:x");
	n = n->next->next;
	assert_span(n->span, "{\"k\"\n  : v}");
	assert_span(n->first->key_span, "\"k\"");
	assert_span(n->first->span, "v");
	assert_span(n->next->span, "\"q\"");
	n = d.root->first->next;
	assert_span(n->key_span, "");
	assert_span(n->span, "e");
	assert_span(n->next->span, "|\n \tt");
	assert_span(n->next->next->span, "end");
	doc_free(&d);
}

/* Several mistakes in one file are all reported, and the rest is still read. */
static void recovery(void **state)
{
	struct doc d;
	(void)state;
	doc_read(&d, "a: &x 1\na: 2\nb: *x\nc: !t 3\n<<: {}\n[k]: 4\nif: !ok\nd: 5\n");
	assert_int_equal(d.ds.count, 7);
	assert_int_equal(d.ds.list[0]->code, 14);
	assert_int_equal(d.ds.list[1]->code, 18);
	assert_int_equal(d.ds.list[1]->label_count, 1);
	assert_span(d.ds.list[1]->labels[0].span, "a");
	assert_int_equal(d.ds.list[1]->labels[0].span.start, 0);
	assert_int_equal(d.ds.list[2]->code, 15);
	assert_int_equal(d.ds.list[3]->code, 16);
	assert_int_equal(d.ds.list[4]->code, 17);
	assert_int_equal(d.ds.list[5]->code, 20);
	assert_int_equal(d.ds.list[6]->code, 16);
	assert_string_equal(node_get(d.root, "a")->text.p, "1");
	assert_string_equal(node_get(d.root, "c")->text.p, "3");
	assert_string_equal(node_get(d.root, "d")->text.p, "5");
	assert_null(node_get(d.root, "b"));
	assert_null(node_get(d.root, "if"));
	doc_free(&d);
	/* A syntax error ends the reading, but not what was found before it. */
	assert_codes("a: 1\na: 2\nb: 'x' y\na: 3\n", "18 24");
	assert_codes("a: &x 1\n\tb: 2\n", "11 14");
}

static void no_false_alarms(void **state)
{
	static const char *const fine[] = {
		"a: it's # isn't it\n", "a: don't say \"x\" # or \"y\"\n", "a: f(x # why\n", "a: (x) # (y)\n", "a: 5'8 # '\n",
		"a: 1. one\nb: 2. two\n", "a:\n  1. one\n  and more\n", "a: [f(x), (y)]\n", "a: {b: (c), d: e)}\n",
		"a: b:c\n", "a: x ? y\n", "a: x ?? y\n", "a: \"x: y\" # z: w\n", "a: http://x/#y\n",
		"a: |\n  \tb\n", "a: b - c\nd: -e\nf: --g\n", "a: 50%\nb: x@y\nc: a|b > c\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
		assert_codes(fine[i], "");
}

/* A comment at the end makes the recogniser run first; nothing else may change. */
static void both_ways(void **state)
{
	static const char *const texts[] = {
		"a: b\nc:\n  - d\n  - e: f\n    g: h\n", "- |\n  a\n\n   b\n- >\n  c\n  d\n\n  e\n-\n  - f\n",
		"a: [b, {c: d, e}, [f: g]]\nh: {\n  i: \"j\n    k\",\n  l: m\n  }\n", "a: 'b\n\n  c'\nd: e\n  f\n\n  g\n",
		"\"a b\": c\n'd': e\nf g: h:i\n", "a:\n- b\n-\n- c\nd: |2-\n   e\n\nf: >+\n  g\n\n", "text\n", "- - - a\n  - b\n- c: d\n  e:\n  - f\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct doc d;
		struct buf one, two, text;
		buf_init(&one, 4096);
		buf_init(&two, 4096);
		buf_init(&text, 4096);
		doc_read(&d, texts[i]);
		assert_int_equal(d.ds.count, 0);
		print(d.root, &one);
		doc_free(&d);
		buf_printf(&text, "# \"#\n%s", texts[i]);
		doc_read(&d, text.p);
		assert_int_equal(d.ds.count, 0);
		print(d.root, &two);
		doc_free(&d);
		assert_string_equal(one.p, two.p);
		buf_release(&one);
		buf_release(&two);
		buf_release(&text);
	}
}

static void assert_limit(const char *text, size_t n, struct node_limits l, int code)
{
	struct doc d;

	doc_read_n(&d, text, n, &l);
	if (!code) {
		assert_non_null(d.root);
		assert_int_equal(d.ds.count, 0);
	} else {
		assert_null(d.root);
		assert_int_equal(d.ds.count, 1);
		assert_int_equal(d.ds.list[0]->code, code);
	}
	doc_free(&d);
}

static void limits(void **state)
{
	static char text[NODE_SCALAR_MAX + 8];
	struct doc d;
	(void)state;
	memset(text, 'x', sizeof text);
	assert_limit(text, NODE_BYTES_MAX, (struct node_limits){ 0 }, 0);
	assert_limit(text, NODE_BYTES_MAX + 1, (struct node_limits){ 0 }, 1);
	assert_limit(text, NODE_SCALAR_MAX, (struct node_limits){ .bytes = 1 << 24 }, 0);
	assert_limit(text, NODE_SCALAR_MAX + 1, (struct node_limits){ .bytes = 1 << 24 }, 1);
	assert_limit("[a, b, c]", 9, (struct node_limits){ .nodes = 4 }, 0);
	assert_limit("[a, b, c]", 9, (struct node_limits){ .nodes = 3 }, 1);
	assert_limit("[[a]]", 5, (struct node_limits){ .depth = 2 }, 0);
	assert_limit("[[a]]", 5, (struct node_limits){ .depth = 1 }, 8);
	memset(text, '[', 64);
	memset(text + 64, ']', 64);
	assert_limit(text, 128, (struct node_limits){ 0 }, 0);
	memset(text, '[', 65);
	memset(text + 65, ']', 65);
	assert_limit(text, 130, (struct node_limits){ 0 }, 8);
	memset(text, '[', 100000);
	assert_limit(text, 100000, (struct node_limits){ 0 }, 8);
	for (size_t i = 0; i < 100000; i += 2)
		memcpy(text + i, "- ", 2);
	assert_limit(text, 100000, (struct node_limits){ 0 }, 8);
	/* Directives would cost libyaml quadratic time. */
	for (size_t i = 0; i + 16 < 1000000; i += 16)
		memcpy(text + i, "%TAG !abcde! xy\n", 16);
	doc_read_n(&d, text, 999984, NULL);
	assert_int_equal(d.ds.count, DIAG_MAX);
	doc_free(&d);
}

/* Large maps use a table for their keys. */
static void many_keys(void **state)
{
	struct doc d;
	struct buf b;
	(void)state;
	buf_init(&b, 1 << 20);
	for (int i = 0; i < 20000; i++)
		buf_printf(&b, "key%d: %d\n", i, i);
	doc_read_n(&d, b.p, b.len, NULL);
	assert_int_equal(d.ds.count, 0);
	assert_int_equal(d.root->count, 20000);
	assert_string_equal(node_get(d.root, "key19999")->text.p, "19999");
	doc_free(&d);
	buf_addz(&b, "key12345: again\n");
	doc_read_n(&d, b.p, b.len, NULL);
	assert_int_equal(d.ds.count, 1);
	assert_int_equal(d.ds.list[0]->code, 18);
	assert_int_equal(source_locate(d.src, d.ds.list[0]->labels[0].span.start).line, 12346);
	doc_free(&d);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values), cmocka_unit_test(beyond_libyaml), cmocka_unit_test(stricter_than_libyaml),
		cmocka_unit_test(spans), cmocka_unit_test(spans_after_edits), cmocka_unit_test(recovery),
		cmocka_unit_test(no_false_alarms), cmocka_unit_test(both_ways), cmocka_unit_test(limits),
		cmocka_unit_test(many_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
