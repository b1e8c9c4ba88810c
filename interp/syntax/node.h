#ifndef RB_SYNTAX_NODE_H
#define RB_SYNTAX_NODE_H
/*
 * node: a YAML document as nodes with exact byte spans, read through libyaml's
 * events. Scalars carry no type; the reader of a key gives them one.
 * Refused with a diagnostic (RB0xx): what language.md section 1 lists. In
 * `plain YAML` mode (eval --context, --inputs) the same rules hold.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/source.h"
#include "base/str.h"

struct arena;
struct diags;

enum node_kind { NODE_SCALAR, NODE_SEQ, NODE_MAP };
enum node_style { NODE_PLAIN, NODE_SINGLE, NODE_DOUBLE, NODE_LITERAL, NODE_FOLDED, NODE_BLOCK, NODE_FLOW };

enum { NODE_DEPTH_MAX = 64, NODE_BYTES_MAX = 1 << 20, NODE_SCALAR_MAX = 1 << 20 };

struct node {
	uint8_t kind, style;
	uint8_t multiline;     /* a plain or quoted scalar that spans lines */
	uint32_t count;        /* items or pairs */
	struct span span;      /* the value itself, without key, exact */
	struct str text;       /* scalar: its decoded text (NUL behind it) */
	struct node *first;    /* items, or the values of a map in order */
	struct node *next;     /* next sibling */
	struct str key;        /* if a value of a map */
	struct span key_span;
};

struct node_limits {
	uint32_t bytes, depth; /* 0: the maxima above */
	uint32_t nodes;        /* 0: 2,000,000 */
};

/* Reads one document. NULL if there is no usable tree; diagnostics say why. A
 * tree with errors in some keys may be returned along with diagnostics: pairs
 * with a duplicate, merge or bracketed key, with an alias, or with a tag and
 * nothing else are left out of it. A file without a document gives NULL and a
 * diagnostic. An empty value is an empty plain scalar with an empty span behind
 * its `:` or `-`. Tabs are read where YAML 1.2 has them as white space, never as
 * indentation. Depth limits over 1000 count as 1000. */
struct node *node_read(struct arena *a, const struct source *src,
		       const struct node_limits *limits, struct diags *ds);
/* Value of a key, or NULL. */
struct node *node_get(const struct node *map, const char *key);
/* Span in the source of text[from, to) of a scalar: exact for every style
 * (quotes, escapes, block indentation, folding). Computed on demand, in time
 * proportional to the scalar. */
struct span node_slice(const struct node *scalar, uint32_t from, uint32_t to);
/* "a list", "a map", "text" for messages. */
const char *node_kind_name(const struct node *n);

#endif
