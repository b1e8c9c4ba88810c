#ifndef RB_PLAN_PROGRAM_H
#define RB_PLAN_PROGRAM_H
/*
 * program: a runbook that was loaded and checked: every step with what it
 * inherits, every expression compiled, every name resolved. Const, in the load
 * arena. The engine runs it; plan lists it. Pure: no I/O.
 *
 * Names become refs (eval/eval.h). Roots and their a, b:
 *   REF_INPUT a=index  REF_VAR a=index  of the file that the expression stands in
 *   REF_SECRET a=index in program.secrets
 *   REF_STEP  a=step ix, b=enum step_field or STEP_CAPTURE + capture index
 *   REF_SELF  as REF_STEP, of the step whose rollback block this is
 *   REF_RUN   a=enum run_field    REF_RISK a: 0 score, 1 level   REF_ROLE a=index b: 0 who 1 contact
 *   REF_NOW
 *   REF_ITEM  a=ix of the foreach step  (matrix: b = 1 + index of the key is not used: item is a map)
 *   REF_OUT REF_RAW REF_ERR REF_CODE REF_HEADERS REF_TOOK   of the current attempt
 *   REF_OWN   a=capture index of the current step (an earlier capture)
 *   REF_FAILED   in a rule: did the sample fail?
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"
#include "eval/eval.h"
#include "eval/regex.h"
#include "plan/fetch.h"
#include "syntax/runbook.h"
#include "value/value.h"

struct arena;
struct diags;

enum ref_root { REF_INPUT = 1, REF_VAR, REF_SECRET, REF_STEP, REF_SELF, REF_RUN, REF_RISK, REF_ROLE, REF_NOW,
		REF_ITEM, REF_OUT, REF_RAW, REF_ERR, REF_CODE, REF_HEADERS, REF_TOOK, REF_OWN, REF_FAILED };
enum step_field { STEP_STATUS, STEP_CODE, STEP_TOOK, STEP_ATTEMPTS, STEP_STARTED, STEP_ENDED, STEP_PLANNED,
		  STEP_ERROR, STEP_TEXT, STEP_EACH, STEP_EACH_FIELD /* x.n of a foreach: b = STEP_EACH_FIELD + capture index */,
		  STEP_CAPTURE = 1000 };
extern const char *const step_field_names[]; /* up to STEP_EACH, then NULL */
enum run_field { RUN_ID, RUN_STATUS, RUN_STARTED, RUN_TOOK, RUN_DRY_RUN, RUN_OPERATOR, RUN_PHASE, RUN_PLANNED,
		 RUN_STEPS, RUN_ISSUES, RUN_FIELDS };
extern const char *const run_field_names[RUN_FIELDS];

enum step_role { ROLE_FORWARD, ROLE_PROBE, ROLE_UNDO /* in a rollback list */, ROLE_ALWAYS,
		 ROLE_TOP_UNDO /* top-level rollback */, ROLE_TOP_ALWAYS, ROLE_MONITOR };

enum { NO_STEP = UINT32_MAX };
/* Results at the top of a file: prog_step.loop of its outermost steps. Of the runbook
 * itself (unit 0) it is NO_STEP. */
enum { UNITS_MAX = 1000 /* modules */, USES_DEPTH_MAX = 8 };
#define UNIT_LOOP(unit) (NO_STEP - (unit)->index)
#define LOOP_IS_UNIT(loop) ((loop) >= NO_STEP - UNITS_MAX)

/* A file of the program: the runbook (the first), and each module once, however often it is used. */
struct unit {
	const struct runbook *rb;
	uint32_t index;
	struct fetched from;        /* where it came from; empty of the runbook itself */
	struct str name;            /* for people and the journal: "std/http@1", "steps/health.yml" */
	bool std;                   /* part of this program */
	uint32_t first, end;        /* its steps by ix, and behind the last one */
	uint32_t root_slots;        /* results at its top */
	struct step_list body;      /* what a use of it runs: `steps`, or preflight to test */
	uint8_t effect;             /* the largest of the body */
	const struct step *asks;    /* the first step of it, or of what it uses, that waits for a person; or NULL */
	uint32_t first_secret;      /* in program.secrets */
	int64_t undo_time;          /* ns: the timeouts of all its rollback steps together */
	const struct type *const *output_types;
	const struct regex *const *patterns; /* by rb->inputs, NULL where there is none */
};

/* A step with `uses`. */
struct call {
	const struct unit *unit;    /* what it runs */
	const struct data *with;    /* by unit->rb->inputs; DATA_NONE: the input's default */
	uint32_t output_count;      /* the step's first captures are the unit's outputs */
};

/* A secret of the runbook or of a module. */
struct unit_secret { const struct unit *unit; const struct secret *secret; };

