#include "journal/stored.h"

#include <errno.h>
#include <string.h>
#include "base/arena.h"
#include "base/b64.h"
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

/* A text or base64 member into the arena. */
static int inline_bytes(struct arena *a, struct str raw, bool b64, size_t max, struct stored_output *out)
{
	struct buf b;
	int err = 0;

	buf_init(&b, max);
	if (!b64)
		scan_unescape(raw, &b);
	else if (!b64_read(unquoted(raw), &b))
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
