/* expression syntax: precedence, spans, messages, print and parse over trees. */
#include "syntax/expr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "syntax/node.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct fixture { struct arena a; struct diags ds; struct buf out; uint32_t ids; };

static void fixture_init(struct fixture *f)
{
	arena_init(&f->a);
	diags_init(&f->ds, &f->a);
	buf_init(&f->out, 1 << 20);
	f->ids = 0;
}

static void fixture_release(struct fixture *f)
{
	buf_release(&f->out);
	diags_release(&f->ds);
	arena_release(&f->a);
}

static const struct node *scalar(struct fixture *f, struct str text)
{
	struct node *n = arena_alloc(&f->a, sizeof(*n));
	struct source *src = source_new(&f->a, STR("test"), text);
	n->kind = NODE_SCALAR;
	n->style = NODE_PLAIN;
	n->text = arena_str(&f->a, text.p, text.n);
	n->span = span_of(src, 0, (uint32_t)text.n);
	return n;
}

static const struct expr *parse(struct fixture *f, const char *text)
{
	const struct node *n = scalar(f, str_of(text));
	return expr_parse(&f->a, n, 0, (uint32_t)n->text.n, &f->ids, &f->ds);
}

static const char *print(struct fixture *f, const struct expr *e)
{
	buf_clear(&f->out);
	expr_print(e, &f->out);
	return f->out.p;
}

static bool same(const struct expr *a, const struct expr *b)
{
	if (a->kind != b->kind || a->op != b->op || a->method != b->method || a->count != b->count || !str_eq(a->name, b->name))
		return false;
	if (a->kind == EXPR_LIT && (a->lit.kind != b->lit.kind || !value_equal(a->lit, b->lit)))
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (!same(a->args[i], b->args[i]))
			return false;
	return true;
}

/* Fully bracketed, to see how an expression is grouped. */
static void grouped(const struct expr *e, struct buf *out)
{
	static const char *const ops[] = { "or", "and", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "matches", "+", "-", "*", "/", "??" };
	if (e->kind == EXPR_BINARY || e->kind == EXPR_NOT || e->kind == EXPR_NEG || e->kind == EXPR_IF) {
		buf_addz(out, e->kind == EXPR_NOT ? "(not " : e->kind == EXPR_NEG ? "(- " : e->kind == EXPR_IF ? "(if " : "(");
		for (uint32_t i = 0; i < e->count; i++) {
			if (i)
				buf_printf(out, " %s ", e->kind == EXPR_IF ? ":" : ops[e->op]);
			grouped(e->args[i], out);
		}
		buf_addc(out, ')');
		return;
	}
	expr_print(e, out);
}

