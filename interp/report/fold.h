#ifndef RB_REPORT_FOLD_H
#define RB_REPORT_FOLD_H
/*
 * fold: a past (or running) run as one fold over its journal: who, what, when,
 * the tree of phases, steps, iterations, attempts and undos, and how it ended.
 * Pure: journal in, model out; no clock, no zone, no folder. runs, show, eval
 * --run, diff and all reports read it. Types of records that it does not know
 * are kept as they are (events), so that older programs read newer journals.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/str.h"
#include "journal/reader.h"
#include "journal/record.h"
#include "value/value.h"

enum { REPORT_STEPS_MAX = 200000, REPORT_EVENTS_MAX = 100000, REPORT_POINTS_MAX = 1024 };

/* What a key's last part stands for. */
enum report_kind { NODE_ROOT, NODE_PHASE, NODE_STEP, NODE_ITERATION, NODE_AGAIN /* ~2 */, NODE_UNDO, NODE_ALWAYS };

/* An attempt of a step (step.attempt), or an asking of its probe (when, result). */
struct report_attempt {
	struct report_attempt *next;
	struct str end, error, answer, by, when, result;
	struct str out, err, headers; /* JSON as in the record, or empty */
	int64_t number, code, signal; /* code -1, signal 0: none */
	int64_t took_us, at_us;       /* at_us: when it had ended, us since the start */
};
struct report_guard {
	struct report_guard *next;
	struct str items, result;     /* items: the record's JSON list */
	int64_t at_us;
};
/* One node of the tree: a phase, or an instance of a step (its key is whole). */
struct report_node {
	struct str key, label;       /* label: the key's last part: "stop", "[2]", "~2", "!undo" */
	enum report_kind kind;
	struct report_node *parent, *first, *last, *next;
	uint32_t index;              /* in order of first appearance; the root is 0 */
	struct str id, name, action, effect, preview, at;
	struct str what;             /* the command, request or question as a person reads it; may have lines */
	struct str item;             /* JSON, in a foreach */
	struct str status, error, end;
	struct str captures;         /* JSON object, or empty */
	struct str started;          /* wall time of the intent, or empty */
	int64_t took_us, attempts, of, code; /* of: iterations, -1: no foreach; code of the last attempt, -1: none */
	int64_t began_us, ended_us;  /* us since the start; -1: not yet */
	bool step;                   /* a record step.* or comp.* names it: it is an instance of a step */
	bool began, ended;           /* an intent, an outcome was recorded */
	bool dry, unknown;           /* dry-run: it did not run; its values are not known */
	struct report_guard *guards, *last_guard;
	struct report_attempt *tries, *last_try, *probes, *last_probe;
	struct str undo, undo_why;   /* comp.outcome: undone, undo_failed, irreversible, residue */
	int64_t undo_from_us, undo_to_us; /* -1: not yet */
};
/* A figure that a monitor sampled: exact extremes, and its points thinned out evenly. */
struct report_point { int64_t at_us; double v; struct value x; };
struct report_figure {
	struct str name;             /* the capture's, or "out" */
	struct value last, least, most; /* numbers with their units */
	double low, high;
	uint32_t count, stride;      /* samples; every stride-th is a point */
	struct report_point *points; uint32_t point_count;
};
struct report_fired { int64_t rule; struct str when, then, text; int64_t at_us; };
struct report_monitor {
	struct str key, error;       /* error: of the last sample that failed */
	uint32_t samples, failed;
	int64_t first_us, last_us;
	struct report_figure *figures; uint32_t figure_count;
	int64_t *failures; uint32_t failure_count; /* when: the first ones */
	struct report_fired *fired; uint32_t fired_count;
};
/* Any other record: answer, note, signal, timer ... in order. */
struct report_event {
	struct str t, k, w;
	struct str body;             /* JSON object: the other members */
	int64_t n, at_us;
};
struct report_issue { struct str k, severity, text; int64_t at_us; };
struct report_residue { struct str key, why, dir; const struct str *commands; uint32_t command_count; };
struct report {
	struct journal_scan scan;    /* state of the journal */
	/* run.open */
	struct str run, runbook, runbook_version, title, path, dir, program, version, operator_name, user, host, lock, started;
	struct str inputs, secrets, files, source; /* JSON as in the record */
	struct str more;             /* JSON object: members that this program does not know */
	bool dry, claimed;
	bool asked;                  /* a person said `rollback`, of this run or of the one that it undoes */
	struct str traceparent;      /* the trace that the run is part of, or empty */
	struct str rollback_of, rollback_why; /* the run that this one undoes, or empty, and what for */
	int64_t pid, epochs;         /* of the last runner; how many runners there were */
	/* the end */
	bool held, in_doubt, sealed; /* in_doubt: a person must say whether steps were done */
	struct str status;           /* seal's; "held"; "running" or "broken" are decided by the caller (run_is_live) */
	struct str ended;            /* wall time of the last record */
	int64_t exit, took_us, rollback_us, records; /* exit -1: none yet; rollback_us -1: nothing was undone */
	struct str cause_key, cause_text, cause_at, stopped, held_key, held_why, doubt_key, doubt_why; /* doubt: the last one */
	struct str rollback_cause;   /* comp.plan */
	const struct str *planned; uint32_t planned_count;  /* comp.plan: keys, in the order of undoing */
	const struct str *undone; uint32_t undone_count;
	const struct str *continued; uint32_t continued_count;
	const struct str *armed; uint32_t armed_count;      /* dry-run */
	const struct report_residue *residue; uint32_t residue_count;
	int64_t would_run, skipped, unknown; /* of a dry-run */
	uint32_t issue_count;        /* as the seal says */
	int64_t last_m;              /* us of the last record since the start */
	struct str last_key;         /* of the last intent without outcome: what ran when it ended */
	/* what happened */
	struct report_node *root;    /* its children are the phases, and rollback and always */
	struct report_node **nodes; uint32_t node_count;    /* by index */
	struct report_node **steps; uint32_t step_count;    /* instances of steps, in order of first appearance */
	struct report_issue *issues; uint32_t issues_len;
	struct report_monitor *monitors; uint32_t monitor_count; /* in order of first appearance */
	struct report_event *events; uint32_t event_count;
	uint32_t left_out;           /* steps and events beyond the limits above */
};

/* Folds a journal file; all strings are in the arena. brief: without attempts,
 * guards and events (for lists of runs). False if it cannot be read at all (then
 * scan.why); a damaged journal gives its good records and scan.state. */
bool report_read(struct arena *a, const char *journal_path, bool brief, struct report *out);
/* The status, or if the run has not ended "unfinished": from the journal alone. */
struct str report_status(const struct report *r);

#endif
