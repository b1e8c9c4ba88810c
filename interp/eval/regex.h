#ifndef RB_EVAL_REGEX_H
#define RB_EVAL_REGEX_H
/*
 * regex: constant PCRE2 patterns, compiled at check time: UTF-8 (bytes that are
 * not UTF-8 match nothing), ASCII \d \w \s, `$` only at the very end, no JIT.
 * REGEX_MATCH_LIMIT steps for one place of the text, a total in proportion to the
 * length for all places, a heap limit. Named groups become fields.
 */
#include <stdbool.h>
#include <stdint.h>
#include "eval/type.h"
#include "value/value.h"

struct arena;
struct regex; /* lives wholly in the arena that it was made in */
struct regexes { struct regex *first; };

enum regex_result { REGEX_NO, REGEX_YES, REGEX_LIMIT };

/* owner may be NULL: nothing has to be released. Compiles; on error NULL, *err text (in arena) and *at (offset in pattern). */
struct regex *regex_new(struct regexes *owner, struct arena *a, struct str pattern, struct str *err, uint32_t *at);
void regexes_release(struct regexes *owner);
/* Does it match anywhere in s? */
enum regex_result regex_test(const struct regex *r, struct str s);
/* As regex_test(); *steps is about how many match steps it took, for fuel. */
enum regex_result regex_test_counted(const struct regex *r, struct str s, uint64_t *steps);
/* First match: *out is a map of the named groups (null where unset). */
enum regex_result regex_match(const struct regex *r, struct arena *a, struct str s, struct value *out);
/* Record type of the named groups: string, or string? where a group may be unset. */
const struct type *regex_type(const struct regex *r, struct arena *a);

#endif
