/* base/diag.h: the text exactly as a person sees it, limits, order, formats. */
#include "base/diag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/pages.h"

/* A code that is not in the table: its severity is error and it has no title. */
enum { CODE = 999 };

static struct arena arena;
static struct buf out;
static struct diags ds;

static int setup(void **state)
{
	(void)state;
	arena_init(&arena);
	buf_init(&out, 1 << 20);
	diags_init(&ds, &arena);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	diags_release(&ds);
	buf_release(&out);
	arena_release(&arena);
	return 0;
}

static const struct source *source(const char *text)
{
	return source_new(&arena, STR("deploy.yml"), str_of(text));
}

/* The span of the n-th occurrence (from 1) of `piece`. */
static struct span find(const struct source *s, const char *piece, int n)
{
	size_t from = 0;
	for (;;) {
		ptrdiff_t at = str_find(str_slice(s->text, from, s->text.n), str_of(piece));
		assert_true(at >= 0);
		from += (size_t)at;
		if (--n == 0)
			return span_of(s, (uint32_t)from, (uint32_t)(from + strlen(piece)));
		from++;
	}
}

static void expect_text(const char *want)
{
	buf_clear(&out);
	diag_text(&ds, &out, false);
	assert_string_equal(buf_str(&out).p, want);
}

/* The picture of the language's design, line for line. */
static void as_designed(void **state)
{
	(void)state;
	char text[400];
	memset(text, '\n', 37);
	snprintf(text + 37, sizeof text - 37, "      - { when: errors > 0.01 for 1m, then: rollback }\n");
	const struct source *s = source(text);
	struct diag *d = diag_add(&ds, 214, find(s, ">", 1), "cannot compare %s with %s", "percent", "float");
	diag_label(&ds, d, find(s, "errors", 1), "percent");
	diag_label(&ds, d, find(s, "0.01", 1), "float");
	diag_note(&ds, d, "captured at 36:7 as ratio(out.error_rate)");
	diag_help(&ds, d, "write `1%%`, or ratio(0.01)");
	expect_text("error[RB214]: cannot compare percent with float\n"
		    "  --> deploy.yml:38:24\n"
		    "   |\n"
		    "38 |       - { when: errors > 0.01 for 1m, then: rollback }\n"
		    "   |                 ------ ^ ---- float\n"
		    "   |                 |\n"
		    "   |                 percent\n"
		    "   = note: captured at 36:7 as ratio(out.error_rate)\n"
		    "   = help: write `1%`, or ratio(0.01)\n"
		    "   = more: runbook explain RB214\n");
}

static void three_labels_hang(void **state)
{
	(void)state;
	const struct source *s = source("a: left + middle + right\n");
	struct diag *d = diag_add(&ds, CODE, find(s, "middle", 1), "three");
	diag_mark(&ds, d, "here");
	diag_label(&ds, d, find(s, "right", 1), "last");
	diag_label(&ds, d, find(s, "left", 1), "first");
	expect_text("error[RB999]: three\n"
		    " --> deploy.yml:1:11\n"
		    "  |\n"
		    "1 | a: left + middle + right\n"
		    "  |    ----   ^^^^^^   ----- last\n"
		    "  |    |      |\n"
		    "  |    |      here\n"
		    "  |    first\n"
		    "  = more: runbook explain RB999\n");
}

static void primary_inside_a_secondary(void **state)
{
	(void)state;
	const struct source *s = source("if: a and not b\n");
	struct diag *d = diag_add(&ds, CODE, find(s, "not", 1), "m");
	diag_mark(&ds, d, "why");
	diag_label(&ds, d, find(s, "a and not b", 1), "all of it");
	expect_text("error[RB999]: m\n"
		    " --> deploy.yml:1:11\n"
		    "  |\n"
		    "1 | if: a and not b\n"
		    "  |     ------^^^-- all of it\n"
		    "  |           |\n"
		    "  |           why\n"
		    "  = more: runbook explain RB999\n");
}

