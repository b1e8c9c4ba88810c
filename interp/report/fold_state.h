#ifndef RB_REPORT_FOLD_STATE_H
#define RB_REPORT_FOLD_STATE_H
/* fold_state: a fold under way; what fold.c and fold_run.c share. */
#include "base/map.h"
#include "report/fold.h"

struct fold {
	struct arena *a;
	struct report *r;
	bool brief;
	struct map by_key;       /* key -> node */
	struct arena tmp;        /* of one record */
	uint32_t node_cap, step_cap, issue_cap, event_cap, monitor_cap;
	char last_w[32];
};

/* Copies into the arena. */
struct str fold_keep(struct fold *f, struct str s);
struct str fold_text(struct fold *f, const struct record *r, const char *name);
/* A list in the arena with room for one more. */
void *fold_grow(struct fold *f, void *list, uint32_t n, uint32_t *cap, size_t size);
/* The members of a record as a JSON object, without t and k and those named. */
struct str fold_body(struct fold *f, const struct record *r, const char *const *without, size_t n);
/* What an intent does, as a person reads it: command line, request, question. */
struct str fold_what(struct fold *f, const struct record *r);
/* Records of the run as a whole. */
void fold_open(struct fold *f, const struct record *r);
void fold_plan(struct fold *f, const struct record *r);
void fold_held(struct fold *f, const struct record *r);
void fold_doubt(struct fold *f, const struct record *r);
void fold_epoch(struct fold *f, const struct record *r);
/* fold_monitor.c */
void fold_sample(struct fold *f, const struct record *r);
void fold_rule(struct fold *f, const struct record *r);
void fold_seal(struct fold *f, const struct record *r);

#endif
