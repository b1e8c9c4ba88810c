#ifndef RB_SYNTAX_RUNBOOK_H
#define RB_SYNTAX_RUNBOOK_H
/*
 * runbook: the AST of a runbook file, const after parsing. Every key of
 * language.md 1.1 has a row in the key table (syntax/keys.h); runbook_parse()
 * reads nodes by those rows. No names are resolved here and no types checked
 * beyond literals: that is plan's business.
 *
 * Absent values: NULL expr, DATA_NONE data, empty str, -1 numbers.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/source.h"
#include "base/str.h"
#include "syntax/expr.h"
#include "syntax/node.h"
#include "syntax/template.h"
#include "value/value.h"

struct arena;
struct diags;
struct step;

enum phase { PHASE_PREFLIGHT, PHASE_PLAN, PHASE_ACT, PHASE_TEST, PHASE_REPORT, PHASE_COUNT };
extern const char *const phase_names[PHASE_COUNT];

enum decl_type { DECL_STRING, DECL_INT, DECL_FLOAT, DECL_BOOL, DECL_DURATION, DECL_SIZE, DECL_PERCENT,
		 DECL_TIME, DECL_LIST, DECL_MAP, DECL_SECRET, DECL_TYPES };
extern const char *const decl_type_names[DECL_TYPES];

/* An input: its type and rules. Literals are already of the declared type. */
struct decl {
	struct str name, help, pattern;
	struct span span, pattern_span;
	const struct node *node;
	uint8_t type, of;              /* of: element type of list and map, DECL_STRING by default */
	bool has_default, has_min, has_max;
	struct value dflt, min, max;
	const struct value *choices; uint32_t choice_count; /* enum */
};

struct named_data { struct str name; struct span span; struct data data; };
struct named_expr { struct str name; struct span span; const struct expr *expr; /* NULL: a field of `ask` */ };
struct strs { const struct str *list; uint32_t count; };

enum secret_from { SECRET_ENV, SECRET_FILE, SECRET_RUN };
struct secret { struct str name; struct span span; uint8_t from; struct str arg; struct strs argv; };

struct guard {
	const struct expr *that;
	uint8_t otherwise;             /* enum guard_else */
	struct data say;
	struct span span;
};
enum guard_else { GUARD_FAIL, GUARD_STOP, GUARD_SKIP, GUARD_WARN }; /* strongest first */

enum action { ACT_NONE, ACT_RUN, ACT_HTTP, ACT_USES, ACT_STEPS, ACT_WAIT, ACT_CONFIRM, ACT_APPROVE,
	      ACT_ASK, ACT_CHECKLIST, ACT_NOTIFY, ACT_RENDER, ACT_METRIC, ACT_COUNT };
extern const char *const action_names[ACT_COUNT]; /* the key: "run", "http", ... "" for none */
/* Does it wait for people: confirm, approve, ask, checklist. */
bool action_asks(uint8_t action);
/* Does it call something outside and bring an answer: run, http, metric. */
static inline bool action_calls(uint8_t action)
{
	return action == ACT_RUN || action == ACT_HTTP || action == ACT_METRIC;
}

struct act_http {
	struct data url, method, query, headers, json, form, body, follow, tls;
	struct data user, password, bearer;     /* auth: {user, password} | {bearer} */
};
/* An instant query: a GET whose url is the server's and whose query is PromQL. http is
 * first: whoever makes requests finds the same struct at the same place. */
struct act_metric { struct act_http http; struct data query; bool all; };
struct act_notify { struct data to; struct data title, say, incident; uint8_t level, event; /* enum message_level, enum message_event */ };
struct act_render { struct data to, text, json; };
struct act_wait { struct data amount, until; };
/* Who is told when something has not ended after a time; in order of time. */
struct rung { int64_t after; struct data notify, say; };
struct ladder { const struct rung *rungs; uint32_t count; };
struct act_approve { struct str from; struct span from_span; struct data min, notify; };
struct act_ask { const struct decl *fields; uint32_t count; };
/* uses: what it names as written, and its `with`. */
struct act_uses { struct str source; struct span span; const struct named_data *with; uint32_t with_count; };

