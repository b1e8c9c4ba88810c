/*
 * git: repositories made on the spot with the git program; what we read from
 * them must be what git shows. Hostile ones are refused or bounded.
 */
#include "host/git.h"

#include <sys/stat.h>

#include "base/buf.h"
#include "value/spec.h"

#define GIT_SETTINGS "GIT_AUTHOR_DATE='2026-01-01T00:00:00Z' GIT_COMMITTER_DATE='2026-01-01T00:00:00Z'"
#include "git_scratch.h"

/* What a script prints, without the last line break. */
static struct str said(const char *script)
{
	struct str out;

	sh(arena_printf(&arena, "{ %s\n} >said", script).p);
	assert_int_equal(file_read(&arena, arena_printf(&arena, "%s/said", scratch).p, 1 << 20, &out), 0);
	return arena_str(&arena, out.p, out.n && out.p[out.n - 1] == '\n' ? out.n - 1 : out.n);
}

static struct git_repo *open_at(const char *folder)
{
	struct git_place place;

	fault = (struct fault){ 0 };
	if (!git_at(&arena, arena_printf(&arena, "%s/%s", scratch, folder).p, &place, &fault))
		return NULL;
	return git_open(git, &arena, &place, STR("the repository"), &fault);
}

static struct git_repo *must_open(const char *folder)
{
	struct git_repo *r = open_at(folder);

	if (!r)
		fail_msg("%s: " STR_FMT, folder, STR_ARG(fault.text));
	return r;
}

/* Resolves and reads; the code of the fault, 0: it went. */
static int get(struct git_repo *r, const char *version, bool moving, const char *path, struct git_found *found, struct git_entry *file)
{
	fault = (struct fault){ 0 };
	*found = (struct git_found){ 0 };
	*file = (struct git_entry){ 0 };
	if (!git_resolve(r, &arena, str_of(version), moving, found, &fault) ||
	    !git_read(r, &arena, &found->tree, str_of(path), GIT_RUNBOOK_MAX, file, &fault))
		assert_true(fault.code > 0 && fault.text.n > 0);
	return fault.code;
}

static void refused(struct git_repo *r, int code, const char *version, const char *path, const char *says)
{
	struct git_found found;
	struct git_entry file;
	int got = get(r, version, false, path, &found, &file);

	if (got != code || str_find(fault.text, str_of(says)) < 0)
		fail_msg("%s %s: fault %d: " STR_FMT " (" STR_FMT ")", version, path, got, STR_ARG(fault.text), STR_ARG(fault.help));
}

static const char basic[] =
	"git init -q -b main w && cd w && mkdir -p kis\n"
	"echo one >deploy.yml && echo kis >kis/deploy.yml && printf '#!/bin/sh\\n' >kis/go.sh && chmod +x kis/go.sh\n"
	"git add -A && git commit -qm one && git tag v1.4.0 && git tag kis/v1.4.9\n"
	"echo two >deploy.yml && git commit -qam two && git tag -a v1.4.10 -m ten && git tag v1.5.0-rc.1\n"
	"echo three >deploy.yml && git commit -qam three && git -c advice.nestedTag=false tag -a -m nested nested v1.4.10 && git branch side\n";

