#ifndef RB_JOURNAL_NAMED_H
#define RB_JOURNAL_NAMED_H
/*
 * named: which files of a run's folder a record names: blobs, answers, cut-off
 * tails. Whatever a journal does not name is no part of its run. Hostile records
 * name what they like: who opens the file checks the name (bundle_path_ok()).
 */
#include "base/str.h"

struct arena;
struct record;

struct named {
	void *arg;
	void (*blob)(void *arg, struct str hex);                    /* any of them may be NULL */
	void (*answer)(void *arg, struct str file);
	void (*torn)(void *arg, struct str file, struct str hex);
	void (*odd)(void *arg, const char *member);                 /* a member that should be an output, and is none */
};

/* Calls for each file of r, in order, maybe several times for one. Texts live in a. */
void named_each(struct arena *a, const struct record *r, const struct named *to);

#endif
