/*
 * run: evaluation of names, members, lists, conditions and calls. Operators are
 * in run_ops.c, functions in functions_*.c. Values come from scopes that eval
 * does not control, so every kind is checked again before its payload is read.
 */
#include "eval/code.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct value failure = { .kind = V_FAIL };

static struct value fail_v(struct machine *m, const struct expr *at, const char *fmt, va_list ap)
{
	if (m->err->set)
		return failure;
	m->err->set = true;
	m->err->at = expr_span(at);
	(void)vsnprintf(m->err->text, sizeof m->err->text, fmt, ap);
	/* a text cut inside a character would not be UTF-8 */
	m->err->text[utf8_bad_at(str_of(m->err->text))] = '\0';
	return failure;
}

struct value code_fail(struct machine *m, const struct code *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail_v(m, at->expr, fmt, ap);
	va_end(ap);
	return failure;
}

static struct value limit_reached(const struct code *c, struct machine *m, const char *what)
{
	m->limit = true;
	return code_fail(m, c, "%s", what);
}

struct value code_out_of_fuel(const struct code *c, struct machine *m)
{
	return limit_reached(c, m, "the expression needs more than 1,000,000 steps");
}

bool code_burn(struct machine *m, const struct code *at, uint64_t n)
{
	if (m->fuel <= 0 || n > (uint64_t)m->fuel) {
		m->fuel = 0;
		code_out_of_fuel(at, m);
		return false;
	}
	m->fuel -= (int64_t)n;
	return true;
}

bool code_spend(struct machine *m, const struct code *at, size_t n)
{
	if (n <= m->bytes) {
		m->bytes -= n;
		return true;
	}
	m->bytes = 0;
	limit_reached(at, m, "the expression produces more than 16 MiB");
	return false;
}

void *code_alloc(struct machine *m, const struct code *at, size_t n)
{
	return code_spend(m, at, n) ? arena_alloc(m->arena, n + 1) : NULL;
}

struct value code_text(struct machine *m, const struct code *at, struct str s)
{
	char *p = code_alloc(m, at, s.n);

	if (!p)
		return failure;
	if (s.n)
		memcpy(p, s.p, s.n);
	return value_str((struct str){ p, s.n });
}

struct value code_take(struct machine *m, const struct code *at, struct buf *b)
{
	struct value v;

	if (b->full) {
		code_spend(m, at, m->bytes + 1);
		v = failure;
	} else {
		v = code_text(m, at, (struct str){ b->p, b->len });
	}
	buf_release(b);
	return v;
}

const struct value *code_find_unknown(const struct value *v)
{
	const struct value *found = NULL;

	if (v->kind == V_UNKNOWN)
		return v;
	for (uint32_t i = 0; v->kind == V_LIST && i < v->n && !found; i++)
		found = code_find_unknown(&v->list[i]);
	for (uint32_t i = 0; v->kind == V_MAP && i < v->n && !found; i++)
		found = code_find_unknown(&v->map[i].value);
	return found;
}

struct str code_quote(struct machine *m, struct value v)
{
	enum { SHOWN = 60 };
	struct str s;
	struct buf b;

	if (value_has_flag(v, VALUE_SECRET))
		return STR("a secret");
	buf_init(&b, 4096);
	value_show(v, &b);
	s = buf_str(&b);
	if (s.n > SHOWN) {
		s.n = SHOWN;
		s.n = utf8_bad_at(s);
		s = arena_printf(m->arena, v.kind == V_STRING ? "'%.*s...'" : "%.*s...", STR_ARG(s));
	} else {
		s = arena_printf(m->arena, v.kind == V_STRING ? "'%.*s'" : "%.*s", STR_ARG(s));
	}
	buf_release(&b);
	return s;
}

const char *code_a_kind(unsigned kind)
{
	static const char *const names[] = {
		[V_NULL] = "null", [V_BOOL] = "a bool", [V_INT] = "an int", [V_FLOAT] = "a float", [V_STRING] = "a string",
		[V_DURATION] = "a duration", [V_TIME] = "a time", [V_SIZE] = "a size", [V_PERCENT] = "a percent",
		[V_LIST] = "a list", [V_MAP] = "a map",
	};

	return kind <= V_MAP ? names[kind] : "a value";
}

