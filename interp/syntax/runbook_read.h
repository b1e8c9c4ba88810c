#ifndef RB_SYNTAX_RUNBOOK_READ_H
#define RB_SYNTAX_RUNBOOK_READ_H
/*
 * runbook_read: what the files of the runbook parser share: the state of one
 * load and the readers of single values. Each reader takes the node of a value,
 * says what is wrong with it (RB1xx) and returns false if nothing was read, so
 * that parsing goes on with the next key. Not for use outside runbook*.c.
 */
#include "base/arena.h"
#include "base/diag.h"
#include "syntax/keys.h"
#include "syntax/runbook.h"

struct reader {
	struct arena *a;
	struct diags *ds;
	const struct source *src;
	struct runbook *rb;
	bool module;          /* read only what a use of the file runs */
	uint32_t exprs;       /* next id of an expression root */
	uint32_t steps;       /* next ix of a step */
	const struct step **uses; uint32_t use_count, use_cap; /* steps with `uses` */
	struct key_index keys;
};

/* The next known key of a map: walks from *at (start with map->first), reports
 * unknown keys. NULL at the end. *value is the key's node. */
const struct key *read_next_key(struct reader *r, enum key_place place, struct node **at, struct node **value);
/* Reports keys marked as needed that map does not have. */
bool read_needed(struct reader *r, enum key_place place, const struct node *map, struct span at);
/* RB101 with did-you-mean and foreign words. */
void read_unknown_key(struct reader *r, enum key_place place, const struct node *value);

/* Kinds. Each adds RB102 if the node is something else. */
bool read_is_map(struct reader *r, const struct node *n, const char *what);
bool read_is_list(struct reader *r, const struct node *n, const char *what);
bool read_is_scalar(struct reader *r, const struct node *n, const char *what);
/* True (and RB107) if nothing was written: `key:`, null, ~. */
bool read_is_missing(struct reader *r, const struct node *n);

/* Names: [a-z_][a-z0-9_]*, at most NAME_BYTES_MAX; env names: [A-Za-z_][A-Za-z0-9_]*. */
enum { NAME_BYTES_MAX = 64 };
enum name_form { NAME_ID, NAME_ENV, NAME_RUNBOOK };
bool read_name(struct reader *r, struct str name, struct span at, enum name_form form, const char *what);

/* Literals (mode L). */
bool read_word(struct reader *r, const struct node *n, struct str *out);
bool read_words(struct reader *r, const struct node *n, struct strs *out, const struct span **spans);
/* RB105: the value is no literal of the kind; with the spelling that was meant. Always false. */
bool read_bad_literal(struct reader *r, const struct node *n, enum value_kind kind);
bool read_bool(struct reader *r, const struct node *n, bool *out);
/* Index in words, which ends with NULL. */
bool read_enum(struct reader *r, const struct node *n, const char *const *words, uint8_t *out);
bool read_duration(struct reader *r, const struct node *n, struct data *out);
/* A hole in a literal key is RB112. */
bool read_no_hole(struct reader *r, const struct node *n);

/* Mode T. */
bool read_text(struct reader *r, const struct node *n, struct data *out);
bool read_lines(struct reader *r, const struct node *n, struct data *out);
bool read_argv(struct reader *r, const struct node *n, struct data *out);
bool read_json(struct reader *r, const struct node *n, struct data *out);
/* A literal of the kind (checked at once) or exactly one hole. min: smallest allowed. */
bool read_unit(struct reader *r, const struct node *n, enum value_kind kind, int64_t min, struct data *out);
bool read_named(struct reader *r, const struct node *n, enum data_typing typing, enum name_form form,
		const char *what, const struct named_data **list, uint32_t *count);

/* Mode E. */
bool read_expr(struct reader *r, const struct node *n, const struct expr **out);
/* As read_expr, with `for 5m` behind it. */
bool read_rule_expr(struct reader *r, const struct node *n, const struct expr **out, struct expr_for *hold);
bool read_named_exprs(struct reader *r, const struct node *n, const char *what, const struct named_expr **list, uint32_t *count);

/* runbook_decl.c: the declarations of the top level. */
void read_inputs(struct reader *r, const struct node *n);
/* Declarations of typed values: inputs, fields of `ask`. */
bool read_decls(struct reader *r, const struct node *n, const char *what, const struct decl **list, uint32_t *count);
void read_secrets(struct reader *r, const struct node *n);
void read_defaults(struct reader *r, const struct node *n);
void read_risks(struct reader *r, const struct node *n);
void read_files(struct reader *r, const struct node *n);

/* runbook_channel.c */
void read_channels(struct reader *r, const struct node *n);
bool read_notify(struct reader *r, const struct node *n, struct act_notify *out);

/* runbook_step.c */
bool read_steps(struct reader *r, const struct node *n, struct step_list *out);
struct step *read_step(struct reader *r, const struct node *n);
/* A step without keys yet, and its keys one by one: for monitors, which have some of them. */
struct step *step_new(struct reader *r, const struct node *n);
void read_step_key(struct reader *r, const struct key *k, const struct node *n, const struct node *v, struct step *s);
/* The step's own struct step_more, made by the first key that needs it. */
struct step_more *more_of(struct reader *r, struct step *s);

/* runbook_action.c */
bool read_run(struct reader *r, const struct node *n, struct step *s);
bool read_http(struct reader *r, const struct node *n, struct act_http *out);
bool read_wait(struct reader *r, const struct node *n, struct act_wait *out);
bool read_render(struct reader *r, const struct node *n, struct act_render *out);
bool read_metric(struct reader *r, const struct node *n, struct act_metric *out);
/* with: NULL if there is none. */
bool read_uses(struct reader *r, const struct node *n, const struct node *with, struct step *s);

/* runbook_people.c */
void read_roles(struct reader *r, const struct node *n);
void read_windows(struct reader *r, const struct node *n);
bool read_escalate(struct reader *r, const struct node *n, const struct ladder **out);
bool read_approve(struct reader *r, const struct node *n, struct act_approve *out);
bool read_ask(struct reader *r, const struct node *n, struct step *s);
/* The fields of `ask` before the captures of the step. */
void read_ask_fields(struct reader *r, struct step *s);

/* runbook_monitor.c */
void read_monitors(struct reader *r, const struct node *n);

/* runbook_modifier.c */
bool read_retry(struct reader *r, const struct node *n, struct retry *out);
bool read_guards(struct reader *r, const struct node *n, struct step *s);
bool read_foreach(struct reader *r, const struct node *n, struct step *s);
bool read_parse(struct reader *r, const struct node *n, struct step *s);

/* runbook_allow.c: `# runbook: allow RB501 reason` in the source text. */
void read_allows(struct reader *r);

extern const char *const shell_words[];

#endif
