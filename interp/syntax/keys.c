/*
 * keys: the rows of keys.def as a table, and a hash over them. The hash is made
 * at run time (about 150 inserts) so that a new row needs no generated code.
 */
#include "syntax/keys.h"

#include <string.h>

enum { K_ACTION = 1, K_NEED = 2 };

static const struct key rows[] = {
#define KEY(place, name, mode, type, dflt, flags, doc)                                            \
	{ #name, IN_##place, KEY_##mode, KEY_##place##_##name, sizeof(#name) - 1, type, dflt, doc, \
	  ((flags) & K_ACTION) != 0, ((flags) & K_NEED) != 0 },
#include "syntax/keys.def"
#undef KEY
};
_Static_assert(KEY_COUNT < 255, "a row of the index is one byte");

const struct key *keys_all(uint32_t *count)
{
	*count = KEY_COUNT;
	return rows;
}

const struct key *key_find(enum key_place place, struct str name)
{
	for (uint32_t i = 0; i < KEY_COUNT; i++)
		if (rows[i].place == place && str_eqz(name, rows[i].name))
			return &rows[i];
	return NULL;
}

const char *key_place_name(enum key_place place)
{
	static const char *const names[IN_PLACES] = {
		[IN_TOP] = "at the top level", [IN_STEP] = "in a step", [IN_HTTP] = "in `http`",
		[IN_HTTP_AUTH] = "in `auth`", [IN_HTTP_TLS] = "in `tls`", [IN_WAIT] = "in `wait`",
		[IN_NOTIFY] = "in `notify`", [IN_RENDER] = "in `render`", [IN_RETRY] = "in `retry`",
		[IN_GUARD] = "in `guard`", [IN_DECL] = "in an input", [IN_SECRET] = "in a secret",
		[IN_CHANNEL] = "in a channel", [IN_DEFAULTS] = "in `defaults`", [IN_PARSE] = "in `parse`",
		[IN_ROLE] = "in a role", [IN_RISK] = "in a risk", [IN_WINDOW] = "in `window`",
		[IN_ESCALATE] = "in `escalate`", [IN_MONITOR] = "in a monitor", [IN_RULE] = "in a rule",
		[IN_APPROVE] = "in `approve`", [IN_METRIC] = "in `metric`", [IN_EMAIL] = "in `email`",
	};
	return names[place];
}

static uint32_t hash(uint32_t place, const char *p, size_t n)
{
	uint32_t h = place * 131u + (uint32_t)n * 37u;
	h += (uint32_t)(unsigned char)p[0] * 67u + (uint32_t)(unsigned char)p[n - 1] * 11u;
	h += (uint32_t)(unsigned char)p[n / 2] * 263u;
	return (h ^ (h >> 9)) & (KEY_INDEX_SIZE - 1);
}

void key_index_init(struct key_index *ix)
{
	memset(ix->row, 0, sizeof ix->row);
	for (uint32_t i = 0; i < KEY_COUNT; i++) {
		uint32_t h = hash(rows[i].place, rows[i].name, rows[i].length);
		while (ix->row[h])
			h = (h + 1) & (KEY_INDEX_SIZE - 1);
		ix->row[h] = (uint8_t)(i + 1);
	}
}

const struct key *key_index_find(const struct key_index *ix, enum key_place place, struct str name)
{
	if (!name.n)
		return NULL;
	for (uint32_t h = hash(place, name.p, name.n); ix->row[h]; h = (h + 1) & (KEY_INDEX_SIZE - 1)) {
		const struct key *k = &rows[ix->row[h] - 1];
		if (k->place == place && k->length == name.n && memcmp(k->name, name.p, name.n) == 0)
			return k;
	}
	return NULL;
}
