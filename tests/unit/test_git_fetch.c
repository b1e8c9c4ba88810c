/*
 * git_fetch: its limits, and what an interrupted fetch leaves. The "server" is a
 * repository on this machine, by libgit2's file transport; real servers are in
 * tests/git/remote.bats.
 */
#include "host/git_fetch.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/buf.h"

#define GIT_SETTINGS ""
#include "git_scratch.h"

static struct str why;

static struct git_upstream upstream(void)
{
	return (struct git_upstream){ .url = arena_printf(&arena, "file://%s/w", scratch), .cache = arena_printf(&arena, "%s/cache", scratch).p };
}

/* The code of the fault; 0: what was fetched has the file with these bytes. */
static int fetch(const struct git_upstream *from, const char *version, const char *bytes)
{
	struct git_found found = { 0 };
	struct git_entry e;
	enum git_fresh fresh;
	struct git_repo *r;

	fault = (struct fault){ 0 };
	r = git_fetch(git, &arena, from, str_of(version), false, &found, &fresh, &why, &fault);
	if (r) {
		assert_true(git_read(r, &arena, &found.tree, STR("f"), GIT_FILE_MAX, &e, &fault));
		if (!str_eqz(e.bytes, bytes))
			fail_msg("%s: other bytes: " STR_FMT, version, STR_ARG(e.bytes));
	}
	assert_true(!r == (fault.code != 0));
	git_close(r);
	return fault.code;
}

static void must_fetch(const struct git_upstream *from, const char *version, const char *bytes)
{
	if (fetch(from, version, bytes))
		fail_msg("%s: fault %d: " STR_FMT, version, fault.code, STR_ARG(fault.text));
}

static void says(int code, const char *text)
{
	if (fault.code != code || str_find(fault.text, str_of(text)) < 0)
		fail_msg("fault %d: " STR_FMT, fault.code, STR_ARG(fault.text));
}

static const char server[] =
	"git init -q -b main w && cd w && printf one >f && git add f && git commit -qm one && git tag v1.0.0\n"
	"printf two >f && head -c 4000000 /dev/urandom >big && git add . && git commit -qm two && git tag -a -m two v2.0.0";

static void test_size(void **state)
{
	struct git_upstream from = upstream();

	(void)state;
	sh(server);
	from.bytes_max = 500000;
	assert_int_equal(fetch(&from, "v2.0.0", "two"), 409);
	says(409, "larger than may be fetched");
	from.offline = true; /* nothing of it serves */
	assert_int_equal(fetch(&from, "v2.0.0", "two"), 409);
	from.offline = false;
	from.bytes_max = 0;
	must_fetch(&from, "v2.0.0", "two");
	sh("cd cache/w-* && git fsck --strict 2>&1 | { ! grep -v '^notice\\|dangling\\|unborn'; } && [ $(ls objects/pack | grep -cv '^pack-') = 0 ]");
}

static void test_refs(void **state)
{
	struct git_upstream from = upstream();

	(void)state;
	sh(server);
	from.list_ns = 600000000000; /* it is their number that counts, also on a slow machine or under valgrind */
	must_fetch(&from, "1.0", "one");
	/* 33 MiB of them: half a list might choose another version */
	sh("cd w && id=$(git rev-parse v1.0.0) && { echo '# pack-refs with: peeled fully-peeled sorted '; cat .git/packed-refs 2>/dev/null | grep -v '^#' || :\n"
	   "seq -f \"$id refs/tags/v1.0.0-%040.0f\" 370000; } >p && mv p .git/packed-refs");
	rmdir(arena_printf(&arena, "%s/none", scratch).p);
	must_fetch(&from, "1.0", "one"); /* the cache answers */
	assert_true(str_find(why, STR("more refs than are read")) >= 0);
	sh("rm -rf cache");
	assert_int_equal(fetch(&from, "1.0", "one"), 409);
	says(409, "more refs than are read");
}

static bool count(void *arg, struct str name, const struct git_id *object)
{
	(void)object;
	buf_adds(arg, name);
	buf_addc(arg, ' ');
	return true;
}

