/* test_state: run ids and folders, finding runs, the machine-wide locks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "base/file.h"
#include "journal/state.h"
#include "scratch.h"

static void ids_sort_by_time(void **state)
{
	char a[RUN_ID_LEN + 1], b[RUN_ID_LEN + 1];

	(void)state;
	run_id_new(INT64_C(1795243828123000000), a);
	run_id_new(INT64_C(1795243828123999999), b);
	assert_int_equal(strlen(a), RUN_ID_LEN);
	assert_true(run_id_ok(str_of(a)));
	/* 1795243828123 in base 32. */
	assert_memory_equal(a, "01m7ydxrwv", 10);
	assert_memory_equal(a, b, 10);
	assert_memory_not_equal(a + 10, b + 10, 16);
	run_id_new(INT64_C(1795243828124000000), b);
	assert_true(strcmp(a, b) < 0);
	run_id_new(0, a);
	assert_memory_equal(a, "0000000000", 10);
	run_id_new(INT64_MAX, a);
	assert_true(strcmp(b, a) < 0);
	assert_false(run_id_ok(STR("01kaj3r8zv00000000000000o0")));
	assert_false(run_id_ok(STR("01kaj3r8zv0000000000000000/")));
	assert_false(run_id_ok(STR("")));
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static void folders_have_their_modes(void **state)
{
	static const char *const id = "01kaj3r8zv0000000000000001", *const id2 = "01kaj3r8zv0000000000000002";
	struct scratch s;
	mode_t old = umask(077);

	(void)state;
	scratch_make(&s);
	assert_int_equal(run_dir_create(scratch_at(&s, "a/b"), id, false), 0);
	assert_int_equal(run_dir_create(scratch_at(&s, "a/b"), id, false), EEXIST);
	assert_int_equal(mode_of(scratch_at(&s, "a/b/runs")), 0700);
	assert_int_equal(mode_of(scratch_at(&s, "a/b/runs/01kaj3r8zv0000000000000001/blobs")), 0700);
	assert_int_equal(run_dir_create(scratch_at(&s, "shared"), id2, true), 0);
	assert_int_equal(mode_of(scratch_at(&s, "shared/runs")), 02770);
	assert_int_equal(mode_of(scratch_at(&s, "shared/runs/01kaj3r8zv0000000000000002")), 02770);
	assert_int_equal(run_dir_create(s.path, "../x", false), EINVAL);
	assert_int_equal(file_write_atomic(scratch_at(&s, "file"), STR("x"), 0600, 0), 0);
	assert_int_equal(run_dir_create(scratch_at(&s, "file"), id, false), ENOTDIR);
	/* Why nothing could be made is said, not that it is then not there: EPERM, EACCES or EROFS. */
	assert_int_not_equal(run_dir_create("/sys/nowhere/below", id, false), ENOENT);
	umask(old);
	scratch_remove(&s);
}

