/* functions_time: civil time in a zone. */
#include "eval/functions.h"

#include "value/units.h"

static const struct value failure = { .kind = V_FAIL };

static struct str zone(const struct call *k, uint32_t i)
{
	return i < k->count ? value_text(k->args[i]) : STR("UTC");
}

static struct value unknown_zone(struct call *k, uint32_t i)
{
	struct str name = i < k->count ? code_quote(k->m, k->args[i]) : STR("'UTC'");

	return call_fail_at(k, i < k->count ? i : 0, "unknown time zone %.*s", STR_ARG(name));
}

static struct value wrong_format(struct call *k, struct str wrong)
{
	if (wrong.n == 1)
		return call_fail_at(k, 1, "the format ends with a lone %%; a percent sign is written %%%%");
	return call_fail_at(k, 1, "`%.*s` in the format stands for nothing; a percent sign is written %%%%", STR_ARG(wrong));
}

struct value fn_format_time(struct call *k)
{
	struct civil c;
	struct str wrong;
	struct buf b;

	if (!call_reads(k, k->args[1].n))
		return failure;
	buf_init(&b, k->m->bytes);
	if (!unit_format_time(&b, k->args[0].i, value_text(k->args[1]), zone(k, 2))) {
		buf_release(&b);
		if (k->m->env->before_revision_4 || !unit_civil(k->args[0].i, zone(k, 2), &c))
			return unknown_zone(k, 2);
		(void)unit_format_ok(value_text(k->args[1]), &wrong);
		return wrong_format(k, wrong);
	}
	return code_take(k->m, k->code, &b);
}

struct value fn_weekday(struct call *k)
{
	static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
	struct civil c;

	if (!unit_civil(k->args[0].i, zone(k, 1), &c))
		return unknown_zone(k, 1);
	return value_strz(days[c.weekday % 7]);
}

struct value fn_date(struct call *k)
{
	struct civil c;
	struct buf b;

	if (!unit_civil(k->args[0].i, zone(k, 1), &c))
		return unknown_zone(k, 1);
	buf_init(&b, 64);
	buf_printf(&b, "%04d-%02d-%02d", c.year, c.month, c.day);
	return code_take(k->m, k->code, &b);
}
