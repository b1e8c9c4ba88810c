#ifndef RB_SYNTAX_NODE_TRAP_H
#define RB_SYNTAX_NODE_TRAP_H
/*
 * node_trap: what YAML allows and a runbook does not (anchors, aliases, tags),
 * and text that YAML reads otherwise than its author meant (language.md 4).
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/source.h"
#include "syntax/node.h"

struct diags;

/* Reports an anchor (&), alias (*) or tag (!). key: of the value, or empty. */
void node_trap_mark(struct diags *ds, struct span at, char mark, struct str key);
/* Reports the anchors and tags at `start`; returns where the value begins. */
uint32_t node_trap_properties(struct diags *ds, const struct source *src, uint32_t start,
			      struct str key);
/* A plain scalar: cut at ` #`, or a numbered list that is one text. */
void node_trap_plain(struct diags *ds, const struct node *n);
/* Round brackets that text opens and does not close (> 0), or the reverse. */
int node_trap_parens(struct str text);
/* a and b are parts of one expression that a comma in brackets has split. */
void node_trap_comma(struct diags *ds, struct span a, struct span b);
void node_trap_duplicate(struct diags *ds, struct str key, struct span at, struct span first);
void node_trap_merge(struct diags *ds, struct span at);
void node_trap_complex(struct diags *ds, struct span at);

#endif
