/* type: the fixed types, constructors, equality, and which type may stand for which. */
#include "eval/type.h"

#include "base/arena.h"
#include "base/buf.h"

/* Words of a status type are kept as field names without a type. */
#define WORD(w) { { w, sizeof w - 1 }, NULL }
static const struct field step_words[] = {
	WORD("ok"), WORD("unchanged"), WORD("skipped"), WORD("failed"), WORD("timeout"),
	WORD("undone"), WORD("undo_failed"), WORD("cancelled"), WORD("not_run"),
};
static const struct field run_words[] = {
	WORD("running"), WORD("ok"), WORD("stopped"), WORD("failed"), WORD("rolled_back"),
	WORD("rollback_incomplete"), WORD("in_doubt"), WORD("held"), WORD("cancelled"),
};
#undef WORD

const struct type type_null = { .kind = T_NULL };
const struct type type_bool = { .kind = T_BOOL };
const struct type type_int = { .kind = T_INT };
const struct type type_float = { .kind = T_FLOAT };
const struct type type_string = { .kind = T_STRING };
const struct type type_duration = { .kind = T_DURATION };
const struct type type_time = { .kind = T_TIME };
const struct type type_size = { .kind = T_SIZE };
const struct type type_percent = { .kind = T_PERCENT };
const struct type type_any = { .kind = T_ANY };
const struct type type_error = { .kind = T_ERROR };
const struct type type_namespace = { .kind = T_NAMESPACE };
const struct type type_status = {
	.kind = T_STATUS, .fields = step_words, .field_count = sizeof step_words / sizeof step_words[0],
};
const struct type type_run_status = {
	.kind = T_STATUS, .fields = run_words, .field_count = sizeof run_words / sizeof run_words[0],
};

static struct type *type_new(struct arena *a, enum type_kind k)
{
	struct type *t = arena_alloc(a, sizeof *t);

	t->kind = (uint8_t)k;
	return t;
}

const struct type *type_list(struct arena *a, const struct type *elem)
{
	struct type *t = type_new(a, T_LIST);

	t->elem = elem;
	return t;
}

const struct type *type_map(struct arena *a, const struct type *elem)
{
	struct type *t = type_new(a, T_MAP);

	t->elem = elem;
	return t;
}

const struct type *type_record(struct arena *a, const struct field *fields, uint32_t n)
{
	struct type *t = type_new(a, T_RECORD);

	t->fields = fields;
	t->field_count = n;
	return t;
}

static const struct type *with_flags(struct arena *a, const struct type *t, bool optional, bool secret)
{
	struct type *copy;

	if (t->optional == optional && t->secret == secret)
		return t;
	copy = arena_alloc(a, sizeof *copy);
	*copy = *t;
	copy->optional = optional;
	copy->secret = secret;
	return copy;
}

const struct type *type_optional(struct arena *a, const struct type *t)
{
	/* null and any hold null already */
	if (t->kind == T_NULL || t->kind == T_ANY || t->kind == T_ERROR || t->kind == T_NAMESPACE)
		return t;
	return with_flags(a, t, true, t->secret);
}

const struct type *type_required(struct arena *a, const struct type *t)
{
	return with_flags(a, t, false, t->secret);
}

const struct type *type_secret(struct arena *a, const struct type *t)
{
	if (t->kind == T_ERROR || t->kind == T_NAMESPACE)
		return t;
	return with_flags(a, t, t->optional, true);
}

const struct field *type_field(const struct type *t, struct str name)
{
	for (uint32_t i = 0; t->kind == T_RECORD && i < t->field_count; i++)
		if (str_eq(t->fields[i].name, name))
			return &t->fields[i];
	return NULL;
}

const struct type *type_item(const struct type *t)
{
	return t->kind == T_LIST && t->elem->kind != T_ERROR ? t->elem : &type_any;
}

bool type_tainted(const struct type *t)
{
	if (t->secret)
		return true;
	if (t->kind == T_LIST || t->kind == T_MAP)
		return type_tainted(t->elem);
	for (uint32_t i = 0; t->kind == T_RECORD && i < t->field_count; i++)
		if (type_tainted(t->fields[i].type))
			return true;
	return false;
}

static bool fields_equal(const struct type *a, const struct type *b)
{
	if (a->field_count != b->field_count)
		return false;
	for (uint32_t i = 0; i < a->field_count; i++) {
		const struct field *f = type_field(b, a->fields[i].name);

		if (!f || !type_equal(a->fields[i].type, f->type))
			return false;
	}
	return true;
}

bool type_equal(const struct type *a, const struct type *b)
{
	if (a == b)
		return true;
	if (a->kind != b->kind || a->optional != b->optional || a->secret != b->secret)
		return false;
	switch (a->kind) {
	case T_LIST:
	case T_MAP:
		return type_equal(a->elem, b->elem);
	case T_RECORD:
		return fields_equal(a, b);
	case T_STATUS:
		return a->fields == b->fields;
	default:
		return true;
	}
}

static bool record_fits(const struct type *from, const struct type *to)
{
	for (uint32_t i = 0; i < to->field_count; i++) {
		const struct field *f = type_field(from, to->fields[i].name);

		if (!f) {
			if (!to->fields[i].type->optional)
				return false;
		} else if (!type_fits(f->type, to->fields[i].type)) {
			return false;
		}
	}
	return true;
}

