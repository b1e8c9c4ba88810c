/*
 * modlock: what is printed is read again, in any order of lines; what is damaged
 * is refused with its line, and no bytes can do more than that.
 */
#include "value/modlock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

#define ID "0123456789abcdef0123456789abcdef01234567"
#define TREE "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LINE(source, tag) "git+https://h/" source " " tag " commit=" ID " tree=" TREE "\n"

static const char sorted[] = "# runbook.lock 1\n" LINE("a//m.yml", "v1.2.0") LINE("a//m.yml", "v2.0.0") LINE("a//m.yml", "v10.0.0")
	LINE("a//m.yml", "kis/v1.0.0") LINE("a//n.yml", "1.0.0-rc.1") LINE("b/c//x/y.yml", "v0.1.0");

static struct arena arena;

static void test_round(void **state)
{
	static const char mixed[] = "# runbook.lock 1\n" LINE("b/c//x/y.yml", "v0.1.0") "\n# a remark\n" LINE("a//m.yml", "v10.0.0") LINE("a//n.yml", "1.0.0-rc.1")
		LINE("a//m.yml", "kis/v1.0.0") LINE("a//m.yml", "v2.0.0") LINE("a//m.yml", "v1.2.0");
	const struct modlock_line *l;
	struct modlock m;
	struct version want;
	struct buf b;
	struct str why;
	uint32_t line;

	(void)state;
	assert_true(modlock_parse(&arena, str_of(mixed), &m, &line, &why));
	assert_int_equal(m.count, 6);
	assert_true(version_parse(STR("v2"), &want));
	l = modlock_find(&m, STR("git+https://h/a//m.yml"), &want);
	assert_non_null(l);
	assert_true(str_eqz(l->tag, "v2.0.0") && l->line == 8 && str_eqz(l->spec.repo, "https://h/a") && str_eqz(l->spec.path, "m.yml"));
	assert_true(version_parse(STR("kis/1.0"), &want));
	assert_true(str_eqz(modlock_find(&m, STR("git+https://h/a//m.yml"), &want)->tag, "kis/v1.0.0"));
	assert_true(version_parse(STR("v3"), &want));
	assert_null(modlock_find(&m, STR("git+https://h/a//m.yml"), &want));
	buf_init(&b, 1 << 16);
	modlock_print(&m, &b);
	assert_true(str_eqz(buf_str(&b), sorted));
	buf_release(&b);
}

static void refused(const char *text, uint32_t at, const char *says)
{
	struct modlock m;
	struct str why;
	uint32_t line;

	if (modlock_parse(&arena, str_of(text), &m, &line, &why) || line != at || str_find(why, str_of(says)) < 0)
		fail_msg("%s: line %u: " STR_FMT, text, line, STR_ARG(why));
}

static void test_refused(void **state)
{
	(void)state;
	refused("", 1, "does not begin");
	refused("# runbook.lock 2\n", 1, "another version");
	refused("x\n", 1, "does not begin");
	refused("<<<<<<< HEAD\n", 1, "conflict");
	refused("# runbook.lock 1\n" LINE("a//m.yml", "v1.0.0") "=======\n", 3, "conflict");
	refused("# runbook.lock 1\n" LINE("a//m.yml", "v1.0.0") LINE("a//m.yml", "v1.3.0"), 3, "in line 2 already");
	refused("# runbook.lock 1\n" LINE("a//m.yml", "stable"), 2, "no version");
	refused("# runbook.lock 1\n" LINE("a//../m.yml", "v1"), 2, "no source");
	refused("# runbook.lock 1\n" LINE("u:p@h/a//m.yml", "v1") "git+https://u:p@h/a//m.yml v1 commit=" ID " tree=" TREE "\n", 3, "no source");
	refused("# runbook.lock 1\nstd/http v1 commit=" ID " tree=" TREE "\n", 2, "no source");
	refused("# runbook.lock 1\n./m.yml v1 commit=" ID " tree=" TREE "\n", 2, "no source");
	refused("# runbook.lock 1\ngit+https://h/a//m.yml v1 commit=" ID "\n", 2, "a line is");
	refused("# runbook.lock 1\ngit+https://h/a//m.yml v1 commit=" ID " tree=" TREE " more\n", 2, "a line is");
	refused("# runbook.lock 1\ngit+https://h/a//m.yml v1 commit=12 tree=" TREE "\n", 2, "commit=");
	refused("# runbook.lock 1\ngit+https://h/a//m.yml v1 commit=" ID " tree=12\n", 2, "tree=");
}

/* One byte changed, or the end cut off: read or refused; what was read has only whole lines. */
static void test_damage(void **state)
{
	(void)state;
	for (size_t at = 0; at < sizeof(sorted) - 1; at++)
		for (int how = 0; how < 4; how++) {
			static const char bytes[] = { '\n', ' ', '\0' };
			char *text = (char *)arena_str(&arena, sorted, sizeof(sorted) - 1).p;
			struct modlock m;
			struct str why;
			uint32_t line;

			if (how < 3)
				text[at] = bytes[how];
			if (!modlock_parse(&arena, (struct str){ text, how < 3 ? sizeof(sorted) - 1 : at }, &m, &line, &why)) {
				assert_true(why.n > 0 && line >= 1 && line <= 9);
				continue;
			}
			for (uint32_t i = 0; i < m.count; i++)
				assert_true(m.lines[i].commit.n == 40 && m.lines[i].tree.n == 71 && m.lines[i].spec.kind == SPEC_GIT);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_round), cmocka_unit_test(test_refused), cmocka_unit_test(test_damage) };
	int failed;

	arena_init(&arena);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_release(&arena);
	return failed;
}