static void test_forms(void **state)
{
	static const struct { const char *version, *rev, *tag; bool moving; } cases[] = {
		{ "v1.4.0", "v1.4.0", "v1.4.0", false }, { "1.4.0", "v1.4.0", "v1.4.0", false }, { "1.4", "v1.4.10", "v1.4.10", false },
		{ "v1.4", "v1.4.10", "v1.4.10", false }, { "1", "v1.4.10", "v1.4.10", false }, { "kis/1.4", "kis/v1.4.9", "kis/v1.4.9", false },
		{ "v1.5.0-rc.1", "v1.5.0-rc.1", "v1.5.0-rc.1", false }, { "nested", "nested", "nested", false }, { "main", "main", "", true },
		{ "side", "side", "", true },
	};
	static const char *const places[] = { "w", "b.git", "packed.git", "linked", "w/.git" };

	(void)state;
	sh(basic);
	sh("git clone -q --bare w b.git && git clone -q --bare w packed.git && git -C packed.git gc -q && git -C packed.git pack-refs --all");
	sh("git -C w worktree add -q ../linked v1.4.0");
	for (size_t p = 0; p < sizeof(places) / sizeof(*places); p++) {
		struct git_repo *r = must_open(places[p]);

		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			struct git_found found;
			struct git_entry file;
			const char *rev = cases[i].rev;

			if (get(r, cases[i].version, cases[i].moving, "deploy.yml", &found, &file))
				fail_msg("%s in %s: " STR_FMT, cases[i].version, places[p], STR_ARG(fault.text));
			assert_true(str_eq(str_of(found.commit.hex), said(arena_printf(&arena, "git -C w rev-parse '%s^{commit}'", rev).p)));
			assert_true(str_eq(str_of(found.tree.hex), said(arena_printf(&arena, "git -C w rev-parse '%s^{tree}'", rev).p)));
			assert_true(str_eq(str_of(file.id.hex), said(arena_printf(&arena, "git -C w rev-parse '%s:deploy.yml'", rev).p)));
			assert_true(str_eq(str_trim(file.bytes), said(arena_printf(&arena, "git -C w show '%s:deploy.yml'", rev).p)));
			assert_true(str_eqz(found.tag, cases[i].tag));
			if (strcmp(rev, "nested") == 0 || strcmp(rev, "v1.4.10") == 0)
				assert_true(str_eq(str_of(found.tag_object.hex), said(arena_printf(&arena, "git -C w rev-parse '%s'", rev).p)));
			else
				assert_string_equal(found.tag_object.hex, "");
			assert_true(str_eqz(found.branch, cases[i].moving ? cases[i].version : ""));
		}
		git_close(r);
	}
}

static void test_commit_and_mode(void **state)
{
	struct git_found found;
	struct git_entry file;
	struct git_repo *r;
	struct str id;

	(void)state;
	sh(basic);
	r = must_open("w");
	id = said("git -C w rev-parse v1.4.0");
	assert_int_equal(get(r, id.p, false, "kis/go.sh", &found, &file), 0);
	assert_int_equal(file.mode, GIT_PROGRAM);
	assert_int_equal(found.tag.n, 0);
	assert_true(git_head(r, &arena, &found, &fault));
	assert_true(str_eq(str_of(found.commit.hex), said("git -C w rev-parse HEAD")));
	assert_true(git_stat(r, &arena, &found.tree, STR("deploy.yml"), &file, &fault));
	assert_int_equal(file.mode, GIT_FILE);
	assert_string_equal(git_bytes_id(STR("three\n")).hex, file.id.hex);
	/* a blob's or a tree's id is no commit; nor is the id of nothing */
	refused(r, 402, said("git -C w rev-parse HEAD^{tree}").p, "deploy.yml", "not a commit");
	refused(r, 402, "1111111111111111111111111111111111111111", "deploy.yml", "is not in");
	refused(r, 402, "1111111111111111111111111111111111111111111111111111111111111111", "deploy.yml", "SHA-256");
	git_close(r);
}

static void test_not_there(void **state)
{
	struct git_repo *r;

	(void)state;
	sh(basic);
	sh("cd w && git tag 1.4.10 v1.4.0 && git tag file HEAD:deploy.yml");
	r = must_open("w");
	refused(r, 402, "v9", "deploy.yml", "no tag `v9`");
	refused(r, 402, "v1.4.1", "deploy.yml", "no tag");
	assert_true(str_find(fault.help, STR("v1.4.")) >= 0);
	refused(r, 402, "abcdef1", "deploy.yml", "no tag");
	assert_true(str_find(fault.help, STR("40 digits")) >= 0);
	refused(r, 403, "main", "deploy.yml", "branch");
	refused(r, 414, "1.4", "deploy.yml", "different commits");
	refused(r, 402, "file", "deploy.yml", "does not name a commit");
	refused(r, 405, "v1.4.0", "kis/none.yml", "no `kis/none.yml`");
	refused(r, 405, "v1.4.0", "Deploy.yml", "no `Deploy.yml`");
	refused(r, 406, "v1.4.0", "kis", "is a folder");
	refused(r, 406, "v1.4.0", "deploy.yml/x", "no plain file");
	git_close(r);
	assert_null(open_at("none"));
	assert_int_equal(fault.code, 408);
	sh("mkdir plain");
	assert_null(open_at("plain"));
}

