#ifndef RB_REPORT_SUMMARY_H
#define RB_REPORT_SUMMARY_H
/*
 * summary: a past (or running) run as a fold over its journal: who, what, how
 * it went, each step instance with its last outcome. Pure: journal text in,
 * summary out. `runs`, `show`, `eval --run` and later reports read it.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/str.h"
#include "journal/reader.h"
#include "journal/record.h"

enum { SUMMARY_STEPS_MAX = 200000 };

struct summary_step {
	struct str key, id, name, action, effect, status, error, at;
	struct str captures;         /* JSON object, or empty */
	struct str started;          /* wall time of the intent, or empty */
	int64_t took_us, attempts, code; /* code -1: none */
	bool began;                  /* an intent was recorded */
	bool ended;                  /* an outcome was recorded */
};
struct summary_residue { struct str key, why; const struct str *commands; uint32_t command_count; };
struct summary {
	struct journal_scan scan;    /* state of the journal */
	struct str run, runbook, runbook_version, title, path, dir, program, operator_name, user, host, lock, started;
	struct str inputs;           /* JSON object, typed */
	bool dry, held, sealed;
	struct str status;           /* seal's; "held"; "running" or "broken" are decided by the caller (run_is_live) */
	int64_t exit, took_us, rollback_us, records;
	struct str cause_key, cause_text, cause_at, stopped, held_key, held_why;
	const struct str *undone; uint32_t undone_count;
	const struct summary_residue *residue; uint32_t residue_count;
	struct summary_step *steps; uint32_t step_count; /* in order of first appearance */
	struct str last_key;         /* of the last intent without outcome: what ran when it ended */
	uint32_t issue_count;
	int64_t would_run, skipped, unknown; /* of a dry-run */
	int64_t pid;                 /* of the runner */
	int64_t last_m;              /* us of the last record since the start */
};

/* Folds a journal file; strings in the arena. False if it cannot be read at all
 * (then scan.why). */
bool summary_read(struct arena *a, const char *journal_path, struct summary *out);

#endif
