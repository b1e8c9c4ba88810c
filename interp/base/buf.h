#ifndef RB_BASE_BUF_H
#define RB_BASE_BUF_H
/*
 * buf: bytes that grow, with a mandatory maximum. A piece that would pass the
 * maximum is left out whole, and from then on nothing is added and `full` stays
 * set, so a writer may go on and ask once at the end.
 * The contents always have a NUL behind them.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include "base/mem.h"
#include "base/str.h"

struct buf {
	char *p;     /* owned; never NULL after the first add */
	size_t len, cap, max;
	bool full;   /* something did not fit */
};

/* max: bytes that the contents may reach. */
void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b);
/* Makes room for n more bytes and the NUL; false, and `full`, if that passes max. */
bool buf_grow(struct buf *b, size_t n);

/* Room for n more bytes: where they go, or NULL (then `full` is set). What was
 * written there counts after buf_took(). */
static inline char *buf_room(struct buf *b, size_t n)
{
	bool there = !b->full && n < b->cap - b->len && n <= b->max - b->len;

	return there || buf_grow(b, n) ? b->p + b->len : NULL;
}

static inline void buf_took(struct buf *b, size_t n)
{
	b->len += n;
	b->p[b->len] = '\0';
}

static inline void buf_add(struct buf *b, const char *p, size_t n)
{
	char *to = buf_room(b, n);

	if (!to)
		return;
	if (n)
		memcpy(to, p, n);
	buf_took(b, n);
}

static inline void buf_addz(struct buf *b, const char *z)
{
	buf_add(b, z, strlen(z));
}

static inline void buf_adds(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

static inline void buf_addc(struct buf *b, char c)
{
	char *to = buf_room(b, 1);

	if (!to)
		return;
	*to = c;
	buf_took(b, 1);
}

/* Empties, keeps the memory, clears `full`. */
static inline void buf_clear(struct buf *b)
{
	b->len = 0;
	b->full = false;
	if (!b->p)
		return;
	b->p[0] = '\0';
	if (MEM_MOVES(b->cap))
		b->cap = 1; /* the next piece moves it */
}

static inline struct str buf_str(const struct buf *b)
{
	return (struct str){ b->p ? b->p : "", b->len };
}

void buf_addu(struct buf *b, uint64_t n);
void buf_addi(struct buf *b, int64_t n);
/* n copies of c. */
void buf_fill(struct buf *b, char c, size_t n);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap);

#endif
