#include "journal/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "journal/chain.h"

enum { PIECE = 1 << 20 };
static const uint64_t file_max = UINT64_C(4) << 30;

struct reading {
	struct chain chain;
	struct journal_scan *out;
	void (*each)(void *arg, const struct record *r);
	void *arg;
	uint64_t at;  /* where the next line begins */
	bool corrupt;
	bool never_synced; /* --no-sync: the whole run is one batch */
	int64_t witness_n, witness_b; /* the record behind the damage that proves corruption; 0: none */
	int64_t heard_n, heard_b; /* of the readable record with the greatest n behind the damaged line */
	int64_t before_n; /* of the line before, if it was readable and behind the damaged one; else 0 */
	char before_h[RECORD_HASH_HEX];
	struct record r;
};

static void reading_init(struct reading *rd, struct journal_scan *out,
			 void (*each)(void *arg, const struct record *r), void *arg)
{
	memset(out, 0, sizeof(*out));
	memset(&rd->chain, 0, sizeof(rd->chain));
	rd->out = out;
	rd->each = each;
	rd->arg = arg;
	rd->at = 0;
	rd->corrupt = rd->never_synced = false;
	rd->witness_n = rd->witness_b = rd->before_n = rd->heard_n = rd->heard_b = 0;
}

static void damage(struct reading *rd, const char *why)
{
	struct journal_scan *o = rd->out;

	o->bad_record = rd->chain.n + 1;
	snprintf(o->why, sizeof(o->why), "record %lld (byte %llu): %s", (long long)o->bad_record,
		 (unsigned long long)rd->at, why);
	rd->corrupt = rd->chain.sealed;
}

/* Does r continue the line before, as far as that can be told? */
static bool follows(const struct reading *rd, const struct record *r)
{
	char hex[RECORD_HASH_HEX];

	if (!rd->before_n)
		return true;
	chain_hash(rd->before_h, record_hashed(r), hex);
	return r->n == rd->before_n + 1 && !memcmp(hex, r->h.p, sizeof(hex));
}

/* A record behind the first damage. A seal as such proves nothing: it is synced with its
 * batch. What was never synced is one batch and may have lost anything: with a hole in it
 * nobody can go on. Epochs and batches never fall, a batch has one number, and a record
 * continues the one before: what says otherwise was put together of torn sectors and is no
 * witness. */
static void hear(struct reading *rd, const struct record *r)
{
	bool within = r->n > rd->heard_n && r->b > rd->heard_b && r->b <= rd->heard_n;

	if (rd->witness_n && r->n > rd->witness_n && r->b < rd->witness_b)
		rd->witness_n = 0;
	if (r->ep >= rd->chain.ep && follows(rd, r) && !within && (r->b > rd->out->bad_record || (rd->never_synced && r->n > rd->out->bad_record))) {
		rd->witness_n = r->n;
		rd->witness_b = r->b;
	}
	if (r->n > rd->heard_n) {
		rd->heard_n = r->n;
		rd->heard_b = r->b;
	}
	rd->before_n = r->n > rd->out->bad_record ? r->n : 0;
	memcpy(rd->before_h, r->h.p, sizeof(rd->before_h));
}

/* A line at or behind the first damage: does it prove that the damage is in an
 * older batch? Where a newline is lost, a whole record stands at the end of the line.
 * Quotes are escaped in strings, so what looks like the start of a record is the start
 * of a map at least. */
static void testify(struct reading *rd, struct str line)
{
	static const struct str start = { "{\"n\":", 5 };
	const char *why;
	ptrdiff_t at;

	while ((at = str_find(line, start)) >= 0) {
		line = str_slice(line, (size_t)at, line.n);
		if (record_parse(&rd->r, line, &why)) {
			hear(rd, &rd->r);
			return;
		}
		line = str_slice(line, start.n, line.n);
	}
	rd->before_n = 0;
}

/* One line without its newline. */
static void take_line(struct reading *rd, struct str line)
{
	struct journal_scan *o = rd->out;
	const char *why;
	uint64_t start = rd->at;

	if (o->bad_record) {
		testify(rd, line);
	} else if (!record_parse(&rd->r, line, &why) || (why = chain_add(&rd->chain, &rd->r)) != NULL) {
		damage(rd, why);
		/* The line itself may be sound and only the one before it be lost; or its number is
		 * what was damaged. */
		testify(rd, line);
		rd->heard_n = 0;
	} else {
		if (rd->r.b == rd->r.n)
			o->batch_at = start;
		if (rd->r.n == 1)
			rd->never_synced = str_eqz(record_raw(&rd->r, "sync"), "false");
		if (rd->each)
			rd->each(rd->arg, &rd->r);
		o->good_bytes = start + line.n + 1;
	}
	rd->at += line.n + 1;
}

