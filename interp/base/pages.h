#ifndef RB_BASE_PAGES_H
#define RB_BASE_PAGES_H
/*
 * pages: the pages docs/errors/RBnnn.md, embedded into the program at build
 * time (build/gen/pages.c, made by embed.awk). `runbook explain` shows them.
 */
#include <stddef.h>
#include "base/str.h"

struct page {
	int code;         /* 214 for RB214.md */
	const char *text; /* the whole file */
};

/* Generated: all pages, ascending by code. */
extern const struct page rb_pages[];
extern const size_t rb_page_count;

/* Text of the page of this code; empty if there is none. */
struct str page_find(int code);

#endif
