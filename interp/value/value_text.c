/*
 * value_text: values as text: the exact text that reads back (mode T), and the
 * text for people. Knows the unit printers and JSON, nothing of templates.
 */
#include "base/buf.h"
#include "value/json.h"
#include "value/units.h"
#include "value/value.h"

bool value_to_text(struct value v, struct buf *out)
{
	switch (v.kind) {
	case V_BOOL:
		buf_addz(out, v.b ? "true" : "false");
		return true;
	case V_INT:
		buf_addi(out, v.i);
		return true;
	case V_FLOAT:
		unit_put_float(out, v.f);
		return true;
	case V_STRING:
		buf_adds(out, value_text(v));
		return true;
	case V_DURATION:
		unit_put_duration(out, v.i);
		return true;
	case V_TIME:
		unit_put_time(out, v.i);
		return true;
	case V_SIZE:
		unit_put_size(out, v.i);
		return true;
	case V_PERCENT:
		unit_put_percent(out, v.i);
		return true;
	default:
		return false;
	}
}

void value_show(struct value v, struct buf *out)
{
	if (v.flags & VALUE_SECRET) {
		buf_addz(out, "***");
	} else if (v.kind == V_NULL) {
		buf_addz(out, "null");
	} else if (v.kind == V_UNKNOWN && v.n) {
		buf_addz(out, "(unknown: ");
		buf_adds(out, value_text(v));
		buf_addc(out, ')');
	} else if (v.kind == V_UNKNOWN) {
		buf_addz(out, "(unknown)");
	} else if (v.kind == V_LIST || v.kind == V_MAP) {
		json_print(v, out, 0);
	} else {
		value_to_text(v, out);
	}
}
