#ifndef RB_RUN_WHATIF_MORE_H
#define RB_RUN_WHATIF_MORE_H
/* whatif_more: one drive, and what is made of all of them. Private to whatif. */
#include "run/whatif.h"

/* A place where the drive had to take one of several ways. */
struct decision {
	uint8_t ways, taken;
	struct str key, words;       /* of what, and the way taken in words: "goes well" */
	bool usual;                  /* the way that is taken if nothing else is said */
};
struct drive {
	const struct whatif_options *o;
	struct trace t;
	struct decision *made; uint32_t made_len, made_cap;
	struct str refused;          /* the vars cannot be evaluated */
	bool too_long;               /* it was given up, or what a monitor would have seen is not known */
};

/* Drives the engine once; script: the ways to take first. number: from 1, another for each drive. */
void drive_run(struct drive *d, const struct whatif_options *o, const uint8_t *script, uint32_t script_len, uint32_t number);
void drive_release(struct drive *d);

/* whatif_sum.c: takes a drive into the result; then what is made of all of them. */
struct whatif_sum;
struct whatif_sum *sum_new(const struct whatif_options *o, struct arena *a);
void sum_add(struct whatif_sum *s, const struct drive *d);
void sum_end(struct whatif_sum *s, bool exhaustive, struct whatif_result *out);
void sum_free(struct whatif_sum *s);
/* whatif_words.c: which class, and why. Returns enum whatif_class. */
uint8_t whatif_class_of(const struct trace_step *s, struct buf *why);

#endif
