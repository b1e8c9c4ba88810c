/*
 * rules: types of calls. Each rule sees arguments that passed the table's
 * letters and says what the call gives, or complains and returns NULL.
 */
#include "eval/functions.h"

#include <string.h>

#include "value/units.h"

static const struct type *arg(const struct check *k, uint32_t i)
{
	return k->args[i]->type;
}

static const struct type *bad_arg(struct check *k, uint32_t i, const char *wanted)
{
	complain_argument(k, i, wanted);
	return NULL;
}

static bool is_number(const struct type *t)
{
	return t->kind == T_INT || t->kind == T_FLOAT;
}

static bool is_unit(const struct type *t)
{
	return t->kind == T_DURATION || t->kind == T_SIZE || t->kind == T_PERCENT;
}

static bool has_order(const struct type *t)
{
	return is_number(t) || is_unit(t) || t->kind == T_TIME || t->kind == T_STRING || t->kind == T_STATUS ||
	       t->kind == T_ANY || t->kind == T_ERROR;
}

static const struct type *items(const struct check *k)
{
	return type_item(arg(k, 0));
}

static const struct code *body(const struct check *k, uint32_t i)
{
	return k->args[i]->args[0];
}

/* --- constant results --- */

const struct type *rule_any(struct check *k)
{
	(void)k;
	return &type_any;
}

const struct type *rule_string(struct check *k)
{
	(void)k;
	return &type_string;
}

const struct type *rule_bool_of(struct check *k)
{
	(void)k;
	return &type_bool;
}

const struct type *rule_strings(struct check *k)
{
	return type_list(k->c->arena, &type_string);
}

const struct type *rule_ints(struct check *k)
{
	return type_list(k->c->arena, &type_int);
}

const struct type *rule_same(struct check *k)
{
	return arg(k, 0);
}

/* --- convert --- */

const struct type *rule_str(struct check *k)
{
	if (type_has_text(arg(k, 0)) || arg(k, 0)->kind == T_ANY)
		return &type_string;
	complain_no_text(k->c, k->args[0]);
	return NULL;
}

/* Accepts text, JSON, numbers where `number`, and the type itself. */
static const struct type *convert(struct check *k, const struct type *to, bool number, const char *wanted)
{
	const struct type *t = arg(k, 0);

	if (t->kind == T_ANY || t->kind == T_STRING || t->kind == to->kind || (number && is_number(t)))
		return to;
	return bad_arg(k, 0, wanted);
}

const struct type *rule_bool(struct check *k)
{
	return convert(k, &type_bool, false, "'true', 'false' or JSON");
}

const struct type *rule_int(struct check *k)
{
	return convert(k, &type_int, true, "text, a number or JSON");
}

const struct type *rule_float(struct check *k)
{
	return convert(k, &type_float, true, "text, a number or JSON");
}

static const struct type *with_unit(struct check *k, const struct type *to, bool (*unit)(struct str, int64_t *),
				    const char *all, const char *example)
{
	int64_t worth;
	struct str name;
	struct diag *d;

	if (k->count == 1 && is_number(arg(k, 0))) {
		d = complain(k->c, 228, expr_op_span(k->expr), "%s() of a number needs a unit", k->fn->name);
		diag_help(k->c->ds, d, "write `%s(%s, '%s')`", k->fn->name, expr_text(k->c, k->args[0]->expr), example);
		return NULL;
	}
	if (k->count == 1)
		return convert(k, to, false, "text or JSON");
	if (!is_number(arg(k, 0)) && arg(k, 0)->kind != T_ANY)
		return bad_arg(k, 0, "a number");
	if (code_constant_text(k->args[1], &name) && !unit(name, &worth)) {
		d = complain(k->c, 229, expr_span(k->args[1]->expr), "`%.*s` is not a unit of %s", STR_ARG(name), k->fn->name);
		diag_help(k->c->ds, d, "it is one of %s", all);
		return NULL;
	}
	return to;
}

const struct type *rule_duration(struct check *k)
{
	return with_unit(k, &type_duration, unit_of_duration, "ns, us, ms, s, m, h, d and w", "s");
}

const struct type *rule_size(struct check *k)
{
	return with_unit(k, &type_size, unit_of_size, "B, KB, MB, GB, TB, KiB, MiB, GiB and TiB", "B");
}

