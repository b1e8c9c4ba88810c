/*
 * Edit distance for did-you-mean: optimal string alignment (Damerau-Levenshtein
 * where no piece is edited twice) over code points, in three rolling rows.
 */
#include "base/str.h"

#include <string.h>

enum { LONGEST = 64 };

static size_t decode(struct str s, uint32_t out[LONGEST])
{
	size_t n = 0, at = 0;
	while (at < s.n) {
		if (n == LONGEST)
			return LONGEST + 1;
		out[n++] = utf8_next(s, &at);
	}
	return n;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

size_t str_distance(struct str a, struct str b, size_t cap)
{
	uint32_t x[LONGEST], y[LONGEST];
	size_t nx = decode(a, x), ny = decode(b, y);
	if (nx > LONGEST || ny > LONGEST)
		return str_eq(a, b) ? 0 : cap;

	unsigned rows[3][LONGEST + 1];
	unsigned *before = rows[0], *last = rows[1], *now = rows[2];
	for (size_t j = 0; j <= ny; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= nx; i++) {
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= ny; j++) {
			unsigned d = last[j - 1] + (x[i - 1] != y[j - 1]);
			d = least(d, least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1])
				d = least(d, before[j - 2] + 1);
			now[j] = d;
		}
		unsigned *spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[ny] < cap ? last[ny] : cap;
}
