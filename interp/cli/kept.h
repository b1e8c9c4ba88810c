#ifndef RB_CLI_KEPT_H
#define RB_CLI_KEPT_H
/*
 * kept: the bytes that a run is made of: the runbook, its modules and their `files:`. They are
 * read before anything is made, judged by the policy, and kept with the run, so
 * that an undo next week uses the same.
 */
#include <stdbool.h>
#include <stddef.h>
#include "cli/ui.h"

struct cli;
struct git_entry;
struct jsonw;
struct loaded;

struct kept_sources {
	struct git_entry *files;   /* of all units, by unit and its rb->files; in the command's arena */
	char (*blobs)[65]; size_t count; /* names of the blobs that were written */
};

/* Reads `files:`; what is missing is found before anything is made. False after a message. */
bool kept_read(struct cli *c, struct loaded *l, struct kept_sources *k);
/* The commit of a runbook that is a file, and what the policy says of it. False after a message. */
bool kept_accept(struct cli *c, struct loaded *l, const struct kept_sources *k, enum ui_format format);
/* Writes the blobs (durable with the journal's first sync), a commit's files also into `work`,
 * where its children run; and the members `files`, `modules` and `source` of run.open. 0 or errno. */
int kept_write(struct loaded *l, struct kept_sources *k, const char *dir, const char *work, bool sync, bool shared, struct jsonw *w);

#endif
