/* template: where holes begin and end, and what plain scalars become. */
#include "syntax/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "syntax/node.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct fixture { struct arena a; struct diags ds; uint32_t ids; };

static void fixture_init(struct fixture *f)
{
	arena_init(&f->a);
	diags_init(&f->ds, &f->a);
	f->ids = 0;
}

static void fixture_release(struct fixture *f)
{
	diags_release(&f->ds);
	arena_release(&f->a);
}

static struct node *scalar(struct fixture *f, const char *text, enum node_style style)
{
	struct node *n = arena_alloc(&f->a, sizeof(*n));
	n->kind = NODE_SCALAR;
	n->style = (uint8_t)style;
	n->text = str_of(text);
	n->span = span_of(source_new(&f->a, STR("test"), n->text), 0, (uint32_t)n->text.n);
	return n;
}

static void parts(void **state)
{
	(void)state;
	static const struct { const char *text, *shown; bool exact; } cases[] = {
		{ "plain", "plain", false },
		{ "", "", false },
		{ "${{ a }}", "<a>", true },
		{ "${{a}}", "<a>", true },
		{ " ${{ a }}", " <a>", false },
		{ "${{ a }}\n", "<a>\n", false },
		{ "x ${{ a }}${{ b + 1 }} y", "x <a><b + 1> y", false },
		{ "${{ '}}' }}", "<'}}'>", true },
		{ "${{ \"}}\\\"}}\" }}", "<'}}\"}}'>", true },
		{ "${{ '${{' }}", "<'${{'>", true },
		{ "}} {{ $ { ${ x } $${{ a }}", "}} {{ $ { ${ x } $<a>", false },
		{ "${{ [a[b[0]]] }}", "<[a[b[0]]]>", true },
		{ "\xea\xb0\x80${{ a }}", "\xea\xb0\x80<a>", false },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture f;
		struct buf b;
		fixture_init(&f);
		buf_init(&b, 1000);
		const struct tmpl *t = tmpl_parse(&f.a, scalar(&f, cases[i].text, NODE_PLAIN), &f.ids, &f.ds);
		if (!t)
			fail_msg("%s", cases[i].text);
		for (uint32_t k = 0; k < t->count; k++) {
			buf_adds(&b, t->parts[k].text);
			if (!t->parts[k].hole)
				continue;
			assert_int_equal(t->node->text.p[t->parts[k].start], '$');
			assert_int_equal(t->node->text.p[t->parts[k].end - 1], '}');
			buf_addc(&b, '<');
			expr_print(t->parts[k].hole, &b);
			buf_addc(&b, '>');
		}
		buf_addz(&b, "");
		assert_string_equal(b.p ? b.p : "", cases[i].shown);
		assert_int_equal(t->exact, cases[i].exact);
		assert_null(t->parts[t->count - 1].hole);
		buf_release(&b);
		fixture_release(&f);
	}
}

