#ifndef RB_JOURNAL_ANSWERS_H
#define RB_JOURNAL_ANSWERS_H
/*
 * answers: the folder `answers` of a run, through which people at other
 * terminals and with other accounts answer its questions. A file appears there
 * whole (written beside, renamed) and is never changed; who answered is its
 * owner, or who signed it. The folder may belong to a group: files are taken
 * for hostile.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

struct arena;

enum { ANSWER_MAX = 64 << 10, ANSWERS_MAX = 200 /* files that are looked at */ };
#define ANSWER_NAMESPACE "runbook-approval"

struct answer {
	struct str run, key;         /* which run, which step (or `window`) */
	struct str subject;          /* of the question that it is for */
	struct str answer, item, why;
	struct str signer;           /* who claims to have signed it, or empty */
	struct str name;             /* of the file, without its folder */
	struct str bytes;            /* of the file: what is signed */
	int64_t uid;                 /* owner */
};

/* Makes the folder if it is not there (0700, or 03770: nobody removes another's file). 0 or errno. */
int answers_make(const char *run_dir, bool shared);
/* The file's text: one line of JSON. */
struct str answer_text(struct arena *a, const struct answer *v);
/* A new name: 32 hex digits and `.json`. */
struct str answer_name(struct arena *a);
/* Calls each for the name of every file that may be an answer, at most ANSWERS_MAX. 0 or errno. */
int answers_list(const char *run_dir, void (*each)(void *arg, struct str name), void *arg);
/* Reads one. False with *why, fit to follow "refused: "; uid and name are set all the same. */
bool answer_read(struct arena *a, const char *run_dir, struct str name, struct answer *out, struct str *why);

#endif
