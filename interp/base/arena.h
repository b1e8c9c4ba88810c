#ifndef RB_BASE_ARENA_H
#define RB_BASE_ARENA_H
/*
 * Arena: memory with one owner and one end. Everything of a load (nodes, AST,
 * program) lives in one arena; each evaluation has one of its own. Allocation
 * never fails (see mem.h); freeing is only whole.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/str.h"

struct arena_chunk;
struct arena {
	struct arena_chunk *head; /* newest chunk, NULL when empty */
	char *at, *end;           /* free part of the newest chunk */
	size_t used;              /* bytes handed out since init/reset */
	bool large;               /* see arena_expect() */
};

void arena_init(struct arena *a);
/* Frees all chunks; the arena is as after arena_init(). */
void arena_release(struct arena *a);
/* Forgets all contents, keeps the first chunk for reuse. */
void arena_reset(struct arena *a);
/* The contents will come to about n bytes: if that is much, small chunks are left out. */
void arena_expect(struct arena *a, size_t n);
/* n zeroed bytes, aligned for any type. Never NULL. */
void *arena_alloc(struct arena *a, size_t n);
/* Zeroed array of count * size bytes; overflow aborts. */
void *arena_array(struct arena *a, size_t count, size_t size);
/* Copy with a NUL behind it (not counted in .n). */
struct str arena_str(struct arena *a, const char *p, size_t n);
/* x, the character, y, as one text with a NUL behind it. */
struct str arena_join(struct arena *a, struct str x, char between, struct str y);
/* n in decimal. */
struct str arena_uint(struct arena *a, uint64_t n);
/* printf into the arena; the result has a NUL behind it. */
struct str arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
struct str arena_vprintf(struct arena *a, const char *fmt, va_list ap);

#endif
