#ifndef RB_HOST_GIT_FETCH_H
#define RB_HOST_GIT_FETCH_H
/*
 * git_fetch: a remote repository's refs and objects, into a bare cache of ours:
 * CACHE/git/<name>-<digest of the URL>/. Single refs; one writer at a time (a
 * lock file); refs move only after their objects are whole, so an interrupted
 * fetch leaves what was there before, and the next one clears its leavings.
 *
 * The network is spoken to by a child process with limits of time, memory and
 * file size: libgit2 there, or the git program (RUNBOOK_GIT_FETCH=git) for sites
 * whose credentials only that knows. Credentials are never written. Fault 409.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/fault.h"
#include "host/git.h"

struct git_upstream {
	struct str url;          /* of a spec: "https://host/ops/rb" */
	const char *cache;       /* $XDG_CACHE_HOME/runbook/git */
	bool offline;            /* never speak to the server */
	int64_t list_ns, fetch_ns; /* limits of time, also without a byte; 0: 20 s, 10 min, and 30 s without a byte */
	uint64_t bytes_max;      /* received; 0: 1 GiB */
	/* Progress, at most some times a second; may be NULL. total 0: not known. */
	void (*progress)(void *arg, struct str what, uint64_t objects, uint64_t total, uint64_t bytes);
	void *arg;
};

/* How fresh an answer is. */
enum git_fresh { GIT_ASKED /* the server was asked */, GIT_CACHED /* it could not be, or need not */ };

/* Makes `version` (as in git_resolve) and its objects present in the cache and opens it.
 * A commit that is there is not asked for again. For tags and branches the server is
 * asked; when it cannot be reached (or offline) the cache answers, *fresh is GIT_CACHED
 * and *why_cached says why. A tag of the cache that the server has moved is fault 410. */
struct git_repo *git_fetch(struct git *g, struct arena *a, const struct git_upstream *from, struct str version, bool moving,
			   struct git_found *out, enum git_fresh *fresh, struct str *why_cached, struct fault *f);
/* The names of all tags of the server (of the cache: offline). */
bool git_fetch_tags(struct git *g, struct arena *a, const struct git_upstream *from,
		    bool (*each)(void *arg, struct str name, const struct git_id *object), void *arg, struct fault *f);

#endif
