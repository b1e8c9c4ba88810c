#ifndef RB_SYNTAX_NODE_HINT_H
#define RB_SYNTAX_NODE_HINT_H
/*
 * node_hint: turns the recogniser's fault into a diagnostic that says what the
 * author most likely meant (language.md 4, the table of traps).
 */
struct node_strict;

/* Adds the diagnostic of st->fault to st->ds. */
void node_hint_fault(const struct node_strict *st);

#endif
