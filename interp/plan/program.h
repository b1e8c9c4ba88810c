#ifndef RB_PLAN_PROGRAM_H
#define RB_PLAN_PROGRAM_H
/*
 * program: a runbook that was loaded and checked: every step with what it
 * inherits, every expression compiled, every name resolved. Const, in the load
 * arena. The engine runs it; plan lists it. Pure: no I/O.
 *
 * Names become refs (eval/eval.h). Roots and their a, b:
 *   REF_INPUT a=index  REF_VAR a=index  REF_SECRET a=index
 *   REF_STEP  a=step ix, b=enum step_field or STEP_CAPTURE + capture index
 *   REF_SELF  as REF_STEP, of the step whose rollback block this is
 *   REF_RUN   a=enum run_field    REF_RISK a: 0 score, 1 level   REF_ROLE a=index b: 0 who 1 contact
 *   REF_NOW
 *   REF_ITEM  a=ix of the foreach step  (matrix: b = 1 + index of the key is not used: item is a map)
 *   REF_OUT REF_RAW REF_ERR REF_CODE REF_HEADERS REF_TOOK   of the current attempt
 *   REF_OWN   a=capture index of the current step (an earlier capture)
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"
#include "eval/eval.h"
#include "eval/regex.h"
#include "syntax/runbook.h"
#include "value/value.h"

struct arena;
struct diags;

enum ref_root { REF_INPUT = 1, REF_VAR, REF_SECRET, REF_STEP, REF_SELF, REF_RUN, REF_RISK, REF_ROLE, REF_NOW,
		REF_ITEM, REF_OUT, REF_RAW, REF_ERR, REF_CODE, REF_HEADERS, REF_TOOK, REF_OWN };
enum step_field { STEP_STATUS, STEP_CODE, STEP_TOOK, STEP_ATTEMPTS, STEP_STARTED, STEP_ENDED, STEP_PLANNED,
		  STEP_ERROR, STEP_TEXT, STEP_EACH, STEP_EACH_FIELD /* x.n of a foreach: b = STEP_EACH_FIELD + capture index */,
		  STEP_CAPTURE = 1000 };
extern const char *const step_field_names[]; /* up to STEP_EACH, then NULL */
enum run_field { RUN_ID, RUN_STATUS, RUN_STARTED, RUN_TOOK, RUN_DRY_RUN, RUN_OPERATOR, RUN_PHASE, RUN_PLANNED,
		 RUN_STEPS, RUN_ISSUES, RUN_FIELDS };
extern const char *const run_field_names[RUN_FIELDS];

enum step_role { ROLE_FORWARD, ROLE_PROBE, ROLE_UNDO /* in a rollback list */, ROLE_ALWAYS,
		 ROLE_TOP_UNDO /* top-level rollback */, ROLE_TOP_ALWAYS };

enum { NO_STEP = UINT32_MAX };

/* A step as it will run: the AST plus what it inherits. Indexed by step->ix. */
struct prog_step {
	const struct step *ast;
	struct str label;          /* id, or "#3": position in its list from 1 */
	uint32_t parent;           /* enclosing step's ix (block, or owner of probe/rollback/always) or NO_STEP */
	uint32_t loop;             /* ix of the nearest enclosing foreach step (itself not counted) or NO_STEP */
	uint32_t slot;             /* index of its result among steps of the same `loop` */
	uint32_t loop_slots;       /* foreach: how many slots an iteration has */
	uint8_t phase;             /* enum phase; PHASE_COUNT in top rollback/always */
	uint8_t role;              /* enum step_role, of the nearest list */
	uint8_t effect;            /* EFFECT_READ or EFFECT_WRITE, resolved; of a block: of its children */
	int8_t shell;              /* enum shell, resolved */
	bool has_undo;             /* rollback present (even []) */
	bool wants_output;         /* parse, capture, expect, retry.if or guard reads out/raw/err */
	bool secret_capture;       /* a secret(...) capture: output neither shown nor stored */
	const struct data *timeout, *grace; /* own, or defaults; DATA_NONE: none / 10s */
	const struct retry *retry;    /* own or default, or NULL */
	const struct data *dir;       /* own or inherited */
	const struct named_data *env; uint32_t env_count; /* defaults, blocks and own, later wins, merged */
	struct str script;            /* run script: program text with RB_n references */
	const struct tmpl *script_tmpl; /* its holes, for RB_1.. ; NULL if none */
	const struct regex *regex;    /* parse regex */
	const struct type *out_type;
	const struct type *const *capture_types;
};

struct program {
	const struct runbook *rb;
	struct prog_step *steps; uint32_t step_count;
	struct codes codes;
	uint32_t root_slots;        /* results at the top (loop == NO_STEP) */
	int risk_score; struct str risk_level; /* "low".. or "" */
	bool needs_http;            /* any http step or webhook channel */
	bool may_ask;               /* people may be asked: also pauses and the window */
	bool needs_answers;         /* confirm, ask: refused without a terminal and answers */
	struct regexes regexes;     /* owned: program_release */
};

/* How check reads `files:` and env: nothing. Only texts: */
struct load_options {
	const struct str *env_names; uint32_t env_count; /* names known to be inherited besides the fixed list */
};

/* Parses, resolves, checks. NULL if errors; diagnostics (also warnings) in ds. */
struct program *program_load(struct arena *a, const struct source *src, const struct load_options *o, struct diags *ds);
void program_release(struct program *p);

/* Inputs: name=value texts and a values map become typed values, indexed as
 * rb->inputs. False after diagnostics (unknown input, wrong type, pattern, range, missing). */
struct input_text { struct str name, text; struct span at; };
bool program_inputs(const struct program *p, struct arena *a, const struct input_text *texts, uint32_t text_count,
		    const struct node *const *files, uint32_t file_count, struct value *out, struct diags *ds);

/* One value from text by its declaration (a field of `ask`), in a. False with *why:
 * "`x` is no int ...". */
bool decl_parse(struct arena *a, const struct decl *d, struct str text, struct value *out, struct str *why);
/* Does a value keep the rules of its declaration? False with *why. */
bool decl_fits(struct arena *a, const struct decl *d, struct value v, struct str *why);
/* The declaration of one element of a list. */
struct decl decl_element(const struct decl *d);

/* Does the step start children: block or foreach. */
bool prog_step_is_block(const struct prog_step *s);
/* JSON Schema (draft-07) from the key table; the reference tables in Markdown. */
void schema_print(struct buf *out);
void keys_markdown(struct buf *out);

#endif
