#include "host/git_state.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"
#include "host/sha1.h"
#include "value/spec.h"

/* git_own: see gitformat-pack(5) and gitformat-loose of git's documentation. */

enum {
	PACKS_MAX = 64, DEPTH_MAX = 64, BASE_MAX = 16 << 20, CHUNK = 16 << 10, HEADER_MAX = 32,
	FANOUT = 8, IDS = FANOUT + 256 * 4, REF_MAX = 1024, PACKED_REFS_MAX = 64 << 20
};

struct pack { int idx, pack; uint32_t count; uint64_t idx_size; };
struct git_own { const char *objects; struct arena a; struct pack packs[PACKS_MAX]; size_t count; bool listed, usable; };

struct raw { git_object_t type; char *p; size_t n; };

struct git_own *git_own_open(const struct git_place *place)
{
	struct git_own *o = mem_alloc(sizeof(*o));

	*o = (struct git_own){ .usable = true };
	arena_init(&o->a);
	o->objects = arena_printf(&o->a, STR_FMT "/objects", STR_ARG(place->common)).p;
	return o;
}

void git_own_close(struct git_own *o)
{
	for (size_t i = 0; o && i < o->count; i++) {
		(void)close(o->packs[i].idx);
		if (o->packs[i].pack >= 0)
			(void)close(o->packs[i].pack);
	}
	if (o)
		arena_release(&o->a);
	mem_free(o);
}

static bool read_at(int fd, void *to, size_t n, uint64_t at)
{
	return pread(fd, to, n, (off_t)at) == (ssize_t)n;
}

static uint32_t number(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int open_plain(const char *path, uint64_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode))) {
		(void)close(fd);
		return -1;
	}
	if (fd >= 0)
		*size = (uint64_t)st.st_size;
	return fd;
}

/* --- zlib ------------------------------------------------------------------------ */

/* Inflates what stands at `at` of fd: exactly n bytes, and then the stream must end. */
static bool inflate_at(int fd, uint64_t at, char *to, size_t n)
{
	unsigned char in[CHUNK], more;
	z_stream z = { .next_out = (unsigned char *)to, .avail_out = (uInt)n };
	int got = Z_OK;
	bool ok = inflateInit(&z) == Z_OK;

	while (ok && got == Z_OK) {
		ssize_t have = pread(fd, in, sizeof(in), (off_t)at);

		if (have <= 0)
			break;
		at += (uint64_t)have;
		z.next_in = in;
		z.avail_in = (uInt)have;
		while (got == Z_OK && z.avail_in) {
			bool full = !z.avail_out;

			if (full) { /* its end may still have to be read, but no byte of it */
				z.next_out = &more;
				z.avail_out = 1;
			}
			got = inflate(&z, Z_NO_FLUSH);
			if (full && !z.avail_out)
				got = Z_DATA_ERROR;
			if (full)
				z.avail_out = 0;
		}
	}
	ok = ok && got == Z_STREAM_END && z.total_out == n;
	(void)inflateEnd(&z);
	return ok;
}

/* --- loose objects ------------------------------------------------------------------ */

static git_object_t type_of(struct str word)
{
	return str_eqz(word, "commit") ? GIT_OBJECT_COMMIT : str_eqz(word, "tree") ? GIT_OBJECT_TREE : str_eqz(word, "blob") ? GIT_OBJECT_BLOB
	     : str_eqz(word, "tag") ? GIT_OBJECT_TAG : GIT_OBJECT_INVALID;
}

static const char *word_of(git_object_t type)
{
	return type == GIT_OBJECT_COMMIT ? "commit" : type == GIT_OBJECT_TREE ? "tree" : type == GIT_OBJECT_BLOB ? "blob" : "tag";
}

