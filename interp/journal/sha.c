#include "journal/sha.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* What SHA256_Init() makes (FIPS 180-4, 5.3.3). It stores word by word what the first block
 * loads as vectors, so that the processor waits for all that goes before. */
static const struct sha fresh = { .ctx = {
	.h = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 },
	.md_len = SHA256_DIGEST_LENGTH,
} };

void sha_init(struct sha *s)
{
	*s = fresh;
}

void sha_add(struct sha *s, const char *p, size_t n)
{
	if (n)
		SHA256_Update(&s->ctx, p, n);
}

#ifdef __SSE2__
/* The state as hex: four words at a time, one digit a byte. */
static void put_state(const SHA256_CTX *c, char out[SHA_HEX])
{
	const __m128i low = _mm_set1_epi8(15), nine = _mm_set1_epi8(9), zero = _mm_set1_epi8('0'), more = _mm_set1_epi8('a' - '0' - 10);

	for (int i = 0; i < 8; i += 4, out += 32) {
		__m128i x = _mm_loadu_si128((const __m128i *)(const void *)(c->h + i)), first, second, a, b;

		x = _mm_shufflehi_epi16(_mm_shufflelo_epi16(x, 0xb1), 0xb1);           /* halves of words */
		x = _mm_or_si128(_mm_slli_epi16(x, 8), _mm_srli_epi16(x, 8));          /* bytes: big-endian now */
		first = _mm_and_si128(_mm_srli_epi16(x, 4), low);
		second = _mm_and_si128(x, low);
		a = _mm_unpacklo_epi8(first, second);
		b = _mm_unpackhi_epi8(first, second);
		a = _mm_add_epi8(_mm_add_epi8(a, zero), _mm_and_si128(_mm_cmpgt_epi8(a, nine), more));
		b = _mm_add_epi8(_mm_add_epi8(b, zero), _mm_and_si128(_mm_cmpgt_epi8(b, nine), more));
		_mm_storeu_si128((__m128i *)(void *)out, a);
		_mm_storeu_si128((__m128i *)(void *)(out + 16), b);
	}
}
#else
static void put_state(const SHA256_CTX *c, char out[SHA_HEX])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < SHA_HEX; i++)
		out[i] = digits[c->h[i / 8] >> (28 - i % 8 * 4) & 15];
}
#endif

void sha_hex(struct sha *s, char out[SHA_HEX])
{
	unsigned char raw[SHA256_DIGEST_LENGTH];

	SHA256_Final(raw, &s->ctx);
	put_state(&s->ctx, out);
}

void sha_behind(const char before[SHA_HEX], struct str text, char out[SHA_HEX])
{
	enum { BLOCK = SHA256_CBLOCK, SHORT = 1024, LENGTH = 8, PAD = BLOCK + LENGTH };
	unsigned char all[SHA_HEX + SHORT + PAD];
	size_t n = SHA_HEX + text.n, whole = (n + LENGTH) / BLOCK * BLOCK + BLOCK;
	struct sha s;

	sha_init(&s);
	if (text.n > SHORT) {
		sha_add(&s, before, SHA_HEX);
		sha_add(&s, text.p, text.n);
		sha_hex(&s, out);
		return;
	}
	memcpy(all, before, SHA_HEX);
	memcpy(all + SHA_HEX, text.p, text.n);
	/* FIPS 180-4, 5.1.1: a bit, zeros, the length in bits. Whole blocks go past libcrypto's own buffer. */
	memset(all + n, 0, PAD);
	all[n] = 0x80;
	all[whole - 2] = (unsigned char)(n * 8 >> 8);
	all[whole - 1] = (unsigned char)(n * 8);
	SHA256_Update(&s.ctx, all, whole);
	put_state(&s.ctx, out);
}

bool sha_is_hex(struct str s)
{
	if (s.n != SHA_HEX)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
			return false;
	return true;
}