const struct type *rule_percent(struct check *k)
{
	return convert(k, &type_percent, true, "a number from 0 to 100");
}

const struct type *rule_ratio(struct check *k)
{
	if (is_number(arg(k, 0)) || arg(k, 0)->kind == T_ANY)
		return &type_percent;
	return bad_arg(k, 0, "a number");
}

const struct type *rule_time(struct check *k)
{
	return convert(k, &type_time, true, "RFC 3339 text or seconds since 1970");
}

const struct type *rule_secret(struct check *k)
{
	return type_secret(k->c->arena, arg(k, 0));
}

const struct type *rule_len(struct check *k)
{
	switch ((enum type_kind)arg(k, 0)->kind) {
	case T_STRING:
	case T_STATUS:
	case T_LIST:
	case T_MAP:
	case T_RECORD:
	case T_ANY:
		return &type_int;
	default:
		return bad_arg(k, 0, "text, a list or a map");
	}
}

/* --- strings --- */

static bool check_not_empty(struct check *k, uint32_t i)
{
	struct str s;

	if (!code_constant_text(k->args[i], &s) || s.n)
		return true;
	complain(k->c, 229, expr_span(k->args[i]->expr), "%s() cannot look for empty text", k->fn->name);
	return false;
}

const struct type *rule_split(struct check *k)
{
	return check_not_empty(k, 1) ? rule_strings(k) : NULL;
}

const struct type *rule_replace(struct check *k)
{
	return check_not_empty(k, 1) ? &type_string : NULL;
}

const struct type *rule_join(struct check *k)
{
	const struct type *t = items(k);
	const char *text = expr_text(k->c, k->args[0]->expr);
	struct diag *d;

	if ((type_has_text(t) && !t->optional) || t->kind == T_ANY || t->kind == T_ERROR)
		return &type_string;
	d = complain(k->c, 239, expr_span(k->args[0]->expr), "join() needs items that have a text, not %s",
		     type_text(k->c, t));
	if (t->optional)
		diag_help(k->c->ds, d, "write `join(map(%s, x => show(x)), ...)`", text);
	else
		diag_help(k->c->ds, d, "write `join(map(%s, x => to_json(x)), ...)`", text);
	return NULL;
}

const struct type *rule_format(struct check *k)
{
	struct diag *d;
	struct str t;
	int holes;

	for (uint32_t i = 1; i < k->count; i++)
		if (!type_has_text(arg(k, i)) && arg(k, i)->kind != T_ANY) {
			complain_no_text(k->c, k->args[i]);
			return NULL;
		}
	if (!code_constant_text(k->args[0], &t))
		return &type_string;
	holes = format_holes(t);
	if (holes == (int)k->count - 1)
		return &type_string;
	if (holes < 0) {
		d = complain(k->c, 244, expr_span(k->args[0]->expr), "the template has a brace that is not {}");
		diag_help(k->c->ds, d, "write `{{` and `}}` for braces");
	} else {
		complain(k->c, 244, expr_span(k->args[0]->expr), "the template has %d {} for %u value%s", holes,
			 k->count - 1, k->count == 2 ? "" : "s");
	}
	return NULL;
}

/* --- lists --- */

const struct type *rule_item(struct check *k)
{
	return items(k);
}

const struct type *rule_quantifier(struct check *k)
{
	const struct type *t = items(k);
	struct diag *d;

	if (k->count == 2)
		return check_bool(k->c, body(k, 1), "the test") ? &type_bool : NULL;
	if ((t->kind == T_BOOL && !t->optional) || t->kind == T_ANY || t->kind == T_ERROR)
		return &type_bool;
	d = complain(k->c, 226, expr_span(k->args[0]->expr), "%s() without a test needs a list of bool, not %s",
		     k->fn->name, type_text(k->c, arg(k, 0)));
	diag_help(k->c->ds, d, "%s", function_signature(k->fn));
	return NULL;
}

const struct type *rule_count(struct check *k)
{
	return check_bool(k->c, body(k, 1), "the test") ? &type_int : NULL;
}

const struct type *rule_filter(struct check *k)
{
	if (!check_bool(k->c, body(k, 1), "the test"))
		return NULL;
	return arg(k, 0)->kind == T_ANY ? type_list(k->c->arena, &type_any) : arg(k, 0);
}

