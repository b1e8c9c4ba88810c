#ifndef RB_HOST_GIT_WIRE_H
#define RB_HOST_GIT_WIRE_H
/*
 * git_wire: one conversation with a server, held by a child process that can be
 * ended at any time: libgit2 in a fork of ours, or the git program. Private to
 * git_fetch.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/fault.h"
#include "host/git_state.h"

enum { WIRE_LIST_BYTES = 32 << 20, WIRE_REFS_MAX = 2 };

struct wire {
	struct git *g;
	struct arena *a;
	const char *url;
	const char *gitdir;          /* the bare cache */
	const char *refspecs[WIRE_REFS_MAX]; /* none: list the server's refs */
	int64_t limit_ns;            /* of the whole */
	int64_t stall_ns;            /* without a byte from the child */
	uint64_t bytes_max;
	void (*progress)(void *arg, struct str what, uint64_t objects, uint64_t total, uint64_t bytes);
	void *arg;
};

/* Runs it. True: *list (if not NULL) has lines "HEX\tREF\n", as of `git ls-remote`.
 * False: *why is one printable line. */
bool wire_talk(const struct wire *w, struct buf *list, struct str *why);
/* What the child does: never returns. Results to fd 1, "P objects total bytes" lines and
 * at last one line of why not to fd 2. */
_Noreturn void wire_child(const struct wire *w);

#endif
