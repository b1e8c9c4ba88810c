/*
 * run_ops: comparison and arithmetic. The fast path of each function tests the
 * two kinds that the checker promised; everything else (unknown, failure, a
 * value that is not what its scope declared) goes through odd_operands().
 */
#include "eval/code.h"

#include <math.h>
#include <string.h>

/* One of the operands is not of the promised kind: the first failure, else the
 * first unknown, else an error. */
static struct value odd_operands(const struct code *c, struct machine *m, struct value l, struct value r,
				 bool left_is_odd)
{
	if (l.kind == V_FAIL || r.kind == V_FAIL)
		return l.kind == V_FAIL ? l : r;
	if (l.kind == V_UNKNOWN)
		return l;
	if (r.kind == V_UNKNOWN)
		return r;
	if (left_is_odd)
		return code_bad_kind(m, c->args[0], l, code_a_kind(c->lk));
	return code_bad_kind(m, c->args[1], r, code_a_kind(c->rk));
}

static inline bool ordered(uint8_t op, int64_t a, int64_t b)
{
	switch (op) {
	case OP_EQ:
		return a == b;
	case OP_NE:
		return a != b;
	case OP_LT:
		return a < b;
	case OP_LE:
		return a <= b;
	case OP_GT:
		return a > b;
	default:
		return a >= b;
	}
}

struct value run_compare_i64(const struct code *c, struct machine *m)
{
	struct value l = code_run_node(c->args[0], m), r;

	if (l.kind == V_FAIL)
		return l;
	r = code_run_node(c->args[1], m);
	if (l.kind == c->lk && r.kind == c->rk)
		return value_bool(ordered(c->op, l.i, r.i));
	return odd_operands(c, m, l, r, l.kind != c->lk);
}

static bool numeric(struct value v)
{
	return v.kind == V_INT || v.kind == V_FLOAT;
}

struct value run_compare_number(const struct code *c, struct machine *m)
{
	struct value l = code_run_node(c->args[0], m), r;

	if (l.kind == V_FAIL)
		return l;
	r = code_run_node(c->args[1], m);
	if (numeric(l) && numeric(r))
		return value_bool(ordered(c->op, value_compare(l, r), 0));
	return odd_operands(c, m, l, r, !numeric(l));
}

struct value run_compare_string(const struct code *c, struct machine *m)
{
	struct value l = code_run_node(c->args[0], m), r;

	if (l.kind == V_FAIL)
		return l;
	r = code_run_node(c->args[1], m);
	if (l.kind != V_STRING || r.kind != V_STRING)
		return odd_operands(c, m, l, r, l.kind != V_STRING);
	if (!code_burn(m, c, (l.n < r.n ? l.n : r.n) >> 8))
		return (struct value){ .kind = V_FAIL };
	return value_bool(ordered(c->op, str_cmp(value_text(l), value_text(r)), 0));
}

/* Deep equality; three-valued: unknown inside makes it unknown unless the kinds decide. */
static struct value equal_values(const struct code *c, struct machine *m, struct value l, struct value r)
{
	const struct value *u;

	if (l.kind == V_UNKNOWN)
		return l;
	if (r.kind == V_UNKNOWN)
		return r;
	if (l.kind == V_NULL || r.kind == V_NULL)
		return value_bool(l.kind == r.kind);
	if (l.kind != r.kind && !(numeric(l) && numeric(r)))
		return code_fail(m, c, "cannot compare %s with %s", value_kind_name(l.kind), value_kind_name(r.kind));
	if (!code_burn(m, c, (l.kind == V_STRING ? l.n >> 8 : l.kind >= V_LIST ? l.n : 0)))
		return (struct value){ .kind = V_FAIL };
	u = code_find_unknown(&l);
	if (!u)
		u = code_find_unknown(&r);
	return u ? *u : value_bool(value_equal(l, r));
}

struct value run_equal(const struct code *c, struct machine *m)
{
	struct value l = code_run_node(c->args[0], m), r;

	if (l.kind == V_FAIL)
		return l;
	r = code_run_node(c->args[1], m);
	if (r.kind == V_FAIL)
		return r;
	l = equal_values(c, m, l, r);
	return l.kind == V_BOOL && c->op == OP_NE ? value_bool(!l.b) : l;
}

struct value run_is_null(const struct code *c, struct machine *m)
{
	struct value v = code_run_node(c->args[0], m);