/* Trees that no git program would make, written with hash-object. */
static void test_hostile_trees(void **state)
{
	struct git_found found;
	struct git_entry file;
	struct git_repo *r;

	(void)state;
	sh("git init -q h && cd h && blob=$(echo bytes | git hash-object -w --stdin)\n"
	   "raw() { for h in $(echo $1 | sed 's/../& /g'); do printf \"\\\\$(printf %03o 0x$h)\"; done; }\n"
	   "tag() { git tag \"$1\" $(git commit-tree -m x \"$2\"); }\n"
	   "mk() { git hash-object -w -t tree --literally --stdin; }\n"
	   "tag link $(printf '120000 blob %s\\tdeploy.yml\\n' $blob | git mktree)\n"
	   "tag linkdir $(printf '120000 blob %s\\tkis\\n' $blob | git mktree)\n"
	   "tag sub $(printf '160000 commit %s\\tkis\\n' 1111111111111111111111111111111111111111 | git mktree --missing)\n"
	   "tag twice $({ printf '100644 d.yml\\0'; raw $blob; printf '100755 d.yml\\0'; raw $blob; } | mk)\n"
	   "tag dots $({ printf '100644 ..\\0'; raw $blob; printf '100644 d.yml\\0'; raw $blob; } | mk)\n"
	   "tag control $({ printf '100644 a\\033b\\0'; raw $blob; } | mk)\n"
	   "tag dotgit $({ printf '100644 .Git\\0'; raw $blob; } | mk)\n"
	   "tag slash $({ printf '100644 a/b\\0'; raw $blob; } | mk)\n"
	   "tag cut $({ printf '100644 a\\0'; printf abc; } | mk)\n"
	   "tag mode $({ printf '1006449 a\\0'; raw $blob; } | mk)\n"
	   "tag device $({ printf '060000 a\\0'; raw $blob; } | mk)\n"
	   "tag case $(printf '100644 blob %s\\tA\\n100644 blob %s\\ta\\n' $blob $blob | git mktree)\n"
	   "empty=$(printf '100644 blob %s\\tx\\n' $blob | git mktree)\n"
	   "t=$empty; for i in 1 2 3 4 5 6 7 8; do\n"
	   " for n in 0 1 2 3 4 5 6 7 8 9; do printf '040000 tree %s\\td%s\\n' $t $n; done >l; t=$(git mktree <l); done; tag bomb $t\n"
	   "t=$empty; i=0; while [ $i -lt 40 ]; do t=$(printf '040000 tree %s\\td\\n' $t | git mktree); i=$((i + 1)); done; tag deep $t\n");
	r = must_open("h");
	refused(r, 406, "link", "deploy.yml", "symbolic link");
	refused(r, 406, "linkdir", "kis/x", "symbolic link");
	refused(r, 406, "sub", "kis/x", "submodule");
	refused(r, 406, "sub", "kis", "submodule");
	refused(r, 408, "twice", "d.yml", "malformed");
	refused(r, 401, "dots", "..", "path");
	refused(r, 401, "dots", "../etc/passwd", "path");
	refused(r, 405, "slash", "a/b", "no `a/b`");
	refused(r, 408, "cut", "a", "malformed");
	refused(r, 408, "mode", "a", "malformed");
	refused(r, 406, "device", "a", "no plain file");
	assert_int_equal(get(r, "dots", false, "d.yml", &found, &file), 0); /* what else is there does no harm */
	git_close(r);
}

struct listed { int count; struct buf names; };

static bool put_name(void *arg, struct str path, const struct git_entry *entry)
{
	struct listed *l = arg;

	l->count++;
	buf_printf(&l->names, STR_FMT "%s ", STR_ARG(path), entry->mode == GIT_PROGRAM ? "*" : "");
	return true;
}

static int list(struct git_repo *r, const char *version, const char *path, struct listed *l)
{
	struct git_found found;

	fault = (struct fault){ 0 };
	buf_clear(&l->names);
	l->count = 0;
	if (git_resolve(r, &arena, str_of(version), false, &found, &fault))
		(void)git_list(r, &arena, &found.tree, str_of(path), put_name, l, &fault);
	return fault.code;
}

