#include "cli/eval_data.h"

#include <string.h>
#include "base/file.h"
#include "cli/command.h"
#include "cli/source.h"
#include "syntax/node.h"
#include "syntax/template.h"
#include "value/json.h"

enum { CONTEXT_MAX = 16 << 20 };

/* Literals of a YAML tree: typed as in `vars`; holes are text here. */
static struct value data_value(struct cli *c, const struct data *d)
{
	if (d->kind == DATA_LIT)
		return d->lit;
	if (d->kind == DATA_TEXT)
		return value_str(d->node->text);
	if (d->kind == DATA_LIST) {
		struct value *items = arena_array(&c->arena, d->c.count, sizeof(*items));

		for (uint32_t i = 0; i < d->c.count; i++)
			items[i] = data_value(c, &d->c.items[i]);
		return value_list(items, d->c.count);
	}
	if (d->kind == DATA_MAP) {
		struct pair *pairs = arena_array(&c->arena, d->c.count, sizeof(*pairs));

		for (uint32_t i = 0; i < d->c.count; i++)
			pairs[i] = (struct pair){ d->c.keys[i], data_value(c, &d->c.items[i]) };
		return value_map(pairs, d->c.count);
	}
	return value_null;
}

static bool read_yaml(struct cli *c, const char *path, struct str text, struct value *out)
{
	struct node_limits limits = { CONTEXT_MAX, 0, 0 };
	struct diags ds;
	uint32_t next = 0;
	struct node *n;
	bool ok;

	diags_init(&ds, &c->arena);
	n = node_read(&c->arena, source_new(&c->arena, str_of(path), text), &limits, &ds);
	if (n) {
		struct data d = data_parse(&c->arena, n, DATA_TYPED, &next, &ds);

		*out = data_value(c, &d);
	}
	ok = n && !ds.errors;
	if (!ok)
		source_report(c, &ds, DIAG_TEXT);
	diags_release(&ds);
	return ok;
}

bool eval_data_file(struct cli *c, const char *path, struct value *out)
{
	struct json_error je;
	struct str text, start;
	int err = file_read(&c->arena, path, CONTEXT_MAX, &text);

	if (err) {
		cli_error("%s: %s", path, file_error(err));
		return false;
	}
	start = str_trim(text);
	if (start.n && (start.p[0] == '{' || start.p[0] == '[')) {
		if (json_parse(&c->arena, text, out, &je))
			return true;
		if (str_ends(str_of(path), STR(".json"))) {
			cli_error("%s:%d:%d: %s", path, je.line, je.column, je.text);
			return false;
		}
	}
	return read_yaml(c, path, text, out);
}
