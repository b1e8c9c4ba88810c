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

struct value fn_format_time(struct call *k)
{
	struct buf b;

	if (!call_reads(k, k->args[1].n))
		return failure;
	buf_init(&b, k->m->bytes);
	if (!unit_format_time(&b, k->args[0].i, value_text(k->args[1]), zone(k, 2))) {
		buf_release(&b);
		return unknown_zone(k, 2);
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
