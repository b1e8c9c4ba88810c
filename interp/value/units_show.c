/*
 * units_show: durations and sizes for people, rounded to about three figures.
 * For progress lines and reports only; exact text is unit_put_*().
 */
#include "base/buf.h"
#include "value/units.h"

enum { US = 1000, MS = 1000000, S = 1000000000 };

static uint64_t magnitude(struct buf *out, int64_t i)
{
	if (i >= 0)
		return (uint64_t)i;
	buf_addc(out, '-');
	return 0 - (uint64_t)i;
}

static uint64_t round_to(uint64_t n, uint64_t step)
{
	uint64_t rest = n % step;
	return rest * 2 >= step ? n - rest + step : n - rest;
}

/* n / scale with three figures, trailing zeros dropped; n < 1000 * scale. */
static void put_three(struct buf *out, uint64_t n, uint64_t scale)
{
	int places = n >= 100 * scale ? 0 : n >= 10 * scale ? 1 : 2;
	uint64_t power = places == 0 ? 1 : places == 1 ? 10 : 100;
	uint64_t whole = n / scale, rest = n % scale;
	uint64_t part = (rest * power + scale / 2) / scale;
	if (part == power) {
		whole++;
		part = 0;
	}
	buf_addu(out, whole);
	if (!part)
		return;
	buf_addc(out, '.');
	if (power == 100) {
		buf_addc(out, (char)('0' + part / 10));
		part %= 10;
		if (!part)
			return;
	}
	buf_addc(out, (char)('0' + part));
}

static void put_pair(struct buf *out, uint64_t n, uint64_t big, const char *big_name, const char *small_name,
		     uint64_t small)
{
	buf_addu(out, n / big);
	buf_addz(out, big_name);
	if (n % big / small) {
		buf_addu(out, n % big / small);
		buf_addz(out, small_name);
	}
}

void unit_show_duration(struct buf *out, int64_t ns)
{
	const uint64_t minute = UINT64_C(60) * S, hour = 60 * minute, day = 24 * hour;
	uint64_t n = magnitude(out, ns);
	if (n < US) {
		buf_addu(out, n);
		buf_addz(out, n ? "ns" : "s");
	} else if (n < MS - US / 2) {
		put_three(out, n, US);
		buf_addz(out, "us");
	} else if (n < S - MS / 2) {
		put_three(out, n, MS);
		buf_addz(out, "ms");
	} else if (n < minute - S / 20) {
		put_three(out, n, S);
		buf_addc(out, 's');
	} else if (round_to(n, S) < hour) {
		put_pair(out, round_to(n, S), minute, "m", "s", S);
	} else if (round_to(n, minute) < day) {
		put_pair(out, round_to(n, minute), hour, "h", "m", minute);
	} else {
		put_pair(out, round_to(n, hour), day, "d", "h", hour);
	}
}

void unit_show_size(struct buf *out, int64_t bytes)
{
	static const char *const names[] = { " B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB" };
	uint64_t n = magnitude(out, bytes), scale = 1;
	int at = 0;
	while (at < 6 && n / scale >= 1000) {
		scale <<= 10;
		at++;
	}
	/* rest * 100 must not overflow in put_three */
	while (scale > (UINT64_C(1) << 50)) {
		scale >>= 10;
		n >>= 10;
	}
	put_three(out, n, scale);
	buf_addz(out, names[at]);
}
