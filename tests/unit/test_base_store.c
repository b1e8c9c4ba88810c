/* base/arena.h, buf.h, map.h, mem.h: limits, alignment, growth, order. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static bool all_zero(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

static void arena_pieces(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a);
	char *pieces[2000];
	for (size_t i = 0; i < 2000; i++) {
		pieces[i] = arena_alloc(&a, i);
		assert_int_equal((uintptr_t)pieces[i] % 16, 0);
		assert_true(all_zero(pieces[i], i));
		memset(pieces[i], (int)(i % 255 + 1), i);
	}
	for (size_t i = 0; i < 2000; i++)
		for (size_t k = 0; k < i; k++)
			assert_int_equal((unsigned char)pieces[i][k], i % 255 + 1);
	assert_int_equal(a.used, 1999u * 2000 / 2);
	char *large = arena_alloc(&a, 5 << 20);
	assert_true(all_zero(large, 5 << 20));
	arena_release(&a);
	assert_null(a.head);
}

static void arena_reuse(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a);
	char *first = arena_alloc(&a, 100);
	memset(first, 'x', 100);
	for (int i = 0; i < 100; i++)
		arena_alloc(&a, 1000);
	arena_reset(&a);
	assert_int_equal(a.used, 0);
	char *again = arena_alloc(&a, 100);
	assert_ptr_equal(first, again);
	assert_true(all_zero(again, 100));
	arena_reset(&a);
	arena_reset(&a);
	arena_release(&a);
	arena_reset(&a);
}

/* Many MiB in small and large pieces: zero, aligned, none over another, also after a reset. */
static void arena_large(void **state)
{
	enum { COUNT = 4000 };
	static char *pieces[COUNT];
	static size_t sizes[COUNT];
	struct arena a;
	(void)state;
	arena_init(&a);
	for (int round = 0; round < 3; round++, arena_reset(&a)) {
		size_t total = round == 1 ? 5 << 20 : 0;
		if (round == 1) { /* then the chunk behind the first is kept, and it is a large one */
			arena_release(&a);
			arena_alloc(&a, 5 << 20);
		}
		if (round == 2)
			arena_expect(&a, 100 << 20);
		for (size_t i = 0; i < COUNT; i++) {
			sizes[i] = i % 100 == 0 ? 40000 * (i % 700 / 100) + 200000 : 1 + i * 7 % 3000;
			pieces[i] = arena_alloc(&a, sizes[i]);
			assert_int_equal((uintptr_t)pieces[i] % 16, 0);
			for (size_t k = 0; k < sizes[i]; k += 97)
				assert_int_equal(pieces[i][k], 0);
			assert_int_equal(pieces[i][sizes[i] - 1], 0);
			memset(pieces[i], (int)(i % 255 + 1), sizes[i]);
			total += sizes[i];
		}
		assert_true(a.used == total && total > 12u << 20);
		for (size_t i = 0; i < COUNT; i++)
			for (size_t k = 0; k < sizes[i]; k += 97)
				assert_int_equal((unsigned char)pieces[i][k], i % 255 + 1);
	}
	arena_release(&a);
}

static void arena_text(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a);
	struct str s = arena_str(&a, "a\0b", 3);
	assert_memory_equal(s.p, "a\0b", 4);
	assert_int_equal(arena_str(&a, NULL, 0).n, 0);
	s = arena_join(&a, STR("act"), '/', STR("drain"));
	assert_int_equal(s.n, 9);
	assert_string_equal(s.p, "act/drain");
	assert_string_equal(arena_join(&a, STR(""), '.', (struct str){ NULL, 0 }).p, ".");
	assert_string_equal(arena_uint(&a, 0).p, "0");
	s = arena_uint(&a, UINT64_MAX);
	assert_int_equal(s.n, 20);
	assert_string_equal(s.p, "18446744073709551615");
	/* Exactly around the stack buffer inside. */
	for (int n = 250; n < 260; n++) {
		s = arena_printf(&a, "%*d", n, 7);
		assert_int_equal(s.n, n);
		assert_int_equal(strlen(s.p), n);
		assert_int_equal(s.p[n - 1], '7');
	}
	arena_release(&a);
}

static void buf_limit(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 10);
	assert_int_equal(buf_str(&b).n, 0);
	buf_addz(&b, "12345");
	buf_addz(&b, "67890");
	assert_false(b.full);
	assert_string_equal(b.p, "1234567890");
	buf_addc(&b, '!');
	assert_true(b.full);
	buf_add(&b, "", 0);
	buf_fill(&b, 'x', 1);
	buf_printf(&b, "%d", 1);
	assert_string_equal(b.p, "1234567890");
	buf_clear(&b);
	assert_false(b.full);
	buf_addz(&b, "123");
	/* A piece that does not fit stays out whole, and what follows too. */
	buf_printf(&b, "%s", "45678901");
	assert_true(b.full);
	assert_string_equal(b.p, "123");
	buf_addc(&b, '4');
	assert_string_equal(b.p, "123");
	buf_release(&b);
	assert_int_equal(b.max, 10);
	buf_init(&b, 0);
	buf_addc(&b, 'x');
	assert_true(b.full);
	buf_release(&b);
}

