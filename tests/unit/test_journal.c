/* test_journal: the writer: chain, batches, syncs, take-over after a crash, faults at every call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "journal/io.h"
#include "journal/journal.h"
#include "journal/mask.h"
#include "journal/output.h"
#include "journal/reader.h"
#include "scratch.h"

#define PROGRAM "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OPEN "\"t\":\"run.open\",\"run\":\"r1\",\"program\":\"" PROGRAM "\""

static const int64_t wall = INT64_C(1795243828123456789); /* 2026-11-21T06:50:28.123456789Z */

static struct journal_options options(const struct scratch *s)
{
	return (struct journal_options){ .dir = s->path, .run_id = STR("r1"), .program_digest = STR(PROGRAM) };
}

static void add(struct journal *j, const char *body)
{
	journal_add(j, wall, 1500, str_of(body));
}

static struct str slurp(struct arena *a, const struct scratch *s, const char *name)
{
	struct str text;

	assert_int_equal(file_read(a, scratch_at(s, name), 64 << 20, &text), 0);
	return text;
}

static bool is_there(const struct scratch *s, const char *name)
{
	return access(scratch_at(s, name), F_OK) == 0;
}

static struct journal_scan scan(const struct scratch *s)
{
	struct journal_scan out;

	journal_scan_file(scratch_at(s, "journal.jsonl"), &out, NULL, NULL);
	return out;
}

/* The chain made anew from its definition in docs/journal.md, with no code of the writer. */
static void chain_is_as_documented(void **state)
{
	struct scratch s;
	struct arena a;
	struct journal_options o;
	struct journal *j;
	struct str text;
	char expect[65], head[65];
	int err;

	(void)state;
	scratch_make(&s);
	arena_init(&a);
	o = options(&s);
	j = journal_create(&o, &err);
	assert_non_null(j);
	add(j, OPEN);
	assert_int_equal(journal_flush(j, true), 0);
	add(j, "\"t\":\"a\",\"x\":1");
	add(j, "\"t\":\"b\"");
	assert_int_equal(journal_flush(j, true), 0);
	assert_int_equal(journal_records(j), 3);
	assert_int_equal(journal_syncs(j), 2);
	journal_head(j, head);
	journal_free(j);

	text = slurp(&a, &s, "journal.jsonl");
	digest_hex(STR("runbook-journal/v1\nr1\n" PROGRAM "\n"), expect);
	for (int n = 1; n <= 3; n++) {
		static const char *const lines[] = {
			"{\"n\":1,\"b\":1,\"ep\":1,\"w\":\"2026-11-21T06:50:28.123456Z\",\"m\":1," OPEN,
			"{\"n\":2,\"b\":2,\"ep\":1,\"w\":\"2026-11-21T06:50:28.123456Z\",\"m\":1,\"t\":\"a\",\"x\":1",
			"{\"n\":3,\"b\":2,\"ep\":1,\"w\":\"2026-11-21T06:50:28.123456Z\",\"m\":1,\"t\":\"b\"",
		};
		struct str line = arena_printf(&a, "%s%s", expect, lines[n - 1]), whole;

		digest_hex(line, expect);
		whole = arena_printf(&a, "%s,\"h\":\"%s\"}\n", lines[n - 1], expect);
		assert_true(str_starts(text, whole));
		text = str_slice(text, whole.n, text.n);
	}
	assert_int_equal(text.n, 0);
	assert_string_equal(head, expect);
	assert_int_equal(scan(&s).state, JOURNAL_SOUND);
	arena_release(&a);
	scratch_remove(&s);
}

