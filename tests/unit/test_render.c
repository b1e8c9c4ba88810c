/*
 * render: templates and data trees with holes: exact holes keep their type, text
 * is exact, lists of text splice and drop, unknown and secret spread.
 */
#include "expr_bench.h"

enum how { VALUE, TEXT, WORDS, HOLES };

/* One key `v` of a YAML document, rendered; its JSON, or the diagnostic or error. */
static const char *rendered(struct bench *b, const char *yaml, enum how how, enum data_typing typing,
			    const struct type *want)
{
	const struct source *src = source_new(&b->arena, STR("test"), str_of(yaml));
	struct node *doc = node_read(&b->arena, src, NULL, &b->ds);
	struct eval_env env = bench_env(b);
	struct codes codes = { .count = 32 };
	struct eval_error err;
	uint32_t id = 0;
	struct data d;
	struct value v;

	assert_non_null(doc);
	codes.list = arena_array(&b->arena, codes.count, sizeof codes.list[0]);
	d = data_parse(&b->arena, node_get(doc, "v"), typing, &id, &b->ds);
	if (d.kind == DATA_NONE || !data_compile(&b->arena, &d, &b->scope, want, &codes, &b->ds)) {
		bench_complaint(b);
		return b->line;
	}
	if (how == TEXT)
		v = data_eval_text(&d, &codes, &env, &err);
	else if (how == WORDS)
		v = data_eval_words(&d, &codes, &env, &err);
	else if (how == HOLES)
		v = tmpl_eval_holes(d.tmpl, &codes, &env, &err);
	else
		v = data_eval(&d, &codes, &env, &err);
	if (err.set)
		assert_true(v.kind == V_NULL);
	bench_outcome(b, v, &err);
	return b->line;
}

struct case_ { const char *yaml, *gives; };

static void check(const struct case_ *cases, size_t count, enum how how, enum data_typing typing, int wanted)
{
	struct bench b;
	const struct type *want;

	for (size_t i = 0; i < count; i++) {
		bench_init(&b);
		want = wanted == 's' ? &type_string : wanted == 'l' ? type_list(&b.arena, &type_string) : wanted == 'd' ?
		       &type_duration : wanted == 'm' ? type_map(&b.arena, &type_string) : NULL;
		if (strcmp(rendered(&b, cases[i].yaml, how, typing, want), cases[i].gives))
			fail_msg("%s\n  gives    %s\n  expected %s", cases[i].yaml, b.line, cases[i].gives);
		bench_release(&b);
	}
}

#define CHECK(cases, how, typing, want) check(cases, sizeof cases / sizeof cases[0], how, typing, want)

