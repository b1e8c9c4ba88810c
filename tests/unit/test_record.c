/* test_record: lines of a journal: what is one, and what is read from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "journal/record.h"
#include "journal/sha.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEAD "{\"n\":7,\"b\":5,\"ep\":2,\"w\":\"2026-11-21T06:50:28.123456Z\",\"m\":99,"
#define TAIL ",\"h\":\"" HASH "\"}"

static bool parse(struct record *r, const char *line)
{
	const char *why = NULL;
	bool ok = record_parse(r, str_of(line), &why);

	/* A refusal always says why. */
	assert_true(ok || (why && *why));
	return ok;
}

static bool body_ok(const char *body)
{
	static char line[RECORD_LINE_MAX];
	struct record r;

	snprintf(line, sizeof(line), HEAD "%s" TAIL, body);
	return parse(&r, line);
}

static void reads_all_members(void **state)
{
	struct record r;
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_true(parse(&r, HEAD "\"t\":\"step.intent\",\"k\":\"act/stop[2]\",\"code\":-3,\"ok\":true,\"no\":false,"
			  "\"text\":\"a\\\"b\\n\\u00e9\\ud83d\\ude00\",\"raw\":{\"a\": [1, {\"b\":null}]},\"plain\":\"xyz\"" TAIL));
	assert_int_equal(r.n, 7);
	assert_int_equal(r.b, 5);
	assert_int_equal(r.ep, 2);
	assert_int_equal(r.m, 99);
	assert_true(str_eqz(r.w, "2026-11-21T06:50:28.123456Z"));
	assert_true(str_eqz(r.t, "step.intent"));
	assert_true(str_eqz(r.k, "act/stop[2]"));
	assert_true(str_eqz(r.h, HASH));
	assert_int_equal(r.count, 8);
	assert_int_equal(record_int(&r, "code", 0), -3);
	assert_int_equal(record_int(&r, "text", 42), 42);
	assert_int_equal(record_int(&r, "none", 42), 42);
	assert_true(record_bool(&r, "ok"));
	assert_false(record_bool(&r, "no"));
	assert_true(str_eqz(record_text(&r, &a, "text"), "a\"b\n\xc3\xa9\xf0\x9f\x98\x80"));
	assert_true(str_eqz(record_text(&r, &a, "plain"), "xyz"));
	assert_int_equal(record_text(&r, &a, "raw").n, 0);
	assert_true(str_eqz(record_raw(&r, "raw"), "{\"a\": [1, {\"b\":null}]}"));
	assert_int_equal(record_raw(&r, "n").n, 0);
	arena_release(&a);
}

static void integers_at_their_limits(void **state)
{
	struct record r;

	(void)state;
	assert_true(parse(&r, HEAD "\"t\":\"x\",\"max\":9223372036854775807,\"min\":-9223372036854775808,"
			  "\"over\":9223372036854775808,\"under\":-9223372036854775809,\"zero\":-0,\"float\":1.0" TAIL));
	assert_int_equal(record_int(&r, "max", 1), INT64_MAX);
	assert_int_equal(record_int(&r, "min", 1), INT64_MIN);
	assert_int_equal(record_int(&r, "over", 1), 1);
	assert_int_equal(record_int(&r, "under", 1), 1);
	assert_int_equal(record_int(&r, "zero", 1), 0);
	assert_int_equal(record_int(&r, "float", 1), 1);
}

