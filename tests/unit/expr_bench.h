#ifndef RB_TESTS_UNIT_EXPR_BENCH_H
#define RB_TESTS_UNIT_EXPR_BENCH_H
/*
 * expr_bench: a scope with a name of every type, and one line of text for what
 * an expression gives: its JSON, "RB214 8-9 message" when it does not compile,
 * "! 1-6 message" when it fails. Columns are from 1, the end is past the last.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "eval/eval.h"
#include "syntax/node.h"
#include "value/json.h"
#include "value/units.h"

struct name { const char *name; const struct type *type; struct value value; const char *note; };

enum { NAMES = 64 };
struct bench {
	struct arena arena;
	struct diags ds;
	struct scope scope;
	struct name names[NAMES];
	uint32_t count;
	char line[2048];
};

static inline struct value bench_json(struct bench *b, const char *json)
{
	struct json_error e;
	struct value v;

	if (!json_parse_typed(&b->arena, str_of(json), &v, &e))
		fail_msg("%s: %s", json, e.text);
	return v;
}

static inline void bench_name(struct bench *b, const char *name, const struct type *t, const char *json)
{
	assert_true(b->count < NAMES);
	b->names[b->count++] = (struct name){ name, t, bench_json(b, json), NULL };
}

static inline bool bench_find(const struct scope *s, struct str name, struct span at, struct diags *ds, struct binding *out)
{
	const struct bench *b = s->owner;

	if (str_eqz(name, "later")) { /* a scope may refuse with words of its own */
		diag_add(ds, 236, at, "`later` runs later");
		out->type = &type_error;
		return true;
	}
	for (uint32_t i = 0; i < b->count; i++)
		if (str_eqz(name, b->names[i].name)) {
			out->type = b->names[i].type;
			out->ref = (struct ref){ 1, 0, i, 0 };
			out->note = str_of(b->names[i].note);
			return true;
		}
	return false;
}

/* Members of the namespace `steps`: steps.build and steps.copy, with status and n. */
static inline bool bench_member(const struct scope *s, const struct binding *of, struct str name, struct span at,
				struct diags *ds, struct binding *out)
{
	const struct bench *b = s->owner;
	char full[64];

	if (of->ref.b == 0 && (str_eqz(name, "build") || str_eqz(name, "copy"))) {
		out->type = &type_namespace;
		out->ref = (struct ref){ 1, 0, of->ref.a, 1 };
		return true;
	}
	if (of->ref.b == 0)
		return false;
	snprintf(full, sizeof full, "steps_%.*s", STR_ARG(name));
	(void)b;
	return bench_find(s, str_of(full), at, ds, out);
}

static inline void bench_names(const struct scope *s, const struct binding *of, void (*each)(void *, struct str), void *arg)
{
	const struct bench *b = s->owner;

	if (of) {
		each(arg, str_of(of->ref.b ? "status" : "build"));
		each(arg, str_of(of->ref.b ? "n" : "copy"));
		return;
	}
	for (uint32_t i = 0; i < b->count; i++)
		each(arg, str_of(b->names[i].name));
}

static inline struct value bench_fetch(void *ctx, struct ref ref)
{
	const struct bench *b = ctx;

	return b->names[ref.a].value;
}

static inline const struct type *bench_record(struct bench *b)
{
	struct field *f = arena_array(&b->arena, 3, sizeof *f);

	f[0] = (struct field){ STR("item"), &type_string };
	f[1] = (struct field){ STR("status"), &type_status };
	f[2] = (struct field){ STR("n"), type_optional(&b->arena, &type_int) };
	return type_record(&b->arena, f, 3);
}

static inline void bench_init(struct bench *b)
{
	struct arena *a = &b->arena;

	memset(b, 0, sizeof *b);
	arena_init(a);
	diags_init(&b->ds, a);
	b->scope = (struct scope){ bench_find, bench_member, bench_names, b };
	bench_name(b, "yes", &type_bool, "true");
	bench_name(b, "no", &type_bool, "false");
	bench_name(b, "n", &type_int, "5");
	bench_name(b, "big", &type_int, "9223372036854775807");
	bench_name(b, "low", &type_int, "-9223372036854775808");
	bench_name(b, "f", &type_float, "2.5");
	bench_name(b, "s", &type_string, "\"abc\"");
	bench_name(b, "p", &type_percent, "{\"percent\":0.4}");
	b->names[b->count - 1].note = "captured at 36:7 as ratio(out.error_rate)";
	bench_name(b, "d", &type_duration, "{\"duration_ns\":250000000}");
	bench_name(b, "z", &type_size, "{\"size\":1500}");
	bench_name(b, "t", &type_time, "{\"time\":\"2026-11-21T02:03:04Z\"}");
	bench_name(b, "l", type_list(a, &type_int), "[3,1,2]");
	bench_name(b, "ls", type_list(a, &type_string), "[\"b\",\"a\",\"b\"]");
	bench_name(b, "ld", type_list(a, &type_duration), "[{\"duration_ns\":3000000000},{\"duration_ns\":1000000000}]");
	bench_name(b, "ln", type_list(a, type_optional(a, &type_int)), "[1,null,3]");
	bench_name(b, "empty", type_list(a, &type_int), "[]");
	bench_name(b, "on", type_optional(a, &type_int), "null");
	bench_name(b, "oi", type_optional(a, &type_int), "7");
	bench_name(b, "os", type_optional(a, &type_string), "null");
	bench_name(b, "ob", type_optional(a, &type_bool), "true");
	bench_name(b, "j", &type_any, "{\"n\":5,\"f\":0.004,\"s\":\"x\",\"nil\":null,\"b\":true,\"l\":[1,2.5,3],"
		   "\"mix\":[1,\"a\",null],\"o\":[{\"n\":2},{\"n\":1}],\"t\":\"12\"}");
	bench_name(b, "st", &type_status, "\"ok\"");
	bench_name(b, "rs", &type_run_status, "\"failed\"");
	bench_name(b, "m", type_map(a, &type_string), "{\"a\":\"1\",\"b\":\"2\"}");
	bench_name(b, "rec", bench_record(b), "{\"item\":\"x\",\"status\":\"ok\",\"n\":null}");
	bench_name(b, "each", type_list(a, bench_record(b)),
		   "[{\"item\":\"x\",\"status\":\"ok\",\"n\":4},{\"item\":\"y\",\"status\":\"failed\",\"n\":null}]");
	bench_name(b, "orec", type_optional(a, bench_record(b)), "null");
	bench_name(b, "u", &type_int, "{\"unknown\":\"steps.a.n\"}");
	bench_name(b, "ub", &type_bool, "{\"unknown\":\"steps.a.ok\"}");
	bench_name(b, "us", &type_string, "{\"unknown\":\"steps.a.tag\"}");
	bench_name(b, "lu", type_list(a, &type_int), "[1,{\"unknown\":\"steps.b.n\"},3]");
	bench_name(b, "sec", type_secret(a, &type_string), "\"hunter2\"");
	b->names[b->count - 1].value.flags = VALUE_SECRET;
	bench_name(b, "cut", &type_string, "\"long\"");
	b->names[b->count - 1].value.flags = VALUE_TRUNCATED;
	bench_name(b, "lie", &type_int, "null"); /* its scope says int, its value is null */
	bench_name(b, "steps", &type_namespace, "null");
	bench_name(b, "steps_status", &type_status, "\"ok\"");
	bench_name(b, "steps_n", type_optional(a, &type_int), "null");
}