/* "tree 1234" and a NUL, in the first bytes of the stream. Its length, or 0. */
static size_t loose_header(int fd, struct raw *out)
{
	unsigned char in[CHUNK];
	char head[HEADER_MAX];
	ssize_t have = pread(fd, in, sizeof(in), 0);
	z_stream z = { .next_in = in, .avail_in = have > 0 ? (uInt)have : 0, .next_out = (unsigned char *)head, .avail_out = sizeof(head) };
	size_t at = 0, n;
	int got;

	if (have <= 0 || inflateInit(&z) != Z_OK)
		return 0;
	got = inflate(&z, Z_SYNC_FLUSH);
	n = z.total_out;
	(void)inflateEnd(&z);
	if (got != Z_OK && got != Z_STREAM_END)
		return 0;
	while (at < n && head[at] != ' ')
		at++;
	out->type = type_of((struct str){ head, at });
	out->n = 0;
	for (at++; at < n && head[at] >= '0' && head[at] <= '9' && out->n < (size_t)GIT_FILE_MAX * 2; at++)
		out->n = out->n * 10 + (size_t)(head[at] - '0');
	return at < n && !head[at] && out->type != GIT_OBJECT_INVALID ? at + 1 : 0;
}

/* 1: read, 0: there is no such loose object, -1: no. */
static int read_loose(struct git_own *o, struct arena *a, const struct git_id *id, size_t max, struct raw *out)
{
	uint64_t size;
	int fd = open_plain(arena_printf(a, "%s/%.2s/%s", o->objects, id->hex, id->hex + 2).p, &size), ok = -1;
	size_t head;
	char *all;

	if (fd < 0)
		return 0;
	head = loose_header(fd, out);
	if (head && out->n <= max) {
		all = arena_alloc(a, head + out->n + 1);
		if (inflate_at(fd, 0, all, head + out->n)) {
			out->p = all + head;
			ok = 1;
		}
	}
	(void)close(fd);
	return ok;
}

/* --- packs ------------------------------------------------------------------------------ */

static bool add_pack(struct git_own *o, const char *name, size_t n)
{
	const char *idx = arena_printf(&o->a, "%s/pack/%s", o->objects, name).p;
	const char *pack = arena_printf(&o->a, "%s/pack/%.*s.pack", o->objects, (int)(n - 4), name).p;
	struct pack *p = &o->packs[o->count];
	unsigned char head[8], last[4], magic[12];
	uint64_t size = 0;

	p->idx = open_plain(idx, &p->idx_size);
	if (p->idx < 0)
		return false;
	p->pack = open_plain(pack, &size);
	o->count++; /* closed in any case */
	if (p->pack < 0 || !read_at(p->idx, head, 8, 0) || memcmp(head, "\377tOc\0\0\0\2", 8) || !read_at(p->idx, last, 4, IDS - 4) ||
	    !read_at(p->pack, magic, 12, 0) || memcmp(magic, "PACK\0\0\0", 7) || (magic[7] != 2 && magic[7] != 3))
		return false;
	p->count = number(last);
	return p->count == number(magic + 8) && p->idx_size >= IDS + (uint64_t)p->count * 28 + 40;
}

static bool list_packs(struct git_own *o)
{
	DIR *d = o->listed ? NULL : opendir(arena_printf(&o->a, "%s/pack", o->objects).p);
	struct dirent *e;

	while (d && o->usable && (e = readdir(d))) {
		size_t n = strlen(e->d_name);

		if (n > 4 && !strcmp(e->d_name + n - 4, ".idx"))
			o->usable = o->count < PACKS_MAX && add_pack(o, e->d_name, n);
	}
	if (d)
		(void)closedir(d);
	o->listed = true;
	return o->usable;
}

/* Where the object stands in the pack. */
static bool find_in(const struct pack *p, const unsigned char raw[20], uint64_t *at)
{
	unsigned char fan[8], id[20], off[4], big[8];
	uint32_t lo = 0, hi;

	if (!read_at(p->idx, fan + (raw[0] ? 0 : 4), raw[0] ? 8 : 4, raw[0] ? FANOUT + (uint64_t)(raw[0] - 1) * 4 : FANOUT))
		return false;
	if (raw[0])
		lo = number(fan);
	hi = number(fan + 4);
	if (lo > hi || hi > p->count)
		return false;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int c;

		if (!read_at(p->idx, id, 20, IDS + (uint64_t)mid * 20))
			return false;
		c = memcmp(raw, id, 20);
		if (!c) {
			if (!read_at(p->idx, off, 4, IDS + (uint64_t)p->count * 24 + (uint64_t)mid * 4))
				return false;
			*at = number(off);
			if (!(*at & 0x80000000))
				return true;
			*at = IDS + (uint64_t)p->count * 28 + (*at & 0x7fffffff) * 8;
			if (!read_at(p->idx, big, 8, *at))
				return false;
			*at = (uint64_t)number(big) << 32 | number(big + 4);
			return true;
		}
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return false;
}

