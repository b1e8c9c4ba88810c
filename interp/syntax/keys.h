#ifndef RB_SYNTAX_KEYS_H
#define RB_SYNTAX_KEYS_H
/*
 * keys: the key table: every key of the language with its place, mode, type,
 * default and one line of doc. One source for parsing, unknown-key errors, the
 * JSON Schema, `explain KEY` and the reference page. Rows stand in keys.def.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

enum key_place { IN_TOP, IN_STEP, IN_HTTP, IN_HTTP_AUTH, IN_HTTP_TLS, IN_WAIT, IN_NOTIFY, IN_RENDER,
		 IN_RETRY, IN_GUARD, IN_DECL, IN_SECRET, IN_CHANNEL, IN_DEFAULTS, IN_PARSE, IN_ROLE,
		 IN_RISK, IN_WINDOW, IN_ESCALATE, IN_MONITOR, IN_RULE, IN_APPROVE, IN_METRIC, IN_EMAIL,
		 IN_PLACES };
enum key_mode { KEY_L, KEY_E, KEY_T, KEY_LIST /* structure */ };

/* One constant per row: KEY_STEP_run, KEY_HTTP_url ... */
enum key_id {
#define KEY(place, name, mode, type, dflt, flags, doc) KEY_##place##_##name,
#include "syntax/keys.def"
#undef KEY
	KEY_COUNT
};

struct key {
	const char *name;
	uint8_t place;
	uint8_t mode;
	uint8_t id;          /* enum key_id */
	uint8_t length;      /* of name */
	const char *type;    /* as the reference shows it: "duration", "E", "[Step]" */
	const char *dflt;    /* "" if none */
	const char *doc;     /* one sentence */
	bool action;         /* a step's action */
	bool needed;         /* required in its map */
};

/* All rows, grouped by place. */
const struct key *keys_all(uint32_t *count);
/* Row or NULL. Linear: for messages and docs; parsers keep a key_index. */
const struct key *key_find(enum key_place place, struct str name);
/* "at the top level", "in `http`" */
const char *key_place_name(enum key_place place);

enum { KEY_INDEX_SIZE = 1024 };
/* A hash of all rows, made once for a load. */
struct key_index { uint8_t row[KEY_INDEX_SIZE]; /* row + 1, 0: free */ };
void key_index_init(struct key_index *ix);
/* Row or NULL, in constant time. */
const struct key *key_index_find(const struct key_index *ix, enum key_place place, struct str name);

#endif
