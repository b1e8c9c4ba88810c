/*
 * fuzz_yaml: any bytes as a YAML file. node_read must give a tree or a
 * diagnostic, every span must lie in the source, node_slice must find a place
 * for each character in order, and the diagnostics must print.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "syntax/node.h"

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_span(struct span s, const struct source *src)
{
	must(s.src == src && s.start <= s.end && s.end <= src->text.n);
}

static void check_scalar(const struct node *n, const struct source *src)
{
	uint32_t before = 0, size = (uint32_t)n->text.n;

	must(n->text.p[size] == '\0');
	/* Each call walks the scalar from its start. */
	for (uint32_t i = 0; i < size; i = i < 200 ? i + 1 : i + size / 50 + 1) {
		struct span s = node_slice(n, i, i + 1);
		check_span(s, src);
		must(s.start >= before);
		before = s.start;
	}
	check_span(node_slice(n, 0, size), src);
	check_span(node_slice(n, size, size), src);
}

static void check_tree(const struct node *n, const struct source *src)
{
	uint32_t count = 0;

	check_span(n->span, src);
	if (n->kind == NODE_SCALAR) {
		check_scalar(n, src);
		return;
	}
	for (const struct node *c = n->first; c; c = c->next, count++) {
		if (n->kind == NODE_MAP) {
			check_span(c->key_span, src);
			must(node_get(n, c->key.p) != NULL || c->key.n == 0 || memchr(c->key.p, '\0', c->key.n));
		}
		check_tree(c, src);
	}
	must(count == n->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;
	struct diags ds;
	struct buf out;
	struct source *src;
	struct node *root;

	arena_init(&a);
	diags_init(&ds, &a);
	buf_init(&out, 1 << 20);
	src = source_new(&a, STR("fuzz.yml"), (struct str){ (const char *)data, size });
	root = node_read(&a, src, NULL, &ds);
	must(root || ds.errors);
	if (root)
		check_tree(root, src);
	for (size_t i = 0; i < ds.count; i++)
		check_span(ds.list[i]->span, src);
	diags_sort(&ds);
	diag_text(&ds, &out, false);
	buf_release(&out);
	diags_release(&ds);
	arena_release(&a);
	return 0;
}
