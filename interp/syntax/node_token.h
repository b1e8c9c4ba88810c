#ifndef RB_SYNTAX_NODE_TOKEN_H
#define RB_SYNTAX_NODE_TOKEN_H
/*
 * node_token: the tokens that runbooks mostly consist of, read in place of
 * libyaml's scanner and in its own state: its buffer, marks, queue, indents and
 * keys. So either may read the next token. What is not plain to see here (block
 * scalars, escapes, text of several lines, marks, tabs, mistakes) is left to libyaml.
 * Needs libyaml 0.2.5 with the whole text, checked by node_scan, in its buffer.
 */
#include <stdbool.h>
#include <yaml.h>

/* Puts the next token into the queue, perhaps others before it. false: libyaml has to, and nothing was done. */
bool node_token_fetch(yaml_parser_t *y);
/* True if a token stands in the queue that no key can come before any more. As libyaml does, it forgets keys
 * that have become impossible; false, too, if one of them had to be one. */
bool node_token_settled(yaml_parser_t *y);
/* Scalars that were read here point into the buffer: these are not to be freed. */
bool node_token_borrowed(const yaml_parser_t *y, const yaml_token_t *t);

#endif