static void buf_grows(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, SIZE_MAX);
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%03d.", i);
	buf_fill(&b, 'z', 5000);
	assert_int_equal(b.len, 9000);
	assert_memory_equal(b.p, "000.001.002.", 12);
	assert_memory_equal(b.p + 3996, "999.zz", 6);
	assert_int_equal(b.p[9000], 0);
	/* Exactly the room that is left. */
	buf_release(&b);
	buf_init(&b, 1000);
	buf_add(&b, "x", 1);
	for (int n = 1; n < 100; n++) {
		buf_clear(&b);
		buf_printf(&b, "%*d", n, 5);
		assert_int_equal(b.len, n);
		assert_int_equal(strlen(b.p), n);
	}
	buf_release(&b);
}

static void buf_numbers(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 200);
	buf_addi(&b, INT64_MIN);
	buf_addc(&b, ' ');
	buf_addi(&b, INT64_MAX);
	buf_addc(&b, ' ');
	buf_addu(&b, UINT64_MAX);
	buf_addc(&b, ' ');
	buf_addi(&b, 0);
	buf_addi(&b, -7);
	assert_string_equal(b.p, "-9223372036854775808 9223372036854775807 18446744073709551615 0-7");
	for (uint64_t n = 1, k = 0; k < 20; k++, n *= 10)
		for (uint64_t i = n - 1; i <= n + 105; i += 1 + i % 3) {
			char want[32];
			snprintf(want, sizeof want, "%llu", (unsigned long long)i);
			buf_clear(&b);
			buf_addu(&b, i);
			assert_string_equal(b.p, want);
		}
	buf_release(&b);
}

static void map_room(void **state)
{
	char keys[100][8];
	struct map m;
	(void)state;
	for (size_t room = 0; room < 40; room++) {
		map_init(&m);
		map_reserve(&m, room);
		const struct map_entry *entries = m.entries;
		for (size_t i = 0; i < 100; i++) {
			snprintf(keys[i], sizeof keys[i], "k%zu", i);
			if (i == 20)
				map_reserve(&m, 10); /* there is more already: nothing changes */
			assert_true(map_add(&m, str_of(keys[i]), keys[i]));
			assert_false(map_add(&m, str_of(keys[i]), NULL));
			if (i < room)
				assert_ptr_equal(m.entries, entries);
		}
		for (size_t i = 0; i < 100; i++)
			assert_ptr_equal(map_get(&m, str_of(keys[i])), keys[i]);
		assert_null(map_get(&m, STR("k100")));
		assert_int_equal(m.count, 100);
		map_release(&m);
	}
}

static void map_order(void **state)
{
	(void)state;
	enum { N = 5000 };
	static char keys[N][8];
	struct map m;
	map_init(&m);
	assert_null(map_get(&m, STR("none")));
	for (size_t i = 0; i < N; i++) {
		snprintf(keys[i], sizeof keys[i], "k%zu", i * 7919 % N);
		assert_true(map_add(&m, str_of(keys[i]), keys[i]));
		assert_false(map_add(&m, str_of(keys[i]), NULL));
		assert_int_equal(m.count, i + 1);
	}
	for (size_t i = 0; i < N; i++) {
		assert_ptr_equal(map_get(&m, str_of(keys[i])), keys[i]);
		assert_ptr_equal(m.entries[i].value, keys[i]);
	}
	assert_null(map_get(&m, STR("k5000")));
	assert_null(map_get(&m, STR("")));
	map_release(&m);
	assert_int_equal(m.count, 0);
}

/* Exit status of a child that calls f. */
static int died_with(void (*f)(void))
{
	pid_t pid = fork();
	if (pid == 0) {
		close(STDERR_FILENO);
		f();
		_exit(0);
	}
	int status = 0;
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static volatile size_t huge = SIZE_MAX;

static void array_overflow(void) { mem_array(huge / 2, 3); }
static void arena_overflow(void) { struct arena a; arena_init(&a); arena_alloc(&a, huge - 3); }
static void arena_array_overflow(void) { struct arena a; arena_init(&a); arena_array(&a, huge / 4, 8); }
static void own_bug(void) { mem_abort("test"); }

static void aborts(void **state)
{
	(void)state;
	assert_int_equal(died_with(array_overflow), 70);
	assert_int_equal(died_with(arena_overflow), 70);
	assert_int_equal(died_with(arena_array_overflow), 70);
	assert_int_equal(died_with(own_bug), 70);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_pieces), cmocka_unit_test(arena_reuse), cmocka_unit_test(arena_text),
		cmocka_unit_test(arena_large),
		cmocka_unit_test(buf_limit), cmocka_unit_test(buf_grows), cmocka_unit_test(buf_numbers),
		cmocka_unit_test(map_order), cmocka_unit_test(map_room), cmocka_unit_test(aborts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