enum on_fail { ON_FAIL_UNSET, ON_FAIL_FAIL, ON_FAIL_CONTINUE, ON_FAIL_UNDO, ON_FAIL_PAUSE };
enum effect { EFFECT_UNSET, EFFECT_READ, EFFECT_WRITE };
enum parse { PARSE_TEXT, PARSE_LINES, PARSE_JSON, PARSE_REGEX };
enum shell { SHELL_UNSET = -1, SHELL_KIND_SH, SHELL_KIND_BASH, SHELL_KIND_PWSH }; /* as enum shell_dialect */

struct retry { struct data max, delay, backoff, max_delay, jitter; const struct expr *when; struct span span; };

struct step_list { struct step *const *list; uint32_t count; struct span span; bool present; };

/* What few steps have. Steps without any of it share one that is empty: a large
 * runbook is mostly plain steps, and zeroed memory is what loading it costs. */
struct step_more {
	struct data name, about;
	/* foreach: over (E), or items (T list), or matrix */
	struct { bool present; const struct expr *over; struct data items;
		 const struct named_data *matrix; uint32_t matrix_count;  /* each DATA_LIST, or exact hole */
		 struct str as; struct span span; } foreach;
	struct data parallel, grace, planned;
	struct str regex; struct span regex_span;
	struct step *probe;            /* NULL or a read step */
	struct step_list always;
	struct data irreversible, preview, stdin_, dir;
	const struct ladder *escalate; /* NULL: none */
};

struct step {
	uint32_t ix;                   /* unique in a load, preorder, from 0 */
	uint8_t action;
	uint8_t on_fail, effect, parse;
	int8_t shell;                  /* enum shell */
	bool idempotent;
	struct span span;              /* the whole step; key spans by node_get */
	const struct node *node;
	const struct step_more *more;  /* never NULL */
	struct str id;                 /* may be empty */
	struct span id_span;
	struct span action_span;       /* the action's key */
	union {
		struct { struct data words; bool script; } run;
		struct step_list steps;
		struct data confirm;
		struct data checklist;         /* words */
		struct act_ask ask;            /* its fields are also the first of captures */
		struct act_uses uses;
	};
	const struct expr *if_;
	const struct guard *guards; uint32_t guard_count;
	uint32_t capture_count; const struct named_expr *captures;
	struct data timeout;
	const struct retry *retry;     /* own, or NULL; prog_step.retry also knows defaults */
	const struct expr *expect;
	struct step_list rollback;
	const struct named_data *env; uint32_t env_count;
	/* Of these actions only; other steps end here: there may be many thousands of them. */
	union {
		struct act_http http;
		struct act_metric metric;
		struct act_wait wait;
		struct act_notify notify;
		struct act_render render;
		struct act_approve approve;
	};
};

/* A rule of a monitor. hold: how long `when` must hold, kind V_NULL: one sample is enough. */
enum rule_then { THEN_NOTIFY, THEN_PAUSE, THEN_ROLLBACK };
struct rule {
	const struct expr *when;       /* NULL: `failed`, of the rule that every monitor has */
	struct expr_for hold;
	uint8_t then;                  /* enum rule_then */
	struct data to, say;
	int8_t level;                  /* enum message_level; -1: by `then` */
	struct span span;
};
/* A read that is repeated in the background while what `during` names runs. Its step has
 * an action, captures and so on; it stands in no list. */
struct monitor {
	const struct step *step;
	struct span span;
	struct strs during; const struct span *during_spans; /* none: test */
	struct data every;
	const struct rule *rules; uint32_t rule_count;
};

