#ifndef RB_JOURNAL_RECORD_H
#define RB_JOURNAL_RECORD_H
/*
 * record: one line of a journal, taken apart without copying. The format is in
 * docs/journal.md. A fast reader (one pass, no allocation) for the members at
 * the top; nested JSON is checked for form and stays as text for value/json.h.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"
#include "journal/member.h"

enum { RECORD_MEMBERS = 48, RECORD_LINE_MAX = 256 << 10, RECORD_HASH_HEX = 64 };

struct record {
	struct str line;         /* without the newline */
	struct member members[RECORD_MEMBERS]; /* the body: from "t" on, without "h" */
	uint32_t count;
	int64_t n, b, ep, m;     /* number, batch (number of its first record), epoch, us since the run's start */
	struct str w, t, k, h;   /* wall time, type, key (may be empty), hash */
};

/* False if the line is not a record of the format (strict: member order of the
 * envelope, no duplicates, UTF-8, escapes); *why is static text. */
bool record_parse(struct record *r, struct str line, const char **why);
/* What its hash is made over: the line up to `,"h":`. */
struct str record_hashed(const struct record *r);
/* Raw JSON of a member of the body, empty if there is none. */
struct str record_member(const struct record *r, struct str name);
static inline struct str record_raw(const struct record *r, const char *name)
{
	return record_member(r, str_of(name));
}
/* String member, unescaped into the arena if need be; empty if none. */
struct arena;
struct str record_string(struct str raw, struct arena *a);
static inline struct str record_text(const struct record *r, struct arena *a, const char *name)
{
	return record_string(record_raw(r, name), a);
}
/* Integer member or dflt. */
int64_t record_number(struct str raw, int64_t dflt);
static inline int64_t record_int(const struct record *r, const char *name, int64_t dflt)
{
	return record_number(record_raw(r, name), dflt);
}
static inline bool record_bool(const struct record *r, const char *name)
{
	return str_eqz(record_raw(r, name), "true");
}

#endif
