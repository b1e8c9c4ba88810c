#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "host/jail.h"

/* test_jail: in a child each: what the jail forbids fails with EPERM, what it allows works. */

static int refused(long result)
{
	return result == -1 && errno == EPERM;
}

static int try_fork(void)
{
	return refused(fork());
}

static int try_exec(void)
{
	char *const argv[] = { "true", NULL };

	execv("/bin/true", argv);
	return errno == EPERM;
}

static int try_socket(void)
{
	return refused(socket(AF_INET, SOCK_STREAM, 0));
}

static int try_create(void)
{
	return refused(open("/tmp/jail", O_WRONLY | O_CREAT, 0600));
}

static int try_append(void)
{
	return refused(open("/dev/null", O_WRONLY | O_APPEND));
}

static int try_unlink(void)
{
	return refused(unlink("/nonexistent")) && refused(rename("/nonexistent", "/nonexistent2")) && refused(mkdir("/nonexistent", 0700));
}

static int try_kill(void)
{
	return refused(kill(1, 0));
}

static int try_write_elsewhere(void)
{
	return refused(write(3, "x", 1)) && refused(ftruncate(1, 0)) && refused(dup2(1, 3));
}

static int try_other_abi(void)
{
#if defined(__x86_64__)
	long r;

	/* creat(2) by the 32-bit door */
	__asm__ volatile("int $0x80" : "=a"(r) : "a"(8), "b"(0), "c"(0) : "memory");
	return r == -EPERM;
#else
	return 1;
#endif
}

static int try_reading(void)
{
	char c;
	int fd = open("/proc/self/stat", O_RDONLY);

	return fd >= 0 && read(fd, &c, 1) == 1 && !close(fd) && write(2, "", 0) == 0;
}

static void in_jail(int (*try)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		int err = jail_enter();

		_exit(err ? 2 : try() ? 0 : 1);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define CASE(name) static void test_##name(void **state) { (void)state; in_jail(try_##name); }
CASE(fork) CASE(exec) CASE(socket) CASE(create) CASE(append) CASE(unlink) CASE(kill) CASE(write_elsewhere) CASE(other_abi) CASE(reading)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fork), cmocka_unit_test(test_exec), cmocka_unit_test(test_socket), cmocka_unit_test(test_create),
		cmocka_unit_test(test_append), cmocka_unit_test(test_unlink), cmocka_unit_test(test_kill),
		cmocka_unit_test(test_write_elsewhere), cmocka_unit_test(test_other_abi), cmocka_unit_test(test_reading),
	};

	return cmocka_run_group_tests_name("jail", tests, NULL, NULL);
}
