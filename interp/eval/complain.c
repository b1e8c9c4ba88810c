/*
 * complain: what the checker says about names, nulls, JSON and wanted types:
 * message, labels, the note where a name was bound, and a help line that can be
 * typed. Operators have theirs in complain_ops.c.
 */
#include "eval/code.h"

#include <stdarg.h>
#include <string.h>

#include "base/buf.h"

enum { TEXT_MAX = 60, NAMES_MAX = 256 };

struct diag *complain(struct compiler *c, int code, struct span at, const char *fmt, ...)
{
	struct diag *d;
	struct str text;
	va_list ap;

	c->failed = true;
	va_start(ap, fmt);
	text = arena_vprintf(c->arena, fmt, ap);
	va_end(ap);
	d = diag_add(c->ds, code, at, "%.*s", STR_ARG(text));
	return d;
}

const char *type_text(struct compiler *c, const struct type *t)
{
	const char *kept;
	struct buf b;

	buf_init(&b, 256);
	if (t->kind == T_RECORD)
		buf_addz(&b, "map");
	else if (t->kind == T_ANY)
		buf_addz(&b, "JSON");
	else
		type_print(t, &b);
	kept = arena_str(c->arena, b.p, b.len).p;
	buf_release(&b);
	return kept;
}

/* Text of e; in parentheses if an operator may follow it. */
static const char *print_expr(struct compiler *c, const struct expr *e, bool operand)
{
	bool wrap = operand && (e->kind == EXPR_BINARY || e->kind == EXPR_IF || e->kind == EXPR_NEG ||
				e->kind == EXPR_NOT || e->kind == EXPR_LAMBDA);
	const char *kept;
	struct buf b;

	buf_init(&b, EXPR_BYTES_MAX * 2);
	expr_print(e, &b);
	if (b.len > TEXT_MAX)
		kept = "...";
	else
		kept = arena_printf(c->arena, wrap ? "(%.*s)" : "%.*s", (int)b.len, b.p).p;
	buf_release(&b);
	return kept;
}

const char *expr_text(struct compiler *c, const struct expr *e)
{
	return print_expr(c, e, false);
}

void complain_note(struct compiler *c, struct diag *d, const struct code *n)
{
	while (n->run == run_taint || n->run == run_widen)
		n = n->args[0];
	if (n->bind && n->bind->note.n)
		diag_note(c->ds, d, "%.*s", STR_ARG(n->bind->note));
}

/* What goes on behind an expression: `.` of a call, `[` of an index. */
static char char_behind(const struct expr *e)
{
	struct span at = expr_span(e); /* of the file: in quotes it is the same text */

	return at.src && at.end < at.src->text.n ? at.src->text.p[at.end] : '\0';
}

void complain_null(struct compiler *c, const struct code *n)
{
	static const char *const defaults[] = {
		[T_BOOL] = "false", [T_INT] = "0", [T_FLOAT] = "0.0", [T_STRING] = "''", [T_DURATION] = "0s",
		[T_SIZE] = "0B", [T_PERCENT] = "0%", [T_LIST] = "[]", [T_STATUS] = "''", [T_TIME] = "now",
	};
	const char *text, *dflt = n->type->kind <= T_STATUS ? defaults[n->type->kind] : NULL;
	struct diag *d;
	char behind;

	if (n->type->kind == T_ERROR)
		return;
	if (n->type->kind == T_NULL) {
		complain(c, 223, expr_span(n->expr), "null has no value to use here");
		return;
	}
	text = print_expr(c, n->expr, true);
	d = complain(c, 223, expr_span(n->expr), "%s may be null", text[0] == '.' ? "this" : arena_printf(c->arena, "`%s`", text).p);
	complain_note(c, d, n);
	behind = char_behind(n->expr);
	if (dflt && behind != '[') /* the default of a list has no item */
		diag_help(c->ds, d, behind == '.' ? "give a default: `(%s ?? %s)`" : "give a default: `%s ?? %s`", text, dflt);
	if (path_is_plain(n->expr))
		diag_help(c->ds, d, "or test it first: `%s != null and ...`", text);
}