const struct type *rule_map(struct check *k)
{
	return type_list(k->c->arena, body(k, 1)->type);
}

const struct type *rule_sort_by(struct check *k)
{
	const struct code *key = body(k, 1);

	if (!check_present(k->c, key))
		return NULL;
	if (!has_order(key->type)) {
		complain(k->c, 226, expr_span(key->expr), "sort_by() needs a key that has an order, not %s",
			 type_text(k->c, key->type));
		return NULL;
	}
	return arg(k, 0)->kind == T_ANY ? type_list(k->c->arena, &type_any) : arg(k, 0);
}

static const struct type *bad_items(struct check *k, const char *wanted)
{
	struct diag *d = complain(k->c, 226, expr_span(k->args[0]->expr), "%s() needs a list of %s, not %s", k->fn->name,
				  wanted, type_text(k->c, arg(k, 0)));

	complain_note(k->c, d, k->args[0]);
	if (items(k)->kind == T_STRING)
		diag_help(k->c->ds, d, "write `%s(map(%s, x => float(x)))`", k->fn->name,
			  expr_text(k->c, k->args[0]->expr));
	return NULL;
}

const struct type *rule_sum(struct check *k)
{
	const struct type *t = items(k);

	if (t->kind == T_ANY || t->kind == T_ERROR)
		return t->kind == T_ANY ? &type_any : &type_int;
	if (is_number(t) || is_unit(t))
		return type_required(k->c->arena, t);
	return bad_items(k, "numbers, durations, sizes or percents");
}

const struct type *rule_avg(struct check *k)
{
	const struct type *t = items(k);

	if (is_number(t) || t->kind == T_ANY || t->kind == T_ERROR)
		return &type_float;
	if (is_unit(t))
		return type_required(k->c->arena, t);
	return bad_items(k, "numbers, durations, sizes or percents");
}

const struct type *rule_percentile(struct check *k)
{
	const struct type *t = items(k);
	struct diag *d;

	if (!has_order(t) || t->kind == T_STRING || t->kind == T_STATUS)
		return bad_items(k, "numbers, durations, sizes, percents or times");
	if (code_is_literal(k->args[1]) && (k->args[1]->lit.i < 0 || k->args[1]->lit.i > 100 * (int64_t)PERCENT_ONE)) {
		d = complain(k->c, 229, expr_span(k->args[1]->expr), "a percentile is from 0%% to 100%%");
		diag_help(k->c->ds, d, "write `percentile(%s, 95%%)`", expr_text(k->c, k->args[0]->expr));
		return NULL;
	}
	return type_required(k->c->arena, t);
}

/* min(a, b, ...): one type for all. */
static const struct type *joined_order(struct check *k)
{
	const struct type *t = &type_error, *next;
	struct diag *d;

	for (uint32_t i = 0; i < k->count; i++) {
		if (!has_order(arg(k, i)) || arg(k, i)->kind == T_ANY)
			return bad_arg(k, i, function_param_name('o'));
		next = type_join(k->c->arena, t, arg(k, i));
		if (!next) {
			d = complain(k->c, 214, expr_span(k->args[i]->expr), "%s() cannot compare %s with %s", k->fn->name,
				     type_text(k->c, t), type_text(k->c, arg(k, i)));
			diag_label(k->c->ds, d, expr_span(k->args[0]->expr), "%s", type_text(k->c, arg(k, 0)));
			return NULL;
		}
		t = next;
	}
	for (uint32_t i = 0; i < k->count; i++)
		k->args[i] = code_coerce(k->c, k->args[i], t);
	return t;
}

const struct type *rule_extreme(struct check *k)
{
	const struct type *t;

	if (k->count > 1)
		return joined_order(k);
	if (arg(k, 0)->kind != T_LIST && arg(k, 0)->kind != T_ANY)
		return bad_arg(k, 0, "a list");
	t = items(k);
	if (!has_order(t))
		return bad_items(k, "values that have an order");
	return type_required(k->c->arena, t);
}

