#ifndef RB_VALUE_MODLOCK_H
#define RB_VALUE_MODLOCK_H
/*
 * modlock: the text of runbook.lock, one line for each module of another
 * repository, sorted:
 *
 *   # runbook.lock 1
 *   git+https://host/ops/rb//aws/ecs.yml v1.2.0 commit=9f2c... tree=sha256:3b1e...
 *
 * Only the grammar: nothing is looked up here. Empty lines and other comments are
 * skipped; the order of lines is not asked for, so that a merge by lines is enough.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"
#include "value/spec.h"
#include "value/version.h"

struct arena;
struct buf;

#define MODLOCK_NAME "runbook.lock"
enum { MODLOCK_BYTES_MAX = 1 << 20, MODLOCK_LINES_MAX = 2000 };

struct modlock_line {
	struct spec spec;        /* of `source@tag` */
	struct str source;       /* "git+https://host/ops/rb//aws/ecs.yml" */
	struct str tag;          /* "v1.2.0", "kis/v1.2.0" */
	struct version version;  /* of the tag */
	struct str commit;       /* 40 hex digits */
	struct str tree;         /* "sha256:" and 64 hex digits */
	uint32_t line;           /* where it stands, from 1 */
};
struct modlock { struct modlock_line *lines; uint32_t count; };

/* Texts are slices of `text`. False: *line says where, *why what is wrong. */
bool modlock_parse(struct arena *a, struct str text, struct modlock *out, uint32_t *line, struct str *why);
/* The line for a module and the prefix and major version that are wanted, or NULL. */
const struct modlock_line *modlock_find(const struct modlock *m, struct str source, const struct version *want);
/* May one stand for the other: the same prefix and major version? */
bool modlock_same_major(const struct version *a, const struct version *b);
/* Sorts the lines and appends the file's text. */
void modlock_print(struct modlock *m, struct buf *out);

#endif