void complain_any(struct compiler *c, const struct code *n, const struct type *other, const char *what)
{
	const char *text = expr_text(c, n->expr);
	struct diag *d = complain(c, 235, expr_span(n->expr), "`%s` is JSON of any type and cannot be %s", text, what);

	complain_note(c, d, n);
	switch ((enum type_kind)other->kind) {
	case T_STRING:
	case T_STATUS:
		diag_help(c->ds, d, "say what it is: `str(%s)`", text);
		break;
	case T_BOOL:
		diag_help(c->ds, d, "say what it is: `bool(%s)`", text);
		break;
	case T_FLOAT:
		diag_help(c->ds, d, "say what it is: `float(%s)`", text);
		break;
	case T_DURATION:
		diag_help(c->ds, d, "say what it is: `duration(%s, 'ms')`, or `duration(%s)` for text like '5s'", text, text);
		break;
	case T_SIZE:
		diag_help(c->ds, d, "say what it is: `size(%s, 'B')`, or `size(%s)` for text like '5MB'", text, text);
		break;
	case T_PERCENT:
		diag_help(c->ds, d, "say what it is: `ratio(%s)` if it runs from 0 to 1, `percent(%s)` from 0 to 100", text, text);
		break;
	case T_TIME:
		diag_help(c->ds, d, "say what it is: `time(%s)`", text);
		break;
	default:
		diag_help(c->ds, d, "say what it is: `int(%s)`, `float(%s)`, `str(%s)` ...", text, text, text);
		break;
	}
}

static void help_convert(struct compiler *c, struct diag *d, const struct code *n, const struct type *want)
{
	const char *text = expr_text(c, n->expr);
	bool number = n->type->kind == T_INT || n->type->kind == T_FLOAT;

	if (want->kind == T_STRING && type_has_text(n->type))
		diag_help(c->ds, d, "write `str(%s)`", text);
	else if (want->kind == T_DURATION && number && code_is_literal(n))
		diag_help(c->ds, d, "give it a unit: `%ss`", text);
	else if (want->kind == T_SIZE && number && code_is_literal(n))
		diag_help(c->ds, d, "give it a unit: `%sMB`", text);
	else if (want->kind == T_PERCENT && number && code_is_literal(n))
		diag_help(c->ds, d, "write `%s%%`", text);
	else if (want->kind == T_DURATION && number)
		diag_help(c->ds, d, "write `duration(%s, 's')`", text);
	else if (want->kind == T_SIZE && number)
		diag_help(c->ds, d, "write `size(%s, 'B')`", text);
	else if (want->kind == T_PERCENT && number)
		diag_help(c->ds, d, "write `percent(%s)`, or ratio(%s) if it runs from 0 to 1", text, text);
	else if (want->kind == T_INT && (number || n->type->kind == T_STRING))
		diag_help(c->ds, d, "write `int(%s)`, or round(%s)", text, text);
	else if (want->kind == T_LIST && n->type->kind == T_STRING)
		diag_help(c->ds, d, "write `lines(%s)` or `split(%s, ',')`", text, text);
	else if (want->kind >= T_INT && want->kind <= T_PERCENT && n->type->kind == T_STRING)
		diag_help(c->ds, d, "write `%s(%s)`", type_text(c, want), text);
}

void complain_want(struct compiler *c, const struct code *n, const struct type *want)
{
	const struct type *bare = type_required(c->arena, want);
	struct diag *d;

	if (n->type->optional && type_fits(type_required(c->arena, n->type), bare)) {
		complain_null(c, n);
		return;
	}
	if (n->type->kind == T_ANY) {
		complain_any(c, n, bare, "used here without a conversion");
		return;
	}
	d = complain(c, 236, expr_span(n->expr), "this must be %s, not %s", type_text(c, want), type_text(c, n->type));
	complain_note(c, d, n);
	help_convert(c, d, n, bare);
}

