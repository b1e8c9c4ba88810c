#ifndef RB_REPORT_STATEMENT_H
#define RB_REPORT_STATEMENT_H
/*
 * statement: an in-toto Statement v1 about a run: its subjects are the journal (its
 * bytes, and its head), the report and the runbook; the predicate says what ran and
 * how it ended. A function of the run's folder, so it can be made anew and compared.
 */
#include <stdbool.h>
#include "base/buf.h"
#include "report/fold.h"

#define STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define STATEMENT_PREDICATE "urn:runbook:run:v1"
#define STATEMENT_PAYLOAD "application/vnd.in-toto+json"
enum { STATEMENT_MAX = 1 << 20 };

/* Appends the statement of a run that has ended (r not brief). Empty, or one sentence why not. */
struct str statement_make(struct arena *a, const struct report *r, const char *dir, struct buf *out);
/* What a signature of a DSSE envelope is over: PAE(type, payload). */
void statement_pae(struct str type, struct str payload, struct buf *out);

#endif