struct value code_bad_kind(struct machine *m, const struct code *at, struct value v, const char *wanted)
{
	return code_fail(m, at, "this is %s, not %s", code_a_kind(v.kind), wanted);
}

/* Values of the world may be cut or empty-handed: one check for every read. */
static inline struct value checked(const struct code *c, struct machine *m, struct value v)
{
	if (v.flags & VALUE_TRUNCATED)
		return code_fail(m, c, "this output is longer than its limit and was cut, so it cannot be used");
	return v;
}

/* --- leaves --- */

struct value run_literal(const struct code *c, struct machine *m)
{
	(void)m;
	return c->lit;
}

struct value run_ref(const struct code *c, struct machine *m)
{
	return checked(c, m, m->env->fetch(m->env->ctx, c->ref));
}

struct value run_local(const struct code *c, struct machine *m)
{
	return checked(c, m, m->locals[c->slot]);
}

struct value run_never(const struct code *c, struct machine *m)
{
	return code_fail(m, c, "this was not compiled");
}

/* --- wrappers --- */

struct value run_taint(const struct code *c, struct machine *m)
{
	struct value v = code_run_node(c->args[0], m);

	if (v.kind < V_UNKNOWN)
		v.flags |= VALUE_SECRET;
	if (v.kind == V_STRING && m->env->secret)
		(void)m->env->secret(m->env->ctx, v, NULL);
	return v;
}

struct value run_widen(const struct code *c, struct machine *m)
{
	struct value v = code_run_node(c->args[0], m);

	return v.kind == V_INT ? value_float((double)v.i) : v;
}

/* --- members --- */

static struct value no_member(const struct code *c, struct machine *m, struct value of)
{
	if (of.kind != V_MAP)
		return code_fail(m, c, "this is %s, it has no `%.*s`", code_a_kind(of.kind), STR_ARG(c->name));
	return code_fail(m, c, "there is no `%.*s` here; `?.%.*s` would give null", STR_ARG(c->name), STR_ARG(c->name));
}

struct value run_member(const struct code *c, struct machine *m)
{
	struct value of = code_run_node(c->args[0], m);
	const struct value *v;

	if (of.kind >= V_UNKNOWN)
		return of;
	if (of.kind == V_MAP && !code_burn(m, c, of.n >> 3))
		return failure;
	v = of.kind == V_MAP ? value_get(of, c->name) : NULL;
	return v ? checked(c, m, *v) : no_member(c, m, of);
}

struct value run_member_opt(const struct code *c, struct machine *m)
{
	struct value of = code_run_node(c->args[0], m);
	const struct value *v;

	if (of.kind >= V_UNKNOWN || of.kind == V_NULL)
		return of;
	if (of.kind != V_MAP)
		return no_member(c, m, of);
	if (!code_burn(m, c, of.n >> 3))
		return failure;
	v = value_get(of, c->name);
	return v ? checked(c, m, *v) : value_null;
}

struct value run_member_any(const struct code *c, struct machine *m)
{
	return c->op ? run_member_opt(c, m) : run_member(c, m);
}

static struct value index_list(const struct code *c, struct machine *m, struct value of, struct value at)
{
	int64_t i = at.i;

	if (at.kind != V_INT)
		return code_bad_kind(m, c->args[1], at, "a whole number");
	if (i < 0)
		i += of.n;
	if (i < 0 || i >= of.n)
		return code_fail(m, c, "there is no item %lld in a list of %u", (long long)at.i, of.n);
	return checked(c, m, of.list[i]);
}

struct value run_index(const struct code *c, struct machine *m)
{
	struct value of = code_run_node(c->args[0], m);
	struct value at;
	const struct value *v;

