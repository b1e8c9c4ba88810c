#include "journal/sha.h"

void sha_init(struct sha *s)
{
	SHA256_Init(&s->ctx);
}

void sha_add(struct sha *s, const char *p, size_t n)
{
	if (n)
		SHA256_Update(&s->ctx, p, n);
}

void sha_hex(struct sha *s, char out[SHA_HEX])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[SHA256_DIGEST_LENGTH];

	SHA256_Final(raw, &s->ctx);
	for (size_t i = 0; i < sizeof(raw); i++) {
		out[2 * i] = digits[raw[i] >> 4];
		out[2 * i + 1] = digits[raw[i] & 15];
	}
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
