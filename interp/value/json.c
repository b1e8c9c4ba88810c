/*
 * json: JSON text into values, through jansson. jansson is strict about
 * duplicates, UTF-8, surrogates and the range of integers; added here are the
 * depth of values (with a place) and the typed objects of the journal.
 */
#include "value/json.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "value/json_typed.h"

static void set_error(struct json_error *err, int line, int column, const char *text)
{
	err->line = line;
	err->column = column;
	snprintf(err->text, sizeof(err->text), "%s", text);
	/* jansson quotes the input: no control bytes, no half of a character */
	for (char *p = err->text; *p; p++)
		if ((unsigned char)*p < 32 || *p == 127)
			*p = ' ';
	size_t good = utf8_bad_at(str_of(err->text));
	err->text[good] = 0;
}

/* Depth of brackets outside strings, before jansson builds anything. */
static bool depth_allowed(struct str s, int limit, struct json_error *err)
{
	int depth = 0, line = 1;
	size_t line_start = 0;
	bool quoted = false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c == '\n') {
			line++;
			line_start = i + 1;
		} else if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if ((c == '[' || c == '{') && ++depth > limit) {
			char text[64];
			snprintf(text, sizeof(text), "lists and maps nest more than %d deep", limit);
			set_error(err, line, (int)utf8_len(str_slice(s, line_start, i + 1)), text);
			return false;
		} else if ((c == ']' || c == '}') && depth) {
			depth--;
		}
	}
	return true;
}

struct converter { struct arena *a; bool typed; int plain; /* levels */ const char *error; };

static struct value convert(struct converter *c, json_t *j, int depth);

static struct value convert_list(struct converter *c, json_t *j, int depth)
{
	size_t n = json_array_size(j);
	struct value *items = arena_array(c->a, n ? n : 1, sizeof(*items));
	for (size_t i = 0; i < n; i++)
		items[i] = convert(c, json_array_get(j, i), depth + 1);
	return value_list(items, (uint32_t)n);
}

static struct value convert_map(struct converter *c, json_t *j, int depth)
{
	size_t n = json_object_size(j), i = 0;
	struct pair *pairs = arena_array(c->a, n ? n : 1, sizeof(*pairs));
	for (void *it = json_object_iter(j); it && i < n; it = json_object_iter_next(j, it), i++) {
		const char *key = json_object_iter_key(it);
		pairs[i].key = arena_str(c->a, key, json_object_iter_key_len(it));
		pairs[i].value = convert(c, json_object_iter_value(it), depth + 1);
	}
	return value_map(pairs, (uint32_t)n);
}

/* The wrapper is opened before its inside is read: that is a map as it stands. */
static struct value convert_object(struct converter *c, json_t *j, int depth)
{
	if (depth <= c->plain)
		return convert_map(c, j, depth);
	json_t *inside = c->typed && json_object_size(j) == 1 ? json_object_get(j, "map") : NULL;
	if (inside && json_is_object(inside))
		return convert_map(c, inside, depth);
	struct value v = convert_map(c, j, depth);
	if (inside || (c->typed && !json_typed_decode(c->a, &v)))
		c->error = "not a value of this program's making";
	return v;
}

static struct value convert(struct converter *c, json_t *j, int depth)
{
	if (depth > VALUE_DEPTH_MAX && (json_is_array(j) || json_is_object(j)) && !c->typed) {
		c->error = "lists and maps nest too deep";
		return value_null;
	}
	switch (json_typeof(j)) {
	case JSON_TRUE:
		return value_bool(true);
	case JSON_FALSE:
		return value_bool(false);
	case JSON_INTEGER:
		return value_int(json_integer_value(j));
	case JSON_REAL:
		return value_float(json_real_value(j));
	case JSON_STRING:
		return value_str_copy(c->a, (struct str){ json_string_value(j), json_string_length(j) });
	case JSON_ARRAY:
		return convert_list(c, j, depth);
	case JSON_OBJECT:
		return convert_object(c, j, depth);
	default:
		return value_null;
	}
}

static bool parse(struct arena *a, struct str text, bool typed, int plain, struct value *out, struct json_error *err)
{
	json_error_t je;
	/* a typed value wraps each level at most once */
	if (!depth_allowed(text, typed ? 2 * VALUE_DEPTH_MAX + 1 : VALUE_DEPTH_MAX, err))
		return false;
	json_t *j = json_loadb(text.n ? text.p : "", text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &je);
	if (!j) {
		bool nul = strstr(je.text, "JSON_ALLOW_NUL") != NULL;
		set_error(err, je.line, je.column, nul ? "\\u0000 is not allowed in text" : je.text);
		return false;
	}
	struct converter c = { a, typed, plain, NULL };
	*out = convert(&c, j, 1);
	json_decref(j);
	if (!c.error)
		return true;
	set_error(err, 1, 1, c.error);
	return false;
}

bool json_parse(struct arena *a, struct str text, struct value *out, struct json_error *err)
{
	return parse(a, text, false, 0, out, err);
}

bool json_parse_typed(struct arena *a, struct str text, struct value *out, struct json_error *err)
{
	return parse(a, text, true, 0, out, err);
}

bool json_parse_members(struct arena *a, struct str text, int levels, struct value *out, struct json_error *err)
{
	return parse(a, text, true, levels, out, err);
}
