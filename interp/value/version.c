#include "value/version.h"

/* version: semver by hand; every text is looked at once. */

enum { PART_DIGITS_MAX = 9 };

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool number(struct str s, size_t *at, uint64_t *out)
{
	size_t from = *at;

	*out = 0;
	while (*at < s.n && digit(s.p[*at]) && *at - from < PART_DIGITS_MAX)
		*out = *out * 10 + (uint64_t)(s.p[(*at)++] - '0');
	if (*at == from || (*at < s.n && digit(s.p[*at])))
		return false;
	return *at - from == 1 || s.p[from] != '0'; /* no leading zero */
}

/* Identifiers of letters, digits and `-` between dots, none empty. */
static bool identifiers(struct str s)
{
	bool empty = true;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '.') {
			if (empty)
				return false;
			empty = true;
		} else if (digit(c) || c == '-' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
			empty = false;
		} else {
			return false;
		}
	}
	return !empty;
}

bool version_parse(struct str text, struct version *out)
{
	size_t at = text.n, end;

	*out = (struct version){ 0 };
	while (at && text.p[at - 1] != '/')
		at--;
	out->prefix = str_slice(text, 0, at);
	if (at < text.n && text.p[at] == 'v') {
		out->v = true;
		at++;
	}
	do {
		if (out->parts && text.p[at++] != '.')
			return false;
		if (!number(text, &at, &out->part[out->parts]))
			return false;
		out->parts++;
	} while (out->parts < 3 && at < text.n && text.p[at] == '.');
	if (at == text.n)
		return true;
	if (out->parts < 3)
		return false;
	for (end = at; end < text.n && text.p[end] != '+'; end++)
		;
	if (end < text.n && !identifiers(str_slice(text, end + 1, text.n)))
		return false;
	if (at == end)
		return true;
	out->pre = str_slice(text, at + 1, end);
	return text.p[at] == '-' && identifiers(out->pre);
}

static bool all_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!digit(s.p[i]))
			return false;
	return s.n > 0;
}

static struct str next_part(struct str s, size_t *at)
{
	size_t from = *at;

	while (*at < s.n && s.p[*at] != '.')
		(*at)++;
	return str_slice(s, from, *at);
}

static int cmp_size(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

/* Numbers below words, numbers by size, words by bytes, fewer parts first. */
static int pre_cmp(struct str a, struct str b)
{
	size_t i = 0, k = 0;

	if (!a.n || !b.n)
		return cmp_size(b.n, a.n); /* a release is above its pre-releases */
	for (;;) {
		struct str x = next_part(a, &i), y = next_part(b, &k);
		bool nx = all_digits(x), ny = all_digits(y);
		int c;

		if (nx != ny)
			return nx ? -1 : 1;
		c = nx && x.n != y.n ? cmp_size(x.n, y.n) : str_cmp(x, y);
		if (c)
			return c;
		if (i == a.n || k == b.n)
			return cmp_size(a.n - i, b.n - k);
		i++, k++;
	}
}

int version_cmp(const struct version *a, const struct version *b)
{
	for (int i = 0; i < 3; i++)
		if (a->part[i] != b->part[i])
			return a->part[i] < b->part[i] ? -1 : 1;
	return pre_cmp(a->pre, b->pre);
}

bool version_serves(const struct version *want, const struct version *tag)
{
	if (!str_eq(want->prefix, tag->prefix) || tag->parts < want->parts || !str_eq(want->pre, tag->pre))
		return false;
	for (int i = 0; i < want->parts; i++)
		if (want->part[i] != tag->part[i])
			return false;
	return true;
}
