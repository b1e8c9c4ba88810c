#ifndef RB_CLI_RESTORE_H
#define RB_CLI_RESTORE_H
/*
 * restore: `files:` of a run that is gone on with or undone, of the runbook and
 * of its modules: where they are not any more what the run has kept, its own
 * copies are used.
 */
#include <stdbool.h>
#include "base/str.h"
#include "value/value.h"

struct header;
struct jsonw;
struct rebuild;

/* What the first record of a run says was kept; in the command's arena. */
struct kept_record {
	struct value files, modules;
	struct str modules_json, uses_json;
	struct header *dirs; uint32_t dir_count; /* where copies are used: by key of a module, "" of the runbook */
};

/* Reads it, and sees to it that each file is what it was. False after a message. */
bool restore_files(struct rebuild *b, const char *journal, struct kept_record *out);
/* The member `dirs` of a record, if there is something to say. */
void restore_put(const struct kept_record *k, struct jsonw *w);
/* The text of a member of a map, or empty. */
struct str kept_text(struct value map, const char *name);

#endif
