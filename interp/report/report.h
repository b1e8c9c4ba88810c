#ifndef RB_REPORT_REPORT_H
#define RB_REPORT_REPORT_H
/*
 * report: a folded run as text, JSON, Markdown, HTML, JUnit or OTLP. Pure: the bytes of
 * a run's folder in, the report out: the same everywhere and always (UTC, no
 * locale, no clock), so that it can be made anew and compared. All text of a run
 * is hostile: each format escapes it in one place.
 */
#include <stdbool.h>
#include "base/buf.h"
#include "report/fold.h"

enum report_format { REPORT_TEXT, REPORT_JSON, REPORT_MD, REPORT_HTML, REPORT_JUNIT, REPORT_OTLP };
enum { REPORT_BYTES_MAX = 512 << 20 };

/* "text", "json", "md", "html", "junit", "otlp"; false: no such format. */
bool report_format_of(const char *name, enum report_format *out);
/* Appends the report of r; dir is the run's folder, for outputs that are blobs
 * (missing ones are said to be missing). False if out became full. */
bool report_make(const struct report *r, const char *dir, enum report_format format, struct buf *out);
/* After the seal: writes dir/report.run.json (beside and renamed, mode as the journal's;
 * not synced: it can be made anew). Journals of more than REPORT_AT_SEAL bytes are
 * left to `runbook report`. 0 (also then) or errno. */
enum { REPORT_AT_SEAL = 512 << 10 };
int report_write(const char *dir, bool shared);

#endif
