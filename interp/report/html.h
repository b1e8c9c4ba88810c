#ifndef RB_REPORT_HTML_H
#define RB_REPORT_HTML_H
/* html: pieces of the HTML report. Only for report/html*.c. */
#include "report/formats.h"

/* html_style.c: the style sheet, for the head. */
extern const char *const html_style;
/* html_steps.c: each phase with its steps; ids are s and the node's index. */
void html_steps(struct scribe *s);
/* html_timeline.c */
void html_timeline(struct scribe *s);
/* html_chart.c: a small chart per figure that monitors sampled. */
void html_charts(struct scribe *s);

/* Text, escaped; lines: newlines stay. */
void html_text(struct scribe *s, struct str text);
void html_lines(struct scribe *s, struct str text);
/* A row of a list of facts; nothing if text is empty. */
void html_fact(struct scribe *s, const char *label, struct str text);
/* A link to the node of a key, or the key alone. */
void html_key(struct scribe *s, struct str key);
/* The class of a status: ok, bad, undo, skip, run, note. */
const char *html_class(struct str status);
/* A status as a badge. */
void html_badge(struct scribe *s, struct str status);

#endif
