/*
 * power: what a disk may hold after a power loss. The real writer makes journals,
 * over several takeovers; every moment between two of its calls is a crash. What was
 * not synced by then may be there or not, sector by sector: zeros, any bytes, a
 * copy of older records, cut in the middle, the file shorter. The real reader must call
 * each such state sound or torn, keep every synced record, and take no other one for
 * true; and the real writer must be able to go on from it. A journal that is never synced
 * may say that it cannot go on.
 *
 *   power DIR STATES [SEED...]     (shared among the seeds)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "journal/io.h"
#include "journal/journal.h"
#include "journal/reader.h"

#define PROGRAM "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

enum { FILE_ROOM = 1 << 20, EXHAUSTIVE = 7, RANDOM_SUBSETS = 200, EPOCHS = 4, REOPEN_EVERY = 400 };

struct disk {
	char dir[300], journal[340];
	ino_t ino;                 /* of the journal */
	bool no_sync;
	size_t synced, written;    /* of the journal, in bytes */
	int64_t synced_records;
	int fail_at;               /* the call of this number fails; 0: none */
	int calls;
};

static uint64_t rnd, states, torn, sound, holes, reopened, broken, moments;
static char real[FILE_ROOM], state[FILE_ROOM];

static uint32_t dice(uint32_t n)
{
	rnd ^= rnd << 13;
	rnd ^= rnd >> 7;
	rnd ^= rnd << 17;
	return n ? (uint32_t)((rnd >> 20) % n) : 0;
}

static void violation(const struct disk *d, const char *what, const struct journal_scan *s, size_t len)
{
	char name[400];

	broken++;
	if (broken > 5)
		return;
	snprintf(name, sizeof(name), "%s.wrong%llu", d->dir, (unsigned long long)broken);
	printf("# %s: %s; %lld records, %llu of %llu bytes, synced %zu (%lld records), written %zu: kept in %s\n", what, s->why,
	       (long long)s->records, (unsigned long long)s->good_bytes, (unsigned long long)s->bytes, d->synced,
	       (long long)d->synced_records, d->written, name);
	(void)file_write_atomic(name, (struct str){ state, len }, 0600, 0);
}

/* --- the disk under the writer ------------------------------------------------------ */

static bool is_journal(const struct disk *d, int fd)
{
	struct stat st;

	return !fstat(fd, &st) && (!d->ino || st.st_ino == d->ino);
}

static bool fails(struct disk *d)
{
	if (++d->calls != d->fail_at)
		return false;
	errno = EIO;
	return true;
}

static ssize_t disk_write(void *ctx, int fd, const void *p, size_t n)
{
	struct disk *d = ctx;
	ssize_t k;

	if (fails(d))
		return -1;
	k = write(fd, p, n);
	if (k > 0 && d->ino && is_journal(d, fd)) {
		struct stat st;

		d->written = fstat(fd, &st) ? 0 : (size_t)st.st_size;
	}
	return k;
}

static int64_t records_of(const struct disk *d)
{
	struct journal_scan s;

	journal_scan_file(d->journal, &s, NULL, NULL);
	return s.records;
}

static int disk_sync(void *ctx, int fd)
{
	struct disk *d = ctx;

	if (fails(d))
		return -1;
	if (d->ino && is_journal(d, fd)) {
		d->synced = d->written;
		d->synced_records = records_of(d);
	}
	return 0;
}

/* --- states ---------------------------------------------------------------------------- */

static void check(struct disk *d, size_t len)
{
	struct journal_scan s;

	states++;
	journal_scan_text((struct str){ state, len }, &s, NULL, NULL);
	if (s.state == JOURNAL_TORN)
		torn++;
	else if (s.state == JOURNAL_SOUND)
		sound++;
	else if (d->no_sync && s.records) /* says of itself that nobody can go on with a hole in it */
		holes++;
	else
		violation(d, "a crash is called corruption", &s, len);
	if (s.good_bytes < d->synced || s.records < d->synced_records)
		violation(d, "a synced record is lost", &s, len);
	if (s.good_bytes > d->written || memcmp(state, real, (size_t)s.good_bytes) != 0)
		violation(d, "a record is taken for true that nobody wrote", &s, len);
}

/* What a sector that was not written holds, from `from` on. */
static void old_bytes(size_t from, size_t to)
{
	uint32_t kind = dice(3);

	if (kind == 0) {
		memset(state + from, 0, to - from);
		return;
	}
	if (kind == 1 && from > to - from) { /* a write that went astray: our own, older bytes */
		size_t at = dice((uint32_t)(from - (to - from)));

		memmove(state + from, real + at, to - from);
		return;
	}
	for (size_t i = from; i < to; i++)
		state[i] = (char)dice(256);
}