static inline void bench_release(struct bench *b)
{
	diags_release(&b->ds);
	arena_release(&b->arena);
}

static inline struct node *bench_scalar(struct bench *b, const char *text)
{
	struct node *n = arena_alloc(&b->arena, sizeof *n);
	struct source *src = source_new(&b->arena, STR("test"), str_of(text));

	n->kind = NODE_SCALAR;
	n->style = NODE_PLAIN;
	n->text = arena_str(&b->arena, text, strlen(text));
	n->span = span_of(src, 0, (uint32_t)strlen(text));
	return n;
}

static inline const struct expr *bench_parse(struct bench *b, const char *text)
{
	uint32_t id = 0;

	return expr_parse(&b->arena, bench_scalar(b, text), 0, (uint32_t)strlen(text), &id, &b->ds);
}

static inline const struct code *bench_compile(struct bench *b, const char *text, const struct type *want)
{
	const struct expr *e = bench_parse(b, text);

	return e ? expr_compile(&b->arena, e, &b->scope, want, &b->ds) : NULL;
}

static inline struct eval_env bench_env(struct bench *b)
{
	return (struct eval_env){ .fetch = bench_fetch, .ctx = b, .arena = &b->arena };
}

static inline int columns(char *out, size_t max, struct span at)
{
	return snprintf(out, max, "%u-%u", source_locate(at.src, at.start).column, source_locate(at.src, at.end).column);
}

/* The first diagnostic in one line; the others only by code. */
static inline void bench_complaint(struct bench *b)
{
	size_t n;

	if (!b->ds.count) {
		snprintf(b->line, sizeof b->line, "no code and no diagnostic");
		return;
	}
	n = (size_t)snprintf(b->line, sizeof b->line, "RB%03d ", b->ds.list[0]->code);
	n += (size_t)columns(b->line + n, sizeof b->line - n, b->ds.list[0]->span);
	n += (size_t)snprintf(b->line + n, sizeof b->line - n, " %.*s", STR_ARG(b->ds.list[0]->message));
	for (size_t i = 1; i < b->ds.count; i++)
		n += (size_t)snprintf(b->line + n, sizeof b->line - n, " RB%03d", b->ds.list[i]->code);
}

static inline void bench_outcome(struct bench *b, struct value v, const struct eval_error *err)
{
	struct buf out;
	size_t n;

	if (err->set) {
		n = (size_t)snprintf(b->line, sizeof b->line, "! ");
		n += (size_t)columns(b->line + n, sizeof b->line - n, err->at);
		snprintf(b->line + n, sizeof b->line - n, " %s", err->text);
		return;
	}
	buf_init(&out, sizeof b->line - 1);
	json_print_typed(v, &out);
	snprintf(b->line, sizeof b->line, "%s", out.p);
	buf_release(&out);
}

/* What the expression gives, in one line. */
static inline const char *bench_run(struct bench *b, const char *text)
{
	const struct code *c;
	struct eval_error err;
	struct eval_env env = bench_env(b);

	diags_release(&b->ds);
	diags_init(&b->ds, &b->arena);
	c = bench_compile(b, text, NULL);
	if (!c)
		bench_complaint(b);
	else
		bench_outcome(b, code_eval(c, &env, &err), &err);
	return b->line;
}

struct row { const char *expr, *gives; };

/* Runs all rows; fails after having shown every difference. */
static inline void bench_rows(const struct row *rows, size_t count)
{
	struct bench b;
	size_t wrong = 0;

	for (size_t i = 0; i < count; i++) {
		bench_init(&b);
		if (strcmp(bench_run(&b, rows[i].expr), rows[i].gives)) {
			print_error("%s\n  gives    %s\n  expected %s\n", rows[i].expr, b.line, rows[i].gives);
			wrong++;
		}
		bench_release(&b);
	}
	if (wrong)
		fail_msg("%zu of %zu rows differ", wrong, count);
}

#endif