enum channel_kind { CHANNEL_WEBHOOK, CHANNEL_RUN, CHANNEL_SLACK, CHANNEL_PAGERDUTY, CHANNEL_EMAIL };
extern const char *const channel_kind_names[]; /* as the keys: "webhook", "run" ... */
enum message_level { LEVEL_INFO, LEVEL_WARN, LEVEL_ERROR, LEVEL_CRITICAL };
extern const char *const message_levels[]; /* ends with NULL */
enum message_event { EVENT_TRIGGERED, EVENT_ACKNOWLEDGED, EVENT_RESOLVED };
extern const char *const message_events[]; /* "trigger", "acknowledge", "resolve", NULL */
enum mail_tls { MAIL_STARTTLS, MAIL_IMPLICIT, MAIL_PLAIN };
struct mail { struct data server, user, from, to /* words */; uint8_t tls; /* enum mail_tls */ };
struct channel {
	struct str name; struct span span;
	uint8_t kind;                  /* enum channel_kind */
	uint8_t level;                 /* enum message_level: the least that goes through it */
	struct str secret; struct span secret_span; /* address, routing key or password; empty: none */
	struct data argv, url;
	struct mail mail;
};

struct role { struct str name; struct span span; struct data who /* words */, contact; struct str notify; struct span notify_span; };

/* When changes may begin: in one of the windows; civil time in a zone. */
enum window_else { WINDOW_FAIL, WINDOW_WARN, WINDOW_CONFIRM };
enum { WINDOWS_MAX = 16 };
struct window {
	struct span tz_span;
	uint8_t days;                  /* bit 0 = Monday: days on which it opens */
	int32_t from, to;              /* seconds since midnight; from > to: to the next day */
	struct str tz;
};
struct windows {
	const struct window *list; uint32_t count; /* 0: changes may begin at any time */
	struct span span;              /* of the key */
	uint8_t otherwise;             /* enum window_else: of all of them */
};

struct defaults { struct data timeout, grace, dir; bool has_retry; struct retry retry; int8_t shell;
		  const struct named_data *env; uint32_t env_count; struct strs inherit; };

struct allow { uint32_t line; int code; struct str reason; struct span span; }; /* # runbook: allow RB501 reason */

struct runbook {
	const struct source *source;
	const struct node *node;
	struct str name, version;
	struct span name_span;
	struct data title, about;
	struct strs owners;
	struct data meta, risks;       /* risks: list of {what, probability, impact, owner, plan} */
	const struct decl *inputs; uint32_t input_count;
	const struct secret *secrets; uint32_t secret_count;
	const struct named_data *vars; uint32_t var_count;
	const struct named_expr *outputs; uint32_t output_count;
	struct step_list steps;        /* of a module, instead of phases */
	const struct step *const *uses; uint32_t use_count; /* steps with `uses`, in running order */
	struct strs files; const struct span *file_spans;
	const struct channel *channels; uint32_t channel_count;
	const struct role *roles; uint32_t role_count;
	struct windows windows;
	const struct ladder *escalate; /* NULL: none */
	struct data lock, timeout, rto, planned;
	struct defaults defaults;
	struct step_list phases[PHASE_COUNT], rollback, always;
	const struct monitor *monitors; uint32_t monitor_count;
	const struct allow *allows; uint32_t allow_count;
	uint32_t first_step, first_expr; /* the numbers that its steps and expressions begin with */
	uint32_t step_count;           /* all steps, for arrays by ix */
	uint32_t expr_count;           /* all expr roots, for arrays by id */
};

/* Reads a runbook. NULL if it is so broken that nothing can be checked; a
 * partial AST with diagnostics otherwise (up to DIAG_MAX errors in one pass). */
struct runbook *runbook_parse(struct arena *a, const struct source *src, struct diags *ds);
/* As a module: its steps are numbered from first_step, its expressions from first_expr;
 * what a use of it does not run (rollback, always, report of a runbook) is not read. */
struct runbook *runbook_parse_module(struct arena *a, const struct source *src, uint32_t first_step, uint32_t first_expr,
				     struct diags *ds);

#endif
