/*
 * json_typed: reads the one-key maps of typed JSON back into values. See the
 * header for the form; json_print.c writes it.
 */
#include "value/json_typed.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/b64.h"
#include "base/buf.h"
#include "value/units.h"

static const char *const reserved[] = { "duration_ns", "size", "percent", "time", "unknown", "b64", "map" };

bool json_typed_reserved(struct str key)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (str_eqz(key, reserved[i]))
			return true;
	return false;
}

static bool decode_percent(struct value in, struct value *v)
{
	struct buf text;
	int64_t p;
	bool ok;
	buf_init(&text, 64);
	if (in.kind == V_FLOAT)
		unit_put_float(&text, in.f);
	else if (in.kind == V_INT)
		buf_addi(&text, in.i);
	else if (in.kind == V_STRING)
		buf_adds(&text, value_text(in));
	buf_addc(&text, '%');
	ok = unit_parse_percent(buf_str(&text), &p);
	buf_release(&text);
	*v = value_unit(V_PERCENT, ok ? p : 0);
	return ok;
}

static bool decode_b64(struct arena *a, struct str s, struct value *v)
{
	struct buf b;
	bool ok;
	buf_init(&b, s.n + 1);
	ok = b64_read(s, &b);
	if (ok)
		*v = value_str(arena_str(a, buf_str(&b).p, b.len));
	buf_release(&b);
	return ok;
}

bool json_typed_decode(struct arena *a, struct value *v)
{
	if (v->kind != V_MAP || v->n != 1)
		return true;
	struct str key = v->map[0].key;
	struct value in = v->map[0].value;
	int64_t t;
	if (str_eqz(key, "duration_ns") || str_eqz(key, "size")) {
		if (in.kind != V_INT)
			return false;
		*v = value_unit(str_eqz(key, "size") ? V_SIZE : V_DURATION, in.i);
	} else if (str_eqz(key, "percent")) {
		return decode_percent(in, v);
	} else if (str_eqz(key, "time")) {
		if (in.kind != V_STRING || !unit_parse_time(value_text(in), &t))
			return false;
		*v = value_unit(V_TIME, t);
	} else if (str_eqz(key, "unknown")) {
		if (in.kind != V_STRING)
			return false;
		*v = value_unknown(in.s);
	} else if (str_eqz(key, "b64")) {
		return in.kind == V_STRING && decode_b64(a, value_text(in), v);
	}
	return true;
}
