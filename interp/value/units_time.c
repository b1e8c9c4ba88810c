/*
 * units_time: moments as RFC 3339, as civil time in a zone and by strftime's
 * letters in the C locale. Nothing reads or changes the process's time zone.
 */
#include "value/units.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "value/zone.h"

#define SECOND INT64_C(1000000000)

static int64_t floor_div(int64_t n, int64_t by)
{
	return n / by - (n % by < 0);
}

/* count digits at s.p[*at]; false if there are fewer. */
static bool digits(struct str s, size_t *at, size_t count, int *out)
{
	int n = 0;
	for (size_t i = 0; i < count; i++, ++*at) {
		if (*at >= s.n || s.p[*at] < '0' || s.p[*at] > '9')
			return false;
		n = n * 10 + (s.p[*at] - '0');
	}
	*out = n;
	return true;
}

static bool letter(struct str s, size_t *at, const char *any)
{
	bool is = *at < s.n && s.p[*at] && strchr(any, s.p[*at]);
	*at += is;
	return is;
}

/* .digits, to the nanosecond; more figures only if they are zeros */
static bool fraction(struct str s, size_t *at, int64_t *ns)
{
	int64_t scale = SECOND;
	size_t start = ++*at;
	for (; *at < s.n && s.p[*at] >= '0' && s.p[*at] <= '9'; ++*at) {
		if (scale == 1 && s.p[*at] != '0')
			return false;
		if (scale > 1) {
			scale /= 10;
			*ns += (s.p[*at] - '0') * scale;
		}
	}
	return *at > start;
}

static bool zone_offset(struct str s, size_t *at, int64_t *offset)
{
	int h, m;
	if (letter(s, at, "Zz"))
		return true;
	bool minus = *at < s.n && s.p[*at] == '-';
	if (!letter(s, at, "+-") || !digits(s, at, 2, &h) || !letter(s, at, ":") || !digits(s, at, 2, &m) ||
	    h > 23 || m > 59)
		return false;
	*offset = (int64_t)h * 3600 + m * 60;
	if (minus)
		*offset = -*offset;
	return true;
}

static int month_days(int year, int month)
{
	static const int length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return length[month - 1] + (month == 2 && leap);
}

bool unit_parse_time(struct str s, int64_t *ns)
{
	int year, month, day, h, m, sec;
	int64_t part = 0, offset = 0;
	size_t at = 0;

	if (!digits(s, &at, 4, &year) || !letter(s, &at, "-") || !digits(s, &at, 2, &month) || !letter(s, &at, "-") ||
	    !digits(s, &at, 2, &day) || !letter(s, &at, "Tt ") || !digits(s, &at, 2, &h) || !letter(s, &at, ":") ||
	    !digits(s, &at, 2, &m) || !letter(s, &at, ":") || !digits(s, &at, 2, &sec))
		return false;
	if (at < s.n && s.p[at] == '.' && !fraction(s, &at, &part))
		return false;
	if (!zone_offset(s, &at, &offset) || at != s.n)
		return false;
	/* second 60 is a leap second; POSIX time has no name of its own for it */
	if (month < 1 || month > 12 || day < 1 || day > month_days(year, month) || h > 23 || m > 59 ||
	    sec > (m == 59 ? 60 : 59))
		return false;
	int64_t seconds = zone_days(year, month, day) * 86400 + h * 3600 + m * 60 + sec - offset;
	/* before 1970 the whole seconds may be just past the range while the sum is in it */
	if (seconds < 0 && part) {
		seconds++;
		part -= SECOND;
	}
	return !__builtin_mul_overflow(seconds, SECOND, ns) && !__builtin_add_overflow(*ns, part, ns);
}

static void split(int64_t local, int64_t offset, struct civil *out)
{
	int64_t days = floor_div(local, 86400), rest = local - days * 86400;
	zone_date(days, &out->year, &out->month, &out->day);
	out->hour = (int)(rest / 3600);
	out->minute = (int)(rest / 60 % 60);
	out->second = (int)(rest % 60);
	out->weekday = (int)(((days + 3) % 7 + 7) % 7);
	out->offset_s = (int32_t)offset;
}

void unit_put_time(struct buf *out, int64_t ns)
{
	struct civil c;
	int64_t seconds = floor_div(ns, SECOND), part = (ns % SECOND + SECOND) % SECOND;
	split(seconds, 0, &c);
	buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d", c.year, c.month, c.day, c.hour, c.minute, c.second);
	if (part) {
		char z[16];
		int n = snprintf(z, sizeof(z), ".%09d", (int)part);
		while (z[n - 1] == '0')
			n--;
		buf_add(out, z, (size_t)n);
	}
	buf_addc(out, 'Z');
}

bool unit_civil(int64_t time_ns, struct str tz, struct civil *out)
{
	struct zone_local z;
	int64_t seconds = floor_div(time_ns, SECOND);
	if (!zone_at(tz, seconds, &z))
		return false;
	split(seconds + z.offset, z.offset, out);
	return true;
}

struct moment {
	struct civil c;
	struct zone_local z;
	int64_t seconds;    /* since the epoch */
	int64_t days;       /* local day number */
	int year_day;       /* from 0 */
};

/* ISO 8601 week and the year it belongs to. */
static int iso_week(const struct moment *m, int *year)
{
	int64_t thursday = m->days - m->c.weekday + 3;
	int month, day;
	zone_date(thursday, year, &month, &day);
	return (int)((thursday - zone_days(*year, 1, 1)) / 7) + 1;
}

