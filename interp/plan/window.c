/* window: see window.h. */
#include "plan/window.h"

#include "value/units.h"

static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
static const int64_t minute = 60000000000;

bool window_open(const struct window *w, int64_t wall_ns)
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

int64_t window_next(const struct window *w, int64_t wall_ns)
{
	int64_t length = (w->to > w->from ? w->to - w->from : w->to + 86400 - w->from) / 60, step = length < 15 ? length : 15;
	int64_t from = wall_ns - wall_ns % minute, until = from + 9 * 24 * 60 * minute, at = from;
	if (step < 1)
		step = 1;
	while (at < until && !window_open(w, at))
		at += step * minute;
	if (at >= until)
		return 0;
	while (at - minute > from && window_open(w, at - minute))
		at -= minute;
	return at;
}

void window_print(const struct window *w, struct buf *out)
{
	for (int i = 0; i < 7 && w->days != 127; i++)
		if (w->days >> i & 1)
			buf_printf(out, "%s ", days[i]);
	buf_printf(out, "%02d:%02d-%02d:%02d " STR_FMT, w->from / 3600, w->from / 60 % 60, w->to / 3600, w->to / 60 % 60, STR_ARG(w->tz));
}

void window_outside(const struct window *w, int64_t wall_ns, struct buf *out)
{
	int64_t next = window_next(w, wall_ns);
	struct civil c;
	buf_addz(out, "outside the change window (");
	window_print(w, out);
	buf_addc(out, ')');
	if (unit_civil(wall_ns, w->tz, &c))
		buf_printf(out, ": there it is %s %02d:%02d", days[c.weekday], c.hour, c.minute);
	if (!next)
		return;
	buf_addz(out, "; it opens in ");
	unit_put_duration(out, (next - wall_ns + minute - 1) / minute * minute);
}
