#ifndef RB_BASE_SOURCE_H
#define RB_BASE_SOURCE_H
/*
 * source: one text with a name (a runbook, a -i value, a journal), and spans in
 * it. Spans are byte offsets; lines and columns are computed only for messages.
 */
#include <stdint.h>
#include "base/str.h"

struct arena;

struct source {
	struct str name;  /* as shown: "deploy.yml" */
	struct str text;  /* whole bytes, BOM included */
	const uint32_t *lines; /* offset of each line start */
	uint32_t line_count;
};

/* A half-open run of bytes [start, end) in src. src NULL: no place known. */
struct span {
	const struct source *src;
	uint32_t start, end;
};

struct position {
	uint32_t line;    /* from 1 */
	uint32_t column;  /* code points, from 1; a BOM does not count */
	uint32_t width;   /* display columns before the place, from 0, as visible.h shows the line */
};

/* New source in the arena; name and text are borrowed. Text past 4 GiB is cut. */
struct source *source_new(struct arena *a, struct str name, struct str text);
/* Line and column of an offset. Lines end at LF, CR LF or lone CR. */
struct position source_locate(const struct source *s, uint32_t offset);
/* Text of line (from 1) without its end; empty if there is none. */
struct str source_line(const struct source *s, uint32_t line);
struct span span_of(const struct source *s, uint32_t start, uint32_t end);
/* The smallest span that holds both (same source). */
struct span span_join(struct span a, struct span b);

#endif
