#include "journal/mask.h"

#include <string.h>

#include "base/mem.h"
#include "journal/forms.h"
#include "journal/maskfind.h"

/*
 * mask: the forms in a list for each first four bytes (the anchor), longest first,
 * and a hash table of anchors behind a bit filter. At each place of a text the
 * filter says no nearly always; else the few forms of the anchor are compared.
 * A run may compute a secret in each turn of a loop: adding one costs its own forms.
 * Against an automaton: a fortieth of the memory, no state to keep in a stream
 * when secrets are added, and the worst case stays bounded by FORM_WINDOW.
 */

enum { FILTER_BITS = 1 << 16, HELD_MAX = 1 << 30 };

_Static_assert((int)MASK_MIN == (int)FORM_MIN, "forms are found by their first four bytes");

/* first: place in forms.list + 1. */
struct group { uint32_t anchor, first; };

struct mask {
	struct forms forms;
	struct group *groups;
	uint32_t group_count, group_cap;
	uint32_t *slots;       /* place in groups + 1; a power of two of them, or NULL */
	uint32_t slot_shift;   /* hash >> slot_shift is a slot */
	uint32_t filter[FILTER_BITS / 32];
	uint32_t first[256 / 32]; /* first bytes of all forms */
};

struct mask *mask_new(void)
{
	struct mask *m = mem_alloc(sizeof(*m));

	forms_init(&m->forms);
	return m;
}

void mask_free(struct mask *m)
{
	if (!m)
		return;
	forms_release(&m->forms);
	mem_free(m->groups);
	mem_free(m->slots);
	mem_free(m);
}

/* Brackets and rulers would mask far too much. */
static bool tells_something(struct str line)
{
	if (line.n < MASK_MIN)
		return false;
	for (size_t i = 0; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];

		if (c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			return true;
	}
	return false;
}

