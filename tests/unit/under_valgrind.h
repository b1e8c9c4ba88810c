#ifndef RB_TEST_UNDER_VALGRIND_H
#define RB_TEST_UNDER_VALGRIND_H
/*
 * under_valgrind: valgrind runs clone(VM | VFORK) as a fork. So what a child writes
 * into our memory before its exec is not seen, and a program that could not be
 * started looks as if it had exited with 127. What tests just that is left out there.
 */
#include <stdbool.h>
#include <stdio.h>
#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifndef RUNNING_ON_VALGRIND /* no valgrind here at all */
#define RUNNING_ON_VALGRIND 0
#endif

static inline bool under_valgrind(void)
{
	if (!RUNNING_ON_VALGRIND)
		return false;
	fputs("# left out: valgrind runs clone(VM | VFORK) as a fork, so why a program did not start is not seen\n", stderr);
	return true;
}

#endif
