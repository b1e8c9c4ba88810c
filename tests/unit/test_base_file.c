/* base/file.h, base/source.h: limits, what is not a file, line ends, columns. */
#include "base/file.h"
#include "base/source.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/arena.h"

static char dir[] = "/tmp/rb-file-XXXXXX";
static struct arena arena;

static const char *in_dir(const char *name)
{
	return arena_printf(&arena, "%s/%s", dir, name).p;
}

static void put(const char *path, const char *text, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, text, n), 0);
	close(fd);
}

static void reads(void **state)
{
	(void)state;
	struct str s;
	char big[10000];
	memset(big, 'b', sizeof big);
	put(in_dir("a"), "x\0y", 3);
	assert_int_equal(file_read(&arena, in_dir("a"), 3, &s), 0);
	assert_int_equal(s.n, 3);
	assert_memory_equal(s.p, "x\0y", 4);
	assert_int_equal(file_read(&arena, in_dir("a"), 2, &s), FILE_TOO_LARGE);
	put(in_dir("big"), big, sizeof big);
	assert_int_equal(file_read(&arena, in_dir("big"), sizeof big, &s), 0);
	assert_int_equal(s.n, sizeof big);
	assert_int_equal(file_read(&arena, in_dir("big"), sizeof big - 1, &s), FILE_TOO_LARGE);
	assert_int_equal(s.n, 0);
	put(in_dir("empty"), "", 0);
	assert_int_equal(file_read(&arena, in_dir("empty"), 0, &s), 0);
	assert_int_equal(s.n, 0);
	assert_int_equal(file_read(&arena, in_dir("none"), 9, &s), ENOENT);
	/* Files of /proc say that they are empty. */
	assert_int_equal(file_read(&arena, "/proc/self/stat", 100000, &s), 0);
	assert_true(s.n > 10);
}

static void refuses_what_is_no_file(void **state)
{
	(void)state;
	struct str s;
	assert_int_equal(file_read(&arena, dir, 9, &s), FILE_NOT_REGULAR);
	assert_int_equal(file_read(&arena, "/dev/zero", 9, &s), FILE_NOT_REGULAR);
	/* A pipe without a writer must not hang. */
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
	assert_int_equal(file_read(&arena, in_dir("fifo"), 9, &s), FILE_NOT_REGULAR);
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "piped", 5), 5);
	close(ends[1]);
	assert_int_equal(file_read(&arena, arena_printf(&arena, "/dev/fd/%d", ends[0]).p, 9, &s), 0);
	assert_true(str_eqz(s, "piped"));
	close(ends[0]);
}

