/* units: exact text both ways, overflow, zones against the C library. */
#include "value/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "value/zone.h"

#define S INT64_C(1000000000)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A generator with a fixed seed: the same cases on every run. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static const char *text(struct buf *b, void (*put)(struct buf *, int64_t), int64_t n)
{
	buf_clear(b);
	put(b, n);
	return b->p;
}

static void duration_text(void **state)
{
	(void)state;
	static const struct { const char *in; int64_t ns; } good[] = {
		{ "1m30s", 90 * S }, { "1.5h", 5400 * S }, { "250ms", 250000000 }, { "-2s", -2 * S }, { "0s", 0 },
		{ "1w", 604800 * S }, { "1e3ms", S }, { "1.50000000000000000000000000s", 1500000000 },
		{ "0.000000001s", 1 }, { "106751d", 106751 * (86400 * S) }, { "9223372036854775807ns", INT64_MAX },
		{ "-9223372036854775808ns", INT64_MIN }, { "1d12h", 129600 * S }, { "0.001us", 1 },
	};
	static const char *const bad[] = { "", "5", "s", "5 m", "5min", "1h30", "1.s", ".5s", "+1s", "1s-1s", "0.5ns",
		"0.0000000001s", "106752d", "9223372036854775808ns", "1e30s", "1e99999s", "1e-99999s", "5m ", "1,5s" };
	struct buf b;
	int64_t ns;
	buf_init(&b, 100);
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_true(unit_parse_duration(str_of(good[i].in), &ns));
		assert_int_equal(ns, good[i].ns);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (unit_parse_duration(str_of(bad[i]), &ns))
			fail_msg("%s was taken", bad[i]);
	assert_false(unit_parse_duration(STR("1m\0"), &ns));
	assert_string_equal(text(&b, unit_put_duration, 90 * S), "1m30s");
	assert_string_equal(text(&b, unit_put_duration, 60 * S + 1), "1m0.000000001s");
	assert_string_equal(text(&b, unit_put_duration, 1500000), "1.5ms");
	assert_string_equal(text(&b, unit_put_duration, 93600 * S), "1d2h");
	assert_string_equal(text(&b, unit_put_duration, -250000000), "-250ms");
	buf_release(&b);
}

static void size_and_percent(void **state)
{
	(void)state;
	struct buf b;
	int64_t n;
	buf_init(&b, 100);
	assert_true(unit_parse_size(STR("1.5GiB"), &n) && n == INT64_C(1610612736));
	assert_true(unit_parse_size(STR("10MB"), &n) && n == 10000000);
	assert_true(unit_parse_size(STR("0.5KB"), &n) && n == 500);
	assert_false(unit_parse_size(STR("0.3KiB"), &n));
	assert_false(unit_parse_size(STR("1KB1B"), &n));
	assert_false(unit_parse_size(STR("10kb"), &n));
	assert_false(unit_parse_size(STR("8388608TiB"), &n));
	assert_true(unit_parse_size(STR("8388607TiB"), &n));
	assert_string_equal(text(&b, unit_put_size, 1536), "1536B");
	assert_string_equal(text(&b, unit_put_size, 2048), "2KiB");
	assert_string_equal(text(&b, unit_put_size, 0), "0B");
	assert_string_equal(text(&b, unit_put_size, 10000000), "10MB");
	assert_true(unit_parse_percent(STR("0.5%"), &n) && n == 500000000);
	assert_true(unit_parse_percent(STR("1.2%"), &n) && n == 1200000000);
	assert_true(unit_parse_percent(STR("-100%"), &n) && n == -100 * (int64_t)PERCENT_ONE);
	assert_false(unit_parse_percent(STR("0.0000000001%"), &n));
	assert_false(unit_parse_percent(STR("10000000000%"), &n));
	assert_string_equal(text(&b, unit_put_percent, 500000000), "0.5%");
	assert_string_equal(text(&b, unit_put_percent, -1), "-0.000000001%");
	buf_release(&b);
}

