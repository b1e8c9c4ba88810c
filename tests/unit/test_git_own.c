/*
 * git_own: HEAD, trees and files as we read them must be what libgit2 and git
 * read, in every form of a repository; or nothing, where libgit2 has to be asked.
 * Damaged bytes must never come out.
 */
#include "host/git.h"

#include "host/sha1.h"

#define GIT_SETTINGS "GIT_NO_REPLACE_OBJECTS=1"
#include "git_scratch.h"

static struct str whole(const char *name)
{
	struct str out;

	assert_int_equal(file_read(&arena, arena_printf(&arena, "%s/%s", scratch, name).p, 64 << 20, &out), 0);
	return out;
}

/* Lines "HEX PATH" of all files of HEAD. */
static struct str list_of(const char *folder)
{
	sh(arena_printf(&arena, "git -C '%s' ls-tree -r HEAD | sed 's/^[0-9]* blob \\([0-9a-f]*\\)\\t/\\1 /' >list", folder).p);
	return whole("list");
}

enum answer { NO, SAME };

/* Every file and one that is not there, by both readers. The answer of ours; never a wrong one. */
static enum answer compare(const char *folder)
{
	struct git_place place;
	struct fault f = { 0 };
	struct git_repo *ours, *theirs;
	struct git_found a, b;
	struct str list;
	enum answer got = SAME;

	if (!git_discover(&arena, arena_printf(&arena, "%s/%s", scratch, folder).p, &place, &f))
		fail_msg("%s: " STR_FMT, folder, STR_ARG(f.text));
	ours = git_open_own(&arena, &place, STR("ours"));
	if (!ours || !git_head(ours, &arena, &a, &f)) {
		git_close(ours);
		return NO;
	}
	list = list_of(folder);
	f = (struct fault){ 0 };
	theirs = git_open(git, &arena, &place, STR("theirs"), &f);
	if (!theirs || !git_head(theirs, &arena, &b, &f))
		fail_msg("%s: " STR_FMT, folder, STR_ARG(f.text));
	assert_string_equal(a.commit.hex, b.commit.hex);
	assert_string_equal(a.tree.hex, b.tree.hex);
	for (size_t at = 0; at < list.n;) {
		struct str line = str_slice(list, at, list.n), path;
		struct git_entry x, y;
		struct fault fx = { 0 }, fy = { 0 };
		bool ox, oy;

		line = str_slice(line, 0, (size_t)str_find(line, STR("\n")));
		at += line.n + 1;
		path = str_slice(line, 41, line.n);
		ox = git_read(ours, &arena, &a.tree, path, GIT_FILE_MAX, &x, &fx);
		oy = git_read(theirs, &arena, &b.tree, path, GIT_FILE_MAX, &y, &fy);
		if (!ox && fx.code != 405 && fx.code != 406) {
			got = NO;
			continue;
		}
		if (ox != oy)
			fail_msg("%s: " STR_FMT ": ours %d " STR_FMT ", theirs %d " STR_FMT, folder, STR_ARG(path), ox, STR_ARG(fx.text), oy, STR_ARG(fy.text));
		if (!ox) {
			assert_int_equal(fx.code, fy.code);
			continue;
		}
		assert_string_equal(x.id.hex, y.id.hex);
		assert_int_equal(x.mode, y.mode);
		assert_true(str_eq(x.bytes, y.bytes));
		assert_memory_equal(x.id.hex, line.p, 40);
		assert_string_equal(git_bytes_id(x.bytes).hex, x.id.hex);
	}
	for (int i = 0; i < 2; i++) {
		struct git_entry none;
		struct fault fx = { 0 };

		assert_false(git_stat(i ? theirs : ours, &arena, &a.tree, STR("none/of.yml"), &none, &fx));
		assert_true(fx.code == 405 || (!i && fx.code == 408));
	}
	git_close(ours);
	git_close(theirs);
	return got;
}