static void groups_as_the_grammar_says(void **state)
{
	(void)state;
	static const struct { const char *text, *want; } cases[] = {
		{ "a or b and c", "(a or (b and c))" },
		{ "a and b or c", "((a and b) or c)" },
		{ "not a == b and c", "((not (a == b)) and c)" },
		{ "not not a or b", "((not (not a)) or b)" },
		{ "a - b - c", "((a - b) - c)" },
		{ "a + b * c - d / e", "((a + (b * c)) - (d / e))" },
		{ "a ?? 0 > 5", "((a ?? 0) > 5)" },
		{ "a ?? b ?? c * 2", "(((a ?? b) ?? c) * 2)" },
		{ "-a ?? b", "((- a) ?? b)" },
		{ "-a.b[1]", "(- a.b[1])" },
		{ "a - -b", "(a - (- b))" },
		{ "a--b", "(a - (- b))" },
		{ "a not in b or not c in d", "((a not in b) or (not (c in d)))" },
		{ "a < b + 1 and c matches 'x'", "((a < (b + 1)) and (c matches 'x'))" },
		{ "if a then b else if c then d else e", "(if a : b : (if c : d : e))" },
		{ "if a or b then c + 1 else d and e", "(if (a or b) : (c + 1) : (d and e))" },
		{ "(a or b) and c", "((a or b) and c)" },
		{ "(not a) == b", "((not a) == b)" },
		{ "a == b or\n  c", "((a == b) or c)" },
		{ "x.in.if(1).not?.or", "x.in.if(1).not?.or" },
		{ "f(a, s => s.x > 1, [1, [2]]).g()", "f(a, s => s.x > 1, [1, [2]]).g()" },
		{ "1m30s+250ms<=1.5h", "((1m30s + 250ms) <= 1h30m)" },
		{ "10%*2", "(10% * 2)" },
		{ "-9223372036854775808 < 0", "(-9223372036854775808 < 0)" },
		{ "5.abs()", "5.abs()" },
		{ "for > 1 and samples < 2", "((for > 1) and (samples < 2))" },
		{ "\"it's\" == '\"'", "(\"it's\" == '\"')" },
		{ "\"\\ud83d\\ude00\\n\\u00e9\"", "\"\xf0\x9f\x98\x80\\n\xc3\xa9\"" },
		{ "a[-1]", "a[-1]" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture f;
		fixture_init(&f);
		const struct expr *e = parse(&f, cases[i].text);
		if (!e)
			fail_msg("%s: " STR_FMT, cases[i].text, STR_ARG(f.ds.list[0]->message));
		buf_clear(&f.out);
		grouped(e, &f.out);
		assert_string_equal(f.out.p, cases[i].want);
		assert_int_equal(f.ds.count, 0);
		fixture_release(&f);
	}
}

static void messages(void **state)
{
	(void)state;
	static const struct { const char *text; int code; uint32_t start, end; const char *message, *help; } cases[] = {
		{ "a && b", 201, 2, 4, "`&&` is not an operator of this language", "write `and`" },
		{ "a || b", 201, 2, 4, "`||` is not an operator of this language", "write `or`" },
		{ "!a", 201, 0, 1, "`!` is not an operator of this language", "write `not`" },
		{ "a ? b : c", 201, 2, 3, "`?` is not an operator of this language", "write `if a then b else c`" },
		{ "a === b", 201, 2, 5, "`===` is not an operator of this language", "write `==`" },
		{ "a = b", 201, 2, 3, "`=` is not an operator of this language", "write `==`" },
		{ "a & b", 201, 2, 3, "`&` is not an operator of this language", "write `and`" },
		{ "a is null", 201, 2, 9, "`is null` is not an operator of this language", "write `== null`" },
		{ "a is not null and b", 201, 2, 13, "`is not null` is not an operator of this language", "write `!= null`" },
		{ "a is defined", 201, 2, 12, "`is defined` is not an operator of this language", "write `!= null`" },
		{ "a is not b", 201, 2, 8, "`is not` is not an operator of this language", "write `!=`" },
		{ "a AND b", 201, 2, 5, "`AND` is not an operator of this language", "write `and`" },
		{ "a contains b", 201, 2, 10, "`contains` is not an operator of this language", "write `b in a`, or contains(a, b)" },
		{ "x == True", 201, 5, 9, "`True` is a word of another language", "write `true`" },
		{ "t > 5min", 205, 5, 8, "`min` is not a unit", "write `5m`" },
		{ "t > 5 m", 205, 4, 7, "a unit touches its number", "write `5m`" },
		{ "p > 0.5 %", 205, 4, 9, "a unit touches its number", "write `0.5%`" },
		{ "a % b", 201, 2, 3, "`%` is not an operator of this language", "write mod(a, b); a percent touches its number: 5%" },
		{ "s > 10mb", 205, 6, 8, "`mb` is not a unit", "write `10MB`" },
		{ "s > 0.3KiB", 205, 4, 10, "`0.3KiB` cannot be held exactly", "a size is one number of whole bytes, below 8 EiB" },
		{ "t > 1h30", 205, 4, 8, "`1h30` is not a whole duration", "each number needs its unit: 1h30m" },
		{ "n == 007", 204, 5, 8, "a number cannot begin with 0", "leave out the zero, or quote the text: '007'" },
		{ "n == 1_000", 204, 5, 10, "`1_000` is not a number", "write the digits without `_`" },
		{ "n == .5", 200, 5, 6, "expected a value, found `.`",
		  "a number has a digit before the point: 0.5; a member has a name: inputs.x" },
		{ "n == 9223372036854775808", 204, 5, 24, "`9223372036854775808` is too large for an int",
		  "the largest int is 9223372036854775807; a float is written with `.0`" },
		{ "a == 'x", 202, 5, 6, "this `'` is never closed", "close it, or write text with a `'` in it as \"it's\"" },
		{ "a == 'it''s'", 200, 9, 12, "a quote inside a text ends it", "use the other quotes: \"it's\"" },
		{ "a matches \"\\d+\"", 203, 11, 13, "`\\d` is not an escape", "single quotes take a backslash as it is: '\\d+'" },
		{ "\"\\u0000\"", 203, 1, 3, "`\\u` needs the four hex digits of a character", NULL },
		{ "1 < a < 3", 206, 6, 7, "comparisons do not chain", "write `1 < a and a < 3`" },
		{ "a == b == c", 206, 7, 9, "comparisons do not chain", "write `a == b and b == c`" },
		{ "a < b in", 200, 8, 8, "expected a value, found the end", NULL },
		{ "f(a, b", 207, 1, 2, "this `(` is never closed", "close it with `)`" },
		{ "[1, 2", 207, 0, 1, "this `[` is never closed", "close it with `]`" },
		{ "f(a b)", 200, 4, 5, "expected `)`, found `b`", NULL },
		{ "a b", 200, 2, 3, "expected an operator or the end, found `b`", NULL },
		{ "a adn b", 200, 2, 5, "expected an operator or the end, found `adn`", "did you mean `and`?" },
		{ "a)", 200, 1, 2, "expected an operator or the end, found `)`", "there is no `(` before it" },
		{ "a == $HOME", 209, 5, 6, "`$` has no meaning in an expression",
		  "names have no `$`; environment variables cannot be read: declare an input or a secret" },
		{ "a == \xe2\x80\x9c" "b\xe2\x80\x9d", 209, 5, 8, "`\xe2\x80\x9c` has no meaning in an expression", "write plain quotes: \"" },
		{ "a \xe2\x89\xa4 b", 209, 2, 5, "`\xe2\x89\xa4` has no meaning in an expression", "write `<=`" },
		{ "x => x", 210, 2, 4, "`x => ...` stands only as an argument", "for example list.filter(x => x > 3)" },
		{ "a == ${{ b }}", 211, 5, 8, "`${{` inside an expression", "this is an expression already: write `b`" },
		{ "a > 1 for 5m", 212, 6, 9, "`for` stands only in the rules of a monitor",
		  "a condition that must last is a monitor: rules: [{ when: errors > 1% for 5m, then: rollback }]" },
		{ "  ", 200, 0, 2, "an expression is missing here", "text in quotes: 'text', or a condition: inputs.x == 1" },
		{ "if a then b", 200, 11, 11, "expected `else`, found the end", "write `if a then b else c`" },
		{ "if a then b elif c", 201, 12, 16, "`elif` is not an operator of this language", "write `else if`" },
		{ "1 + if a then b else c", 200, 4, 6, "expected a value, found `if`", "put `if ... then ... else ...` in parentheses" },
		{ "a == not b", 200, 5, 8, "expected a value, found `not`", "put `not ...` in parentheses" },
		{ "a.", 200, 2, 2, "expected a name after `.`", NULL },
		{ "a.0", 200, 2, 3, "expected a name after `.`", "an item of a list is written [0]" },
		{ "f(a,)", 200, 4, 5, "expected a value after `,`, found `)`", "leave out the last comma" },
		{ "{a: 1}", 201, 0, 1, "`{` is not an operator of this language", "there are no map literals: write the map under `vars`" },
		{ "== b", 200, 0, 2, "expected a value, found `==`", "put the value to compare on the left" },
		{ "a and", 200, 5, 5, "expected a value, found the end", NULL },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture f;
		fixture_init(&f);
		assert_null(parse(&f, cases[i].text));
		if (f.ds.count != 1)
			fail_msg("%s: %d diagnostics", cases[i].text, (int)f.ds.count);
		const struct diag *d = f.ds.list[0];
		struct str want = str_of(cases[i].message);
		if (d->code != cases[i].code || !str_eq(d->message, want) || d->span.start != cases[i].start || d->span.end != cases[i].end)
			fail_msg("%s: RB%d %u..%u " STR_FMT, cases[i].text, d->code, d->span.start, d->span.end, STR_ARG(d->message));
		if (cases[i].help && (!d->help_count || !str_eq(d->helps[0], str_of(cases[i].help))))
			fail_msg("%s: help " STR_FMT, cases[i].text, STR_ARG(d->helps[0]));
		if (!cases[i].help)
			assert_int_equal(d->help_count, 0);
		fixture_release(&f);
	}
}

static void rules(void **state)
{
	(void)state;
	static const struct { const char *text; int kind; int64_t amount; int code; } cases[] = {
		{ "errors > 1% for 5m", V_DURATION, INT64_C(300000000000), 0 },
		{ "failed for 3 samples", V_INT, 3, 0 },
		{ "failed for 1 sample", V_INT, 1, 0 },
		{ "p95 > inputs.max_p95", V_NULL, 0, 0 },
		{ "a > 1 for 3", 0, 0, 212 },
		{ "a > 1 for", 0, 0, 212 },
		{ "a > 1 for 0s", 0, 0, 212 },
		{ "(a > 1 for 5m)", 0, 0, 212 },
		{ "a > 1 for 5min", 0, 0, 205 },
		{ "a for 5m b", 0, 0, 200 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture f;
		struct expr_for fr;
		fixture_init(&f);
		const struct expr *e = expr_parse_rule(&f.a, scalar(&f, str_of(cases[i].text)), &f.ids, &fr, &f.ds);
		assert_int_equal(e == NULL, cases[i].code != 0);
		if (e) {
			assert_int_equal(fr.amount.kind, cases[i].kind);
			assert_true(cases[i].kind == V_NULL || fr.amount.i == cases[i].amount);
		} else {
			assert_int_equal(f.ds.count, 1);
			assert_int_equal(f.ds.list[0]->code, cases[i].code);
		}
		fixture_release(&f);
	}
}

static void spans(void **state)
{
	(void)state;
	struct fixture f;
	fixture_init(&f);
	const struct expr *e = parse(&f, "  (a + bb.ccc) not  in f(x, 'y')  ");
	assert_int_equal(e->start, 2);
	assert_int_equal(e->end, 32);
	assert_int_equal(e->op_at, 15);
	assert_int_equal(e->op_end, 22);
	const struct expr *sum = e->args[0], *member = sum->args[1], *call = e->args[1];
	assert_int_equal(sum->start, 2);
	assert_int_equal(sum->end, 14);
	assert_int_equal(sum->op_at, 5);
	assert_int_equal(member->start, 7);
	assert_int_equal(member->op_at, 10);
	assert_int_equal(member->end, 13);
	assert_int_equal(call->op_at, 23);
	assert_int_equal(call->op_end, 24);
	assert_int_equal(call->args[1]->end, 31);
	assert_int_equal(expr_span(call).start, 23);
	assert_int_equal(e->id, 0);
	assert_int_equal(parse(&f, "b")->id, 1);
	fixture_release(&f);
}

static bool parses_repeated(const char *head, const char *piece, int times, const char *tail, int *code)
{
	struct fixture f;
	struct buf text;
	fixture_init(&f);
	buf_init(&text, 1 << 20);
	buf_addz(&text, head);
	for (int i = 0; i < times; i++)
		buf_addz(&text, piece);
	buf_addz(&text, tail);
	const struct node *n = scalar(&f, buf_str(&text));
	bool ok = expr_parse(&f.a, n, 0, (uint32_t)n->text.n, &f.ids, &f.ds) != NULL;
	*code = f.ds.count ? f.ds.list[0]->code : 0;
	buf_release(&text);
	fixture_release(&f);
	return ok;
}

static void limits(void **state)
{
	(void)state;
	static const struct { const char *head, *piece, *tail; } deep[] = {
		{ "", "(", "1" }, { "", "[", "1" }, { "", "-", "1" }, { "", "not ", "a" }, { "a", ".b", "" }, { "a", " + a", "" },
		{ "", "f(", "1" }, { "a", "[a", "" }, { "", "if a then b else ", "c" }, { "a", " ?? a", "" }, { "", "f(x => ", "1" },
	};
	int code;
	for (size_t i = 0; i < COUNT(deep); i++) {
		assert_false(parses_repeated(deep[i].head, deep[i].piece, 100, deep[i].tail, &code));
		assert_int_equal(code, 208);
	}
	assert_true(parses_repeated("a", " + a", EXPR_DEPTH_MAX - 1, "", &code));
	assert_false(parses_repeated("a", " + a", EXPR_DEPTH_MAX, "", &code));
	assert_true(parses_repeated("'", "x", EXPR_BYTES_MAX - 2, "'", &code));
	assert_false(parses_repeated("'", "x", EXPR_BYTES_MAX - 1, "'", &code));
	assert_int_equal(code, 208);
}

/* --- generated trees ----------------------------------------------------- */

struct gen { struct fixture *f; uint64_t seed; };

static uint32_t pick(struct gen *g, uint32_t n)
{
	g->seed ^= g->seed << 13;
	g->seed ^= g->seed >> 7;
	g->seed ^= g->seed << 17;
	return (uint32_t)(g->seed >> 11) % n;
}

static struct expr *node(struct gen *g, enum expr_kind kind, uint32_t count)
{
	struct expr *e = arena_alloc(&g->f->a, sizeof(*e));
	e->kind = (uint8_t)kind;
	e->count = count;
	e->args = arena_array(&g->f->a, count + 1, sizeof(*e->args));
	return e;
}

static struct str name(struct gen *g)
{
	static const char *const names[] = { "a", "inputs", "x_1", "for", "samples", "is", "A", "nota", "true_" };
	return str_of(names[pick(g, COUNT(names))]);
}

static struct value literal(struct gen *g)
{
	static const char *const texts[] = { "", "x", "it's", "\"", "both ' and \"", "line\nend\ttab", "\xea\xb0\x80", "\\d+", "${{", "}}", "\x7f\x01" };
	int64_t n = (int64_t)((uint64_t)pick(g, 1u << 30) << pick(g, 34));
	switch (pick(g, 9)) {
	case 0: return value_null;
	case 1: return value_bool(pick(g, 2));
	case 2: return value_int(n);
	case 3: return value_float((double)n / 1024.0 * (pick(g, 2) ? 1e-9 : 1e30));
	case 4: return value_unit(V_DURATION, n);
	case 5: return value_unit(V_SIZE, n);
	case 6: return value_unit(V_PERCENT, n);
	default: return value_strz(texts[pick(g, COUNT(texts))]);
	}
}

static const struct expr *tree(struct gen *g, int depth);

static const struct expr *call(struct gen *g, int depth)
{
	struct expr *e = node(g, EXPR_CALL, 1 + pick(g, 3));
	e->name = pick(g, 4) ? name(g) : STR("in");
	e->method = str_eqz(e->name, "in") || pick(g, 2);
	for (uint32_t i = 0; i < e->count; i++) {
		if (pick(g, 4) || (e->method && !i)) {
			e->args[i] = tree(g, depth - 1);
		} else {
			struct expr *l = node(g, EXPR_LAMBDA, 1);
			l->name = name(g);
			l->args[0] = tree(g, depth - 1);
			e->args[i] = l;
		}
	}
	return e;
}

static const struct expr *tree(struct gen *g, int depth)
{
	static const enum expr_kind kinds[] = { EXPR_LIT, EXPR_NAME, EXPR_MEMBER, EXPR_OPT, EXPR_INDEX, EXPR_CALL, EXPR_LIST, EXPR_NEG,
						EXPR_NOT, EXPR_BINARY, EXPR_BINARY, EXPR_BINARY, EXPR_IF };
	static const uint8_t counts[] = { 0, 0, 1, 1, 2, 0, 0, 1, 1, 2, 2, 2, 3 };
	uint32_t k = pick(g, depth > 0 ? COUNT(kinds) : 2);
	if (kinds[k] == EXPR_CALL)
		return call(g, depth);
	struct expr *e = node(g, kinds[k], kinds[k] == EXPR_LIST ? pick(g, 3) : counts[k]);
	if (e->kind == EXPR_LIT)
		e->lit = literal(g);
	if (e->kind == EXPR_NAME || e->kind == EXPR_MEMBER || e->kind == EXPR_OPT)
		e->name = name(g);
	if (e->kind == EXPR_BINARY)
		e->op = (uint8_t)pick(g, OP_COALESCE + 1);
	for (uint32_t i = 0; i < e->count; i++)
		e->args[i] = tree(g, depth - 1);
	return e;
}

/* Taking any one pair of parentheses away must change the tree. */
static void no_needless_parentheses(struct fixture *f, const struct expr *e)
{
	char *text = strdup(f->out.p);
	size_t n = strlen(text);
	if (n > 200 || strpbrk(text, "'\"")) {
		free(text);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (text[i] != '(' || (i && (strchr("_", text[i - 1]) || (text[i - 1] >= '0' && text[i - 1] != '[' && text[i - 1] <= 'z'))))
			continue;
		size_t close = i;
		for (int open = 0; close < n; close++) {
			open += (text[close] == '(') - (text[close] == ')');
			if (!open)
				break;
		}
		char *less = strdup(text);
		less[i] = less[close] = ' ';
		size_t before = f->ds.count;
		const struct expr *again = parse(f, less);
		if (again && same(again, e))
			fail_msg("needless parentheses: %s", text);
		f->ds.count = before;
		free(less);
	}
	free(text);
}

static void print_and_parse_agree(void **state)
{
	(void)state;
	uint64_t seed = 0x9e3779b97f4a7c15u;
	int tried = 0;
	for (int i = 0; i < 6000; i++) {
		struct fixture f;
		fixture_init(&f);
		struct gen g = { &f, seed + (uint64_t)i * 7919 };
		pick(&g, 2);
		const struct expr *e = tree(&g, 1 + i % 6);
		struct str text = arena_str(&f.a, print(&f, e), strlen(print(&f, e)));
		if (text.n <= EXPR_BYTES_MAX) {
			const struct expr *again = parse(&f, text.p);
			if (!again)
				fail_msg(STR_FMT "\n" STR_FMT, STR_ARG(text), STR_ARG(f.ds.list[0]->message));
			if (!same(e, again))
				fail_msg(STR_FMT "\n%s", STR_ARG(text), print(&f, again));
			assert_string_equal(print(&f, again), text.p);
			no_needless_parentheses(&f, e);
			tried++;
		}
		fixture_release(&f);
	}
	assert_true(tried > 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_as_the_grammar_says), cmocka_unit_test(messages), cmocka_unit_test(rules),
		cmocka_unit_test(spans), cmocka_unit_test(limits), cmocka_unit_test(print_and_parse_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
