#ifndef RB_CLI_COMMAND_H
#define RB_CLI_COMMAND_H
/*
 * command: one command = one file + one row in the table of main.c. Options are
 * rows too: they parse, and they make the help and the completion.
 */
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/str.h"

#define RUNBOOK_VERSION "0.1.0"

/* Exit codes of engine.md section 3 that commands use themselves. */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_PERSON = 4, EXIT_DAMAGED = 6, EXIT_LOCKED = 7, EXIT_INTERNAL = 70 };

struct option_row {
	const char *name;  /* "inputs", without the dashes */
	char letter;       /* 'i', 0: none */
	const char *arg;   /* "FILE"; NULL: a flag */
	const char *help;
};

/* One option as given: row index and argument. */
struct option_given { int row; const char *arg; };
struct cli {
	struct arena arena;              /* lives as long as the command */
	const struct cli_command *command;
	struct option_given *given; int given_count;
	const char **args; int arg_count; /* operands */
	bool color_out, color_err;
};

struct cli_command {
	const char *name;
	const char *usage;               /* "exec SOURCE [options]" */
	const char *summary;             /* one line */
	const char *help;                /* paragraphs with examples */
	const struct option_row *options; /* ends with name NULL */
	int (*run)(struct cli *c);
	bool acts;                       /* its exit code tells of a run, whatever becomes of its output */
	bool bundles;                    /* RUN may be a bundle (cli/unpack.h) */
};

/* Is the option given; its last argument. */
bool cli_has(const struct cli *c, const char *name);
const char *cli_arg(const struct cli *c, const char *name);
/* Calls each for every use of the option, in order. */
void cli_each(const struct cli *c, const char *name, void (*each)(void *arg, const char *value), void *arg);
/* "runbook: MESSAGE" on stderr and EXIT_USAGE. */
int cli_usage(const struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "runbook: MESSAGE" on stderr. */
void cli_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Writes to stdout / stderr whole; a closed pipe ends quietly. */
void cli_out(struct str s);
void cli_err(struct str s);

/* From now on cli_error() is also kept for standard output, as JSON. */
void cli_json_errors(void);
/* The end of the program: with cli_json_errors(), and if it fails with nothing on standard
 * output, prints {"v":1,"t":"error","exit":N,"errors":[TEXT...]}. Returns code; if standard
 * output could not be written, says so and returns EXIT_FAILED for EXIT_OK, unless `acts`. */
int cli_end(int code, bool acts);

extern const struct cli_command *const commands[]; /* sorted by name, ends with NULL */
const struct cli_command *command_find(const char *name);

/* One line each, sorted: as in main.c. */
extern const struct cli_command cmd_answer;
extern const struct cli_command cmd_approve;
extern const struct cli_command cmd_cancel;
extern const struct cli_command cmd_check;
extern const struct cli_command cmd_config;
extern const struct cli_command cmd_diff;
extern const struct cli_command cmd_eval;
extern const struct cli_command cmd_exec;
extern const struct cli_command cmd_explain;
extern const struct cli_command cmd_export;
extern const struct cli_command cmd_logs;
extern const struct cli_command cmd_mod;
extern const struct cli_command cmd_plan;
extern const struct cli_command cmd_replay;
extern const struct cli_command cmd_report;
extern const struct cli_command cmd_resolve;
extern const struct cli_command cmd_resume;
extern const struct cli_command cmd_rollback;
extern const struct cli_command cmd_runs;
extern const struct cli_command cmd_schema;
extern const struct cli_command cmd_show;
extern const struct cli_command cmd_verify;

#endif
