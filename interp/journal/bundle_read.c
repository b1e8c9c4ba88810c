#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "journal/bundle_form.h"
#include "journal/sha.h"
#include "journal/state.h"
#include "value/json.h"

/*
 * bundle_read: the reader. The list of files comes first and says everything; what
 * follows must be exactly the bytes that a writer makes of it.
 */

struct reading {
	struct arena *a;
	const char *dir;
	int fd;
	uint64_t at;             /* bytes read */
	struct str run;
	struct bundle_entry *list; uint32_t count;
	struct str why;
};

static bool bad(struct reading *r, struct str why)
{
	if (!r->why.n)
		r->why = why;
	return false;
}

/* All n bytes; a bundle that is too short is bad. */
static bool take(struct reading *r, char *p, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t k = read(r->fd, p + got, n - got);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return bad(r, str_of(strerror(errno)));
		if (!k)
			return bad(r, arena_printf(r->a, "it ends at byte %llu", (unsigned long long)(r->at + got)));
		got += (size_t)k;
	}
	r->at += n;
	return true;
}

/* The header that must stand here. */
static bool take_header(struct reading *r, struct str path, uint64_t size)
{
	char block[TAR_BLOCK], want[TAR_BLOCK];
	uint64_t at = r->at;

	bundle_header(want, path, size);
	if (!take(r, block, TAR_BLOCK))
		return false;
	return !memcmp(block, want, TAR_BLOCK) ||
	       bad(r, arena_printf(r->a, "byte %llu is not the header of " STR_FMT, (unsigned long long)at, STR_ARG(path)));
}

