/*
 * str: comparing, cutting and hashing borrowed bytes.
 */
#include "base/str.h"

#include <string.h>

char *str_digits(char *end, uint64_t n)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
				    "4950515253545556575859606162636465666768697071727374757677787980818283848586878889909192939495969798"
				    "99";

	bool zero = n == 0;

	for (; n >= 10; n /= 100)
		memcpy(end -= 2, pairs + n % 100 * 2, 2);
	if (n > 0 || zero)
		*--end = (char)('0' + n);
	return end;
}

bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n &&
	       (suffix.n == 0 || memcmp(s.p + (s.n - suffix.n), suffix.p, suffix.n) == 0);
}

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n > 0 ? memcmp(a.p, b.p, n) : 0;
	if (order != 0)
		return order;
	return (a.n > b.n) - (a.n < b.n);
}

ptrdiff_t str_find(struct str s, struct str needle)
{
	if (needle.n == 0)
		return 0;
	if (needle.n > s.n)
		return -1;
	const char *at = s.p, *last = s.p + (s.n - needle.n);
	while (at <= last) {
		at = memchr(at, needle.p[0], (size_t)(last - at) + 1);
		if (!at)
			return -1;
		if (memcmp(at, needle.p, needle.n) == 0)
			return at - s.p;
		at++;
	}
	return -1;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s)
{
	while (s.n > 0 && is_space(s.p[0]))
		s = (struct str){ s.p + 1, s.n - 1 };
	while (s.n > 0 && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct str str_slice(struct str s, size_t from, size_t to)
{
	if (to > s.n)
		to = s.n;
	if (from > to)
		from = to;
	return (struct str){ s.n > 0 ? s.p + from : s.p, to - from };
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 r = (unsigned __int128)a * b;
	return (uint64_t)r ^ (uint64_t)(r >> 64);
}

/* The seed is where the program was loaded: names in a hostile file cannot be
 * chosen so that they all collide. */
uint64_t str_hash(struct str s)
{
	static const char here = 0;
	const uint64_t k = 0x9e3779b97f4a7c15u;
	uint64_t h = mix((uint64_t)(uintptr_t)&here ^ k, s.n ^ 0xd1b54a32d192ed03u);
	const char *p = s.p;
	size_t n = s.n;
	uint64_t word;
	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&word, p, 8);
		h = mix(h ^ word, k);
	}
	if (n > 0) {
		word = 0;
		memcpy(&word, p, n);
		h = mix(h ^ word, k);
	}
	return mix(h, 0xbf58476d1ce4e5b9u);
}
