#ifndef RB_REPORT_FORMATS_H
#define RB_REPORT_FORMATS_H
/* formats: what the formats of a report share. Only for report/. */
#include "report/report.h"
#include "report/words.h"

/* A report being written. */
struct scribe {
	const struct report *r;
	const char *dir;       /* the run's folder, for blobs */
	struct buf *out;
	struct arena a;        /* of the piece at hand */
	size_t output_left;    /* bytes of outputs that may still be shown */
};

/* Each appends its report; false if out is full. */
bool report_text(struct scribe *s);
bool report_json(struct scribe *s);
bool report_markdown(struct scribe *s);
bool report_html(struct scribe *s);
bool report_junit(struct scribe *s);
bool report_otlp(struct scribe *s); /* traces.c */

/* The node after n in a walk from top downwards, NULL at the end; *depth is that of n
 * and becomes that of the next (top: 0). */
const struct report_node *report_walk(const struct report_node *n, const struct report_node *top, int *depth);
/* Typed JSON, null if it cannot be read. */
struct value scribe_json(struct scribe *s, struct str json);
/* "true", "false" or "unknown" of a guard's item. */
const char *scribe_ok(struct value item);
/* What is shown as a node's status: of a step without an outcome "running". */
struct str scribe_status(const struct report_node *n);
/* Did it fail? */
bool scribe_bad(const struct report_node *n);
/* "label  Name" of a node. */
struct str scribe_name(struct scribe *s, const struct report_node *n);
struct str scribe_upper(struct scribe *s, struct str text);
/* margin and two spaces more. */
const char *scribe_margin(struct scribe *s, const char *margin);
/* A JSON object as "name value, name value". */
struct str scribe_members(struct scribe *s, struct str json);
/* Text that XML 1.0 allows: visible, without U+FFFE and U+FFFF, & < > " ' escaped.
 * lines: newlines stay. Right for HTML too. */
void scribe_xml(struct buf *out, struct str text, bool lines);

#endif
