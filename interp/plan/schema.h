#ifndef RB_PLAN_SCHEMA_H
#define RB_PLAN_SCHEMA_H
/*
 * schema: what the two files of the schema printer share. Not for use outside
 * plan/: schema_print() stands in program.h.
 */
#include "base/jsonw.h"
#include "syntax/keys.h"

/* Members of the object for one place: type, properties, required. */
void schema_place(struct jsonw *w, enum key_place place);
void schema_ref(struct jsonw *w, const char *name);
/* JSON as it stands. */
void schema_raw(struct jsonw *w, const char *json);
/* "type": types, which is JSON. */
void schema_types(struct jsonw *w, const char *types);
void schema_pattern(struct jsonw *w, const char *pattern);
/* The definition "Decl". */
void schema_decl(struct jsonw *w);

#endif