/* A step as it will run: the AST plus what it inherits. Indexed by step->ix. */
struct prog_step {
	const struct step *ast;
	const struct unit *unit;   /* the file that it stands in */
	const struct call *call;   /* `uses`, else NULL */
	struct str label;          /* id, or "#3": position in its list from 1 */
	uint32_t parent;           /* enclosing step's ix (block, or owner of probe/rollback/always) or NO_STEP */
	uint32_t loop;             /* ix of the nearest enclosing foreach step (itself not counted) or NO_STEP */
	uint32_t slot;             /* index of its result among steps of the same `loop` */
	uint32_t loop_slots;       /* foreach: how many slots an iteration has */
	uint8_t phase;             /* enum phase; PHASE_COUNT in top rollback/always and of monitors */
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

/* A rule; the last one of a monitor may be the one that it has by itself. */
struct prog_rule {
	const struct rule *ast;
	bool failed;               /* reads `failed`: it alone is asked of samples that failed */
};
/* A monitor of the runbook: the step it samples by, when, and its rules. */
struct prog_monitor {
	const struct monitor *ast;
	uint32_t step;             /* ix */
	uint8_t phases;            /* bit 1 << enum phase */
	const uint32_t *steps; uint32_t step_count; /* ix of steps while which it samples */
	const struct prog_rule *rules; uint32_t rule_count;
	bool keeps_out;            /* a rule reads `out`: it is part of the sample's record */
};

struct program {
	const struct runbook *rb;   /* of the first unit */
	const struct unit *const *units; uint32_t unit_count;
	const struct unit_secret *secrets; uint32_t secret_count; /* of all units */
	struct prog_step *steps; uint32_t step_count;
	const struct prog_monitor *monitors; uint32_t monitor_count;
	struct codes codes;
	int risk_score; struct str risk_level; /* "low".. or "" */
	bool needs_http;            /* any http step or webhook channel */
	bool may_ask;               /* people may be asked: also pauses and the window */
	bool needs_answers;         /* confirm, ask: refused without a terminal and answers */
	struct regexes regexes;     /* owned: program_release */
};

/* How check reads `files:` and env: nothing. Only texts: */
struct load_options {
	const struct fetch *fetch;
	const struct str *env_names; uint32_t env_count; /* names known to be inherited besides the fixed list */
	bool ran;                  /* a run was made of it, and must be read for ever: no errors that older versions did not find */
};

/* Parses, resolves, checks. NULL if errors; diagnostics (also warnings) in ds. */
struct program *program_load(struct arena *a, const struct source *src, const struct load_options *o, struct diags *ds);
void program_release(struct program *p);

/* Inputs: name=value texts and a values map become typed values, indexed as
 * rb->inputs. False after diagnostics (unknown input, wrong type, pattern, range, missing). */
struct input_text { struct str name, text; struct span at; };
/* A value against its declaration (min, max, enum, pattern; re: compiled, or NULL). Else
 * *why, as it follows "because". */
bool input_fits(struct arena *a, const struct decl *d, const struct regex *re, struct value v, struct str *why);
bool program_inputs(const struct program *p, struct arena *a, const struct input_text *texts, uint32_t text_count,
		    const struct node *const *files, uint32_t file_count, struct value *out, struct diags *ds);

/* One value from text by its declaration (a field of `ask`), in a. False with *why:
 * "`x` is no int ...". */
bool decl_parse(struct arena *a, const struct decl *d, struct str text, struct value *out, struct str *why);
/* The default as decl_parse() takes it. False: there is none, or it is null or an empty text. */
bool decl_default_text(struct arena *a, const struct decl *d, struct str *out);
/* Does a value keep the rules of its declaration? False with *why. */
bool decl_fits(struct arena *a, const struct decl *d, struct value v, struct str *why);
/* The declaration of one element of a list. */
struct decl decl_element(const struct decl *d);
/* Do its programs get what the runbook inherits from the environment? Those of the
 * runbook do, and those of std modules, which are part of this program. */
static inline bool unit_inherits(const struct unit *u)
{
	return !u->index || u->std;
}
/* The unit that a step uses, or NULL. */
static inline const struct unit *prog_step_uses(const struct prog_step *s)
{
	return s->call ? s->call->unit : NULL;
}
/* Is it a block: does it hold steps that are entries of the rollback stack? */
static inline bool prog_step_holds(const struct prog_step *s)
{
	return s->ast->action == ACT_STEPS || s->ast->action == ACT_USES;
}
/* What steps of a rollback block are repeated by that do not say otherwise. */
extern const struct retry undo_retry;
/* Does the step start children: block or foreach. */
bool prog_step_is_block(const struct prog_step *s);
/* JSON Schema (draft-07) from the key table; the reference tables in Markdown. */
void schema_print(struct buf *out);
void keys_markdown(struct buf *out);

#endif
