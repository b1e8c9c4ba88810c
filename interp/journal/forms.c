#include "journal/forms.h"

#include <string.h>

#include "base/mem.h"

enum { BYTES_MAX = 512 << 20, OVERLAP = 16, FORM_GROWTH = 8 };

static const char lower_hex[] = "0123456789abcdef", upper_hex[] = "0123456789ABCDEF";

void forms_init(struct forms *f)
{
	memset(f, 0, sizeof(*f));
	buf_init(&f->bytes, BYTES_MAX);
}

void forms_release(struct forms *f)
{
	buf_release(&f->bytes);
	mem_free(f->list);
	memset(f, 0, sizeof(*f));
}

/* One being made: the forms of this text begin at `first`. */
struct making {
	struct forms *f;
	struct str text;
	size_t first;
	struct buf b, again;
};

static void keep(struct making *k, struct str s)
{
	struct forms *f = k->f;

	for (size_t i = k->first; i < f->count; i++)
		if (f->list[i].n == s.n && !memcmp(f->bytes.p + f->list[i].at, s.p, s.n))
			return;
	MEM_ROOM(f->list, f->count, f->cap, 64);
	f->list[f->count++] = (struct form){ (uint32_t)f->bytes.len, (uint32_t)s.n, 0 };
	buf_adds(&f->bytes, s);
	if (f->bytes.full)
		mem_abort("too many secrets");
}

/* Takes what stands in k->b as a form. Pieces of a long one overlap, so that a
 * text that holds it whole is masked whole. */
static void take(struct making *k)
{
	struct str s = buf_str(&k->b);

	if (s.n < FORM_MIN)
		return;
	if (s.n <= FORM_WINDOW) {
		keep(k, s);
		return;
	}
	for (size_t at = 0; at + FORM_WINDOW < s.n; at += FORM_WINDOW - OVERLAP)
		keep(k, (struct str){ s.p + at, FORM_WINDOW });
	keep(k, (struct str){ s.p + s.n - FORM_WINDOW, FORM_WINDOW });
}

/* --- base64 --- */

