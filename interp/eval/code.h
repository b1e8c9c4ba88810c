#ifndef RB_EVAL_CODE_H
#define RB_EVAL_CODE_H
/*
 * code: the inside of eval, shared by its files and by nobody else. An
 * expression becomes a tree of struct code: typed, names resolved to refs or
 * local slots, each node with the function that evaluates it. A node that fails
 * returns a value of kind V_FAIL, so that every reader of a result tests one
 * number: kind >= V_UNKNOWN means "not an ordinary value".
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "eval/eval.h"
#include "eval/regex.h"

enum { V_FAIL = V_KINDS };       /* internal kind: m->err says why */
enum { LOCALS_MAX = 64 };        /* nested lambdas; EXPR_DEPTH_MAX allows no more */
enum { CALL_ARGS_MAX = 16 };
enum { CODE_DEPTH_MAX = 256 };   /* of the tree; a chain a + b + c is one level each */
enum { PAD_MAX = 10000 };        /* columns of pad() and indent() */

struct function;
struct machine;
struct code;

typedef struct value code_run(const struct code *c, struct machine *m);

struct code {
	code_run *run;
	const struct type *type;
	const struct expr *expr;
	const struct code **args;
	uint32_t count;
	uint8_t op;              /* enum expr_op, or what the run function wants */
	uint8_t how;             /* arithmetic: enum arith */
	uint8_t lk, rk;          /* value kinds of the operands as typed */
	uint8_t result;          /* value kind of the result */
	union {
		struct value lit;
		struct ref ref;
		uint32_t slot;   /* local, lambda parameter */
		struct str name; /* member */
		const struct regex *regex;
		const struct function *fn;
	};
	const struct binding *bind; /* of a name or member that a scope gave, else NULL */
};

/* One evaluation. */
struct machine {
	const struct eval_env *env;
	struct arena *arena;
	struct eval_error *err;
	int64_t fuel;
	size_t bytes;            /* that may still be produced */
	bool limit;              /* the error is about fuel or bytes */
	struct value locals[LOCALS_MAX];
};

/* --- run: evaluation --- */

