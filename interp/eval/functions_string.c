/* functions_string: text in, text or lists of text out. Text is UTF-8; widths are columns. */
#include "eval/functions.h"

#include <string.h>

#include "syntax/shell.h"

static const struct value failure = { .kind = V_FAIL };

static struct str text(const struct call *k, uint32_t i)
{
	return value_text(k->args[i]);
}

/* A list whose items are pushed one by one. */
struct pieces {
	struct call *k;
	struct value *items;
	uint32_t count, cap;
};

static bool push(struct pieces *p, struct str s)
{
	struct value v, *grown;

	if (p->count == p->cap) {
		grown = call_items(p->k, p->cap ? p->cap * 2 : 8);
		if (!grown)
			return false;
		if (p->count)
			memcpy(grown, p->items, p->count * sizeof *grown);
		p->items = grown;
		p->cap = p->cap ? p->cap * 2 : 8;
	}
	v = code_text(p->k->m, p->k->code, s);
	p->items[p->count++] = v;
	return v.kind != V_FAIL;
}

struct value fn_len(struct call *k)
{
	struct value v = k->args[0];

	if (v.kind == V_LIST || v.kind == V_MAP)
		return value_int(v.n);
	if (v.kind != V_STRING)
		return call_fail_at(k, 0, "%s has no length", code_a_kind(v.kind));
	if (!call_reads(k, v.n))
		return failure;
	return value_int((int64_t)utf8_len(value_text(v)));
}

struct value fn_trim(struct call *k)
{
	return code_text(k->m, k->code, str_trim(text(k, 0)));
}

static struct value change_case(struct call *k, char from, char to)
{
	struct str s = text(k, 0);
	char *p = call_reads(k, s.n) ? code_alloc(k->m, k->code, s.n) : NULL;

	if (!p)
		return failure;
	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i] >= from && s.p[i] <= from + ('z' - 'a') ? (char)(s.p[i] - from + to) : s.p[i];
	return value_str((struct str){ p, s.n });
}

struct value fn_lower(struct call *k)
{
	return change_case(k, 'A', 'a');
}

struct value fn_upper(struct call *k)
{
	return change_case(k, 'a', 'A');
}

struct value fn_split(struct call *k)
{
	struct pieces p = { .k = k };
	struct str s = text(k, 0), sep = text(k, 1);
	ptrdiff_t at;

	if (!sep.n)
		return call_fail_at(k, 1, "the separator is empty");
	if (!call_reads(k, s.n))
		return failure;
	while ((at = str_find(s, sep)) >= 0) {
		if (!push(&p, str_slice(s, 0, (size_t)at)))
			return failure;
		s = str_slice(s, (size_t)at + sep.n, s.n);
	}
	return push(&p, s) ? value_list(p.items, p.count) : failure;
}

struct value fn_lines(struct call *k)
{
	struct pieces p = { .k = k };
	struct str s = text(k, 0);
	size_t n;
	const char *end;

	if (!call_reads(k, s.n))
		return failure;
	while (s.n) {
		end = memchr(s.p, '\n', s.n);
		n = end ? (size_t)(end - s.p) : s.n;
		if (!push(&p, str_slice(s, 0, end && n && s.p[n - 1] == '\r' ? n - 1 : n)))
			return failure;
		s = str_slice(s, end ? n + 1 : n, s.n);
	}
	return value_list(p.items, p.count);
}

struct value fn_join(struct call *k)
{
	struct value list = k->args[0];
	struct buf b;

	if (!code_burn(k->m, k->code, list.n))
		return failure;
	buf_init(&b, k->m->bytes);
	for (uint32_t i = 0; i < list.n && !b.full; i++) {
		if (i)
			buf_adds(&b, text(k, 1));
		if (!value_to_text(without_secret(k, list.list[i]), &b)) {
			buf_release(&b);
			return call_fail_at(k, 0, "item %u is %s, which has no text", i,
					    code_a_kind(list.list[i].kind));
		}
	}
	return code_take(k->m, k->code, &b);
}

struct value fn_replace(struct call *k)
{
	struct str s = text(k, 0), old = text(k, 1);
	ptrdiff_t at;
	struct buf b;

	if (!old.n)
		return call_fail_at(k, 1, "cannot look for empty text");
	if (!call_reads(k, s.n))
		return failure;
	buf_init(&b, k->m->bytes);
	while (!b.full && (at = str_find(s, old)) >= 0) {
		buf_adds(&b, str_slice(s, 0, (size_t)at));
		buf_adds(&b, text(k, 2));
		s = str_slice(s, (size_t)at + old.n, s.n);
	}
	buf_adds(&b, s);
	return code_take(k->m, k->code, &b);
}

