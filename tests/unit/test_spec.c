/* spec and version: what a SOURCE names, which tag a version wants. */
#include "value/spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "base/arena.h"
#include "value/version.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void test_order(void **state)
{
	/* semver.org 2.0 section 11, and numbers that only look like texts in order */
	static const char *const rising[] = {
		"0.9.10", "1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-alpha", "v1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta",
		"1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "v1.0.0", "1.0.1", "1.2.0", "v1.10.0", "2.0.0", "10.0.0",
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rising); i++)
		for (size_t k = 0; k < COUNT(rising); k++) {
			struct version a, b;
			int c;

			assert_true(version_parse(str_of(rising[i]), &a));
			assert_true(version_parse(str_of(rising[k]), &b));
			c = version_cmp(&a, &b);
			assert_int_equal((c > 0) - (c < 0), (i > k) - (i < k));
		}
}

static void test_no_version(void **state)
{
	static const char *const none[] = { "", "v", "main", "1.", "1..2", "1.2.3.4", "01.2.3", "1.2.03", "1.2.3-", "1.2.3-a..b",
					    "1.2.3-a_b", "1.2.3+", "1.2-rc", "V1.2.3", "vv1", "1.2.x", "kis/", "1/2/", "1234567890" };
	struct version v;

	(void)state;
	for (size_t i = 0; i < COUNT(none); i++)
		if (version_parse(str_of(none[i]), &v))
			fail_msg("`%s` passed as a version", none[i]);
	assert_true(version_parse(STR("a/b/v1.2.3-rc.1+build.5"), &v));
	assert_true(str_eqz(v.prefix, "a/b/") && v.v && v.parts == 3 && str_eqz(v.pre, "rc.1"));
}

static void test_serves(void **state)
{
	static const struct { const char *want, *tag; bool yes; } cases[] = {
		{ "1.4", "v1.4.0", true }, { "1.4", "1.4.17", true }, { "v1.4", "1.4.2", true }, { "1", "v1.9.9", true },
		{ "1.4", "v1.40.0", false }, { "1.4", "v1.5.0", false }, { "1.4", "v1.4.0-rc.1", false }, { "1.4", "v1", false },
		{ "1.4", "kis/v1.4.0", false }, { "kis/1.4", "kis/v1.4.0", true }, { "kis/1.4", "v1.4.0", false },
		{ "1.4.0-rc.1", "v1.4.0-rc.1", true }, { "1.4.0", "v1.4.0-rc.1", false }, { "1.4.0", "v1.4.0+b1", true },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct version want, tag;

		assert_true(version_parse(str_of(cases[i].want), &want));
		assert_true(version_parse(str_of(cases[i].tag), &tag));
		if (version_serves(&want, &tag) != cases[i].yes)
			fail_msg("%s and %s", cases[i].want, cases[i].tag);
	}
}