static void several_lines(void **state)
{
	(void)state;
	const struct source *s = source("one: 1\ntwo: 2\nthree: 3\nfour: 4\nfive: 5\nsix: 6\n"
					"7: 7\n8: 8\n9: 9\none: again\n");
	struct diag *d = diag_add(&ds, CODE, find(s, "one", 2), "duplicate key `one`");
	diag_label(&ds, d, find(s, "one", 1), "first here");
	diag_label(&ds, d, find(s, "three", 1), "not here");
	diag_label(&ds, d, find(s, "four", 1), "");
	expect_text("error[RB999]: duplicate key `one`\n"
		    "  --> deploy.yml:10:1\n"
		    "   |\n"
		    " 1 | one: 1\n"
		    "   | --- first here\n"
		    " 2 | two: 2\n"
		    " 3 | three: 3\n"
		    "   | ----- not here\n"
		    " 4 | four: 4\n"
		    "   | ----\n"
		    "...\n"
		    "10 | one: again\n"
		    "   | ^^^\n"
		    "   = more: runbook explain RB999\n");
}

static void two_sources(void **state)
{
	(void)state;
	const struct source *s = source("uses: ./health.yml\n");
	const struct source *other = source_new(&arena, STR("health.yml"), STR("runbook: 1\nname: x\n"));
	struct diag *d = diag_add(&ds, CODE, find(s, "./health.yml", 1), "m");
	diag_label(&ds, d, find(other, "x", 1), "named here");
	diag_label(&ds, d, (struct span){ 0 }, "from the command line");
	expect_text("error[RB999]: m\n"
		    " --> deploy.yml:1:7\n"
		    "  |\n"
		    "1 | uses: ./health.yml\n"
		    "  |       ^^^^^^^^^^^^\n"
		    "  |\n"
		    " ::: health.yml:2:7\n"
		    "  |\n"
		    "2 | name: x\n"
		    "  |       - named here\n"
		    "  = note: from the command line\n"
		    "  = more: runbook explain RB999\n");
}

static void columns_are_display_columns(void **state)
{
	(void)state;
	const struct source *s = source("\xef\xbb\xbfname: \xed\x95\x9c\xea\xb8\x80 bad\n\ttab: e\xcc\x81!\x1b[2J bad\n");
	diag_add(&ds, CODE, find(s, "bad", 1), "wide");
	struct diag *d = diag_add(&ds, CODE, find(s, "bad", 2), "with \x1b[31m and\nsecond line");
	diag_help(&ds, d, "one\ntwo\n");
	expect_text("error[RB999]: wide\n"
		    " --> deploy.yml:1:10\n"
		    "  |\n"
		    "1 | name: \xed\x95\x9c\xea\xb8\x80 bad\n"
		    "  |            ^^^\n"
		    "  = more: runbook explain RB999\n"
		    "\n"
		    "error[RB999]: with \xe2\x90\x9b[31m and\n"
		    "              second line\n"
		    " --> deploy.yml:2:15\n"
		    "  |\n"
		    "2 |     tab: e\xcc\x81!\xe2\x90\x9b[2J bad\n"
		    "  |                 ^^^\n"
		    "  = help: one\n"
		    "          two\n"
		    "  = more: runbook explain RB999\n");
}

static void edges(void **state)
{
	(void)state;
	const struct source *s = source("a:\r\n\r\nrun: |\n  one\n  two");
	diag_add(&ds, 0, span_of(s, 2, 2), "at the line's end");
	diag_add(&ds, 0, span_of(s, 4, 4), "on an empty line");
	diag_add(&ds, 0, find(s, "one\n  two", 1), "over two lines");
	diag_add(&ds, 0, span_of(s, 99, 120), "past the end");
	diag_add(&ds, 0, (struct span){ 0 }, "nowhere");
	expect_text("error: at the line's end\n --> deploy.yml:1:3\n  |\n1 | a:\n  |   ^\n\n"
		    "error: on an empty line\n --> deploy.yml:2:1\n  |\n2 |\n  | ^\n\n"
		    "error: over two lines\n --> deploy.yml:4:3\n  |\n4 |   one\n  |   ^^^\n\n"
		    "error: past the end\n --> deploy.yml:5:6\n  |\n5 |   two\n  |      ^\n\n"
		    "error: nowhere\n");
}

