#ifndef RB_BASE_JSONW_H
#define RB_BASE_JSONW_H
/*
 * jsonw: writes JSON by hand into a buf, fast (the journal's emitter). Commas
 * are set by the writer; keys and values must alternate correctly (asserted in
 * debug builds). Output is valid JSON and valid UTF-8: bytes that are not
 * UTF-8 become U+FFFD unless jsonw_bytes() is used. Floats are the shortest text
 * that reads back as the same double and always show that they are floats (1.0);
 * those that JSON cannot say (NaN, infinity) are null.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"

struct jsonw {
	struct buf *out;
	bool comma; /* a comma is due before the next key or value */
};

void jsonw_init(struct jsonw *w, struct buf *out);
void jsonw_open(struct jsonw *w, char bracket);  /* '{' or '[' */
void jsonw_close(struct jsonw *w, char bracket); /* '}' or ']' */
/* A member name: plain ASCII, not escaped. */
void jsonw_name(struct jsonw *w, struct str name);
static inline void jsonw_key(struct jsonw *w, const char *name)
{
	jsonw_name(w, str_of(name));
}
void jsonw_str(struct jsonw *w, struct str s);
void jsonw_int(struct jsonw *w, int64_t n);
void jsonw_float(struct jsonw *w, double d);
void jsonw_bool(struct jsonw *w, bool b);
void jsonw_null(struct jsonw *w);
/* s is already JSON. */
void jsonw_raw(struct jsonw *w, struct str s);
/* A string if s is UTF-8 without NUL, else {"b64":"..."}. */
void jsonw_bytes(struct jsonw *w, struct str s);
/* key and value in one call */
static inline void jsonw_kstr(struct jsonw *w, const char *key, struct str s)
{
	jsonw_key(w, key);
	jsonw_str(w, s);
}
static inline void jsonw_kint(struct jsonw *w, const char *key, int64_t n)
{
	jsonw_key(w, key);
	jsonw_int(w, n);
}
static inline void jsonw_kbool(struct jsonw *w, const char *key, bool b)
{
	jsonw_key(w, key);
	jsonw_bool(w, b);
}

#endif
