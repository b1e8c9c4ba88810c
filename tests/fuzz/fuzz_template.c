/*
 * fuzz_template: any text as a template, as data, and as a script in all shell
 * dialects. Texts and holes must cover the text exactly; a scan that gave up
 * accepts no hole behind that point; a program holds each accepted hole once.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "syntax/node.h"
#include "syntax/shell.h"
#include "syntax/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_parts(const struct tmpl *t, size_t size)
{
	uint32_t at = 0;
	for (uint32_t i = 0; i < t->count; i++) {
		must(t->parts[i].start == at + t->parts[i].text.n && t->parts[i].end >= t->parts[i].start);
		must((t->parts[i].hole == NULL) == (i + 1 == t->count));
		at = t->parts[i].end;
	}
	must(at == size);
}

static void check_script(struct arena *a, const struct tmpl *t, enum shell_dialect d)
{
	struct shell_scan s = shell_scan(a, t, d);
	size_t literal = 0, holes = 0;
	bool refused = false;
	must(s.hole_count == t->count - 1);
	for (uint32_t i = 0; i < t->count; i++)
		literal += t->parts[i].text.n;
	for (uint32_t i = 0; i < s.hole_count; i++) {
		char hole[40];
		must(s.holes[i].context <= SHELL_REFUSED && (s.holes[i].context == SHELL_REFUSED) == (s.holes[i].why != NULL));
		/* once given up, no later hole may be accepted */
		if (!s.complete && refused && s.holes[i].context != SHELL_REFUSED)
			must(strcmp(s.holes[i - 1].why ? s.holes[i - 1].why : "", "where the quoting is not clear") != 0);
		refused = s.holes[i].context == SHELL_REFUSED;
		if (!refused)
			holes += (size_t)snprintf(hole, sizeof(hole), d == SHELL_PWSH ? "${env:RB_%u}" : s.holes[i].context == SHELL_DOUBLE ?
						  "${RB_%u}" : "\"${RB_%u}\"", (unsigned)(i + 1));
	}
	for (uint32_t i = 0; i < s.var_count; i++)
		must(s.vars[i].end <= t->node->text.n && s.vars[i].end - s.vars[i].start == s.vars[i].name.n && s.vars[i].name.n);
	for (uint32_t i = 0; i < s.reparse_count; i++)
		must(s.reparse_holes[i] < s.hole_count);
	must(s.has_pipe == (s.pipe_at < t->node->text.n));
	must(shell_program(a, t, &s, d).n == literal + holes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;
	struct diags ds;
	uint32_t ids = 0;
	/* text has no NUL: the reader of YAML sees to that */
	if (size > 1 << 16 || (size && memchr(data, 0, size)))
		return 0;
	arena_init(&a);
	diags_init(&ds, &a);
	struct node *n = arena_alloc(&a, sizeof(*n));
	n->kind = NODE_SCALAR;
	n->style = NODE_PLAIN;
	n->text = arena_str(&a, (const char *)data, size);
	n->span = span_of(source_new(&a, STR("fuzz"), n->text), 0, (uint32_t)size);
	const struct tmpl *t = tmpl_parse(&a, n, &ids, &ds);
	must((t != NULL) == (ds.count == 0));
	if (t) {
		check_parts(t, size);
		check_script(&a, t, SHELL_SH);
		check_script(&a, t, SHELL_BASH);
		check_script(&a, t, SHELL_PWSH);
	}
	data_parse(&a, n, DATA_TYPED, &ids, &ds);
	data_parse(&a, n, DATA_JSON, &ids, &ds);
	diags_release(&ds);
	arena_release(&a);
	return 0;
}