	if (of.kind == V_FAIL)
		return of;
	at = code_run_node(c->args[1], m);
	if (at.kind == V_FAIL || of.kind == V_UNKNOWN)
		return at.kind == V_FAIL ? at : of;
	if (at.kind == V_UNKNOWN)
		return at;
	if (of.kind == V_LIST)
		return index_list(c, m, of, at);
	if (of.kind != V_MAP)
		return code_bad_kind(m, c->args[0], of, "a list or map");
	if (at.kind != V_STRING)
		return code_bad_kind(m, c->args[1], at, "a key");
	if (!code_burn(m, c, of.n >> 3))
		return failure;
	v = value_get(of, value_text(at));
	if (!v)
		return code_fail(m, c, "there is no key %.*s", STR_ARG(code_quote(m, at)));
	return checked(c, m, *v);
}

struct value run_list_of(const struct code *c, struct machine *m)
{
	struct value *items = code_alloc(m, c, c->count * sizeof *items);

	if (!items)
		return failure;
	for (uint32_t i = 0; i < c->count; i++) {
		items[i] = code_run_node(c->args[i], m);
		if (items[i].kind == V_FAIL)
			return items[i];
	}
	return value_list(items, c->count);
}

/* --- three-valued logic --- */

/* After an unknown operand a failure of the other side decides nothing: at run
 * time it might not be reached. A limit stays an error. */
static struct value unknown_unless(struct machine *m, struct value unknown, struct value other, bool decides)
{
	if (other.kind == V_FAIL) {
		if (m->limit)
			return other;
		m->err->set = false;
		return unknown;
	}
	return other.kind == V_BOOL && other.b == decides ? other : unknown;
}

static struct value logic(const struct code *c, struct machine *m, bool decides)
{
	struct value l = code_run_node(c->args[0], m), r;

	if (l.kind == V_BOOL) {
		if (l.b == decides)
			return l;
		r = code_run_node(c->args[1], m);
		return r.kind == V_BOOL || r.kind >= V_UNKNOWN ? r : code_bad_kind(m, c->args[1], r, "a bool");
	}
	if (l.kind == V_FAIL)
		return l;
	if (l.kind != V_UNKNOWN)
		return code_bad_kind(m, c->args[0], l, "a bool");
	return unknown_unless(m, l, code_run_node(c->args[1], m), decides);
}

struct value run_and(const struct code *c, struct machine *m)
{
	return logic(c, m, false);
}

struct value run_or(const struct code *c, struct machine *m)
{
	return logic(c, m, true);
}

struct value run_not(const struct code *c, struct machine *m)
{
	struct value v = code_run_node(c->args[0], m);

	if (v.kind == V_BOOL)
		return value_bool(!v.b);
	return v.kind >= V_UNKNOWN ? v : code_bad_kind(m, c->args[0], v, "a bool");
}

/* Both ways; if they agree, the condition does not matter. */
static struct value unknown_if(const struct code *c, struct machine *m, struct value unknown)
{
	struct value a = code_run_node(c->args[1], m), b;

	if (a.kind == V_FAIL)
		return unknown_unless(m, unknown, a, true);
	b = code_run_node(c->args[2], m);
	if (b.kind == V_FAIL)
		return unknown_unless(m, unknown, b, true);
	if (a.kind != b.kind || code_find_unknown(&a) || code_find_unknown(&b))
		return unknown;
	return value_equal(a, b) ? a : unknown;
}

struct value run_if(const struct code *c, struct machine *m)
{
	struct value v = code_run_node(c->args[0], m);

	if (v.kind == V_BOOL)
		return code_run_node(c->args[v.b ? 1 : 2], m);
	if (v.kind == V_UNKNOWN)
		return unknown_if(c, m, v);
	return v.kind == V_FAIL ? v : code_bad_kind(m, c->args[0], v, "a bool");
}

struct value run_coalesce(const struct code *c, struct machine *m)
{
	struct value v = code_run_node(c->args[0], m);

	return v.kind == V_NULL ? code_run_node(c->args[1], m) : v;
}

/* --- public --- */

struct value code_eval(const struct code *c, const struct eval_env *env, struct eval_error *err)
{
	struct machine m;
	struct value v;

	m.env = env;
	m.arena = env->arena;
	m.err = err;
	m.fuel = EVAL_FUEL;
	m.bytes = EVAL_BYTES_MAX;
	m.limit = false;
	err->set = false;
	v = code_run_node(c, &m);
	return v.kind == V_FAIL ? value_null : v;
}
