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

void ui_describe(struct ui *u, const struct record *r, struct buf *out)
{
	struct str name = record_text(r, &u->arena, "name"), action = record_text(r, &u->arena, "action");
	struct buf b;

	buf_init(&b, 512);
	if (name.n) {
		visible_add(&b, str_slice(name, 0, 140));
	} else if (record_raw(r, "argv").n) {
		put_words(u, record_raw(r, "argv"), &b);
	} else if (record_raw(r, "query").n) {
		visible_add(&b, str_slice(record_text(r, &u->arena, "query"), 0, 120));
	} else if (record_raw(r, "url").n) {
		visible_add(&b, record_text(r, &u->arena, "method"));
		buf_addc(&b, ' ');
		visible_add(&b, str_slice(record_text(r, &u->arena, "url"), 0, 120));
	} else if (str_eqz(action, "wait")) {
		buf_printf(&b, "wait " STR_FMT, STR_ARG(record_text(r, &u->arena, "wait")));
	} else if (str_eqz(action, "uses")) {
		buf_addz(&b, "uses ");
		visible_add(&b, str_slice(record_text(r, &u->arena, "uses"), 0, 120));
	} else if (str_eqz(action, "render")) {
		buf_addz(&b, "render ");
		visible_add(&b, str_slice(record_text(r, &u->arena, "to"), 0, 120));
	} else if (str_eqz(action, "run")) {
		buf_printf(&b, STR_FMT ": ", STR_ARG(record_text(r, &u->arena, "shell")));
		visible_add(&b, record_text(r, &u->arena, "line"));
	} else {
		buf_adds(&b, action.n ? action : STR("check"));
	}
	if (record_raw(r, "item").n) {
		struct json_error je;
		struct value item;
		struct buf t;

		buf_init(&t, 200);
		if (json_parse_typed(&u->arena, record_raw(r, "item"), &item, &je)) {
			value_show(label_of(item), &t);
			buf_addz(&b, " [");
			visible_add(&b, str_slice(buf_str(&t), 0, 40));
			buf_addc(&b, ']');
		}
		buf_release(&t);
	}
	/* cut at a code point */
	struct str s = buf_str(&b);
	size_t n = s.n < out->max ? s.n : out->max;

	while (n && n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	buf_add(out, s.p, n);
	buf_release(&b);
}
