#include "journal/stored.h"

#include <errno.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "journal/member.h"
#include "journal/output.h"
#include "journal/scan.h"

/* stored: the JSON of one output, taken apart without a parser's tree. */

enum { MEMBERS = 8 };

static struct str unquoted(struct str raw)
{
	return raw.n >= 2 && raw.p[0] == '"' ? str_slice(raw, 1, raw.n - 1) : STR("");
}

static bool number(struct str raw, uint64_t *n)
{
	*n = 0;
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] < '0' || raw.p[i] > '9' || *n > UINT64_MAX / 10 - 1)
			return false;
		*n = *n * 10 + (uint64_t)(raw.p[i] - '0');
	}
	return raw.n > 0;
}

static int b64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

bool stored_b64(struct str s, struct buf *out)
{
	size_t pad = s.n && s.p[s.n - 1] == '=' ? (s.n > 1 && s.p[s.n - 2] == '=' ? 2 : 1) : 0;

	if (s.n % 4)
		return false;
	for (size_t i = 0; i < s.n; i += 4) {
		size_t keep = i + 4 == s.n ? 3 - pad : 3;
		int bits = 0;

		for (size_t k = i; k < i + 4; k++) {
			int d = k >= s.n - pad ? 0 : b64_digit(s.p[k]);

			if (d < 0)
				return false;
			bits = bits << 6 | d;
		}
		for (size_t k = 0; k < keep; k++)
			buf_addc(out, (char)(bits >> (16 - 8 * (int)k) & 255));
	}
	return true;
}

/* A text or base64 member into the arena. */
static int inline_bytes(struct arena *a, struct str raw, bool b64, size_t max, struct stored_output *out)
{
	struct buf b;
	int err = 0;

	buf_init(&b, max);
	if (!b64)
		scan_unescape(raw, &b);
	else if (!stored_b64(unquoted(raw), &b))
		err = EBADMSG;
	if (b.full)
		out->truncated = true;
	else if (!err)
		out->bytes = arena_str(a, b.p ? b.p : "", b.len);
	buf_release(&b);
	return err;
}

int stored_output(struct arena *a, const char *dir, struct str raw, size_t max, struct stored_output *out)
{
	struct member m[MEMBERS];
	struct str text = { 0 }, b64 = { 0 };
	uint32_t count;
	const char *why;

	memset(out, 0, sizeof(*out));
	if (!raw.n)
		return 0;
	if (!scan_members(raw, m, MEMBERS, &count, &why))
		return EBADMSG;
	for (uint32_t i = 0; i < count; i++) {
		if (str_eqz(m[i].name, "n") && !number(m[i].raw, &out->n))
			return EBADMSG;
		if (str_eqz(m[i].name, "text"))
			text = m[i].raw;
		else if (str_eqz(m[i].name, "b64"))
			b64 = m[i].raw;
		else if (str_eqz(m[i].name, "blob"))
			out->blob = unquoted(m[i].raw);
		else if (str_eqz(m[i].name, "head"))
			out->head = unquoted(m[i].raw);
		else if (str_eqz(m[i].name, "tail"))
			out->tail = unquoted(m[i].raw);
		out->truncated = out->truncated || str_eqz(m[i].name, "truncated");
		out->quiet = out->quiet || str_eqz(m[i].name, "quiet");
		out->lost = out->lost || str_eqz(m[i].name, "lost");
	}
	if (!max)
		return 0;
	if (text.n || b64.n)
		return inline_bytes(a, text.n ? text : b64, !text.n, max, out);
	if (!out->blob.n)
		return 0;
	if (out->n > max) {
		out->truncated = true;
		return 0;
	}
	return blob_get(a, dir, out->blob, max, &out->bytes);
}