/* One state: the sectors of lost (bit i: the i-th behind the synced ones) have old bytes. */
static size_t make_state(const struct disk *d, size_t sector, uint64_t lost)
{
	size_t len = d->written, first = d->synced / sector;

	memcpy(state, real, len);
	for (size_t at = first; at * sector < d->written; at++) {
		size_t from = at * sector < d->synced ? d->synced : at * sector;
		size_t to = (at + 1) * sector < d->written ? (at + 1) * sector : d->written;

		if (at - first < 64 && !(lost >> (at - first) & 1))
			continue;
		if (at - first >= 64 && !dice(2))
			continue;
		if (!dice(8)) /* torn in the middle */
			from += dice((uint32_t)(to - from));
		old_bytes(from, to);
	}
	switch (dice(3)) {
	case 0: /* its length was not written */
		return d->synced + dice((uint32_t)(len - d->synced + 1));
	case 1: { /* nor at a sector's edge */
		size_t cut = (d->synced + dice((uint32_t)(len - d->synced + 1))) / sector * sector;

		return cut < d->synced ? d->synced : cut;
	}
	default:
		return len;
	}
}

/* The real writer goes on from this state, and what it then has is sound. */
static void go_on(struct disk *d, size_t len)
{
	struct disk keep = *d;
	struct journal_options o = { .dir = keep.dir, .run_id = STR("r1"), .program_digest = STR(PROGRAM), .no_sync = d->no_sync };
	struct journal_scan s;
	int err;

	snprintf(keep.dir, sizeof(keep.dir), "%.200s.other", d->dir);
	snprintf(keep.journal, sizeof(keep.journal), "%s/journal.jsonl", keep.dir);
	(void)file_remove_tree(keep.dir);
	mkdir(keep.dir, 0700);
	keep.ino = 0;
	(void)file_write_atomic(keep.journal, (struct str){ state, len }, 0600, 0);
	for (int round = dice(2) ? 0 : 1; round < 2; round++) {
		struct journal_io io = { disk_write, disk_sync, disk_sync, &keep };
		struct journal *j;

		keep.calls = 0;
		keep.fail_at = round ? 0 : 1 + (int)dice(5); /* once a takeover dies on its way, too */
		j = journal_reopen_with(&o, &io, &err);
		if (j)
			journal_free(j);
		if (!round && j == NULL && err == EIO)
			continue;
		journal_scan_file(keep.journal, &s, NULL, NULL);
		if (!j && err != ENODATA && err != EROFS && !(d->no_sync && s.state == JOURNAL_CORRUPT))
			violation(d, "a crash cannot be taken over", &s, len);
		if (j && s.state != JOURNAL_SOUND)
			violation(d, "not sound after a takeover", &s, len);
		if (j && s.records < d->synced_records)
			violation(d, "a takeover loses a synced record", &s, len);
		reopened++;
	}
}

static void enumerate(struct disk *d, size_t sector)
{
	size_t count = d->written / sector - d->synced / sector + 1;
	uint64_t all = count <= EXHAUSTIVE ? UINT64_C(1) << count : RANDOM_SUBSETS;

	moments++;
	for (uint64_t i = 0; i < all; i++) {
		uint64_t lost = count <= EXHAUSTIVE ? i : (uint64_t)dice(UINT32_MAX) << 32 | dice(UINT32_MAX);
		size_t len = make_state(d, sector, lost);

		check(d, len);
		if (states % REOPEN_EVERY == 0)
			go_on(d, len);
	}
}

/* --- a journal ---------------------------------------------------------------------------- */

static void add(struct journal *j, const char *type, bool no_sync)
{
	struct buf b;
	uint32_t n = dice(4) ? dice(200) : dice(20) ? dice(2000) : dice(12000);

	buf_init(&b, 64 << 10);
	if (str_eqz(str_of(type), "run.open"))
		buf_addz(&b, "\"t\":\"run.open\",\"run\":\"r1\",\"program\":\"" PROGRAM "\"");
	else
		buf_printf(&b, "\"t\":\"%s\"", type);
	if (no_sync && str_eqz(str_of(type), "run.open"))
		buf_addz(&b, ",\"sync\":false");
	buf_addz(&b, ",\"x\":\"");
	for (uint32_t i = 0; i < n; i++)
		buf_addc(&b, "abcdefgh \"{n:1,}"[dice(8)]);
	/* what looks like a record inside of one */
	buf_addz(&b, dice(3) ? "\"" : "{\\\"n\\\":7,\\\"b\\\":7,\\\"t\\\":\\\"seal\\\"}\"");
	journal_add(j, INT64_C(1795243828123456789), 1500000, buf_str(&b));
	buf_release(&b);
}

