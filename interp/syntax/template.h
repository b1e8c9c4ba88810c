#ifndef RB_SYNTAX_TEMPLATE_H
#define RB_SYNTAX_TEMPLATE_H
/*
 * template: text with ${{ E }} holes (mode T), and trees of such texts (`data`:
 * lists and maps of T values). A hole ends at the first }} outside strings.
 * Holes are parsed once at load; rendering is eval's. For scripts the quote
 * scanner (syntax/shell.h) decides what a hole becomes.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"
#include "syntax/expr.h"
#include "value/value.h"

enum { TMPL_HOLES_MAX = 1000 };

struct tmpl_part {
	struct str text;            /* literal bytes before the hole */
	const struct expr *hole;    /* NULL in the last part */
	uint32_t start, end;        /* the hole ${{...}} in the scalar's text */
};
struct tmpl {
	const struct node *node;
	uint32_t count;
	bool exact;                 /* the scalar is exactly one hole: keeps its type */
	const struct tmpl_part *parts;
};

/* What a plain scalar without holes may become (language.md 1). */
enum data_typing {
	DATA_TYPED,  /* vars: true/false/null, JSON numbers, unit literals */
	DATA_JSON,   /* http.json, render.json, meta: JSON types only */
	DATA_STRING  /* always text (argv, env, url, say): the scalar's text as written */
};
enum data_kind { DATA_NONE, DATA_LIT, DATA_TEXT, DATA_LIST, DATA_MAP };

struct data {
	uint8_t kind;
	const struct node *node;       /* NULL if DATA_NONE */
	union {
		struct value lit;
		const struct tmpl *tmpl;
		struct { const struct data *items; const struct str *keys; uint32_t count; } c;
	};
};

/* True if the text has a hole opener. */
bool tmpl_has_hole(struct str text);
/* Parses a scalar as template. NULL after a diagnostic. */
const struct tmpl *tmpl_parse(struct arena *a, const struct node *scalar, uint32_t *next_id, struct diags *ds);
/* Parses any node. Kind DATA_NONE after a diagnostic (typing: RB1xx "quote it"
 * for numbers that would not print back unchanged, with DATA_TYPED/DATA_JSON). */
struct data data_parse(struct arena *a, const struct node *n, enum data_typing typing,
		       uint32_t *next_id, struct diags *ds);

#endif
