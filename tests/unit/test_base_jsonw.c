/* base/jsonw.h: every escape at every offset of a word, bad bytes, floats. */
#include "base/jsonw.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct buf out;

static const char *written(struct str s)
{
	struct jsonw w;
	buf_clear(&out);
	jsonw_init(&w, &out);
	jsonw_str(&w, s);
	return out.p;
}

/* The slow and obvious way. */
static void expected(struct str s, char *to, size_t size)
{
	static const char named[] = "b\bt\tn\nf\fr\r\"\"\\\\";
	size_t n = 0;
	to[n++] = '"';
	for (size_t i = 0; i < s.n; i++) {
		const char *name = NULL;
		for (const char *p = named; *p; p += 2)
			if (p[1] == s.p[i])
				name = p;
		if (name)
			n += (size_t)snprintf(to + n, size - n, "\\%c", *name);
		else if ((unsigned char)s.p[i] < 0x20)
			n += (size_t)snprintf(to + n, size - n, "\\u%04x", s.p[i]);
		else
			to[n++] = s.p[i];
	}
	to[n++] = '"';
	to[n] = '\0';
}

static void escapes_anywhere(void **state)
{
	(void)state;
	char text[20], want[200];
	struct buf b;
	for (int c = 0; c < 128; c++) {
		for (size_t n = 1; n <= sizeof text; n++)
			for (size_t at = 0; at < n; at++) {
				memset(text, 'a' + (int)at, sizeof text);
				text[at] = (char)c;
				struct str s = { text, n };
				struct jsonw w;
				expected(s, want, sizeof want);
				assert_string_equal(written(s), want);
				buf_init(&b, strlen(want) + 1); /* room for no more */
				jsonw_init(&w, &b);
				jsonw_str(&w, s);
				assert_false(b.full);
				assert_string_equal(b.p, want);
				buf_release(&b);
			}
	}
	for (size_t n = 0; n < sizeof text; n++) {
		memset(text, '"', n);
		expected((struct str){ text, n }, want, sizeof want);
		assert_string_equal(written((struct str){ text, n }), want);
	}
}

static void utf8_and_not(void **state)
{
	(void)state;
	assert_string_equal(written(STR("1234567\xed\x95\x9c\xf0\x9f\x9a\x80" "890")),
			    "\"1234567\xed\x95\x9c\xf0\x9f\x9a\x80" "890\"");
	assert_string_equal(written(STR("a\xff" "b\xe2\x82" "c")),
			    "\"a\xef\xbf\xbd" "b\xef\xbf\xbd\xef\xbf\xbd" "c\"");
	assert_string_equal(written(STR("\"a\xff" "b\"\xc3\xa9")), "\"\\\"a\xef\xbf\xbd" "b\\\"\xc3\xa9\"");
	assert_string_equal(written(STR("\xed\xa0\x80")), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void structure(void **state)
{
	(void)state;
	struct jsonw w;
	buf_clear(&out);
	jsonw_init(&w, &out);
	jsonw_open(&w, '{');
	jsonw_key(&w, "a");
	jsonw_open(&w, '[');
	jsonw_close(&w, ']');
	jsonw_key(&w, "b");
	jsonw_open(&w, '[');
	jsonw_int(&w, INT64_MIN);
	jsonw_null(&w);
	jsonw_open(&w, '{');
	jsonw_close(&w, '}');
	jsonw_bool(&w, true);
	jsonw_raw(&w, STR("[1]"));
	jsonw_close(&w, ']');
	jsonw_kstr(&w, "c", STR("x"));
	jsonw_kint(&w, "d", 7);
	jsonw_kbool(&w, "e", false);
	jsonw_close(&w, '}');
	assert_string_equal(out.p, "{\"a\":[],\"b\":[-9223372036854775808,null,{},true,[1]],"
				   "\"c\":\"x\",\"d\":7,\"e\":false}");
}

static void floats(void **state)
{
	static const struct { double d; const char *text; } cases[] = {
		{ 0.1, "0.1" }, { 1.0, "1.0" }, { -0.0, "-0.0" }, { 1e300, "1e+300" },
		{ 0.1 + 0.2, "0.30000000000000004" }, { 5e-324, "4.94065645841247e-324" },
		{ 123456789012345680.0, "1.23456789012346e+17" },
		{ 9007199254740993.0, "9007199254740992.0" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct jsonw w;
		buf_clear(&out);
		jsonw_init(&w, &out);
		jsonw_float(&w, cases[i].d);
		assert_true(strtod(out.p, NULL) == cases[i].d);
		if (cases[i].d != 123456789012345680.0)
			assert_string_equal(out.p, cases[i].text);
	}
	const double odd[] = { DBL_MAX, DBL_MIN, DBL_EPSILON, 1.0 / 3, 2.0 / 3, 1e22, 1e23 };
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		struct jsonw w;
		buf_clear(&out);
		jsonw_init(&w, &out);
		jsonw_float(&w, odd[i]);
		assert_true(strtod(out.p, NULL) == odd[i]);
	}
	struct jsonw w;
	buf_clear(&out);
	jsonw_init(&w, &out);
	jsonw_open(&w, '[');
	jsonw_float(&w, (double)NAN);
	jsonw_float(&w, -(double)INFINITY);
	jsonw_close(&w, ']');
	assert_string_equal(out.p, "[null,null]");
}

static void bytes(void **state)
{
	static const struct { struct str in; const char *out; } cases[] = {
		{ { "text", 4 }, "\"text\"" },
		{ { "", 0 }, "\"\"" },
		{ { "\0", 1 }, "{\"b64\":\"AA==\"}" },
		{ { "a\0", 2 }, "{\"b64\":\"YQA=\"}" },
		{ { "\xff\xfe\xfd", 3 }, "{\"b64\":\"//79\"}" },
		{ { "\xfb\xff\xbf" "a", 4 }, "{\"b64\":\"+/+/YQ==\"}" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct jsonw w;
		buf_clear(&out);
		jsonw_init(&w, &out);
		jsonw_bytes(&w, cases[i].in);
		assert_string_equal(out.p, cases[i].out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_anywhere), cmocka_unit_test(utf8_and_not),
		cmocka_unit_test(structure), cmocka_unit_test(floats), cmocka_unit_test(bytes),
	};
	buf_init(&out, 10000);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	buf_release(&out);
	return failed;
}
