/*
 * units: exact text of durations, sizes, percents and numbers, both ways. A
 * decimal is a mantissa and a power of ten and is scaled in integers, so 1.5GiB
 * is exact or refused, never rounded. Times are in units_time.c.
 */
#include "value/units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

struct unit { const char *name; uint64_t scale; };

#define SECOND UINT64_C(1000000000)

static const struct unit duration_units[] = {
	{ "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", SECOND }, { "m", 60 * SECOND },
	{ "h", 3600 * SECOND }, { "d", 86400 * SECOND }, { "w", 7 * 86400 * SECOND }, { NULL, 0 },
};
static const struct unit size_units[] = {
	{ "B", 1 }, { "KB", 1000 }, { "MB", 1000000 }, { "GB", 1000000000 }, { "TB", UINT64_C(1000000000000) },
	{ "KiB", UINT64_C(1) << 10 }, { "MiB", UINT64_C(1) << 20 }, { "GiB", UINT64_C(1) << 30 },
	{ "TiB", UINT64_C(1) << 40 }, { NULL, 0 },
};
static const struct unit percent_units[] = { { "%", PERCENT_ONE }, { NULL, 0 } };

/* mantissa * 10^exp; the mantissa does not end in a zero unless it is 0 */
struct decimal { uint64_t mantissa; int exp; };

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Adds a digit; zeros are kept back until a digit follows, so that 1.500000 fits. */
static bool decimal_digit(struct decimal *d, int *zeros, char c)
{
	if (c == '0') {
		*zeros += d->mantissa != 0;
		return true;
	}
	for (; *zeros; --*zeros)
		if (__builtin_mul_overflow(d->mantissa, UINT64_C(10), &d->mantissa))
			return false;
	return !__builtin_mul_overflow(d->mantissa, UINT64_C(10), &d->mantissa) &&
	       !__builtin_add_overflow(d->mantissa, (uint64_t)(c - '0'), &d->mantissa);
}

static bool decimal_exponent(struct str s, size_t *at, int *exp)
{
	size_t i = *at + 1;
	bool minus = false;
	int n = 0;
	if (i < s.n && (s.p[i] == '+' || s.p[i] == '-'))
		minus = s.p[i++] == '-';
	if (i >= s.n || !digit(s.p[i]))
		return true; /* not an exponent: the unit follows */
	for (; i < s.n && digit(s.p[i]); i++) {
		if (n > 9999)
			return false;
		n = n * 10 + (s.p[i] - '0');
	}
	*exp += minus ? -n : n;
	*at = i;
	return true;
}

/* digits [. digits] [e digits] at *at. */
static bool decimal_scan(struct str s, size_t *at, struct decimal *d)
{
	size_t i = *at;
	int zeros = 0, fraction = 0;
	*d = (struct decimal){ 0, 0 };
	if (i >= s.n || !digit(s.p[i]))
		return false;
	for (; i < s.n && digit(s.p[i]); i++)
		if (!decimal_digit(d, &zeros, s.p[i]))
			return false;
	if (i + 1 < s.n && s.p[i] == '.' && digit(s.p[i + 1])) {
		for (i++; i < s.n && digit(s.p[i]); i++, fraction++)
			if (fraction > 10000 || !decimal_digit(d, &zeros, s.p[i]))
				return false;
	}
	d->exp = zeros - fraction;
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E') && !decimal_exponent(s, &i, &d->exp))
		return false;
	if (!d->mantissa)
		d->exp = 0;
	*at = i;
	return true;
}

static bool take_factor(uint64_t *a, uint64_t *b, uint64_t factor)
{
	uint64_t *from = *a % factor == 0 ? a : *b % factor == 0 ? b : NULL;
	if (from)
		*from /= factor;
	return from != NULL;
}

/* d * scale, exact, or false. */
static bool decimal_scale(struct decimal d, uint64_t scale, uint64_t *out)
{
	for (; d.exp < 0 && d.mantissa; d.exp++)
		if (!take_factor(&d.mantissa, &scale, 2) || !take_factor(&d.mantissa, &scale, 5))
			return false;
	for (; d.exp > 0; d.exp--)
		if (__builtin_mul_overflow(d.mantissa, UINT64_C(10), &d.mantissa))
			return false;
	return !__builtin_mul_overflow(d.mantissa, scale, out);
}

static bool with_sign(uint64_t magnitude, bool minus, int64_t *out)
{
	if (magnitude > (uint64_t)INT64_MAX + minus)
		return false;
	*out = minus ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	return true;
}

/* Longest unit name at s.p[at]. */
static const struct unit *unit_at(const struct unit *units, struct str s, size_t at)
{
	const struct unit *best = NULL;
	size_t length = 0;
	for (; units->name; units++) {
		struct str name = str_of(units->name);
		if (name.n > length && name.n <= s.n - at && !memcmp(name.p, s.p + at, name.n)) {
			best = units;
			length = name.n;
		}
	}
	return best;
}

static bool parse_units(struct str s, const struct unit *units, bool compound, int64_t *out)
{
	uint64_t total = 0;
	bool minus = s.n && s.p[0] == '-';
	size_t at = minus;
	do {
		struct decimal d;
		uint64_t part;
		if (!decimal_scan(s, &at, &d))
			return false;
		const struct unit *u = unit_at(units, s, at);
		if (!u || !decimal_scale(d, u->scale, &part) || __builtin_add_overflow(total, part, &total))
			return false;
		at += strlen(u->name);
	} while (compound && at < s.n);
	return at == s.n && with_sign(total, minus, out);
}

bool unit_parse_duration(struct str s, int64_t *ns)
{
	return parse_units(s, duration_units, true, ns);
}

