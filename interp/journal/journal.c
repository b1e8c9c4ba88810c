#include "journal/journal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "journal/chain.h"
#include "journal/mask.h"
#include "journal/writer.h"

/*
 * journal: adding and flushing. A record costs no allocation once the buffers
 * have grown: envelope, masked body and hash go straight into the pending text.
 */

enum { HASH_HEAD = 6 /* ,"h":" */, ENVELOPE_MAX = 160 };

static char *put_int(char *p, int64_t v)
{
	char digits[STR_DIGITS], *end = digits + STR_DIGITS, *from = str_digits(end, (uint64_t)v);

	memcpy(p, from, (size_t)(end - from));
	return p + (end - from);
}

static char *put_digits(char *p, int64_t v, int width)
{
	for (int i = width - 1; i >= 0; i--, v /= 10)
		p[i] = (char)('0' + v % 10);
	return p + width;
}

static char *put_text(char *p, const char *text, size_t n)
{
	memcpy(p, text, n);
	return p + n;
}

#define PUT(p, lit) put_text((p), (lit), sizeof(lit) - 1)

/* Date of a day since 1970-01-01 (days from civil, inverted; H. Hinnant). */
static char *put_date(char *p, int64_t day)
{
	int64_t z = day + 719468, era = z / 146097, doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	int64_t month = mp < 10 ? mp + 3 : mp - 9;

	p = put_digits(p, yoe + era * 400 + (month <= 2), 4);
	*p++ = '-';
	p = put_digits(p, month, 2);
	*p++ = '-';
	return put_digits(p, doy - (153 * mp + 2) / 5 + 1, 2);
}

/* wall in us, not before 1970 and not after 9999. */
static char *put_wall(struct journal *j, char *p, int64_t wall)
{
	int64_t second = wall / 1000000;

	if (second != j->second) {
		int64_t rest = second % 86400;
		char *q = put_date(j->stamp, second / 86400);

		*q++ = 'T';
		q = put_digits(q, rest / 3600, 2);
		*q++ = ':';
		q = put_digits(q, rest / 60 % 60, 2);
		*q++ = ':';
		q = put_digits(q, rest % 60, 2);
		*q = '.';
		j->second = second;
	}
	p = put_text(p, j->stamp, 20);
	p = put_digits(p, wall % 1000000, 6);
	*p++ = 'Z';
	return p;
}

static void put_envelope(struct journal *j, int64_t wall, int64_t mono)
{
	static const int64_t wall_end = INT64_C(253402300799) * 1000000;
	char text[ENVELOPE_MAX], *p = text;

	wall /= 1000;
	wall = wall < 0 ? 0 : wall > wall_end ? wall_end : wall;
	p = put_int(PUT(p, "{\"n\":"), j->n + 1);
	p = put_int(PUT(p, ",\"b\":"), j->in_batch ? j->b : j->n + 1);
	p = put_int(PUT(p, ",\"ep\":"), j->ep);
	p = put_wall(j, PUT(p, ",\"w\":\""), wall);
	p = put_int(PUT(p, "\",\"m\":"), mono < 0 ? 0 : mono / 1000);
	*p++ = ',';
	buf_add(&j->out, text, (size_t)(p - text));
}

static int fail(struct journal *j, int err)
{
	if (!j->err)
		j->err = err;
	return j->err;
}

/* The line as a reader will see it. The first one must bind run and program as
 * the chain's start was made of them. */
static bool readable(struct journal *j, struct str line)
{
	const char *why;
	struct record *r = &j->check;

	if (!record_parse(r, line, &why))
		return false;
	if (str_eqz(r->t, "run.open") != (j->n == 0))
		return false;
	if (!j->n) {
		struct str run = record_raw(r, "run"), program = record_raw(r, "program");
		char head[RECORD_HASH_HEX];

		if (run.n < 3 || program.n < 3)
			return false;
		chain_genesis(str_slice(run, 1, run.n - 1), str_slice(program, 1, program.n - 1), head);
		if (memcmp(head, j->head, sizeof(head)))
			return false;
	}
	return true;
}

