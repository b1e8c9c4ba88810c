#ifndef RB_HOST_OUTFILE_H
#define RB_HOST_OUTFILE_H
/*
 * outfile: files that a runbook renders: inside the run's folder, where no path
 * may lead out of it, and anywhere else. Always whole: written beside, synced,
 * renamed.
 */
#include <stdbool.h>
#include "base/str.h"

/* Below dir, folders are made as needed. Refused: empty and absolute paths, `..`,
 * symbolic links on the way, what the run keeps itself (journal.jsonl, blobs ...).
 * shared: 0660 instead of 0600. NULL, or text of the error (static or strerror's). */
const char *outfile_inside(const char *dir, struct str path, struct str bytes, bool shared, bool sync);
/* An absolute path; its folder must exist. An existing file keeps mode and owner,
 * through a symbolic link its target is replaced; a new one gets 0666 & ~umask. */
const char *outfile_absolute(struct str path, struct str bytes, bool sync);

#endif