bool unit_parse_size(struct str s, int64_t *bytes)
{
	return parse_units(s, size_units, false, bytes);
}

bool unit_parse_percent(struct str s, int64_t *p)
{
	return parse_units(s, percent_units, false, p);
}

bool unit_parse_int(struct str s, int64_t *n)
{
	bool minus = s.n && s.p[0] == '-';
	size_t at = minus;
	uint64_t total = 0;
	if (at >= s.n || (s.p[at] == '0' && at + 1 < s.n))
		return false;
	for (; at < s.n; at++)
		if (!digit(s.p[at]) || __builtin_mul_overflow(total, UINT64_C(10), &total) ||
		    __builtin_add_overflow(total, (uint64_t)(s.p[at] - '0'), &total))
			return false;
	return with_sign(total, minus, n);
}

static size_t skip_digits(struct str s, size_t at)
{
	while (at < s.n && digit(s.p[at]))
		at++;
	return at;
}

/* The grammar of JSON numbers (RFC 8259 section 6): strtod alone takes hex, inf, nan. */
static bool is_json_number(struct str s)
{
	size_t i = s.n && s.p[0] == '-', start = i;
	i = skip_digits(s, i);
	if (i == start || (s.p[start] == '0' && i > start + 1))
		return false;
	if (i < s.n && s.p[i] == '.') {
		start = ++i;
		i = skip_digits(s, i);
		if (i == start)
			return false;
	}
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		if (i < s.n && (s.p[i] == '+' || s.p[i] == '-'))
			i++;
		start = i;
		i = skip_digits(s, i);
		if (i == start)
			return false;
	}
	return i == s.n;
}

bool unit_parse_float(struct str s, double *d)
{
	char z[512];
	if (s.n >= sizeof(z) || !is_json_number(s))
		return false;
	memcpy(z, s.p, s.n);
	z[s.n] = 0;
	*d = strtod(z, NULL);
	return isfinite(*d);
}

bool unit_parse(enum value_kind k, struct arena *a, struct str s, struct value *out)
{
	*out = (struct value){ .kind = (uint8_t)k };
	switch (k) {
	case V_NULL:
		return str_eqz(s, "null");
	case V_BOOL:
		out->b = str_eqz(s, "true");
		return out->b || str_eqz(s, "false");
	case V_INT:
		return unit_parse_int(s, &out->i);
	case V_FLOAT:
		return unit_parse_float(s, &out->f);
	case V_STRING:
		*out = value_str_copy(a, s);
		return true;
	case V_DURATION:
		return unit_parse_duration(s, &out->i);
	case V_TIME:
		return unit_parse_time(s, &out->i);
	case V_SIZE:
		return unit_parse_size(s, &out->i);
	case V_PERCENT:
		return unit_parse_percent(s, &out->i);
	default:
		return false;
	}
}

static uint64_t magnitude(struct buf *out, int64_t i)
{
	if (i >= 0)
		return (uint64_t)i;
	buf_addc(out, '-');
	return 0 - (uint64_t)i;
}

/* n / scale as a decimal without trailing zeros; scale is a power of ten. */
static void put_fraction(struct buf *out, uint64_t n, uint64_t scale)
{
	buf_addu(out, n / scale);
	n %= scale;
	if (!n)
		return;
	buf_addc(out, '.');
	for (; n; n %= scale) {
		scale /= 10;
		buf_addc(out, (char)('0' + n / scale));
	}
}

void unit_put_duration(struct buf *out, int64_t ns)
{
	static const struct unit large[] = { { "d", 86400 * SECOND }, { "h", 3600 * SECOND }, { "m", 60 * SECOND } };
	uint64_t n = magnitude(out, ns);
	if (!n) {
		buf_addz(out, "0s");
		return;
	}
	bool first = true;
	for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
		if (n < large[i].scale)
			continue;
		buf_addu(out, n / large[i].scale);
		buf_addz(out, large[i].name);
		n %= large[i].scale;
		first = false;
	}
	if (!n)
		return;
	const struct unit *u = !first || n >= SECOND ? &duration_units[3] :
			       n >= 1000000 ? &duration_units[2] :
			       n >= 1000 ? &duration_units[1] : &duration_units[0];
	put_fraction(out, n, u->scale);
	buf_addz(out, u->name);
}

void unit_put_size(struct buf *out, int64_t bytes)
{
	uint64_t n = magnitude(out, bytes), best = n;
	const char *name = "B";
	for (const struct unit *u = size_units; n && u->name; u++)
		if (n % u->scale == 0 && n / u->scale <= best) {
			best = n / u->scale;
			name = u->name;
		}
	buf_addu(out, best);
	buf_addz(out, name);
}

void unit_put_percent(struct buf *out, int64_t p)
{
	uint64_t n = magnitude(out, p);
	put_fraction(out, n, PERCENT_ONE);
	buf_addc(out, '%');
}

static void put_exponent(struct buf *out, const char *e)
{
	buf_addc(out, 'e');
	e++;
	if (*e == '-')
		buf_addc(out, '-');
	while (*e == '-' || *e == '+' || (*e == '0' && e[1]))
		e++;
	buf_addz(out, e);
}

void unit_put_float(struct buf *out, double d)
{
	char z[40];
	for (int figures = 15; figures <= 17; figures++) {
		snprintf(z, sizeof(z), "%.*g", figures, d);
		if (strtod(z, NULL) == d)
			break;
	}
	char *e = strchr(z, 'e');
	if (!isfinite(d)) { /* cannot come from the language; keep it readable */
		buf_addz(out, z);
	} else if (e) {
		buf_add(out, z, (size_t)(e - z));
		put_exponent(out, e);
	} else {
		buf_addz(out, z);
		if (!strchr(z, '.'))
			buf_addz(out, ".0");
	}
}
