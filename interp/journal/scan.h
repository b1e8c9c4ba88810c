#ifndef RB_JOURNAL_SCAN_H
#define RB_JOURNAL_SCAN_H
/*
 * scan: checks and skips JSON text without building anything. Used for records,
 * lock files and masking. No recursion, no allocation. All functions return the
 * place behind what they took, or NULL with static text in *why.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/str.h"

struct buf;
struct member;

enum { SCAN_DEPTH = 96 };

/* Any value at p. Spaces are allowed inside lists and maps only. */
const char *scan_value(const char *p, const char *end, const char **why);
/* A string; p is at its opening quote. */
const char *scan_string(const char *p, const char *end, const char **why);
/* A member name without escapes, with its colon; *name is its text. */
const char *scan_name(const char *p, const char *end, struct str *name, const char **why);
/* A whole object without spaces at its top: its members, none twice, at most cap. */
bool scan_members(struct str object, struct member *m, uint32_t cap, uint32_t *count, const char **why);
/* Appends the text of a checked string (raw with its quotes). */
void scan_unescape(struct str raw, struct buf *out);

#endif
