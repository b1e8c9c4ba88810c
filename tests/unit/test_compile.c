/*
 * compile: types of expressions, the help and notes of diagnostics, wanted types,
 * refs, and that one mistake gives one diagnostic. Messages are in test_eval.c.
 */
#include "expr_bench.h"

#include "eval/type.h"

static const char *printed(struct bench *b, const struct type *t)
{
	struct buf out;

	buf_init(&out, sizeof b->line - 1);
	type_print(t, &out);
	snprintf(b->line, sizeof b->line, "%s", out.p);
	buf_release(&out);
	return b->line;
}

static void test_types(void **state)
{
	static const struct row rows[] = {
		{ "n", "int" }, { "n / 2", "float" }, { "n + 1", "int" }, { "n + f", "float" }, { "-d", "duration" },
		{ "d / 2", "duration" }, { "d / 1s", "float" }, { "z / 1s", "float" }, { "t - t", "duration" },
		{ "t - 1d", "time" }, { "1d + t", "time" }, { "p * 2", "percent" }, { "2.5 * z", "size" },
		{ "10% * d", "duration" }, { "s + st", "string" }, { "n > 3", "bool" }, { "j.n", "any" }, { "j.l[0]", "any" },
		{ "l[0]", "int" }, { "ln[0]", "int?" }, { "[]", "list" }, { "[1, 2.5]", "list of float" },
		{ "[1, null]", "list of int?" }, { "[[1], []]", "list of list of int" }, { "['a', st]", "list of string" },
		{ "if yes then 1 else 2.5", "float" }, { "if yes then n else null", "int?" }, { "if yes then l else []", "list of int" },
		{ "if yes then st else rs", "string" }, { "if yes then j else 1", "any" }, { "on ?\? 3", "int" },
		{ "on ?\? 2.5", "float" }, { "on ?\? oi", "int?" }, { "j.x ?\? 's'", "any" }, { "null", "null" },
		{ "m.a", "string" }, { "m?.a", "string?" }, { "rec.n", "int?" }, { "orec?.item", "string?" }, { "orec?.n", "int?" },
		{ "each.map(e => e.status)", "list of status" }, { "each.map(e => e.n)", "list of int?" },
		{ "each.filter(e => e.n != null)", "list of record" }, { "j.l.filter(x => x == 1)", "list of any" },
		{ "l.map(x => [x])", "list of list of int" }, { "sum(ln)", "int" }, { "sum(ld)", "duration" }, { "avg(l)", "float" },
		{ "avg(ld)", "duration" }, { "max(ln)", "int" }, { "max(1, 2.5)", "float" }, { "percentile(ld, 50%)", "duration" },
		{ "round(f)", "int" }, { "round(f, 0.1)", "float" }, { "round(n, 10)", "int" }, { "floor(d, 1s)", "duration" },
		{ "div(d, 1s)", "int" }, { "mod(d, 1s)", "duration" }, { "clamp(1, 0.5, 2)", "float" }, { "range(3)", "list of int" },
		{ "chunks(ls, 2)", "list of list of string" }, { "flatten([l, l])", "list of int" }, { "keys(m)", "list of string" },
		{ "values(m)", "list of string" }, { "values(rec)", "list of any" }, { "merge(m, m)", "map of string" },
		{ "merge(m, j)", "map of any" }, { "secret(n)", "secret int" }, { "sec + 'x'", "secret string" },
		{ "len(sec)", "secret int" }, { "sec == 'x'", "bool" }, { "[sec]", "list of secret string" },
		{ "[sec].first()", "secret string" }, { "[sec].map(x => 1)", "secret list of int" }, { "json(s)", "any" },
		{ "json(sec)", "secret any" }, { "json(sec).a", "secret any" }, { "if secret(yes) then 1 else 2", "secret int" },
		{ "if oi == null then 0 else oi", "int" }, { "if rec.n != null then rec.n else 0", "int" },
		{ "ln.filter(x => x != null and x > 1)", "list of int?" }, { "steps.build.status", "status" },
	};
	struct bench b;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct code *c;

		bench_init(&b);
		c = bench_compile(&b, rows[i].expr, NULL);
		if (!c) {
			bench_complaint(&b);
			fail_msg("%s: %s", rows[i].expr, b.line);
		}
		if (strcmp(printed(&b, code_type(c)), rows[i].gives))
			fail_msg("%s is %s, expected %s", rows[i].expr, b.line, rows[i].gives);
		bench_release(&b);
	}
}

