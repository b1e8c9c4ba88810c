/*
 * schema_decl: the schema of an input's declaration. Which literals are right
 * depends on the declared type: one if/then for each type.
 */
#include "plan/schema.h"

#include <string.h>

#include "syntax/runbook.h"

#define NUM "[0-9]+(\\\\.[0-9]+)?"
#define NO_HOLE "\"pattern\":\"^(?![\\\\s\\\\S]*\\\\$\\\\{\\\\{)\""

/* A literal of the type, as members of a schema; "null" where a default may be missing. */
static const char *const literals[] = {
	[DECL_STRING] = "{\"type\":[\"string\",\"number\",\"boolean\",\"null\"]," NO_HOLE "}",
	[DECL_INT] = "{\"type\":\"integer\"}",
	[DECL_FLOAT] = "{\"type\":\"number\"}",
	[DECL_BOOL] = "{\"type\":\"boolean\"}",
	[DECL_DURATION] = "{\"type\":\"string\",\"pattern\":\"^-?(" NUM "(ns|us|ms|s|m|h|d|w))+$\"}",
	[DECL_SIZE] = "{\"type\":\"string\",\"pattern\":\"^-?" NUM "(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$\"}",
	[DECL_PERCENT] = "{\"type\":\"string\",\"pattern\":\"^-?" NUM "%$\"}",
	[DECL_TIME] = "{\"type\":\"string\",\"pattern\":\"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}\"}",
};

static void literal(struct jsonw *w, const char *key, int type, bool null)
{
	jsonw_key(w, key);
	if (!null) {
		schema_raw(w, literals[type]);
		return;
	}
	jsonw_open(w, '{');
	jsonw_key(w, "anyOf");
	jsonw_open(w, '[');
	schema_raw(w, "{\"type\":\"null\"}");
	schema_raw(w, literals[type]);
	jsonw_close(w, ']');
	jsonw_close(w, '}');
}

static void if_key(struct jsonw *w, const char *key, const char *word, bool required)
{
	jsonw_key(w, "if");
	jsonw_open(w, '{');
	if (required) {
		jsonw_key(w, "required");
		jsonw_open(w, '[');
		jsonw_str(w, str_of(key));
		jsonw_close(w, ']');
	}
	jsonw_key(w, "properties");
	jsonw_open(w, '{');
	jsonw_key(w, key);
	jsonw_open(w, '{');
	jsonw_kstr(w, "const", str_of(word));
	jsonw_close(w, '}');
	jsonw_close(w, '}');
	jsonw_close(w, '}');
}

static void never(struct jsonw *w, const char *key)
{
	jsonw_kbool(w, key, false);
}

static void scalar_rules(struct jsonw *w, int type)
{
	literal(w, "default", type, true);
	if (type == DECL_BOOL) {
		never(w, "min");
		never(w, "max");
	} else {
		literal(w, "min", type == DECL_STRING ? DECL_INT : type, false);
		literal(w, "max", type == DECL_STRING ? DECL_INT : type, false);
	}
	jsonw_key(w, "enum");
	jsonw_open(w, '{');
	jsonw_key(w, "items");
	schema_raw(w, literals[type]);
	jsonw_close(w, '}');
	never(w, "of");
	if (type != DECL_STRING)
		never(w, "pattern");
}

static void group_rules(struct jsonw *w, int type)
{
	jsonw_key(w, "default");
	schema_raw(w, type == DECL_LIST ? "{\"type\":[\"array\",\"null\"]}" : "{\"type\":[\"object\",\"null\"]}");
	literal(w, "min", DECL_INT, false);
	literal(w, "max", DECL_INT, false);
	never(w, "enum");
	if (type == DECL_MAP)
		never(w, "pattern");
}

/* Elements of a default follow `of`; without it they are text. */
static void element_rules(struct jsonw *w, int type)
{
	jsonw_key(w, "allOf");
	jsonw_open(w, '[');
	for (int of = DECL_STRING; of < DECL_LIST; of++) {
		jsonw_open(w, '{');
		if_key(w, "of", decl_type_names[of], of != DECL_STRING);
		jsonw_key(w, "then");
		jsonw_open(w, '{');
		jsonw_key(w, "properties");
		jsonw_open(w, '{');
		jsonw_key(w, "default");
		jsonw_open(w, '{');
		jsonw_key(w, type == DECL_LIST ? "items" : "additionalProperties");
		schema_raw(w, literals[of]);
		jsonw_close(w, '}');
		jsonw_close(w, '}');
		jsonw_close(w, '}');
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
}

/* Nothing of a secret stands in a file. */
static void secret_rules(struct jsonw *w)
{
	static const char *const no_keys[] = { "min", "max", "enum", "pattern", "of" };
	jsonw_key(w, "default");
	schema_raw(w, "{\"type\":\"null\"}");
	for (size_t i = 0; i < sizeof no_keys / sizeof *no_keys; i++)
		never(w, no_keys[i]);
}

static void type_rules(struct jsonw *w, int type)
{
	jsonw_open(w, '{');
	if_key(w, "type", decl_type_names[type], true);
	jsonw_key(w, "then");
	jsonw_open(w, '{');
	jsonw_key(w, "properties");
	jsonw_open(w, '{');
	if (type == DECL_SECRET)
		secret_rules(w);
	else if (type < DECL_LIST)
		scalar_rules(w, type);
	else
		group_rules(w, type);
	jsonw_close(w, '}');
	if (type == DECL_LIST || type == DECL_MAP)
		element_rules(w, type);
	jsonw_close(w, '}');
	jsonw_close(w, '}');
}

void schema_decl(struct jsonw *w)
{
	jsonw_key(w, "Decl");
	jsonw_open(w, '{');
	jsonw_key(w, "anyOf");
	jsonw_open(w, '[');
	jsonw_open(w, '{');
	jsonw_key(w, "enum");
	jsonw_open(w, '[');
	for (int t = 0; t < DECL_TYPES; t++)
		jsonw_str(w, str_of(decl_type_names[t]));
	jsonw_close(w, ']');
	jsonw_close(w, '}');
	jsonw_open(w, '{');
	schema_place(w, IN_DECL);
	jsonw_key(w, "allOf");
	jsonw_open(w, '[');
	for (int t = 0; t < DECL_TYPES; t++)
		type_rules(w, t);
	jsonw_close(w, ']');
	jsonw_close(w, '}');
	jsonw_close(w, ']');
	jsonw_close(w, '}');
}
