#include "cli/ui_state.h"

#include "base/visible.h"
#include "syntax/shell.h"
#include "value/json.h"

/* ui_describe: what a step is, in a few words, from its intent. */

static void put_words(struct ui *u, struct str raw, struct buf *out)
{
	struct json_error je;
	struct value v;
	struct buf word;

	if (!json_parse(&u->arena, raw, &v, &je) || v.kind != V_LIST)
		return;
	buf_init(&word, 4096);
	for (uint32_t i = 0; i < v.n && out->len < 150; i++) {
		if (i)
			buf_addc(out, ' ');
		buf_clear(&word);
		if (v.list[i].kind == V_STRING)
			shell_quote(&word, value_text(v.list[i]));
		else
			buf_addz(&word, "...");
		visible_add(out, str_slice(buf_str(&word), 0, 120));
	}
	buf_release(&word);
}

/* What people call an item: of a record its item, name or id, if it has one. */
static struct value label_of(struct value item)
{
	static const char *const names[] = { "item", "name", "id" };

	for (size_t i = 0; item.kind == V_MAP && i < sizeof(names) / sizeof(*names); i++) {
		const struct value *v = value_get(item, str_of(names[i]));

		if (v && v->kind != V_MAP && v->kind != V_LIST && v->kind != V_NULL)
			return *v;
	}
	return item;
}

static bool whole_number(struct str raw)
{
	size_t i = 0;

	while (i < raw.n && raw.p[i] >= '0' && raw.p[i] <= '9')
		i++;
	return i == raw.n && raw.n && raw.n < STR_DIGITS - 1;
}

/* " [item]" of a loop. */
static void put_item(struct ui *u, struct str raw, struct buf *out)
{
	struct json_error je;
	struct value item;
	struct buf t;

	if (whole_number(raw)) { /* it is shown as it is written */
		buf_addz(out, " [");
		buf_adds(out, raw);
		buf_addc(out, ']');
		return;
	}
	buf_init(&t, 200);
	if (json_parse_typed(&u->arena, raw, &item, &je)) {
		value_show(label_of(item), &t);
		buf_addz(out, " [");
		visible_add(out, str_slice(buf_str(&t), 0, 40));
		buf_addc(out, ']');
	}
	buf_release(&t);
}

/* What has no name. */
static void put_action(struct ui *u, const struct record *r, struct buf *out)
{
	struct str argv = record_raw(r, "argv"), query = record_raw(r, "query"), url = record_raw(r, "url");
	struct str action;

	if (argv.n) {
		put_words(u, argv, out);
		return;
	}
	if (query.n) {
		visible_add(out, str_slice(record_string(query, &u->arena), 0, 120));
		return;
	}
	if (url.n) {
		visible_add(out, record_text(r, &u->arena, "method"));
		buf_addc(out, ' ');
		visible_add(out, str_slice(record_string(url, &u->arena), 0, 120));
		return;
	}
	action = record_text(r, &u->arena, "action");
	if (str_eqz(action, "wait")) {
		buf_printf(out, "wait " STR_FMT, STR_ARG(record_text(r, &u->arena, "wait")));
	} else if (str_eqz(action, "uses")) {
		buf_addz(out, "uses ");
		visible_add(out, str_slice(record_text(r, &u->arena, "uses"), 0, 120));
	} else if (str_eqz(action, "render")) {
		buf_addz(out, "render ");
		visible_add(out, str_slice(record_text(r, &u->arena, "to"), 0, 120));
	} else if (str_eqz(action, "run")) {
		buf_printf(out, STR_FMT ": ", STR_ARG(record_text(r, &u->arena, "shell")));
		visible_add(out, record_text(r, &u->arena, "line"));
	} else {
		buf_adds(out, action.n ? action : STR("check"));
	}
}

struct str ui_describe(struct ui *u, const struct record *r, size_t max)
{
	struct str name = record_text(r, &u->arena, "name"), item = record_raw(r, "item"), s;
	struct buf *b = &u->words;

	buf_clear(b);
	if (name.n)
		visible_add(b, str_slice(name, 0, 140));
	else
		put_action(u, r, b);
	if (item.n)
		put_item(u, item, b);
	/* cut at a code point */
	s = buf_str(b);
	if (s.n > max) {
		s.n = max;
		while (s.n && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
			s.n--;
	}
	return s;
}