static bool take_real(struct disk *d)
{
	struct str text;
	struct arena a;
	bool ok;

	arena_init(&a);
	ok = !file_read(&a, d->journal, FILE_ROOM, &text) && text.n < FILE_ROOM;
	if (ok)
		memcpy(real, text.p, text.n);
	d->written = ok ? text.n : 0;
	arena_release(&a);
	return ok;
}

/* All states of this moment. With no sync at all the whole run is at stake. */
static void crash_here(struct disk *d)
{
	if (!take_real(d))
		return;
	enumerate(d, 512);
	enumerate(d, 128);
}

/* One runner's part. True: it was sealed. */
static bool epoch(struct disk *d, struct journal *j, bool first)
{
	int batches = 1 + (int)dice(5);
	bool sealed = false;

	if (first)
		add(j, "run.open", d->no_sync);
	for (int b = 0; b < batches && !sealed; b++) {
		int records = 1 + (int)dice(6);

		for (int i = 0; i < records; i++)
			add(j, "note", d->no_sync);
		if (b == batches - 1 && !dice(3)) {
			add(j, "seal", d->no_sync);
			sealed = true;
		}
		if (dice(3)) { /* written, not synced */
			(void)journal_flush(j, false);
			crash_here(d);
			if (!sealed && dice(2))
				continue;
		}
		(void)journal_flush(j, false);
		crash_here(d);
		(void)journal_flush(j, true);
		crash_here(d);
	}
	return sealed;
}

static void one_journal(const char *base)
{
	struct disk d = { .no_sync = !dice(6) };
	struct journal_options o = { .run_id = STR("r1"), .program_digest = STR(PROGRAM), .no_sync = d.no_sync };
	struct journal_io io = { disk_write, disk_sync, disk_sync, &d };
	struct journal *j;
	struct stat st;
	int err = 0;

	snprintf(d.dir, sizeof(d.dir), "%s/run", base);
	snprintf(d.journal, sizeof(d.journal), "%s/journal.jsonl", d.dir);
	(void)file_remove_tree(d.dir);
	mkdir(d.dir, 0700);
	o.dir = d.dir;
	j = journal_create_with(&o, &io, &err);
	for (int e = 0; j && e < EPOCHS; e++) {
		bool sealed;
		size_t len;

		if (stat(d.journal, &st))
			break;
		d.ino = st.st_ino;
		sealed = epoch(&d, j, e == 0);
		journal_free(j);
		j = NULL;
		if (sealed)
			break;
		if (!take_real(&d))
			break;
		len = make_state(&d, 512, dice(UINT32_MAX)); /* a crash, and another runner */
		(void)file_write_atomic(d.journal, (struct str){ state, len }, 0600, 0);
		d.ino = 0;
		j = journal_reopen_with(&o, &io, &err);
		if (j && !stat(d.journal, &st)) {
			d.ino = st.st_ino;
			d.synced = d.no_sync ? 0 : (size_t)st.st_size;
			d.synced_records = d.no_sync ? 0 : records_of(&d);
		}
	}
	if (j)
		journal_free(j);
}

int main(int argc, char **argv)
{
	uint64_t wanted = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	int seeds = argc > 3 ? argc - 3 : 1;

	if (argc < 3)
		return 2;
	mkdir(argv[1], 0700);
	for (int i = 0; i < seeds; i++) {
		rnd = argc > 3 ? strtoull(argv[3 + i], NULL, 10) | 1 : 20261129;
		while (states < wanted / (uint64_t)seeds * (uint64_t)(i + 1))
			one_journal(argv[1]);
	}
	printf("# %llu states of %llu moments: %llu sound, %llu torn, %llu never synced and with holes; %llu taken over\n", (unsigned long long)states,
	       (unsigned long long)moments, (unsigned long long)sound, (unsigned long long)torn, (unsigned long long)holes, (unsigned long long)reopened);
	printf("%sok 1 - no state is called corrupt, no synced record lost, no false one taken: %llu violations\n1..1\n",
	       broken ? "not " : "", (unsigned long long)broken);
	if (!broken)
		(void)file_remove_tree(argv[1]);
	return broken != 0;
}
