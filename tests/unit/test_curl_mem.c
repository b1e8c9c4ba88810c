/* host/curl_mem.h: blocks that are kept are never given out twice, and hold what they must. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "host/curl_mem.h"

enum { SLOTS = 200, TURNS = 20000, LARGEST = 40000 };

struct slot { unsigned char *p; size_t n; unsigned char mark; };

static uint32_t dice(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static size_t some_size(uint32_t *seed)
{
	uint32_t kind = dice(seed) % 10;

	return 1 + dice(seed) % (kind < 6 ? 100 : kind < 9 ? 2200 : LARGEST);
}

/* Is all that was written still there? */
static void whole(const struct slot *s)
{
	assert_int_equal(s->p[0], s->mark);
	assert_memory_equal(s->p, s->p + 1, s->n - 1);
}

static void get(struct slot *s, uint32_t *seed)
{
	s->n = some_size(seed);
	s->mark = (unsigned char)dice(seed);
	if (dice(seed) % 3) {
		s->p = curl_mem_alloc(s->n);
	} else {
		unsigned char mark = s->mark;

		s->p = curl_mem_calloc(1, s->n);
		s->mark = 0;
		whole(s);
		s->mark = mark;
	}
	assert_non_null(s->p);
	assert_int_equal((uintptr_t)s->p % 16, 0);
	memset(s->p, s->mark, s->n);
}

static void resize(struct slot *s, uint32_t *seed)
{
	size_t n = some_size(seed), before = s->n;

	s->p = curl_mem_realloc(s->p, n);
	assert_non_null(s->p);
	s->n = n < before ? n : before;
	whole(s);
	s->n = n;
	memset(s->p, s->mark, n);
}

static void turns(uint32_t seed, struct slot slots[SLOTS])
{
	for (int i = 0; i < TURNS; i++) {
		struct slot *s = &slots[dice(&seed) % SLOTS];

		if (!s->p) {
			get(s, &seed);
			continue;
		}
		whole(s);
		if (dice(&seed) % 4) {
			curl_mem_free(s->p);
			s->p = NULL;
		} else {
			resize(s, &seed);
		}
	}
}

static void drop(struct slot slots[SLOTS])
{
	for (int i = 0; i < SLOTS; i++)
		curl_mem_free(slots[i].p);
}

static void kept_and_not(void **state)
{
	struct slot slots[SLOTS] = { 0 };

	(void)state;
	turns(1, slots);
	curl_mem_keep();
	turns(2, slots); /* with blocks from before */
	curl_mem_keep_end();
	turns(3, slots); /* with blocks that were kept once */
	drop(slots);
	curl_mem_keep_end(); /* nothing to end */
}

static void edges(void **state)
{
	char *text;

	(void)state;
	curl_mem_keep();
	curl_mem_free(NULL);
#ifndef __SANITIZE_ADDRESS__ /* which ends the program then */
	assert_null(curl_mem_calloc(SIZE_MAX / 2, 4));
	assert_null(curl_mem_alloc(PTRDIFF_MAX));
#endif
	curl_mem_free(curl_mem_alloc(0));
	curl_mem_free(curl_mem_calloc(0, 8));
	text = curl_mem_strdup("");
	assert_string_equal(text, "");
	text = curl_mem_realloc(text, 3);
	memcpy(text, "ab", 3);
	curl_mem_free(text);
	text = curl_mem_realloc(NULL, 10);
	curl_mem_free(text);
	text = curl_mem_strdup("a line of text that is longer than the smallest block is, whatever that may be");
	assert_int_equal(strlen(text), 78);
	free(text); /* they are malloc's */
	curl_mem_keep_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(kept_and_not), cmocka_unit_test(edges) };

	return cmocka_run_group_tests_name("curl_mem", tests, NULL, NULL);
}
