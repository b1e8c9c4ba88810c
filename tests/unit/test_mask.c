/* test_mask: no form of a secret gets through, in whatever pieces it comes; all else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "journal/forms.h"
#include "journal/mask.h"
#include "journal/record.h"
#include "journal/scan.h"

static uint64_t seed = 88172645463325252u;

static unsigned dice(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % n;
}

static struct mask *mask_of(struct str secret)
{
	struct mask *m = mask_new();

	assert_true(mask_add(m, secret));
	return m;
}

static void apply_is(const struct mask *m, const char *in, const char *want)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	mask_apply(m, str_of(in), &b);
	buf_addc(&b, '\0');
	assert_string_equal(b.p, want);
	buf_release(&b);
}

static void basics(void **state)
{
	struct mask *m = mask_new();

	(void)state;
	assert_true(mask_empty(m));
	apply_is(m, "hunter22", "hunter22");
	assert_false(mask_add(m, STR("abc")));
	assert_false(mask_add(m, STR(" abc \n")));
	assert_false(mask_add(m, STR("      ")));
	assert_true(mask_add(m, STR("hunter22")));
	assert_false(mask_empty(m));
	apply_is(m, "", "");
	apply_is(m, "hunter2", "hunter2");
	apply_is(m, "hunter22", "***");
	apply_is(m, "hunterhunter22hunter22 hunter22", "hunter****** ***");
	/* Another one later: the longest wins, overlapping ones become one. */
	assert_true(mask_add(m, STR("22 apples")));
	assert_true(mask_add(m, STR("apples are")));
	assert_true(mask_add(m, STR("hunter22 app")));
	apply_is(m, "<hunter22 apples are>", "<***>");
	apply_is(m, "<hunter22 app>", "<***>");
	apply_is(m, "<hunter22 ap>", "<*** ap>");
	mask_free(m);
}

/* As a loop that computes one in each turn makes them: all found, in whatever order they came. */
static void many_secrets_with_one_beginning(void **state)
{
	enum { COUNT = 3000 };
	struct mask *m = mask_new();
	char text[64];

	(void)state;
	for (unsigned i = 0; i < COUNT; i++) {
		unsigned n = i * 1789 % COUNT; /* each once: 1789 and 3000 have no factor in common */

		snprintf(text, sizeof(text), n % 3 ? "token-%u" : "token-%u-and-more", n);
		assert_true(mask_add(m, str_of(text)));
		if (i % 7 == 0)
			assert_true(mask_add(m, str_of(text)));
	}
	for (unsigned n = 1000; n < COUNT; n++) {
		snprintf(text, sizeof(text), n % 3 ? "<token-%u>" : "<token-%u-and-more>", n);
		apply_is(m, text, "<***>");
	}
	apply_is(m, "<token-x>", "<token-x>");
	mask_free(m);
}

static void a_run_of_equal_bytes(void **state)
{
	struct mask *m = mask_of(STR("aaaa"));

	(void)state;
	apply_is(m, "aaa aaaa aaaaaaaaaaaa aaa", "aaa *** *** aaa");
	mask_free(m);
}

static void lines_of_a_secret_are_secrets(void **state)
{
	struct mask *m = mask_of(STR("-----BEGIN\nMIIEvQIBADAN\r\n  indented99\n}\n----\nxy\n"));

	(void)state;
	apply_is(m, "MIIEvQIBADAN, indented99, } ---- xy", "***, ***, } ---- xy");
	apply_is(m, "4d494945765149424144414e", "***");
	mask_free(m);
	m = mask_of(STR("with-newline\n"));
	apply_is(m, "Bearer with-newline;", "Bearer ***;");
	mask_free(m);
}

