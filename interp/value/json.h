#ifndef RB_VALUE_JSON_H
#define RB_VALUE_JSON_H
/*
 * json: JSON text to values and back (jansson reads; base/jsonw.h writes).
 * Reading is strict: duplicate keys, NaN, bad UTF-8, lone surrogates, integers
 * past 64 bits and depth past VALUE_DEPTH_MAX are errors with line and column.
 */
#include <stdbool.h>
#include "value/value.h"

struct arena;
struct buf;

struct json_error { int line, column; char text[160]; };

/* Any JSON value at the top. False and *err on error. */
bool json_parse(struct arena *a, struct str text, struct value *out, struct json_error *err);
/* Prints v as JSON. Units print as their exact text in a string ("1m30s");
 * unknown prints as null; secrets as "***". indent 0: one line. */
void json_print(struct value v, struct buf *out, int indent);
/* As json_print, but units are objects: {"duration_ns":N} {"size":N}
 * {"percent":X} {"time":"RFC3339"} and unknown is {"unknown":"..."} (eval, journal). */
void json_print_typed(struct value v, struct buf *out);
/* Reads what json_print_typed wrote back into the same value. */
bool json_parse_typed(struct arena *a, struct str text, struct value *out, struct json_error *err);
/* Reads maps (and lists) that were written member by member, as records are: names in the outer
 * `levels` levels mean nothing, so `{"size":5}` is a map there; json_print_typed wrote what is
 * below. */
bool json_parse_members(struct arena *a, struct str text, int levels, struct value *out, struct json_error *err);

#endif
