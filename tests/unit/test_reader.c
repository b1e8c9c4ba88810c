/* test_reader: damage of every kind is seen, named, and never taken for a crash's torn tail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "journal/journal.h"
#include "journal/reader.h"
#include "scratch.h"

#define PROGRAM "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

enum { RECORDS = 21, SECTOR = 128 };

/* A journal of 21 records: batches of 1, 2, 3, 1, 2, 3, ... 1, 2, and its lines. */
struct sample {
	struct arena a;
	char *text;
	size_t n;
	struct str lines[RECORDS]; /* with newline */
	int64_t batch[RECORDS];
	size_t last_batch;         /* where it begins */
};

static void sample_make_sized(struct sample *s, const char *run, bool sealed, int pad)
{
	struct scratch dir;
	struct journal_options o;
	struct journal *j;
	struct str text;
	char body[4096];
	int err, batch = 1, left = 1;

	arena_init(&s->a);
	scratch_make(&dir);
	o = (struct journal_options){ .dir = dir.path, .run_id = str_of(run), .program_digest = STR(PROGRAM) };
	j = journal_create(&o, &err);
	for (int i = 0; i < RECORDS; i++) {
		snprintf(body, sizeof(body), "\"t\":\"step.outcome\",\"i\":%d,\"text\":\"%0*d\",\"f\":[1.5,true,{\"a\":\"\\n\"}]", i, pad, i);
		if (i == 0)
			snprintf(body, sizeof(body), "\"t\":\"run.open\",\"run\":\"%s\",\"program\":\"" PROGRAM "\"", run);
		else if (i == RECORDS - 1 && sealed)
			snprintf(body, sizeof(body), "\"t\":\"seal\",\"status\":\"ok\"");
		journal_add(j, INT64_C(1795243828000000000) + i, i * 1000, str_of(body));
		if (--left == 0) {
			assert_int_equal(journal_flush(j, true), 0);
			batch = batch % 3 + 1;
			left = batch;
		}
	}
	assert_int_equal(journal_flush(j, true), 0);
	journal_free(j);
	assert_int_equal(file_read(&s->a, scratch_at(&dir, "journal.jsonl"), 1 << 20, &text), 0);
	scratch_remove(&dir);
	s->text = (char *)(uintptr_t)text.p;
	s->n = text.n;
	for (int i = 0; i < RECORDS; i++) {
		struct record r;
		const char *why;
		size_t n = (size_t)((char *)memchr(text.p, '\n', text.n) - text.p) + 1;

		s->lines[i] = str_slice(text, 0, n);
		assert_true(record_parse(&r, str_slice(text, 0, n - 1), &why));
		s->batch[i] = r.b;
		if (r.b == i + 1)
			s->last_batch = (size_t)(text.p - s->text);
		text = str_slice(text, n, text.n);
	}
}

static void sample_make(struct sample *s, const char *run, bool sealed)
{
	sample_make_sized(s, run, sealed, 6);
}

static void sample_release(struct sample *s)
{
	arena_release(&s->a);
}

static struct journal_scan scan(const char *p, size_t n)
{
	struct journal_scan out;

	journal_scan_text((struct str){ p, n }, &out, NULL, NULL);
	return out;
}

static int line_of(const struct sample *s, size_t at)
{
	for (int i = 0; i < RECORDS; i++)
		if (at < (size_t)(s->lines[i].p - s->text) + s->lines[i].n)
			return i;
	return RECORDS;
}

static void reads_a_sound_one(void **state)
{
	struct sample s;
	struct journal_scan got;

	(void)state;
	for (int sealed = 0; sealed < 2; sealed++) {
		sample_make(&s, "r1", sealed);
		got = scan(s.text, s.n);
		assert_int_equal(got.state, JOURNAL_SOUND);
		assert_int_equal(got.records, RECORDS);
		assert_int_equal(got.good_bytes, s.n);
		assert_int_equal(got.bytes, s.n);
		assert_int_equal(got.batch_at, s.last_batch);
		assert_int_equal(got.last_b, s.batch[RECORDS - 1]);
		assert_int_equal(got.last_ep, 1);
		assert_int_equal(got.sealed, sealed);
		assert_int_equal(got.bad_record, 0);
		assert_memory_equal(got.head, s.text + s.n - 67, 64);
		sample_release(&s);
	}
}

