/*
 * arena: chunks that double from 4 KiB to 1 MiB; what is larger than a quarter
 * of the next chunk gets a chunk of its own, and the one with more room of the
 * two stays the newest. Behind 1 MiB a chunk is one huge page of
 * the machine, if it has one to give: a large load spends more time in page
 * faults than in all its checks, and this is one fault instead of 512. Where it
 * has none, its pages are asked for in pieces: half the cost of a fault for each.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* Under AddressSanitizer the unused part is poisoned and every piece has a red
 * zone, or overruns inside a chunk would stay unseen. */
#ifdef MEM_ASAN
#include <sanitizer/asan_interface.h>
enum { RED_ZONE = 16 };
#define poison(p, n) __asan_poison_memory_region((p), (n))
#define unpoison(p, n) __asan_unpoison_memory_region((p), (n))
#else
enum { RED_ZONE = 0 };
#define poison(p, n) ((void)(p), (void)(n))
#define unpoison(p, n) ((void)(p), (void)(n))
#endif

enum { ALIGN = 16, CHUNK_MIN = 4096, CHUNK_MAX = 1 << 20, HUGE = 2 << 20, PIECE = 256 << 10 };

struct arena_chunk {
	struct arena_chunk *older;
	size_t size; /* of bytes[] */
	bool huge;   /* of chunk_huge() */
	bool clean;  /* zero where nothing was handed out */
	alignas(ALIGN) char bytes[];
};
enum { HUGE_ROOM = HUGE - sizeof(struct arena_chunk) };

void arena_init(struct arena *a)
{
	*a = (struct arena){ 0 };
}

static struct arena_chunk *chunk_new(size_t size)
{
	size_t whole;
	if (__builtin_add_overflow(size, sizeof(struct arena_chunk), &whole))
		mem_abort("arena piece too large");
	struct arena_chunk *c = mem_realloc(NULL, whole);
	c->older = NULL;
	c->size = size;
	c->huge = c->clean = false;
	poison(c->bytes, size);
	return c;
}

/* A chunk of HUGE bytes at a multiple of HUGE; NULL if there is no room for it. */
static struct arena_chunk *chunk_huge(void)
{
	char *p = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	size_t before = -(uintptr_t)p & (HUGE - 1);
	if (before)
		munmap(p, before);
	munmap(p + before + HUGE, HUGE - before);
	struct arena_chunk *c = (struct arena_chunk *)(p + before);
	madvise(c, HUGE, MADV_HUGEPAGE); /* small pages serve as well */
	c->size = HUGE_ROOM;
	c->huge = c->clean = true;
	poison(c->bytes, c->size);
	return c;
}

static char *chunk_end(struct arena_chunk *c)
{
	return c->bytes + c->size;
}

/* Asks for the pages of a huge chunk from `from`, where a PIECE begins, until behind `to`. Returns the
 * end of what was asked for. It is a wish: kernels before 5.14 do not know it. */
static char *chunk_ask(struct arena_chunk *c, char *from, char *to)
{
	char *end = (char *)c + ((size_t)(to - (char *)c) + PIECE - 1) / PIECE * PIECE;
	return madvise(from, (size_t)(end - from), MADV_POPULATE_WRITE) < 0 ? chunk_end(c) : end;
}

static void chunk_free(struct arena_chunk *c)
{
	unpoison(c->bytes, c->size);
	if (c->huge)
		munmap(c, HUGE);
	else
		mem_free(c);
}

void arena_release(struct arena *a)
{
	struct arena_chunk *c = a->head;
	while (c) {
		struct arena_chunk *older = c->older;
		chunk_free(c);
		c = older;
	}
	arena_init(a);
}

void arena_reset(struct arena *a)
{
	struct arena_chunk *c = a->head;
	while (c && c->older) {
		struct arena_chunk *older = c->older;
		chunk_free(c);
		c = older;
	}
	arena_init(a);
	if (c) {
		poison(c->bytes, c->size);
		c->clean = false;
		a->head = c;
		a->at = c->bytes;
		a->end = c->bytes + c->size;
	}
}