/* Evaluates c with the machine's fuel. */
struct value code_out_of_fuel(const struct code *c, struct machine *m);
static inline struct value code_run_node(const struct code *c, struct machine *m)
{
	if (m->fuel-- <= 0)
		return code_out_of_fuel(c, m);
	return c->run(c, m);
}
/* Sets the error (the first one wins) and returns the V_FAIL value. */
struct value code_fail(struct machine *m, const struct code *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Takes n from the fuel; false after an error. */
bool code_burn(struct machine *m, const struct code *at, uint64_t n);
/* Counts n bytes as produced; false after an error. */
bool code_spend(struct machine *m, const struct code *at, size_t n);
/* n bytes that stay until the arena goes; NULL after an error (limit). */
void *code_alloc(struct machine *m, const struct code *at, size_t n);
/* A string copied into the arena, counted; V_FAIL past the limit. */
struct value code_text(struct machine *m, const struct code *at, struct str s);
/* The contents of b as a string; releases b. V_FAIL past the limit. */
struct value code_take(struct machine *m, const struct code *at, struct buf *b);
/* The first unknown in v (itself or deep inside), or NULL. */
const struct value *code_find_unknown(const struct value *v);
/* A short text of v for messages: 'abc', 5, [..]. Arena of the machine. */
struct str code_quote(struct machine *m, struct value v);
/* "an int", "null" ... for messages. */
const char *code_a_kind(unsigned kind);
/* What to say if an operand is null or of another kind than its type says. */
struct value code_bad_kind(struct machine *m, const struct code *at, struct value v, const char *wanted);

code_run run_literal, run_ref, run_local, run_member, run_member_opt, run_member_any, run_index, run_list_of, run_if,
	run_and, run_or, run_not, run_coalesce, run_widen, run_taint, run_never;
code_run run_compare_i64, run_compare_number, run_compare_string, run_equal, run_is_null, run_in,
	run_matches, run_negate, run_add_i64, run_arith, run_concat;
code_run run_call;

enum arith {
	ARITH_I64,     /* + - * of int64 payloads, result kind in `result` */
	ARITH_F64,     /* + - * / of numbers as doubles */
	ARITH_SCALE,   /* unit * number, number * unit, unit / number */
	ARITH_RATIO,   /* unit / unit of one kind: float */
	ARITH_RATE,    /* size / duration: bytes per second */
	ARITH_PART     /* percent * unit, unit * percent */
};
/* unit (int64) times factor, rounded half away from zero; false: does not fit. */
bool code_scale(int64_t unit, long double factor, int64_t *out);

/* --- functions --- */

struct call {
	struct machine *m;
	const struct code *code;
	uint32_t count;
	struct value *args;
};
/* What a type rule sees. */
struct check {
	struct compiler *c;
	const struct expr *expr;
	const struct function *fn;
	const struct code **args;
	uint32_t count;
};

enum { FN_LAZY = 1 /* looks at no item: unknown items inside a list do not matter */ };

struct function {
	const char *name;
	const char *params;      /* one letter each, see functions.def */
	const struct type *(*rule)(struct check *k); /* NULL after a diagnostic */
	struct value (*run)(struct call *k);
	unsigned flags;
};
const struct function *function_find(struct str name);
/* Bounds of the argument count; *most is CALL_ARGS_MAX where it repeats. */
void function_arity(const struct function *f, uint32_t *least, uint32_t *most);
/* The letter for argument i. */
char function_param(const struct function *f, uint32_t i);
/* "a list", "text" ... for a letter. */
const char *function_param_name(char letter);
const char *function_signature(const struct function *f);
/* Runs the lambda at argument i on one item. */
struct value call_lambda(struct call *k, uint32_t i, struct value item);
/* code_fail() with the function's name in front. */
struct value call_fail(struct call *k, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* As a V_FAIL about argument i. */
struct value call_fail_at(struct call *k, uint32_t i, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A list of n items that the caller fills; NULL after an error. Burns n fuel. */
struct value *call_items(struct call *k, uint64_t n);
/* Burns fuel for reading n bytes; false after an error. */
bool call_reads(struct call *k, size_t n);

/* --- compile --- */

struct local { struct str name; const struct type *type; };
struct fact { const struct expr *path; uint32_t local; };

struct compiler {
	struct arena *arena;
	const struct scope *scope;
	struct diags *ds;
	bool failed;
	uint32_t depth;
	uint32_t local_count, fact_count;
	struct local locals[LOCALS_MAX];
	struct fact facts[LOCALS_MAX];  /* paths that are not null here */
};

/* A node; args are zeroed. */
struct code *code_new(struct compiler *c, const struct expr *e, code_run *run, const struct type *t, uint32_t count);
/* A node of type_error, after a diagnostic. */
const struct code *code_error(struct compiler *c, const struct expr *e);
/* Any node, also namespaces. Never NULL. */
const struct code *compile_node(struct compiler *c, const struct expr *e);
/* A value: namespaces and lambdas are refused. Never NULL. */
const struct code *compile_value(struct compiler *c, const struct expr *e);
/* A lambda whose parameter has the type. Never NULL. */
const struct code *compile_lambda(struct compiler *c, const struct expr *e, const struct type *param);
const struct code *compile_binary(struct compiler *c, const struct expr *e);
const struct code *compile_negate(struct compiler *c, const struct expr *e);
const struct code *compile_call(struct compiler *c, const struct expr *e);
/* The constant's node if all operands are constants; else n. */
const struct code *code_fold(struct compiler *c, struct code *n);
/* Marks the result secret if any operand is. */
const struct code *code_taint(struct compiler *c, const struct code *n);
/* code_taint(), or code_fold() where nothing is secret. */
const struct code *code_finish(struct compiler *c, struct code *n);
/* n as a value of type t (int becomes float); t must fit. */
const struct code *code_coerce(struct compiler *c, const struct code *n, const struct type *t);
/* Checks that n is a bool; false after a diagnostic. what: "`and`", "the condition". */
bool check_bool(struct compiler *c, const struct code *n, const char *what);
/* Checks that n may be used where null may not; false after a diagnostic. */
bool check_present(struct compiler *c, const struct code *n);
bool code_is_literal(const struct code *n);
/* A constant string; false if it is not one. */
bool code_constant_text(const struct code *n, struct str *out);

/* narrow: paths that a condition proves to be not null. */
bool path_is_plain(const struct expr *e);
void facts_add(struct compiler *c, const struct expr *cond, bool truth);
bool facts_hold(const struct compiler *c, const struct expr *path);

/* complain: diagnostics with labels, notes and help. All set c->failed. */
struct diag *complain(struct compiler *c, int code, struct span at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
const char *type_text(struct compiler *c, const struct type *t);
/* Source text of an expression, canonical, shortened. */
const char *expr_text(struct compiler *c, const struct expr *e);
void complain_note(struct compiler *c, struct diag *d, const struct code *n);
void complain_compare(struct compiler *c, const struct expr *e, const struct code *l, const struct code *r);
void complain_arith(struct compiler *c, const struct expr *e, const struct code *l, const struct code *r);
void complain_any(struct compiler *c, const struct code *n, const struct type *other, const char *what);
void complain_null(struct compiler *c, const struct code *n);
void complain_want(struct compiler *c, const struct code *n, const struct type *want);
void complain_not_a_value(struct compiler *c, const struct code *n);
void complain_no_text(struct compiler *c, const struct code *n);
void complain_unknown_name(struct compiler *c, const struct expr *e);
void complain_unknown_member(struct compiler *c, const struct expr *e, const struct code *of);
void complain_unknown_function(struct compiler *c, const struct expr *e);
void complain_argument(struct check *k, uint32_t i, const char *wanted);
/* Checks a constant word against those of a status type. */
void check_status_word(struct compiler *c, const struct type *status, const struct code *word);
/* "x, y and z are its members" as a help line. */
void help_members(struct compiler *c, struct diag *d, const struct str *names, uint32_t count);

#endif
