/*
 * json_print: values as JSON, plain for people and programs, typed for eval and
 * the journal. Writes into a buf; depth is bounded by VALUE_DEPTH_MAX.
 */
#include "base/buf.h"
#include "base/jsonw.h"
#include "value/json.h"
#include "value/json_typed.h"
#include "value/units.h"

struct printer { struct buf *out; int indent; bool typed; };

static void put_string(struct printer *p, struct str s)
{
	struct jsonw w;
	jsonw_init(&w, p->out);
	if (p->typed)
		jsonw_bytes(&w, s);
	else
		jsonw_str(&w, s);
}

static void put_quoted(struct printer *p, struct value v)
{
	buf_addc(p->out, '"');
	value_to_text(v, p->out);
	buf_addc(p->out, '"');
}

static void put_percent(struct printer *p, struct value v)
{
	struct buf text;
	double d;
	int64_t back;
	buf_init(&text, 64);
	unit_put_percent(&text, v.i);
	struct str number = str_slice(buf_str(&text), 0, text.len - 1);
	/* a number only where a double holds it; readers of JSON use doubles */
	bool exact = text.len <= 17 && unit_parse_float(number, &d) && unit_parse_percent(buf_str(&text), &back) &&
		     back == v.i;
	buf_addz(p->out, exact ? "{\"percent\":" : "{\"percent\":\"");
	buf_adds(p->out, number);
	buf_addz(p->out, exact ? "}" : "\"}");
	buf_release(&text);
}

static void put_unit(struct printer *p, struct value v)
{
	if (!p->typed) {
		put_quoted(p, v);
		return;
	}
	switch (v.kind) {
	case V_DURATION:
	case V_SIZE:
		buf_addz(p->out, v.kind == V_SIZE ? "{\"size\":" : "{\"duration_ns\":");
		buf_addi(p->out, v.i);
		buf_addc(p->out, '}');
		break;
	case V_PERCENT:
		put_percent(p, v);
		break;
	default:
		buf_addz(p->out, "{\"time\":");
		put_quoted(p, v);
		buf_addc(p->out, '}');
	}
}

static void put_unknown(struct printer *p, struct value v)
{
	struct jsonw w;
	if (!p->typed) {
		buf_addz(p->out, "null");
		return;
	}
	jsonw_init(&w, p->out);
	buf_addz(p->out, "{\"unknown\":");
	jsonw_str(&w, value_text(v));
	buf_addc(p->out, '}');
}

static void put_break(struct printer *p, int depth)
{
	if (!p->indent)
		return;
	buf_addc(p->out, '\n');
	buf_fill(p->out, ' ', (size_t)(p->indent * depth));
}

static void put(struct printer *p, struct value v, int depth);

static void put_list(struct printer *p, struct value v, int depth)
{
	buf_addc(p->out, '[');
	for (uint32_t i = 0; i < v.n; i++) {
		if (i)
			buf_addc(p->out, ',');
		put_break(p, depth + 1);
		put(p, v.list[i], depth + 1);
	}
	if (v.n)
		put_break(p, depth);
	buf_addc(p->out, ']');
}

static void put_map(struct printer *p, struct value v, int depth)
{
	bool wrap = p->typed && v.n == 1 && json_typed_reserved(v.map[0].key);
	struct jsonw w;
	buf_addz(p->out, wrap ? "{\"map\":{" : "{");
	for (uint32_t i = 0; i < v.n; i++) {
		if (i)
			buf_addc(p->out, ',');
		put_break(p, depth + 1);
		jsonw_init(&w, p->out);
		jsonw_str(&w, v.map[i].key);
		buf_addz(p->out, p->indent ? ": " : ":");
		put(p, v.map[i].value, depth + 1);
	}
	if (v.n)
		put_break(p, depth);
	buf_addz(p->out, wrap ? "}}" : "}");
}

static void put(struct printer *p, struct value v, int depth)
{
	if (v.flags & VALUE_SECRET) {
		buf_addz(p->out, "\"***\"");
		return;
	}
	switch (v.kind) {
	case V_NULL:
		buf_addz(p->out, "null");
		break;
	case V_STRING:
		put_string(p, value_text(v));
		break;
	case V_DURATION:
	case V_TIME:
	case V_SIZE:
	case V_PERCENT:
		put_unit(p, v);
		break;
	case V_LIST:
		put_list(p, v, depth);
		break;
	case V_MAP:
		put_map(p, v, depth);
		break;
	case V_UNKNOWN:
		put_unknown(p, v);
		break;
	default:
		value_to_text(v, p->out);
	}
}

void json_print(struct value v, struct buf *out, int indent)
{
	struct printer p = { out, indent, false };
	put(&p, v, 0);
}

void json_print_typed(struct value v, struct buf *out)
{
	struct printer p = { out, 0, true };
	put(&p, v, 0);
}
