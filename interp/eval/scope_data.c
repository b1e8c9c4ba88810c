#include "eval/scope_data.h"

#include "base/arena.h"

enum { ROOT_CONTEXT, ROOT_KEY };

static const struct type *type_of_list(struct arena *a, struct value v)
{
	const struct type *elem = &type_error, *next;

	for (uint32_t i = 0; i < v.n; i++) {
		next = v.list[i].kind == V_NULL ? &type_null : type_of_value(a, v.list[i]);
		next = type_join(a, elem, next);
		if (!next)
			return &type_any;
		elem = next;
	}
	return type_list(a, elem->kind == T_ERROR || elem->kind == T_NULL ? &type_any : elem);
}

static const struct type *type_of_map(struct arena *a, struct value v)
{
	struct field *fields = arena_array(a, v.n + 1U, sizeof *fields);
	struct type *t = arena_alloc(a, sizeof *t);

	for (uint32_t i = 0; i < v.n; i++)
		fields[i] = (struct field){ v.map[i].key, type_of_value(a, v.map[i].value) };
	*t = (struct type){ .kind = T_RECORD, .open = true, .fields = fields, .field_count = v.n };
	return t;
}

const struct type *type_of_value(struct arena *a, struct value v)
{
	static const struct type *const scalars[] = {
		[V_NULL] = &type_any, [V_BOOL] = &type_bool, [V_INT] = &type_int, [V_FLOAT] = &type_float,
		[V_STRING] = &type_string, [V_DURATION] = &type_duration, [V_TIME] = &type_time,
		[V_SIZE] = &type_size, [V_PERCENT] = &type_percent,
	};

	if (v.kind == V_LIST)
		return type_of_list(a, v);
	if (v.kind == V_MAP)
		return type_of_map(a, v);
	return v.kind <= V_PERCENT ? scalars[v.kind] : &type_any;
}

static bool find_name(const struct scope *s, struct str name, struct span at, struct diags *ds, struct binding *out)
{
	const struct scope_data *d = s->owner;

	(void)at;
	(void)ds;
	for (uint32_t i = 0; d->data.kind == V_MAP && i < d->data.n; i++) {
		if (!str_eq(d->data.map[i].key, name))
			continue;
		out->type = d->type->fields[i].type;
		out->ref = (struct ref){ ROOT_KEY, 0, i, 0 };
		return true;
	}
	if (!str_eqz(name, "context"))
		return false;
	out->type = d->type;
	out->ref = (struct ref){ ROOT_CONTEXT, 0, 0, 0 };
	return true;
}

static bool find_member(const struct scope *s, const struct binding *of, struct str name, struct span at,
			struct diags *ds, struct binding *out)
{
	(void)s, (void)of, (void)name, (void)at, (void)ds, (void)out;
	return false; /* there are no namespaces */
}

static void list_names(const struct scope *s, const struct binding *of, void (*each)(void *arg, struct str), void *arg)
{
	const struct scope_data *d = s->owner;

	for (uint32_t i = 0; !of && d->data.kind == V_MAP && i < d->data.n; i++)
		each(arg, d->data.map[i].key);
	if (!of)
		each(arg, STR("context"));
}

void scope_data_init(struct scope_data *s, struct arena *a, struct value data)
{
	s->scope = (struct scope){ find_name, find_member, list_names, s };
	s->arena = a;
	s->data = data;
	s->type = type_of_value(a, data);
}

static struct value fetch(void *ctx, struct ref ref)
{
	const struct scope_data *s = ctx;

	return ref.root == ROOT_KEY ? s->data.map[ref.a].value : s->data;
}

struct eval_env scope_data_env(const struct scope_data *s, struct arena *results)
{
	return (struct eval_env){ .fetch = fetch, .ctx = (void *)(uintptr_t)s, .arena = results };
}