void arena_expect(struct arena *a, size_t n)
{
	a->large = a->large || n > 2 * HUGE;
}

/* A piece that does not fit into the newest chunk, or into what was asked for of it. */
static char *alloc_slow(struct arena *a, size_t need, bool *clean)
{
	size_t left = a->head ? (size_t)(chunk_end(a->head) - a->at) : 0;
	if (need <= left) {
		char *p = a->at;
		*clean = a->head->clean;
		a->at += need;
		a->end = chunk_ask(a->head, a->end, a->at);
		return p;
	}
	size_t next = a->head ? a->head->size * 2 : CHUNK_MIN;
	if (next > CHUNK_MAX)
		next = CHUNK_MAX;
	if (next < CHUNK_MIN)
		next = CHUNK_MIN;
	bool large = a->head && need > next / 4;
	bool huge = need <= HUGE_ROOM && (a->large || (a->head && a->head->size >= CHUNK_MAX));
	struct arena_chunk *c = huge ? chunk_huge() : NULL;
	if (!c)
		c = chunk_new(large || need > next ? need : next);
	*clean = c->clean;
	char *end = c->huge ? chunk_ask(c, (char *)c, c->bytes + need) : chunk_end(c);
	if (large && c->size - need <= left) {
		c->older = a->head->older;
		a->head->older = c;
		return c->bytes;
	}
	c->older = a->head;
	a->head = c;
	a->at = c->bytes + need;
	a->end = end;
	return c->bytes;
}

/* As arena_alloc, not zeroed. *clean: the kernel has done that. */
static char *alloc_raw(struct arena *a, size_t n, bool *clean)
{
	size_t need;
	if (__builtin_add_overflow(n + (n == 0), (size_t)(ALIGN - 1 + RED_ZONE), &need))
		mem_abort("arena piece too large");
	need &= ~(size_t)(ALIGN - 1);
	char *p;
	if (need <= (size_t)(a->end - a->at)) {
		*clean = a->head->clean;
		p = a->at;
		a->at += need;
	} else {
		p = alloc_slow(a, need, clean);
	}
	unpoison(p, n);
	a->used += n;
	return p;
}

void *arena_alloc(struct arena *a, size_t n)
{
	bool clean;
	char *p = alloc_raw(a, n, &clean);
	if (!clean)
		memset(p, 0, n);
	return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t n;
	if (__builtin_mul_overflow(count, size, &n))
		mem_abort("array too large");
	return arena_alloc(a, n);
}

struct str arena_str(struct arena *a, const char *p, size_t n)
{
	size_t size;
	if (__builtin_add_overflow(n, (size_t)1, &size))
		mem_abort("string too large");
	bool clean;
	char *copy = alloc_raw(a, size, &clean);
	if (n > 0)
		memcpy(copy, p, n);
	copy[n] = '\0';
	return (struct str){ copy, n };
}

struct str arena_join(struct arena *a, struct str x, char between, struct str y)
{
	size_t n;
	if (__builtin_add_overflow(x.n, y.n, &n) || __builtin_add_overflow(n, (size_t)2, &n))
		mem_abort("string too large");
	bool clean;
	char *text = alloc_raw(a, n, &clean);
	if (x.n > 0)
		memcpy(text, x.p, x.n);
	text[x.n] = between;
	if (y.n > 0)
		memcpy(text + x.n + 1, y.p, y.n);
	text[n - 1] = '\0';
	return (struct str){ text, n - 1 };
}

struct str arena_uint(struct arena *a, uint64_t n)
{
	char digits[STR_DIGITS], *end = digits + STR_DIGITS, *p = str_digits(end, n);
	return arena_str(a, p, (size_t)(end - p));
}

struct str arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	char small[256];
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(small, sizeof small, fmt, ap);
	if (n < 0)
		mem_abort("bad format");
	if ((size_t)n < sizeof small) {
		va_end(again);
		return arena_str(a, small, (size_t)n);
	}
	bool clean;
	char *p = alloc_raw(a, (size_t)n + 1, &clean);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return (struct str){ p, (size_t)n };
}

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct str s = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return s;
}
