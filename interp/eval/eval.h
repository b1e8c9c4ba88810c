#ifndef RB_EVAL_EVAL_H
#define RB_EVAL_EVAL_H
/*
 * eval: names, types and values of expressions. expr_compile() checks an
 * expression against a scope and gives `code`: a typed tree whose names are
 * resolved to refs. code_eval() runs it against an env: pure, bounded by fuel,
 * regexes compiled beforehand. Also renders templates and data.
 * Must not know: runbooks, steps, the world.
 */
#include <stdbool.h>
#include <stdint.h>
#include "eval/type.h"
#include "syntax/expr.h"
#include "syntax/shell.h"
#include "syntax/template.h"
#include "value/value.h"

struct arena;
struct diags;
struct eval_error;
struct code; /* compiled expression; const, in the load arena */

enum { EVAL_FUEL = 1000000, EVAL_BYTES_MAX = 16 << 20, REGEX_MATCH_LIMIT = 1000000 };

/* Where a name's value comes from. The meaning of root, a and b belongs to the
 * owner of the scope; eval only carries them to env.fetch. */
struct ref { uint16_t root; uint16_t depth; uint32_t a, b; };

struct binding {
	const struct type *type;    /* T_NAMESPACE: only its members have values */
	struct ref ref;
	struct str note;            /* "captured at 36:7 as ratio(out.error_rate)", may be empty */
	struct span note_span;
};

/* What names mean at one place. The owner (plan, cli) implements the calls. */
struct scope {
	/* Root name. False: unknown. May refuse with a reason: returns true, type
	 * type_error, after having added its own diagnostic at `at`. */
	bool (*name)(const struct scope *s, struct str name, struct span at, struct diags *ds, struct binding *out);
	/* Member of a namespace binding. The same rules. */
	bool (*member)(const struct scope *s, const struct binding *of, struct str name, struct span at,
		       struct diags *ds, struct binding *out);
	/* Calls each(arg, name) for the known names (of == NULL) or members, for did-you-mean. */
	void (*names)(const struct scope *s, const struct binding *of, void (*each)(void *arg, struct str), void *arg);
	void *owner;
};

struct eval_env {
	/* The value of a ref. Never fails; unknown values are V_UNKNOWN. */
	struct value (*fetch)(void *ctx, struct ref ref);
	void *ctx;
	struct arena *arena;   /* results and temporaries */
	bool before_revision_4; /* errors in the words of then (plan/revision.h) */
	/* Told of each text or number that is computed from a secret and may come to stand in a text; with
	 * err: of what could not be computed, and gives the text that stands for it. May be NULL. */
	struct value (*secret)(void *ctx, struct value v, const struct eval_error *err);
};

struct eval_error {
	bool set;
	char text[256];        /* "int(): 'x' is not a whole number" */
	struct span at;        /* the smallest expression that failed */
};

/* Compiles. want: the type needed, or NULL for any. NULL after diagnostics.
 * A T_BOOL want refuses other types ("no truthiness"). */
const struct code *expr_compile(struct arena *a, const struct expr *e, const struct scope *s,
				const struct type *want, struct diags *ds);
const struct type *code_type(const struct code *c);
const struct expr *code_expr(const struct code *c);
/* True if the expression reads a ref for which test() holds. */
bool code_reads(const struct code *c, bool (*test)(void *arg, struct ref), void *arg);
/* Calls each() for every ref that the expression reads, in order of text. */
void code_refs(const struct code *c, void (*each)(void *arg, struct ref, const struct expr *at), void *arg);
/* Evaluates. On error returns V_NULL and fills *err. Unknown operands give
 * unknown results, except where the other operand decides (false and x). */
struct value code_eval(const struct code *c, const struct eval_env *env, struct eval_error *err);

/* Codes of one load, indexed by expr->id. */
struct codes { const struct code **list; uint32_t count; };

/* Compiles all holes of a data tree / template. False after diagnostics. `want` is the
 * type of the whole: NULL takes any. A string is a text position: every hole may be of
 * any type that has a text (JSON is looked at when evaluated). A list of string, or a
 * list where a string is wanted (lines), is a list of text: an item that is one hole may
 * also be null or a list. Otherwise exact holes must fit and keep their type. A value
 * with text around its holes is text. */
bool tmpl_compile(struct arena *a, const struct tmpl *t, const struct scope *s,
		  const struct type *want_exact, struct codes *codes, struct diags *ds);
bool data_compile(struct arena *a, const struct data *d, const struct scope *s,
		  const struct type *want, struct codes *codes, struct diags *ds);
/* Renders: a tree of values. Exact holes keep their type, mixed text gives a
 * V_STRING, or V_UNKNOWN if a hole is unknown. */
struct value data_eval(const struct data *d, const struct codes *codes, const struct eval_env *env, struct eval_error *err);
/* As data_eval for lists of text (argv, say, checklist): an exact hole that is
 * null drops out, a list is spliced; every item becomes text. */
struct value data_eval_words(const struct data *d, const struct codes *codes, const struct eval_env *env, struct eval_error *err);
/* As data_eval for one text: scalars become their exact text. A list of lines
 * joins with newlines. */
struct value data_eval_text(const struct data *d, const struct codes *codes, const struct eval_env *env, struct eval_error *err);
/* The texts of a script's holes, in order, for RB_1...; V_LIST of strings. */
struct value tmpl_eval_holes(const struct tmpl *t, const struct codes *codes, const struct eval_env *env, struct eval_error *err);

/* Functions: one row each with types and doc; the table feeds compile, explain and docs. */
struct function_doc { const char *name, *group, *signature, *doc; };
const struct function_doc *function_docs(uint32_t *count);

#endif