static void test_parse(void **state)
{
	static const struct { const char *text; enum spec_kind kind; const char *repo, *path, *version; } cases[] = {
		{ "deploy.yml", SPEC_FILE, "", "deploy.yml", "" },
		{ "deploy.yml@v1.4.0", SPEC_FILE, "", "deploy.yml", "v1.4.0" },
		{ "a@b/deploy.yml", SPEC_FILE, "", "a@b/deploy.yml", "" },
		{ "a@b/deploy.yml@1.4", SPEC_FILE, "", "a@b/deploy.yml", "1.4" },
		{ "../x/deploy.yml@kis/1.4", SPEC_FILE, "", "../x/deploy.yml", "kis/1.4" },
		{ "git+https://host/ops/rb//kis/deploy.yml@v1.4.0", SPEC_GIT, "https://host/ops/rb", "kis/deploy.yml", "v1.4.0" },
		{ "git+https://host:8443/rb//deploy.yml", SPEC_GIT, "https://host:8443/rb", "deploy.yml", "" },
		{ "git+https://[::1]:8443/rb//deploy.yml@a/b", SPEC_GIT, "https://[::1]:8443/rb", "deploy.yml", "a/b" },
		{ "git+ssh://git@host/ops/rb//d.yml@1", SPEC_GIT, "ssh://git@host/ops/rb", "d.yml", "1" },
		{ "git+file:///srv/rb.git//kis/d.yml@main", SPEC_GIT, "file:///srv/rb.git", "kis/d.yml", "main" },
		{ "std/http@1", SPEC_STD, "", "http", "1" }, { "std/http", SPEC_STD, "", "http", "" },
		{ "std/http.yml", SPEC_FILE, "", "std/http.yml", "" },
	};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct spec s;
		struct fault f;

		if (!spec_parse(&a, str_of(cases[i].text), &s, &f))
			fail_msg("%s: " STR_FMT, cases[i].text, STR_ARG(f.text));
		assert_int_equal(s.kind, cases[i].kind);
		if (!str_eqz(s.repo, cases[i].repo) || !str_eqz(s.path, cases[i].path) || !str_eqz(s.version, cases[i].version))
			fail_msg("%s: " STR_FMT " " STR_FMT " " STR_FMT, cases[i].text, STR_ARG(s.repo), STR_ARG(s.path), STR_ARG(s.version));
	}
	arena_release(&a);
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"", "deploy.yml@", "@v1", "a\nb.yml@v1", "a.yml@v1\x1b[2J", "a.yml@\xff", "a.yml@\xe2\x80\xae" "1v",
		"deploy.yml@-v", "deploy.yml@a..b", "deploy.yml@a:b", "deploy.yml@HEAD^", "deploy.yml@a~1",
		"deploy.yml@refs.lock", "git+http://host/rb//d.yml@v1", "git+ext::sh//d.yml@v1", "git+https://host/rb/d.yml@v1",
		"git+https://host//d.yml@v1", "git+https:///rb//d.yml@v1", "git+https://u:secret@host/rb//d.yml@v1",
		"git+https://token@host/rb//d.yml@v1", "git+ssh://u:secret@host/rb//d.yml@v1", "git+ssh://-oProxyCommand=x/rb//d.yml@v1",
		"git+ssh://-u@host/rb//d.yml@v1", "git+https://host:80:90/rb//d.yml@v1", "git+https://host/../rb/..//d.yml@v1",
		"git+https://host/rb?x//d.yml@v1", "git+https://host/r b//d.yml@v1", "git+file://host/srv/rb//d.yml@v1",
		"git+https://host/rb//../d.yml@v1", "git+https://host/rb//a/../../d.yml@v1", "git+https://host/rb//./d.yml@v1",
		"git+https://host/rb///etc/passwd@v1", "git+https://host/rb//a//d.yml@v1", "git+https://host/rb//.git/config@v1",
		"git+https://host/rb//a/.GIT/config@v1", "git+https://host/rb//a\\b.yml@v1", "git+https://host/rb//@v1",
		"git+https://host/rb//a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a@v1",
	};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct spec s;
		struct fault f;

		if (spec_parse(&a, str_of(texts[i]), &s, &f))
			fail_msg("`%s` was accepted", texts[i]);
		assert_int_equal(f.code, 401);
		assert_true(f.text.n > 0 && f.from <= f.to && f.to <= strlen(texts[i]));
		assert_true(str_find(f.text, STR("secret")) < 0);
	}
	arena_release(&a);
}

static void test_id(void **state)
{
	(void)state;
	assert_true(spec_is_id(STR("0123456789abcdef0123456789abcdef01234567"), 40));
	assert_false(spec_is_id(STR("0123456789ABCDEF0123456789abcdef01234567"), 40));
	assert_false(spec_is_id(STR("0123456789abcdef"), 40));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order), cmocka_unit_test(test_no_version), cmocka_unit_test(test_serves),
		cmocka_unit_test(test_parse), cmocka_unit_test(test_refused), cmocka_unit_test(test_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
