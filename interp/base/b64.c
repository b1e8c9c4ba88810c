#include "base/b64.h"

/* b64: three bytes are four digits. */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void b64_add(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i += 3) {
		const unsigned char *u = (const unsigned char *)s.p + i;
		size_t left = s.n - i;
		unsigned v = (unsigned)u[0] << 16 | (left > 1 ? (unsigned)u[1] << 8 : 0) | (left > 2 ? u[2] : 0);
		char four[4] = { digits[v >> 18], digits[v >> 12 & 63], left > 1 ? digits[v >> 6 & 63] : '=', left > 2 ? digits[v & 63] : '=' };

		buf_add(b, four, 4);
	}
}

static int digit(char c)
{
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

bool b64_read(struct str s, struct buf *out)
{
	size_t pad = s.n && s.p[s.n - 1] == '=' ? (s.n > 1 && s.p[s.n - 2] == '=' ? 2 : 1) : 0;

	if (s.n % 4)
		return false;
	for (size_t i = 0; i < s.n; i += 4) {
		size_t keep = i + 4 == s.n ? 3 - pad : 3;
		int bits = 0;

		for (size_t k = i; k < i + 4; k++) {
			int d = k >= s.n - pad ? 0 : digit(s.p[k]);

			if (d < 0)
				return false;
			bits = bits << 6 | d;
		}
		for (size_t k = 0; k < keep; k++)
			buf_addc(out, (char)(bits >> (16 - 8 * (int)k) & 255));
	}
	return true;
}
