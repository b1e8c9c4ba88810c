/* regex: patterns, groups and their types, and that no text makes a search long. */
#include "expr_bench.h"

#include "eval/regex.h"

static struct regex *compiled(struct arena *a, const char *pattern)
{
	struct str err;
	uint32_t at;
	struct regex *r = regex_new(NULL, a, str_of(pattern), &err, &at);

	if (!r)
		fail_msg("%s: %.*s", pattern, STR_ARG(err));
	return r;
}

static void test_matching(void **state)
{
	static const struct { const char *pattern, *text; enum regex_result is; } rows[] = {
		{ "b", "abc", REGEX_YES }, { "^b", "abc", REGEX_NO }, { "", "", REGEX_YES }, { "^$", "", REGEX_YES },
		{ "^v\\d+$", "v12", REGEX_YES }, { "^v\\d+$", "v12\n", REGEX_NO }, { "\\d", "\xd9\xa3", REGEX_NO },
		{ "^.$", "\xc3\xa9", REGEX_YES }, { "^.$", "\xff", REGEX_NO }, { "a", "\xff\xfe" "a", REGEX_YES },
		{ "(?i)STRASSE", "Strasse", REGEX_YES }, { "a|b", "xb", REGEX_YES }, { "(?<=x)b", "xb", REGEX_YES },
		{ "(a)\\1", "aa", REGEX_YES }, { "^(?:a|ab)(?:c|bcd)$", "abcd", REGEX_YES }, { "(?s)a.b", "a\nb", REGEX_YES },
		{ "a.b", "a\nb", REGEX_NO }, { "\\bfoo\\b", "a foo b", REGEX_YES },
	};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (regex_test(compiled(&a, rows[i].pattern), str_of(rows[i].text)) != rows[i].is)
			fail_msg("%s on %s is not %d", rows[i].pattern, rows[i].text, rows[i].is);
	assert_int_equal(regex_test(compiled(&a, "^$"), (struct str){ NULL, 0 }), REGEX_YES);
	arena_release(&a);
}

static void test_bad_patterns(void **state)
{
	static const struct { const char *pattern, *err; uint32_t at; } rows[] = {
		{ "(a", "missing closing parenthesis", 2 },
		{ "a[z-a]", "range out of order in character class", 4 },
		{ "*a", "quantifier does not follow a repeatable item", 0 },
		{ "a\\", "\\ at end of pattern", 2 },
		{ "\\Ca", "using \\C is disabled by the application", 2 },
		{ "(*LIMIT_MATCH=9)a", "verbs such as (*UTF) are not allowed at the start", 0 },
	};
	struct arena a;
	struct str err;
	uint32_t at;
	struct buf b;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_null(regex_new(NULL, &a, str_of(rows[i].pattern), &err, &at));
		assert_string_equal(err.p, rows[i].err);
		assert_int_equal(at, rows[i].at);
	}
	buf_init(&b, 10000);
	buf_fill(&b, 'a', 4097);
	assert_null(regex_new(NULL, &a, buf_str(&b), &err, &at));
	assert_string_equal(err.p, "longer than 4096 bytes");
	buf_clear(&b);
	for (int i = 0; i < 61; i++)
		buf_addc(&b, '(');
	for (int i = 0; i < 61; i++)
		buf_addc(&b, ')');
	assert_null(regex_new(NULL, &a, buf_str(&b), &err, &at));
	buf_release(&b);
	arena_release(&a);
}

/* Each takes for ever without limits; the last ones are cheap at each place, but there are many places. */
static void test_limits(void **state)
{
	static const struct { const char *pattern, *piece; int times; const char *end; } rows[] = {
		{ "^(a+)+$", "a", 40, "b" },
		{ "^(a|aa)+$", "a", 60, "b" },
		{ "^(.*)*[xy]$", "a", 40, "b" },
		{ "(a+)+[bc]", "a", 30, "" },
		{ "(a+)+[xy]", "aaaaaaaaaaaaaaaaaaab", 20000, "" },
		{ "(a+)+[xy]", "aaaaaaaaaaaaaaaaaaab", 2000, "\xff" },
		{ "(a?){30}a{30}[xy]", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 5000, "" },
	};
	struct arena a;
	struct buf b;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		buf_init(&b, 1 << 20);
		for (int j = 0; j < rows[i].times; j++)
			buf_addz(&b, rows[i].piece);
		buf_addz(&b, rows[i].end);
		if (regex_test(compiled(&a, rows[i].pattern), buf_str(&b)) != REGEX_LIMIT)
			fail_msg("%s ran to its end", rows[i].pattern);
		buf_release(&b);
	}
	arena_release(&a);
}