static void refuses_other_envelopes(void **state)
{
	static const char *const bad[] = {
		"",
		"{}",
		HASH HASH,
		" " HEAD "\"t\":\"x\"" TAIL,
		HEAD "\"t\":\"x\"" TAIL " ",
		HEAD "\"t\":\"x\"" TAIL "\r",
		HEAD "\"t\":\"x\",\"h\":\"" HASH "\",\"z\":1}",
		HEAD "\"t\":\"x\",\"h\":\"0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef\"}",
		HEAD "\"t\":\"x\",\"h\":\"123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}",
		"{\"b\":5,\"n\":7,\"ep\":2,\"w\":\"2026-11-21T06:50:28.123456Z\",\"m\":99,\"t\":\"x\"" TAIL,
		"{\"n\": 7,\"b\":5,\"ep\":2,\"w\":\"2026-11-21T06:50:28.123456Z\",\"m\":99,\"t\":\"x\"" TAIL,
		"{\"n\":07,\"b\":5,\"ep\":2,\"w\":\"2026-11-21T06:50:28.123456Z\",\"m\":99,\"t\":\"x\"" TAIL,
		"{\"n\":-7,\"b\":5,\"ep\":2,\"w\":\"2026-11-21T06:50:28.123456Z\",\"m\":99,\"t\":\"x\"" TAIL,
		"{\"n\":7.0,\"b\":5,\"ep\":2,\"w\":\"2026-11-21T06:50:28.123456Z\",\"m\":99,\"t\":\"x\"" TAIL,
		"{\"n\":,\"b\":5,\"ep\":2,\"w\":\"2026-11-21T06:50:28.123456Z\",\"m\":99,\"t\":\"x\"" TAIL,
		"{\"n\":9007199254740992,\"b\":5,\"ep\":2,\"w\":\"2026-11-21T06:50:28.123456Z\",\"m\":99,\"t\":\"x\"" TAIL,
		"{\"n\":99999999999999999999999,\"b\":5,\"ep\":2,\"w\":\"2026-11-21T06:50:28.123456Z\",\"m\":99,\"t\":\"x\"" TAIL,
		"{\"n\":0,\"b\":0,\"ep\":2,\"w\":\"2026-11-21T06:50:28.123456Z\",\"m\":99,\"t\":\"x\"" TAIL,
		"{\"n\":7,\"b\":8,\"ep\":2,\"w\":\"2026-11-21T06:50:28.123456Z\",\"m\":99,\"t\":\"x\"" TAIL,
		"{\"n\":7,\"b\":5,\"ep\":0,\"w\":\"2026-11-21T06:50:28.123456Z\",\"m\":99,\"t\":\"x\"" TAIL,
		"{\"n\":7,\"b\":5,\"ep\":2,\"w\":\"2026-13-21T06:50:28.123456Z\",\"m\":99,\"t\":\"x\"" TAIL,
		"{\"n\":7,\"b\":5,\"ep\":2,\"w\":\"2026-11-32T06:50:28.123456Z\",\"m\":99,\"t\":\"x\"" TAIL,
		"{\"n\":7,\"b\":5,\"ep\":2,\"w\":\"2026-11-21T24:50:28.123456Z\",\"m\":99,\"t\":\"x\"" TAIL,
		"{\"n\":7,\"b\":5,\"ep\":2,\"w\":\"2026-11-21T06:60:28.123456Z\",\"m\":99,\"t\":\"x\"" TAIL,
		"{\"n\":7,\"b\":5,\"ep\":2,\"w\":\"2026-11-21 06:50:28.123456Z\",\"m\":99,\"t\":\"x\"" TAIL,
		"{\"n\":7,\"b\":5,\"ep\":2,\"w\":\"2026-11-21T06:50:28.12345Z\",\"m\":99,\"t\":\"x\"" TAIL,
		"{\"n\":7,\"b\":5,\"ep\":2,\"w\":\"2026-11-21T06:50:28.123456Z\",\"m\":099,\"t\":\"x\"" TAIL,
		"{\"n\":7,\"b\":5,\"ep\":2,\"w\":\"2026-11-21T06:50:28.123456Z\",\"m\":-1,\"t\":\"x\"" TAIL,
		"{\"n\":7,\"b\":5,\"ep\":2,\"w\":\"2026-11-21T06:50:28.123456Z\",\"m\":,\"t\":\"x\"" TAIL,
		"{\"n\":7,\"b\":5,\"ep\":2,\"w\":\"2026-11-21T06:50:28.123456Z\",\"m\":99" TAIL,
		"{\"n\":7,\"b\":5,\"ep\":2,\"w\":\"2026-11-21T06:50:28.123456Z\",\"m\"" TAIL,
		"{\"n\":7,\"b\":5,\"ep\":2,\"w\":\"2026-11-21T06:50:28.123456Z\",\"t\":\"x\",\"m\":99" TAIL,
	};
	struct record r;

	(void)state;
	assert_true(body_ok("\"t\":\"x\""));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (parse(&r, bad[i]))
			fail_msg("accepted: %s", bad[i]);
}

