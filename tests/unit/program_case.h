#ifndef RB_TESTS_PROGRAM_CASE_H
#define RB_TESTS_PROGRAM_CASE_H
/*
 * program_case: loads a runbook from text and tells what check said as a line of
 * codes, "RB150 RB501". Shared by the tests of the runbook parser and of plan.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "plan/program.h"

struct loaded {
	struct arena arena;
	struct diags ds;
	struct program *p;
	struct str codes;      /* in order of place */
};

static void load_text(struct loaded *l, const char *text)
{
	struct buf b;
	arena_init(&l->arena);
	diags_init(&l->ds, &l->arena);
	struct source *src = source_new(&l->arena, STR("t.yml"), arena_str(&l->arena, text, strlen(text)));
	l->p = program_load(&l->arena, src, NULL, &l->ds);
	diags_sort(&l->ds);
	buf_init(&b, 1 << 16);
	for (size_t i = 0; i < l->ds.count; i++)
		buf_printf(&b, "%sRB%03d", i ? " " : "", l->ds.list[i]->code);
	l->codes = arena_str(&l->arena, b.p ? b.p : "", b.len);
	buf_release(&b);
}

static void unload(struct loaded *l)
{
	program_release(l->p);
	diags_release(&l->ds);
	arena_release(&l->arena);
}

/* `body` behind `runbook: 1`; expect: the codes, "" for none. */
static inline void expect_codes(const char *body, const char *expect)
{
	struct loaded l;
	struct buf text, said;
	buf_init(&text, 1 << 20);
	buf_addz(&text, "runbook: 1\n");
	buf_addz(&text, body);
	load_text(&l, text.p);
	if (!str_eqz(l.codes, expect)) {
		buf_init(&said, 1 << 20);
		diag_text(&l.ds, &said, false);
		fail_msg("expected [%s], got [%s] for\n%s\n%s", expect, l.codes.p, body, said.p ? said.p : "");
	}
	assert_int_equal(l.p == NULL, l.ds.errors > 0);
	unload(&l);
	buf_release(&text);
}

struct codes_case { const char *body, *codes; };

static inline void expect_all(const struct codes_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect_codes(cases[i].body, cases[i].codes);
}
#define EXPECT_ALL(cases) expect_all((cases), sizeof(cases) / sizeof *(cases))

#endif
