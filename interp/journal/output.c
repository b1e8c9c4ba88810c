#include "journal/output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/b64.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "journal/blob.h"
#include "journal/mask.h"

/*
 * output: a stream begins in memory, becomes a file when it passes
 * OUTPUT_INLINE, and past OUTPUT_MAX the file is cut to its head while a ring
 * keeps the newest bytes.
 */

enum { MASKED_MAX = 1 << 30 };

struct output_sink {
	const struct journal_io *io;
	char *dir;
	const struct mask *m;
	bool quiet, sync;
	bool big;               /* it is a file */
	int err;
	uint64_t n;             /* bytes in all */
	struct mask_stream stream;
	struct buf masked;      /* of the newest bytes */
	struct buf begin;       /* while it is small */
	struct blob_writer file;
	struct sha edge;        /* of the first OUTPUT_EDGE bytes */
	char *ring;             /* once it is past OUTPUT_MAX: the last OUTPUT_EDGE bytes */
	size_t ring_at;         /* the oldest of them */
	struct sha full;        /* of all; until then file.sha is */
};

struct output_sink *output_new_with(const char *dir, const struct mask *m, bool quiet, const struct journal_io *io)
{
	struct output_sink *o = mem_alloc(sizeof(*o));

	o->io = io;
	o->dir = mem_dup(dir, strlen(dir));
	o->m = m;
	o->quiet = quiet;
	o->sync = true;
	mask_stream_init(&o->stream, m);
	buf_init(&o->masked, MASKED_MAX);
	buf_init(&o->begin, OUTPUT_INLINE);
	return o;
}

struct output_sink *output_new(const char *dir, const struct mask *m, bool quiet)
{
	return output_new_with(dir, m, quiet, &journal_io_os);
}

void output_set_sync(struct output_sink *o, bool sync)
{
	o->sync = sync;
}

static void ring_add(struct output_sink *o, const char *p, size_t n)
{
	size_t first;

	if (n > OUTPUT_EDGE) {
		p += n - OUTPUT_EDGE;
		n = OUTPUT_EDGE;
	}
	first = OUTPUT_EDGE - o->ring_at < n ? OUTPUT_EDGE - o->ring_at : n;
	memcpy(o->ring + o->ring_at, p, first);
	memcpy(o->ring, p + first, n - first);
	o->ring_at = (o->ring_at + n) % OUTPUT_EDGE;
}

/* The file is full: what follows goes to the ring, which begins with the file's end. */
static void overflow(struct output_sink *o)
{
	size_t got = 0;

	o->ring = mem_alloc(OUTPUT_EDGE);
	o->full = o->file.sha;
	o->file.sha = o->edge;
	while (got < OUTPUT_EDGE) {
		ssize_t k = pread(o->file.fd, o->ring + got, OUTPUT_EDGE - got,
				  (off_t)(OUTPUT_MAX - OUTPUT_EDGE) + (off_t)got);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0) {
			o->file.err = k ? errno : EIO;
			return;
		}
		got += (size_t)k;
	}
	if (ftruncate(o->file.fd, OUTPUT_EDGE) < 0)
		o->file.err = errno;
}

/* Bytes for the file; `at` is where in the stream they begin. */
static void store(struct output_sink *o, uint64_t at, const char *p, size_t n)
{
	while (n && !o->file.err) {
		uint64_t limit = at < OUTPUT_EDGE ? OUTPUT_EDGE : OUTPUT_MAX;
		size_t part = limit - at < n ? (size_t)(limit - at) : n;

		if (at >= OUTPUT_MAX) {
			if (!o->ring)
				overflow(o);
			ring_add(o, p, n);
			sha_add(&o->full, p, n);
			return;
		}
		blob_add(&o->file, p, part);
		at += part;
		p += part;
		n -= part;
		if (at == OUTPUT_EDGE)
			o->edge = o->file.sha;
	}
}

