#ifndef RB_BASE_DIAG_H
#define RB_BASE_DIAG_H
/*
 * diag: an author's mistakes, collected, never printed here. A diagnostic has a
 * code of codes.def files, a primary span, secondary labels, notes and help.
 * Rendering (text with carets, json, sarif, github) writes into a buf.
 *
 *   struct diag *d = diag_add(ds, 214, span, "cannot compare %s with %s", a, b);
 *   diag_label(d, lhs, "percent"); diag_help(d, "write `1%%`");
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/source.h"
#include "base/str.h"

struct arena;
struct buf;

enum diag_severity { DIAG_ERROR, DIAG_WARNING };

enum { DIAG_MAX = 50, DIAG_LABELS = 4, DIAG_NOTES = 4 };

struct diag {
	int code;                    /* 214 for RB214 */
	enum diag_severity severity;
	struct span span;            /* primary; label 0 text in `mark` */
	struct str message;
	struct str mark;             /* text beside the primary caret, may be empty */
	struct { struct span span; struct str text; } labels[DIAG_LABELS];
	struct str notes[DIAG_NOTES], helps[DIAG_NOTES];
	int label_count, note_count, help_count;
};

struct diags {
	struct arena *arena;         /* owns texts; not owned by diags */
	struct diag **list;          /* in order of discovery */
	size_t count, cap;
	size_t errors, warnings;     /* of those kept and of those past the limit */
	size_t dropped;              /* past DIAG_MAX */
	struct diag *scratch;        /* stands in for those that are not kept */
};

void diags_init(struct diags *ds, struct arena *a);
void diags_release(struct diags *ds);
/* Adds a diagnostic; severity from the code table. Never NULL: past DIAG_MAX the
 * result is a scratch object that is counted in `dropped` and not kept. The same
 * code at the same span is added only once: the second gets the scratch object. */
struct diag *diag_add(struct diags *ds, int code, struct span at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void diag_mark(struct diags *ds, struct diag *d, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void diag_label(struct diags *ds, struct diag *d, struct span at, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void diag_note(struct diags *ds, struct diag *d, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void diag_help(struct diags *ds, struct diag *d, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Stable sort by source, offset, code; done once before rendering. */
void diags_sort(struct diags *ds);
/* Adds all of `from` (sorted, its counts too) behind what `to` has; no limit of its own. */
void diags_append(struct diags *to, const struct diags *from);

/* One row of the code table (interp/base/codes/NN.def, one file per hundred). */
struct diag_code {
	int code;
	enum diag_severity severity;
	const char *title; /* short, lower case: "unknown key" */
};
/* The row, or NULL. */
const struct diag_code *diag_code_find(int code);
/* All rows, ascending; *count set. */
const struct diag_code *diag_codes(size_t *count);

/* The name in `names` nearest to `name` (distance <= 1/3 of its length, at least 1, but
 * less than the longer of the two), the first of equals; or empty. */
struct str diag_nearest(struct str name, const struct str *names, size_t count);

/* Rendering. `color` writes SGR sequences. All append to out. */
void diag_text(const struct diags *ds, struct buf *out, bool color);
void diag_json(const struct diags *ds, struct buf *out);   /* cli.md: {"v":1,"diagnostics":[...]} */
void diag_sarif(const struct diags *ds, struct buf *out);  /* SARIF 2.1.0 */
void diag_github(const struct diags *ds, struct buf *out); /* ::error file=,line=,col=::... */

#endif