static void test_lists(void **state)
{
	struct listed l = { 0 };
	struct git_repo *r;

	(void)state;
	buf_init(&l.names, 1 << 20);
	sh(basic);
	r = must_open("w");
	assert_int_equal(list(r, "v1.4.0", "", &l), 0);
	assert_true(str_eqz(buf_str(&l.names), "deploy.yml kis/deploy.yml kis/go.sh* "));
	assert_int_equal(list(r, "v1.4.0", "kis", &l), 0);
	assert_true(str_eqz(buf_str(&l.names), "kis/deploy.yml kis/go.sh* "));
	assert_int_equal(list(r, "v1.4.0", "deploy.yml", &l), 406);
	git_close(r);
	test_hostile_trees(state);
	r = must_open("h");
	assert_int_equal(list(r, "dots", "", &l), 406);
	assert_int_equal(list(r, "control", "", &l), 406);
	assert_int_equal(list(r, "dotgit", "", &l), 406);
	assert_int_equal(list(r, "link", "", &l), 406);
	assert_int_equal(list(r, "sub", "", &l), 406);
	assert_int_equal(list(r, "case", "", &l), 406);
	assert_int_equal(list(r, "twice", "", &l), 406);
	assert_int_equal(list(r, "slash", "", &l), 406);
	assert_int_equal(list(r, "bomb", "", &l), 407); /* 10^8 files in 9 objects */
	assert_true(l.count <= GIT_LIST_MAX);
	assert_int_equal(list(r, "deep", "", &l), 406);
	git_close(r);
	buf_release(&l.names);
}

static void test_sizes(void **state)
{
	struct git_found found;
	struct git_entry file;
	struct git_repo *r;

	(void)state;
	sh("git init -q s && cd s && head -c 1048576 /dev/zero >edge && head -c 1048577 /dev/zero >over && head -c 300000000 /dev/zero >huge\n"
	   "git add -A && git commit -qm x && git tag v1 && git gc -q\n"
	   "b=$(git rev-parse HEAD:edge); i=0; while [ $i -lt 70000 ]; do printf '100644 blob %s\\t%060d\\n' $b $i; i=$((i + 1)); done | git mktree >t\n"
	   "git tag wide $(git commit-tree -m x $(cat t))");
	r = must_open("s");
	assert_int_equal(get(r, "v1", false, "edge", &found, &file), 0);
	assert_int_equal(file.bytes.n, GIT_RUNBOOK_MAX);
	refused(r, 407, "v1", "over", "1048577 bytes");
	refused(r, 407, "v1", "huge", "300000000 bytes");
	refused(r, 407, "wide", "x", "bytes");
	git_close(r);
}

static void test_hostile_repositories(void **state)
{
	struct git_found found;
	struct git_entry file;
	struct git_repo *r;

	(void)state;
	sh(basic);
	/* a configuration that would include, redirect and run */
	sh("cp -r w c && cd c && printf '[core]\\n\\tworktree = /\\n\\tfsmonitor = touch %s/ran\\n\\thooksPath = /x\\n\\tbare = maybe\\n[include]\\n\\tpath = "
	   "/dev/zero\\n[filter \"x\"]\\n\\tsmudge = touch ran\\n[broken' \"$HOME\" >.git/config && echo '* filter=x' >.git/info/attributes");
	r = must_open("c");
	assert_int_equal(get(r, "v1.4.0", false, "deploy.yml", &found, &file), 0);
	assert_true(str_eqz(file.bytes, "one\n"));
	git_close(r);
	assert_int_not_equal(access(arena_printf(&arena, "%s/ran", scratch).p, F_OK), 0);
	/* objects of somebody else */
	sh("git clone -q --shared --bare w borrowed.git");
	r = must_open("borrowed.git");
	refused(r, 408, "v1.4.0", "deploy.yml", "is not there");
	git_close(r);
	/* an object whose bytes are not those of its name; refs that are no ids, lead elsewhere or never end */
	sh("git clone -q --bare w d.git && cd d.git && b=$(git rev-parse v1.4.0:deploy.yml) && o=objects/$(echo $b | sed 's,..,&/,') &&\n"
	   "n=$(git hash-object -w --stdin <HEAD) && rm -f $o && cp objects/$(echo $n | sed 's,..,&/,') $o\n"
	   "mkdir -p refs/tags && echo garbage >refs/tags/garbage && echo 'ref: refs/heads/main' >refs/tags/symbolic && mkfifo refs/tags/pipe\n"
	   "ln -s /etc/passwd refs/tags/link && git tag -d nested >/dev/null");
	r = must_open("d.git");
	refused(r, 408, "v1.4.0", "deploy.yml", "damaged");
	refused(r, 408, "garbage", "deploy.yml", "cannot be read");
	refused(r, 408, "symbolic", "deploy.yml", "another ref");
	refused(r, 408, "pipe", "deploy.yml", "no plain file");
	refused(r, 408, "link", "deploy.yml", "no plain file");
	git_close(r);
	/* formats that cannot be read */
	sh("git init -q --object-format=sha256 s256 && cp -r w rt && git -C rt config extensions.refStorage reftable\n"
	   "cp -r w pipes && rm pipes/.git/HEAD && mkfifo pipes/.git/HEAD");
	assert_null(open_at("s256"));
	assert_true(fault.code == 408 && str_find(fault.text, STR("SHA-256")) >= 0);
	assert_null(open_at("rt"));
	assert_true(fault.code == 408 && str_find(fault.text, STR("reftable")) >= 0);
	assert_null(open_at("pipes"));
	assert_int_equal(fault.code, 408);
}