static void every_unit_reads_back(void **state)
{
	(void)state;
	static void (*const put[])(struct buf *, int64_t) = { unit_put_duration, unit_put_size, unit_put_percent, unit_put_time };
	static bool (*const parse[])(struct str, int64_t *) = { unit_parse_duration, unit_parse_size, unit_parse_percent, unit_parse_time };
	uint64_t seed = 88172645463325252u;
	struct buf b;
	buf_init(&b, 200);
	for (int round = 0; round < 40000; round++) {
		int64_t n = (int64_t)next_random(&seed), back;
		n >>= next_random(&seed) % 64;
		if (round % 3 == 0)
			n = n / 1000000 * 1000000;
		if (round < 8)
			n = round < 4 ? INT64_MIN : INT64_MAX;
		text(&b, put[round % 4], n);
		if (!parse[round % 4](buf_str(&b), &back) || back != n)
			fail_msg("%s does not read back as %lld", b.p, (long long)n);
	}
	buf_release(&b);
}

static void numbers(void **state)
{
	(void)state;
	int64_t n;
	double d;
	uint64_t seed = 12345;
	struct buf b;
	buf_init(&b, 100);
	assert_true(unit_parse_int(STR("-9223372036854775808"), &n) && n == INT64_MIN);
	assert_false(unit_parse_int(STR("9223372036854775808"), &n));
	assert_false(unit_parse_int(STR("007"), &n));
	assert_false(unit_parse_int(STR("1.0"), &n));
	assert_false(unit_parse_int(STR("-"), &n));
	assert_false(unit_parse_float(STR("nan"), &d));
	assert_false(unit_parse_float(STR("0x10"), &d));
	assert_false(unit_parse_float(STR("1e400"), &d));
	assert_false(unit_parse_float(STR("01.5"), &d));
	assert_false(unit_parse_float(STR("1."), &d));
	unit_put_float(&b, 0.1);
	buf_addc(&b, ' ');
	unit_put_float(&b, 1);
	buf_addc(&b, ' ');
	unit_put_float(&b, 1e300);
	buf_addc(&b, ' ');
	unit_put_float(&b, 1e-7);
	assert_string_equal(b.p, "0.1 1.0 1e300 1e-7");
	for (int i = 0; i < 20000; i++) {
		uint64_t bits = next_random(&seed);
		memcpy(&d, &bits, sizeof(d));
		if (!isfinite(d))
			continue;
		double back = 0;
		buf_clear(&b);
		unit_put_float(&b, d);
		assert_true(unit_parse_float(buf_str(&b), &back));
		assert_memory_equal(&d, &back, sizeof(d));
	}
	buf_release(&b);
}

static void times(void **state)
{
	(void)state;
	static const struct { const char *in, *out; } good[] = {
		{ "2026-11-21T02:00:00.25Z", "2026-11-21T02:00:00.25Z" },
		{ "2026-11-21T02:00:00+09:00", "2026-11-20T17:00:00Z" },
		{ "2026-11-21 02:00:00.120000000000-01:30", "2026-11-21T03:30:00.12Z" },
		{ "1969-12-31t23:59:59.5z", "1969-12-31T23:59:59.5Z" },
		{ "2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z" },
		{ "2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z" },
		{ "1677-09-21T00:12:43.145224192Z", "1677-09-21T00:12:43.145224192Z" },
		{ "2262-04-11T23:47:16.854775807Z", "2262-04-11T23:47:16.854775807Z" },
	};
	static const char *const bad[] = { "2026-11-21", "2026-11-21T02:00Z", "2026-11-21T02:00:00", "2026-13-01T00:00:00Z",
		"2023-02-29T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T00:00:00.Z", "2026-11-21T00:00:00.1234567891Z",
		"2026-11-21T00:00:00+0900", "2026-11-21T00:00:00+24:00", "2026-11-21T00:00:60Z", "2262-04-11T23:47:16.854775808Z",
		"1677-09-21T00:12:43.145224191Z", "9999-01-01T00:00:00Z", "2026-1-21T00:00:00Z", "2026-11-21T00:00:00Zx" };
	struct buf b;
	int64_t ns;
	buf_init(&b, 100);
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_true(unit_parse_time(str_of(good[i].in), &ns));
		assert_string_equal(text(&b, unit_put_time, ns), good[i].out);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (unit_parse_time(str_of(bad[i]), &ns))
			fail_msg("%s was taken", bad[i]);
	buf_release(&b);
}

