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
#include "base/str.h"

struct buf {
	char *p;     /* owned; never NULL after the first add */
	size_t len, cap, max;
	bool full;   /* something did not fit */
};

/* max: bytes that the contents may reach. */
void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b);
/* Empties, keeps the memory, clears `full`. */
void buf_clear(struct buf *b);
void buf_add(struct buf *b, const char *p, size_t n);
void buf_addz(struct buf *b, const char *z);
void buf_adds(struct buf *b, struct str s);
void buf_addc(struct buf *b, char c);
void buf_addu(struct buf *b, uint64_t n);
void buf_addi(struct buf *b, int64_t n);
/* n copies of c. */
void buf_fill(struct buf *b, char c, size_t n);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap);
struct str buf_str(const struct buf *b);

#endif
