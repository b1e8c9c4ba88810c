#ifndef RB_CLI_WHATIF_H
#define RB_CLI_WHATIF_H
/*
 * whatif: `replay --against`: what SOURCE would have done with what a run, or
 * each run of a folder, has recorded. SOURCE is read before the jail closes.
 */
#include <stdbool.h>
#include "cli/command.h"
#include "cli/kept.h"
#include "cli/rebuild.h"
#include "plan/align.h"
#include "run/whatif.h"

/* replay with --against; the operand is RUN, or there is none and --corpus. */
int whatif_command(struct cli *c, bool json);

/* SOURCE, and what is assumed. */
struct whatif_source {
	struct loaded l;
	const char *name;                /* as given */
	struct kept_sources kept;
	struct map files;                /* name -> digest */
	struct assumption *assume; uint32_t assume_count;
};

enum asked { ASKED_OK, ASKED_OTHER /* a run of another runbook */, ASKED_UNDO /* a run that undoes another one */,
	     ASKED_CANNOT /* its program cannot be loaded, or its engine makes another journal */ };
/* One run, asked. All is in an arena of its own. */
struct whatif_case {
	struct cli own;
	struct rebuild b;
	struct mask *mask;
	struct trace was;
	struct align align;
	struct run_setup setup;
	struct whatif *whatif;
	struct whatif_result refused;    /* before a drive: an input does not fit */
	const struct whatif_result *res; /* ASKED_OK */
	uint8_t asked;                   /* enum asked */
	struct str why;                  /* not ASKED_OK */
};
/* Asks; nothing is printed. whatif_close() in any case. */
void whatif_ask(struct whatif_case *k, const struct cli *c, struct str run_dir, const struct whatif_source *src);
void whatif_close(struct whatif_case *k);

/* Appends what came of it; one JSON object a line. */
void whatif_text(const struct whatif_case *k, const struct whatif_source *src, struct buf *out);
void whatif_json(const struct whatif_case *k, const struct whatif_source *src, struct buf *out);
/* Appends text without secrets. */
void whatif_put(const struct whatif_case *k, struct buf *out, struct str text);
/* "ok", or "refused" where it would not have started. */
const char *whatif_status(const struct whatif_result *r, uint32_t outcome);
/* Status of the run as it is: its seal's, "held", "in_doubt", or "broken". */
const char *whatif_was(const struct whatif_case *k);

/* A folder of runs: a table, or JSON. Returns the exit code. */
int whatif_corpus(struct cli *c, const struct whatif_source *src, const char *dir, bool json);
/* --fail-on: 0 different (default), 1 may, 2 flip. -1 after a message. */
int whatif_fail_on(struct cli *c);

#endif
