/* functions_bytes: b64 and sha256, over the bytes of a text. */
#include "eval/functions.h"

#include "eval/sha256.h"

struct value fn_b64(struct call *k)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct str s = value_text(k->args[0]);
	struct buf b;

	if (!call_reads(k, s.n))
		return (struct value){ .kind = V_FAIL };
	buf_init(&b, k->m->bytes);
	for (size_t i = 0; i < s.n; i += 3) {
		size_t left = s.n - i;
		uint32_t w = (uint32_t)(unsigned char)s.p[i] << 16;

		if (left > 1)
			w |= (uint32_t)(unsigned char)s.p[i + 1] << 8;
		if (left > 2)
			w |= (unsigned char)s.p[i + 2];
		buf_addc(&b, digits[w >> 18]);
		buf_addc(&b, digits[w >> 12 & 63]);
		buf_addc(&b, left > 1 ? digits[w >> 6 & 63] : '=');
		buf_addc(&b, left > 2 ? digits[w & 63] : '=');
	}
	return code_take(k->m, k->code, &b);
}

struct value fn_sha256(struct call *k)
{
	struct str s = value_text(k->args[0]);
	char hex[65];

	if (!call_reads(k, s.n * 8))
		return (struct value){ .kind = V_FAIL };
	sha256_hex(s, hex);
	return code_text(k->m, k->code, str_of(hex));
}
