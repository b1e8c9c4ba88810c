#ifndef RB_HOST_PROGRAM_H
#define RB_HOST_PROGRAM_H
/*
 * program: runs one program to its end, outside of a run: no step, no journal.
 * For the programs that fetch a secret or check a signature.
 */
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/str.h"

struct arena;

struct program_call {
	const char *const *argv, *const *envp; /* NULL-terminated */
	const char *dir;         /* or NULL */
	struct str input;        /* standard input; p NULL: none */
	int64_t timeout;         /* ns */
};

/* Appends its standard output to out, which the caller has made with buf_init(). Empty if it
 * exited with 0, else one sentence: why it did not start, how it ended, its last line. */
struct str program_run(struct arena *a, const struct program_call *call, struct buf *out);

#endif