static void test_names(void **state)
{
	struct git_upstream from = upstream();
	struct buf names;

	(void)state;
	sh(server);
	sh("cd w && id=$(git rev-parse v1.0.0) && { echo '# pack-refs with: peeled fully-peeled sorted '\n"
	   "printf '%s refs/tags/V1.0.0\\n%s refs/tags/v1.2.0\\342\\200\\256x\\n' $id $id; } >.git/packed-refs");
	buf_init(&names, 4096);
	fault = (struct fault){ 0 };
	if (!git_fetch_tags(git, &arena, &from, count, &names, &fault))
		fail_msg("fault %d: " STR_FMT, fault.code, STR_ARG(fault.text));
	assert_true(str_find(buf_str(&names), STR("V1.0.0")) >= 0);
	assert_true(str_find(buf_str(&names), STR("v2.0.0")) >= 0);
	assert_true(str_find(buf_str(&names), STR("v1.2.0")) < 0);
	buf_release(&names);
	must_fetch(&from, "1", "one");
}

static void test_time(void **state)
{
	struct git_upstream from = upstream();

	(void)state;
	sh(server);
	from.list_ns = 1;
	assert_int_equal(fetch(&from, "v1.0.0", "one"), 409);
	says(409, "in time");
	from.list_ns = 0;
	from.fetch_ns = 1;
	assert_int_equal(fetch(&from, "v1.0.0", "one"), 409);
	from.fetch_ns = 0;
	must_fetch(&from, "v1.0.0", "one");
	/* a commit that is there needs nobody */
	sh("mv w away");
	must_fetch(&from, "v1.0.0", "one");
	assert_true(why.n > 0);
}

/* Killed at any moment; the next one does what that one should have. */
static void test_killed(void **state)
{
	struct git_upstream from = upstream();

	(void)state;
	sh(server);
	for (int i = 0; i < 24; i++) {
		pid_t pid = fork();
		int status;

		assert_true(pid >= 0);
		if (!pid) {
			struct git_found found;
			enum git_fresh fresh;

			(void)git_fetch(git, &arena, &from, i % 2 ? STR("v1.0.0") : STR("v2.0.0"), false, &found, &fresh, &why, &fault);
			_exit(0);
		}
		(void)usleep((useconds_t)(i * 2500));
		(void)kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		from.offline = true; /* all or nothing */
		(void)fetch(&from, "v1.0.0", "one");
		(void)fetch(&from, "v2.0.0", "two");
		from.offline = false;
		if (i % 6 != 5)
			continue;
		must_fetch(&from, "v2.0.0", "two");
		must_fetch(&from, "v1.0.0", "one");
		sh("cd cache/w-* && git fsck --strict 2>&1 | { ! grep -v '^notice\\|dangling\\|unborn'; } && [ $(ls objects/pack | grep -cv '^pack-') = 0 ]; rm -rf ../../cache");
	}
}

/* Nothing that a server's repository says is executed, and nothing of another one is taken. */
static void test_hostile(void **state)
{
	struct git_upstream from = upstream();

	(void)state;
	sh(server);
	sh("cd w && printf '[uploadpack]\\n\\tpackObjectsHook = touch %s/ran; false\\n[core]\\n\\tfsmonitor = touch %s/ran\\n\\tsshCommand = touch %s/ran\\n' \"$HOME\" \"$HOME\" \"$HOME\" "
	   ">>.git/config && for h in post-checkout reference-transaction pre-receive update; do printf '#!/bin/sh\\ntouch %s/ran\\n' \"$HOME\" >.git/hooks/$h; chmod +x .git/hooks/$h; done");
	must_fetch(&from, "v2.0.0", "two");
	sh("[ ! -e ran ] && [ \"$(find cache -perm /077 ! -type l)\" = '' ]");
	/* moved, and gone */
	sh("cd w && git tag -f v2.0.0 v1.0.0 2>/dev/null >&2");
	assert_int_equal(fetch(&from, "v2.0.0", "two"), 410);
	sh("cd w && git tag -d v2.0.0 >/dev/null");
	assert_int_equal(fetch(&from, "v2.0.0", "two"), 410);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_size), TEST(test_refs), TEST(test_names), TEST(test_time), TEST(test_killed), TEST(test_hostile),
	};

	return no_git() ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
