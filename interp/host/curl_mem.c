#include "host/curl_mem.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*
 * curl_mem: lists of free blocks by size. A list has blocks of at least its size,
 * which malloc itself says (malloc_usable_size), so a block needs no head of ours.
 */

enum { FINE = 64, FINE_MAX = 2048, COARSE = 2048, LISTS = FINE_MAX / FINE + 16, KEPT_MAX = 512 << 10 };

struct block { struct block *next; };
struct kept {
	struct block *lists[LISTS];
	size_t bytes;
};

static _Thread_local struct kept *mine; /* of a thread that keeps some */

/* The list whose blocks have room for n > 0 bytes; LISTS: none. */
static size_t list_for(size_t n)
{
	size_t i = n <= FINE_MAX ? (n - 1) / FINE : FINE_MAX / FINE - 1 + (n - 1) / COARSE;

	return i < LISTS ? i : LISTS;
}

static size_t size_of(size_t list)
{
	return list < FINE_MAX / FINE ? (list + 1) * FINE : (list + 2 - FINE_MAX / FINE) * COARSE;
}

/* The list of a block of n bytes: the last one that is not too large. LISTS: none. */
static size_t list_of(size_t n)
{
	size_t i;

	if (n < FINE)
		return LISTS;
	i = list_for(n);
	return i == LISTS ? LISTS : size_of(i) == n ? i : i - 1;
}

void *curl_mem_alloc(size_t n)
{
	size_t i = mine && n ? list_for(n) : LISTS;
	struct block *b;

	if (i == LISTS)
		return malloc(n);
	b = mine->lists[i];
	if (!b)
		return malloc(size_of(i));
	mine->lists[i] = b->next;
	mine->bytes -= size_of(i);
	return b;
}

static void keep_or_free(struct block *b)
{
	size_t i = list_of(malloc_usable_size(b));

	if (i == LISTS || mine->bytes + size_of(i) > KEPT_MAX) {
		free(b);
		return;
	}
	b->next = mine->lists[i];
	mine->lists[i] = b;
	mine->bytes += size_of(i);
}

void curl_mem_free(void *p)
{
	if (!p) /* as two of three are */
		return;
	if (mine)
		keep_or_free(p);
	else
		free(p);
}

void *curl_mem_realloc(void *p, size_t n)
{
	size_t there;
	void *q;

	if (!mine || !p || !n)
		return realloc(p, n);
	there = malloc_usable_size(p);
	if (n <= there && n >= there / 4)
		return p;
	q = curl_mem_alloc(n);
	if (!q)
		return NULL;
	memcpy(q, p, n < there ? n : there);
	curl_mem_free(p);
	return q;
}

char *curl_mem_strdup(const char *text)
{
	size_t n = strlen(text) + 1;
	char *p = curl_mem_alloc(n);

	if (p)
		memcpy(p, text, n);
	return p;
}

void *curl_mem_calloc(size_t count, size_t size)
{
	size_t n;
	void *p;

	if (!mine)
		return calloc(count, size);
	p = __builtin_mul_overflow(count, size, &n) ? NULL : curl_mem_alloc(n);
	if (p)
		memset(p, 0, n);
	return p;
}

void curl_mem_keep(void)
{
#ifndef __SANITIZE_ADDRESS__ /* which shall see what is used after its end */
	mine = calloc(1, sizeof(*mine));
#endif
}

void curl_mem_keep_end(void)
{
	struct kept *k = mine;

	mine = NULL;
	for (size_t i = 0; k && i < LISTS; i++)
		while (k->lists[i]) {
			struct block *b = k->lists[i];

			k->lists[i] = b->next;
			free(b);
		}
	free(k);
}