static bool take_zeros(struct reading *r, size_t n)
{
	char block[2 * TAR_BLOCK];
	uint64_t at = r->at;

	if (!take(r, block, n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (block[i])
			return bad(r, arena_printf(r->a, "byte %llu is not zero", (unsigned long long)(at + i)));
	return true;
}

/* --- the list of files ---------------------------------------------------------------- */

static struct str text_of(struct value map, const char *name)
{
	const struct value *v = map.kind == V_MAP ? value_get(map, str_of(name)) : NULL;

	return v && v->kind == V_STRING ? value_text(*v) : STR("");
}

static bool read_entry(struct reading *r, struct value map, uint64_t *sum)
{
	struct bundle_entry *e = &r->list[r->count];
	const struct value *bytes = map.kind == V_MAP ? value_get(map, STR("bytes")) : NULL;
	struct str hex = text_of(map, "sha256");
	bool blob;

	e->path = text_of(map, "path");
	if (!bundle_path_ok(e->path))
		return bad(r, STR("its list names a file that is none of a run"));
	if (r->count && str_cmp(r->list[r->count - 1].path, e->path) >= 0)
		return bad(r, STR("its list is not in order"));
	if (!bytes || bytes->kind != V_INT || bytes->i < 0 || !sha_is_hex(hex))
		return bad(r, STR("its list has a file without length or digest"));
	blob = str_starts(str_slice(e->path, RUN_ID_LEN + 1, e->path.n), STR("blobs/"));
	if (blob && !str_ends(e->path, hex))
		return bad(r, arena_printf(r->a, STR_FMT " is not named by its digest", STR_ARG(e->path)));
	e->size = (uint64_t)bytes->i;
	memcpy(e->hex, hex.p, SHA_HEX);
	e->hex[SHA_HEX] = '\0';
	*sum += e->size;
	r->count++;
	return *sum <= BUNDLE_BYTES_MAX || bad(r, arena_printf(r->a, "it holds more than %llu bytes", (unsigned long long)BUNDLE_BYTES_MAX));
}

static bool has_journal(const struct reading *r)
{
	for (uint32_t i = 0; i < r->count; i++)
		if (str_starts(r->list[i].path, r->run) && str_eqz(str_slice(r->list[i].path, RUN_ID_LEN, r->list[i].path.n), "/journal.jsonl"))
			return true;
	return false;
}

static bool read_list(struct reading *r, struct str text)
{
	struct json_error je;
	struct value map;
	const struct value *files;
	struct buf again;
	uint64_t sum = 0;
	bool same;

	if (!json_parse(r->a, text, &map, &je) || map.kind != V_MAP)
		return bad(r, STR("its list of files is not JSON"));
	files = value_get(map, STR("files"));
	r->run = text_of(map, "run");
	if (!files || files->kind != V_LIST || !run_id_ok(r->run))
		return bad(r, STR("its list of files names no run or no files"));
	if (files->n > BUNDLE_FILES_MAX)
		return bad(r, arena_printf(r->a, "it holds more than %d files", BUNDLE_FILES_MAX));
	r->list = arena_array(r->a, files->n + 1u, sizeof(*r->list));
	for (uint32_t i = 0; i < files->n; i++)
		if (!read_entry(r, files->list[i], &sum))
			return false;
	buf_init(&again, BUNDLE_MANIFEST_MAX);
	bundle_manifest(r->run, r->list, r->count, &again);
	same = str_eq(buf_str(&again), text);
	buf_release(&again);
	if (!same)
		return bad(r, STR("its list of files is not written as it should be"));
	return has_journal(r) || bad(r, STR("it holds no journal of its run"));
}

/* --- entries ---------------------------------------------------------------------------- */

/* The first entry, whose header alone says how long it is. */
static bool take_list(struct reading *r)
{
	char block[TAR_BLOCK], want[TAR_BLOCK], *text;
	uint64_t size = 0;

	if (!take(r, block, TAR_BLOCK))
		return false;
	for (int i = 124; i < 135; i++)
		size = size << 3 | (uint64_t)(block[i] & 7);
	bundle_header(want, STR(BUNDLE_MANIFEST), size);
	if (memcmp(block, want, TAR_BLOCK))
		return bad(r, STR("it does not begin as a bundle does"));
	if (size > BUNDLE_MANIFEST_MAX)
		return bad(r, arena_printf(r->a, "its list of files has more than %d bytes", BUNDLE_MANIFEST_MAX));
	text = arena_alloc(r->a, (size_t)size + 1);
	return take(r, text, (size_t)size) && take_zeros(r, bundle_padding(size)) && read_list(r, (struct str){ text, (size_t)size });
}

static int make_file(struct reading *r, struct str path)
{
	struct str full = arena_printf(r->a, "%s/" STR_FMT, r->dir, STR_ARG(path));
	char *slash = arena_alloc(r->a, full.n + 1), *cut;
	int fd, err;

	memcpy(slash, full.p, full.n);
	cut = strrchr(slash, '/');
	*cut = '\0';
	err = file_mkdirs(slash, 0700);
	fd = err && err != EEXIST ? -1 : open(full.p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		(void)bad(r, arena_printf(r->a, STR_FMT ": %s", STR_ARG(full), strerror(err ? err : errno)));
	return fd;
}

static bool take_entry(struct reading *r, const struct bundle_entry *e)
{
	char piece[64 << 10], hex[SHA_HEX];
	struct sha sha;
	int fd, err = 0;
	bool ok;

	if (!take_header(r, e->path, e->size))
		return false;
	fd = make_file(r, e->path);
	if (fd < 0)
		return false;
	sha_init(&sha);
	ok = true;
	for (uint64_t left = e->size; left && ok && !err;) {
		size_t n = left < sizeof(piece) ? (size_t)left : sizeof(piece);

		ok = take(r, piece, n);
		if (ok) {
			sha_add(&sha, piece, n);
			err = file_write_all(fd, piece, n);
		}
		left -= n;
	}
	if (close(fd) && !err)
		err = errno;
	sha_hex(&sha, hex);
	if (err)
		return bad(r, arena_printf(r->a, "%s: %s", r->dir, file_error(err)));
	if (ok && memcmp(hex, e->hex, SHA_HEX))
		return bad(r, arena_printf(r->a, STR_FMT " is not what its list says", STR_ARG(e->path)));
	return ok && take_zeros(r, bundle_padding(e->size));
}

static bool at_end(struct reading *r)
{
	char one;

	return take_zeros(r, 2 * TAR_BLOCK) && (!read(r->fd, &one, 1) || bad(r, STR("something stands behind its end")));
}

static int open_bundle(const char *path, int *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	*err = fd < 0 ? errno : 0;
	if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode))) {
		*err = EINVAL;
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

bool bundle_is(const char *path)
{
	static const char begin[] = BUNDLE_MANIFEST;
	char block[sizeof(begin)];
	int err, fd = open_bundle(path, &err);
	bool is = fd >= 0 && read(fd, block, sizeof(block)) == (ssize_t)sizeof(block) && !memcmp(block, begin, sizeof(begin));

	if (fd >= 0)
		(void)close(fd);
	return is;
}

struct str bundle_unpack(struct arena *a, const char *path, const char *dir, struct str *run)
{
	struct reading r = { .a = a, .dir = dir, .why = STR("") };
	int err;

	r.fd = open_bundle(path, &err);
	if (r.fd < 0)
		return str_of(strerror(err));
	if (take_list(&r)) {
		for (uint32_t i = 0; i < r.count; i++)
			if (!take_entry(&r, &r.list[i]))
				break;
		if (!r.why.n)
			(void)at_end(&r);
	}
	(void)close(r.fd);
	*run = r.run;
	return r.why;
}