	if (v.kind >= V_UNKNOWN)
		return v;
	return value_bool((v.kind == V_NULL) == (c->op == OP_EQ));
}

static struct value in_list(const struct code *c, struct machine *m, struct value item, struct value list)
{
	struct value unknown = value_null, odd = value_null, v;

	if (!code_burn(m, c, list.n))
		return (struct value){ .kind = V_FAIL };
	for (uint32_t i = 0; i < list.n; i++) {
		v = list.list[i];
		if (v.kind != item.kind && !(numeric(v) && numeric(item)) && v.kind != V_UNKNOWN) {
			if (v.kind != V_NULL && item.kind != V_NULL)
				odd = v;
			continue;
		}
		v = equal_values(c, m, item, v);
		if (v.kind == V_FAIL || (v.kind == V_BOOL && v.b))
			return v;
		if (v.kind == V_UNKNOWN && unknown.kind == V_NULL)
			unknown = v;
	}
	if (odd.kind != V_NULL)
		return code_fail(m, c, "cannot compare %s with %s in the list", value_kind_name(item.kind),
				 value_kind_name(odd.kind));
	return unknown.kind == V_UNKNOWN ? unknown : value_bool(false);
}

struct value run_in(const struct code *c, struct machine *m)
{
	struct value l = code_run_node(c->args[0], m), r;

	if (l.kind == V_FAIL)
		return l;
	r = code_run_node(c->args[1], m);
	if (r.kind == V_FAIL)
		return r;
	if (r.kind == V_UNKNOWN)
		return r;
	if (l.kind == V_UNKNOWN)
		return r.kind == V_LIST && !r.n ? value_bool(c->op == OP_NOT_IN) : l;
	if (r.kind == V_LIST)
		l = in_list(c, m, l, r);
	else if (r.kind != V_MAP)
		return code_bad_kind(m, c->args[1], r, "a list or map");
	else if (l.kind != V_STRING)
		return code_bad_kind(m, c->args[0], l, "a key");
	else
		l = code_burn(m, c, r.n >> 3) ? value_bool(value_get(r, value_text(l)) != NULL)
					      : (struct value){ .kind = V_FAIL };
	return l.kind == V_BOOL && c->op == OP_NOT_IN ? value_bool(!l.b) : l;
}

struct value run_matches(const struct code *c, struct machine *m)
{
	struct value v = code_run_node(c->args[0], m);
	uint64_t steps = 0;

	if (v.kind >= V_UNKNOWN)
		return v;
	if (v.kind != V_STRING)
		return code_bad_kind(m, c->args[0], v, "text");
	switch (regex_test_counted(c->regex, value_text(v), &steps)) {
	case REGEX_YES:
		v = value_bool(true);
		break;
	case REGEX_NO:
		v = value_bool(false);
		break;
	case REGEX_LIMIT:
		return code_fail(m, c, "the pattern needs more than %d steps on this text; "
				 "nested repeats such as (a+)+ do that", REGEX_MATCH_LIMIT);
	}
	if (!code_burn(m, c, steps / 100))
		return (struct value){ .kind = V_FAIL };
	return v;
}

/* --- arithmetic --- */

static struct value overflow(const struct code *c, struct machine *m)
{
	return code_fail(m, c, "the result does not fit %s", code_a_kind(c->result));
}

struct value run_negate(const struct code *c, struct machine *m)
{
	struct value v = code_run_node(c->args[0], m);

	if (v.kind >= V_UNKNOWN)
		return v;
	if (v.kind == V_FLOAT)
		return value_float(-v.f);
	if (v.kind != c->result)
		return code_bad_kind(m, c->args[0], v, code_a_kind(c->result));
	if (__builtin_sub_overflow((int64_t)0, v.i, &v.i))
		return overflow(c, m);
	v.flags = 0;
	return v;
}

struct value run_add_i64(const struct code *c, struct machine *m)
{
	struct value l = code_run_node(c->args[0], m), r;
	struct value v = { .kind = c->result };
	bool bad;

	if (l.kind == V_FAIL)
		return l;
	r = code_run_node(c->args[1], m);
	if (l.kind != c->lk || r.kind != c->rk)
		return odd_operands(c, m, l, r, l.kind != c->lk);
	if (c->op == OP_ADD)
		bad = __builtin_add_overflow(l.i, r.i, &v.i);
	else if (c->op == OP_SUB)
		bad = __builtin_sub_overflow(l.i, r.i, &v.i);
	else
		bad = __builtin_mul_overflow(l.i, r.i, &v.i);
	return bad ? overflow(c, m) : v;
}