static void add_line(struct journal *j, struct str body, int64_t wall, int64_t mono)
{
	size_t start = j->out.len;
	char tail[HASH_HEAD + RECORD_HASH_HEX + 3] = ",\"h\":\"", hash[RECORD_HASH_HEX];
	struct str line;

	put_envelope(j, wall, mono);
	if (j->mask && !mask_empty(j->mask))
		mask_json(j->mask, body, &j->scratch, &j->out);
	else
		buf_adds(&j->out, body);
	chain_hash(j->head, (struct str){ j->out.p + start, j->out.len - start }, hash);
	memcpy(tail + HASH_HEAD, hash, sizeof(hash));
	memcpy(tail + HASH_HEAD + sizeof(hash), "\"}\n", 3);
	buf_add(&j->out, tail, sizeof(tail));
	line = (struct str){ j->out.p + start, j->out.len - start - 1 }; /* which j->check points into */
	if (line.n > RECORD_LINE_MAX || j->out.full) {
		fail(j, EMSGSIZE);
		return;
	}
	if (!readable(j, line)) {
		fail(j, EINVAL);
		return;
	}
	memcpy(j->head, hash, sizeof(hash));
	j->n++;
	if (!j->in_batch)
		j->b = j->n;
	j->in_batch = true;
	j->m = j->check.m;
	j->sealed = str_eqz(j->check.t, "seal");
}

void journal_add(struct journal *j, int64_t wall, int64_t mono, struct str body)
{
	if (j->err)
		return;
	if (j->sealed) {
		fail(j, EINVAL);
		return;
	}
	if (body.n > RECORD_LINE_MAX) {
		fail(j, EMSGSIZE);
		return;
	}
	add_line(j, body, wall, mono);
	if (!j->err && j->out.len > JOURNAL_PENDING_MAX)
		journal_flush(j, false);
}

static void tell(struct journal *j)
{
	const char *p = j->out.p, *end = p + j->out.len;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		j->observe(j->arg, (struct str){ p, (size_t)(nl - p) });
		p = nl + 1;
	}
}

static int write_pending(struct journal *j)
{
	size_t done = 0, at = 0;
	int err;

	while (j->out.len > at) {
		err = io_write_all(j->io, j->fd, j->out.p + at, j->out.len - at, &done);
		at += done;
		if (at)
			j->unsynced = true;
		if ((err == ENOSPC || err == EDQUOT) && ballast_drop(j))
			continue;
		if (err)
			return fail(j, err);
	}
	/* Records of what only reads need no sync, and the last one shall not have to wait for all of them. */
	j->ahead += at;
	if (j->ahead >= JOURNAL_AHEAD && !j->no_sync) {
		io_begin_sync(j->fd);
		j->ahead = 0;
	}
	if (j->observe)
		tell(j);
	buf_clear(&j->out);
	return 0;
}

int journal_flush(struct journal *j, bool sync)
{
	int err;

	if (j->err)
		return j->err;
	if (j->out.len && write_pending(j))
		return j->err;
	if (!sync || j->no_sync || !j->unsynced)
		return 0;
	/* Never again after an error: the kernel may have dropped the pages and say yes next time. */
	err = journal_settle_end(j);
	if (!err)
		err = journal_sync_named(j); /* which goes before the records */
	if (!err)
		err = io_datasync(j->io, j->fd);
	if (!err && j->folders_due)
		err = journal_sync_folders(j);
	if (err)
		return fail(j, err);
	j->settle = NULL;
	j->folders_due = false;
	j->syncs++;
	j->unsynced = j->in_batch = false;
	j->ahead = 0;
	return 0;
}

void journal_free(struct journal *j)
{
	if (!j)
		return;
	journal_flush(j, false);
	(void)journal_settle_end(j);
	if (j->sealed && !j->err)
		unlinkat(j->dirfd, ballast_name, 0);
	close(j->fd);
	close(j->dirfd);
	buf_release(&j->out);
	buf_release(&j->scratch);
	mem_free(j);
}

int journal_error(const struct journal *j)
{
	return j->err;
}

bool journal_low(const struct journal *j)
{
	return j->low;
}

void journal_spend(struct journal *j)
{
	if (!ballast_drop(j))
		j->low = true; /* spent, or there was none */
}

int64_t journal_records(const struct journal *j)
{
	return j->n;
}

bool journal_sealed(const struct journal *j)
{
	return j->sealed;
}

int64_t journal_syncs(const struct journal *j)
{
	return j->syncs;
}

void journal_head(const struct journal *j, char hex[65])
{
	memcpy(hex, j->head, RECORD_HASH_HEX);
	hex[RECORD_HASH_HEX] = '\0';
}
