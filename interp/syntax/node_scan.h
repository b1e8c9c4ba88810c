#ifndef RB_SYNTAX_NODE_SCAN_H
#define RB_SYNTAX_NODE_SCAN_H
/*
 * node_scan: the first look at a YAML file's bytes, before libyaml sees them.
 * It refuses what is not text (NUL, control characters, bad UTF-8, lone CR, too
 * many bytes) and says whether the file holds something that libyaml is known
 * to read otherwise than YAML 1.2. Knows no structure.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/source.h"

struct diags;

struct node_scan {
	uint32_t start;  /* first byte after the BOM */
	bool ascii;      /* one byte per character from start on */
	bool strict;     /* read with node_strict first */
	bool breaks;     /* holds U+0085, U+2028 or U+2029: line ends for libyaml only */
};

/* false after a diagnostic: the bytes are not to be read. */
bool node_scan(const struct source *src, uint32_t bytes_max, struct diags *ds,
	       struct node_scan *out);
/* True if s is U+0085, U+2028 or U+2029 at p; *n is its length. */
bool node_scan_break(const char *p, const char *end, uint32_t *n);

#endif