/* A history whose packs have long chains of differences. */
static const char history[] =
	"git init -q -b main w && cd w && mkdir -p ops/deep/er lib\n"
	"seq 4000 >ops/big.txt && head -c 200000 /dev/urandom >lib/noise && : >lib/empty\n"
	"printf '#!/bin/sh\\n' >ops/go.sh && chmod +x ops/go.sh && ln -s go.sh ops/link\n"
	"for n in $(seq 30); do sed -i \"$((n * 7))s/.*/changed $n/\" ops/big.txt; echo $n >ops/deep/er/$n.yml\n"
	"printf '%s\\n' \"runbook: 1 # $n\" >deploy.yml; git add -A; git commit -qm $n; done\n";

static void test_forms(void **state)
{
	static const struct { const char *make, *folder; enum answer want; } cases[] = {
		{ "", "w", SAME },
		{ "git clone -q w detached && git -C detached checkout -q HEAD~3", "detached", SAME },
		{ "git clone -q w packed && git -C packed gc -q", "packed", SAME },
		{ "git clone -q w mixed && git -C mixed gc -q && cd mixed && echo new >deploy.yml && git commit -qam new", "mixed", SAME },
		{ "git clone -q w two && cd two && git gc -q && echo x >lib/x && git add -A && git commit -qm x && git repack -q", "two", SAME },
		{ "git clone -q w refdelta && cd refdelta && git -c repack.useDeltaBaseOffset=false repack -qadf", "refdelta", SAME },
		{ "git clone -q w midx && cd midx && git gc -q && git multi-pack-index write", "midx", SAME },
		{ "git -C w worktree add -q ../tree HEAD~5", "tree", SAME },
		{ "git -C w worktree add -q -b side ../branch HEAD~4", "branch", SAME },
		{ "git clone -q w slash && git -C slash checkout -q -b a/b/c && git -C slash pack-refs --all", "slash", SAME },
		{ "git clone -q w staged && cd staged && echo other >deploy.yml && git add deploy.yml", "staged", SAME },
		{ "git clone -q w v4 && cd v4 && git update-index --index-version 4 && git rm -q --cached lib/empty", "v4", SAME },
		{ "git clone -q w noindex && rm noindex/.git/index", "noindex", SAME },
		{ "git clone -q --depth 1 file://$PWD/w shallow", "shallow", SAME },
		{ "git clone -q w replaced && cd replaced && git replace HEAD HEAD~2", "replaced", SAME },
		{ "git clone -q w level0 && cd level0 && git -c core.compression=0 -c pack.compression=0 repack -qadF", "level0", SAME },
		{ "git clone -q w loose0 && cd loose0 && git config core.compression 0 && echo y >deploy.yml && git commit -qam y", "loose0", SAME },
		{ "git clone -q w ops && cd ops && mkdir -p x && git mv ops x/ops && git commit -qm moved", "ops/x/ops/deep", SAME },
		/* what is left to libgit2 */
		{ "git clone -q w idx1 && cd idx1 && git -c pack.indexVersion=1 repack -qadf", "idx1", NO },
		{ "git clone -q -s w borrows", "borrows", NO },
		{ "git clone -q w unborn && git -C unborn checkout -q --orphan none", "unborn", NO },
		{ "git clone -q w symref && cd symref && git symbolic-ref refs/heads/alias refs/heads/main && git symbolic-ref HEAD refs/heads/alias", "symref", NO },
		{ "git init -q --object-format=sha256 sha256 && cd sha256 && echo x >f && git add f && git commit -qm x", "sha256", NO },
	};

	(void)state;
	sh(history);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum answer got;

		sh(cases[i].make);
		got = compare(cases[i].folder);
		if (got != cases[i].want)
			fail_msg("%s: %s", cases[i].folder, got == NO ? "not read" : "read, and should not have been");
	}
	/* they are what they should be */
	sh("for n in packed refdelta; do (cd $n && git count-objects -v | grep -q '^count: 0' && git verify-pack -v .git/objects/pack/*.idx | grep -q 'chain length = [5-9]'); done");
}