/* What is left behind the last newline. */
static void take_rest(struct reading *rd, uint64_t n, const char *why)
{
	if (n && !rd->out->bad_record)
		damage(rd, why);
	rd->at += n;
}

static void reading_end(struct reading *rd)
{
	struct journal_scan *o = rd->out;

	o->bytes = rd->at;
	o->records = rd->chain.n;
	o->sealed = rd->chain.sealed;
	o->last_b = rd->chain.b;
	o->last_ep = rd->chain.ep;
	o->last_m = rd->chain.m;
	memcpy(o->head, rd->chain.head, sizeof(o->head));
	if (!o->bad_record && !o->records) {
		o->bad_record = 1;
		snprintf(o->why, sizeof(o->why), "record 1 (byte 0): the journal is empty");
	}
	o->state = rd->corrupt || rd->witness_n ? JOURNAL_CORRUPT : o->bad_record ? JOURNAL_TORN : JOURNAL_SOUND;
}

static const char no_newline[] = "the line is cut off";

void journal_scan_text(struct str text, struct journal_scan *out,
		       void (*each)(void *arg, const struct record *r), void *arg)
{
	struct reading rd;
	size_t at = 0;

	reading_init(&rd, out, each, arg);
	while (at < text.n) {
		const char *nl = memchr(text.p + at, '\n', text.n - at);
		size_t n;

		if (!nl)
			break;
		n = (size_t)(nl - (text.p + at));
		take_line(&rd, (struct str){ text.p + at, n });
		at += n + 1;
	}
	take_rest(&rd, text.n - at, no_newline);
	reading_end(&rd);
}

static void unreadable(struct journal_scan *out, int err, const char *what)
{
	memset(out, 0, sizeof(*out));
	out->state = JOURNAL_UNREADABLE;
	out->err = err;
	snprintf(out->why, sizeof(out->why), "%s", what ? what : file_error(err));
}

/* Lines of buf[0, len); returns the start of the rest. */
static size_t take_piece(struct reading *rd, const char *p, size_t len, bool *skip)
{
	size_t at = 0;
	const char *nl;

	while (at < len && (nl = memchr(p + at, '\n', len - at)) != NULL) {
		size_t n = (size_t)(nl - (p + at));

		if (*skip)
			take_rest(rd, n + 1, no_newline);
		else
			take_line(rd, (struct str){ p + at, n });
		*skip = false;
		at += n + 1;
	}
	return at;
}

void journal_scan_fd(int fd, struct journal_scan *out, void (*each)(void *arg, const struct record *r), void *arg)
{
	struct reading rd;
	struct stat st;
	/* a byte more than there is, to see the end */
	size_t cap = !fstat(fd, &st) && st.st_size < PIECE ? (size_t)st.st_size + 1 : PIECE, len = 0;
	char *p = mem_realloc(NULL, cap);
	uint64_t from = 0;
	bool skip = false; /* inside a line that is longer than any record */

	reading_init(&rd, out, each, arg);
	for (;;) {
		ssize_t k;
		size_t at;

		if (len == cap) { /* the file grows */
			cap = PIECE;
			p = mem_realloc(p, cap);
		}
		k = pread(fd, p + len, cap - len, (off_t)from);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0) {
			unreadable(out, errno, NULL);
			mem_free(p);
			return;
		}
		if (k == 0)
			break;
		from += (uint64_t)k;
		len += (size_t)k;
		at = take_piece(&rd, p, len, &skip);
		if (skip || len - at > RECORD_LINE_MAX) {
			take_rest(&rd, len - at, "the line is too long");
			skip = true;
			at = len;
		}
		memmove(p, p + at, len - at);
		len -= at;
	}
	take_rest(&rd, len, no_newline);
	reading_end(&rd);
	mem_free(p);
}

void journal_scan_file(const char *path, struct journal_scan *out,
		       void (*each)(void *arg, const struct record *r), void *arg)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0) {
		unreadable(out, errno, NULL);
		return;
	}
	if (fstat(fd, &st) < 0)
		unreadable(out, errno, NULL);
	else if (!S_ISREG(st.st_mode))
		unreadable(out, EINVAL, "not a regular file");
	else if ((uint64_t)st.st_size > file_max)
		unreadable(out, EFBIG, "larger than 4 GiB");
	else
		journal_scan_fd(fd, out, each, arg);
	close(fd);
}