/* The first help, or "-". */
static void test_helps(void **state)
{
	static const struct row rows[] = {
		{ "p > 0.01", "write `1%`, or ratio(0.01)" },
		{ "p > 1.5", "write `1.5%`" },
		{ "p > 5", "write `5%`" },
		{ "p > f", "write `ratio(f)` if it runs from 0 to 1, `percent(f)` from 0 to 100" },
		{ "500 > d", "give it a unit: `500ms` or `500s`" },
		{ "d > n", "write `duration(n, 'ms')`" },
		{ "z > 5", "give it a unit: `5B` or `5MB`" },
		{ "n == '5'", "write 5 without quotes" },
		{ "p == '5%'", "write 5% without quotes" },
		{ "n == 'x'", "write `str(n)`" },
		{ "s == 5", "write `'5'`, or int(s)" },
		{ "s == n", "write `int(s)`, or str(n)" },
		{ "st < st", "write `==`, or `in ['ok', 'unchanged']`" },
		{ "yes < no", "-" },
		{ "s + n", "write `s + str(n)`" },
		{ "n + s", "write `str(n) + s`" },
		{ "l + l", "write `flatten([l, l])`" },
		{ "t + 5", "give it a unit: `5s`" },
		{ "-yes", "write `not yes`" },
		{ "on > 5", "give a default: `on ?\? 0`" },
		{ "os + 'x'", "give a default: `os ?\? ''`" },
		{ "ln[0] > 5", "give a default: `ln[0] ?\? 0`" },
		{ "(if yes then on else 1) > 5", "give a default: `(if yes then on else 1) ?\? 0`" },
		{ "s and yes", "write `s != ''`, or bool(s) if it says true or false" },
		{ "yes and n", "write `n != 0`" },
		{ "not l", "write `len(l) > 0`" },
		{ "st or yes", "write `st == 'ok'`" },
		{ "on or yes", "write `on != null`" },
		{ "ob and yes", "give a default: `ob ?\? false`" },
		{ "j.b and yes", "convert it: `bool(j.b)`" },
		{ "j.n > 3", "say what it is: `int(j.n)`, `float(j.n)`, `str(j.n)` ..." },
		{ "j.n > 3%", "say what it is: `ratio(j.n)` if it runs from 0 to 1, `percent(j.n)` from 0 to 100" },
		{ "j.n > 3s", "say what it is: `duration(j.n, 'ms')`, or `duration(j.n)` for text like '5s'" },
		{ "j.n > 1KB", "say what it is: `size(j.n, 'B')`, or `size(j.n)` for text like '5MB'" },
		{ "j.n > 1.5", "say what it is: `float(j.n)`" },
		{ "j.s + 'x'", "say what it is: `str(j.s)`" },
		{ "t > j.t", "say what it is: `time(j.t)`" },
		{ "inputs.x", "text is written in quotes: `'inputs'`" },
		{ "stepps.build.n", "did you mean `steps`?" },
		{ "steps.buidl.n", "did you mean `build`?" },
		{ "steps.x.n", "it has `build` and `copy`" },
		{ "rec.zz", "it has `item`, `status` and `n`" },
		{ "rec.stats", "did you mean `status`?" },
		{ "steps.build", "it has `status` and `n`" },
		{ "len", "it is a function: `len(x)`" },
		{ "s.len", "to call the function write `s.len()`" },
		{ "env.HOME", "expressions cannot read the environment: declare an input or a secret" },
		{ "production == s", "text is written in quotes: `'production'`" },
		{ "lem(s)", "did you mean `len`?" },
		{ "length(s)", "write `len`" },
		{ "match(s, 'x')", "it is an operator: `text matches 'pattern'`" },
		{ "default(on, 3)", "write `x ?\? y`" },
		{ "count(l)", "count(list, x => test)" },
		{ "contains(ls, 'a')", "write `'a' in ls`" },
		{ "upper(n)", "write `str(n)`" },
		{ "upper(ls)", "write `join(ls, ', ')`" },
		{ "first(s)", "write `lines(s)` or `split(s, ',')`" },
		{ "l['a']", "-" },
		{ "l[n / 2]", "write `int(n / 2)`; `div(a, b)` divides whole numbers" },
		{ "s[0]", "write `lines(s)` or `split(s, ',')` for a list" },
		{ "'a' in s", "write `contains(s, 'a')`" },
		{ "duration(n)", "write `duration(n, 's')`" },
		{ "round(z)", "write `round(z, 1MB)`" },
		{ "st == 'skiped'", "did you mean `'skipped'`?" },
		{ "st == 'done'", "it is one of ok, unchanged, skipped, failed, timeout, undone, undo_failed, cancelled, not_run" },
		{ "rs == 'skipped'", "did you mean `'stopped'`?" },
		{ "rs == 'done'", "it is one of running, ok, stopped, failed, rolled_back, rollback_incomplete, in_doubt, held, cancelled" },
		{ "str(l)", "write `join(l, ', ')` or `to_json(l)`" },
		{ "join(ln, ',')", "write `join(map(ln, x => show(x)), ...)`" },
		{ "sum(ls)", "write `sum(map(ls, x => float(x)))`" },
		{ "filter(l, 3)", "filter(list, x => test)" },
	};
	struct bench b;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *help = "-";

		bench_init(&b);
		if (bench_compile(&b, rows[i].expr, NULL))
			fail_msg("%s compiles", rows[i].expr);
		assert_true(b.ds.count > 0);
		if (b.ds.list[0]->help_count)
			help = arena_str(&b.arena, b.ds.list[0]->helps[0].p, b.ds.list[0]->helps[0].n).p;
		if (strcmp(help, rows[i].gives))
			fail_msg("%s\n  says     %s\n  expected %s", rows[i].expr, help, rows[i].gives);
		bench_release(&b);
	}
}