/* Chains that are longer than we go: no, or the same. */
static void test_long_chains(void **state)
{
	(void)state;
	sh("git init -q -b main w && cd w && seq 9000 >big && n=0 && while [ $n -lt 120 ]; do n=$((n + 1)); sed -i \"${n}s/.*/a $n/\" big; git add big; git commit -qm $n; done\n"
	   "git -c pack.depth=4000 -c pack.window=200 repack -qadf --depth=4000 --window=200");
	(void)compare("w");
	sh("cd w && for n in 20 60 110; do git checkout -q main~$n; git symbolic-ref -q HEAD || :; cp -r . ../at$n; done");
	(void)compare("at20");
	(void)compare("at60");
	(void)compare("at110");
}

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* One byte of one file of the repository is another one. */
static void test_damage(void **state)
{
	static const char *const forms[] = { "loose", "packed" };
	uint32_t seed = 12345, yes = 0;

	(void)state;
	sh("git init -q -b main loose && cd loose && for n in 1 2 3; do seq $((n * 90)) >f; echo $n >g; git add -A; git commit -qm $n; done\n"
	   "cd .. && git clone -q loose packed && git -C packed gc -q && cp -r loose loose.good && cp -r packed packed.good");
	for (size_t k = 0; k < 2; k++) {
		struct str names;

		sh(arena_printf(&arena, "find %s/.git/objects %s/.git/HEAD -type f >names", forms[k], forms[k]).p);
		names = whole("names");
		for (int i = 0; i < 150; i++) {
			size_t at = next(&seed) % names.n, end;
			struct str name, was;
			char *changed;

			while (at && names.p[at - 1] != '\n')
				at--;
			for (end = at; names.p[end] != '\n'; end++)
				;
			name = arena_str(&arena, names.p + at, end - at);
			was = whole(name.p);
			if (!was.n)
				continue;
			changed = (char *)arena_str(&arena, was.p, was.n).p;
			changed[next(&seed) % was.n] ^= (char)(1 << next(&seed) % 8);
			if (i % 5 == 0)
				was.n = next(&seed) % was.n; /* and cut off */
			const char *path = arena_printf(&arena, "%s/%s", scratch, name.p).p;
			struct git_place place;
			struct fault f = { 0 };
			struct git_repo *ours;
			struct git_found found;
			struct git_entry e;

			assert_int_equal(file_write_atomic(path, (struct str){ changed, was.n }, 0600, 0), 0);
			assert_true(git_discover(&arena, arena_printf(&arena, "%s/%s", scratch, forms[k]).p, &place, &f));
			ours = git_open_own(&arena, &place, STR("ours"));
			if (ours && git_head(ours, &arena, &found, &f) && git_read(ours, &arena, &found.tree, STR("f"), GIT_FILE_MAX, &e, &f)) {
				yes++;
				assert_string_equal(git_bytes_id(e.bytes).hex, e.id.hex);
			}
			git_close(ours);
			sh(arena_printf(&arena, "cp '%s.good%s' '%s'", forms[k], name.p + strlen(forms[k]), name.p).p);
		}
	}
	assert_true(yes > 20); /* of bytes that are not part of what was read */
}

static void test_sha1(void **state)
{
	static char a[1000000];
	struct sha1 s;
	char hex[41];

	(void)state;
	sha1_init(&s);
	sha1_hex(&s, hex);
	assert_string_equal(hex, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	sha1_init(&s);
	sha1_add(&s, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56);
	sha1_hex(&s, hex);
	assert_string_equal(hex, "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
	memset(a, 'a', sizeof(a));
	for (size_t piece = 1; piece < 300; piece += 37) {
		sha1_init(&s);
		for (size_t at = 0; at < sizeof(a); at += piece)
			sha1_add(&s, a + at, sizeof(a) - at < piece ? sizeof(a) - at : piece);
		sha1_hex(&s, hex);
		assert_string_equal(hex, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sha1), TEST(test_forms), TEST(test_long_chains), TEST(test_damage),
	};

	return no_git() ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