static void mistakes(void **state)
{
	(void)state;
	static const struct { const char *text; int code; uint32_t at; size_t count; } cases[] = {
		{ "a ${{ b", 213, 2, 1 },
		{ "${{ a } }", 213, 0, 1 },
		{ "${{ 'a }}", 202, 4, 1 },
		{ "${{ don't }}", 202, 7, 1 },
		{ "${{ }}", 200, 3, 1 },
		{ "${{ ${{ a }} }}", 211, 4, 1 },
		{ "${{ a && b }} and ${{ c || d }}", 201, 6, 2 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture f;
		fixture_init(&f);
		assert_null(tmpl_parse(&f.a, scalar(&f, cases[i].text, NODE_PLAIN), &f.ids, &f.ds));
		assert_int_equal(f.ds.count, cases[i].count);
		if (f.ds.list[0]->code != cases[i].code || f.ds.list[0]->span.start != cases[i].at)
			fail_msg("%s: RB%d at %u", cases[i].text, f.ds.list[0]->code, f.ds.list[0]->span.start);
		fixture_release(&f);
	}
}

/* kind, or -1 for a diagnostic */
static void check_typing(const char *text, enum node_style style, enum data_typing typing, int kind)
{
	struct fixture f;
	fixture_init(&f);
	struct data d = data_parse(&f.a, scalar(&f, text, style), typing, &f.ids, &f.ds);
	int got = d.kind == DATA_LIT ? d.lit.kind : d.kind == DATA_TEXT ? 100 : -1;
	if (got != kind || (kind == -1) != (f.ds.count == 1))
		fail_msg("`%s`: %d, not %d", text, got, kind);
	fixture_release(&f);
}

static void typing(void **state)
{
	(void)state;
	static const struct { const char *text; int typed, json; } cases[] = {
		{ "true", V_BOOL, V_BOOL }, { "null", V_NULL, V_NULL }, { "12", V_INT, V_INT }, { "-0.5", V_FLOAT, V_FLOAT },
		{ "10m", V_DURATION, V_STRING }, { "0.5%", V_PERCENT, V_STRING }, { "1.5GiB", V_SIZE, V_STRING },
		{ "1.0", V_FLOAT, V_FLOAT }, { "1.10", -1, -1 }, { "007", -1, -1 }, { "1_000", -1, -1 }, { "0x1F", -1, -1 }, { "+5", -1, -1 },
		{ ".5", -1, -1 }, { "5.", -1, -1 }, { "1e3", -1, -1 }, { "-0", -1, -1 }, { "12345678901234567890", -1, -1 },
		{ "1.2.3", V_STRING, V_STRING }, { "2026-11-21", V_STRING, V_STRING }, { "12:30", V_STRING, V_STRING },
		{ "yes", V_STRING, V_STRING }, { "no", V_STRING, V_STRING }, { "True", -1, -1 }, { "~", -1, -1 }, { "", -1, -1 },
		{ "v1", V_STRING, V_STRING }, { "1 2", V_STRING, V_STRING }, { "e5", V_STRING, V_STRING }, { "-", V_STRING, V_STRING },
		{ "${{ a }}", 100, 100 }, { "1e", V_STRING, V_STRING }, { "0xZZ", V_STRING, V_STRING },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		check_typing(cases[i].text, NODE_PLAIN, DATA_TYPED, cases[i].typed);
		check_typing(cases[i].text, NODE_PLAIN, DATA_JSON, cases[i].json);
		int text = cases[i].typed == 100 ? 100 : V_STRING;
		check_typing(cases[i].text, NODE_PLAIN, DATA_STRING, text);
		check_typing(cases[i].text, NODE_SINGLE, DATA_TYPED, text);
		check_typing(cases[i].text, NODE_LITERAL, DATA_JSON, text);
	}
}

static void trees(void **state)
{
	(void)state;
	struct fixture f;
	fixture_init(&f);
	struct source *src = source_new(&f.a, STR("t.yml"), STR("a: [1, x, \"${{ n }}\"]\nb: {c: 1.10, d: ok}\n"));
	struct node *n = node_read(&f.a, src, NULL, &f.ds);
	assert_non_null(n);
	struct data d = data_parse(&f.a, node_get(n, "a"), DATA_TYPED, &f.ids, &f.ds);
	assert_int_equal(d.kind, DATA_LIST);
	assert_int_equal(d.c.count, 3);
	assert_int_equal(d.c.items[0].lit.i, 1);
	assert_int_equal(d.c.items[2].kind, DATA_TEXT);
	assert_true(d.c.items[2].tmpl->exact);
	assert_int_equal(f.ds.count, 0);
	/* one bad leaf: no tree, one diagnostic, and the others were read */
	assert_int_equal(data_parse(&f.a, n, DATA_TYPED, &f.ids, &f.ds).kind, DATA_NONE);
	assert_int_equal(f.ds.count, 1);
	assert_int_equal(f.ds.list[0]->code, 105);
	assert_true(str_eqz(f.ds.list[0]->message, "`1.10` would become the number 1.1"));
	assert_int_equal(data_parse(&f.a, n, DATA_STRING, &f.ids, &f.ds).kind, DATA_MAP);
	fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts), cmocka_unit_test(mistakes), cmocka_unit_test(typing), cmocka_unit_test(trees),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
