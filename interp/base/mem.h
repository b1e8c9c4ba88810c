#ifndef RB_BASE_MEM_H
#define RB_BASE_MEM_H
/*
 * Memory: checked allocation. Lack of memory is one of our two aborts (the
 * other is our own bug): a message on fd 2 and _exit(70). That is safe because
 * the journal survives a kill at any byte. Nothing here knows of anything else.
 */
#include <stddef.h>

/* Zeroed memory for n bytes (n may be 0); never NULL. Caller owns, mem_free(). */
void *mem_alloc(size_t n);
/* Zeroed array of count * size bytes; overflow of the product aborts. */
void *mem_array(size_t count, size_t size);
/* Grows or shrinks p (may be NULL); new bytes are not zeroed; never NULL. */
void *mem_realloc(void *p, size_t n);
/* Copy of n bytes with a NUL after them. Caller owns. */
char *mem_dup(const char *p, size_t n);
/* Asks for the heap's first pages at once, which are cheaper so than a fault for each. Only a wish. */
void mem_begin(void);
/* free(3); NULL is allowed. */
void mem_free(void *p);
/* Ends the process with 70 after "runbook: internal error: WHAT" on fd 2. */
_Noreturn void mem_abort(const char *what);

#endif
