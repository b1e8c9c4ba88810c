/* functions_order: sort_by, min, max, sum, avg, percentile: lists as series. Null items are skipped. */
#include "eval/functions.h"

#include <math.h>
#include <string.h>

static const struct value failure = { .kind = V_FAIL };

static bool is_number(struct value v)
{
	return v.kind == V_INT || v.kind == V_FLOAT;
}

bool values_order(struct value a, struct value b, int *out)
{
	bool same = a.kind == b.kind && (a.kind == V_STRING || a.kind == V_DURATION || a.kind == V_TIME ||
					 a.kind == V_SIZE || a.kind == V_PERCENT);

	if (!same && !(is_number(a) && is_number(b)))
		return false;
	*out = value_compare(a, b);
	return true;
}

static struct value no_order(struct call *k, struct value a, struct value b)
{
	if (a.kind == b.kind)
		return call_fail_at(k, 0, "%s has no order", code_a_kind(a.kind));
	return call_fail_at(k, 0, "cannot compare %s with %s", code_a_kind(a.kind), code_a_kind(b.kind));
}

/* --- sorting --- */

struct entry { struct value key, value; };

static void merge_runs(const struct entry *from, struct entry *to, size_t lo, size_t mid, size_t hi)
{
	size_t a = lo, b = mid;
	int order = 0;

	for (size_t i = lo; i < hi; i++) {
		if (a < mid && b < hi)
			values_order(from[a].key, from[b].key, &order);
		to[i] = a < mid && (b == hi || order <= 0) ? from[a++] : from[b++];
	}
}

/* Stable, bottom up; entries and spare hold n each; the result is in *entries. */
static void sort_entries(struct entry **entries, struct entry *spare, size_t n)
{
	for (size_t width = 1; width < n; width *= 2) {
		struct entry *from = *entries;

		for (size_t lo = 0; lo < n; lo += 2 * width) {
			size_t mid = lo + width < n ? lo + width : n, hi = lo + 2 * width < n ? lo + 2 * width : n;

			merge_runs(from, spare, lo, mid, hi);
		}
		*entries = spare;
		spare = from;
	}
}

/* Sorts; false after an error. All keys must have one order. */
static bool sort(struct call *k, struct entry **entries, uint32_t n)
{
	struct entry *spare;
	uint64_t cost = n;
	int order;

	for (uint32_t i = 0; i < n; i++)
		if (!values_order((*entries)[0].key, (*entries)[i].key, &order)) {
			no_order(k, (*entries)[0].key, (*entries)[i].key);
			return false;
		}
	for (uint32_t left = n; left > 1; left /= 2)
		cost += n / 4;
	spare = code_burn(k->m, k->code, cost) ? code_alloc(k->m, k->code, (size_t)n * sizeof *spare) : NULL;
	if (!spare)
		return false;
	sort_entries(entries, spare, n);
	return true;
}

struct value fn_sort_by(struct call *k)
{
	struct value list = k->args[0], *made = call_items(k, list.n);
	struct entry *entries = made ? code_alloc(k->m, k->code, (size_t)list.n * sizeof *entries) : NULL;

	if (!entries)
		return failure;
	for (uint32_t i = 0; i < list.n; i++) {
		entries[i].key = call_lambda(k, 1, list.list[i]);
		entries[i].value = list.list[i];
		if (entries[i].key.kind >= V_UNKNOWN)
			return entries[i].key;
	}
	if (!sort(k, &entries, list.n))
		return failure;
	for (uint32_t i = 0; i < list.n; i++)
		made[i] = entries[i].value;
	return value_list(made, list.n);
}

struct value fn_percentile(struct call *k)
{
	struct value list = k->args[0];
	int64_t p = k->args[1].i;
	struct entry *entries;
	uint32_t n = 0, rank;

	if (p < 0 || p > 100 * (int64_t)PERCENT_ONE)
		return call_fail_at(k, 1, "a percentile is from 0%% to 100%%");
	entries = code_alloc(k->m, k->code, (size_t)list.n * sizeof *entries);
	if (!entries)
		return failure;
	for (uint32_t i = 0; i < list.n; i++)
		if (list.list[i].kind != V_NULL)
			entries[n++].key = list.list[i];
	if (!n)
		return call_fail_at(k, 0, "the list is empty");
	if (!sort(k, &entries, n))
		return failure;
	rank = (uint32_t)ceill((long double)p * n / (100.0L * PERCENT_ONE));
	return entries[rank ? rank - 1 : 0].key;
}