static void long_lines_are_cut(void **state)
{
	(void)state;
	char text[1001];
	memset(text, '.', 1000);
	text[1000] = '\0';
	memcpy(text + 500, "HERE", 4);
	memcpy(text + 560, "NEAR", 4);
	memcpy(text + 900, "FAR", 3);
	const struct source *s = source(text);
	struct diag *d = diag_add(&ds, 0, find(s, "HERE", 1), "m");
	diag_label(&ds, d, find(s, "NEAR", 1), "near");
	diag_label(&ds, d, find(s, "FAR", 1), "far");
	char want[1000], before[21], between[57], after[57];
	memset(before, '.', 20), before[20] = 0;
	memset(between, '.', 56), between[56] = 0;
	memset(after, '.', 36), after[36] = 0;
	snprintf(want, sizeof want,
		 "error: m\n --> deploy.yml:1:501\n  |\n1 | ...%sHERE%sNEAR%s...\n"
		 "  | %23s^^^^%56s---- near\n  = note: far\n", before, between, after, "", "");
	expect_text(want);
}

/* Wide characters all along: columns of the window never pass its limit. */
static void long_wide_lines(void **state)
{
	(void)state;
	char *text = arena_alloc(&arena, 30001);
	for (size_t i = 0; i < 10000; i++)
		memcpy(text + 3 * i, "\xed\x95\x9c", 3);
	const struct source *s = source(text);
	struct diag *d = diag_add(&ds, 0, span_of(s, 15000, 30000), "m");
	diag_mark(&ds, d, "x");
	buf_clear(&out);
	diag_text(&ds, &out, false);
	assert_true(str_find(buf_str(&out), STR(" --> deploy.yml:1:5001\n")) > 0);
	struct str rest = str_slice(buf_str(&out), (size_t)str_find(buf_str(&out), STR("1 | ")) + 4, out.len);
	struct str line = str_slice(rest, 0, (size_t)str_find(rest, STR("\n")));
	assert_int_equal(utf8_width(line), 3 + 120 + 3);
	assert_int_equal(str_find(rest, STR("^")) - str_find(rest, STR("\n  | ")) - 5, 3 + 20);
}

static void colors(void **state)
{
	(void)state;
	const struct source *s = source("a: b\n");
	struct diag *d = diag_add(&ds, 0, find(s, "b", 1), "m");
	diag_label(&ds, d, find(s, "a", 1), "l");
	diag_text(&ds, &out, true);
	assert_string_equal(buf_str(&out).p,
		"\033[1;31merror\033[0m\033[1m: m\033[0m\n"
		" \033[1;34m-->\033[0m deploy.yml:1:4\n"
		"\033[1;34m  |\033[0m\n"
		"\033[1;34m1 |\033[0m a: b\n"
		"\033[1;34m  |\033[0m \033[1;34m-\033[0m  \033[1;31m^\033[0m\n"
		"\033[1;34m  |\033[0m \033[1;34m|\033[0m\n"
		"\033[1;34m  |\033[0m \033[1;34ml\033[0m\n");
}

