/*
 * mem: malloc(3) that does not return NULL. The abort path allocates nothing.
 */
#include "base/mem.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static void say(const char *text)
{
	size_t n = strlen(text);
	while (n > 0) {
		ssize_t put = write(STDERR_FILENO, text, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return;
		text += put;
		n -= (size_t)put;
	}
}

_Noreturn void mem_abort(const char *what)
{
	say("runbook: internal error: ");
	say(what);
	say("\n");
	_exit(70);
}

void mem_begin(void)
{
	enum { MOST = 1 << 20 }; /* more is not what malloc(3) begins with */
	char *first = malloc(1), *top = sbrk(0);
	size_t page = (size_t)sysconf(_SC_PAGESIZE), used = (uintptr_t)first % page ? page - (uintptr_t)first % page : 0;
	if (first && top > first + used && top - first <= MOST)
		(void)madvise(first + used, (size_t)(top - first) - used, MADV_POPULATE_WRITE);
	free(first);
}

void *mem_alloc(size_t n)
{
	void *p = calloc(1, n ? n : 1);
	if (!p)
		mem_abort("out of memory");
	return p;
}

void *mem_array(size_t count, size_t size)
{
	size_t n;
	if (__builtin_mul_overflow(count, size, &n))
		mem_abort("array too large");
	return mem_alloc(n);
}

void *mem_realloc(void *p, size_t n)
{
	p = realloc(p, n ? n : 1);
	if (!p)
		mem_abort("out of memory");
	return p;
}

char *mem_dup(const char *p, size_t n)
{
	size_t size;
	if (__builtin_add_overflow(n, (size_t)1, &size))
		mem_abort("string too large");
	char *copy = mem_realloc(NULL, size);
	if (n > 0)
		memcpy(copy, p, n);
	copy[n] = '\0';
	return copy;
}

void mem_free(void *p)
{
	free(p);
}
