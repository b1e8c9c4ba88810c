/* functions: the table itself, made from functions.def, and how it is asked. */
#include "eval/functions.h"

#include <string.h>

#define FN(name, group, signature, doc, params, rule, flags) { #name, params, rule_##rule, fn_##name, flags },
static const struct function table[] = {
#include "eval/functions.def"
};
#undef FN

#define FN(name, group, signature, doc, params, rule, flags) { #name, group, signature, doc },
static const struct function_doc docs[] = {
#include "eval/functions.def"
};
#undef FN

enum { TABLE_COUNT = sizeof table / sizeof table[0] };

const struct function_doc *function_docs(uint32_t *count)
{
	*count = TABLE_COUNT;
	return docs;
}

const struct function *function_find(struct str name)
{
	for (size_t i = 0; i < TABLE_COUNT; i++)
		if (str_eqz(name, table[i].name))
			return &table[i];
	return NULL;
}

const char *function_signature(const struct function *f)
{
	return docs[f - table].signature;
}

void function_arity(const struct function *f, uint32_t *least, uint32_t *most)
{
	const char *bar = strchr(f->params, '|');
	uint32_t n = (uint32_t)strlen(f->params);

	*least = bar ? (uint32_t)(bar - f->params) : n;
	*most = n - (bar ? 1 : 0);
	if (n && f->params[n - 1] == '*')
		*most = CALL_ARGS_MAX;
}

char function_param(const struct function *f, uint32_t i)
{
	char letter = 0;

	for (const char *p = f->params; *p; p++) {
		if (*p == '|')
			continue;
		if (*p == '*')
			return letter;
		letter = *p;
		if (i-- == 0)
			return letter;
	}
	return letter;
}

const char *function_param_name(char letter)
{
	switch (letter) {
	case 's':
		return "text";
	case 'n':
		return "a number";
	case 'q':
		return "a number, duration, size or percent";
	case 'o':
		return "a number, duration, size, percent, time or text";
	case 'i':
		return "a whole number";
	case 'p':
		return "a percent";
	case 't':
		return "a time";
	case 'l':
		return "a list";
	case 'm':
		return "a map";
	case 'L':
		return "`x => ...`";
	default:
		return "a value";
	}
}
