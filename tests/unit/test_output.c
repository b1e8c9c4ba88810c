/* test_output: captured streams: inline, blob, head and tail; masked, synced or reported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "journal/blob.h"
#include "journal/mask.h"
#include "journal/output.h"
#include "scratch.h"

/* The JSON of a stream that comes in pieces of the given size. */
static int capture(struct arena *a, const char *dir, const struct mask *m, bool quiet, struct str in, size_t piece,
		   struct str *json, struct str *shown)
{
	struct output_sink *o = output_new(dir, m, quiet);
	struct buf j, s;
	int err;

	buf_init(&j, 1 << 20);
	buf_init(&s, 1 << 20);
	for (size_t at = 0; at < in.n; at += piece)
		output_add(o, in.p + at, in.n - at < piece ? in.n - at : piece, &s);
	err = output_end(o, &s, &j);
	output_free(o);
	*json = arena_str(a, j.p, j.len);
	*shown = arena_str(a, s.p ? s.p : "", s.len);
	buf_release(&j);
	buf_release(&s);
	return err;
}

/* Files below a folder whose names begin so. */
static int files(const char *dir, const char *prefix)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)) != NULL)
		n += e->d_name[0] != '.' && !strncmp(e->d_name, prefix, strlen(prefix));
	if (d)
		closedir(d);
	return n;
}

/* As through a sink, where nothing must be masked or stored. */
static void whole_streams_are_the_same(struct arena *a, const char *dir, const struct mask *secrets)
{
	static char long_one[OUTPUT_INLINE + 1];
	const struct str cases[] = { STR(""), STR("hello\n"), STR("\xc3\xa9\""), STR("\xc3"), STR("a\0"), { long_one, OUTPUT_INLINE } };
	struct str json, shown;
	struct buf b;

	memset(long_one, '\\', sizeof(long_one));
	buf_init(&b, 64 << 10);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(capture(a, dir, NULL, false, cases[i], 7, &json, &shown), 0);
		buf_clear(&b);
		assert_true(output_whole(NULL, cases[i], &b));
		assert_string_equal(b.p, json.p);
	}
	buf_clear(&b);
	assert_false(output_whole(NULL, (struct str){ long_one, OUTPUT_INLINE + 1 }, &b));
	assert_false(output_whole(secrets, STR("x"), &b));
	assert_int_equal(b.len, 0);
	buf_release(&b);
}

static void small_streams_stay_inline(void **state)
{
	static const struct { struct str in; const char *json; } cases[] = {
		{ { "", 0 }, "{\"n\":0}" },
		{ { "hello\n", 6 }, "{\"n\":6,\"text\":\"hello\\n\"}" },
		{ { "\xc3\xa9\"", 3 }, "{\"n\":3,\"text\":\"\xc3\xa9\\\"\"}" },
		{ { "\xc3", 1 }, "{\"n\":1,\"b64\":\"ww==\"}" },
		{ { "a\0", 2 }, "{\"n\":2,\"b64\":\"YQA=\"}" },
		{ { "\xff\xfe\xfd", 3 }, "{\"n\":3,\"b64\":\"//79\"}" },
		{ { "my hunter22", 11 }, "{\"n\":6,\"text\":\"my ***\"}" },
	};
	struct mask *m = mask_new();
	struct scratch s;
	struct arena a;
	struct str json, shown;

	(void)state;
	scratch_make(&s);
	arena_init(&a);
	mask_add(m, STR("hunter22"));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (size_t piece = 1; piece < 4; piece++) {
			assert_int_equal(capture(&a, s.path, m, false, cases[i].in, piece, &json, &shown), 0);
			assert_string_equal(json.p, cases[i].json);
		}
	assert_string_equal(shown.p, "my ***");
	whole_streams_are_the_same(&a, s.path, m);
	assert_int_equal(capture(&a, s.path, m, true, STR("my hunter22"), 4, &json, &shown), 0);
	assert_string_equal(json.p, "{\"n\":11,\"quiet\":true}");
	assert_int_equal(shown.n, 0);
	assert_int_equal(files(s.path, ""), 0);
	mask_free(m);
	arena_release(&a);
	scratch_remove(&s);
}

