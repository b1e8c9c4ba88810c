/*
 * The table of diagnostic codes, from codes/Nxx.def, ascending.
 */
#include "base/diag.h"

#define RB(code, severity, title) { code, severity, title },
static const struct diag_code codes[] = {
#include "base/codes/0xx.def"
#include "base/codes/1xx.def"
#include "base/codes/2xx.def"
#include "base/codes/3xx.def"
#include "base/codes/4xx.def"
#include "base/codes/5xx.def"
#include "base/codes/6xx.def"
	{ 0, DIAG_ERROR, NULL }, /* an array may not be empty */
};

const struct diag_code *diag_codes(size_t *count)
{
	*count = sizeof codes / sizeof *codes - 1;
	return codes;
}

const struct diag_code *diag_code_find(int code)
{
	size_t lo = 0, hi = sizeof codes / sizeof *codes - 1;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (codes[mid].code == code)
			return &codes[mid];
		if (codes[mid].code < code)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}