static bool varint(const struct raw *d, size_t *at, size_t *out)
{
	unsigned shift = 0;

	*out = 0;
	for (; *at < d->n && shift < 35; shift += 7) {
		unsigned char c = (unsigned char)d->p[(*at)++];

		*out |= (size_t)(c & 127) << shift;
		if (!(c & 128))
			return true;
	}
	return false;
}

/* The bytes after the delta's `c` that it has: up to n, little end first. */
static bool delta_number(const struct raw *d, size_t *at, unsigned bits, int n, size_t *out)
{
	*out = 0;
	for (int i = 0; i < n; i++) {
		if (!(bits >> i & 1))
			continue;
		if (*at == d->n)
			return false;
		*out |= (size_t)(unsigned char)d->p[(*at)++] << (8 * i);
	}
	return true;
}

static bool apply(struct arena *a, const struct raw *base, const struct raw *delta, size_t max, struct raw *out)
{
	size_t at = 0, from_n, n, done = 0;

	if (!varint(delta, &at, &from_n) || from_n != base->n || !varint(delta, &at, &n) || n > max)
		return false;
	*out = (struct raw){ base->type, arena_alloc(a, n + 1), n };
	while (at < delta->n) {
		unsigned c = (unsigned char)delta->p[at++];
		size_t off, len = c;

		if (c & 128) {
			if (!delta_number(delta, &at, c & 15, 4, &off) || !delta_number(delta, &at, c >> 4 & 7, 3, &len))
				return false;
			len = len ? len : 0x10000;
			if (off > base->n || len > base->n - off || len > n - done)
				return false;
			memcpy(out->p + done, base->p + off, len);
		} else {
			if (!c || len > delta->n - at || len > n - done)
				return false;
			memcpy(out->p + done, delta->p + at, len);
			at += len;
		}
		done += len;
	}
	return done == n;
}

static bool read_packed(const struct pack *p, struct arena *a, uint64_t at, size_t max, int depth, struct raw *out);

/* An object that is made of another one. */
static bool read_delta(const struct pack *p, struct arena *a, uint64_t base_at, uint64_t at, size_t size, size_t max, int depth, struct raw *out)
{
	struct raw base, delta = { .n = size };

	if (depth == DEPTH_MAX || size > BASE_MAX || !read_packed(p, a, base_at, max > BASE_MAX ? max : BASE_MAX, depth + 1, &base))
		return false;
	delta.p = arena_alloc(a, size + 1);
	return inflate_at(p->pack, at, delta.p, size) && apply(a, &base, &delta, max, out);
}

static bool read_packed(const struct pack *p, struct arena *a, uint64_t at, size_t max, int depth, struct raw *out)
{
	unsigned char head[HEADER_MAX] = { 0 };
	ssize_t have = pread(p->pack, head, sizeof(head), (off_t)at);
	size_t i = 0, size = head[0] & 15;
	unsigned type = head[0] >> 4 & 7, shift = 4;
	uint64_t back, base;

	if (have < 21) /* the pack's own hash is behind it */
		return false;
	for (; head[i] & 128; shift += 7) {
		if (++i == 6)
			return false;
		size |= (size_t)(head[i] & 127) << shift;
	}
	i++;
	if (type >= 1 && type <= 4) {
		static const git_object_t types[] = { GIT_OBJECT_COMMIT, GIT_OBJECT_TREE, GIT_OBJECT_BLOB, GIT_OBJECT_TAG };

		if (size > max)
			return false;
		*out = (struct raw){ types[type - 1], arena_alloc(a, size + 1), size };
		return inflate_at(p->pack, at + i, out->p, size);
	}
	if (type == 7)
		return i + 20 <= sizeof(head) && find_in(p, head + i, &base) && read_delta(p, a, base, at + i + 20, size, max, depth, out);
	if (type != 6)
		return false;
	for (back = head[i] & 127; head[i] & 128; back = (back + 1) << 7 | (head[i] & 127))
		if (++i >= 16)
			return false;
	return back && back < at && read_delta(p, a, at - back, at + i + 1, size, max, depth, out);
}