static void finds_runs(void **state)
{
	static const char *const ids[] = {
		"01kaj3r8zv0000000000000001", "01kaj3r8zw0000000000000002", "01kaj3r8zw0000000000000003",
	};
	struct scratch s;
	struct arena a;
	struct str id, dir, which, *list;
	uint32_t count;

	(void)state;
	scratch_make(&s);
	arena_init(&a);
	assert_int_equal(run_list(&a, s.path, &list, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(run_find(&a, s.path, STR("@last"), &id, &dir, &which), ENOENT);
	for (int i = 0; i < 3; i++)
		assert_int_equal(run_dir_create(s.path, ids[(i + 1) % 3], false), 0);
	/* What is no run does not count. */
	mkdir(scratch_at(&s, "runs/01kaj3r8zw"), 0700);
	mkdir(scratch_at(&s, "runs/zzzzzzzzzzzzzzzzzzzzzzzzzzzzz"), 0700);
	assert_int_equal(file_write_atomic(scratch_at(&s, "runs/7zzzzzzzzzzzzzzzzzzzzzzzzz"), STR(""), 0600, 0), 0);
	assert_int_equal(run_list(&a, s.path, &list, &count), 0);
	assert_int_equal(count, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_true(str_eqz(list[i], ids[2 - i]));
	assert_int_equal(run_find(&a, s.path, STR("@last"), &id, &dir, &which), 0);
	assert_true(str_eqz(id, ids[2]));
	assert_string_equal(dir.p, scratch_at(&s, "runs/01kaj3r8zw0000000000000003"));
	assert_int_equal(run_find(&a, s.path, STR("01KAJ3R8ZV"), &id, &dir, &which), 0);
	assert_true(str_eqz(id, ids[0]));
	assert_int_equal(run_find(&a, s.path, str_of(ids[1]), &id, &dir, &which), 0);
	assert_true(str_eqz(id, ids[1]));
	assert_int_equal(run_find(&a, s.path, STR("01kaj3r8zw"), &id, &dir, &which), ENOTUNIQ);
	assert_string_equal(which.p, "01kaj3r8zw0000000000000003, 01kaj3r8zw0000000000000002");
	assert_int_equal(run_find(&a, s.path, STR("02"), &id, &dir, &which), ENOENT);
	assert_int_equal(run_find(&a, s.path, STR(""), &id, &dir, &which), ENOENT);
	assert_int_equal(run_find(&a, s.path, STR("../runs"), &id, &dir, &which), ENOENT);
	assert_int_equal(run_find(&a, s.path, STR("01kaj3r8zw00000000000000030"), &id, &dir, &which), ENOENT);
	arena_release(&a);
	scratch_remove(&s);
}

static void sees_a_living_runner(void **state)
{
	struct scratch s;
	int fd;

	(void)state;
	scratch_make(&s);
	assert_false(run_is_live(s.path));
	fd = open(scratch_at(&s, "journal.jsonl"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_false(run_is_live(s.path));
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_true(run_is_live(s.path));
	assert_true(run_is_live(s.path));
	close(fd);
	assert_false(run_is_live(s.path));
	scratch_remove(&s);
}

/* --- locks --- */

static struct lock_holder us(const char *run)
{
	return (struct lock_holder){ .run = str_of(run), .operator_name = STR("ann \"a\" \xc3\xa9\n"), .host = STR("h1"),
				     .runbook = STR("deploy.yml"), .dir = STR("/x"), .since_ns = INT64_C(1795243828123456789) };
}

static void a_target_has_one_holder(void **state)
{
	struct scratch s;
	struct arena a;
	struct lock_holder one = us("r1"), two = us("r2"), holder;
	const char *dir;
	mode_t old = umask(077);

	(void)state;
	scratch_make(&s);
	arena_init(&a);
	dir = scratch_at(&s, "var/locks");
	assert_int_equal(lock_free(dir, STR("db1"), STR("r1")), ENOENT);
	assert_int_equal(lock_take(&a, dir, STR("db1"), &one, &holder), 0);
	assert_int_equal(mode_of(dir), 01777);
	assert_int_equal(lock_take(&a, dir, STR("db1"), &two, &holder), EEXIST);
	assert_true(str_eqz(holder.run, "r1"));
	assert_true(str_eq(holder.operator_name, one.operator_name));
	assert_true(str_eqz(holder.host, "h1"));
	assert_true(str_eqz(holder.runbook, "deploy.yml"));
	assert_true(str_eqz(holder.dir, "/x"));
	assert_int_equal(holder.since_ns, one.since_ns);
	/* A resumed run has it already; others are free; only the holder frees it. */
	assert_int_equal(lock_take(&a, dir, STR("db1"), &one, &holder), 0);
	assert_int_equal(lock_take(&a, dir, STR("db2"), &two, &holder), 0);
	assert_int_equal(lock_free(dir, STR("db1"), STR("r2")), EPERM);
	assert_int_equal(lock_free(dir, STR("db1"), STR("")), EPERM);
	assert_int_equal(lock_free(dir, STR("db1"), STR("r1")), 0);
	assert_int_equal(lock_free(dir, STR("db1"), STR("r1")), ENOENT);
	assert_int_equal(lock_take(&a, dir, STR("db1"), &two, &holder), 0);
	umask(old);
	arena_release(&a);
	scratch_remove(&s);
}

static void hostile_names_are_only_names(void **state)
{
	static char big[10241];
	const char *names[] = { "", ".", "..", "/", "../../x", "a/b", "a_b", "A b\n\x1b[31m", "\xff\xfe", ".hidden", big, "a\\b", "-rf" };
	enum { NAMES = sizeof(names) / sizeof(*names) };
	struct scratch s;
	struct arena a;
	struct lock_holder holder, who = us("r1");
	struct str text;
	const char *dir;

	(void)state;
	scratch_make(&s);
	arena_init(&a);
	dir = scratch_at(&s, "l");
	memset(big, 'x', sizeof(big) - 1);
	/* All are different targets; none leaves the folder. */
	for (int i = 0; i < NAMES; i++)
		assert_int_equal(lock_take(&a, dir, str_of(names[i]), &who, &holder), 0);
	who.run = STR("r2");
	for (int i = 0; i < NAMES; i++)
		assert_int_equal(lock_take(&a, dir, str_of(names[i]), &who, &holder), EEXIST);
	for (int i = 0; i < NAMES; i++)
		assert_int_equal(lock_free(dir, str_of(names[i]), STR("r1")), 0);
	assert_int_equal(rmdir(dir), 0);
	/* The name is told to people in part. */
	assert_int_equal(lock_take(&a, dir, STR("prod/db 1"), &who, &holder), 0);
	assert_int_equal(file_read(&a, scratch_at(&s, "l/prod_db_1-85a50dae3f1097a4.lock"), 4096, &text), 0);
	assert_true(str_find(text, STR("\"target\":\"prod/db 1\",\"run\":\"r2\"")) > 0);
	arena_release(&a);
	scratch_remove(&s);
}

/* In a folder of everybody's others may have put anything under our name. */
static void a_strange_file_holds_the_lock(void **state)
{
	static const char *const texts[] = { "", "{", "null", "{\"run\":1}", "{\"run\":\"r9\"} x", "\xff\xff" };
	struct scratch s;
	struct arena a;
	struct lock_holder holder, who = us("r1");
	char path[600];
	const char *dir;
	FILE *p;

	(void)state;
	scratch_make(&s);
	arena_init(&a);
	dir = scratch_at(&s, "l");
	assert_int_equal(lock_take(&a, dir, STR("t"), &who, &holder), 0);
	snprintf(path, sizeof(path), "ls %s/l", s.path);
	p = popen(path, "r");
	assert_non_null(p);
	assert_int_equal(fscanf(p, "%63s", path), 1);
	pclose(p);
	assert_int_equal(strncmp(path, "t-", 2), 0);
	memmove(path + strlen(dir) + 1, path, strlen(path) + 1);
	memcpy(path, dir, strlen(dir));
	path[strlen(dir)] = '/';
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_int_equal(file_write_atomic(path, str_of(texts[i]), 0600, 0), 0);
		assert_int_equal(lock_take(&a, dir, STR("t"), &who, &holder), EEXIST);
		assert_int_equal(holder.run.n, 0);
		assert_int_equal(lock_free(dir, STR("t"), STR("r1")), EPERM);
	}
	unlink(path);
	assert_int_equal(symlink("nowhere", path), 0);
	assert_int_equal(lock_take(&a, dir, STR("t"), &who, &holder), EEXIST);
	assert_int_equal(lock_free(dir, STR("t"), STR("r1")), EPERM);
	unlink(path);
	assert_int_equal(mkfifo(path, 0666), 0);
	assert_int_equal(lock_take(&a, dir, STR("t"), &who, &holder), EEXIST);
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(lock_take(&a, dir, STR("t"), &who, &holder), EEXIST);
	rmdir(path);
	/* The folder itself may not be a link either. */
	assert_int_equal(symlink("l", scratch_at(&s, "link")), 0);
	assert_true(lock_take(&a, scratch_at(&s, "link"), STR("t"), &who, &holder) > 0);
	arena_release(&a);
	scratch_remove(&s);
}

enum { RACERS = 8, ROUNDS = 25 };

/* Many processes want the same lock at once: each round one has it. */
static void a_race_has_one_winner(void **state)
{
	struct scratch s;
	struct arena a;
	const char *dir;

	(void)state;
	scratch_make(&s);
	arena_init(&a);
	dir = scratch_at(&s, "l");
	for (int round = 0; round < ROUNDS; round++) {
		int winners = 0, go[2];
		char run[16] = "";

		assert_int_equal(pipe(go), 0);
		for (int i = 0; i < RACERS; i++) {
			pid_t pid = fork();

			assert_true(pid >= 0);
			if (pid == 0) {
				struct lock_holder who, holder;
				char c;

				close(go[1]);
				snprintf(run, sizeof(run), "r%d", i);
				who = us(run);
				if (read(go[0], &c, 1) < 0)
					_exit(99);
				_exit(lock_take(&a, dir, STR("t"), &who, &holder) == 0 ? i : 100);
			}
		}
		close(go[0]);
		close(go[1]);
		for (int i = 0; i < RACERS; i++) {
			int status;

			assert_true(wait(&status) > 0);
			assert_true(WIFEXITED(status));
			if (WEXITSTATUS(status) < RACERS) {
				winners++;
				snprintf(run, sizeof(run), "r%d", WEXITSTATUS(status));
			}
		}
		assert_int_equal(winners, 1);
		assert_int_equal(lock_free(dir, STR("t"), str_of(run)), 0);
	}
	/* Nothing is left lying about. */
	assert_int_equal(rmdir(dir), 0);
	arena_release(&a);
	scratch_remove(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_sort_by_time),
		cmocka_unit_test(folders_have_their_modes),
		cmocka_unit_test(finds_runs),
		cmocka_unit_test(sees_a_living_runner),
		cmocka_unit_test(a_target_has_one_holder),
		cmocka_unit_test(hostile_names_are_only_names),
		cmocka_unit_test(a_strange_file_holds_the_lock),
		cmocka_unit_test(a_race_has_one_winner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