static void larger_streams_become_blobs(void **state)
{
	struct mask *m = mask_new();
	struct scratch s;
	struct arena a;
	struct buf in, want;
	struct str json, shown, got;
	struct stat st;
	char hex[65], path[160];
	mode_t old = umask(077);

	(void)state;
	scratch_make(&s);
	assert_int_equal(chmod(s.path, 02770), 0);
	arena_init(&a);
	buf_init(&in, 1 << 20);
	buf_init(&want, 1 << 20);
	mask_add(m, STR("hunter22"));
	buf_fill(&in, 'x', OUTPUT_INLINE);
	assert_int_equal(capture(&a, s.path, m, false, buf_str(&in), 1000, &json, &shown), 0);
	assert_true(str_starts(json, STR("{\"n\":4096,\"text\":\"xxx")));
	buf_addc(&in, 'y');
	for (size_t piece = 1; piece <= 5000; piece += 1249) {
		assert_int_equal(capture(&a, s.path, m, false, buf_str(&in), piece, &json, &shown), 0);
		digest_hex(buf_str(&in), hex);
		assert_string_equal(json.p, arena_printf(&a, "{\"n\":4097,\"blob\":\"%s\"}", hex).p);
		assert_int_equal(blob_get(&a, s.path, str_of(hex), 5000, &got), 0);
		assert_true(str_eq(got, buf_str(&in)));
		assert_true(str_eq(shown, got));
	}
	/* What is stored and hashed is masked. */
	for (int i = 0; i < 1000; i++) {
		buf_addz(&in, "a hunter22,");
		buf_addz(&want, "a ***,");
	}
	assert_int_equal(capture(&a, s.path, m, false, str_slice(buf_str(&in), 4097, in.len), 777, &json, &shown), 0);
	digest_hex(buf_str(&want), hex);
	assert_string_equal(json.p, arena_printf(&a, "{\"n\":6000,\"blob\":\"%s\"}", hex).p);
	assert_true(str_eq(shown, buf_str(&want)));
	/* Modes follow the run's folder, whatever the umask. */
	snprintf(path, sizeof(path), "%s/blobs/sha256", s.path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0770);
	snprintf(path, sizeof(path), "%s/blobs/sha256/%s", s.path, hex);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_int_equal(files(scratch_at(&s, "blobs"), "tmp."), 0);
	umask(old);
	buf_release(&in);
	buf_release(&want);
	mask_free(m);
	arena_release(&a);
	scratch_remove(&s);
}

/* Byte i of a stream without end. */
static void fill(char *p, size_t n, uint64_t from)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(((from + i) * 2654435761u) >> 13);
}

static void past_the_maximum_head_and_tail_stay(void **state)
{
	static const uint64_t sizes[] = { OUTPUT_MAX, OUTPUT_MAX + 1, OUTPUT_MAX + OUTPUT_EDGE + 12345, OUTPUT_MAX + 3 * OUTPUT_EDGE };
	const size_t piece = 1000003;
	char *p = mem_alloc(OUTPUT_MAX + 4 * OUTPUT_EDGE);

	(void)state;
	fill(p, OUTPUT_MAX + 4 * OUTPUT_EDGE, 0);
	for (int i = 0; i < 4; i++) {
		size_t n = sizes[i];
		struct scratch s;
		struct arena a;
		struct str got;
		char full[65], head[65], tail[65];
		struct output_sink *o;
		struct buf j;

		scratch_make(&s);
		arena_init(&a);
		buf_init(&j, 4096);
		o = output_new(s.path, NULL, false);
		for (size_t at = 0; at < n; at += piece)
			output_add(o, p + at, n - at < piece ? n - at : piece, NULL);
		assert_int_equal(output_end(o, NULL, &j), 0);
		output_free(o);
		digest_hex((struct str){ p, n }, full);
		digest_hex((struct str){ p, OUTPUT_EDGE }, head);
		digest_hex((struct str){ p + n - OUTPUT_EDGE, OUTPUT_EDGE }, tail);
		if (n == OUTPUT_MAX) {
			assert_string_equal(j.p, arena_printf(&a, "{\"n\":%zu,\"blob\":\"%s\"}", n, full).p);
		} else {
			assert_string_equal(j.p, arena_printf(&a, "{\"n\":%zu,\"head\":\"%s\",\"tail\":\"%s\",\"sha256\":\"%s\","
							      "\"truncated\":true}", n, head, tail, full).p);
			assert_int_equal(blob_get(&a, s.path, str_of(head), OUTPUT_EDGE, &got), 0);
			assert_int_equal(blob_get(&a, s.path, str_of(tail), OUTPUT_EDGE, &got), 0);
		}
		assert_int_equal(files(scratch_at(&s, "blobs"), "tmp."), 0);
		buf_release(&j);
		arena_release(&a);
		scratch_remove(&s);
	}
	mem_free(p);
}

