#include "run/lookalike.h"

#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "journal/mask.h"
#include "journal/scan.h"

/* lookalike: two bodies of records, token by token. */

static const struct str stars = { "***", 3 };

struct pair_of_texts {
	struct buf recorded, made; /* unescaped */
	void (*found)(void *arg, struct str text);
	void *arg;
};

static void tell(struct pair_of_texts *p, struct str text)
{
	if (text.n >= MASK_MIN && str_find(text, stars) < 0)
		p->found(p->arg, text);
}

/* Between the masks of `recorded` stand texts that `made` has too: what is between them
 * there was masked. */
static void align(struct pair_of_texts *p, struct str recorded, struct str made)
{
	ptrdiff_t at = str_find(recorded, stars), next;
	struct str masked;

	if (at < 0 || !str_starts(made, str_slice(recorded, 0, (size_t)at)))
		return;
	made = str_slice(made, (size_t)at, made.n);
	while (at >= 0) {
		struct str behind;

		recorded = str_slice(recorded, (size_t)at + stars.n, recorded.n);
		at = str_find(recorded, stars);
		behind = str_slice(recorded, 0, at < 0 ? recorded.n : (size_t)at);
		if (at >= 0)
			next = behind.n ? str_find(made, behind) : -1;
		else
			next = str_ends(made, behind) ? (ptrdiff_t)(made.n - behind.n) : -1;
		if (next < 0)
			return;
		masked = str_slice(made, 0, (size_t)next);
		made = str_slice(made, (size_t)next + behind.n, made.n);
		tell(p, masked);
	}
}

static struct str unescaped(struct buf *b, const char *p, const char *end)
{
	buf_clear(b);
	scan_unescape((struct str){ p, (size_t)(end - p) }, b);
	return buf_str(b);
}

static bool is_number(char c)
{
	return c == '-' || (c >= '0' && c <= '9');
}

static const char *number_end(const char *p, const char *end)
{
	while (p < end && !strchr(",]} ", *p))
		p++;
	return p;
}

/* One token of each; moves both behind it. */
static bool token(struct pair_of_texts *p, const char **r, const char *r_end, const char **m, const char *m_end)
{
	const char *from = *r, *mine = *m, *why;
	struct str text;

	if (*from == '"') {
		*r = scan_string(from, r_end, &why);
		*m = *mine == '"' ? scan_string(mine, m_end, &why) : is_number(*mine) ? number_end(mine, m_end) : NULL;
		if (!*r || !*m)
			return false;
		text = unescaped(&p->recorded, from, *r);
		if (*mine == '"')
			align(p, text, unescaped(&p->made, mine, *m));
		else if (str_eq(text, stars)) /* of numbers, only whole ones are masked */
			tell(p, (struct str){ mine, (size_t)(*m - mine) });
		else
			return false;
		return true;
	}
	if (is_number(*from) && is_number(*mine)) {
		*r = number_end(from, r_end);
		*m = number_end(mine, m_end);
		return true;
	}
	++*r;
	++*m;
	return *from == *mine;
}

bool lookalikes_between(struct str recorded, struct str made, void (*found)(void *arg, struct str text), void *arg)
{
	struct pair_of_texts p = { .found = found, .arg = arg };
	const char *r = recorded.p, *m = made.p, *r_end = r + recorded.n, *m_end = m + made.n;
	bool same_form = true;

	buf_init(&p.recorded, recorded.n * 3 + 16);
	buf_init(&p.made, made.n * 3 + 16);
	while (same_form && r < r_end && m < m_end)
		same_form = token(&p, &r, r_end, &m, m_end);
	buf_release(&p.recorded);
	buf_release(&p.made);
	return same_form && r == r_end && m == m_end;
}

void lookalikes_add(struct lookalikes *l, struct str text, uint32_t from, uint32_t secrets)
{
	for (uint32_t i = 0; i < l->count; i++) {
		if (str_find(text, l->list[i].text) >= 0)
			return;
		if (str_find(l->list[i].text, text) < 0)
			continue;
		from = l->list[i].from < from ? l->list[i].from : from;
		l->list[i--] = l->list[--l->count];
	}
	if (l->count == LOOKALIKES_MAX || l->count >= (uint64_t)secrets + from)
		return;
	l->list[l->count].text = arena_str(l->arena, text.p, text.n);
	l->list[l->count++].from = from;
	l->more = true;
}