/* 8 flips of each byte: never taken, and named right: the last batch is torn, all
 * else is corrupt. */
static void sees_every_flipped_bit(void **state)
{
	struct sample s;

	(void)state;
	for (int sealed = 0; sealed < 2; sealed++) {
		sample_make(&s, "r1", sealed);
		for (size_t at = 0; at < s.n; at++)
			for (int bit = 0; bit < 8; bit++) {
				struct journal_scan got;
				int line = line_of(&s, at);
				/* Of two lines made one the first is bad; a newline within one leaves its start. */
				int64_t bad = line + 1;

				s.text[at] ^= (char)(1 << bit);
				got = scan(s.text, s.n);
				s.text[at] ^= (char)(1 << bit);
				if (got.state == JOURNAL_SOUND || got.bad_record != bad || got.records != bad - 1)
					fail_msg("byte %zu bit %d: state %d, bad record %d", at, bit, (int)got.state,
						 (int)got.bad_record);
				if (at < s.last_batch && got.state != JOURNAL_CORRUPT)
					fail_msg("byte %zu bit %d: a synced batch counts as torn", at, bit);
				/* A seal is synced with what stands in its batch: it proves nothing about that. */
				if (at >= s.last_batch && got.state != JOURNAL_TORN)
					fail_msg("byte %zu bit %d: a torn tail counts as corrupt", at, bit);
			}
		sample_release(&s);
	}
}

static void cut_at_every_byte(void **state)
{
	struct sample s;

	(void)state;
	sample_make(&s, "r1", true);
	for (size_t n = 0; n < s.n; n++) {
		struct journal_scan got = scan(s.text, n);
		int line = line_of(&s, n);
		bool whole = n == (size_t)(s.lines[line].p - s.text);

		assert_int_equal(got.records, line);
		assert_int_equal(got.good_bytes, (size_t)(s.lines[line].p - s.text));
		assert_int_equal(got.bytes, n);
		/* Whole records missing at the end cannot be seen without the head. */
		assert_int_equal(got.state, whole && n ? JOURNAL_SOUND : JOURNAL_TORN);
		assert_false(got.sealed);
	}
	sample_release(&s);
}

static struct journal_scan scan_lines(const struct str *lines, int count)
{
	struct buf b;
	struct journal_scan got;

	buf_init(&b, 1 << 20);
	for (int i = 0; i < count; i++)
		buf_adds(&b, lines[i]);
	got = scan(b.p ? b.p : "", b.len);
	buf_release(&b);
	return got;
}

static void sees_lines_dropped_doubled_swapped(void **state)
{
	struct sample s;

	(void)state;
	for (int sealed = 0; sealed < 2; sealed++) {
		sample_make(&s, "r1", sealed);
		for (int i = 0; i < RECORDS; i++) {
			struct str lines[RECORDS + 1];
			struct journal_scan got;
			bool newer = s.batch[RECORDS - 1] > i + 1;
			int n = 0;

			for (int k = 0; k < RECORDS; k++)
				if (k != i)
					lines[n++] = s.lines[k];
			got = scan_lines(lines, n);
			assert_true(i == RECORDS - 1 || got.state != JOURNAL_SOUND);
			if (newer)
				assert_int_equal(got.state, JOURNAL_CORRUPT);

			n = 0;
			for (int k = 0; k < RECORDS; k++) {
				lines[n++] = s.lines[k];
				if (k == i)
					lines[n++] = s.lines[k];
			}
			got = scan_lines(lines, n);
			assert_true(got.state != JOURNAL_SOUND);
			assert_int_equal(got.records, i + 1);
			if (sealed && i == RECORDS - 1)
				assert_int_equal(got.state, JOURNAL_CORRUPT);

			memcpy(lines, s.lines, sizeof(s.lines));
			if (i + 1 < RECORDS) {
				lines[i] = s.lines[i + 1];
				lines[i + 1] = s.lines[i];
				got = scan_lines(lines, RECORDS);
				assert_true(got.state != JOURNAL_SOUND);
				assert_int_equal(got.bad_record, i + 1);
				if (s.batch[RECORDS - 1] > i + 2)
					assert_int_equal(got.state, JOURNAL_CORRUPT);
			}
		}
		sample_release(&s);
	}
}