/* --- min, max --- */

static struct value extreme(struct call *k, int sign)
{
	bool one = k->count == 1;
	const struct value *items = one ? k->args[0].list : k->args;
	uint32_t n = one ? k->args[0].n : k->count;
	struct value best = value_null;
	int order;

	if (one && k->args[0].kind != V_LIST)
		return call_fail_at(k, 0, "needs a list, not %s", code_a_kind(k->args[0].kind));
	if (!code_burn(k->m, k->code, n))
		return failure;
	for (uint32_t i = 0; i < n; i++) {
		if (items[i].kind == V_NULL)
			continue;
		if (!values_order(best.kind == V_NULL ? items[i] : best, items[i], &order))
			return no_order(k, best.kind == V_NULL ? items[i] : best, items[i]);
		if (best.kind == V_NULL || order * sign < 0)
			best = items[i];
	}
	return best.kind == V_NULL ? call_fail_at(k, 0, "the list is empty") : best;
}

struct value fn_min(struct call *k)
{
	return extreme(k, -1);
}

struct value fn_max(struct call *k)
{
	return extreme(k, 1);
}

/* --- sum, avg --- */

struct total {
	uint8_t kind;       /* V_NULL: nothing yet; V_FLOAT once a float was seen */
	uint32_t count;
	int64_t whole;
	double real;
	long double exact;  /* for the mean */
};

/* May v be added to a total of this kind? */
static bool same_sort(uint8_t kind, struct value v)
{
	if (kind == V_NULL || kind == v.kind)
		return true;
	return is_number(v) && (kind == V_INT || kind == V_FLOAT);
}

/* False: overflow. */
static bool add(struct total *t, struct value v)
{
	if (t->kind != V_FLOAT)
		t->kind = v.kind;
	if (v.kind == V_FLOAT) {
		t->real += v.f;
		t->exact += (long double)v.f;
		return true;
	}
	t->exact += (long double)v.i;
	return !__builtin_add_overflow(t->whole, v.i, &t->whole);
}

/* False after an error. */
static bool add_all(struct call *k, struct total *t)
{
	struct value list = k->args[0], v;

	*t = (struct total){ .kind = V_NULL };
	if (!code_burn(k->m, k->code, list.n))
		return false;
	for (uint32_t i = 0; i < list.n; i++) {
		v = list.list[i];
		if (v.kind == V_NULL)
			continue;
		if (!is_number(v) && v.kind != V_DURATION && v.kind != V_SIZE && v.kind != V_PERCENT) {
			call_fail_at(k, 0, "item %u is %s", i, code_a_kind(v.kind));
			return false;
		}
		if (!same_sort(t->kind, v)) {
			call_fail_at(k, 0, "item %u is %s among others", i, code_a_kind(v.kind));
			return false;
		}
		if (!add(t, v)) {
			call_fail_at(k, 0, "the sum does not fit %s", code_a_kind(t->kind));
			return false;
		}
		t->count++;
	}
	return true;
}

struct value fn_sum(struct call *k)
{
	static const uint8_t zero[] = { [T_DURATION] = V_DURATION, [T_SIZE] = V_SIZE, [T_PERCENT] = V_PERCENT };
	const struct type *t = k->code->type;
	struct total total;
	double d;

	if (!add_all(k, &total))
		return failure;
	if (total.kind == V_NULL && t->kind <= T_PERCENT && zero[t->kind])
		return value_unit(zero[t->kind], 0);
	if (total.kind == V_FLOAT || t->kind == T_FLOAT) {
		d = total.real + (double)total.whole;
		return isfinite(d) ? value_float(d) : call_fail_at(k, 0, "the sum does not fit a float");
	}
	return total.kind == V_NULL || total.kind == V_INT ? value_int(total.whole)
							    : value_unit(total.kind, total.whole);
}

struct value fn_avg(struct call *k)
{
	struct total total;
	int64_t n;

	if (!add_all(k, &total))
		return failure;
	if (!total.count)
		return call_fail_at(k, 0, "the list is empty");
	if (total.kind == V_INT || total.kind == V_FLOAT)
		return value_float((double)(total.exact / total.count));
	if (!code_scale(1, total.exact / total.count, &n))
		return failure;
	return value_unit(total.kind, n);
}