const struct type *rule_flatten(struct check *k)
{
	const struct type *t = items(k);

	if (t->kind == T_LIST && !t->optional)
		return t;
	if (t->kind == T_ANY || t->kind == T_ERROR)
		return type_list(k->c->arena, t);
	return bad_items(k, "lists");
}

const struct type *rule_chunks(struct check *k)
{
	return type_list(k->c->arena, type_list(k->c->arena, items(k)));
}

/* --- maps --- */

const struct type *rule_values(struct check *k)
{
	const struct type *t = arg(k, 0), *elem = &type_error, *next;

	if (t->kind == T_MAP)
		return type_list(k->c->arena, t->elem);
	for (uint32_t i = 0; t->kind == T_RECORD && i < t->field_count; i++) {
		next = type_join(k->c->arena, elem, t->fields[i].type);
		elem = next ? next : &type_any;
	}
	return type_list(k->c->arena, elem->kind == T_ERROR ? &type_any : elem);
}

const struct type *rule_merge(struct check *k)
{
	const struct type *a = arg(k, 0), *b = arg(k, 1), *elem;

	if (a->kind == T_MAP && b->kind == T_MAP && (elem = type_join(k->c->arena, a->elem, b->elem)))
		return type_map(k->c->arena, elem);
	return type_map(k->c->arena, &type_any);
}

/* --- numbers --- */

const struct type *rule_round(struct check *k)
{
	const struct type *t = arg(k, 0);
	struct diag *d;

	if (k->count == 1) {
		if (is_number(t))
			return &type_int;
		if (t->kind == T_PERCENT)
			return t;
		d = complain(k->c, 228, expr_op_span(k->expr), "%s() of a %s needs to know to what", k->fn->name,
			     type_text(k->c, type_required(k->c->arena, t)));
		diag_help(k->c->ds, d, "write `%s(%s, %s)`", k->fn->name, expr_text(k->c, k->args[0]->expr),
			  t->kind == T_SIZE ? "1MB" : "1s");
		return NULL;
	}
	if (is_number(t) && is_number(arg(k, 1)))
		return t->kind == T_INT && arg(k, 1)->kind == T_INT ? &type_int : &type_float;
	if (t->kind == arg(k, 1)->kind)
		return t;
	return bad_arg(k, 1, type_text(k->c, t));
}

const struct type *rule_mod(struct check *k)
{
	if (is_number(arg(k, 0)) && is_number(arg(k, 1)))
		return arg(k, 0)->kind == T_INT && arg(k, 1)->kind == T_INT ? &type_int : &type_float;
	if (arg(k, 0)->kind == arg(k, 1)->kind)
		return arg(k, 0);
	return bad_arg(k, 1, type_text(k->c, arg(k, 0)));
}

const struct type *rule_div(struct check *k)
{
	if (arg(k, 0)->kind == arg(k, 1)->kind || (is_number(arg(k, 0)) && is_number(arg(k, 1))))
		return &type_int;
	return bad_arg(k, 1, type_text(k->c, arg(k, 0)));
}

const struct type *rule_clamp(struct check *k)
{
	return joined_order(k);
}

/* --- time --- */

static bool check_zone(struct check *k, uint32_t i)
{
	struct civil civil;
	struct diag *d;
	struct str tz;

	if (i >= k->count || !code_constant_text(k->args[i], &tz) || unit_civil(0, tz, &civil))
		return true;
	d = complain(k->c, 229, expr_span(k->args[i]->expr), "unknown time zone `%.*s`", STR_ARG(tz));
	diag_help(k->c->ds, d, "write `'UTC'` or an IANA name such as 'Asia/Seoul'");
	return false;
}

const struct type *rule_format_time(struct check *k)
{
	struct str format, wrong;
	struct diag *d;

	if (k->count > 1 && code_constant_text(k->args[1], &format) && !unit_format_ok(format, &wrong)) {
		d = diag_add(k->c->ds, 604, expr_span(k->args[1]->expr),
			     wrong.n == 1 ? "the format ends with a lone `%.*s`" : "`%.*s` stands for nothing in a format", STR_ARG(wrong));
		diag_help(k->c->ds, d, "write `%%%%` for a percent sign");
	}
	return check_zone(k, 2) ? &type_string : NULL;
}

const struct type *rule_calendar(struct check *k)
{
	return check_zone(k, 1) ? &type_string : NULL;
}
