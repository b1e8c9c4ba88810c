#ifndef RB_PLAN_CHECK_H
#define RB_PLAN_CHECK_H
/*
 * check: what the files behind program_load() share: the state of one load, the
 * place from which an expression is read, and the passes in their order. Not
 * for use outside plan/.
 */
#include "base/arena.h"
#include "base/diag.h"
#include "base/buf.h"
#include "base/map.h"
#include "plan/program.h"

/* In which list of its parent a step stands. */
enum list_kind { LIST_TOP, LIST_STEPS, LIST_PROBE, LIST_UNDO, LIST_ALWAYS, LIST_MONITOR };

/* What the passes know of a step beyond prog_step. */
struct step_info {
	uint8_t list;             /* enum list_kind */
	uint8_t seq;              /* LIST_TOP: running order of the list, preflight 0 .. report 6; LIST_MONITOR: where it first samples */
	uint16_t depth;           /* number of parents */
	uint32_t end;             /* ix past its subtree */
	uint32_t writes;          /* forward writes before it, by ix */
	bool parallel;            /* its children (not its iterations) may run at once */
	uint16_t flags;           /* STEP_HAS_: which passes have to look at it */
	const struct type *item;  /* foreach: type of the item */
	const struct type *each;  /* foreach: type of `each`, made on first use */
	uint32_t *capture_slots;  /* many captures: hash of their names, made on first use */
};
/* A plain step has none: the passes then read only step_info, which is small. */
enum { STEP_HAS_NAMES = 1, STEP_HAS_TEXTS = 2, STEP_HAS_PLACE = 4, STEP_HAS_WRITE = 8, STEP_HAS_LOOP = 16 };
enum { SEQ_UNDO = PHASE_TEST + 1, SEQ_ALWAYS, SEQ_REPORT };

struct load {
	struct arena *a;
	struct unit *unit;        /* the file that is checked */
	bool quiet;               /* another repository's: no warnings */
	struct diags *ds;
	struct program *p;
	const struct runbook *rb;
	const struct load_options *options;
	struct step_info *info;
	uint32_t writes;          /* forward writes in all */
	uint32_t first_stop;      /* ix of the first step that may end a module early, or NO_STEP */
	struct map ids;           /* id -> struct prog_step */
	struct map inputs, vars, secrets, channels, roles; /* name -> index + 1 */
	uint64_t env_left;        /* merged environment entries that may still be made */
	const struct type **input_types, **var_types;
	uint32_t vars_ready;      /* vars that are compiled: later ones cannot be read */
	bool *allow_used;         /* by rb->allows */
	const uint32_t *allow_targets; /* line that each allow speaks of */
};

/* Where an expression stands. */
enum moment {
	WHEN_START,   /* vars: inputs, earlier vars and the run */
	WHEN_TOP,     /* lock, title, defaults: also all vars */
	WHEN_END,     /* outputs: when all steps of a module have run */
	WHEN_LOOP,    /* the list of a foreach, parallel: outside its own loop */
	WHEN_BEFORE,  /* if, guard, and everything of the action */
	WHEN_FAILED,  /* retry.if: after an attempt that failed */
	WHEN_RESULT,  /* capture, expect: after an attempt */
	WHEN_RULE     /* rules of a monitor: after a sample */
};
struct place {
	struct scope scope;       /* first: eval gives it back */
	struct load *l;
	const struct prog_step *ps; /* NULL at the top */
	uint8_t when;             /* enum moment */
	uint32_t own;             /* own captures that can be read */
	bool secrets;             /* secrets may flow here */
	bool failed;              /* WHEN_RULE: the rule reads `failed`, so there may be no figures */
	struct str what;          /* `key` in messages */
};

/* scope.c */
void place_init(struct place *p, struct load *l, const struct prog_step *ps, enum moment when, const char *what);
/* type of a declared input (optional if its default is null). */
const struct type *scope_input_type(struct load *l, const struct decl *d);
/* Names that expressions reserve: inputs, steps, out, true ... */
bool scope_is_reserved(struct str name);
bool scope_is_step_field(struct str name);

