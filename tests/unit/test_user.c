/* user: names of user ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pwd.h>
#include <unistd.h>
#include "base/arena.h"
#include "host/user.h"

static void test_names(void **state)
{
	struct passwd *us = getpwuid(geteuid());
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_true(str_eqz(user_of(&a, 0), "root"));
	assert_true(str_eqz(user_of(&a, geteuid()), us ? us->pw_name : ""));
	assert_int_equal(user_of(&a, 4000000000u).n, 0);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_names) };

	return cmocka_run_group_tests_name("user", tests, NULL, NULL);
}