static uint32_t load4(const char *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

static uint32_t spread(uint32_t anchor)
{
	return anchor * 2654435761u;
}

/* The slot of an anchor, or the free one for it. */
static uint32_t *slot_of(const struct mask *m, uint32_t anchor, uint32_t hash)
{
	uint32_t last = UINT32_MAX >> m->slot_shift, slot = hash >> m->slot_shift;

	while (m->slots[slot] && m->groups[m->slots[slot] - 1].anchor != anchor)
		slot = (slot + 1) & last;
	return &m->slots[slot];
}

static void grow_slots(struct mask *m)
{
	enum { FIRST_BITS = 4 };

	m->slot_shift = m->slots ? m->slot_shift - 1 : 32 - FIRST_BITS;
	mem_free(m->slots);
	m->slots = mem_array((size_t)1 << (32 - m->slot_shift), sizeof(*m->slots));
	for (uint32_t i = 0; i < m->group_count; i++)
		*slot_of(m, m->groups[i].anchor, spread(m->groups[i].anchor)) = i + 1;
}

static struct group *group_for(struct mask *m, uint32_t anchor)
{
	uint32_t hash = spread(anchor), *slot;
	unsigned char first;

	if (!m->slots || m->group_count >= 1u << (31 - m->slot_shift)) /* at most half of them are taken */
		grow_slots(m);
	slot = slot_of(m, anchor, hash);
	if (!*slot) {
		MEM_ROOM(m->groups, m->group_count, m->group_cap, 64);
		m->groups[m->group_count++] = (struct group){ anchor, 0 };
		*slot = m->group_count;
		memcpy(&first, &anchor, 1);
		m->filter[hash >> 21] |= UINT32_C(1) << (hash >> 16 & 31);
		m->first[first >> 5] |= UINT32_C(1) << (first & 31);
	}
	return &m->groups[*slot - 1];
}

/* Into the list of its anchor, if it does not stand there. */
static void place(struct mask *m, uint32_t index)
{
	struct form *list = m->forms.list, *one = &list[index];
	const char *all = m->forms.bytes.p;
	uint32_t *to = &group_for(m, load4(all + one->at))->first;

	while (*to && list[*to - 1].n > one->n)
		to = &list[*to - 1].next;
	for (uint32_t i = *to; i && list[i - 1].n == one->n; i = list[i - 1].next)
		if (!memcmp(all + list[i - 1].at, all + one->at, one->n))
			return;
	one->next = *to;
	*to = index + 1;
}

bool mask_add(struct mask *m, struct str secret)
{
	size_t at = 0, known = m->forms.count;

	if (str_trim(secret).n < MASK_MIN || secret.n > MASK_MAX)
		return false;
	forms_add(&m->forms, secret);
	while (at < secret.n) {
		const char *nl = memchr(secret.p + at, '\n', secret.n - at);
		size_t end = nl ? (size_t)(nl - secret.p) : secret.n;
		struct str line = str_trim(str_slice(secret, at, end));

		if (line.n < secret.n && tells_something(line))
			forms_add(&m->forms, line);
		at = end + 1;
	}
	/* Without what a file or an editor puts around it. */
	if (str_trim(secret).n < secret.n)
		forms_add(&m->forms, str_trim(secret));
	for (size_t i = known; i < m->forms.count; i++)
		place(m, (uint32_t)i);
	return true;
}

bool mask_empty(const struct mask *m)
{
	return !m->group_count;
}

/* The longest form at p; rest >= 4 bytes are there. *cut: the text may end inside one. */
static size_t form_at(const struct mask *m, const char *p, size_t rest, bool *cut)
{
	uint32_t anchor = load4(p), hash = spread(anchor), group;

	if (!(m->filter[hash >> 21] >> (hash >> 16 & 31) & 1))
		return 0;
	group = *slot_of(m, anchor, hash);
	for (uint32_t i = group ? m->groups[group - 1].first : 0; i; i = m->forms.list[i - 1].next) {
		const struct form *f = &m->forms.list[i - 1];
		const char *bytes = m->forms.bytes.p + f->at;

		if (f->n <= rest) {
			if (!memcmp(bytes, p, f->n))
				return f->n;
		} else if (!*cut && !memcmp(bytes, p, rest)) {
			*cut = true;
		}
	}
	return 0;
}

/* Do these rest < 4 bytes begin a form? */
static bool begins_form(const struct mask *m, const char *p, size_t rest)
{
	unsigned char c = (unsigned char)*p;

	if (!(m->first[c >> 5] >> (c & 31) & 1))
		return false;
	for (uint32_t i = 0; i < m->group_count; i++)
		if (!memcmp(&m->groups[i].anchor, p, rest))
			return true;
	return false;
}

bool mask_find(const struct mask *m, struct str s)
{
	bool cut = true;

	for (size_t at = 0; at + MASK_MIN <= s.n; at++)
		if (form_at(m, s.p + at, s.n - at, &cut))
			return true;
	return false;
}

bool mask_is(const struct mask *m, struct str s)
{
	bool cut = true;

	return s.n >= MASK_MIN && form_at(m, s.p, s.n, &cut) == s.n;
}

/* Appends what is decided of s and returns where the rest begins; with last all
 * is. *covered: so many bytes at the start belong to a *** that was written. */
static size_t run(const struct mask *m, struct str s, size_t *covered, bool last, struct buf *out)
{
	size_t done = *covered; /* s up to here is written or covered */
	size_t at = 0;

	for (; at < s.n; at++) {
		bool cut = last;
		size_t n = 0;

		if (s.n - at >= MASK_MIN)
			n = form_at(m, s.p + at, s.n - at, &cut);
		else if (!last)
			cut = begins_form(m, s.p + at, s.n - at);
		if (cut && !last)
			break;
		if (!n)
			continue;
		if (at >= done) {
			buf_add(out, s.p + done, at - done);
			buf_addz(out, "***");
		}
		if (at + n > done)
			done = at + n;
	}
	if (at > done)
		buf_add(out, s.p + done, at - done);
	*covered = done > at ? done - at : 0;
	return at;
}

void mask_apply(const struct mask *m, struct str s, struct buf *out)
{
	size_t covered = 0;

	if (mask_empty(m))
		buf_adds(out, s);
	else
		run(m, s, &covered, true, out);
}

void mask_stream_init(struct mask_stream *s, const struct mask *m)
{
	s->m = m;
	s->covered = 0;
	buf_init(&s->held, HELD_MAX);
}

void mask_stream_add(struct mask_stream *s, struct str bytes, struct buf *out)
{
	size_t rest;

	if (!s->m || (mask_empty(s->m) && !s->held.len)) {
		buf_adds(out, bytes);
		return;
	}
	if (s->held.len) {
		buf_adds(&s->held, bytes);
		bytes = buf_str(&s->held);
	}
	rest = run(s->m, bytes, &s->covered, false, out);
	bytes = str_slice(bytes, rest, bytes.n);
	if (s->held.len) {
		memmove(s->held.p, bytes.p, bytes.n);
		s->held.len = bytes.n;
		s->held.p[bytes.n] = '\0';
	} else {
		buf_adds(&s->held, bytes);
	}
}

void mask_stream_end(struct mask_stream *s, struct buf *out)
{
	if (s->held.len)
		run(s->m, buf_str(&s->held), &s->covered, true, out);
	buf_clear(&s->held);
	s->covered = 0;
}

void mask_stream_release(struct mask_stream *s)
{
	buf_release(&s->held);
}