static bool map_fits(const struct type *from, const struct type *to)
{
	if (from->kind == T_MAP)
		return type_fits(from->elem, to->elem);
	for (uint32_t i = 0; i < from->field_count; i++)
		if (!type_fits(from->fields[i].type, to->elem))
			return false;
	return true;
}

bool type_fits(const struct type *from, const struct type *to)
{
	if (from->kind == T_ERROR || to->kind == T_ERROR)
		return true;
	if (from->kind == T_NAMESPACE || from->kind == T_LAMBDA)
		return false;
	if (to->kind == T_ANY)
		return true;
	if (from->kind == T_NULL)
		return to->optional || to->kind == T_NULL;
	if (from->optional && !to->optional)
		return false;
	switch (to->kind) {
	case T_FLOAT:
		return from->kind == T_FLOAT || from->kind == T_INT;
	case T_STRING:
		return from->kind == T_STRING || from->kind == T_STATUS;
	case T_STATUS:
		return from->kind == T_STATUS && from->fields == to->fields;
	case T_LIST:
		/* items are not converted, so list of int is not list of float */
		return from->kind == T_LIST && type_fits(from->elem, to->elem) &&
		       !(from->elem->kind == T_INT && to->elem->kind == T_FLOAT);
	case T_MAP:
		return (from->kind == T_MAP || from->kind == T_RECORD) && map_fits(from, to);
	case T_RECORD:
		return from->kind == T_RECORD && record_fits(from, to);
	default:
		return from->kind == to->kind;
	}
}

static const struct type *join_kinds(struct arena *a, const struct type *x, const struct type *y)
{
	const struct type *elem;

	if (x->kind == T_ANY || y->kind == T_ANY)
		return &type_any;
	if ((x->kind == T_INT && y->kind == T_FLOAT) || (x->kind == T_FLOAT && y->kind == T_INT))
		return &type_float;
	if ((x->kind == T_STATUS || x->kind == T_STRING) && (y->kind == T_STATUS || y->kind == T_STRING))
		return x->kind == y->kind && x->fields == y->fields ? x : &type_string;
	if ((x->kind == T_RECORD || x->kind == T_MAP) && (y->kind == T_RECORD || y->kind == T_MAP)) {
		if (x->kind == T_RECORD && y->kind == T_RECORD && fields_equal(x, y))
			return x;
		if (x->kind == T_MAP && y->kind == T_MAP && (elem = type_join(a, x->elem, y->elem)))
			return type_map(a, elem);
		return &type_any;
	}
	if (x->kind != y->kind)
		return NULL;
	if (x->kind != T_LIST)
		return x;
	elem = type_join(a, x->elem, y->elem);
	/* items are not converted */
	if (!elem || (elem->kind == T_FLOAT && x->elem->kind != y->elem->kind &&
		      x->elem->kind != T_ERROR && y->elem->kind != T_ERROR))
		return NULL;
	return type_list(a, elem);
}

const struct type *type_join(struct arena *a, const struct type *x, const struct type *y)
{
	bool optional = x->optional || y->optional || x->kind == T_NULL || y->kind == T_NULL;
	bool secret = x->secret || y->secret;
	const struct type *t;

	if (x->kind == T_ERROR)
		return y;
	if (y->kind == T_ERROR)
		return x;
	if (x->kind == T_NAMESPACE || y->kind == T_NAMESPACE)
		return NULL;
	if (x->kind == T_NULL || y->kind == T_NULL)
		t = x->kind == T_NULL ? y : x;
	else
		t = join_kinds(a, x, y);
	if (!t)
		return NULL;
	if (t->kind == T_ANY)
		secret = secret || type_tainted(x) || type_tainted(y);
	t = optional ? type_optional(a, t) : type_required(a, t);
	return secret ? type_secret(a, t) : t;
}

bool type_has_text(const struct type *t)
{
	return t->kind >= T_BOOL && t->kind <= T_PERCENT ? true : t->kind == T_STATUS;
}

static const char *const kind_names[] = {
	[T_NULL] = "null", [T_BOOL] = "bool", [T_INT] = "int", [T_FLOAT] = "float", [T_STRING] = "string",
	[T_DURATION] = "duration", [T_TIME] = "time", [T_SIZE] = "size", [T_PERCENT] = "percent",
	[T_LIST] = "list", [T_MAP] = "map", [T_RECORD] = "record", [T_STATUS] = "status", [T_ANY] = "any",
	[T_NAMESPACE] = "namespace", [T_LAMBDA] = "lambda", [T_ERROR] = "error",
};

void type_print(const struct type *t, struct buf *out)
{
	bool of = (t->kind == T_LIST || t->kind == T_MAP) && t->elem->kind != T_ERROR;

	if (t->secret)
		buf_addz(out, "secret ");
	if (of && t->optional)
		buf_addc(out, '(');
	buf_addz(out, kind_names[t->kind]);
	if (of) {
		buf_addz(out, " of ");
		type_print(t->elem, out);
	}
	if (of && t->optional)
		buf_addc(out, ')');
	if (t->optional)
		buf_addc(out, '?');
}