static void sees_a_splice_of_two_runs(void **state)
{
	struct sample s, other;

	(void)state;
	sample_make(&s, "r1", true);
	sample_make(&other, "r2", true);
	for (int i = 1; i < RECORDS; i++) {
		struct str lines[RECORDS];
		struct journal_scan got;

		memcpy(lines, s.lines, sizeof(lines));
		memcpy(lines + i, other.lines + i, (size_t)(RECORDS - i) * sizeof(*lines));
		got = scan_lines(lines, RECORDS);
		assert_int_equal(got.state, s.batch[RECORDS - 1] > i + 1 ? JOURNAL_CORRUPT : JOURNAL_TORN);
		assert_int_equal(got.bad_record, i + 1);
	}
	sample_release(&s);
	sample_release(&other);
}

/* Power loss while the last batch is written: any of its sectors may be missing
 * (zeros), and the file may end at any sector. No such state may be refused. */
static void takes_every_crash_state(void **state)
{
	struct sample s;
	size_t first, sectors;
	char *text;

	(void)state;
	sample_make_sized(&s, "r1", false, 120);
	first = s.last_batch / SECTOR;
	sectors = (s.n + SECTOR - 1) / SECTOR - first;
	assert_true(sectors >= 4 && sectors < 14);
	text = arena_alloc(&s.a, s.n);
	for (size_t end = 0; end <= sectors; end++)
		for (unsigned lost = 0; lost < 1u << end; lost++) {
			size_t n = end == sectors ? s.n : (first + end) * SECTOR;
			struct journal_scan got;
			bool any = false;

			if (n < s.last_batch)
				continue;
			memcpy(text, s.text, n);
			for (size_t i = 0; i < end; i++) {
				size_t from = (first + i) * SECTOR, to = from + SECTOR < n ? from + SECTOR : n;

				if (!(lost >> i & 1))
					continue;
				from = from < s.last_batch ? s.last_batch : from;
				any = any || from < to;
				memset(text + from, 0, to > from ? to - from : 0);
			}
			got = scan(text, n);
			if (got.state == JOURNAL_CORRUPT)
				fail_msg("end %zu, lost %x: %s", end, lost, got.why);
			assert_true(got.good_bytes >= s.last_batch);
			assert_true(!any || got.state == JOURNAL_TORN);
		}
	sample_release(&s);
}

/* A record that claims a batch of its own among records of one that began before proves
 * nothing: it is made of pieces. Once the others agree with it, it does. */