static void for_people(void **state)
{
	(void)state;
	static const struct { int64_t ns; const char *shown; } d[] = {
		{ 0, "0s" }, { 999, "999ns" }, { 18000000, "18ms" }, { 2413000000, "2.41s" }, { 90 * S, "1m30s" },
		{ 999999, "1ms" }, { 999999999, "1s" }, { 59996000000, "1m" }, { 3599999999999, "1h" },
		{ 86399 * S, "1d" }, { 1050000000, "1.05s" }, { -2 * S, "-2s" }, { 7260 * S, "2h1m" },
	};
	struct buf b;
	buf_init(&b, 100);
	for (size_t i = 0; i < COUNT(d); i++)
		assert_string_equal(text(&b, unit_show_duration, d[i].ns), d[i].shown);
	assert_string_equal(text(&b, unit_show_size, 1610612736), "1.5 GiB");
	assert_string_equal(text(&b, unit_show_size, 512), "512 B");
	assert_string_equal(text(&b, unit_show_size, 1023), "1 KiB");
	assert_string_equal(text(&b, unit_show_size, INT64_MAX), "8 EiB");
	buf_release(&b);
}

/* Our reader of zone files against the C library's, over 180 years. */
static void zones_as_libc(void **state)
{
	(void)state;
	static const char *const zones[] = { "Europe/Berlin", "America/New_York", "Asia/Seoul", "Australia/Lord_Howe",
		"Africa/Casablanca", "America/Sao_Paulo", "Asia/Kathmandu", "Europe/Dublin", "Antarctica/Troll", "Etc/GMT+5" };
	static const char format[] = "%Y-%m-%d %H:%M:%S %F %T %z %Z %a %A %b %B %j %u %V %G %s %e %I %p %% %y %C %g %U %W %w %D %R %h %k %l %P";
	uint64_t seed = 99;
	struct buf b;
	buf_init(&b, 1000);
	for (size_t i = 0; i < COUNT(zones); i++) {
		setenv("TZ", zones[i], 1);
		tzset();
		for (int k = 0; k < 3000; k++) {
			time_t t = (time_t)(next_random(&seed) % (UINT64_C(180) * 366 * 86400)) - (time_t)60 * 365 * 86400;
			struct tm tm;
			char want[500];
			localtime_r(&t, &tm);
			strftime(want, sizeof(want), format, &tm);
			buf_clear(&b);
			assert_true(unit_format_time(&b, (int64_t)t * S, str_of(format), str_of(zones[i])));
			if (strcmp(b.p, want))
				fail_msg("%s %lld:\n%s\n%s", zones[i], (long long)t, b.p, want);
		}
	}
	unsetenv("TZ");
	buf_release(&b);
}

static void zone_refusals(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "/etc/passwd", "../zoneinfo/UTC", "Europe/../Europe/Berlin", "Europe", "Europe/Berlin/",
		"No/Such", "zone.tab", "Europe/Ber lin", "tzdata.zi" };
	struct civil c;
	struct zone_local z;
	struct buf b;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (unit_civil(0, str_of(bad[i]), &c))
			fail_msg("zone %s was taken", bad[i]);
	assert_true(unit_civil(-1, STR("UTC"), &c));
	assert_int_equal(c.year, 1969);
	assert_int_equal(c.second, 59);
	assert_int_equal(c.weekday, 2);
	assert_false(zone_posix(STR("CET-1CEST"), 0, &z));
	assert_false(zone_posix(STR("CET-1CEST,M13.5.0,M10.5.0"), 0, &z));
	assert_false(zone_posix(STR("CE-1"), 0, &z));
	assert_false(zone_posix(STR("CET-1CEST,M3.5.0,M10.5.0/3x"), 0, &z));
	assert_true(zone_posix(STR("<+0330>-3:30<+0430>,J79/24,J263/24"), INT64_C(1600000000), &z));
	assert_int_equal(z.offset, 16200);
	buf_init(&b, 100);
	assert_false(unit_format_time(&b, 0, STR("%Q"), STR("UTC")));
	assert_false(unit_format_time(&b, 0, STR("100%"), STR("UTC")));
	for (int letter = 0; letter < 256; letter++) {
		char format[3] = { '%', (char)letter, 0 };
		struct str wrong = { NULL, 0 };

		assert_int_equal(unit_format_time(&b, 0, (struct str){ format, 2 }, STR("UTC")), unit_format_ok((struct str){ format, 2 }, &wrong));
		buf_clear(&b);
	}
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(duration_text), cmocka_unit_test(size_and_percent), cmocka_unit_test(every_unit_reads_back),
		cmocka_unit_test(numbers), cmocka_unit_test(times), cmocka_unit_test(for_people),
		cmocka_unit_test(zones_as_libc), cmocka_unit_test(zone_refusals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
