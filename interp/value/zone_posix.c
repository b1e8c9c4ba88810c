/*
 * zone_posix: the rule string at the end of a TZif file (POSIX.1 section 8.3,
 * with RFC 8536's wider hours): the offset in years that the table does not
 * reach. Also the calendar's day numbers.
 */
#include "value/zone.h"

#include <string.h>

struct reader { struct str s; size_t at; };

struct rule {
	char kind;            /* 'J': day 1..365, leap day never counted; 'D': 0..365; 'M': month, week, day */
	int month, week, day;
	int64_t time;         /* seconds after local midnight */
};

int64_t zone_days(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t of_era = year - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void zone_date(int64_t days, int *year, int *month, int *day)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t of_era = days - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * of_year + 2) / 153;
	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(y + era * 400 + (*month <= 2));
}

static char peek(const struct reader *r)
{
	return r->at < r->s.n ? r->s.p[r->at] : 0;
}

static bool take(struct reader *r, char c)
{
	bool is = peek(r) == c && r->at < r->s.n;
	r->at += is;
	return is;
}

static bool number(struct reader *r, int max, int *out)
{
	int n = 0;
	size_t start = r->at;
	for (; peek(r) >= '0' && peek(r) <= '9'; r->at++) {
		n = n * 10 + (peek(r) - '0');
		if (n > max)
			return false;
	}
	*out = n;
	return r->at > start;
}

static bool name(struct reader *r, char out[16])
{
	bool quoted = take(r, '<');
	size_t n = 0;
	for (;; r->at++) {
		char c = peek(r);
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		if (!letter && !(quoted && ((c >= '0' && c <= '9') || c == '+' || c == '-')))
			break;
		if (n == 15)
			return false;
		out[n++] = c;
	}
	out[n] = 0;
	return n >= (quoted ? 1 : 3) && (!quoted || take(r, '>'));
}

/* [+-]hh[:mm[:ss]] */
static bool clock(struct reader *r, int64_t *out)
{
	int h = 0, m = 0, s = 0;
	bool minus = peek(r) == '-';
	if (minus || peek(r) == '+')
		r->at++;
	if (!number(r, 167, &h) || (take(r, ':') && (!number(r, 59, &m) || (take(r, ':') && !number(r, 59, &s)))))
		return false;
	*out = (int64_t)h * 3600 + m * 60 + s;
	if (minus)
		*out = -*out;
	return true;
}

static bool read_rule(struct reader *r, struct rule *out)
{
	bool ok;
	*out = (struct rule){ .kind = 'D', .time = 7200 };
	if (take(r, 'M')) {
		out->kind = 'M';
		ok = number(r, 12, &out->month) && take(r, '.') && number(r, 5, &out->week) && take(r, '.') &&
		     number(r, 6, &out->day) && out->month && out->week;
	} else if (take(r, 'J')) {
		out->kind = 'J';
		ok = number(r, 365, &out->day) && out->day;
	} else {
		ok = number(r, 365, &out->day);
	}
	return ok && (!take(r, '/') || clock(r, &out->time));
}

static bool leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The rule's moment in a year, in seconds of local time. */
static int64_t moment(const struct rule *r, int year)
{
	int64_t day;
	if (r->kind == 'J') {
		day = zone_days(year, 1, 1) + r->day - 1 + (leap(year) && r->day >= 60);
	} else if (r->kind == 'D') {
		day = zone_days(year, 1, 1) + r->day;
	} else {
		static const int length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
		int64_t first = zone_days(year, r->month, 1);
		int weekday = (int)(((first + 4) % 7 + 7) % 7); /* 0 = Sunday */
		int of_month = (r->day - weekday + 7) % 7 + (r->week - 1) * 7;
		if (of_month >= length[r->month - 1] + (r->month == 2 && leap(year)))
			of_month -= 7;
		day = first + of_month;
	}
	return day * 86400 + r->time;
}

bool zone_posix(struct str rule, int64_t seconds, struct zone_local *out)
{
	struct reader r = { rule, 0 };
	struct zone_local summer = { 0, "" };
	struct rule from, to;
	int64_t std, dst;
	int year, month, day;

	if (!name(&r, out->name) || !clock(&r, &std))
		return false;
	out->offset = (int32_t)-std;
	if (r.at == rule.n)
		return true;
	dst = std - 3600;
	if (!name(&r, summer.name) || (peek(&r) != ',' && !clock(&r, &dst)))
		return false;
	summer.offset = (int32_t)-dst;
	if (!take(&r, ',') || !read_rule(&r, &from) || !take(&r, ',') || !read_rule(&r, &to) || r.at != rule.n)
		return false;
	int64_t local = seconds - std;
	zone_date((local >= 0 ? local : local - 86399) / 86400, &year, &month, &day);
	int64_t start = moment(&from, year) + std, end = moment(&to, year) + dst;
	bool is_summer = start < end ? seconds >= start && seconds < end : seconds >= start || seconds < end;
	if (is_summer)
		*out = summer;
	return true;
}