static void writes(void **state)
{
	(void)state;
	struct str s;
	struct stat st;
	put(in_dir("w"), "old", 3);
	assert_int_equal(file_write_atomic(in_dir("w"), STR("new text"), 0640, 1), 0);
	assert_int_equal(file_read(&arena, in_dir("w"), 99, &s), 0);
	assert_true(str_eqz(s, "new text"));
	assert_int_equal(stat(in_dir("w"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	/* Over a folder: fails, and leaves nothing beside it. */
	assert_int_equal(file_mkdirs(in_dir("d/sub"), 0700), 0);
	assert_int_equal(file_write_atomic(in_dir("d"), STR("x"), 0600, 0), EISDIR);
	assert_int_equal(file_write_atomic(in_dir("no/such"), STR("x"), 0600, 0), ENOENT);
	put(in_dir("w.77-0.tmp"), "x", 1); /* what a killed process leaves, and what others call so */
	put(in_dir("w.tmp"), "x", 1);
	put(in_dir("w.v2.tmp"), "x", 1);
	file_sweep(dir);
	assert_int_equal(access(in_dir("w.77-0.tmp"), F_OK), -1);
	assert_int_equal(access(in_dir("w.tmp"), F_OK), 0);
	assert_int_equal(access(in_dir("w.v2.tmp"), F_OK), 0);
	assert_int_equal(unlink(in_dir("w.tmp")) | unlink(in_dir("w.v2.tmp")), 0);
	assert_int_equal(file_write_all(-1, "x", 1), EBADF);
	char command[100];
	snprintf(command, sizeof command, "%s/d.%ld-0.tmp", dir, (long)getpid());
	assert_int_equal(access(command, F_OK), -1);
}

/* What a person names may be a device or a pipe: they stay what they are. */
static void writes_named(void **state)
{
	(void)state;
	struct stat st;
	struct str s;
	char got[8];
	assert_int_equal(mkfifo(in_dir("pipe"), 0600), 0);
	int fd = open(in_dir("pipe"), O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(file_write_named(in_dir("pipe"), STR("through"), 0600, 1), 0);
	assert_int_equal(read(fd, got, sizeof got), 7);
	close(fd);
	assert_int_equal(stat(in_dir("pipe"), &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	if (stat("/dev/full", &st) == 0 && S_ISCHR(st.st_mode) && geteuid() != 0)
		assert_int_equal(file_write_named("/dev/full", STR("x"), 0600, 1), ENOSPC);
	/* Of a link its target is replaced. */
	put(in_dir("target"), "old", 3);
	assert_int_equal(symlink("target", in_dir("link")), 0);
	assert_int_equal(file_write_named(in_dir("link"), STR("new"), 0600, 1), 0);
	assert_int_equal(lstat(in_dir("link"), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(file_read(&arena, in_dir("target"), 99, &s), 0);
	assert_true(str_eqz(s, "new"));
	assert_int_equal(file_write_named(in_dir("fresh"), STR("x"), 0600, 0), 0);
	assert_int_equal(file_write_named(in_dir(""), STR("x"), 0600, 0), EISDIR);
	assert_int_equal(unlink(in_dir("link")) | unlink(in_dir("target")) | unlink(in_dir("fresh")) | unlink(in_dir("pipe")), 0);
}

static void folders(void **state)
{
	(void)state;
	struct stat st;
	assert_int_equal(file_mkdirs(in_dir("p/q//r/"), 0750), 0);
	assert_int_equal(file_mkdirs(in_dir("p/q/r"), 0750), 0);
	assert_int_equal(stat(in_dir("p/q"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0750);
	put(in_dir("plain"), "", 0);
	assert_int_equal(file_mkdirs(in_dir("plain/x"), 0700), ENOTDIR);
	assert_int_equal(file_mkdirs(in_dir("plain"), 0700), ENOTDIR);
	assert_int_equal(file_mkdirs("", 0700), ENOENT);
	assert_string_equal(file_error(ENOENT), "No such file or directory");
	assert_string_equal(file_error(FILE_TOO_LARGE), "larger than the limit");
}

static void check_position(struct str text, uint32_t offset, uint32_t line, uint32_t column, uint32_t width)
{
	struct position at = source_locate(source_new(&arena, STR("t"), text), offset);
	assert_int_equal(at.line, line);
	assert_int_equal(at.column, column);
	assert_int_equal(at.width, width);
}

static void positions(void **state)
{
	(void)state;
	check_position(STR(""), 0, 1, 1, 0);
	check_position(STR("ab"), 2, 1, 3, 2);
	check_position(STR("ab"), 99, 1, 3, 2);
	check_position(STR("a\nb"), 1, 1, 2, 1);
	check_position(STR("a\nb"), 2, 2, 1, 0);
	check_position(STR("a\r\nb\rc\n"), 3, 2, 1, 0);
	check_position(STR("a\r\nb\rc\n"), 5, 3, 1, 0);
	check_position(STR("a\r\nb\rc\n"), 7, 4, 1, 0);
	check_position(STR("\r\r\n\n"), 3, 3, 1, 0);
	check_position(STR("\xed\x95\x9c\xea\xb8\x80x"), 6, 1, 3, 4);
	check_position(STR("\xef\xbb\xbf" "ab"), 4, 1, 2, 1);
	check_position(STR("\xef\xbb\xbf" "ab"), 1, 1, 1, 0);
	check_position(STR("\tx\x1by"), 3, 1, 4, 6);
}

static void lines(void **state)
{
	(void)state;
	const struct source *s = source_new(&arena, STR("t"), STR("\xef\xbb\xbf" "one\r\n\rthree\n"));
	assert_int_equal(s->line_count, 4);
	assert_true(str_eqz(source_line(s, 1), "one"));
	assert_true(str_eqz(source_line(s, 2), ""));
	assert_true(str_eqz(source_line(s, 3), "three"));
	assert_true(str_eqz(source_line(s, 4), ""));
	assert_true(str_eqz(source_line(s, 0), ""));
	assert_true(str_eqz(source_line(s, 5), ""));
	struct span a = span_of(s, 8, 3), b = span_of(s, 5, 6);
	assert_int_equal(a.end, 8);
	assert_int_equal(span_join(a, b).start, 5);
	assert_int_equal(span_join(a, b).end, 8);
	assert_int_equal(span_join((struct span){ 0 }, b).end, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads), cmocka_unit_test(refuses_what_is_no_file), cmocka_unit_test(writes), cmocka_unit_test(writes_named),
		cmocka_unit_test(folders), cmocka_unit_test(positions), cmocka_unit_test(lines),
	};
	if (!mkdtemp(dir))
		return 1;
	umask(022);
	arena_init(&arena);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (const char *const *name = (const char *const[]){ "a", "big", "empty", "fifo", "w", "plain", NULL }; *name; name++)
		unlink(in_dir(*name));
	for (const char *const *name = (const char *const[]){ "d/sub", "d", "p/q/r", "p/q", "p", NULL }; *name; name++)
		rmdir(in_dir(*name));
	rmdir(dir);
	arena_release(&arena);
	return failed;
}
