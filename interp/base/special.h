#ifndef RB_BASE_SPECIAL_H
#define RB_BASE_SPECIAL_H
/* special: bytes that cannot stand in a JSON string as they are, or are not ASCII; many at once. */
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Nonzero if one of eight bytes is a quote, a backslash, a control or not ASCII.
 * The lowest bit set is in the first such byte; those above it may lie. */
static inline uint64_t special8(uint64_t x)
{
	const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
	uint64_t q = x ^ (ones * '"'), s = x ^ (ones * '\\');

	return ((~x & (x - ones * 0x20)) | (~q & (q - ones)) | (~s & (s - ones)) | x) & high;
}

#ifdef __SSE2__
/* The same of sixteen bytes: one bit for each. */
static inline unsigned special16(const char *p)
{
	__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i mark = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('"')), _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));

	/* as signed numbers what is not ASCII lies below the controls */
	return (unsigned)_mm_movemask_epi8(_mm_or_si128(mark, _mm_cmplt_epi8(x, _mm_set1_epi8(0x20))));
}
#endif

#endif
