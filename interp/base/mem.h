#ifndef RB_BASE_MEM_H
#define RB_BASE_MEM_H
/*
 * Memory: checked allocation. Lack of memory is one of our two aborts (the
 * other is our own bug): a message on fd 2 and _exit(70). That is safe because
 * the journal survives a kill at any byte. Nothing here knows of anything else.
 */
#include <stddef.h>

#ifdef __SANITIZE_ADDRESS__
#define MEM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MEM_ASAN 1
#endif
#endif

/* Zeroed memory for n bytes (n may be 0); never NULL. Caller owns, mem_free(). */
void *mem_alloc(size_t n);
/* Zeroed array of count * size bytes; overflow of the product aborts. */
void *mem_array(size_t count, size_t size);
/* Grows or shrinks p (may be NULL); new bytes are not zeroed; never NULL. */
void *mem_realloc(void *p, size_t n);
/* Copy of n bytes with a NUL after them. Caller owns. */
char *mem_dup(const char *p, size_t n);
/*
 * Room for one more item in a list that grows: `list` is an owned pointer, `count` how
 * many it holds, `cap` how many it has room for (first `least`, then doubled).
 * With MEM_ASAN most additions move the list, so that a pointer that was kept over one is
 * found wherever it is kept, not only where the capacity happens to end.
 */
#define MEM_ROOM(list, count, cap, least)                                                   \
	do {                                                                                \
		if ((count) == (cap)) {                                                     \
			(cap) = MEM_MOVES(count) ? (count) + 1 : (cap) ? (cap) * 2 : (least); \
			(list) = mem_realloc((list), (cap) * sizeof(*(list)));              \
		}                                                                           \
	} while (0)

#ifdef MEM_ASAN
#define MEM_MOVES(size) ((size) < 4096)
#else
#define MEM_MOVES(size) 0
#endif

/* Asks for the heap's first pages at once, which are cheaper so than a fault for each. Only a wish. */
void mem_begin(void);
/* free(3); NULL is allowed. */
void mem_free(void *p);
/* Ends the process with 70 after "runbook: internal error: WHAT" on fd 2. */
_Noreturn void mem_abort(const char *what);

#endif