/* visible.c: may a step be read from here, and did it surely complete? */
enum sight { SEEN, SEEN_MAYBE /* T? */, SEEN_OWN_UNDO /* as self */, NOT_SEEN /* said why */ };
struct sighting { uint8_t sight; const char *why; struct span why_span; };
struct sighting visible_from(const struct place *at, const struct prog_step *target, struct span span, struct diags *ds);

/* layout.c: prog_steps with all they inherit. */
void layout_program(struct load *l);

/* compile.c: all expressions. */
void compile_program(struct load *l);
const struct code *compile_expr(struct place *at, const struct expr *e, const struct type *want);
/* LINES: one text, or a list of its lines, whose items may be lists. WORDS: an item of a list. NAMES:
 * one name or a list, also by one hole. */
enum text_form { FORM_TEXT, FORM_LINES, FORM_WORDS, FORM_NAMES, FORM_VALUE };
void compile_data(struct place *at, const struct data *d, enum text_form form, const struct type *want);
/* compile_action.c */
void compile_action(struct load *l, struct prog_step *ps);

/* monitors.c: what they name, and their rules. Link: before anything is compiled. */
void monitors_link(struct load *l);
void monitors_compile(struct load *l);
void monitors_check(struct load *l); /* RB509, RB510 */
void compile_step(struct load *l, const struct step *s);

/* names.c: index of a capture, or -1; in constant time also for thousands. */
int64_t capture_index(struct load *l, const struct prog_step *ps, struct str name);
/* a joined to `a, b, c`, cut after a few: for messages. */
struct str names_list(struct arena *a, const struct str *names, uint32_t count);

/* types.c: the type of a data tree whose holes are compiled. */
const struct type *data_type(struct load *l, const struct data *d);
const struct type *value_type(struct load *l, struct value v);

/* A node's value in the type of the declaration. False: *bad is the node that is not of it. */
bool input_from_node(struct arena *a, const struct decl *d, const struct node *n, struct value *out, const struct node **bad);
/* Does any of its holes read a secret? */
bool reads_a_secret(const struct place *at, const struct data *d);

/* The rules that are not about types. */
void check_id(struct load *l, struct prog_step *ps); /* when laid out */
void check_names(struct load *l);      /* captures, loop names, env names */
void check_places(struct load *l);     /* what may stand where */
void check_decls(struct load *l);      /* inputs, roles, patterns */
void check_channels(struct load *l);   /* secrets and addresses of channels */
void check_shell(struct load *l, struct prog_step *ps); /* scripts */
void check_safety(struct load *l);     /* RB5xx */
void check_style(struct load *l);      /* RB6xx */
void check_words(struct load *l, const struct prog_step *ps); /* RB312, RB313 of a run */
/* `to` of notify, or who an approval or a ladder tells: channels and roles. */
void check_targets(struct load *l, const struct data *to);
void check_approve(struct load *l, const struct prog_step *ps);
const struct regex *check_field(struct load *l, const struct decl *d); /* of inputs or `ask`; its pattern, or NULL */

/* warn.c: a warning, unless `# runbook: allow` speaks of its line or its step; NULL then. */
struct diag *check_warn(struct load *l, int code, const struct prog_step *ps, struct span at, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
void check_allows(struct load *l);       /* finds the targets */
void check_unused_allows(struct load *l);

/* The span of a step's key, or of its start. */
struct span step_key_span(const struct step *s, const char *key);
/* "step `x`" or "this step" */
struct str step_title(struct load *l, const struct prog_step *ps);
/* Calls fn for each step of a list. */
#define EACH_STEP(s, list_, i) \
	for (uint32_t i = 0; i < (list_)->count && ((s) = (list_)->list[i], 1); i++)

#endif
