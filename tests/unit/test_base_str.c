/* base/str.h, base/visible.h: UTF-8 at its edges, width by grapheme, distance. */
#include "base/str.h"
#include "base/visible.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"

#define WIDTH(lit) utf8_width(STR(lit))

static void compare_and_cut(void **state)
{
	(void)state;
	assert_true(str_cmp(STR("ab"), STR("abc")) < 0);
	assert_true(str_cmp(STR("b"), STR("abc")) > 0);
	assert_true(str_cmp(STR("a\xff"), STR("a\x01")) > 0);
	assert_int_equal(str_cmp(STR("x"), STR("x")), 0);
	assert_true(str_eq((struct str){ NULL, 0 }, STR("")));
	assert_true(str_eqz(str_of(NULL), ""));
	assert_true(str_starts(STR("abc"), STR("")));
	assert_false(str_starts(STR("ab"), STR("abc")));
	assert_true(str_ends(STR("deploy.yml"), STR(".yml")));
	assert_false(str_ends(STR("yml"), STR(".yml")));
	assert_true(str_eqz(str_trim(STR(" \t\r\n a b \v\f")), "a b"));
	assert_int_equal(str_trim(STR("  ")).n, 0);
	assert_true(str_eqz(str_slice(STR("hello"), 3, 99), "lo"));
	assert_int_equal(str_slice(STR("hello"), 4, 2).n, 0);
}

static void find(void **state)
{
	(void)state;
	assert_int_equal(str_find(STR("aaab"), STR("aab")), 1);
	assert_int_equal(str_find(STR("aaa"), STR("aab")), -1);
	assert_int_equal(str_find(STR("ab"), STR("")), 0);
	assert_int_equal(str_find(STR("a"), STR("ab")), -1);
	assert_int_equal(str_find((struct str){ "a\0b", 3 }, (struct str){ "\0b", 2 }), 1);
	/* The needle may not be found past the end of the view. */
	assert_int_equal(str_find((struct str){ "xyab", 3 }, STR("ab")), -1);
}