static long double number(struct value v)
{
	return v.kind == V_FLOAT ? (long double)v.f : (long double)v.i;
}

static struct value float_result(const struct code *c, struct machine *m, double d)
{
	return isfinite(d) ? value_float(d) : overflow(c, m);
}

static struct value arith_f64(const struct code *c, struct machine *m, struct value l, struct value r)
{
	double a = l.kind == V_FLOAT ? l.f : (double)l.i;
	double b = r.kind == V_FLOAT ? r.f : (double)r.i;

	switch ((enum expr_op)c->op) {
	case OP_ADD:
		return float_result(c, m, a + b);
	case OP_SUB:
		return float_result(c, m, a - b);
	case OP_MUL:
		return float_result(c, m, a * b);
	default:
		if (b == 0)
			return code_fail(m, c, "division by zero");
		return float_result(c, m, a / b);
	}
}

bool code_scale(int64_t unit, long double factor, int64_t *out)
{
	long double v = roundl((long double)unit * factor);

	if (!(v >= -0x1p63L && v < 0x1p63L))
		return false;
	*out = (int64_t)v;
	return true;
}

static struct value arith_scale(const struct code *c, struct machine *m, struct value l, struct value r)
{
	struct value v = { .kind = c->result };
	struct value unit = numeric(l) ? r : l, num = numeric(l) ? l : r;
	long double factor = number(num);

	if (c->op == OP_DIV) {
		if (factor == 0)
			return code_fail(m, c, "division by zero");
		/* not a product with 1/factor: that would round twice */
		if (!code_scale(1, (long double)unit.i / factor, &v.i))
			return overflow(c, m);
		return v;
	}
	if (num.kind == V_INT)
		return __builtin_mul_overflow(unit.i, num.i, &v.i) ? overflow(c, m) : v;
	return code_scale(unit.i, factor, &v.i) ? v : overflow(c, m);
}

static struct value arith_part(const struct code *c, struct machine *m, struct value l, struct value r)
{
	struct value v = { .kind = c->result };
	struct value unit = l.kind == V_PERCENT ? r : l, part = l.kind == V_PERCENT ? l : r;

	if (!code_scale(unit.i, (long double)part.i / (100.0L * PERCENT_ONE), &v.i))
		return overflow(c, m);
	return v;
}

struct value run_arith(const struct code *c, struct machine *m)
{
	struct value l = code_run_node(c->args[0], m), r;
	bool lodd, rodd;

	if (l.kind == V_FAIL)
		return l;
	r = code_run_node(c->args[1], m);
	/* a float may arrive as an int, for example from a list */
	lodd = l.kind != c->lk && !(c->lk == V_FLOAT && l.kind == V_INT);
	rodd = r.kind != c->rk && !(c->rk == V_FLOAT && r.kind == V_INT);
	if (lodd || rodd)
		return odd_operands(c, m, l, r, lodd);
	switch ((enum arith)c->how) {
	case ARITH_F64:
		return arith_f64(c, m, l, r);
	case ARITH_SCALE:
		return arith_scale(c, m, l, r);
	case ARITH_PART:
		return arith_part(c, m, l, r);
	default:
		break;
	}
	if (r.i == 0)
		return code_fail(m, c, "division by zero");
	if (c->how == ARITH_RATE)
		return float_result(c, m, (double)((long double)l.i * 1e9L / (long double)r.i));
	return float_result(c, m, (double)((long double)l.i / (long double)r.i));
}

struct value run_concat(const struct code *c, struct machine *m)
{
	struct value l = code_run_node(c->args[0], m), r;
	size_t n;
	char *p;

	if (l.kind == V_FAIL)
		return l;
	r = code_run_node(c->args[1], m);
	if (l.kind != V_STRING || r.kind != V_STRING)
		return odd_operands(c, m, l, r, l.kind != V_STRING);
	n = (size_t)l.n + r.n;
	p = code_alloc(m, c, n);
	if (!p)
		return (struct value){ .kind = V_FAIL };
	memcpy(p, l.s, l.n);
	memcpy(p + l.n, r.s, r.n);
	return value_str((struct str){ p, n });
}
