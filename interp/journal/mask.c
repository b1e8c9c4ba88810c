#include "journal/mask.h"

#include <string.h>

#include "base/mem.h"
#include "journal/forms.h"
#include "journal/maskfind.h"

/*
 * mask: the forms sorted by their first four bytes (the anchor), longest first,
 * and a hash table of anchors behind a bit filter. At each place of a text the
 * filter says no nearly always; else the few forms of the anchor are compared.
 * Against an automaton: a fortieth of the memory, no state to keep in a stream
 * when secrets are added, and the worst case stays bounded by FORM_WINDOW.
 */

enum { FILTER_BITS = 1 << 16, HELD_MAX = 1 << 30 };

_Static_assert((int)MASK_MIN == (int)FORM_MIN, "forms are found by their first four bytes");

struct group { uint32_t anchor, first, count; };

struct mask {
	struct forms forms;
	struct group *groups;
	uint32_t group_count;
	uint32_t *slots;       /* index of a group + 1; a power of two of them */
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

bool mask_add(struct mask *m, struct str secret)
{
	size_t at = 0;

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
	return true;
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

/* Anchor, then longest first, then bytes: equal forms come to stand together. */
static int form_order(const struct forms *f, const struct form *a, const struct form *b)
{
	uint32_t x = load4(f->bytes.p + a->at), y = load4(f->bytes.p + b->at);

	if (x != y)
		return x < y ? -1 : 1;
	if (a->n != b->n)
		return a->n > b->n ? -1 : 1;
	return memcmp(f->bytes.p + a->at, f->bytes.p + b->at, a->n);
}

/* Heap sort: qsort() could not be told where the bytes are without a global. */
static void sift(const struct forms *f, size_t root, size_t count)
{
	struct form *list = f->list, x = list[root];

	for (size_t child; (child = 2 * root + 1) < count; root = child) {
		if (child + 1 < count && form_order(f, &list[child], &list[child + 1]) < 0)
			child++;
		if (form_order(f, &x, &list[child]) >= 0)
			break;
		list[root] = list[child];
	}
	list[root] = x;
}

static void sort_forms(struct forms *f)
{
	size_t kept = 0;

	for (size_t i = f->count / 2; i-- > 0;)
		sift(f, i, f->count);
	for (size_t n = f->count; n-- > 1;) {
		struct form x = f->list[0];

		f->list[0] = f->list[n];
		f->list[n] = x;
		sift(f, 0, n);
	}
	for (size_t i = 0; i < f->count; i++)
		if (!kept || form_order(f, &f->list[kept - 1], &f->list[i]))
			f->list[kept++] = f->list[i];
	f->count = kept;
}

static void add_group(struct mask *m, uint32_t index)
{
	uint32_t hash = spread(m->groups[index].anchor), slots = UINT32_C(1) << (32 - m->slot_shift);
	uint32_t slot = hash >> m->slot_shift;
	unsigned char first;

	memcpy(&first, &m->groups[index].anchor, 1);
	while (m->slots[slot])
		slot = (slot + 1) & (slots - 1);
	m->slots[slot] = index + 1;
	m->filter[hash >> 21] |= UINT32_C(1) << (hash >> 16 & 31);
	m->first[first >> 5] |= UINT32_C(1) << (first & 31);
}

void mask_ready(struct mask *m)
{
	struct forms *f = &m->forms;
	uint32_t slots = 16, bits = 4;

	if (!f->count)
		return;
	sort_forms(f);
	mem_free(m->groups);
	mem_free(m->slots);
	memset(m->filter, 0, sizeof(m->filter));
	memset(m->first, 0, sizeof(m->first));
	m->groups = mem_array(f->count, sizeof(*m->groups));
	m->group_count = 0;
	for (uint32_t i = 0; i < f->count; i++) {
		uint32_t anchor = load4(f->bytes.p + f->list[i].at);

		if (!m->group_count || m->groups[m->group_count - 1].anchor != anchor)
			m->groups[m->group_count++] = (struct group){ anchor, i, 0 };
		m->groups[m->group_count - 1].count++;
	}
	while (slots < 2 * m->group_count) {
		slots *= 2;
		bits++;
	}
	m->slots = mem_array(slots, sizeof(*m->slots));
	m->slot_shift = 32 - bits;
	for (uint32_t i = 0; i < m->group_count; i++)
		add_group(m, i);
}

bool mask_empty(const struct mask *m)
{
	return !m->group_count;
}

static const struct group *group_of(const struct mask *m, uint32_t anchor, uint32_t hash)
{
	uint32_t slots = UINT32_C(1) << (32 - m->slot_shift);

	for (uint32_t slot = hash >> m->slot_shift; m->slots[slot]; slot = (slot + 1) & (slots - 1))
		if (m->groups[m->slots[slot] - 1].anchor == anchor)
			return &m->groups[m->slots[slot] - 1];
	return NULL;
}

/* The longest form at p; rest >= 4 bytes are there. *cut: the text may end inside one. */
static size_t form_at(const struct mask *m, const char *p, size_t rest, bool *cut)
{
	uint32_t anchor = load4(p), hash = spread(anchor);
	const struct group *g;

	if (!(m->filter[hash >> 21] >> (hash >> 16 & 31) & 1))
		return 0;
	g = group_of(m, anchor, hash);
	if (!g)
		return 0;
	for (uint32_t i = g->first; i < g->first + g->count; i++) {
		const struct form *f = &m->forms.list[i];
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