static void utf8_well_formed(void **state)
{
	static const struct { const char *text; size_t bad; } cases[] = {
		{ "plain", 5 }, { "\xed\x95\x9c", 3 }, { "\xf0\x9f\x9a\x80", 4 },
		{ "\xf4\x8f\xbf\xbf", 4 }, { "\xee\x80\x80", 3 },
		{ "a\x80", 1 }, { "\xc0\x80", 0 }, { "\xc1\xbf", 0 }, { "\xe0\x9f\xbf", 0 },
		{ "\xed\xa0\x80", 0 }, { "\xf0\x8f\xbf\xbf", 0 }, { "\xf4\x90\x80\x80", 0 },
		{ "\xf5\x80\x80\x80", 0 }, { "ok\xe2\x82", 2 }, { "\xe2(\xa1", 0 },
		{ "12345678\xff", 8 }, { "1234567\xc3\xa9" "9abcdefgh\xfe", 18 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct str s = str_of(cases[i].text);
		assert_int_equal(utf8_bad_at(s), cases[i].bad);
		assert_int_equal(utf8_valid(s), cases[i].bad == s.n);
	}
}

static void utf8_round_trip(void **state)
{
	(void)state;
	for (uint32_t c = 0; c <= 0x10ffff; c += c < 0x3000 ? 1 : 97) {
		if (c >= 0xd800 && c < 0xe000)
			continue;
		char bytes[4];
		struct str s = { bytes, utf8_put(c, bytes) };
		size_t at = 0;
		assert_int_equal(utf8_next(s, &at), c);
		assert_int_equal(at, s.n);
		assert_true(utf8_valid(s));
	}
	char bytes[4];
	assert_int_equal(utf8_put(0xd800, bytes), 3);
	assert_memory_equal(bytes, "\xef\xbf\xbd", 3);
	size_t at = 0;
	assert_int_equal(utf8_next((struct str){ "\xe2\x82", 2 }, &at), 0xfffd);
	assert_int_equal(at, 1);
	assert_int_equal(utf8_len(STR("a\xff\xfe\xed\x95\x9c")), 4);
}

static void width(void **state)
{
	(void)state;
	assert_int_equal(WIDTH(""), 0);
	assert_int_equal(WIDTH("abc"), 3);
	assert_int_equal(WIDTH("\xed\x95\x9c\xea\xb8\x80"), 4);             /* two Hangul syllables */
	assert_int_equal(WIDTH("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"), 2); /* the same as jamo */
	assert_int_equal(WIDTH("e\xcc\x81"), 1);                            /* combining accent */
	assert_int_equal(WIDTH("\xf0\x9f\x87\xb0\xf0\x9f\x87\xb7"), 2);     /* flag */
	assert_int_equal(WIDTH("\xf0\x9f\x87\xb0\xf0\x9f\x87\xb7\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa"), 4);
	assert_int_equal(WIDTH("\xe2\x9d\xa4\xef\xb8\x8f"), 2);             /* heart + VS16 */
	assert_int_equal(WIDTH("\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7"), 2);
	assert_int_equal(WIDTH("\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd!"), 3);    /* skin tone, then ! */
	assert_int_equal(WIDTH("a\r\nb\x1b"), 2);
	assert_int_equal(WIDTH("\xff\xfe"), 2);
}

static void visible(void **state)
{
	static const struct { const char *in, *out; size_t width; } cases[] = {
		{ "plain", "plain", 5 },
		{ "\ta", "    a", 5 },
		{ "a\x1b[31m", "a\xe2\x90\x9b[31m", 6 },
		{ "\r\n\x7f", "\xe2\x90\x8d\xe2\x90\x8a\xe2\x90\xa1", 3 },
		{ "\xe2\x80\xae" "abc", "\xef\xbf\xbd" "abc", 4 },  /* right-to-left override */
		{ "\xc2\x9b" "2J", "\xef\xbf\xbd" "2J", 3 },        /* C1 CSI */
		{ "\xed\x95\x9c\xff", "\xed\x95\x9c\xef\xbf\xbd", 3 },
	};
	(void)state;
	struct buf b;
	buf_init(&b, 100);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		buf_clear(&b);
		visible_add(&b, str_of(cases[i].in));
		assert_string_equal(b.p, cases[i].out);
		assert_int_equal(visible_width(str_of(cases[i].in)), cases[i].width);
		assert_int_equal(utf8_width(buf_str(&b)), cases[i].width);
	}
	buf_release(&b);
}

static void distance(void **state)
{
	(void)state;
	assert_int_equal(str_distance(STR("timeout"), STR("timeout"), 9), 0);
	assert_int_equal(str_distance(STR("tiemout"), STR("timeout"), 9), 1);
	assert_int_equal(str_distance(STR("kitten"), STR("sitting"), 9), 3);
	assert_int_equal(str_distance(STR(""), STR("abc"), 9), 3);
	assert_int_equal(str_distance(STR("abc"), STR("xyz"), 2), 2);
	assert_int_equal(str_distance(STR("\xed\x95\x9c"), STR("\xea\xb8\x80"), 9), 1);
	char big[200];
	memset(big, 'a', sizeof big);
	assert_int_equal(str_distance((struct str){ big, 200 }, STR("a"), 5), 5);
	assert_int_equal(str_distance((struct str){ big, 200 }, (struct str){ big, 200 }, 5), 0);
}

static void hashes_differ(void **state)
{
	(void)state;
	/* Length counts, and so does each of the bytes of a last, short word. */
	assert_true(str_hash((struct str){ "\0\0\0", 2 }) != str_hash((struct str){ "\0\0\0", 3 }));
	assert_true(str_hash(STR("12345678a")) != str_hash(STR("12345678b")));
	assert_true(str_hash(STR("a2345678")) != str_hash(STR("b2345678")));
	assert_true(str_hash(STR("same")) == str_hash((struct str){ "same!", 4 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compare_and_cut), cmocka_unit_test(find),
		cmocka_unit_test(utf8_well_formed), cmocka_unit_test(utf8_round_trip),
		cmocka_unit_test(width), cmocka_unit_test(visible),
		cmocka_unit_test(distance), cmocka_unit_test(hashes_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