/* What real encoders print; see the head of the table. */
static void forms_of_real_encoders(void **state)
{
	static const struct { struct str secret, text; const char *name; size_t rest; } cases[] = {
#define CASE(secret, text, name, rest) { { secret, sizeof(secret) - 1 }, { text, sizeof(text) - 1 }, name, rest },
#include "mask_cases.def"
#undef CASE
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct mask *m = mask_of(cases[i].secret);
		struct buf b;
		size_t stars = 0;

		buf_init(&b, 1 << 20);
		mask_apply(m, cases[i].text, &b);
		for (size_t k = 0; k + 3 <= b.len; k++)
			if (!memcmp(b.p + k, "***", 3)) {
				stars++;
				k += 2;
			}
		if (stars != 1 || b.len - 3 > cases[i].rest)
			fail_msg("%s of %s: `%s` came through as `%s`", cases[i].name, cases[i].secret.p, cases[i].text.p, b.p);
		buf_release(&b);
		mask_free(m);
	}
}

/* --- against a slow and simple one --- */

/* Every occurrence of every form, the overlapping ones joined. */
static void reference(const struct forms *f, struct str s, struct buf *out)
{
	bool *in = mem_alloc(s.n + 1), *joined = mem_alloc(s.n + 1);

	/* joined[i]: bytes i-1 and i belong to one occurrence. */
	for (size_t i = 0; i < f->count; i++) {
		struct form form = f->list[i];

		for (size_t at = 0; at + form.n <= s.n; at++) {
			if (memcmp(s.p + at, f->bytes.p + form.at, form.n))
				continue;
			for (size_t k = at; k < at + form.n; k++) {
				in[k] = true;
				joined[k] = joined[k] || k > at;
			}
		}
	}
	for (size_t i = 0; i < s.n; i++) {
		if (!in[i])
			buf_addc(out, s.p[i]);
		else if (!joined[i])
			buf_addz(out, "***");
	}
	mem_free(in);
	mem_free(joined);
}

static void stream_in_pieces(const struct mask *m, struct str s, const size_t *cuts, size_t count, struct buf *out)
{
	struct mask_stream stream;
	size_t at = 0;

	mask_stream_init(&stream, m);
	for (size_t i = 0; i <= count; i++) {
		size_t end = i < count ? cuts[i] : s.n;

		mask_stream_add(&stream, str_slice(s, at, end), out);
		at = end;
	}
	mask_stream_end(&stream, out);
	mask_stream_release(&stream);
}

static size_t random_secret(char *p, size_t max)
{
	static const char *const alphabets[] = {
		"ab", "abcdefghijklmnopqrstuvwxyz0123456789", "a/b+c=d&e f%", "\"'\\\n\r\t$`!", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", NULL,
	};
	const char *alphabet = alphabets[dice(6)];
	size_t n = 4 + dice((unsigned)max - 4);

	for (size_t i = 0; i < n; i++)
		p[i] = alphabet ? alphabet[dice((unsigned)strlen(alphabet))] : (char)dice(256);
	/* White space alone is no secret. */
	if (str_trim((struct str){ p, n }).n < n || dice(2)) {
		p[0] = 'K';
		p[n - 1] = 'Z';
	}
	return n;
}

/* Each form of random secrets, cut at every place in two, at every pair of places
 * in three, and byte by byte. */
static void every_form_at_every_split(void **state)
{
	(void)state;
	for (int round = 0; round < 24; round++) {
		char secret[40];
		struct str s = { secret, random_secret(secret, round < 16 ? 10 : 40) };
		struct mask *m = mask_of(s);
		struct forms f;
		struct buf in, out;

		forms_init(&f);
		forms_add(&f, s);
		buf_init(&in, 1 << 16);
		buf_init(&out, 1 << 16);
		for (size_t i = 0; i < f.count; i++) {
			size_t cuts[512], step;
			struct str text;

			/* No form has a byte of the frame in it, unless a binary secret does. */
			buf_clear(&in);
			buf_addz(&in, "\x0e\x0e");
			buf_add(&in, f.bytes.p + f.list[i].at, f.list[i].n);
			buf_addz(&in, "\x0e\x0e");
			text = buf_str(&in);
			if (memchr(text.p + 2, '\x0e', text.n - 4))
				continue;
			assert_true(text.n <= 512);
			step = text.n > 60 ? text.n / 20 : 1;
			for (size_t x = 0; x <= text.n; x++)
				for (size_t y = x; y <= text.n; y += step) {
					cuts[0] = x;
					cuts[1] = y;
					buf_clear(&out);
					stream_in_pieces(m, text, cuts, 2, &out);
					if (!str_eqz(buf_str(&out), "\x0e\x0e***\x0e\x0e"))
						fail_msg("round %d form %zu cut at %zu, %zu", round, i, x, y);
				}
			for (size_t x = 0; x < text.n; x++)
				cuts[x] = x + 1;
			buf_clear(&out);
			stream_in_pieces(m, text, cuts, text.n - 1, &out);
			assert_true(str_eqz(buf_str(&out), "\x0e\x0e***\x0e\x0e"));
		}
		forms_release(&f);
		buf_release(&in);
		buf_release(&out);
		mask_free(m);
	}
}

