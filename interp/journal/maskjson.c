#include "journal/mask.h"

#include <string.h>

#include "base/jsonw.h"
#include "journal/maskfind.h"
#include "journal/scan.h"
#include "journal/sha.h"

/*
 * maskjson: masking inside the JSON of a record. A secret that happens to be a
 * word of the format ("status", a number, a digest's digits) must not break the
 * record: names and values with a fixed vocabulary stay as they are, and of
 * numbers only such inside lists and maps that are a secret as a whole go.
 */

/* Members of a body whose values are the program's own words, digests or ids. */
static const char *const fixed_values[] = {
	"t", "k", "run", "program", "status", "end", "result", "action", "effect", "when", "what", "severity",
};
/* Names in lists and maps that readers look for. */
static const char *const fixed_names[] = {
	"text", "head", "tail", "blob", "sha256", "quiet", "truncated", "lost", "duration_ns", "size", "percent",
	"time", "unknown", "that", "else", "saw", "error", "commands", "count", "captures", "retry",
};
static const char *const digests[] = { "blob", "head", "tail", "sha256" };

#define HAS(list, s) has((list), sizeof(list) / sizeof(*(list)), (s))

static bool has(const char *const *list, size_t n, struct str s)
{
	for (size_t i = 0; i < n; i++)
		if (str_eqz(s, list[i]))
			return true;
	return false;
}

struct masking {
	const struct mask *m;
	struct buf *scratch, *out;
	const char *from;   /* not copied yet */
	struct str name;    /* of the value at hand */
	unsigned depth;
};

static void replace(struct masking *k, struct str raw, struct str text)
{
	struct jsonw w;
	struct buf b;

	buf_init(&b, text.n * 3 + 16);
	mask_apply(k->m, text, &b);
	buf_add(k->out, k->from, (size_t)(raw.p - k->from));
	jsonw_init(&w, k->out);
	jsonw_str(&w, buf_str(&b));
	k->from = raw.p + raw.n;
	buf_release(&b);
}

static void string(struct masking *k, struct str raw, bool is_name)
{
	struct str text = str_slice(raw, 1, raw.n - 1);

	if (is_name)
		k->name = text;
	if (text.n < MASK_MIN || (is_name && !k->depth))
		return;
	if (memchr(text.p, '\\', text.n)) {
		buf_clear(k->scratch);
		scan_unescape(raw, k->scratch);
		text = buf_str(k->scratch);
	}
	if (!mask_find(k->m, text))
		return;
	if (is_name ? HAS(fixed_names, text) : !k->depth && HAS(fixed_values, k->name))
		return;
	/* A few digits of a digest are not the secret. */
	if (!is_name && sha_is_hex(text) && HAS(digests, k->name) && !mask_is(k->m, text))
		return;
	replace(k, raw, text);
}

static void number(struct masking *k, struct str raw)
{
	if (!k->depth || !mask_is(k->m, raw))
		return;
	buf_add(k->out, k->from, (size_t)(raw.p - k->from));
	buf_addz(k->out, "\"***\"");
	k->from = raw.p + raw.n;
}

void mask_json(const struct mask *m, struct str body, struct buf *scratch, struct buf *out)
{
	struct masking k = { m, scratch, out, body.p, STR(""), 0 };
	const char *p = body.p, *end = p + body.n, *why;

	while (p < end) {
		const char *q = p + 1;

		if (*p == '"') {
			q = scan_string(p, end, &why);
			if (!q)
				break;
			string(&k, (struct str){ p, (size_t)(q - p) }, q < end && *q == ':');
		} else if (*p == '{' || *p == '[') {
			k.depth++;
		} else if (*p == '}' || *p == ']') {
			k.depth -= k.depth > 0;
		} else if (*p == '-' || (*p >= '0' && *p <= '9')) {
			while (q < end && !strchr(",]} ", *q))
				q++;
			number(&k, (struct str){ p, (size_t)(q - p) });
		}
		p = q;
	}
	/* Malformed: the record will be refused, but not in clear. */
	if (p < end)
		mask_apply(m, (struct str){ k.from, (size_t)(end - k.from) }, out);
	else
		buf_add(out, k.from, (size_t)(end - k.from));
}
