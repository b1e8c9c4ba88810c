#ifndef RB_EVAL_REGEX_GROUPS_H
#define RB_EVAL_REGEX_GROUPS_H
/*
 * regex_groups: does a capture group take part in every match? PCRE2 does not
 * tell, so the pattern's text is read: a group is sure unless it or a group
 * around it is optional, repeated from zero, in an alternative or in a
 * lookaround. Where the reader is unsure it says no: the field is then string?.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

/* number counts opening parentheses that capture, from 1. The pattern is valid. */
bool regex_group_is_sure(struct str pattern, uint32_t number);

#endif
