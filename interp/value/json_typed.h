#ifndef RB_VALUE_JSON_TYPED_H
#define RB_VALUE_JSON_TYPED_H
/*
 * json_typed: how values that JSON lacks stand in typed JSON: a map of exactly
 * one reserved key. A map of the user's that looks like one is wrapped once:
 * {"map":{"size":5}}. Used by json.c and json_print.c only.
 */
#include <stdbool.h>
#include "value/value.h"

struct arena;

/* True if a map with this single key needs the wrapper. */
bool json_typed_reserved(struct str key);
/* Turns a map with one reserved key other than "map" into the value it stands
 * for; other maps stay. False if what it holds is malformed. */
bool json_typed_decode(struct arena *a, struct value *v);

#endif