static void stamps_time(void **state)
{
	static const struct { int64_t ns; const char *text; } times[] = {
		{ 0, "1970-01-01T00:00:00.000000Z" },
		{ -5, "1970-01-01T00:00:00.000000Z" },
		{ INT64_C(951782399999999999), "2000-02-28T23:59:59.999999Z" },
		{ INT64_C(951782400000000000), "2000-02-29T00:00:00.000000Z" },
		{ INT64_C(951868800000001000), "2000-03-01T00:00:00.000001Z" },
		{ INT64_C(1709251199000000999), "2024-02-29T23:59:59.000000Z" },
		{ INT64_C(4107542400000000000), "2100-03-01T00:00:00.000000Z" },
		{ INT64_C(1798761599500000000), "2026-12-31T23:59:59.500000Z" },
		{ INT64_C(1798761600000000000), "2027-01-01T00:00:00.000000Z" },
		{ INT64_C(1798761599500000000), "2026-12-31T23:59:59.500000Z" },
		{ INT64_MAX, "2262-04-11T23:47:16.854775Z" },
	};
	struct scratch s;
	struct arena a;
	struct journal_options o;
	struct journal *j;
	struct str text;
	int err;

	(void)state;
	scratch_make(&s);
	arena_init(&a);
	o = options(&s);
	j = journal_create(&o, &err);
	add(j, OPEN);
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
		journal_add(j, times[i].ns, -1, STR("\"t\":\"x\""));
	assert_int_equal(journal_flush(j, false), 0);
	text = slurp(&a, &s, "journal.jsonl");
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		struct str want = arena_printf(&a, "{\"n\":%zu,\"b\":1,\"ep\":1,\"w\":\"%s\",\"m\":0,", i + 2, times[i].text);

		if (str_find(text, want) < 0)
			fail_msg("%s is missing", want.p);
	}
	journal_free(j);
	arena_release(&a);
	scratch_remove(&s);
}

struct seen { int count; char last[512]; };

static void note(void *arg, struct str line)
{
	struct seen *seen = arg;

	seen->count++;
	snprintf(seen->last, sizeof(seen->last), STR_FMT, STR_ARG(line));
}

static void observer_sees_what_was_written(void **state)
{
	struct scratch s;
	struct seen seen = { 0 };
	struct journal_options o;
	struct journal *j;
	int err;

	(void)state;
	scratch_make(&s);
	o = options(&s);
	o.observe = note;
	o.arg = &seen;
	j = journal_create(&o, &err);
	add(j, OPEN);
	add(j, "\"t\":\"a\"");
	assert_int_equal(seen.count, 0);
	assert_int_equal(journal_flush(j, false), 0);
	assert_int_equal(seen.count, 2);
	assert_non_null(strstr(seen.last, "\"t\":\"a\",\"h\":\""));
	assert_true(seen.last[strlen(seen.last) - 1] == '}');
	assert_int_equal(journal_flush(j, true), 0);
	assert_int_equal(seen.count, 2);
	journal_free(j);
	scratch_remove(&s);
}

/* What a caller must not do stops the journal instead of spoiling it. */
static void refuses_what_no_reader_would_take(void **state)
{
	static const struct { const char *first, *second; int err; } cases[] = {
		{ "\"t\":\"a\"", NULL, EINVAL },
		{ "\"t\":\"run.open\",\"run\":\"r2\",\"program\":\"" PROGRAM "\"", NULL, EINVAL },
		{ "\"t\":\"run.open\",\"run\":\"r1\"", NULL, EINVAL },
		{ OPEN, OPEN, EINVAL },
		{ OPEN, "\"t\":\"a\",\"x\":", EINVAL },
		{ OPEN, "\"t\":\"a\",\"n\":1", EINVAL },
		{ OPEN, "\"t\":\"a\",\"x\":\"two\nlines\"", EINVAL },
		{ OPEN, "", EINVAL },
		{ OPEN, "long", EMSGSIZE },
	};
	struct scratch s;
	struct buf big;
	int err;

	(void)state;
	buf_init(&big, 1 << 20);
	buf_addz(&big, "\"t\":\"a\",\"x\":\"");
	buf_fill(&big, 'x', RECORD_LINE_MAX - 100);
	buf_addz(&big, "\"");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct journal_options o;
		struct journal *j;

		scratch_make(&s);
		o = options(&s);
		j = journal_create(&o, &err);
		add(j, cases[i].first);
		if (cases[i].second)
			assert_int_equal(journal_flush(j, true), 0);
		if (cases[i].second)
			add(j, strcmp(cases[i].second, "long") ? cases[i].second : big.p);
		assert_int_equal(journal_error(j), cases[i].err);
		add(j, "\"t\":\"b\"");
		assert_int_equal(journal_flush(j, true), cases[i].err);
		journal_free(j);
		assert_int_equal(scan(&s).records, cases[i].second ? 1 : 0);
		scratch_remove(&s);
	}
	buf_release(&big);
}