static void limits(void **state)
{
	(void)state;
	const struct source *s = source("x\n");
	for (int i = 0; i < DIAG_MAX + 7; i++) {
		struct diag *d = diag_add(&ds, 100 + i, find(s, "x", 1), "%d", i);
		assert_non_null(d);
		for (int k = 0; k < 9; k++) {
			diag_label(&ds, d, find(s, "x", 1), "l");
			diag_note(&ds, d, "n");
			diag_help(&ds, d, "h");
		}
	}
	assert_int_equal(ds.count, DIAG_MAX);
	assert_int_equal(ds.dropped, 7);
	assert_int_equal(ds.errors + ds.warnings, DIAG_MAX + 7);
	assert_int_equal(ds.list[DIAG_MAX - 1]->help_count, DIAG_NOTES);
	/* The same again: neither kept nor counted. */
	assert_non_null(diag_add(&ds, 100, find(s, "x", 1), "again"));
	assert_int_equal(ds.dropped, 7);
	diag_text(&ds, &out, false);
	assert_true(str_ends(buf_str(&out), STR("\n7 more not shown\n")));
}

static void sorted(void **state)
{
	(void)state;
	const struct source *s = source("abcdef\n");
	const struct source *other = source_new(&arena, STR("b"), STR("abcdef"));
	static const struct { int code, at, second; } in[] = {
		{ 5, 3, 0 }, { 2, 1, 1 }, { 4, 3, 0 }, { 1, 0, 1 }, { 3, 0, 0 }, { 5, 3, 2 }, { 9, 5, 0 },
	};
	static const int want[] = { 3, 4, 5, 5, 9, 1, 2 };
	for (size_t i = 0; i < 7; i++) {
		uint32_t at = (uint32_t)in[i].at;
		diag_add(&ds, in[i].code, span_of(in[i].second == 1 ? other : s, at, at + (in[i].second == 2)), "%zu", i);
	}
	diags_sort(&ds);
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(ds.list[i]->code, want[i]);
	assert_true(str_eqz(ds.list[2]->message, "0"));
	assert_true(str_eqz(ds.list[3]->message, "5"));
}