/* A long text is no reason to give up, nor is one hard place: what comes after it is found. */
static void test_long_texts(void **state)
{
	struct arena a;
	struct buf b;
	uint64_t steps;

	(void)state;
	arena_init(&a);
	buf_init(&b, 4 << 20);
	for (int i = 0; i < 40000; i++)
		buf_addz(&b, "the quick brown fox jumps over it\n");
	buf_addz(&b, "end: 42\n");
	assert_int_equal(regex_test(compiled(&a, "end: \\d+"), buf_str(&b)), REGEX_YES);
	assert_int_equal(regex_test(compiled(&a, "(?m)^end: (\\d+)$"), buf_str(&b)), REGEX_YES);
	assert_int_equal(regex_test(compiled(&a, "\\w+ \\w+: \\d"), buf_str(&b)), REGEX_NO);
	assert_int_equal(regex_test(compiled(&a, "[a-z]+ fax"), buf_str(&b)), REGEX_NO);
	assert_int_equal(regex_test(compiled(&a, ".*fo[yz]"), buf_str(&b)), REGEX_NO);
	assert_int_equal(regex_test(compiled(&a, "(?s)^the.*end: \\d+\n$"), buf_str(&b)), REGEX_YES);
	buf_clear(&b);
	buf_fill(&b, 'a', 14); /* 2^13 ways to fail, more than the first limit */
	buf_addz(&b, "b aax");
	assert_int_equal(regex_test_counted(compiled(&a, "(a+)+[xy]"), buf_str(&b), &steps), REGEX_YES);
	assert_true(steps > 10000 && steps < 1000000);
	buf_release(&b);
	arena_release(&a);
}

static void test_groups(void **state)
{
	struct arena a;
	struct value v;
	struct buf b;

	(void)state;
	arena_init(&a);
	buf_init(&b, 1000);
	assert_int_equal(regex_match(compiled(&a, "(?<zone>\\w+)-(?<host>\\d+)(?<rest>x)?(y)"), &a, STR("a eu-17y b"), &v), REGEX_YES);
	json_print(v, &b, 0);
	assert_string_equal(b.p, "{\"zone\":\"eu\",\"host\":\"17\",\"rest\":null}");
	assert_int_equal(regex_match(compiled(&a, "(?<a>x)"), &a, STR("y"), &v), REGEX_NO);
	assert_int_equal(regex_match(compiled(&a, "x"), &a, STR("x"), &v), REGEX_YES);
	assert_int_equal(v.n, 0);
	assert_int_equal(regex_match(compiled(&a, "(?<a>)"), &a, (struct str){ NULL, 0 }, &v), REGEX_YES);
	assert_int_equal(v.map[0].value.kind, V_STRING);
	buf_release(&b);
	arena_release(&a);
}

/* string where the group takes part in every match, else string?. The checker then wants a ??. */
static void test_group_types(void **state)
{
	static const struct { const char *pattern; bool sure; } rows[] = {
		{ "(?<a>x)", true }, { "(?<a>x|y)", true }, { "(?<b>q|r)(?<a>x)", true }, { "(?:q|r)(?<a>x)", true },
		{ "(?<a>x)|y", false }, { "y|(?<a>x)", false }, { "(?:(?<a>x)|y)", false }, { "(?:y|(?<a>x))z", false },
		{ "(?<a>x)?", false }, { "(?<a>x)*", false }, { "(?<a>x)+", true }, { "(?<a>x){0,3}", false },
		{ "(?<a>x){1,3}", true }, { "(?:z(?<a>x))?", false }, { "(?:z(?<a>x))+", true }, { "(?=(?<a>x))x", false },
		{ "(?!q)(?<a>x)", true }, { "(?<=q)(?<a>x)", true }, { "[(|](?<a>x)", true }, { "[]|)](?<a>x)", true },
		{ "[[:alpha:]|](?<a>x)", true }, { "\\((?<a>x)\\|", true }, { "(?i)(?<a>x)", true }, { "(?im:(?<a>x))", true },
		{ "(?x) # (a|b)\n(?<a>x)", false }, { "\\Q(\\E(?<a>x)", false }, { "(?P<a>x)", true }, { "(?'a'x)", true },
		{ "(a)(?(1)(?<a>x)|y)", false }, { "(?|(?<a>x)|(?<a>y))", false }, { "(?>(?<a>x))", true }, { "((?<a>x)|y)?", false },
		{ "[^]](?<a>x)", true }, { "(?#|)(?<a>x)", false }, { "(?<a>x)(?:y|z)*", true },
	};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct field *f = type_field(regex_type(compiled(&a, rows[i].pattern), &a), STR("a"));

		assert_non_null(f);
		if (f->type->optional == rows[i].sure)
			fail_msg("%s: sure is not %d", rows[i].pattern, rows[i].sure);
	}
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matching), cmocka_unit_test(test_bad_patterns), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_long_texts), cmocka_unit_test(test_groups), cmocka_unit_test(test_group_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
