#ifndef RB_TESTS_UNIT_GIT_SCRATCH_H
#define RB_TESTS_UNIT_GIT_SCRATCH_H
/*
 * git_scratch: what the tests of repositories share: a folder for each test, scripts that
 * make repositories in it with the git program, and libgit2. GIT_SETTINGS, defined before,
 * is more of the scripts' environment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "host/git.h"

static char *scratch;
static struct arena arena;
static struct git *git;
static struct fault fault;

/* A shell script in the scratch folder, with an environment of its own. */
static void sh(const char *script)
{
	struct str line = arena_printf(&arena,
		"cd '%s' && export HOME=\"$PWD\" GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@x GIT_COMMITTER_NAME=a "
		"GIT_COMMITTER_EMAIL=a@x " GIT_SETTINGS " && set -eu\n%s", scratch, script);
	int status = system(line.p);

	if (status)
		fail_msg("the script ended with %d:\n%s", status, script);
}

static int begin(void **state)
{
	static char pattern[256];
	const char *tmp = getenv("TMPDIR");

	(void)state;
	(void)unsetenv("RUNBOOK_GIT_FETCH");
	(void)snprintf(pattern, sizeof(pattern), "%s/rb-git-XXXXXX", tmp ? tmp : "/tmp");
	scratch = mkdtemp(pattern);
	arena_init(&arena);
	fault = (struct fault){ 0 };
	git = git_load(&arena, &fault);
	if (!git)
		print_error(STR_FMT "\n", STR_ARG(fault.text));
	return scratch && git ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	git_unload(git);
	arena_release(&arena);
	return file_remove_tree(scratch);
}

/* Without git there is nothing to compare with. */
static bool no_git(void)
{
	if (!system("git --version >/dev/null 2>&1"))
		return false;
	print_message("1..0 # SKIP no git here\n");
	return true;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

#endif
