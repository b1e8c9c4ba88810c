/*
 * pages: look-up in the generated table of error pages.
 */
#include "base/pages.h"

struct str page_find(int code)
{
	size_t lo = 0, hi = rb_page_count;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (rb_pages[mid].code == code)
			return str_of(rb_pages[mid].text);
		if (rb_pages[mid].code < code)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (struct str){ "", 0 };
}