/* Objects that a power loss has cut off, and a pipe in the place of one: libgit2 would wait for ever. */
static void test_cut_objects(void **state)
{
	struct git_repo *r;
	int size;

	(void)state;
	sh(basic);
	sh("cp -r w cut && cd cut && for what in deploy.yml kis; do o=.git/objects/$(git rev-parse v1.4.0:$what | sed 's,..,&/,')\n"
	   "chmod u+w $o && cp $o ../whole-$what && ln -s $PWD/$o ../cut-$what; done");
	size = atoi(said("cat whole-deploy.yml | wc -c").p);
	assert_in_range(size, 15, 100);
	for (int n = 0; n < size; n++) {
		sh(arena_printf(&arena, "head -c %d whole-deploy.yml >$(readlink cut-deploy.yml)", n).p);
		r = must_open("cut");
		refused(r, 408, "v1.4.0", "deploy.yml", "damaged");
		git_close(r);
	}
	sh("cat whole-deploy.yml >$(readlink cut-deploy.yml) && head -c 20 whole-kis >$(readlink cut-kis)");
	r = must_open("cut");
	refused(r, 408, "v1.4.0", "kis/deploy.yml", "damaged");
	git_close(r);
	sh("o=$(readlink cut-kis) && rm $o && mkfifo $o");
	r = must_open("cut");
	refused(r, 408, "v1.4.0", "kis/deploy.yml", "damaged");
	refused(r, 402, said("git -C cut rev-parse v1.4.0:kis").p, "deploy.yml", "");
	git_close(r);
}

static void test_nested_tags(void **state)
{
	struct git_repo *r;

	(void)state;
	sh("git init -q n && cd n && git commit -q --allow-empty -m x && git tag -a -m x t0 && i=0\n"
	   "while [ $i -lt 9 ]; do git tag -a -m x t$((i + 1)) t$i 2>/dev/null; i=$((i + 1)); done");
	r = must_open("n");
	refused(r, 405, "t7", "x", "no `x`");
	refused(r, 408, "t9", "x", "deep");
	git_close(r);
}

static void test_discover(void **state)
{
	struct git_place place;
	char *real = realpath(scratch, NULL);

	(void)state;
	sh(basic);
	sh("git clone -q --bare w b.git && git -C w worktree add -q ../linked v1.4.0 && mkdir -p w/a/b none && mkdir broken && echo 'gitdir: /nowhere' >broken/.git");
	fault = (struct fault){ 0 };
	assert_true(git_discover(&arena, arena_printf(&arena, "%s/w/a/b", real).p, &place, &fault));
	assert_true(str_eq(place.root, arena_printf(&arena, "%s/w", real)) && !place.bare);
	assert_true(git_discover(&arena, arena_printf(&arena, "%s/linked/kis", real).p, &place, &fault));
	assert_true(str_eq(place.root, arena_printf(&arena, "%s/linked", real)));
	assert_true(str_eq(place.common, arena_printf(&arena, "%s/w/.git", real)));
	assert_true(git_discover(&arena, arena_printf(&arena, "%s/b.git", real).p, &place, &fault) && place.bare);
	assert_false(git_discover(&arena, arena_printf(&arena, "%s/none", real).p, &place, &fault));
	assert_false(git_discover(&arena, arena_printf(&arena, "%s/broken", real).p, &place, &fault));
	assert_int_equal(fault.code, 0);
	if (!geteuid()) { /* somebody else's, as /tmp/.git may be */
		sh("chown 65534 w/.git");
		assert_false(git_discover(&arena, arena_printf(&arena, "%s/w/a", real).p, &place, &fault));
		assert_true(fault.code == 408 && str_find(fault.text, STR("somebody else")) >= 0);
	}
	free(real);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_forms), TEST(test_commit_and_mode), TEST(test_not_there), TEST(test_hostile_trees), TEST(test_lists),
		TEST(test_sizes), TEST(test_hostile_repositories), TEST(test_cut_objects), TEST(test_nested_tags), TEST(test_discover),
	};

	return no_git() ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
