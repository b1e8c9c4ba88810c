#ifndef RB_REPORT_WORDS_H
#define RB_REPORT_WORDS_H
/*
 * words: what all formats say in the same words: times, values, outputs, the
 * figures of the summary. Nothing here escapes: the formats do.
 */
#include "base/buf.h"
#include "report/fold.h"
#include "value/value.h"

/* An output of an attempt, as far as it is shown. */
struct words_output {
	bool any;              /* something came, or is to be said */
	int64_t bytes;         /* of all that came */
	struct str text;       /* the start (all of it, if tail is empty) */
	struct str tail;       /* the end, if something between is left out */
	int64_t left_out;      /* bytes between */
	const char *note;      /* why there is no text, or NULL */
};
/* Reads an output's JSON; a blob from the run's folder dir (NULL: not read). At
 * most max bytes are shown, half of them from the end; cuts are at lines. */
struct words_output words_output(struct arena *a, const char *dir, struct str json, size_t max);

/* Typed JSON (a capture, an input) as text: "v2", 1m30s, ["a","b"]. */
struct str words_value(struct arena *a, struct str json);
/* A JSON object of typed values; false if it is none or empty. */
bool words_map(struct arena *a, struct str json, struct value *out);
struct str words_show(struct arena *a, struct value v);
/* Member of a map if it is text, else empty. */
struct str words_member(struct value map, const char *name);
/* Where the runbook came from: "deploy.yml of https://..., tag v1.2.0, commit 0123456789ab,
 * signed by ann"; empty if it is a file outside of any repository. */
struct str words_source(struct arena *a, const struct report *r);
/* "12.3ms" from microseconds. */
struct str words_took(struct arena *a, int64_t us);
/* "2026-11-21 06:50:28 UTC" from a record's wall time. */
struct str words_time(struct arena *a, struct str w);
/* What a status means, in a sentence; for a dry-run too. */
const char *words_meaning(const struct report *r);
/* "step failed: exit 3" ...: what a try ended with, short. */
struct str words_end(struct arena *a, const struct report_attempt *t);
/* The name of a node, or its label. */
struct str words_title(const struct report_node *n);
/* Is it a leaf that did something (not a block, loop, phase)? */
bool words_leaf(const struct report_node *n);

/* Does a record of this type tell of a question to people or of their answer? */
bool words_is_decision(struct str type);
/* Such a record: who (gave it, or may), what (the answer, or the text asked), why or how. */
struct words_decision { struct str who, what, why; };
struct words_decision words_decision(struct arena *a, const struct report_event *e);

/* "p95: 50 samples and 5 that failed, least 0s, most 49ms, last 49ms" */
struct str words_figure_line(struct arena *a, const struct report_monitor *m, const struct report_figure *x);
/* "50 samples, 5 failed, the last with: HTTP status 503" */
struct str words_monitor_line(struct arena *a, const struct report_monitor *m);
/* "+1m2s rollback: errors > 5% for 5m (errors 6.1%)" */
struct str words_fired_line(struct arena *a, const struct report_fired *x);

/* The figures of the 12-line summary. */
struct words_figures {
	uint32_t tests, tests_passed; /* steps of TEST that test something */
	uint32_t critical;            /* steps that failed and were not passed over, and issues of severity error */
	uint32_t done, failed, skipped, undone; /* leaves */
	struct str performance, api, database, cache, errors, p95;
	const char *overall;          /* SUCCESS, ROLLED BACK, FAILED, IN PROGRESS */
};
struct words_figures words_figures(struct arena *a, const struct report *r);
/* The summary: 12 lines and two rules, each ended by a newline. Foreign text is made
 * visible and stands on one line. */
void words_summary(struct arena *a, const struct report *r, struct buf *out);

#endif
