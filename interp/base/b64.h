#ifndef RB_BASE_B64_H
#define RB_BASE_B64_H
/* b64: base64 of RFC 4648 section 4, with padding, without line breaks. */
#include <stdbool.h>
#include "base/buf.h"

/* Appends bytes as base64. */
void b64_add(struct buf *out, struct str bytes);
/* Appends the bytes that text stands for. False if it is no base64; then out holds a part of them. */
bool b64_read(struct str text, struct buf *out);

#endif