/* The example of the design: both labels, and where the name was bound. */
static void test_whole_diagnostic(void **state)
{
	static const char expected[] =
		"error[RB214]: cannot compare percent with float\n"
		" --> test:1:3\n"
		"  |\n"
		"1 | p > 0.01\n"
		"  | - ^ ---- float\n"
		"  | |\n"
		"  | percent\n"
		"  = note: captured at 36:7 as ratio(out.error_rate)\n"
		"  = help: write `1%`, or ratio(0.01)\n"
		"  = more: runbook explain RB214\n";
	struct bench b;
	struct buf out;

	(void)state;
	bench_init(&b);
	assert_null(bench_compile(&b, "p > 0.01", NULL));
	buf_init(&out, 4096);
	diag_text(&b.ds, &out, false);
	assert_string_equal(out.p, expected);
	buf_release(&out);
	bench_release(&b);
}

/* One mistake is one diagnostic; independent ones are all found. */
static void test_recovery(void **state)
{
	static const struct { const char *expr; size_t count; } rows[] = {
		{ "nope + 1 > 3 and upper(nope2) == 'x'", 2 },
		{ "nope", 1 }, { "not (nope + 1)", 1 }, { "nope.a.b[0].c()", 1 }, { "upper(nope, nope)", 1 },
		{ "p > 0.01 or d < 500 or s == 5", 3 }, { "[nope, nope2, 1]", 2 }, { "if nope then n + s else -s", 3 },
		{ "l.map(x => x + s).sum()", 1 }, { "l.filter(x => nope)", 1 }, { "first(nope).x", 1 }, { "later == 3", 1 },
		{ "on > oi", 1 }, { "upper(on) + lower(os)", 2 }, { "j.a > j.b", 2 },
	};
	struct bench b;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bench_init(&b);
		assert_null(bench_compile(&b, rows[i].expr, NULL));
		if (b.ds.errors != rows[i].count)
			fail_msg("%s: %zu diagnostics", rows[i].expr, b.ds.errors);
		bench_release(&b);
	}
}

