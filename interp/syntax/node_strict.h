#ifndef RB_SYNTAX_NODE_STRICT_H
#define RB_SYNTAX_NODE_STRICT_H
/*
 * node_strict: YAML 1.2 as a recogniser. It builds nothing: it finds the first
 * syntax error (`fault`), reports explicit keys, directives and further
 * documents, and lists the edits after which libyaml 0.2.5 reads the text as
 * YAML 1.2 says (tabs, empty keys, flow keys over several lines ...).
 * Run only on files where node_scan or libyaml found something unusual.
 * Shared by node_strict.c (blocks), node_flow.c, node_quote.c, node_literal.c.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/source.h"
#include "syntax/node_edit.h"

struct arena;
struct diags;

enum node_fault_kind {
	FAULT_NONE,
	FAULT_DEPTH,        /* ref: outermost open collection */
	FAULT_TAB,          /* a tab where only spaces count */
	FAULT_INDENT,       /* deeper or less deep than its neighbours */
	FAULT_FLOW_INDENT,  /* a line inside brackets or quotes (ref) is not indented */
	FAULT_NO_COLON,     /* a line that should be `key: value` */
	FAULT_COLON,        /* `: ` in a value; ref..ref_end: the value so far */
	FAULT_COLON_LINE,   /* the same in a later line of text that began at ref */
	FAULT_AFTER,        /* text behind the quoted text or brackets ref..ref_end */
	FAULT_COMMENT,      /* `#` without a space before it */
	FAULT_LIST_HERE,    /* `- ` behind `key:` */
	FAULT_MAP_HERE,     /* `? ` or `: ` behind something else */
	FAULT_MIXED_LIST,   /* a key among list items */
	FAULT_MIXED_MAP,    /* a list item among keys */
	FAULT_ESCAPE,       /* unknown escape in the quoted text at ref */
	FAULT_QUOTE_OPEN,   /* no end of the quoted text */
	FAULT_FLOW_OPEN,    /* no end of the brackets */
	FAULT_FLOW_COMMA,   /* `,` missing in the brackets at ref */
	FAULT_FLOW_EMPTY,   /* `,` without an item before it */
	FAULT_FLOW_CLOSE,   /* the wrong closing bracket for ref */
	FAULT_RESERVED,     /* no value starts with this character */
	FAULT_DASH,         /* a lone `-` in brackets */
	FAULT_HEADER,       /* behind | or > */
	FAULT_BLANKS,       /* first lines of a block scalar have more spaces than its text */
	FAULT_KEY_LINES,    /* a key of several lines or over 1,024 characters */
	FAULT_DOC_LINE,     /* a map on the line of --- */
	FAULT_DOC_END       /* text behind ... */
};

struct node_fault {
	enum node_fault_kind kind;
	uint32_t at, end;       /* the place */
	uint32_t ref, ref_end;  /* an earlier place it depends on */
};

/* A scalar, alias or flow collection inside a line. */
struct node_inline {
	uint32_t start, end;
	bool lines;   /* spans lines */
	bool json;    /* quoted or bracketed: `:` may follow without a space */
	bool plain;
};

/* An anchor (&), alias (*) or tag (!), in case libyaml cannot read on. */
struct node_banned {
	char mark;
	uint32_t start, end;
};

enum { BANNED_MAX = 8 };

struct node_strict {
	const struct source *src;
	struct diags *ds;
	const char *s;
	uint32_t end;           /* of the text */
	uint32_t pos;
	uint32_t line, indent;  /* start of this line, its leading spaces */
	bool tab;               /* a tab follows these spaces */
	uint32_t depth, depth_max;
	struct node_edits edits;
	struct node_fault fault;
	struct node_banned banned[BANNED_MAX];
	uint32_t banned_count;
	uint32_t document_end;  /* libyaml reads up to here */
	bool empty;             /* no document at all */
	struct node_inline last;  /* the newest node inside brackets */
};

/* Recognises [start, end of src). False if st->fault was set; diagnostics of
 * what is only forbidden (explicit keys, directives, documents) go to ds. */
bool node_strict_run(struct node_strict *st, struct arena *a, const struct source *src,
		     uint32_t start, uint32_t depth_max, struct diags *ds);

/* --- for the parts of the recogniser --- */

/* Sets the fault; always false. */
bool strict_fault(struct node_strict *st, enum node_fault_kind kind, uint32_t at, uint32_t end,
		  uint32_t ref, uint32_t ref_end);
/* Skips blanks, comments, line ends. True if a line ended. */
bool strict_gap(struct node_strict *st);
/* One line end at pos: moves behind it. */
void strict_newline(struct node_strict *st);
/* Counts st->indent and st->tab at a line start. */
void strict_measure(struct node_strict *st);
bool strict_enter(struct node_strict *st, uint32_t at);
void strict_ban(struct node_strict *st, char mark, uint32_t start, uint32_t end);
/* Skips anchors and tags on this line, each with the blanks behind it. */
bool strict_property(struct node_strict *st, bool flow);
bool strict_alias(struct node_strict *st, bool flow, struct node_inline *it);

/* node_flow.c: a bracketed collection at pos in a block at column n. */
bool strict_flow(struct node_strict *st, int32_t n, struct node_inline *it);
/* node_quote.c: quoted text at pos. */
bool strict_quoted(struct node_strict *st, int32_t n, struct node_inline *it);
/* Plain text of one line: *end is behind its last character; returns what
 * stopped it: '\n', '#', ':' or (flow) a bracket or comma. 0: end of text. */
char strict_plain_line(const struct node_strict *st, uint32_t from, bool flow, uint32_t *end);
/* True if plain text at it->end goes on in a later line; moves pos there. */
bool strict_plain_more(struct node_strict *st, int32_t n, bool flow, const struct node_inline *it);
/* True if plain text may start at p. */
bool strict_plain_start(const struct node_strict *st, uint32_t p, bool flow);
/* node_literal.c: a literal or folded block scalar at pos. */
bool strict_literal(struct node_strict *st, int32_t n);

static inline bool strict_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline bool strict_is_break(char c)
{
	return c == '\n' || c == '\r';
}

static inline char strict_char(const struct node_strict *st, uint32_t p)
{
	return p < st->end ? st->s[p] : '\0';
}

/* A blank, a line end or the end of the text. */
static inline bool strict_ends(const struct node_strict *st, uint32_t p)
{
	char c = strict_char(st, p);
	return c == '\0' || strict_is_blank(c) || strict_is_break(c);
}

static inline bool strict_punct(char c)
{
	return c == ',' || c == '[' || c == ']' || c == '{' || c == '}';
}

/* --- or ... at the start of this line */
static inline bool strict_marker(const struct node_strict *st)
{
	uint32_t p = st->pos;
	if (p != st->line || st->end - p < 3 || !strict_ends(st, p + 3))
		return false;
	return (st->s[p] == '-' && st->s[p + 1] == '-' && st->s[p + 2] == '-') ||
	       (st->s[p] == '.' && st->s[p + 1] == '.' && st->s[p + 2] == '.');
}

#endif