static void a_batch_has_one_number(void **state)
{
#define LINE(n, b) "{\"n\":" n ",\"b\":" b ",\"ep\":1,\"w\":\"2026-11-21T06:50:28.123456Z\",\"m\":1500,\"t\":\"note\",\"h\":\"" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}\n"
	static const struct { const char *text; int state; } cases[] = {
		{ "lost\n" LINE("14", "1") "lost\n" LINE("18", "11") "cut", JOURNAL_TORN },
		{ "lost\n" LINE("14", "11") "lost\n" LINE("18", "11") "cut", JOURNAL_CORRUPT },
		{ "lost\n" LINE("9", "1") "lost\n" LINE("18", "11") "cut", JOURNAL_CORRUPT },
		/* the bad line itself: its number may be what is wrong */
		{ LINE("14", "1") "lost\n" LINE("18", "11") "cut", JOURNAL_CORRUPT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(scan(cases[i].text, strlen(cases[i].text)).state, cases[i].state);
#undef LINE
}

static void says_where_and_why(void **state)
{
	struct sample s;
	struct journal_scan got;
	char want[200];
	size_t at;

	(void)state;
	sample_make(&s, "r1", false);
	at = (size_t)(s.lines[4].p - s.text);
	s.text[at + s.lines[4].n - 10] ^= 1;
	got = scan(s.text, s.n);
	snprintf(want, sizeof(want), "record 5 (byte %zu): hash does not match", at);
	assert_string_equal(got.why, want);
	got = scan("", 0);
	assert_int_equal(got.state, JOURNAL_TORN);
	assert_int_equal(got.records, 0);
	sample_release(&s);
}

static void nothing_follows_a_seal(void **state)
{
	static const char *const more[] = { "x", "\n", "{}\n", NULL };
	struct sample s;

	(void)state;
	sample_make(&s, "r1", true);
	for (int i = 0; i < 4; i++) {
		struct str lines[RECORDS + 1];
		struct journal_scan got;

		memcpy(lines, s.lines, sizeof(s.lines));
		lines[RECORDS] = more[i] ? str_of(more[i]) : s.lines[3];
		got = scan_lines(lines, RECORDS + 1);
		assert_int_equal(got.state, JOURNAL_CORRUPT);
		assert_int_equal(got.bad_record, RECORDS + 1);
		assert_true(got.sealed);
	}
	sample_release(&s);
}

static void count_records(void *arg, const struct record *r)
{
	*(int64_t *)arg += r->n;
}

static void reads_files_in_pieces(void **state)
{
	struct scratch dir;
	struct journal_options o;
	struct journal *j;
	struct journal_scan got, text_got;
	struct arena a;
	struct buf body;
	struct str text;
	int64_t sum = 0;
	int err, fd;

	(void)state;
	scratch_make(&dir);
	arena_init(&a);
	buf_init(&body, 1 << 20);
	o = (struct journal_options){ .dir = dir.path, .run_id = STR("r1"), .program_digest = STR(PROGRAM), .no_sync = true };
	j = journal_create(&o, &err);
	journal_add(j, 0, 0, STR("\"t\":\"run.open\",\"run\":\"r1\",\"program\":\"" PROGRAM "\""));
	/* Lines of all lengths, so that some lie across the edges of the pieces. */
	for (size_t i = 2; i <= 60; i++) {
		buf_clear(&body);
		buf_addz(&body, "\"t\":\"a\",\"text\":\"");
		buf_fill(&body, 'x', i * 4300);
		buf_addz(&body, "\"");
		journal_add(j, 0, 0, buf_str(&body));
	}
	journal_free(j);
	journal_scan_file(scratch_at(&dir, "journal.jsonl"), &got, count_records, &sum);
	assert_int_equal(got.state, JOURNAL_SOUND);
	assert_int_equal(sum, 60 * 61 / 2);
	assert_int_equal(file_read(&a, scratch_at(&dir, "journal.jsonl"), 64 << 20, &text), 0);
	text_got = scan(text.p, text.n);
	assert_memory_equal(&got, &text_got, sizeof(got));

	/* A line longer than any record, and text behind it. */
	fd = open(scratch_at(&dir, "journal.jsonl"), O_WRONLY | O_APPEND);
	for (int i = 0; i < 3; i++)
		assert_int_equal(file_write_all(fd, text.p, RECORD_LINE_MAX / 2), 0);
	for (int i = 0; i < 600; i++)
		assert_int_equal(file_write_all(fd, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
				   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 128 * 128 / 128), 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(file_write_all(fd, body.p, body.len), 0);
	assert_int_equal(file_write_all(fd, "\nx\ny", 4), 0);
	close(fd);
	journal_scan_file(scratch_at(&dir, "journal.jsonl"), &got, NULL, NULL);
	assert_int_equal(got.state, JOURNAL_TORN);
	assert_int_equal(got.good_bytes, text.n);
	assert_int_equal(got.bad_record, 61);
	assert_true(got.bytes > text.n + (5 << 20));

	journal_scan_file(dir.path, &got, NULL, NULL);
	assert_int_equal(got.state, JOURNAL_UNREADABLE);
	journal_scan_file(scratch_at(&dir, "none"), &got, NULL, NULL);
	assert_int_equal(got.state, JOURNAL_UNREADABLE);
	assert_int_equal(got.err, ENOENT);
	buf_release(&body);
	arena_release(&a);
	scratch_remove(&dir);
}

static void tail_follows_byte_by_byte(void **state)
{
	struct sample s;
	struct scratch dir;
	struct journal_tail *t;
	struct record r;
	int64_t seen = 0;
	int err, fd, got = 0;

	(void)state;
	sample_make(&s, "r1", false);
	scratch_make(&dir);
	fd = open(scratch_at(&dir, "j"), O_WRONLY | O_CREAT | O_APPEND, 0600);
	t = journal_tail_open(scratch_at(&dir, "j"), &err);
	assert_non_null(t);
	for (size_t at = 0; at < s.n; at++) {
		assert_int_equal(write(fd, s.text + at, 1), 1);
		while ((got = journal_tail_next(t, &r)) > 0)
			assert_int_equal(r.n, ++seen);
		assert_int_equal(got, 0);
		assert_int_equal(seen, line_of(&s, at + 1));
		/* A runner that resumes cuts a torn line off. */
		if (at % 7 == 3 && s.text[at] != '\n') {
			size_t start = (size_t)(s.lines[line_of(&s, at)].p - s.text);

			assert_int_equal(ftruncate(fd, (off_t)start), 0);
			assert_int_equal(journal_tail_next(t, &r), 0);
			assert_int_equal(file_write_all(fd, s.text + start, at + 1 - start), 0);
		}
	}
	assert_int_equal(file_write_all(fd, "{}\n", 3), 0);
	assert_int_equal(journal_tail_next(t, &r), -1);
	assert_int_equal(journal_tail_next(t, &r), -1);
	journal_tail_free(t);
	close(fd);
	assert_null(journal_tail_open(dir.path, &err));
	scratch_remove(&dir);
	sample_release(&s);
}

struct growing { int fd; struct str rest; int64_t records; };

static void grow(void *arg, const struct record *r)
{
	struct growing *g = arg;

	g->records++;
	if (r->n == 1)
		assert_int_equal(file_write_all(g->fd, g->rest.p, g->rest.n), 0);
}

/* A living runner's records behind what the file was when it was opened, longer than all of that. */
static void reads_on_in_a_file_that_grows(void **state)
{
	struct scratch dir;
	struct sample s;
	struct journal_scan got;
	struct growing g;

	(void)state;
	sample_make_sized(&s, "r1", true, 3000);
	scratch_make(&dir);
	g = (struct growing){ .rest = { s.text + s.lines[0].n, s.n - s.lines[0].n } };
	g.fd = open(scratch_at(&dir, "j"), O_WRONLY | O_CREAT | O_APPEND, 0600);
	assert_int_equal(file_write_all(g.fd, s.text, s.lines[0].n), 0);
	journal_scan_file(scratch_at(&dir, "j"), &got, grow, &g);
	close(g.fd);
	assert_int_equal(got.state, JOURNAL_SOUND);
	assert_true(got.sealed);
	assert_int_equal(got.records, RECORDS);
	assert_int_equal(g.records, RECORDS);
	assert_int_equal(got.bytes, s.n);
	scratch_remove(&dir);
	sample_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_sound_one),
		cmocka_unit_test(sees_every_flipped_bit),
		cmocka_unit_test(cut_at_every_byte),
		cmocka_unit_test(sees_lines_dropped_doubled_swapped),
		cmocka_unit_test(sees_a_splice_of_two_runs),
		cmocka_unit_test(takes_every_crash_state),
		cmocka_unit_test(nothing_follows_a_seal),
		cmocka_unit_test(a_batch_has_one_number),
		cmocka_unit_test(says_where_and_why),
		cmocka_unit_test(reads_files_in_pieces),
		cmocka_unit_test(reads_on_in_a_file_that_grows),
		cmocka_unit_test(tail_follows_byte_by_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