static void test_wanted_types(void **state)
{
	static const struct { const char *expr; const struct type *want; const char *gives; } rows[] = {
		{ "n", &type_int, "5" }, { "n", &type_float, "5.0" }, { "n + 1", &type_float, "6.0" }, { "3", &type_float, "3.0" },
		{ "f", &type_int, "RB236 1-2 this must be int, not float" },
		{ "n", &type_duration, "RB236 1-2 this must be duration, not int" },
		{ "s", &type_bool, "RB224 1-2 this must be bool, not string" },
		{ "ob", &type_bool, "RB223 1-3 `ob` may be null" },
		{ "yes", &type_bool, "true" },
		{ "on", &type_int, "RB223 1-3 `on` may be null" },
		{ "j.n", &type_int, "RB235 1-4 `j.n` is JSON of any type and cannot be used here without a conversion" },
		{ "st", &type_string, "\"ok\"" },
		{ "n", &type_any, "5" },
		{ "steps", &type_any, "RB222 1-6 `steps` is not a value, only its members are" },
		{ "u", &type_float, "{\"unknown\":\"steps.a.n\"}" },
	};
	struct bench b;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct code *c;
		struct eval_error err;
		struct eval_env env;

		bench_init(&b);
		env = bench_env(&b);
		c = bench_compile(&b, rows[i].expr, rows[i].want);
		if (c)
			bench_outcome(&b, code_eval(c, &env, &err), &err);
		else
			bench_complaint(&b);
		assert_string_equal(b.line, rows[i].gives);
		bench_release(&b);
	}
}

static void append_ref(void *arg, struct ref ref, const struct expr *at)
{
	struct bench *b = arg;

	assert_int_equal(at->kind == EXPR_NAME || at->kind == EXPR_MEMBER, true);
	snprintf(b->line + strlen(b->line), sizeof b->line - strlen(b->line), "%s ", b->names[ref.a].name);
}

static bool is_secret_name(void *arg, struct ref ref)
{
	const struct bench *b = arg;

	return !strcmp(b->names[ref.a].name, "sec");
}

static void test_refs(void **state)
{
	struct bench b;
	const struct code *c;

	(void)state;
	bench_init(&b);
	c = bench_compile(&b, "if yes then l.map(x => x * n).sum() + 1 else steps.copy.n ?\? len(s) + 0 * n", NULL);
	assert_non_null(c);
	b.line[0] = '\0';
	code_refs(c, append_ref, &b);
	assert_string_equal(b.line, "yes l n steps_n s n ");
	assert_false(code_reads(c, is_secret_name, &b));
	assert_true(code_reads(bench_compile(&b, "l.map(x => sec)", NULL), is_secret_name, &b));
	bench_release(&b);
}

/* Constants are evaluated once, but not what would fill the load's memory. */
static void test_folding(void **state)
{
	struct bench b;
	size_t before;

	(void)state;
	bench_init(&b);
	b.line[0] = '\0';
	assert_non_null(bench_compile(&b, "'a' + 'b' + str(1 + 2)", NULL));
	before = b.arena.used;
	assert_non_null(bench_compile(&b, "range(900000)", NULL));
	assert_non_null(bench_compile(&b, "replace(pad('', 3000), ' ', pad('', 3000))", NULL));
	assert_true(b.arena.used - before < 64 << 10);
	bench_release(&b);
}

/* As deep and as long as the parser lets through; nothing recurses past it. */
static void test_depth(void **state)
{
	struct bench b;
	struct buf text;

	(void)state;
	bench_init(&b);
	buf_init(&text, 10000);
	for (int i = 0; i < 28; i++)
		buf_printf(&text, "l.any(x%d => ", i);
	buf_addz(&text, "x0 == 3");
	buf_fill(&text, ')', 28);
	assert_string_equal(bench_run(&b, text.p), "true");
	buf_clear(&text);
	buf_addz(&text, "n");
	for (int i = 0; i < 1500; i++)
		buf_addz(&text, "+n");
	(void)bench_run(&b, text.p); /* a value or RB208, as the parser decides */
	assert_true(!strcmp(b.line, "7505") || !strncmp(b.line, "RB208", 5));
	buf_release(&text);
	bench_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types), cmocka_unit_test(test_helps), cmocka_unit_test(test_whole_diagnostic),
		cmocka_unit_test(test_recovery), cmocka_unit_test(test_wanted_types), cmocka_unit_test(test_refs),
		cmocka_unit_test(test_folding), cmocka_unit_test(test_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
