/* functions_convert: text, numbers and units into each other; JSON; show. */
#include "eval/functions.h"

#include <math.h>
#include <string.h>

#include "value/json.h"
#include "value/units.h"

struct unit { const char *name; int64_t worth; };

static bool find_unit(const struct unit *units, struct str name, int64_t *worth)
{
	for (; units->name; units++)
		if (str_eqz(name, units->name)) {
			*worth = units->worth;
			return true;
		}
	return false;
}

bool unit_of_duration(struct str name, int64_t *ns)
{
	static const struct unit units[] = {
		{ "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 }, { "m", 60000000000 },
		{ "h", 3600000000000 }, { "d", 86400000000000 }, { "w", 604800000000000 }, { NULL, 0 },
	};

	return find_unit(units, name, ns);
}

bool unit_of_size(struct str name, int64_t *bytes)
{
	static const struct unit units[] = {
		{ "B", 1 }, { "KB", 1000 }, { "MB", 1000000 }, { "GB", 1000000000 }, { "TB", 1000000000000 },
		{ "KiB", 1 << 10 }, { "MiB", 1 << 20 }, { "GiB", 1 << 30 }, { "TiB", 1LL << 40 }, { NULL, 0 },
	};

	return find_unit(units, name, bytes);
}

static bool is_number(struct value v)
{
	return v.kind == V_INT || v.kind == V_FLOAT;
}

static long double number_of(struct value v)
{
	return v.kind == V_INT ? (long double)v.i : (long double)v.f;
}

static struct value bad_kind(struct call *k)
{
	return call_fail_at(k, 0, "cannot convert %s", code_a_kind(k->args[0].kind));
}

static struct value bad_text(struct call *k, const char *what)
{
	struct str s = code_quote(k->m, k->args[0]);

	return call_fail_at(k, 0, "%.*s is not %s", STR_ARG(s), what);
}

static struct str trimmed(struct call *k)
{
	return str_trim(value_text(k->args[0]));
}

struct value without_secret(struct call *k, struct value v)
{
	if (!value_has_flag(v, VALUE_SECRET))
		return v;
	v.flags = (uint8_t)(v.flags & ~VALUE_SECRET);
	if (v.kind == V_LIST) {
		struct value *items = arena_array(k->m->arena, v.n + 1U, sizeof *items);

		for (uint32_t i = 0; i < v.n; i++)
			items[i] = without_secret(k, v.list[i]);
		v.list = items;
	} else if (v.kind == V_MAP) {
		struct pair *pairs = arena_array(k->m->arena, v.n + 1U, sizeof *pairs);

		for (uint32_t i = 0; i < v.n; i++) {
			pairs[i].key = v.map[i].key;
			pairs[i].value = without_secret(k, v.map[i].value);
		}
		v.map = pairs;
	}
	return v;
}

struct value fn_str(struct call *k)
{
	struct buf b;

	if (k->args[0].kind == V_STRING)
		return k->args[0];
	buf_init(&b, k->m->bytes);
	if (!value_to_text(without_secret(k, k->args[0]), &b)) {
		buf_release(&b);
		return call_fail_at(k, 0, "%s has no text; write to_json() or join()", code_a_kind(k->args[0].kind));
	}
	return code_take(k->m, k->code, &b);
}

struct value fn_bool(struct call *k)
{
	struct str s;

	if (k->args[0].kind == V_BOOL)
		return k->args[0];
	if (k->args[0].kind != V_STRING)
		return bad_kind(k);
	s = trimmed(k);
	if (str_eqz(s, "true") || str_eqz(s, "false"))
		return value_bool(s.n == 4);
	return bad_text(k, "'true' or 'false'");
}

static struct value whole(struct call *k, double d)
{
	if (d != trunc(d))
		return bad_text(k, "a whole number; write round(), floor() or ceil()");
	if (!(d >= -0x1p63 && d < 0x1p63))
		return bad_text(k, "an int of 64 bits");
	return value_int((int64_t)d);
}

struct value fn_int(struct call *k)
{
	int64_t n;
	double d;

	switch (k->args[0].kind) {
	case V_INT:
		return k->args[0];
	case V_FLOAT:
		return whole(k, k->args[0].f);
	case V_STRING:
		if (unit_parse_int(trimmed(k), &n))
			return value_int(n);
		return unit_parse_float(trimmed(k), &d) ? whole(k, d) : bad_text(k, "a whole number");
	default:
		return bad_kind(k);
	}
}

struct value fn_float(struct call *k)
{
	double d;

	switch (k->args[0].kind) {
	case V_FLOAT:
		return k->args[0];
	case V_INT:
		return value_float((double)k->args[0].i);
	case V_STRING:
		return unit_parse_float(trimmed(k), &d) ? value_float(d) : bad_text(k, "a number");
	default:
		return bad_kind(k);
	}
}

static struct value scaled(struct call *k, enum value_kind kind, int64_t worth)
{
	int64_t n;

	if (!is_number(k->args[0]))
		return call_fail_at(k, 0, "needs a number, not %s", code_a_kind(k->args[0].kind));
	if (!code_scale(worth, number_of(k->args[0]), &n))
		return call_fail(k, "the result does not fit %s", code_a_kind(kind));
	return value_unit(kind, n);
}

/* One argument: text or the unit itself; two: a number and a unit's name. */
static struct value with_unit(struct call *k, enum value_kind kind, bool (*unit)(struct str, int64_t *),
			      bool (*parse)(struct str, int64_t *), const char *what)
{
	struct str unknown;
	int64_t n;

	if (k->count == 2) {
		if (unit(value_text(k->args[1]), &n))
			return scaled(k, kind, n);
		unknown = code_quote(k->m, k->args[1]);
		return call_fail_at(k, 1, "%.*s is not a unit", STR_ARG(unknown));
	}
	if (k->args[0].kind == kind)
		return k->args[0];
	if (is_number(k->args[0]))
		return call_fail_at(k, 0, "a number needs a unit, as in %s(x, '%s')", k->code->fn->name,
				    kind == V_SIZE ? "B" : "ms");
	if (k->args[0].kind != V_STRING)
		return bad_kind(k);
	return parse(trimmed(k), &n) ? value_unit(kind, n) : bad_text(k, what);
}

struct value fn_duration(struct call *k)
{
	return with_unit(k, V_DURATION, unit_of_duration, unit_parse_duration, "a duration such as 1m30s");
}

struct value fn_size(struct call *k)
{
	return with_unit(k, V_SIZE, unit_of_size, unit_parse_size, "a size such as 10MB");
}

struct value fn_percent(struct call *k)
{
	int64_t p;

	if (k->args[0].kind == V_PERCENT)
		return k->args[0];
	if (k->args[0].kind != V_STRING)
		return is_number(k->args[0]) ? scaled(k, V_PERCENT, PERCENT_ONE) : bad_kind(k);
	return unit_parse_percent(trimmed(k), &p) ? value_unit(V_PERCENT, p) : bad_text(k, "a percent such as 1.2%");
}

struct value fn_ratio(struct call *k)
{
	return scaled(k, V_PERCENT, 100 * (int64_t)PERCENT_ONE);
}

struct value fn_time(struct call *k)
{
	int64_t ns;

	if (k->args[0].kind == V_TIME)
		return k->args[0];
	if (k->args[0].kind != V_STRING)
		return is_number(k->args[0]) ? scaled(k, V_TIME, 1000000000) : bad_kind(k);
	return unit_parse_time(trimmed(k), &ns) ? value_unit(V_TIME, ns)
						: bad_text(k, "a time such as 2026-11-21T02:00:00Z");
}

struct value fn_secret(struct call *k)
{
	return k->args[0]; /* run_taint marks it: the call's type is secret */
}

struct value fn_json(struct call *k)
{
	struct str text = value_text(k->args[0]);
	struct json_error e;
	struct value v;

	/* the values take about twice the text */
	if (!call_reads(k, text.n * 4) || !code_spend(k->m, k->code, text.n * 2))
		return (struct value){ .kind = V_FAIL };
	if (json_parse(k->m->arena, text, &v, &e))
		return v;
	if (k->args[0].flags & VALUE_SECRET) /* the parser's words quote the text */
		return call_fail_at(k, 0, "line %d, column %d: not JSON", e.line, e.column);
	return call_fail_at(k, 0, "line %d, column %d: %s", e.line, e.column, e.text);
}

struct value fn_to_json(struct call *k)
{
	struct buf b;

	buf_init(&b, k->m->bytes);
	json_print(without_secret(k, k->args[0]), &b, 0);
	return code_take(k->m, k->code, &b);
}

struct value fn_show(struct call *k)
{
	struct buf b;

	if (k->args[0].kind == V_NULL)
		return k->count == 2 ? k->args[1] : value_strz("-");
	if (k->args[0].kind == V_STRING)
		return k->args[0];
	buf_init(&b, k->m->bytes);
	value_show(without_secret(k, k->args[0]), &b);
	return code_take(k->m, k->code, &b);
}