/* Texts made of pieces of forms, so that near misses and overlaps abound. */
static void like_the_reference_in_any_pieces(void **state)
{
	(void)state;
	for (int round = 0; round < 400; round++) {
		struct mask *m = mask_new();
		struct forms f;
		struct buf in, want, got;
		char secret[24];
		size_t cuts[64], count = dice(64);

		forms_init(&f);
		for (unsigned i = 0, n = 1 + dice(3); i < n; i++) {
			struct str s = { secret, random_secret(secret, 8 + dice(16)) };

			/* A line of it would be a secret as well, which the reference does not know. */
			for (size_t k = 0; k < s.n; k++)
				if (secret[k] == '\n')
					secret[k] = 'n';
			assert_true(mask_add(m, s));
			forms_add(&f, s);
		}
		buf_init(&in, 1 << 16);
		buf_init(&want, 1 << 16);
		buf_init(&got, 1 << 16);
		for (int i = 0; i < 30; i++) {
			struct form form = f.list[dice((unsigned)f.count)];
			uint32_t from = dice(4) ? 0 : dice(form.n), to = dice(4) ? form.n : dice(form.n + 1);

			if (from < to)
				buf_add(&in, f.bytes.p + form.at + from, to - from);
			if (!dice(3))
				buf_addc(&in, (char)dice(256));
		}
		reference(&f, buf_str(&in), &want);
		mask_apply(m, buf_str(&in), &got);
		assert_int_equal(got.len, want.len);
		assert_memory_equal(got.p, want.p, want.len);
		for (size_t i = 0; i < count; i++)
			cuts[i] = i ? cuts[i - 1] + dice((unsigned)(in.len - cuts[i - 1]) / 4 + 1) : dice(20);
		buf_clear(&got);
		stream_in_pieces(m, buf_str(&in), cuts, count, &got);
		assert_int_equal(got.len, want.len);
		assert_memory_equal(got.p, want.p, want.len);
		buf_release(&in);
		buf_release(&want);
		buf_release(&got);
		forms_release(&f);
		mask_free(m);
	}
}

static void holds_back_only_what_may_become_a_secret(void **state)
{
	struct mask *m = mask_of(STR("hunter22"));
	struct mask_stream s;
	struct buf out;

	(void)state;
	buf_init(&out, 1024);
	mask_stream_init(&s, m);
	mask_stream_add(&s, STR("hello: hunt"), &out);
	assert_true(str_eqz(buf_str(&out), "hello: "));
	mask_stream_add(&s, STR("ing"), &out);
	assert_true(str_eqz(buf_str(&out), "hello: hunting"));
	mask_stream_add(&s, STR(" hunter2"), &out);
	/* A secret that becomes known meanwhile counts for what is still held. */
	assert_true(mask_add(m, STR("hunter2!")));
	mask_stream_add(&s, STR("! hunter"), &out);
	assert_true(str_eqz(buf_str(&out), "hello: hunting *** "));
	mask_stream_end(&s, &out);
	assert_true(str_eqz(buf_str(&out), "hello: hunting *** hunter"));
	mask_stream_release(&s);
	buf_release(&out);
	mask_free(m);
}