static void blobs_are_checked(void **state)
{
	struct scratch s;
	struct arena a;
	struct str got;
	char hex[65], again[65], path[160];

	(void)state;
	scratch_make(&s);
	arena_init(&a);
	assert_int_equal(blob_put(s.path, STR("content"), hex), 0);
	assert_int_equal(blob_put(s.path, STR("content"), again), 0);
	assert_string_equal(hex, again);
	assert_int_equal(blob_put(s.path, STR(""), again), 0);
	assert_string_equal(again, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_int_equal(blob_get(&a, s.path, str_of(again), 0, &got), 0);
	assert_int_equal(blob_get(&a, s.path, str_of(hex), 7, &got), 0);
	assert_true(str_eqz(got, "content"));
	assert_int_equal(blob_get(&a, s.path, str_of(hex), 6, &got), EFBIG);
	assert_int_equal(blob_get(&a, s.path, str_slice(str_of(hex), 0, 63), 7, &got), EINVAL);
	assert_int_equal(blob_get(&a, s.path, STR("../../../../../../../../../../../../../../../../../../etc/passwd.."), 7, &got), EINVAL);
	hex[0] = hex[0] == 'a' ? 'b' : 'a';
	assert_int_equal(blob_get(&a, s.path, str_of(hex), 7, &got), ENOENT);
	assert_int_equal(blob_put(s.path, STR("content"), hex), 0);
	snprintf(path, sizeof(path), "%s/blobs/sha256/%s", s.path, hex);
	assert_int_equal(file_write_atomic(path, STR("Content"), 0600, 0), 0);
	assert_int_equal(blob_get(&a, s.path, str_of(hex), 7, &got), -1);
	assert_int_equal(got.n, 0);
	unlink(path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(blob_get(&a, s.path, str_of(hex), 1 << 20, &got), ELOOP);
	assert_int_equal(blob_put(scratch_at(&s, "none"), STR("x"), hex), ENOENT);
	arena_release(&a);
	scratch_remove(&s);
}

/* --- faults --- */

struct faults { int at, calls, err; };

static int failing(struct faults *f)
{
	if (++f->calls != f->at)
		return 0;
	errno = f->err;
	return 1;
}

static ssize_t faulty_write(void *ctx, int fd, const void *p, size_t n)
{
	return failing(ctx) ? -1 : write(fd, p, n > 4000 ? 4000 : n);
}

static int faulty_sync(void *ctx, int fd)
{
	(void)fd;
	return failing(ctx) ? -1 : 0;
}

static void a_fault_at_every_call_is_told(void **state)
{
	struct str text = { NULL, 20000 };

	(void)state;
	text.p = memset(mem_alloc(text.n), 'x', text.n);
	for (int err = 0; err < 2; err++)
		for (int at = 1;; at++) {
			struct faults f = { at, 0, err ? EINTR : ENOSPC };
			struct journal_io io = { faulty_write, faulty_sync, faulty_sync, &f };
			struct scratch s;
			struct output_sink *o;
			struct buf j;
			int got;

			scratch_make(&s);
			buf_init(&j, 4096);
			o = output_new_with(s.path, NULL, false, &io);
			output_add(o, text.p, text.n, NULL);
			output_add(o, text.p, text.n, NULL);
			got = output_end(o, NULL, &j);
			output_free(o);
			if (f.calls < at || err) {
				assert_int_equal(got, 0);
				assert_non_null(strstr(j.p, "\"blob\":"));
			} else {
				assert_int_equal(got, ENOSPC);
				assert_string_equal(j.p, "{\"n\":40000,\"lost\":true}");
			}
			assert_int_equal(files(scratch_at(&s, "blobs"), "tmp."), 0);
			buf_release(&j);
			scratch_remove(&s);
			if (f.calls < at)
				break;
			assert_true(at < 100);
		}
	mem_free((void *)(uintptr_t)text.p);
}

static void no_sync_syncs_nothing(void **state)
{
	struct faults f = { 0, 0, 0 };
	struct journal_io io = { faulty_write, faulty_sync, faulty_sync, &f };
	struct scratch s;
	struct output_sink *o;
	struct buf j;
	char text[4097] = { 0 };

	(void)state;
	scratch_make(&s);
	buf_init(&j, 4096);
	o = output_new_with(s.path, NULL, false, &io);
	output_set_sync(o, false);
	output_add(o, text, sizeof(text), NULL);
	assert_int_equal(output_end(o, NULL, &j), 0);
	output_free(o);
	/* Two writes: 4000 bytes at a time. */
	assert_int_equal(f.calls, 2);
	/* One that is given up leaves nothing. */
	o = output_new_with(s.path, NULL, false, &io);
	output_add(o, text, sizeof(text), NULL);
	assert_int_equal(files(scratch_at(&s, "blobs"), "tmp."), 1);
	output_free(o);
	assert_int_equal(files(scratch_at(&s, "blobs"), "tmp."), 0);
	buf_release(&j);
	scratch_remove(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_streams_stay_inline),
		cmocka_unit_test(larger_streams_become_blobs),
		cmocka_unit_test(past_the_maximum_head_and_tail_stay),
		cmocka_unit_test(blobs_are_checked),
		cmocka_unit_test(a_fault_at_every_call_is_told),
		cmocka_unit_test(no_sync_syncs_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
