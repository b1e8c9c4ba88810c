#include "journal/named.h"

#include "base/arena.h"
#include "journal/record.h"
#include "journal/stored.h"
#include "value/json.h"

/* named: members that hold the name of a file. */

static void blob(const struct named *to, struct str hex)
{
	if (to->blob && hex.n)
		to->blob(to->arg, hex);
}

static void output(struct arena *a, const struct record *r, const char *member, const struct named *to)
{
	struct str raw = record_raw(r, member);
	struct stored_output out;

	if (!raw.n)
		return;
	if (stored_output(a, "", raw, 0, &out)) {
		if (to->odd)
			to->odd(to->arg, member);
		return;
	}
	blob(to, out.blob);
	blob(to, out.head);
	blob(to, out.tail);
}

static struct str text_in(struct value map, const char *name)
{
	const struct value *v = map.kind == V_MAP ? value_get(map, str_of(name)) : NULL;

	return v && v->kind == V_STRING ? value_text(*v) : STR("");
}

/* sha256 of each map of a list; `files` of each, too. */
static void files(const struct value *list, const struct named *to)
{
	for (uint32_t i = 0; list && list->kind == V_LIST && i < list->n; i++) {
		blob(to, text_in(list->list[i], "sha256"));
		if (list->list[i].kind == V_MAP)
			files(value_get(list->list[i], STR("files")), to);
	}
}

static void list_member(struct arena *a, const struct record *r, const char *member, const char *inside, const struct named *to)
{
	struct str raw = record_raw(r, member);
	struct json_error je;
	struct value v;

	if (!raw.n || !json_parse(a, raw, &v, &je))
		return;
	files(inside ? v.kind == V_MAP ? value_get(v, str_of(inside)) : NULL : &v, to);
}

void named_each(struct arena *a, const struct record *r, const struct named *to)
{
	if (str_eqz(r->t, "run.open")) {
		blob(to, record_text(r, a, "program"));
		list_member(a, r, "files", NULL, to);
		list_member(a, r, "modules", NULL, to);
		list_member(a, r, "source", "changed", to);
	} else if (str_eqz(r->t, "torn")) {
		if (to->torn)
			to->torn(to->arg, record_text(r, a, "file"), record_text(r, a, "sha256"));
	} else if (str_eqz(r->t, "answer") || str_eqz(r->t, "approval")) {
		struct str file = record_text(r, a, "file");

		if (to->answer && file.n)
			to->answer(to->arg, file);
	} else if (str_eqz(r->t, "step.attempt") || str_eqz(r->t, "probe") || str_eqz(r->t, "message")) {
		output(a, r, "out", to);
		output(a, r, "err", to);
	}
}