static int twelve(int hour)
{
	return hour % 12 ? hour % 12 : 12;
}

static void put_offset(struct buf *out, int32_t offset)
{
	int32_t n = offset < 0 ? -offset : offset;
	buf_printf(out, "%c%02d%02d", offset < 0 ? '-' : '+', n / 3600, n / 60 % 60);
}

static bool put_letter(struct buf *out, char letter_, const struct moment *m);

/* Letters that stand for several others. */
static const char *expansion(char c)
{
	switch (c) {
	case 'F': return "Y-m-d";
	case 'T': return "H:M:S";
	case 'R': return "H:M";
	case 'D': return "m/d/y";
	case 'r': return "I:M:S p";
	case 'c': return "a b e H:M:S Y";
	default: return NULL;
	}
}

static bool put_expansion(struct buf *out, const char *letters, const struct moment *m)
{
	for (; *letters; letters++) {
		if (strchr("-:/ ", *letters))
			buf_addc(out, *letters);
		else if (!put_letter(out, *letters, m))
			return false;
	}
	return true;
}

static bool put_name(struct buf *out, char letter_, const struct civil *c)
{
	static const char *const days[] = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" };
	static const char *const months[] = { "January", "February", "March", "April", "May", "June", "July",
					      "August", "September", "October", "November", "December" };
	switch (letter_) {
	case 'A': buf_addz(out, days[c->weekday]); return true;
	case 'a': buf_add(out, days[c->weekday], 3); return true;
	case 'B': buf_addz(out, months[c->month - 1]); return true;
	case 'b':
	case 'h': buf_add(out, months[c->month - 1], 3); return true;
	default: return false;
	}
}

static bool put_number(struct buf *out, char letter_, const struct moment *m)
{
	const struct civil *c = &m->c;
	int year = c->year, n = 0;
	const char *format = "%02d";
	switch (letter_) {
	case 'Y': n = year; format = "%04d"; break;
	case 'm': n = c->month; break;
	case 'd': n = c->day; break;
	case 'H': n = c->hour; break;
	case 'M': n = c->minute; break;
	case 'S': n = c->second; break;
	case 'I': n = twelve(c->hour); break;
	case 'y': n = year % 100; break;
	case 'C': n = year / 100; break;
	case 'V': n = iso_week(m, &year); break;
	case 'G': iso_week(m, &year); n = year; format = "%04d"; break;
	case 'g': iso_week(m, &year); n = year % 100; break;
	case 'j': n = m->year_day + 1; format = "%03d"; break;
	case 'u': n = c->weekday + 1; format = "%d"; break;
	case 'w': n = (c->weekday + 1) % 7; format = "%d"; break;
	case 'U': n = (m->year_day + 7 - (c->weekday + 1) % 7) / 7; break;
	case 'W': n = (m->year_day + 7 - c->weekday) / 7; break;
	case 'e': n = c->day; format = "%2d"; break;
	case 'k': n = c->hour; format = "%2d"; break;
	case 'l': n = twelve(c->hour); format = "%2d"; break;
	default: return false;
	}
	char z[16];
	snprintf(z, sizeof(z), format, n);
	buf_addz(out, z);
	return true;
}

static bool put_letter(struct buf *out, char letter_, const struct moment *m)
{
	switch (letter_) {
	case '%': buf_addc(out, '%'); return true;
	case 'n': buf_addc(out, '\n'); return true;
	case 't': buf_addc(out, '\t'); return true;
	case 's': buf_addi(out, m->seconds); return true;
	case 'z': put_offset(out, m->z.offset); return true;
	case 'Z': buf_addz(out, m->z.name); return true;
	case 'p': buf_addz(out, m->c.hour < 12 ? "AM" : "PM"); return true;
	case 'P': buf_addz(out, m->c.hour < 12 ? "am" : "pm"); return true;
	default: break;
	}
	const char *letters = expansion(letter_);
	if (letters)
		return put_expansion(out, letters, m);
	return put_name(out, letter_, &m->c) || put_number(out, letter_, m);
}

bool unit_format_time(struct buf *out, int64_t time_ns, struct str format, struct str tz)
{
	struct moment m = { .seconds = floor_div(time_ns, SECOND) };
	if (!zone_at(tz, m.seconds, &m.z))
		return false;
	split(m.seconds + m.z.offset, m.z.offset, &m.c);
	m.days = zone_days(m.c.year, m.c.month, m.c.day);
	m.year_day = (int)(m.days - zone_days(m.c.year, 1, 1));
	for (size_t i = 0; i < format.n; i++) {
		if (format.p[i] != '%')
			buf_addc(out, format.p[i]);
		else if (++i >= format.n || !put_letter(out, format.p[i], &m))
			return false;
	}
	return true;
}

bool unit_format_ok(struct str format, struct str *wrong)
{
	const struct moment m = { .c = { .year = 1970, .month = 1, .day = 1 }, .z = { 0, "UTC" } };
	struct buf b;
	bool ok = true;
	buf_init(&b, 1 << 10);
	for (size_t i = 0; ok && i < format.n; i++) {
		if (format.p[i] != '%')
			continue;
		size_t end = ++i < format.n ? i + 1 : i;
		buf_clear(&b);
		ok = i < format.n && put_letter(&b, format.p[i], &m);
		while (end < format.n && (format.p[end] & 0xc0) == 0x80)
			end++; /* the rest of its character */
		*wrong = str_slice(format, i - 1, end);
	}
	buf_release(&b);
	return ok;
}
