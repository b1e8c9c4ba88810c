#include "host/sha1.h"

#include <string.h>

static uint32_t left(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

static void block(uint32_t h[5], const unsigned char *p)
{
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	for (int i = 0; i < 16; i++, p += 4)
		w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	for (int i = 16; i < 80; i++)
		w[i] = left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (int i = 0; i < 80; i++) {
		uint32_t f = i < 20 ? (b & c) | (~b & d) : i < 40 || i >= 60 ? b ^ c ^ d : (b & c) | (b & d) | (c & d);
		uint32_t k = i < 20 ? 0x5a827999 : i < 40 ? 0x6ed9eba1 : i < 60 ? 0x8f1bbcdc : 0xca62c1d6;
		uint32_t t = left(a, 5) + f + e + k + w[i];

		e = d;
		d = c;
		c = left(b, 30);
		b = a;
		a = t;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

void sha1_init(struct sha1 *s)
{
	*s = (struct sha1){ .h = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 } };
}

void sha1_add(struct sha1 *s, const void *from, size_t n)
{
	const unsigned char *p = from;
	size_t have = s->n % 64;

	if (!n)
		return;
	s->n += n;
	if (have && n >= 64 - have) {
		memcpy(s->block + have, p, 64 - have);
		block(s->h, s->block);
		p += 64 - have;
		n -= 64 - have;
		have = 0;
	}
	for (; !have && n >= 64; p += 64, n -= 64)
		block(s->h, p);
	memcpy(s->block + have, p, n);
}

void sha1_hex(struct sha1 *s, char hex[41])
{
	uint64_t bits = s->n * 8;
	unsigned char end[8];
	size_t pad = s->n % 64 < 56 ? 56 - s->n % 64 : 120 - s->n % 64;
	static const unsigned char zeros[64] = { 0x80 };

	for (int i = 0; i < 8; i++)
		end[i] = (unsigned char)(bits >> (56 - 8 * i));
	sha1_add(s, zeros, pad);
	sha1_add(s, end, 8);
	for (int i = 0; i < 40; i++)
		hex[i] = "0123456789abcdef"[s->h[i / 8] >> (28 - 4 * (i % 8)) & 15];
	hex[40] = 0;
}
