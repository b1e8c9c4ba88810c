#ifndef RB_BASE_VISIBLE_H
#define RB_BASE_VISIBLE_H
/*
 * visible: foreign text made safe to show on a terminal, on one line. A tab is
 * four spaces; control characters show as their pictures (U+2400..); what would
 * turn the direction of text around, C1 controls and bytes that are not UTF-8
 * show as U+FFFD.
 */
#include <stddef.h>
#include "base/str.h"

struct buf;

/* Appends s, made safe. */
void visible_add(struct buf *out, struct str s);
/* Columns that visible_add(s) takes. */
size_t visible_width(struct str s);

#endif