static void no_ballast_if_nothing_can_need_undoing(void **state)
{
	struct scratch s;
	struct journal_options o;
	struct journal *j;
	int err;

	(void)state;
	scratch_make(&s);
	o = options(&s);
	o.no_ballast = true;
	j = journal_create(&o, &err);
	assert_false(is_there(&s, "ballast"));
	add(j, OPEN);
	assert_int_equal(journal_flush(j, true), 0);
	assert_false(journal_low(j));
	journal_spend(j); /* an output found the disk full: that ends the run all the same */
	assert_true(journal_low(j));
	journal_free(j);
	scratch_remove(&s);
}

/* Writes down what is synced: s what the records name, d the journal, f a folder. */
struct order { char calls[16]; int count, err; };

static int order_add(void *ctx, char what)
{
	struct order *o = ctx;

	o->calls[o->count++] = what;
	return 0;
}

static int order_data(void *ctx, int fd)
{
	(void)fd;
	return order_add(ctx, 'd');
}

static int order_folder(void *ctx, int fd)
{
	(void)fd;
	return order_add(ctx, 'f');
}

static int order_settle(void *ctx)
{
	struct order *o = ctx;

	order_add(ctx, 's');
	return o->err;
}

/* What the records name goes before them, also if a thread has begun with it; an error of it is the first sync's. */
static void first_sync_takes_all_along(void **state)
{
	static const struct { bool begin, no_sync, sync; int err; const char *calls; } cases[] = {
		{ false, false, true, 0, "sdfffd" },  { true, false, true, 0, "sfffdd" }, { true, false, false, 0, "sfff" },
		{ false, false, true, EIO, "s" },     { true, false, true, EIO, "s" },    { true, true, true, 0, "" },
		{ false, false, false, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct order log = { .err = cases[i].err };
		struct journal_io io = { journal_io_os.write, order_data, order_folder, &log };
		struct scratch s;
		struct journal_options o;
		struct journal *j;
		int err;

		scratch_make(&s);
		o = options(&s);
		o.no_ballast = true;
		o.no_sync = cases[i].no_sync;
		o.settle = order_settle;
		o.settle_arg = &log;
		j = journal_create_with(&o, &io, &err);
		add(j, OPEN);
		assert_int_equal(journal_flush(j, false), 0);
		for (int k = 0; k < 2 && cases[i].begin; k++)
			journal_settle_begin(j);
		for (int k = 0; k < 2 && cases[i].sync; k++) {
			add(j, "\"t\":\"a\"");
			assert_int_equal(journal_flush(j, true), cases[i].err);
			journal_settle_begin(j);
		}
		journal_free(j);
		assert_string_equal(log.calls, cases[i].calls);
		scratch_remove(&s);
	}
}

static void seal_ends_it(void **state)
{
	struct scratch s;
	struct journal_options o;
	struct journal *j;
	int err;

	(void)state;
	scratch_make(&s);
	o = options(&s);
	j = journal_create(&o, &err);
	assert_true(is_there(&s, "ballast"));
	add(j, OPEN);
	add(j, "\"t\":\"seal\"");
	assert_int_equal(journal_flush(j, true), 0);
	journal_free(j);
	assert_false(is_there(&s, "ballast"));
	assert_true(scan(&s).sealed);
	assert_null(journal_reopen(&o, &err));
	assert_int_equal(err, EROFS);
	assert_null(journal_create(&o, &err));
	assert_int_equal(err, EEXIST);
	assert_int_equal(scan(&s).state, JOURNAL_SOUND);
	scratch_remove(&s);
}

/* What comes after the check of a record must not move it: each length of a batch, over
 * the places where its memory grows. */
static void seal_is_seen_at_every_length(void **state)
{
	struct scratch s;
	struct buf body;

	(void)state;
	scratch_make(&s);
	buf_init(&body, 4096);
	for (size_t n = 0; n < 1200; n++) {
		struct journal_options o = options(&s);
		int err;
		struct journal *j = journal_create(&o, &err);

		assert_non_null(j);
		buf_clear(&body);
		buf_adds(&body, STR(OPEN ",\"pad\":\""));
		buf_fill(&body, 'x', n);
		buf_addc(&body, '"');
		journal_add(j, wall, 1500, buf_str(&body));
		add(j, "\"t\":\"seal\"");
		assert_int_equal(journal_error(j), 0);
		add(j, "\"t\":\"a\"");
		assert_int_equal(journal_error(j), EINVAL);
		journal_free(j);
		assert_int_equal(unlink(scratch_at(&s, "journal.jsonl")), 0);
	}
	buf_release(&body);
	scratch_remove(&s);
}

static void many_records_are_written_unasked(void **state)
{
	struct scratch s;
	struct journal_options o;
	struct journal *j;
	struct stat st;
	int err;

	(void)state;
	scratch_make(&s);
	o = options(&s);
	j = journal_create(&o, &err);
	add(j, OPEN);
	for (int i = 0; i < 10000; i++)
		add(j, "\"t\":\"a\",\"text\":\"0123456789012345678901234567890123456789\"");
	assert_int_equal(stat(scratch_at(&s, "journal.jsonl"), &st), 0);
	assert_true(st.st_size > 1 << 20);
	assert_int_equal(journal_flush(j, true), 0);
	assert_int_equal(scan(&s).records, 10001);
	/* Written early is not synced: all are one batch. */
	assert_int_equal(scan(&s).last_b, 1);
	journal_free(j);
	scratch_remove(&s);
}

static void no_sync_is_one_batch(void **state)
{
	struct scratch s;
	struct journal_options o;
	struct journal *j;
	int err;

	(void)state;
	scratch_make(&s);
	o = options(&s);
	o.no_sync = true;
	j = journal_create(&o, &err);
	add(j, OPEN);
	assert_int_equal(journal_flush(j, true), 0);
	add(j, "\"t\":\"a\"");
	assert_int_equal(journal_flush(j, true), 0);
	assert_int_equal(journal_syncs(j), 0);
	journal_free(j);
	assert_int_equal(scan(&s).last_b, 1);
	j = journal_reopen(&o, &err);
	assert_non_null(j);
	add(j, "\"t\":\"epoch.open\"");
	journal_free(j);
	assert_int_equal(scan(&s).state, JOURNAL_SOUND);
	assert_int_equal(scan(&s).last_b, 1);
	assert_int_equal(scan(&s).last_ep, 2);
	/* With syncs from now on it is a batch of its own. */
	o.no_sync = false;
	j = journal_reopen(&o, &err);
	assert_non_null(j);
	add(j, "\"t\":\"epoch.open\"");
	journal_free(j);
	assert_int_equal(scan(&s).last_b, 4);
	scratch_remove(&s);
}

static void modes_follow_shared(void **state)
{
	struct scratch s;
	struct journal_options o;
	struct journal *j;
	struct stat st;
	mode_t old = umask(077);
	int err;

	(void)state;
	for (int shared = 0; shared < 2; shared++) {
		scratch_make(&s);
		o = options(&s);
		o.shared = shared;
		j = journal_create(&o, &err);
		assert_non_null(j);
		assert_int_equal(stat(scratch_at(&s, "journal.jsonl"), &st), 0);
		assert_int_equal(st.st_mode & 07777, shared ? 0660 : 0600);
		journal_free(j);
		scratch_remove(&s);
	}
	umask(old);
}

/* --- taking over --- */

static void one_runner_at_a_time(void **state)
{
	struct scratch s;
	struct journal_options o;
	struct journal *j, *k;
	int err;

	(void)state;
	scratch_make(&s);
	o = options(&s);
	j = journal_create(&o, &err);
	add(j, OPEN);
	assert_int_equal(journal_flush(j, true), 0);
	assert_null(journal_reopen(&o, &err));
	assert_int_equal(err, EWOULDBLOCK);
	journal_free(j);
	k = journal_reopen(&o, &err);
	assert_non_null(k);
	journal_free(k);
	scratch_remove(&s);
}

static void write_file(const struct scratch *s, const char *name, struct str text)
{
	assert_int_equal(file_write_atomic(scratch_at(s, name), text, 0600, 0), 0);
}

static struct str three_records(struct arena *a, const struct scratch *s)
{
	struct journal_options o = options(s);
	int err;
	struct journal *j = journal_create(&o, &err);

	add(j, OPEN);
	assert_int_equal(journal_flush(j, true), 0);
	add(j, "\"t\":\"a\"");
	add(j, "\"t\":\"b\"");
	assert_int_equal(journal_flush(j, true), 0);
	journal_free(j);
	return slurp(a, s, "journal.jsonl");
}

static void torn_tail_is_cut_and_kept(void **state)
{
	struct scratch s;
	struct arena a;
	struct journal_options o;
	struct str whole, text, torn;
	char hex[65];
	int err;

	(void)state;
	scratch_make(&s);
	arena_init(&a);
	whole = three_records(&a, &s);
	write_file(&s, "journal.jsonl", str_slice(whole, 0, whole.n - 10));
	write_file(&s, "torn.1", STR("from before"));
	o = options(&s);
	for (int round = 0; round < 2; round++) {
		struct journal *j = journal_reopen(&o, &err);

		assert_non_null(j);
		add(j, "\"t\":\"epoch.open\"");
		assert_int_equal(journal_flush(j, true), 0);
		journal_free(j);
	}
	torn = slurp(&a, &s, "torn.2");
	assert_true(str_starts(torn, STR("{\"n\":3,\"b\":2,")));
	assert_int_equal(str_eqz(slurp(&a, &s, "torn.1"), "from before"), 1);
	assert_false(is_there(&s, "torn.3"));
	digest_hex(torn, hex);
	text = slurp(&a, &s, "journal.jsonl");
	assert_true(str_find(text, arena_printf(&a, "\"t\":\"torn\",\"bytes\":%zu,\"sha256\":\"%s\",\"file\":\"torn.2\"",
						torn.n, hex)) > 0);
	assert_true(str_find(text, STR("{\"n\":3,\"b\":3,\"ep\":2,")) > 0);
	assert_true(str_find(text, STR("{\"n\":5,\"b\":5,\"ep\":3,")) > 0);
	assert_int_equal(scan(&s).state, JOURNAL_SOUND);
	assert_int_equal(scan(&s).records, 5);
	arena_release(&a);
	scratch_remove(&s);
}

static void refuses_to_take_over(void **state)
{
	struct scratch s;
	struct arena a;
	struct journal_options o;
	struct str whole;
	char *bad;
	int err;

	(void)state;
	scratch_make(&s);
	arena_init(&a);
	o = options(&s);
	assert_null(journal_reopen(&o, &err));
	assert_int_equal(err, ENOENT);
	whole = three_records(&a, &s);
	o.run_id = STR("r2");
	assert_null(journal_reopen(&o, &err));
	assert_int_equal(err, EINVAL);
	o = options(&s);
	o.program_digest = STR("bb");
	assert_null(journal_reopen(&o, &err));
	assert_int_equal(err, EINVAL);
	o = options(&s);
	bad = (char *)(uintptr_t)arena_str(&a, whole.p, whole.n).p;
	bad[30] ^= 1;
	write_file(&s, "journal.jsonl", (struct str){ bad, whole.n });
	assert_null(journal_reopen(&o, &err));
	assert_int_equal(err, EBADMSG);
	write_file(&s, "journal.jsonl", str_slice(whole, 0, 40));
	assert_null(journal_reopen(&o, &err));
	assert_int_equal(err, ENODATA);
	unlink(scratch_at(&s, "journal.jsonl"));
	assert_int_equal(symlink("elsewhere", scratch_at(&s, "journal.jsonl")), 0);
	assert_null(journal_reopen(&o, &err));
	assert_int_equal(err, ELOOP);
	assert_null(journal_create(&o, &err));
	unlink(scratch_at(&s, "journal.jsonl"));
	assert_int_equal(mkfifo(scratch_at(&s, "journal.jsonl"), 0600), 0);
	assert_null(journal_reopen(&o, &err));
	assert_int_equal(err, EINVAL);
	arena_release(&a);
	scratch_remove(&s);
}

/* --- masking --- */

static void secrets_stay_out_and_records_stay_whole(void **state)
{
	static const char *const words[] = { "seal", "torn", "run.open", "true", "1234", "step", "status", "text", "\",\"t\":\"", PROGRAM };
	struct scratch s;
	struct arena a;
	struct journal_options o;
	struct mask *m = mask_new();
	struct journal *j;
	struct str text;
	int err;

	(void)state;
	scratch_make(&s);
	arena_init(&a);
	assert_true(mask_add(m, STR("hunter22\"\n\xc3\xa9")));
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		assert_true(mask_add(m, str_of(words[i])));
	o = options(&s);
	o.mask = m;
	j = journal_create(&o, &err);
	add(j, OPEN);
	add(j, "\"t\":\"step.outcome\",\"k\":\"act/step\",\"status\":\"true\",\"code\":1234,\"ok\":true,"
	       "\"error\":\"got hunter22\\\"\\n\\u00e9!\",\"out\":{\"n\":12,\"text\":\"a true 1234\"},\"list\":[1234,12345,true,\"1234\",\"step\"],"
	       "\"map\":{\"hunter22\\\"\\n\xc3\xa9\":\"" PROGRAM "\",\"b64\":\"aHVudGVyMjIiCsOp\"}");
	add(j, "\"t\":\"seal\"");
	assert_int_equal(journal_flush(j, true), 0);
	journal_free(j);
	assert_int_equal(scan(&s).state, JOURNAL_SOUND);
	assert_true(scan(&s).sealed);
	text = slurp(&a, &s, "journal.jsonl");
	assert_true(str_find(text, STR("\"t\":\"step.outcome\",\"k\":\"act/step\",\"status\":\"true\",\"code\":1234,\"ok\":true,"
				       "\"error\":\"got ***!\",\"out\":{\"n\":12,\"text\":\"a *** ***\"},"
				       "\"list\":[\"***\",12345,true,\"***\",\"***\"],\"map\":{\"***\":\"***\",\"b64\":\"***\"},\"h\"")) > 0);
	assert_true(str_find(text, STR("hunter22")) < 0);
	mask_free(m);
	arena_release(&a);
	scratch_remove(&s);
}

/* --- faults --- */

enum fault { F_NONE, F_EIO, F_ENOSPC, F_EINTR, F_SHORT, F_ZERO, F_KINDS };
struct faults {
	struct journal_io io;
	enum fault kind;
	int at;       /* number of the call that fails, from 1 */
	bool sticky;  /* and all after it */
	int calls, syncs;
	bool freed_seen; /* the ballast was gone at a retry */
	const struct scratch *s;
};

static enum fault fault_now(struct faults *f)
{
	f->calls++;
	return f->calls == f->at || (f->sticky && f->calls > f->at) ? f->kind : F_NONE;
}

static ssize_t faulty_write(void *ctx, int fd, const void *p, size_t n)
{
	struct faults *f = ctx;

	if (f->calls >= f->at && !is_there(f->s, "ballast"))
		f->freed_seen = true;
	switch (fault_now(f)) {
	case F_EIO: errno = EIO; return -1;
	case F_ENOSPC:
		/* Half of it fits still. */
		if (n > 1 && f->calls == f->at)
			return write(fd, p, n / 2);
		errno = ENOSPC;
		return -1;
	case F_EINTR: errno = EINTR; return -1;
	case F_SHORT: return write(fd, p, n > 7 ? 7 : 1);
	case F_ZERO: return 0;
	default: return write(fd, p, n);
	}
}

static int faulty_sync(void *ctx, int fd)
{
	struct faults *f = ctx;

	(void)fd;
	f->syncs++;
	switch (fault_now(f)) {
	case F_EIO: errno = EIO; return -1;
	case F_ENOSPC: errno = ENOSPC; return -1;
	case F_EINTR: errno = EINTR; return -1;
	default: return 0;
	}
}

static void faults_init(struct faults *f, const struct scratch *s, enum fault kind, int at, bool sticky)
{
	*f = (struct faults){ .kind = kind, .at = at, .sticky = sticky, .s = s };
	f->io = (struct journal_io){ faulty_write, faulty_sync, faulty_sync, f };
}

struct run_result { int err; int64_t claimed, last_claimed; int calls; bool low; };

/* A run of several batches; what it claims to be durable must be readable. */
static struct run_result faulty_run(struct faults *f, bool reopen)
{
	struct journal_options o = options(f->s);
	struct run_result r = { 0 };
	struct journal *j = reopen ? journal_reopen_with(&o, &f->io, &r.err) : journal_create_with(&o, &f->io, &r.err);
	char body[64];

	for (int i = 0; j && i < 5; i++) {
		snprintf(body, sizeof(body), "\"t\":\"a\",\"i\":%d", i);
		add(j, i || reopen ? body : OPEN);
		add(j, "\"t\":\"b\",\"text\":\"0123456789\"");
		r.err = journal_flush(j, i != 2);
		if (!r.err) {
			assert_int_equal(journal_error(j), 0);
			r.last_claimed = journal_records(j);
			if (i != 2)
				r.claimed = journal_records(j);
			continue;
		}
		/* Fail-stop: nothing more happens, whatever the disk says now. */
		int before = f->calls;

		f->at = 1 << 30;
		f->sticky = false;
		add(j, "\"t\":\"c\"");
		assert_int_equal(journal_flush(j, true), r.err);
		assert_int_equal(journal_flush(j, false), r.err);
		assert_int_equal(journal_error(j), r.err);
		assert_int_equal(f->calls, before);
		break;
	}
	r.low = j && journal_low(j);
	r.calls = f->calls;
	journal_free(j);
	return r;
}

static void check_after(const struct scratch *s, const struct run_result *r)
{
	struct journal_scan got = scan(s);

	/* A journal that could not be made leaves nothing behind. */
	if (r->err && !r->last_claimed && got.state == JOURNAL_UNREADABLE)
		return;
	assert_true(got.state == JOURNAL_SOUND || got.state == JOURNAL_TORN);
	assert_true(got.records >= r->last_claimed);
	if (!r->err)
		assert_int_equal(got.records, r->last_claimed);
	if (got.records) {
		/* And it can go on. */
		struct journal_options o = options(s);
		int err;
		struct journal *j = journal_reopen(&o, &err);

		assert_non_null(j);
		add(j, "\"t\":\"seal\"");
		assert_int_equal(journal_flush(j, true), 0);
		journal_free(j);
		assert_int_equal(scan(s).state, JOURNAL_SOUND);
	}
}

static void one_fault_anywhere(bool reopen)
{
	for (int kind = F_EIO; kind < F_KINDS; kind++)
		for (int sticky = 0; sticky < 2; sticky++)
			for (int at = 1;; at++) {
				struct scratch s;
				struct faults f;
				struct run_result r;
				struct arena a;
				bool benign = kind == F_SHORT || (kind == F_EINTR && !sticky);

				scratch_make(&s);
				arena_init(&a);
				if (reopen) {
					struct str whole = three_records(&a, &s);

					write_file(&s, "journal.jsonl", str_slice(whole, 0, whole.n - 5));
				}
				faults_init(&f, &s, (enum fault)kind, at, sticky);
				r = faulty_run(&f, reopen);
				if (benign)
					assert_int_equal(r.err, 0);
				if (kind == F_EIO && f.calls >= at && r.calls >= at)
					assert_int_equal(r.err, EIO);
				check_after(&s, &r);
				scratch_remove(&s);
				arena_release(&a);
				/* The run ended before the fault's turn came. */
				if (r.calls < at)
					break;
				assert_true(at < 200);
			}
}

static void survives_a_fault_at_every_call(void **state)
{
	(void)state;
	one_fault_anywhere(false);
}

static void survives_a_fault_at_every_call_of_a_take_over(void **state)
{
	(void)state;
	one_fault_anywhere(true);
}

static void full_disk_spends_the_ballast_once(void **state)
{
	struct scratch s;
	struct faults f;
	struct run_result r;

	(void)state;
	
	scratch_make(&s);
	faults_init(&f, &s, F_ENOSPC, 1, false);
	r = faulty_run(&f, false);
	assert_int_equal(r.err, 0);
	assert_int_equal(scan(&s).records, 10);
	scratch_remove(&s);

	/* Full for good: freed, tried again, given up. */
	scratch_make(&s);
	faults_init(&f, &s, F_ENOSPC, 1, true);
	r = faulty_run(&f, false);
	assert_int_equal(r.err, ENOSPC);
	assert_true(f.freed_seen);
	assert_true(r.low);
	assert_false(is_there(&s, "ballast"));
	scratch_remove(&s);
}

struct rewritten { struct buf bytes; int syncs; };

static ssize_t note_write(void *ctx, int fd, const void *p, size_t n)
{
	struct rewritten *w = ctx;

	/* Nothing may be written behind a sync that is still due. */
	assert_int_equal(w->syncs, 0);
	buf_add(&w->bytes, p, n);
	return write(fd, p, n);
}

static int note_sync(void *ctx, int fd)
{
	(void)fd;
	((struct rewritten *)ctx)->syncs++;
	return 0;
}

/* After a failed sync the page cache may show what the disk does not have: only
 * writing the last batch again and syncing it makes it sure. */
static void take_over_makes_the_last_batch_durable(void **state)
{
	struct scratch s;
	struct arena a;
	struct rewritten w = { .syncs = 0 };
	struct journal_io io = { note_write, note_sync, note_sync, &w };
	struct journal_options o;
	struct journal *j;
	struct str whole;
	int err;

	(void)state;
	scratch_make(&s);
	arena_init(&a);
	buf_init(&w.bytes, 1 << 20);
	whole = three_records(&a, &s);
	o = options(&s);
	j = journal_reopen_with(&o, &io, &err);
	assert_non_null(j);
	assert_true(w.bytes.len > 0 && str_ends(whole, buf_str(&w.bytes)));
	assert_true(str_starts(buf_str(&w.bytes), STR("{\"n\":2,")));
	assert_int_equal(w.syncs, 1);
	journal_free(j);
	assert_true(str_eq(slurp(&a, &s, "journal.jsonl"), whole));
	buf_release(&w.bytes);
	arena_release(&a);
	scratch_remove(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chain_is_as_documented),
		cmocka_unit_test(stamps_time),
		cmocka_unit_test(observer_sees_what_was_written),
		cmocka_unit_test(refuses_what_no_reader_would_take),
		cmocka_unit_test(first_sync_takes_all_along),
		cmocka_unit_test(seal_ends_it),
		cmocka_unit_test(seal_is_seen_at_every_length),
		cmocka_unit_test(many_records_are_written_unasked),
		cmocka_unit_test(no_sync_is_one_batch),
		cmocka_unit_test(modes_follow_shared),
		cmocka_unit_test(one_runner_at_a_time),
		cmocka_unit_test(torn_tail_is_cut_and_kept),
		cmocka_unit_test(refuses_to_take_over),
		cmocka_unit_test(take_over_makes_the_last_batch_durable),
		cmocka_unit_test(secrets_stay_out_and_records_stay_whole),
		cmocka_unit_test(survives_a_fault_at_every_call),
		cmocka_unit_test(survives_a_fault_at_every_call_of_a_take_over),
		cmocka_unit_test(full_disk_spends_the_ballast_once),
		cmocka_unit_test(no_ballast_if_nothing_can_need_undoing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
