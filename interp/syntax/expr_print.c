/*
 * expr_print: an expression's canonical text: one space around operators,
 * parentheses only where the grammar needs them, strings in single quotes
 * where that is possible.
 */
#include <string.h>

#include "base/buf.h"
#include "syntax/expr_parse.h"
#include "value/value.h"

static void print(const struct expr *e, int level, struct buf *out);

static void print_string(struct str s, struct buf *out)
{
	static const char names[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	bool raw = true;
	for (size_t i = 0; i < s.n; i++)
		raw = raw && s.p[i] != '\'' && (unsigned char)s.p[i] >= 32 && s.p[i] != 127;
	if (raw) {
		buf_addc(out, '\'');
		buf_adds(out, s);
		buf_addc(out, '\'');
		return;
	}
	buf_addc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		const char *known = s.p[i] ? strchr(names, s.p[i]) : NULL;
		if (known) {
			buf_addc(out, '\\');
			buf_addc(out, letters[known - names]);
		} else if ((unsigned char)s.p[i] < 32 || s.p[i] == 127) {
			buf_printf(out, "\\u%04x", (unsigned)(unsigned char)s.p[i]);
		} else {
			buf_addc(out, s.p[i]);
		}
	}
	buf_addc(out, '"');
}

static void print_list(const struct expr *e, uint32_t from, char open, char close, struct buf *out)
{
	buf_addc(out, open);
	for (uint32_t i = from; i < e->count; i++) {
		if (i > from)
			buf_addz(out, ", ");
		print(e->args[i], 0, out);
	}
	buf_addc(out, close);
}

/* How tightly the printed form of e binds. */
static int level_of(const struct expr *e)
{
	switch (e->kind) {
	case EXPR_IF:
	case EXPR_LAMBDA:
		return 0;
	case EXPR_BINARY:
		return expr_operator_of((enum expr_op)e->op)->level;
	case EXPR_NOT:
		return LEVEL_NOT;
	case EXPR_NEG:
		return LEVEL_NEG;
	case EXPR_LIT: /* a number below zero is printed with a minus */
		return (e->lit.kind == V_FLOAT && e->lit.f < 0) ||
		       (e->lit.kind != V_BOOL && e->lit.kind != V_STRING && e->lit.kind != V_NULL &&
			e->lit.kind != V_FLOAT && e->lit.i < 0) ? LEVEL_NEG : LEVEL_POST;
	default:
		return LEVEL_POST;
	}
}

static void print_binary(const struct expr *e, struct buf *out)
{
	const struct expr_operator *o = expr_operator_of((enum expr_op)e->op);
	/* comparisons do not chain; all others group to the left */
	print(e->args[0], o->level == LEVEL_COMPARE ? LEVEL_ADD : o->level, out);
	buf_addc(out, ' ');
	buf_addz(out, o->text);
	buf_addc(out, ' ');
	print(e->args[1], o->level + 1, out);
}

static void print_literal(const struct expr *e, struct buf *out)
{
	if (e->lit.kind == V_STRING)
		print_string(value_text(e->lit), out);
	else if (!value_to_text(e->lit, out))
		buf_addz(out, "null");
}

static void print_post(const struct expr *e, struct buf *out)
{
	uint32_t first = e->kind == EXPR_CALL && e->method;
	if (e->kind != EXPR_CALL || e->method)
		print(e->args[0], LEVEL_POST, out);
	if (e->kind == EXPR_INDEX) {
		print_list(e, 1, '[', ']', out);
		return;
	}
	if (e->kind != EXPR_CALL || e->method)
		buf_addz(out, e->kind == EXPR_OPT ? "?." : ".");
	buf_adds(out, e->name);
	if (e->kind == EXPR_CALL)
		print_list(e, first, '(', ')', out);
}

static void print_bare(const struct expr *e, struct buf *out)
{
	switch (e->kind) {
	case EXPR_LIT:
		print_literal(e, out);
		break;
	case EXPR_NAME:
		buf_adds(out, e->name);
		break;
	case EXPR_LAMBDA:
		buf_adds(out, e->name);
		buf_addz(out, " => ");
		print(e->args[0], 0, out);
		break;
	case EXPR_LIST:
		print_list(e, 0, '[', ']', out);
		break;
	case EXPR_NEG:
		buf_addc(out, '-');
		print(e->args[0], LEVEL_NEG, out);
		break;
	case EXPR_NOT:
		buf_addz(out, "not ");
		print(e->args[0], LEVEL_NOT, out);
		break;
	case EXPR_BINARY:
		print_binary(e, out);
		break;
	case EXPR_IF:
		buf_addz(out, "if ");
		print(e->args[0], 0, out);
		buf_addz(out, " then ");
		print(e->args[1], 0, out);
		buf_addz(out, " else ");
		print(e->args[2], 0, out);
		break;
	default:
		print_post(e, out);
	}
}

/* Prints e where something that binds at least as tightly as level must stand. */
static void print(const struct expr *e, int level, struct buf *out)
{
	bool group = level_of(e) < level;
	if (group)
		buf_addc(out, '(');
	print_bare(e, out);
	if (group)
		buf_addc(out, ')');
}

void expr_print(const struct expr *e, struct buf *out)
{
	print(e, 0, out);
}
