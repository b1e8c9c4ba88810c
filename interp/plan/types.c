/*
 * types: static types of data trees: literals by their kind, texts as string,
 * exact holes by their code. Lists join their items' types; items that do not
 * join make a list of any.
 */
#include "plan/check.h"

const struct type *value_type(struct load *l, struct value v)
{
	static const struct type *const scalars[] = {
		[V_NULL] = &type_null, [V_BOOL] = &type_bool, [V_INT] = &type_int, [V_FLOAT] = &type_float,
		[V_STRING] = &type_string, [V_DURATION] = &type_duration, [V_TIME] = &type_time, [V_SIZE] = &type_size,
		[V_PERCENT] = &type_percent,
	};
	if (v.kind <= V_PERCENT)
		return scalars[v.kind];
	if (v.kind == V_LIST) {
		const struct type *elem = NULL;
		for (uint32_t i = 0; i < v.n; i++) {
			const struct type *t = value_type(l, v.list[i]);
			elem = elem ? type_join(l->a, elem, t) : t;
			if (!elem)
				return type_list(l->a, &type_any);
		}
		return type_list(l->a, elem ? elem : &type_any);
	}
	if (v.kind == V_MAP) {
		struct field *f = arena_array(l->a, v.n, sizeof *f);
		for (uint32_t i = 0; i < v.n; i++)
			f[i] = (struct field){ v.map[i].key, value_type(l, v.map[i].value) };
		return type_record(l->a, f, v.n);
	}
	return &type_any;
}

static const struct type *list_type(struct load *l, const struct data *d)
{
	const struct type *elem = NULL;
	for (uint32_t i = 0; i < d->c.count; i++) {
		const struct type *t = data_type(l, &d->c.items[i]);
		elem = elem ? type_join(l->a, elem, t) : t;
		if (!elem)
			return type_list(l->a, &type_any);
	}
	return type_list(l->a, elem ? elem : &type_any);
}

const struct type *data_type(struct load *l, const struct data *d)
{
	switch (d->kind) {
	case DATA_LIT: return value_type(l, d->lit);
	case DATA_TEXT: {
		if (!d->tmpl->exact)
			return &type_string;
		const struct code *c = l->p->codes.list[d->tmpl->parts[0].hole->id];
		return c ? code_type(c) : &type_error;
	}
	case DATA_LIST: return list_type(l, d);
	case DATA_MAP: {
		struct field *f = arena_array(l->a, d->c.count, sizeof *f);
		for (uint32_t i = 0; i < d->c.count; i++)
			f[i] = (struct field){ d->c.keys[i], data_type(l, &d->c.items[i]) };
		return type_record(l->a, f, d->c.count);
	}
	default: return &type_any;
	}
}