static void emit(struct output_sink *o, const char *p, size_t n, struct buf *shown)
{
	if (shown)
		buf_add(shown, p, n);
	if (!o->big && o->n + n > OUTPUT_INLINE) {
		o->big = true;
		blob_begin(&o->file, o->dir, o->io, o->sync);
		store(o, 0, o->begin.p, o->begin.len);
	}
	if (o->big)
		store(o, o->n, p, n);
	else
		buf_add(&o->begin, p, n);
	o->n += n;
}

void output_add(struct output_sink *o, const char *p, size_t n, struct buf *shown)
{
	if (o->quiet) {
		o->n += n;
		return;
	}
	if (!o->m || (mask_empty(o->m) && !o->stream.held.len)) {
		emit(o, p, n, shown);
		return;
	}
	buf_clear(&o->masked);
	mask_stream_add(&o->stream, (struct str){ p, n }, &o->masked);
	emit(o, o->masked.p, o->masked.len, shown);
}

/* The ring's bytes in order, as a blob. */
static int put_tail(struct output_sink *o, char hex[65])
{
	struct blob_writer w;

	blob_begin(&w, o->dir, o->io, o->sync);
	blob_add(&w, o->ring + o->ring_at, OUTPUT_EDGE - o->ring_at);
	blob_add(&w, o->ring, o->ring_at);
	return blob_commit(&w, hex);
}

static int put_big(struct output_sink *o, struct jsonw *w)
{
	char blob[65], tail[65], full[65];
	int err = blob_commit(&o->file, blob);

	o->big = false;
	if (!err && o->ring)
		err = put_tail(o, tail);
	if (err)
		return err;
	if (!o->ring) {
		jsonw_kstr(w, "blob", str_of(blob));
		return 0;
	}
	sha_hex(&o->full, full);
	jsonw_kstr(w, "head", str_of(blob));
	jsonw_kstr(w, "tail", str_of(tail));
	jsonw_kstr(w, "sha256", (struct str){ full, SHA_HEX });
	jsonw_kbool(w, "truncated", true);
	return 0;
}

static void put_small(struct str s, struct jsonw *w)
{
	if (!s.n)
		return;
	if (utf8_valid(s) && !memchr(s.p, '\0', s.n)) {
		jsonw_kstr(w, "text", s);
		return;
	}
	jsonw_key(w, "b64");
	buf_addc(w->out, '"');
	b64_add(w->out, s);
	buf_addc(w->out, '"');
	w->comma = true;
}

int output_end(struct output_sink *o, struct buf *shown, struct buf *json)
{
	struct jsonw w;
	int err = 0;

	if (!o->quiet) {
		buf_clear(&o->masked);
		mask_stream_end(&o->stream, &o->masked);
		emit(o, o->masked.p, o->masked.len, shown);
	}
	jsonw_init(&w, json);
	jsonw_open(&w, '{');
	jsonw_kint(&w, "n", (int64_t)o->n);
	if (o->quiet)
		jsonw_kbool(&w, "quiet", true);
	else if (o->big)
		err = put_big(o, &w);
	else
		put_small(buf_str(&o->begin), &w);
	if (err)
		jsonw_kbool(&w, "lost", true);
	jsonw_close(&w, '}');
	return err;
}

bool output_whole(const struct mask *m, struct str raw, struct buf *json)
{
	struct jsonw w;

	if (raw.n > OUTPUT_INLINE || (m && !mask_empty(m)))
		return false;
	jsonw_init(&w, json);
	jsonw_open(&w, '{');
	jsonw_kint(&w, "n", (int64_t)raw.n);
	put_small(raw, &w);
	jsonw_close(&w, '}');
	return true;
}

void output_free(struct output_sink *o)
{
	if (!o)
		return;
	if (o->big)
		blob_abort(&o->file);
	mask_stream_release(&o->stream);
	buf_release(&o->masked);
	buf_release(&o->begin);
	mem_free(o->ring);
	mem_free(o->dir);
	mem_free(o);
}