static void test_values(void **state)
{
	static const struct case_ cases[] = {
		{ "v: ${{ n + 1 }}\n", "6" }, { "v: \"${{ d }}\"\n", "{\"duration_ns\":250000000}" }, { "v: ${{ l }}\n", "[3,1,2]" },
		{ "v: ${{ on }}\n", "null" }, { "v: ${{ j.o }}\n", "[{\"n\":2},{\"n\":1}]" }, { "v: a ${{ n }}\n", "\"a 5\"" },
		{ "v: ${{ n }}${{ n }}\n", "\"55\"" }, { "v: ' ${{ n }}'\n", "\" 5\"" },
		{ "v: { a: [1, \"${{ n }}\"], b: x }\n", "{\"a\":[1,5],\"b\":\"x\"}" }, { "v: 1.5\n", "1.5" }, { "v: true\n", "true" },
		{ "v: ${{ '${{' }} x\n", "\"${{ x\"" }, { "v: ${{ s + '${{ n }}' }}\n", "\"abc${{ n }}\"" },
		{ "v: ${{ d }} ${{ p }} ${{ z }} ${{ t }} ${{ f }} ${{ yes }}\n", "\"250ms 0.4% 1500B 2026-11-21T02:03:04Z 2.5 true\"" },
		{ "v: ${{ u }}\n", "{\"unknown\":\"steps.a.n\"}" }, { "v: a ${{ u }} ${{ us }}\n", "{\"unknown\":\"steps.a.n\"}" },
		{ "v: [a, \"${{ u }}\"]\n", "[\"a\",{\"unknown\":\"steps.a.n\"}]" }, { "v: x${{ sec }}\n", "\"***\"" },
		{ "v: { k: \"${{ sec }}\" }\n", "{\"k\":\"***\"}" }, { "v: x ${{ j.n }}\n", "\"x 5\"" },
		{ "v: x ${{ on }}\n", "RB223 10-12 `on` may be null, and null has no text" },
		{ "v: x ${{ l }}\n", "RB239 10-11 a list has no text" }, { "v: x ${{ m }}\n", "RB239 10-11 a map has no text" },
		{ "v: x ${{ null }}\n", "RB239 10-14 null has no text" },
		{ "v: x ${{ steps.build }}\n", "RB222 10-21 `steps.build` is not a value, only its members are" },
		{ "v: x ${{ j.nil }}\n", "! 10-15 null has no text; write show(x) or x ?\? '...'" },
		{ "v: x ${{ j.l }}\n", "! 10-13 a list has no text; write join(x, ', ') or to_json(x)" },
		{ "v: x ${{ j }}\n", "! 10-11 a map has no text; write to_json(x)" }, { "v: [1, \"${{ n / 0 }}\"]\n", "! 13-18 division by zero" },
		{ "v: ${{ nope }} ${{ nope2 }}\n", "RB220 8-12 unknown name `nope` RB220" },
		{ "v: |\n  a ${{ n }}\n  b ${{ 1 / (n - 5) }}\n", "! 9-20 division by zero" },
	};

	(void)state;
	CHECK(cases, VALUE, DATA_TYPED, 0);
}

static void test_text(void **state)
{
	static const struct case_ cases[] = {
		{ "v: 007\n", "\"007\"" }, { "v: true\n", "\"true\"" }, { "v: ${{ n }}\n", "\"5\"" }, { "v: ${{ d }}\n", "\"250ms\"" },
		{ "v: ${{ j.s }}\n", "\"x\"" }, { "v: ${{ j.nil }}\n", "! 8-13 null has no text; write show(x) or x ?\? '...'" },
		{ "v: ${{ on }}\n", "RB223 8-10 `on` may be null, and null has no text" }, { "v: ${{ l }}\n", "RB239 8-9 a list has no text" },
		{ "v: ${{ us }}\n", "{\"unknown\":\"steps.a.tag\"}" }, { "v: ${{ sec }}\n", "\"***\"" },
		{ "v: [a, \"${{ n }}\", \"${{ on }}\", \"${{ ls }}\", 'b ${{ s }}']\n", "\"a\\n5\\nb\\na\\nb\\nb abc\"" },
		{ "v: [a, \"${{ us }}\"]\n", "{\"unknown\":\"steps.a.tag\"}" }, { "v: [a, \"${{ sec }}\"]\n", "\"***\"" }, { "v: []\n", "\"\"" },
		{ "v: ['a ${{ on }}']\n", "RB223 12-14 `on` may be null, and null has no text" },
	};

	(void)state;
	CHECK(cases, TEXT, DATA_STRING, 's');
}