static void long_secrets_are_kept_in_pieces(void **state)
{
	struct buf secret, text, out;
	struct mask *m = mask_new();

	(void)state;
	buf_init(&secret, 1 << 20);
	buf_init(&text, 1 << 20);
	buf_init(&out, 1 << 20);
	for (int i = 0; i < 5000; i++)
		buf_addc(&secret, (char)('!' + dice(90)));
	assert_true(mask_add(m, buf_str(&secret)));
	buf_addz(&text, "<");
	buf_adds(&text, buf_str(&secret));
	buf_addz(&text, "><");
	for (size_t i = 0; i < secret.len; i++)
		buf_printf(&text, "%02x", (unsigned char)secret.p[i]);
	buf_addz(&text, ">");
	mask_apply(m, buf_str(&text), &out);
	assert_true(str_eqz(buf_str(&out), "<***><***>"));
	buf_clear(&secret);
	buf_fill(&secret, 'x', MASK_MAX + 1);
	assert_false(mask_add(m, buf_str(&secret)));
	assert_true(mask_add(m, str_slice(buf_str(&secret), 0, MASK_MAX)));
	buf_release(&secret);
	buf_release(&text);
	buf_release(&out);
	mask_free(m);
}

/* Equal ways count once: the table stays small. */
static void forms_are_few(void **state)
{
	struct forms f;
	char secret[65] = "";

	(void)state;
	forms_init(&f);
	for (int i = 0; i < 16; i++) {
		for (int k = 0; k < 64; k++)
			secret[k] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"[dice(64)];
		forms_add(&f, (struct str){ secret, 64 });
	}
	assert_true(f.bytes.len < 64 << 10);
	assert_true(f.count < 16 * 40);
	forms_release(&f);
}

/* Whatever is secret, a record's body stays JSON with the same names at its top. */
static void json_stays_json(void **state)
{
	static const char body[] =
		"\"t\":\"step.attempt\",\"k\":\"act/stop[2]\",\"a\":1,\"end\":\"exit\",\"code\":0,\"took_us\":123456,"
		"\"out\":{\"n\":40,\"text\":\"line \\\"one\\\"\\n\\u00e9\\ud83d\\ude00 \xe2\x82\xac tail\"},"
		"\"captures\":{\"tag\":\"v1.2.3\",\"list\":[1,22222,-3.5e7,true,null,{\"deep\":\"value\"}]},"
		"\"blob\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"";
	const size_t n = sizeof(body) - 1;
	struct buf whole, out, scratch;
	struct member before[16], after[16];
	uint32_t count, count_after;
	const char *why;

	(void)state;
	buf_init(&whole, 4096);
	buf_init(&out, 4096);
	buf_init(&scratch, 4096);
	buf_printf(&whole, "{%s}", body);
	assert_true(scan_members(buf_str(&whole), before, 16, &count, &why));
	for (size_t from = 0; from + MASK_MIN <= n; from++)
		for (size_t len = MASK_MIN; from + len <= n && len <= 12; len++) {
			struct str secret = { body + from, len };
			struct mask *m = mask_new();

			if (mask_add(m, secret)) {
				buf_clear(&out);
				buf_addc(&out, '{');
				mask_json(m, (struct str){ body, n }, &scratch, &out);
				buf_addc(&out, '}');
				if (!scan_members(buf_str(&out), after, 16, &count_after, &why))
					fail_msg("secret " STR_FMT ": %s: %s", STR_ARG(secret), why, out.p);
				assert_int_equal(count_after, count);
				for (uint32_t i = 0; i < count; i++)
					assert_true(str_eq(before[i].name, after[i].name));
				assert_true(str_eq(after[5].raw, STR("123456")));
				assert_true(str_eq(after[0].raw, STR("\"step.attempt\"")));
				assert_true(str_eq(after[8].raw, before[8].raw));
			}
			mask_free(m);
		}
	buf_release(&whole);
	buf_release(&out);
	buf_release(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(basics),
		cmocka_unit_test(many_secrets_with_one_beginning),
		cmocka_unit_test(a_run_of_equal_bytes),
		cmocka_unit_test(lines_of_a_secret_are_secrets),
		cmocka_unit_test(forms_of_real_encoders),
		cmocka_unit_test(every_form_at_every_split),
		cmocka_unit_test(like_the_reference_in_any_pieces),
		cmocka_unit_test(holds_back_only_what_may_become_a_secret),
		cmocka_unit_test(long_secrets_are_kept_in_pieces),
		cmocka_unit_test(forms_are_few),
		cmocka_unit_test(json_stays_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
