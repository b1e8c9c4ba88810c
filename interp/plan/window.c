/* window: see window.h. */
#include "plan/window.h"

#include "value/units.h"

static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
static const int64_t minute = 60000000000;

static bool is_open(const struct window *w, int64_t wall_ns)
{
	struct civil c;
	if (!unit_civil(wall_ns, w->tz, &c))
		return false;
	int32_t now = c.hour * 3600 + c.minute * 60 + c.second;
	bool today = w->days >> c.weekday & 1, yesterday = w->days >> ((c.weekday + 6) % 7) & 1;
	if (w->from < w->to)
		return today && now >= w->from && now < w->to;
	return (today && now >= w->from) || (yesterday && now < w->to); /* it began the evening before */
}

bool windows_open(const struct windows *ws, int64_t wall_ns)
{
	for (uint32_t i = 0; i < ws->count; i++)
		if (is_open(&ws->list[i], wall_ns))
			return true;
	return false;
}

static int64_t next_of(const struct window *w, int64_t wall_ns)
{
	int64_t length = (w->to > w->from ? w->to - w->from : w->to + 86400 - w->from) / 60, step = length < 15 ? length : 15;
	int64_t from = wall_ns - wall_ns % minute, until = from + 9 * 24 * 60 * minute, at = from;
	if (step < 1)
		step = 1;
	while (at < until && !is_open(w, at))
		at += step * minute;
	if (at >= until)
		return 0;
	while (at - minute > from && is_open(w, at - minute))
		at -= minute;
	return at;
}

int64_t windows_next(const struct windows *ws, int64_t wall_ns, const struct window **which)
{
	int64_t first = 0;
	*which = &ws->list[0];
	for (uint32_t i = 0; i < ws->count; i++) {
		int64_t at = next_of(&ws->list[i], wall_ns);
		if (!at || (first && at >= first))
			continue;
		first = at;
		*which = &ws->list[i];
	}
	return first;
}

/* Without its zone. */
static void print_hours(const struct window *w, struct buf *out)
{
	for (int i = 0; i < 7 && w->days != 127; i++)
		if (w->days >> i & 1)
			buf_printf(out, "%s ", days[i]);
	buf_printf(out, "%02d:%02d-%02d:%02d", w->from / 3600, w->from / 60 % 60, w->to / 3600, w->to / 60 % 60);
}

void windows_print(const struct windows *ws, struct buf *out)
{
	for (uint32_t i = 0; i < ws->count; i++) {
		const struct window *w = &ws->list[i];
		buf_addz(out, i ? ", " : "");
		print_hours(w, out);
		buf_printf(out, " " STR_FMT, STR_ARG(w->tz));
	}
}

void windows_outside(const struct windows *ws, int64_t wall_ns, struct buf *out)
{
	const struct window *which;
	int64_t next = windows_next(ws, wall_ns, &which);
	struct civil c;
	bool one = ws->count == 1;
	buf_printf(out, "outside the change window%s (", one ? "" : "s");
	windows_print(ws, out);
	buf_addc(out, ')');
	if (unit_civil(wall_ns, which->tz, &c)) {
		buf_addz(out, one ? ": there" : ": in ");
		if (!one)
			buf_adds(out, which->tz);
		buf_printf(out, " it is %s %02d:%02d", days[c.weekday], c.hour, c.minute);
	}
	if (!next)
		return;
	if (one) {
		buf_addz(out, "; it opens in ");
	} else {
		buf_addz(out, "; the next one, ");
		print_hours(which, out);
		buf_addz(out, ", opens in ");
	}
	unit_put_duration(out, (next - wall_ns + minute - 1) / minute * minute);
}
