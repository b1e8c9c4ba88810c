/*
 * buf: growing bytes. A piece that would pass the maximum is left out whole, and
 * so is everything after it, until buf_clear().
 */
#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { CAP_MIN = 64 };

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void buf_release(struct buf *b)
{
	mem_free(b->p);
	buf_init(b, b->max);
}

bool buf_grow(struct buf *b, size_t n)
{
	if (b->full || n > b->max - b->len) {
		b->full = true;
		return false;
	}
	size_t need = b->len + n + 1;
	if (need > b->cap) {
		size_t cap = b->cap < CAP_MIN ? CAP_MIN : b->cap;
		if (MEM_MOVES(need))
			cap = need;
		while (cap < need)
			cap = cap > SIZE_MAX / 2 ? need : cap * 2;
		if (cap - 1 > b->max)
			cap = b->max + 1;
		b->p = mem_realloc(b->p, cap);
		b->cap = cap;
	}
	return true;
}

void buf_addu(struct buf *b, uint64_t n)
{
	char digits[STR_DIGITS], *end = digits + STR_DIGITS, *p = str_digits(end, n);
	buf_add(b, p, (size_t)(end - p));
}

void buf_addi(struct buf *b, int64_t n)
{
	char digits[1 + STR_DIGITS], *end = digits + 1 + STR_DIGITS, *p = str_digits(end, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
	if (n < 0)
		*--p = '-';
	buf_add(b, p, (size_t)(end - p));
}

void buf_fill(struct buf *b, char c, size_t n)
{
	char *to = buf_room(b, n);
	if (!to)
		return;
	memset(to, c, n);
	buf_took(b, n);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	size_t room = b->cap - b->len;
	int n = vsnprintf(room > 0 ? b->p + b->len : NULL, room, fmt, ap);
	if (n < 0)
		mem_abort("bad format");
	if (!buf_grow(b, (size_t)n)) {
		if (b->p)
			b->p[b->len] = '\0';
	} else {
		if ((size_t)n >= room)
			vsnprintf(b->p + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}
