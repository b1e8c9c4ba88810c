/*
 * functions_number: rounding and whole division for numbers and units alike.
 * Units are whole counts of their smallest part, so theirs is exact.
 */
#include "eval/functions.h"

#include <math.h>

static const struct value failure = { .kind = V_FAIL };

enum direction { NEAREST, DOWN, UP };

static bool is_number(struct value v)
{
	return v.kind == V_INT || v.kind == V_FLOAT;
}

static double real(struct value v)
{
	return v.kind == V_INT ? (double)v.i : v.f;
}

static struct value too_large(struct call *k, enum value_kind kind)
{
	return call_fail(k, "the result does not fit %s", code_a_kind(kind));
}

struct value fn_abs(struct call *k)
{
	struct value v = k->args[0];

	if (v.kind == V_FLOAT)
		return value_float(fabs(v.f));
	if (v.i < 0 && __builtin_sub_overflow((int64_t)0, v.i, &v.i))
		return too_large(k, v.kind);
	return v;
}

/* Nearest whole number, halves away from zero. A product such as 1.115 * 100
 * misses its half by the last bits; people mean the decimal number. */
static double nearest(double x)
{
	double whole = trunc(x), rest = fabs(x - whole);

	if (fabs(rest - 0.5) <= fabs(x) * 4 * 0x1p-52)
		return whole + copysign(1, x);
	return round(x);
}

static double to_whole(double x, enum direction how)
{
	double near = nearest(x);

	if (how == NEAREST)
		return near;
	/* 0.3 / 0.1 is 2.9999999999999996: it is 3 */
	if (fabs(x - near) <= fabs(x) * 4 * 0x1p-52)
		return near;
	return how == DOWN ? floor(x) : ceil(x);
}

static struct value round_real(struct call *k, double x, double to, enum direction how)
{
	double inverse = 1 / to, result;

	if (to <= 0 || !isfinite(inverse))
		return call_fail_at(k, 1, "needs a value above zero");
	/* 0.01 is not exact but 100 is: 2.35 is 235 / 100, not 235 * 0.01 */
	if (to < 1 && fabs(inverse - nearest(inverse)) < 1e-9 * inverse)
		result = to_whole(x * nearest(inverse), how) / nearest(inverse);
	else
		result = to_whole(x / to, how) * to;
	return isfinite(result) ? value_float(result) : too_large(k, V_FLOAT);
}

static struct value round_whole(struct call *k, struct value v, int64_t to, enum direction how)
{
	int64_t rest, up;

	if (to <= 0)
		return call_fail_at(k, 1, "needs a value above zero");
	rest = v.i % to;
	if (rest == 0)
		return v;
	v.i -= rest; /* towards zero */
	if (how == NEAREST)
		up = (rest < 0 ? -rest : rest) >= to - (rest < 0 ? -rest : rest) ? (rest < 0 ? -to : to) : 0;
	else if (how == DOWN)
		up = rest < 0 ? -to : 0;
	else
		up = rest > 0 ? to : 0;
	return __builtin_add_overflow(v.i, up, &v.i) ? too_large(k, v.kind) : v;
}

static struct value round_call(struct call *k, enum direction how)
{
	struct value x = k->args[0];
	double d;

	if (k->count == 2) {
		if (x.kind == k->args[1].kind && x.kind != V_FLOAT)
			return round_whole(k, x, k->args[1].i, how);
		if (!is_number(x) || !is_number(k->args[1]))
			return call_fail_at(k, 1, "needs %s, not %s", code_a_kind(x.kind),
					    code_a_kind(k->args[1].kind));
		return round_real(k, real(x), real(k->args[1]), how);
	}
	if (x.kind == V_INT)
		return x;
	if (x.kind == V_PERCENT)
		return round_whole(k, x, PERCENT_ONE, how);
	if (x.kind != V_FLOAT)
		return call_fail(k, "%s needs to know to what", code_a_kind(x.kind));
	d = to_whole(x.f, how);
	return d >= -0x1p63 && d < 0x1p63 ? value_int((int64_t)d) : too_large(k, V_INT);
}

struct value fn_round(struct call *k)
{
	return round_call(k, NEAREST);
}

struct value fn_floor(struct call *k)
{
	return round_call(k, DOWN);
}

struct value fn_ceil(struct call *k)
{
	return round_call(k, UP);
}

/* Both of one kind, or two numbers; the second not zero. */
static bool check_division(struct call *k)
{
	struct value a = k->args[0], b = k->args[1];

	if (a.kind != b.kind && !(is_number(a) && is_number(b))) {
		call_fail_at(k, 1, "needs %s, not %s", code_a_kind(a.kind), code_a_kind(b.kind));
		return false;
	}
	if (b.kind == V_FLOAT ? b.f == 0 : b.i == 0) {
		call_fail(k, "division by zero");
		return false;
	}
	return true;
}

struct value fn_mod(struct call *k)
{
	struct value a = k->args[0], b = k->args[1];

	if (!check_division(k))
		return failure;
	if (a.kind == V_FLOAT || b.kind == V_FLOAT)
		return value_float(fmod(real(a), real(b)));
	a.i = b.i == -1 ? 0 : a.i % b.i; /* INT64_MIN % -1 traps */
	return a;
}

struct value fn_div(struct call *k)
{
	struct value a = k->args[0], b = k->args[1];
	double d;

	if (!check_division(k))
		return failure;
	if (a.kind == V_FLOAT || b.kind == V_FLOAT) {
		d = trunc(real(a) / real(b));
		return d >= -0x1p63 && d < 0x1p63 ? value_int((int64_t)d) : too_large(k, V_INT);
	}
	if (b.i == -1)
		return __builtin_sub_overflow((int64_t)0, a.i, &a.i) ? too_large(k, V_INT) : value_int(a.i);
	return value_int(a.i / b.i);
}

struct value fn_clamp(struct call *k)
{
	struct value x = k->args[0], low = k->args[1], high = k->args[2];
	int order;

	if (!values_order(low, high, &order) || !values_order(x, low, &order))
		return call_fail(k, "the values are of different kinds");
	values_order(low, high, &order);
	if (order > 0)
		return call_fail(k, "low is above high");
	values_order(x, low, &order);
	if (order < 0)
		return low;
	values_order(x, high, &order);
	return order > 0 ? high : x;
}
