#ifndef RB_RUN_SHOW_H
#define RB_RUN_SHOW_H
/*
 * show: what a person would type for the same effect. Values of secrets are named
 * by where they come from ("${DATABASE_URL:?}"), never shown.
 */
#include <stdint.h>
#include "base/str.h"

struct buf;
struct frame;
struct prog_step;
struct step_list;

/* Gets one command, or a remark that begins with `# `; valid during the call. */
typedef void show_each(void *arg, struct str command);

/* The command of the step that f is an instance of; none for kinds without one. */
void show_own(struct frame *f, show_each *each, void *arg);
/* The commands of a rollback list of step f, or of the top-level one (f: any frame),
 * from its step `from` on: blocks and loops give those of their children, for every
 * item; what its `if` leaves out is left out. */
void show_list(struct frame *f, const struct step_list *l, uint32_t from, show_each *each, void *arg);
/* Appends text as one shell word; a secret in it becomes "${VARIABLE:?}", "$(cat FILE)"
 * or "$(PROGRAM)". */
void show_word(struct frame *f, struct str text, struct buf *out);
/* The same for a text that names no secret of the runbook. In both, what children may
 * have told is masked before it is quoted: quotes do not depend on what is hidden. */
void show_quoted(struct frame *f, struct str text, struct buf *out);

#endif
