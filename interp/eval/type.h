#ifndef RB_EVAL_TYPE_H
#define RB_EVAL_TYPE_H
/*
 * type: static types of expressions. Interned in the load arena, compared by
 * type_equal(). Optional (T?) and secret are flags on a type.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

struct arena;
struct buf;

enum type_kind {
	T_NULL, T_BOOL, T_INT, T_FLOAT, T_STRING, T_DURATION, T_TIME, T_SIZE, T_PERCENT,
	T_LIST,      /* of elem */
	T_MAP,       /* free map: string -> elem (inputs of type map, headers, meta) */
	T_RECORD,    /* fixed fields */
	T_STATUS,    /* a status word: string that compares only with its known words, which are
		      * the names of `fields` */
	T_ANY,       /* JSON */
	T_NAMESPACE, /* inputs, steps, steps.x ...: only members, not a value */
	T_LAMBDA,    /* only as an argument */
	T_ERROR      /* after a diagnostic: agrees with everything, silent */
};

struct field { struct str name; const struct type *type; };
struct type {
	uint8_t kind;
	bool optional, secret;
	bool open;   /* T_RECORD: may have other fields; .f of one fails when evaluated, ?.f is any */
	const struct type *elem;
	const struct field *fields; uint32_t field_count;
};

extern const struct type type_null, type_bool, type_int, type_float, type_string, type_duration,
	type_time, type_size, type_percent, type_any, type_status /* of a step */, type_run_status,
	type_error, type_namespace;

const struct type *type_list(struct arena *a, const struct type *elem);
const struct type *type_map(struct arena *a, const struct type *elem);
const struct type *type_record(struct arena *a, const struct field *fields, uint32_t n);
const struct type *type_optional(struct arena *a, const struct type *t);
const struct type *type_required(struct arena *a, const struct type *t); /* without ? */
const struct type *type_secret(struct arena *a, const struct type *t);
bool type_equal(const struct type *a, const struct type *b);
/* True if a value of `from` may stand where `to` is wanted: T for T?, int for float,
 * status for string, everything for any; any itself only for any. Items of lists are
 * not converted. Secrecy is not looked at: see type_tainted(). */
bool type_fits(const struct type *from, const struct type *to);
/* The type that holds values of both (int and float: float; T and null: T?), or NULL. */
const struct type *type_join(struct arena *a, const struct type *x, const struct type *y);
/* True if the type or anything in it is secret. */
bool type_tainted(const struct type *t);
/* True if values of the type have an exact text (not null, list, map, any; optional is not looked at). */
bool type_has_text(const struct type *t);
/* What a list holds; any for JSON and for `[]`. */
const struct type *type_item(const struct type *t);
/* Field of a record, or NULL. */
const struct field *type_field(const struct type *t, struct str name);
/* "percent", "list of string", "int?" ... */
void type_print(const struct type *t, struct buf *out);

#endif
