/*
 * json_typed: reads the one-key maps of typed JSON back into values. See the
 * header for the form; json_print.c writes it.
 */
#include "value/json_typed.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
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

static int b64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

static bool decode_b64(struct arena *a, struct str s, struct value *v)
{
	if (s.n % 4)
		return false;
	char *out = arena_alloc(a, s.n / 4 * 3 + 1);
	size_t n = 0, pad = s.n && s.p[s.n - 1] == '=' ? 1 + (s.p[s.n - 2] == '=') : 0;
	for (size_t i = 0; i < s.n; i += 4) {
		uint32_t bits = 0;
		for (size_t k = 0; k < 4; k++) {
			int d = i + k >= s.n - pad ? 0 : b64_digit(s.p[i + k]);
			if (d < 0)
				return false;
			bits = bits << 6 | (uint32_t)d;
		}
		out[n++] = (char)(bits >> 16);
		out[n++] = (char)(bits >> 8 & 255);
		out[n++] = (char)(bits & 255);
	}
	n -= pad;
	out[n] = 0;
	*v = value_str((struct str){ out, n });
	return true;
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
