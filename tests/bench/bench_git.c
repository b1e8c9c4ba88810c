/*
 * bench_git: REPOSITORY TAG PATH: from a tag to the bytes of a file, warm: ours
 * (git_resolve, git_read) beside bare libgit2 (reference, peeled, entry by path,
 * blob). Prints "resolve US floor US ratio R"; the target is 30 us.
 */
#include <stdio.h>
#include <time.h>

#include "base/arena.h"
#include "host/git_state.h"

enum { ROUNDS = 7, TIMES = 2000 };

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* no waiting is in it */
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static size_t bare(git_repository *repo, const char *ref, const char *path)
{
	git_reference *r;
	git_object *commit;
	git_tree *tree;
	git_tree_entry *entry;
	git_blob *blob;
	size_t n;

	if (git_reference_lookup(&r, repo, ref) || git_reference_peel(&commit, r, GIT_OBJECT_COMMIT) ||
	    git_commit_tree(&tree, (git_commit *)commit) || git_tree_entry_bypath(&entry, tree, path) ||
	    git_blob_lookup(&blob, repo, git_tree_entry_id(entry)))
		return 0;
	n = (size_t)git_blob_rawsize(blob);
	git_blob_free(blob);
	git_tree_entry_free(entry);
	git_tree_free(tree);
	git_object_free(commit);
	git_reference_free(r);
	return n;
}

static size_t ours(struct git_repo *r, struct arena *a, const char *tag, const char *path)
{
	struct git_found found;
	struct git_entry file;
	struct fault f = { 0 };

	arena_reset(a);
	if (!git_resolve(r, a, str_of(tag), false, &found, &f) || !git_read(r, a, &found.tree, str_of(path), GIT_RUNBOOK_MAX, &file, &f))
		return 0;
	return file.bytes.n;
}

int main(int argc, char **argv)
{
	double best[2] = { 1e9, 1e9 };
	git_repository *repo;
	struct arena kept, a;
	struct git_place place;
	struct fault f = { 0 };
	struct git *g;
	struct git_repo *r;
	char ref[256];

	arena_init(&kept);
	arena_init(&a);
	g = git_load(&kept, &f);
	if (argc != 4 || !g || !git_at(&kept, argv[1], &place, &f) || !(r = git_open(g, &kept, &place, STR("it"), &f)) ||
	    git_repository_open_bare(&repo, place.gitdir.p))
		return 1;
	(void)snprintf(ref, sizeof(ref), "refs/tags/%s", argv[2]);
	for (int round = 0; round < 2 * ROUNDS; round++) {
		double t = now_us();

		for (int i = 0; i < TIMES; i++)
			if (!(round % 2 ? ours(r, &a, argv[2], argv[3]) : bare(repo, ref, argv[3])))
				return 1;
		t = (now_us() - t) / TIMES;
		best[round % 2] = t < best[round % 2] ? t : best[round % 2];
	}
	printf("resolve %.1f us floor %.1f us ratio %.2f\n", best[1], best[0], best[1] / best[0]);
	return 0;
}