/* --- any object ---------------------------------------------------------------------------- */

static bool raw_id(const struct git_id *id, unsigned char out[20])
{
	static const char digits[] = "0123456789abcdef";

	if (!spec_is_id(str_of(id->hex), 40))
		return false;
	for (int i = 0; i < 20; i++)
		out[i] = (unsigned char)((strchr(digits, id->hex[2 * i]) - digits) << 4 | (strchr(digits, id->hex[2 * i + 1]) - digits));
	return true;
}

static bool is_named(const struct raw *r, const struct git_id *id)
{
	char head[HEADER_MAX], hex[41];
	struct sha1 s;

	sha1_init(&s);
	sha1_add(&s, head, (size_t)snprintf(head, sizeof(head), "%s %zu", word_of(r->type), r->n) + 1);
	sha1_add(&s, r->p, r->n);
	sha1_hex(&s, hex);
	return !strcmp(hex, id->hex);
}

bool git_own_read(struct git_own *o, struct arena *a, const struct git_id *id, git_object_t type, size_t max, struct str *out)
{
	unsigned char raw[20];
	struct raw r = { 0 };
	uint64_t at;
	int got = raw_id(id, raw) ? read_loose(o, a, id, max, &r) : -1;

	for (size_t i = 0; !got && list_packs(o) && i < o->count; i++)
		if (find_in(&o->packs[i], raw, &at))
			got = read_packed(&o->packs[i], a, at, max, 0, &r) ? 1 : -1;
	if (got < 1 || r.type != type || !is_named(&r, id))
		return false;
	*out = (struct str){ r.p, r.n };
	return true;
}

int git_own_loose(struct arena *a, const struct git_place *place, const struct git_id *id, git_object_t type, size_t max, struct str *out)
{
	const char *objects = arena_printf(a, STR_FMT "/objects", STR_ARG(place->common)).p;
	struct git_own o = { .objects = objects };
	struct raw r = { 0 };
	struct stat st;
	int got;

	if (stat(arena_printf(a, "%s/%.2s/%s", objects, id->hex, id->hex + 2).p, &st))
		return 0;
	got = read_loose(&o, a, id, max, &r);
	if (got < 1)
		return r.n > max ? 0 : -1;
	if (!is_named(&r, id))
		return -1;
	*out = (struct str){ r.p, r.n };
	return r.type == type;
}

/* --- HEAD --------------------------------------------------------------------------------------- */

/* One line of a small file. */
static bool read_line(struct arena *a, const char *path, struct str *out)
{
	struct stat st;

	if (lstat(path, &st) || !S_ISREG(st.st_mode) || file_read(a, path, REF_MAX, out))
		return false;
	*out = str_trim(*out);
	return true;
}

static bool take_id(struct str text, struct git_id *out)
{
	if (!spec_is_id(text, 40))
		return false;
	memcpy(out->hex, text.p, 40);
	out->hex[40] = 0;
	return true;
}

static bool packed_ref(struct arena *a, const struct git_place *place, struct str name, struct git_id *out)
{
	struct str all, want = arena_printf(a, " " STR_FMT "\n", STR_ARG(name));
	ptrdiff_t at;

	if (file_read(a, arena_printf(a, STR_FMT "/packed-refs", STR_ARG(place->common)).p, PACKED_REFS_MAX, &all))
		return false;
	at = str_find(all, want);
	return at >= 40 && (at == 40 || all.p[at - 41] == '\n') && take_id(str_slice(all, (size_t)at - 40, (size_t)at), out);
}

bool git_own_head(struct arena *a, const struct git_place *place, struct git_id *out)
{
	struct str head, name, id;
	struct stat st;
	const char *loose;

	if (!read_line(a, arena_printf(a, STR_FMT "/HEAD", STR_ARG(place->gitdir)).p, &head))
		return false;
	if (!str_starts(head, STR("ref: refs/heads/")))
		return take_id(head, out);
	name = str_slice(head, 5, head.n);
	if (spec_bad_version(name))
		return false;
	loose = arena_printf(a, STR_FMT "/" STR_FMT, STR_ARG(place->common), STR_ARG(name)).p;
	if (!lstat(loose, &st))
		return read_line(a, loose, &id) && take_id(id, out);
	return packed_ref(a, place, name, out);
}