static const char base64_std[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The six bits of text at bit; bits before and behind it are 0. */
static unsigned sextet(struct str text, size_t bit)
{
	size_t at = bit / 8;
	unsigned hi = (unsigned char)text.p[at], lo = at + 1 < text.n ? (unsigned char)text.p[at + 1] : 0;

	return (hi << 8 | lo) >> (10 - bit % 8) & 63;
}

/* skip: how many bytes stand before the text in its group of three. Only digits
 * that the text alone decides; then those that hold if the data ends with it. */
static void base64(struct making *k, const char *alphabet, size_t skip)
{
	size_t bits = k->text.n * 8, bit = skip ? 6 - skip * 8 % 6 : 0;

	buf_clear(&k->b);
	for (; bit + 6 <= bits; bit += 6)
		buf_addc(&k->b, alphabet[sextet(k->text, bit)]);
	take(k);
	if (bit == bits)
		return;
	buf_addc(&k->b, alphabet[sextet(k->text, bit)]);
	take(k);
	buf_fill(&k->b, '=', bits - bit == 2 ? 2 : 1);
	take(k);
}

/* As the usual programs print it when the secret is all they encode: in lines. */
static void base64_wrapped(struct making *k, size_t width)
{
	size_t bits = k->text.n * 8, bit = 0, n = 0;

	buf_clear(&k->b);
	for (; bit + 6 <= bits; bit += 6, n++) {
		if (n && n % width == 0)
			buf_addc(&k->b, '\n');
		buf_addc(&k->b, base64_std[sextet(k->text, bit)]);
	}
	if (n <= width)
		return;
	take(k);
	if (bit == bits)
		return;
	if (n % width == 0)
		buf_addc(&k->b, '\n');
	buf_addc(&k->b, base64_std[sextet(k->text, bit)]);
	take(k);
}

static void base64_all(struct making *k)
{
	for (size_t skip = 0; skip < 3; skip++) {
		base64(k, base64_std, skip);
		base64(k, base64_url, skip);
	}
	base64_wrapped(k, 64);
	base64_wrapped(k, 76);
}

/* --- hex --- */

static void hex(struct making *k, const char *digits, const char *before, const char *between)
{
	buf_clear(&k->b);
	for (size_t i = 0; i < k->text.n; i++) {
		unsigned char c = (unsigned char)k->text.p[i];

		buf_addz(&k->b, i ? between : "");
		buf_addz(&k->b, before);
		buf_addc(&k->b, digits[c >> 4]);
		buf_addc(&k->b, digits[c & 15]);
	}
	take(k);
}

static void hex_all(struct making *k)
{
	for (int upper = 0; upper < 2; upper++) {
		const char *digits = upper ? upper_hex : lower_hex;

		hex(k, digits, "", "");
		hex(k, digits, "\\x", "");
		hex(k, digits, "", " ");
		hex(k, digits, "", ":");
	}
}

/* --- URL --- */

static bool alnum(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* keep_set: what stays beside letters and digits; NULL: nothing stays, not even they. */
static void percent(struct making *k, const char *keep_set, const char *digits, bool plus)
{
	buf_clear(&k->b);
	for (size_t i = 0; i < k->text.n; i++) {
		unsigned char c = (unsigned char)k->text.p[i];

		if (keep_set && (alnum(c) || (c && strchr(keep_set, c)))) {
			buf_addc(&k->b, (char)c);
		} else if (plus && c == ' ') {
			buf_addc(&k->b, '+');
		} else {
			buf_addc(&k->b, '%');
			buf_addc(&k->b, digits[c >> 4]);
			buf_addc(&k->b, digits[c & 15]);
		}
	}
	take(k);
}

static void percent_all(struct making *k)
{
	static const char *const sets[] = {
		NULL,
		"-._~",                 /* RFC 3986 unreserved: curl, Go query, Python quote_plus */
		"-._~/",                /* Python quote */
		"-._",                  /* libraries that escape ~ */
		"*-._",                 /* HTML forms */
		"-._~!'()*",            /* encodeURIComponent */
		"-._~!$&'()*+,;=",      /* user names and passwords in URLs */
		"-._~!$&'()*+,;=:@",    /* path segments */
		"-._~!$&'()*+,;=:@/",   /* paths */
		"-._~!$&'()*+,;=:@/?#", /* encodeURI */
		"-._~$&+,/:;=@",        /* Go paths */
	};

	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++)
		for (int way = 0; way < 4; way++)
			percent(k, sets[i], way & 1 ? upper_hex : lower_hex, way & 2);
}

/* --- JSON --- */

enum { JSON_SLASH = 1, JSON_NO_SHORT = 2, JSON_ASCII = 4, JSON_HTML = 8, JSON_UPPER = 16, JSON_WAYS = 32 };

static void u16(struct buf *b, uint32_t c, const char *digits)
{
	buf_addz(b, "\\u");
	for (int shift = 12; shift >= 0; shift -= 4)
		buf_addc(b, digits[c >> shift & 15]);
}

static void json_ascii(struct buf *b, char c, unsigned way)
{
	static const char shorts[] = "\bb\ff\nn\rr\tt";
	const char *digits = way & JSON_UPPER ? upper_hex : lower_hex, *at = NULL;

	if (!(way & JSON_NO_SHORT))
		for (const char *s = shorts; *s; s += 2)
			if (*s == c)
				at = s;
	if (c == '"' || c == '\\' || (c == '/' && (way & JSON_SLASH))) {
		buf_addc(b, '\\');
		buf_addc(b, c);
	} else if (at) {
		buf_addc(b, '\\');
		buf_addc(b, at[1]);
	} else if (c < 0x20 || ((way & JSON_HTML) && (strchr("<>&'", c) || c == 0x7f))) {
		u16(b, (uint32_t)c, digits);
	} else {
		buf_addc(b, c);
	}
}

static void json(struct making *k, unsigned way)
{
	const char *digits = way & JSON_UPPER ? upper_hex : lower_hex;
	size_t at = 0;

	buf_clear(&k->b);
	while (at < k->text.n) {
		size_t start = at;
		uint32_t c = utf8_next(k->text, &at);

		if (c < 0x80) {
			json_ascii(&k->b, (char)c, way);
		} else if (c >= 0x10000 && (way & JSON_ASCII)) {
			u16(&k->b, 0xd800 + ((c - 0x10000) >> 10), digits);
			u16(&k->b, 0xdc00 + ((c - 0x10000) & 0x3ff), digits);
		} else if ((way & JSON_ASCII) || ((way & JSON_HTML) && (c == 0x2028 || c == 0x2029))) {
			u16(&k->b, c, digits);
		} else if (c == 0xfffd && at - start == 1) {
			buf_addz(&k->b, "\xef\xbf\xbd");
		} else {
			buf_add(&k->b, k->text.p + start, at - start);
		}
	}
	take(k);
}

/* JSON text in a string of JSON: what json() has made, escaped once more. */
static void json_in_json(struct making *k, unsigned way)
{
	struct buf once = k->b;

	if (!memchr(once.p, '\\', once.len))
		return;
	buf_clear(&k->again);
	for (size_t i = 0; i < once.len; i++) {
		if (strchr("\"\\", once.p[i]) || (once.p[i] == '/' && (way & JSON_SLASH)))
			buf_addc(&k->again, '\\');
		buf_addc(&k->again, once.p[i]);
	}
	k->b = k->again;
	take(k);
	k->b = once;
}

/* --- shells and program sources --- */

/* Each byte of `special` gets `before` and, if it is to be replaced, `instead`. */
static void quoted(struct making *k, const char *special, const char *before, const char *instead)
{
	buf_clear(&k->b);
	for (size_t i = 0; i < k->text.n; i++) {
		char c = k->text.p[i];

		if (!c || !strchr(special, c)) {
			buf_addc(&k->b, c);
			continue;
		}
		buf_addz(&k->b, before);
		if (instead)
			buf_addz(&k->b, instead);
		else
			buf_addc(&k->b, c);
	}
	take(k);
}

/* $'...' of shells, and string literals of C and Python. */
static void c_literal(struct making *k, const char *quotes, bool octal, bool bytes)
{
	static const char shorts[] = "\aa\bb\x1b" "E\ff\nn\rr\tt\vv";

	buf_clear(&k->b);
	for (size_t i = 0; i < k->text.n; i++) {
		unsigned char c = (unsigned char)k->text.p[i];
		const char *at = NULL;

		for (const char *s = shorts; *s; s += 2)
			if ((unsigned char)*s == c && (octal || strchr("\n\r\t", c)))
				at = s;
		if (c == '\\' || (c && strchr(quotes, c)))
			buf_printf(&k->b, "\\%c", c);
		else if (at)
			buf_printf(&k->b, "\\%c", at[1]);
		else if (c < 0x20 || c == 0x7f || (c >= 0x80 && bytes))
			buf_printf(&k->b, octal ? "\\%03o" : "\\x%02x", c);
		else
			buf_addc(&k->b, (char)c);
	}
	take(k);
}

static void quoted_all(struct making *k)
{
	quoted(k, "'", "'\\''", "");
	quoted(k, "'", "'\"'\"'", "");
	quoted(k, "$`\"\\", "\\", NULL);
	quoted(k, "$`\"\\!", "\\", NULL);
	quoted(k, " \t!\"#$&'()*;<=>?[\\]^`{|}~", "\\", NULL);
	quoted(k, " \t!\"#$&'()*,;<>?[\\]^`{|}", "\\", NULL);
	for (int way = 0; way < 4; way++) {
		c_literal(k, "'", way & 1, way & 2);
		c_literal(k, "\"", way & 1, way & 2);
		c_literal(k, "", way & 1, way & 2);
	}
}

void forms_add(struct forms *f, struct str text)
{
	struct making k = { f, text, f->count, { 0 }, { 0 } };

	buf_init(&k.b, text.n * FORM_GROWTH + 64);
	buf_init(&k.again, text.n * FORM_GROWTH + 64);
	buf_adds(&k.b, text);
	take(&k);
	base64_all(&k);
	hex_all(&k);
	percent_all(&k);
	for (unsigned way = 0; way < JSON_WAYS; way++) {
		json(&k, way);
		json_in_json(&k, way);
	}
	quoted_all(&k);
	buf_release(&k.b);
	buf_release(&k.again);
}