static void test_words(void **state)
{
	static const struct case_ cases[] = {
		{ "v: [ls, -l, \"${{ s }}\"]\n", "[\"ls\",\"-l\",\"abc\"]" }, { "v: [a, \"${{ l }}\", b]\n", "[\"a\",\"3\",\"1\",\"2\",\"b\"]" },
		{ "v: [a, \"${{ on }}\", \"${{ oi }}\"]\n", "[\"a\",\"7\"]" }, { "v: [\"${{ if no then '-f' else null }}\", x]\n", "[\"x\"]" },
		{ "v: [\"${{ empty }}\"]\n", "[]" }, { "v: [1, true, 1.10]\n", "[\"1\",\"true\",\"1.10\"]" },
		{ "v: [\"a ${{ n }} $(x)\"]\n", "[\"a 5 $(x)\"]" }, { "v: [\"${{ '' }}\"]\n", "[\"\"]" },
		{ "v: [\"${{ us }}\", \"x ${{ u }}\"]\n", "[{\"unknown\":\"steps.a.tag\"},{\"unknown\":\"steps.a.n\"}]" },
		{ "v: [\"${{ lu }}\"]\n", "[\"1\",{\"unknown\":\"steps.b.n\"},\"3\"]" }, { "v: [\"${{ j.l }}\"]\n", "[\"1\",\"2.5\",\"3\"]" },
		{ "v: [\"${{ j.mix }}\"]\n", "! 10-15 null has no text; write show(x) or x ?\? '...'" },
		{ "v: [\"${{ j.nil }}\"]\n", "[]" }, { "v: [\"x ${{ l }}\"]\n", "RB239 12-13 a list has no text" },
		{ "v: [\"${{ m }}\"]\n", "RB239 10-11 a map has no text" }, { "v: [\"${{ ln }}\"]\n", "RB239 10-12 a list has no text" },
		{ "v: [\"${{ [[1]] }}\"]\n", "RB239 10-15 a list has no text" }, { "v: ${{ ls }}\n", "[\"b\",\"a\",\"b\"]" },
		{ "v: x ${{ n }}\n", "RB236 4-14 this must be list of string, not text" },
	};

	(void)state;
	CHECK(cases, WORDS, DATA_STRING, 'l');
}

static void test_wanted(void **state)
{
	static const struct case_ durations[] = {
		{ "v: ${{ d * 2 }}\n", "{\"duration_ns\":500000000}" }, { "v: ${{ n }}\n", "RB236 8-9 this must be duration, not int" },
		{ "v: ${{ n }}s\n", "RB236 4-13 this must be duration, not text" }, { "v: [1s]\n", "RB236 4-8 this must be duration, not a list" },
		{ "v: ${{ u }}\n", "RB236 8-9 this must be duration, not int" },
	};
	static const struct case_ maps[] = {
		{ "v: { A: \"${{ n }}\", B: x }\n", "{\"A\":5,\"B\":\"x\"}" }, { "v: { A: \"${{ on }}\" }\n", "RB223 14-16 `on` may be null, and null has no text" },
		{ "v: { A: \"${{ l }}\" }\n", "RB239 14-15 a list has no text" }, { "v: [a]\n", "RB236 4-7 this must be map of string, not a list" },
	};

	(void)state;
	CHECK(durations, VALUE, DATA_TYPED, 'd');
	CHECK(maps, VALUE, DATA_STRING, 'm');
}

static void test_holes(void **state)
{
	static const struct case_ cases[] = {
		{ "v: echo ${{ n }} \"${{ s }}\" ${{ us }} ${{ d }}\n", "[\"5\",\"abc\",{\"unknown\":\"steps.a.tag\"},\"250ms\"]" },
		{ "v: ${{ n }}\n", "[\"5\"]" }, { "v: x ${{ j.l }}\n", "! 10-13 a list has no text; write join(x, ', ') or to_json(x)" },
	};

	(void)state;
	CHECK(cases, HOLES, DATA_STRING, 's');
}

/* Text out of several large holes ends at 16 MiB. */
static void test_limit(void **state)
{
	struct bench b;
	struct buf yaml;

	(void)state;
	bench_init(&b);
	buf_init(&yaml, 4096);
	buf_addz(&yaml, "v: x");
	for (int i = 0; i < 20; i++)
		buf_addz(&yaml, " ${{ range(90).map(x => 'y').join(pad('', 10000)) }}");
	buf_addc(&yaml, '\n');
	rendered(&b, yaml.p, VALUE, DATA_TYPED, NULL);
	assert_non_null(strstr(b.line, "the text is longer than 16 MiB"));
	buf_release(&yaml);
	bench_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values), cmocka_unit_test(test_text), cmocka_unit_test(test_words),
		cmocka_unit_test(test_wanted), cmocka_unit_test(test_holes), cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
