/*
 * fuzz_expr: any text as an expression and as a monitor's rule. What parses
 * must print, parse again to the same text, and keep its spans inside it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "syntax/expr.h"
#include "syntax/node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static struct node *scalar(struct arena *a, struct str text)
{
	struct node *n = arena_alloc(a, sizeof(*n));
	n->kind = NODE_SCALAR;
	n->style = NODE_PLAIN;
	n->text = arena_str(a, text.p, text.n);
	n->span = span_of(source_new(a, STR("fuzz"), n->text), 0, (uint32_t)text.n);
	return n;
}

static void check_tree(const struct expr *e, uint32_t from, uint32_t to)
{
	must(e->start <= e->op_at && e->op_at <= e->op_end && e->op_end <= e->end);
	must(e->start >= from && e->end <= to && e->depth >= 1 && e->depth <= EXPR_DEPTH_MAX);
	for (uint32_t i = 0; i < e->count; i++) {
		must(e->args[i]->depth < e->depth);
		check_tree(e->args[i], e->start, e->end);
	}
}

static void check_print(struct arena *a, const struct expr *e)
{
	struct buf first, second;
	struct diags ds;
	uint32_t ids = 0;
	buf_init(&first, 1 << 20);
	buf_init(&second, 1 << 20);
	diags_init(&ds, a);
	expr_print(e, &first);
	const struct node *n = scalar(a, buf_str(&first));
	const struct expr *again = expr_parse(a, n, 0, (uint32_t)n->text.n, &ids, &ds);
	/* canonical text may be longer than the source: 2w prints as 14d */
	if (first.len <= EXPR_BYTES_MAX) {
		must(again != NULL);
		expr_print(again, &second);
		must(str_eq(buf_str(&first), buf_str(&second)));
	}
	diags_release(&ds);
	buf_release(&first);
	buf_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;
	struct diags ds;
	struct expr_for fr;
	struct buf out;
	uint32_t ids = 0;
	/* text has no NUL: the reader of YAML sees to that */
	if (size > 2 * EXPR_BYTES_MAX || (size && memchr(data, 0, size)))
		return 0;
	arena_init(&a);
	diags_init(&ds, &a);
	const struct node *n = scalar(&a, (struct str){ (const char *)data, size });
	const struct expr *e = expr_parse(&a, n, 0, (uint32_t)size, &ids, &ds);
	must((e != NULL) == (ds.count == 0));
	if (e) {
		check_tree(e, 0, (uint32_t)size);
		check_print(&a, e);
	}
	expr_parse_rule(&a, n, &ids, &fr, &ds);
	buf_init(&out, 1 << 20);
	diag_text(&ds, &out, false);
	buf_release(&out);
	diags_release(&ds);
	arena_release(&a);
	return 0;
}