void complain_no_text(struct compiler *c, const struct code *n)
{
	const struct type *t = n->type;
	const char *text = expr_text(c, n->expr);
	struct diag *d;

	if (t->optional) {
		d = complain(c, 223, expr_span(n->expr), "`%s` may be null, and null has no text", text);
		complain_note(c, d, n);
		diag_help(c->ds, d, "write `show(%s)`, which gives - for null, or a default: `%s ?? ...`", text,
			  print_expr(c, n->expr, true));
		return;
	}
	d = complain(c, 239, expr_span(n->expr), "%s has no text", t->kind == T_LIST ? "a list" :
		     t->kind == T_NULL ? "null" : t->kind == T_MAP || t->kind == T_RECORD ? "a map" : type_text(c, t));
	complain_note(c, d, n);
	if (t->kind == T_LIST)
		diag_help(c->ds, d, "write `join(%s, ', ')` or `to_json(%s)`", text, text);
	else if (t->kind != T_NULL)
		diag_help(c->ds, d, "write `to_json(%s)` or `show(%s)`", text, text);
}

/* --- names --- */

struct names {
	struct str list[NAMES_MAX];
	uint32_t count;
};

static void names_add(void *arg, struct str name)
{
	struct names *n = arg;

	if (n->count < NAMES_MAX)
		n->list[n->count++] = name;
}

void help_members(struct compiler *c, struct diag *d, const struct str *names, uint32_t count)
{
	struct buf b;

	if (!count)
		return;
	buf_init(&b, 400);
	for (uint32_t i = 0; i < count && i < 8; i++) {
		if (i)
			buf_addz(&b, i + 1 == count ? " and " : ", ");
		buf_printf(&b, "`%.*s`", STR_ARG(names[i]));
	}
	if (count > 8)
		buf_printf(&b, " and %u more", count - 8);
	diag_help(c->ds, d, "it has %.*s", (int)b.len, b.p);
	buf_release(&b);
}

/* True after a did-you-mean help. */
static bool help_nearest(struct compiler *c, struct diag *d, struct str name, const struct str *names, uint32_t count)
{
	struct str near = diag_nearest(name, names, count);

	if (!near.n)
		return false;
	diag_help(c->ds, d, "did you mean `%.*s`?", STR_ARG(near));
	return true;
}

void complain_unknown_name(struct compiler *c, const struct expr *e)
{
	struct names names = { .count = 0 };
	struct diag *d;

	for (uint32_t i = 0; i < c->local_count; i++)
		names_add(&names, c->locals[i].name);
	if (c->scope->names)
		c->scope->names(c->scope, NULL, names_add, &names);
	d = complain(c, 220, expr_span(e), "unknown name `%.*s`", STR_ARG(e->name));
	if (function_find(e->name))
		diag_help(c->ds, d, "it is a function: `%s`", function_signature(function_find(e->name)));
	else if (str_eqz(e->name, "env") || str_eqz(e->name, "ENV"))
		diag_help(c->ds, d, "expressions cannot read the environment: declare an input or a secret");
	else if (!help_nearest(c, d, e->name, names.list, names.count))
		diag_help(c->ds, d, "text is written in quotes: `'%.*s'`", STR_ARG(e->name));
}

void complain_unknown_member(struct compiler *c, const struct expr *e, const struct code *of)
{
	struct names names = { .count = 0 };
	struct diag *d;

	if (of->type->kind == T_NAMESPACE && c->scope->names)
		c->scope->names(c->scope, of->bind, names_add, &names);
	else if (of->type->kind == T_RECORD)
		for (uint32_t i = 0; i < of->type->field_count; i++)
			names_add(&names, of->type->fields[i].name);
	d = complain(c, 221, expr_op_span(e), "`%s` has no member `%.*s`", expr_text(c, of->expr), STR_ARG(e->name));
	complain_note(c, d, of);
	if (help_nearest(c, d, e->name, names.list, names.count))
		return;
	if (of->type->kind != T_NAMESPACE && function_find(e->name))
		diag_help(c->ds, d, "to call the function write `%s()`", expr_text(c, e));
	else
		help_members(c, d, names.list, names.count);
}

void complain_not_a_value(struct compiler *c, const struct code *n)
{
	struct names names = { .count = 0 };
	struct diag *d;

	if (c->scope->names)
		c->scope->names(c->scope, n->bind, names_add, &names);
	d = complain(c, 222, expr_span(n->expr), "`%s` is not a value, only its members are", expr_text(c, n->expr));
	help_members(c, d, names.list, names.count);
}
