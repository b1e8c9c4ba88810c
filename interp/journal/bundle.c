#include "journal/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "journal/bundle_form.h"
#include "journal/sha.h"
#include "journal/state.h"

/* bundle: the form, and the writer. */

enum { PIECE = 64 << 10 };

/* --- the form ------------------------------------------------------------------------ */

static bool all_of(struct str s, const char *letters)
{
	for (size_t i = 0; i < s.n; i++)
		if (!s.p[i] || !strchr(letters, s.p[i]))
			return false;
	return s.n > 0;
}

/* BEGIN, then letters, then one of two ends. */
static bool like(struct str s, struct str begin, const char *letters, struct str end, struct str other)
{
	struct str tail = str_ends(s, end) ? end : str_ends(s, other) ? other : (struct str){ NULL, SIZE_MAX };

	return tail.p && str_starts(s, begin) && s.n > begin.n + tail.n && all_of(str_slice(s, begin.n, s.n - tail.n), letters);
}

bool bundle_path_ok(struct str path)
{
	static const char hex[] = "0123456789abcdef", word[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	static const char name[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
	struct str rest = str_slice(path, RUN_ID_LEN + 1, path.n);

	if (path.n > RUN_ID_LEN + 1 + 100 || path.n <= RUN_ID_LEN || path.p[RUN_ID_LEN] != '/' || !run_id_ok(str_slice(path, 0, RUN_ID_LEN)))
		return false;
	return str_eqz(rest, "journal.jsonl") || str_eqz(rest, "report.run.json") || str_eqz(rest, "signers.hint") ||
	       str_eqz(rest, "statement.dsse.json") || (rest.n <= 16 && like(rest, STR("torn."), "0123456789", STR(""), STR(""))) ||
	       (rest.n == 77 && like(rest, STR("blobs/sha256/"), hex, STR(""), STR(""))) ||
	       (!str_starts(rest, STR("answers/.")) && like(rest, STR("answers/"), name, STR(".json"), STR(".sig"))) ||
	       like(rest, STR("heads/"), word, STR(".head"), STR(".head.sig"));
}

static void octal(char *to, size_t digits, uint64_t v)
{
	for (size_t i = digits; i-- > 0; v >>= 3)
		to[i] = (char)('0' + (v & 7));
}

void bundle_header(char *block, struct str path, uint64_t size)
{
	bool whole = str_eqz(path, BUNDLE_MANIFEST);
	struct str name = whole ? path : str_slice(path, RUN_ID_LEN + 1, path.n);
	unsigned sum = 0;

	memset(block, 0, TAR_BLOCK);
	memcpy(block, name.p, name.n);
	octal(block + 100, 7, 0600);
	octal(block + 108, 7, 0);
	octal(block + 116, 7, 0);
	octal(block + 124, 11, size);
	octal(block + 136, 11, 0);
	memset(block + 148, ' ', 8);
	block[156] = '0';
	memcpy(block + 257, "ustar\0" "00", 8);
	octal(block + 329, 7, 0);
	octal(block + 337, 7, 0);
	if (!whole)
		memcpy(block + 345, path.p, RUN_ID_LEN);
	for (int i = 0; i < TAR_BLOCK; i++)
		sum += (unsigned char)block[i];
	octal(block + 148, 6, sum);
	block[154] = 0;
}

void bundle_manifest(struct str run, const struct bundle_entry *list, uint32_t count, struct buf *out)
{
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_open(&w, '{');
	jsonw_kint(&w, "v", 1);
	jsonw_kstr(&w, "format", STR("runbook-bundle"));
	jsonw_kstr(&w, "run", run);
	jsonw_key(&w, "files");
	jsonw_open(&w, '[');
	for (uint32_t i = 0; i < count; i++) {
		buf_addz(out, i ? ",\n" : "\n");
		w.comma = false;
		jsonw_open(&w, '{');
		jsonw_kstr(&w, "path", list[i].path);
		jsonw_kint(&w, "bytes", (int64_t)list[i].size);
		jsonw_kstr(&w, "sha256", str_of(list[i].hex));
		jsonw_close(&w, '}');
	}
	buf_addc(out, '\n');
	jsonw_close(&w, ']');
	jsonw_close(&w, '}');
	buf_addc(out, '\n');
}

/* --- writing ------------------------------------------------------------------------ */

struct writing { int fd; int err; char block[TAR_BLOCK]; };

static void put(struct writing *w, const char *p, size_t n)
{
	if (!w->err && n)
		w->err = file_write_all(w->fd, p, n);
}

static void put_padding(struct writing *w, uint64_t size)
{
	static const char zeros[TAR_BLOCK];

	put(w, zeros, bundle_padding(size));
}

static int open_entry(const struct bundle_entry *e)
{
	return open(e->from.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

/* Passes a file on piece by piece; at most `most` bytes. 0 or errno. */
static int each_piece(const struct bundle_entry *e, uint64_t most, void (*each)(void *arg, const char *p, size_t n), void *arg)
{
	int fd = open_entry(e), err = 0;
	char piece[PIECE];
	struct stat st;

	if (fd < 0)
		return errno;
	if (fstat(fd, &st))
		err = errno;
	else if (!S_ISREG(st.st_mode))
		err = EINVAL;
	for (uint64_t got = 0; !err;) {
		ssize_t n = read(fd, piece, sizeof(piece));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err = n < 0 ? errno : 0;
			break;
		}
		got += (uint64_t)n;
		err = got > most ? EFBIG : 0;
		if (!err)
			each(arg, piece, (size_t)n);
	}
	(void)close(fd);
	return err;
}

struct measuring { struct sha sha; uint64_t n; struct writing *w; };

static void measure(void *arg, const char *p, size_t n)
{
	struct measuring *m = arg;

	sha_add(&m->sha, p, n);
	m->n += n;
	if (m->w)
		put(m->w, p, n);
}

static int measured(const struct bundle_entry *e, uint64_t most, struct measuring *m)
{
	int err = 0;

	sha_init(&m->sha);
	m->n = 0;
	if (e->from.n)
		err = each_piece(e, most, measure, m);
	else
		measure(m, e->bytes.p, e->bytes.n);
	return err;
}

int bundle_measure(struct bundle_entry *e)
{
	struct measuring m = { .w = NULL };
	int err = measured(e, BUNDLE_BYTES_MAX, &m);

	e->size = m.n;
	sha_hex(&m.sha, e->hex);
	e->hex[SHA_HEX] = '\0';
	return err;
}

static int by_path(const void *a, const void *b)
{
	return str_cmp(((const struct bundle_entry *)a)->path, ((const struct bundle_entry *)b)->path);
}

static struct str put_entry(struct arena *a, struct writing *w, const struct bundle_entry *e)
{
	struct measuring m = { .w = w };
	char hex[SHA_HEX];
	int err;

	bundle_header(w->block, e->path, e->size);
	put(w, w->block, TAR_BLOCK);
	err = measured(e, e->size, &m);
	sha_hex(&m.sha, hex);
	put_padding(w, e->size);
	if (w->err)
		return str_of(file_error(w->err));
	if (err && err != EFBIG)
		return arena_printf(a, STR_FMT ": %s", STR_ARG(e->from), file_error(err));
	if (err || memcmp(hex, e->hex, SHA_HEX))
		return arena_printf(a, STR_FMT " changed meanwhile", STR_ARG(e->path));
	return STR("");
}

struct str bundle_write(struct arena *a, struct str run, struct bundle_entry *list, uint32_t count, int fd)
{
	struct writing w = { .fd = fd };
	struct str why = STR("");
	struct buf manifest;
	uint64_t sum = 0;

	qsort(list, count, sizeof(*list), by_path);
	for (uint32_t i = 0; i < count; i++)
		sum += list[i].size;
	buf_init(&manifest, BUNDLE_MANIFEST_MAX);
	bundle_manifest(run, list, count, &manifest);
	if (count > BUNDLE_FILES_MAX || manifest.full)
		why = arena_printf(a, "a bundle holds at most %d files, these are %u", BUNDLE_FILES_MAX, count);
	else if (sum > BUNDLE_BYTES_MAX)
		why = arena_printf(a, "a bundle holds at most %llu bytes, these are %llu", (unsigned long long)BUNDLE_BYTES_MAX, (unsigned long long)sum);
	if (!why.n) {
		bundle_header(w.block, STR(BUNDLE_MANIFEST), manifest.len);
		put(&w, w.block, TAR_BLOCK);
		put(&w, manifest.p, manifest.len);
		put_padding(&w, manifest.len);
	}
	buf_release(&manifest);
	for (uint32_t i = 0; i < count && !why.n; i++)
		why = put_entry(a, &w, &list[i]);
	memset(w.block, 0, TAR_BLOCK);
	put(&w, w.block, TAR_BLOCK);
	put(&w, w.block, TAR_BLOCK);
	return why.n || !w.err ? why : str_of(file_error(w.err));
}