struct value fn_contains(struct call *k)
{
	if (!call_reads(k, text(k, 0).n))
		return failure;
	return value_bool(!text(k, 1).n || str_find(text(k, 0), text(k, 1)) >= 0);
}

struct value fn_starts_with(struct call *k)
{
	return value_bool(str_starts(text(k, 0), text(k, 1)));
}

struct value fn_ends_with(struct call *k)
{
	return value_bool(str_ends(text(k, 0), text(k, 1)));
}

struct value fn_pad(struct call *k)
{
	struct str s = text(k, 0);
	int64_t n = k->args[1].i;
	size_t width, want, fill;
	struct buf b;

	if (n > PAD_MAX || n < -PAD_MAX)
		return call_fail_at(k, 1, "more than %d columns", PAD_MAX);
	if (!call_reads(k, s.n))
		return failure;
	width = utf8_width(s);
	want = (size_t)(n < 0 ? -n : n);
	fill = want > width ? want - width : 0;
	buf_init(&b, k->m->bytes);
	if (n < 0)
		buf_fill(&b, ' ', fill);
	buf_adds(&b, s);
	if (n > 0)
		buf_fill(&b, ' ', fill);
	return code_take(k->m, k->code, &b);
}

struct value fn_indent(struct call *k)
{
	struct str s = text(k, 0);
	int64_t n = k->count == 2 ? k->args[1].i : 2;
	bool start = true;
	struct buf b;

	if (n < 0 || n > PAD_MAX)
		return call_fail_at(k, 1, "needs 0 to %d columns", PAD_MAX);
	if (!call_reads(k, s.n))
		return failure;
	buf_init(&b, k->m->bytes);
	for (size_t i = 0; i < s.n && !b.full; i++) {
		if (start && s.p[i] != '\n' && s.p[i] != '\r')
			buf_fill(&b, ' ', (size_t)n);
		start = s.p[i] == '\n';
		buf_addc(&b, s.p[i]);
	}
	return code_take(k->m, k->code, &b);
}

struct value fn_url_encode(struct call *k)
{
	static const char hex[] = "0123456789ABCDEF";
	struct str s = text(k, 0);
	struct buf b;

	if (!call_reads(k, s.n))
		return failure;
	buf_init(&b, k->m->bytes);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    c == '-' || c == '.' || c == '_' || c == '~') {
			buf_addc(&b, (char)c);
		} else {
			buf_addc(&b, '%');
			buf_addc(&b, hex[c >> 4]);
			buf_addc(&b, hex[c & 15]);
		}
	}
	return code_take(k->m, k->code, &b);
}

struct value fn_quote(struct call *k)
{
	struct buf b;

	if (!call_reads(k, text(k, 0).n))
		return failure;
	buf_init(&b, k->m->bytes);
	shell_quote(&b, text(k, 0));
	return code_take(k->m, k->code, &b);
}

int format_holes(struct str t)
{
	int holes = 0;

	for (size_t i = 0; i < t.n; i++) {
		if (t.p[i] != '{' && t.p[i] != '}')
			continue;
		if (i + 1 < t.n && t.p[i] == t.p[i + 1])
			i++;
		else if (i + 1 < t.n && t.p[i] == '{' && t.p[i + 1] == '}')
			holes++, i++;
		else
			return -1;
	}
	return holes;
}

struct value fn_format(struct call *k)
{
	struct str t = text(k, 0);
	int holes = format_holes(t);
	uint32_t next = 1;
	struct buf b;

	if (holes < 0)
		return call_fail_at(k, 0, "the template has a brace that is not {}");
	if (holes != (int)k->count - 1)
		return call_fail_at(k, 0, "the template has %d {} for %u value%s", holes, k->count - 1,
				    k->count == 2 ? "" : "s");
	if (!call_reads(k, t.n))
		return failure;
	buf_init(&b, k->m->bytes);
	for (size_t i = 0; i < t.n; i++) {
		if (t.p[i] != '{' && t.p[i] != '}') {
			buf_addc(&b, t.p[i]);
		} else if (t.p[i] == t.p[i + 1]) {
			buf_addc(&b, t.p[i++]);
		} else {
			i++;
			if (!value_to_text(without_secret(k, k->args[next]), &b)) {
				buf_release(&b);
				return call_fail_at(k, next, "%s has no text", code_a_kind(k->args[next].kind));
			}
			next++;
		}
	}
	return code_take(k->m, k->code, &b);
}