static void refuses_bad_bodies(void **state)
{
	static const char *const good[] = {
		"\"t\":\"x\",\"a\":[]", "\"t\":\"x\",\"a\":{}", "\"t\":\"x\",\"a\":[[],{},[{}]]",
		"\"t\":\"x\",\"a\":-0.5e+10", "\"t\":\"x\",\"a\":1E5", "\"t\":\"x\",\"a\":null",
		"\"t\":\"x\",\"a\":\"\\u0000\"", "\"t\":\"x\",\"a\":\"\xed\x9f\xbf\xf4\x8f\xbf\xbf\"",
		"\"t\":\"x\",\"a\":{\"a\":1,\"a\":2}", /* lists and maps inside are the business of value/json.h */
	};
	static const char *const bad[] = {
		"", "\"k\":\"x\"", "\"t\":1", "\"t\":\"\"", "\"t\":\"a\\nb\"",
		"\"t\":\"x\",", "\"t\":\"x\",,\"a\":1", "\"t\":\"x\" ,\"a\":1", "\"t\":\"x\", \"a\":1", "\"t\":\"x\",\"a\": 1",
		"\"t\":\"x\",\"a\":1,\"a\":1", "\"t\":\"x\",\"t\":\"y\"", "\"t\":\"x\",\"n\":1", "\"t\":\"x\",\"ep\":1",
		"\"t\":\"x\",\"h\":\"y\"", "\"t\":\"x\",\"\":1", "\"t\":\"x\",\"a\\u0062\":1", "\"t\":\"x\",\"a\"1",
		"\"t\":\"x\",\"a\":", "\"t\":\"x\",\"a\":01", "\"t\":\"x\",\"a\":1.", "\"t\":\"x\",\"a\":.5", "\"t\":\"x\",\"a\":+1",
		"\"t\":\"x\",\"a\":1e", "\"t\":\"x\",\"a\":--1", "\"t\":\"x\",\"a\":NaN", "\"t\":\"x\",\"a\":tru", "\"t\":\"x\",\"a\":True",
		"\"t\":\"x\",\"a\":[1", "\"t\":\"x\",\"a\":[1,]", "\"t\":\"x\",\"a\":[,1]", "\"t\":\"x\",\"a\":[1 2]", "\"t\":\"x\",\"a\":[1}",
		"\"t\":\"x\",\"a\":{1:2}", "\"t\":\"x\",\"a\":{\"a\"}", "\"t\":\"x\",\"a\":{\"a\":}", "\"t\":\"x\",\"a\":{\"a\":1,}", "\"t\":\"x\",\"a\":]",
		"\"t\":\"x\",\"a\":\"\\x\"", "\"t\":\"x\",\"a\":\"\\u12\"", "\"t\":\"x\",\"a\":\"\\ud800\"", "\"t\":\"x\",\"a\":\"\\udc00\"",
		"\"t\":\"x\",\"a\":\"\\ud800\\u0041\"", "\"t\":\"x\",\"a\":\"\\ud800x\"", "\"t\":\"x\",\"a\":\"\\\"",
		"\"t\":\"x\",\"a\":\"\x80\"", "\"t\":\"x\",\"a\":\"\xc0\x80\"", "\"t\":\"x\",\"a\":\"\xed\xa0\x80\"", "\"t\":\"x\",\"a\":\"\xf4\x90\x80\x80\"",
		"\"t\":\"x\",\"a\":\"\xe2\x82\"", "\"t\":\"x\",\"a\":\"\xff\"", "\"t\":\"x\",\"a\":\"\t\"", "\"t\":\"x\",\"a\":\"\x1f\"", "\"t\":\"x\",\"a\":'b'",
		"\"t\":\"x\",\"a\":1}", "\"t\":\"x\",\"a\":1/**/",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (!body_ok(good[i]))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (body_ok(bad[i]))
			fail_msg("accepted: %s", bad[i]);
}

/* Marks are made of 64 bytes at a time: each special byte at each place, in a value, in a name, and
 * in text inside a list. */
static void sees_special_bytes_at_every_place(void **state)
{
	static const struct { const char *text; bool ok, name_ok; } specials[] = {
		{ "\"", false, false }, { "\\", false, false }, { "\x01", false, false }, { "\x1f", false, false }, { "\x80", false, false },
		{ "\xff", false, false }, { "\\n", true, false }, { "\\\"", true, false }, { "\xc3\xa9", true, false }, { " ", true, true },
		{ "\x7f", true, true }, { "!", true, true }, { "#", true, true }, { "[", true, true }, { "]", true, true },
	};
	char body[512], fill[160];

	(void)state;
	memset(fill, 'z', sizeof(fill));
	for (size_t i = 0; i < sizeof(specials) / sizeof(*specials); i++)
		for (int before = 0; before < 140; before++)
			for (int after = 0; after < 140; after += after < 20 ? 1 : 17) {
				/* A backslash before z or the quote, a quote before z or the quote: never valid. */
				snprintf(body, sizeof(body), "\"t\":\"x\",\"a\":\"%.*s%s%.*s\"", before, fill, specials[i].text, after, fill);
				if (body_ok(body) != specials[i].ok)
					fail_msg("%d bytes before, %d after: %s", before, after, body);
				snprintf(body, sizeof(body), "\"t\":\"x\",\"a\":[\"%.*s%s%.*s\"]", before, fill, specials[i].text, after, fill);
				if (body_ok(body) != specials[i].ok)
					fail_msg("%d bytes before, %d after: %s", before, after, body);
				snprintf(body, sizeof(body), "\"t\":\"x\",\"%.*s%s%.*s\":1", before, fill, specials[i].text, after, fill);
				if (body_ok(body) != specials[i].name_ok)
					fail_msg("%d bytes before, %d after: %s", before, after, body);
			}
}

/* Views are exact wherever a block of marks ends, and a line that is cut off anywhere is none. */
static void members_are_exact_at_every_length(void **state)
{
	char body[512], line[1024], fill[160];
	struct record r;

	(void)state;
	memset(fill, 'z', sizeof(fill));
	for (int n = 0; n < 140; n++) {
		int len = snprintf(line, sizeof(line), HEAD "\"t\":\"x\",\"%.*sa\":\"%.*s\",\"l\":[\"%.*s\",1],\"c\":%d" TAIL, n, fill, n, fill, n, fill, n);

		if (!parse(&r, line))
			fail_msg("refused: %s", line);
		assert_int_equal(r.count, 4);
		assert_int_equal(r.members[1].name.n, n + 1);
		assert_int_equal(r.members[1].raw.n, n + 2);
		snprintf(body, sizeof(body), "[\"%.*s\",1]", n, fill);
		assert_true(str_eqz(record_raw(&r, "l"), body));
		assert_int_equal(record_int(&r, "c", -1), n);
		/* without one byte of it: the byte may be one of a text or of a number, not of the marks around */
		for (int cut = 0; cut < len; cut++) {
			char was = line[cut];

			if (!strchr("\",:{}[]", was))
				continue;
			line[cut] = '\x01';
			assert_false(parse(&r, line));
			line[cut] = was;
		}
	}
}

static void takes_lower_case_hashes_only(void **state)
{
	char line[256];
	struct record r;

	(void)state;
	for (int at = 0; at < RECORD_HASH_HEX; at++)
		for (int c = 1; c < 256; c++) {
			int len = snprintf(line, sizeof(line), HEAD "\"t\":\"x\"" TAIL);

			line[len - 2 - RECORD_HASH_HEX + at] = (char)c;
			assert_int_equal(parse(&r, line), (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
		}
}

/* One piece or several: the hash is SHA-256 of both texts, one behind the other. */
static void hashes_text_of_every_length(void **state)
{
	static char all[SHA_HEX + 2200];
	char hex[SHA_HEX];
	struct sha s;

	(void)state;
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)(i * 7 + i / 256);
	for (size_t n = 0; n <= sizeof(all) - SHA_HEX; n++) {
		unsigned char raw[SHA256_DIGEST_LENGTH];
		char want[2 * SHA256_DIGEST_LENGTH + 1];

		SHA256((const unsigned char *)all, SHA_HEX + n, raw);
		for (int i = 0; i < SHA256_DIGEST_LENGTH; i++)
			snprintf(want + 2 * i, 3, "%02x", raw[i]);
		sha_behind(all, (struct str){ all + SHA_HEX, n }, hex);
		assert_memory_equal(hex, want, SHA_HEX);
		sha_init(&s);
		sha_add(&s, all, SHA_HEX + n);
		sha_hex(&s, hex);
		assert_memory_equal(hex, want, SHA_HEX);
	}
}

static void keeps_its_limits(void **state)
{
	struct buf b;
	struct record r;
	const char *why;

	(void)state;
	buf_init(&b, 1 << 20);
	for (int count = RECORD_MEMBERS; count <= RECORD_MEMBERS + 1; count++) {
		buf_clear(&b);
		buf_addz(&b, HEAD "\"t\":\"x\"");
		for (int i = 1; i < count; i++)
			buf_printf(&b, ",\"m%d\":%d", i, i);
		buf_addz(&b, TAIL);
		assert_int_equal(record_parse(&r, buf_str(&b), &why), count == RECORD_MEMBERS);
	}
	for (size_t size = RECORD_LINE_MAX; size <= RECORD_LINE_MAX + 1; size++) {
		buf_clear(&b);
		buf_addz(&b, HEAD "\"t\":\"x\",\"a\":\"");
		buf_fill(&b, 'a', size - b.len - strlen("\"" TAIL));
		buf_addz(&b, "\"" TAIL);
		assert_int_equal(b.len, size);
		assert_int_equal(record_parse(&r, buf_str(&b), &why), size == RECORD_LINE_MAX);
	}
	for (size_t depth = 96; depth <= 100000; depth += 99904 / 2) {
		buf_clear(&b);
		buf_addz(&b, HEAD "\"t\":\"x\",\"a\":");
		buf_fill(&b, '[', depth);
		buf_fill(&b, ']', depth);
		buf_addz(&b, TAIL);
		assert_int_equal(record_parse(&r, buf_str(&b), &why), depth == 96);
	}
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all_members),
		cmocka_unit_test(integers_at_their_limits),
		cmocka_unit_test(refuses_other_envelopes),
		cmocka_unit_test(refuses_bad_bodies),
		cmocka_unit_test(sees_special_bytes_at_every_place),
		cmocka_unit_test(members_are_exact_at_every_length),
		cmocka_unit_test(takes_lower_case_hashes_only),
		cmocka_unit_test(hashes_text_of_every_length),
		cmocka_unit_test(keeps_its_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