static void nearest(void **state)
{
	(void)state;
	static const struct str keys[] = { { "run", 3 }, { "timeout", 7 }, { "retry", 5 }, { "rollback", 8 }, { "if", 2 } };
	static const struct { const char *in, *want; } cases[] = {
		{ "tiemout", "timeout" }, { "rolback", "rollback" }, { "Rollback", "rollback" }, { "rum", "run" },
		{ "retries", "" }, { "xyz", "" }, { "", "" }, { "i", "if" }, { "x", "" }, { "run", "run" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct str got = diag_nearest(str_of(cases[i].in), keys, 5);
		assert_true(str_eqz(got, cases[i].want));
	}
	(void)state;
}

static void table(void **state)
{
	(void)state;
	size_t count;
	const struct diag_code *rows = diag_codes(&count);
	for (size_t i = 0; i < count; i++) {
		assert_true(i == 0 || rows[i].code > rows[i - 1].code);
		assert_ptr_equal(diag_code_find(rows[i].code), &rows[i]);
		assert_true(rows[i].title[0] != '\0');
	}
	assert_null(diag_code_find(CODE));
	assert_null(diag_code_find(0));
	for (size_t i = 0; i < rb_page_count; i++)
		assert_ptr_equal(page_find(rb_pages[i].code).p, rb_pages[i].text);
	assert_int_equal(page_find(CODE).n, 0);
}

static void json(void **state)
{
	(void)state;
	const struct source *s = source("a: \xed\x95\x9c \"x\"\n");
	struct diag *d = diag_add(&ds, 7, find(s, "\"x\"", 1), "say \"%s\"", "x\n");
	diag_label(&ds, d, find(s, "a", 1), "here");
	diag_help(&ds, d, "write `y`");
	diag_add(&ds, 8, (struct span){ 0 }, "nowhere");
	diag_json(&ds, &out);
	assert_string_equal(buf_str(&out).p,
		"{\"v\":1,\"diagnostics\":[{\"code\":\"RB007\",\"severity\":\"error\","
		"\"message\":\"say \\\"x\\n\\\"\",\"file\":\"deploy.yml\",\"line\":1,\"column\":6,"
		"\"end_line\":1,\"end_column\":9,\"labels\":[{\"text\":\"here\",\"file\":\"deploy.yml\","
		"\"line\":1,\"column\":1,\"end_line\":1,\"end_column\":2}],\"notes\":[],\"hints\":[\"write `y`\"]},"
		"{\"code\":\"RB008\",\"severity\":\"error\",\"message\":\"nowhere\",\"file\":null,"
		"\"labels\":[],\"notes\":[],\"hints\":[]}],\"errors\":2,\"warnings\":0,\"dropped\":0}\n");
}

static void sarif(void **state)
{
	(void)state;
	const struct source *s = source_new(&arena, STR("my dir/a%b.yml"), STR("one\ntwo\n"));
	struct diag *d = diag_add(&ds, 998, find(s, "one", 1), "m");
	diag_label(&ds, d, find(s, "two", 1), "here");
	diag_help(&ds, d, "h");
	diag_add(&ds, CODE, find(s, "two", 1), "other");
	diag_add(&ds, 998, (struct span){ 0 }, "again");
	diag_sarif(&ds, &out);
	assert_string_equal(buf_str(&out).p,
		"{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{"
		"\"tool\":{\"driver\":{\"name\":\"runbook\",\"rules\":["
		"{\"id\":\"RB998\",\"shortDescription\":{\"text\":\"m\"}},"
		"{\"id\":\"RB999\",\"shortDescription\":{\"text\":\"other\"}}]}},"
		"\"columnKind\":\"unicodeCodePoints\",\"results\":["
		"{\"ruleId\":\"RB998\",\"ruleIndex\":0,\"level\":\"error\",\"message\":{\"text\":\"m\\nhelp: h\"},"
		"\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"my%20dir/a%25b.yml\"},"
		"\"region\":{\"startLine\":1,\"startColumn\":1,\"endLine\":1,\"endColumn\":4}}}],"
		"\"relatedLocations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"my%20dir/a%25b.yml\"},"
		"\"region\":{\"startLine\":2,\"startColumn\":1,\"endLine\":2,\"endColumn\":4}},"
		"\"message\":{\"text\":\"here\"}}]},"
		"{\"ruleId\":\"RB999\",\"ruleIndex\":1,\"level\":\"error\",\"message\":{\"text\":\"other\"},"
		"\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"my%20dir/a%25b.yml\"},"
		"\"region\":{\"startLine\":2,\"startColumn\":1,\"endLine\":2,\"endColumn\":4}}}]},"
		"{\"ruleId\":\"RB998\",\"ruleIndex\":0,\"level\":\"error\",\"message\":{\"text\":\"again\"}}]}]}\n");
}

static void github(void **state)
{
	(void)state;
	const struct source *s = source_new(&arena, STR("a,b:c%.yml"), STR("one\ntwo\n"));
	struct diag *d = diag_add(&ds, CODE, find(s, "two", 1), "100%% of x: y, z\n::error::forged\r");
	diag_help(&ds, d, "h");
	diag_add(&ds, CODE, find(s, "one\ntwo", 1), "two lines");
	diag_github(&ds, &out);
	assert_string_equal(buf_str(&out).p,
		"::error file=a%2Cb%3Ac%25.yml,line=2,col=1,endLine=2,endColumn=4,title=RB999::"
		"100%25 of x: y, z%0A::error::forged%0D%0Ahelp: h\n"
		"::error file=a%2Cb%3Ac%25.yml,line=1,col=1,title=RB999::two lines\n");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(as_designed), CASE(three_labels_hang), CASE(primary_inside_a_secondary),
		CASE(several_lines), CASE(two_sources), CASE(columns_are_display_columns), CASE(edges),
		CASE(long_lines_are_cut), CASE(long_wide_lines), CASE(colors), CASE(limits), CASE(sorted),
		CASE(nearest), CASE(table), CASE(json), CASE(sarif), CASE(github),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
