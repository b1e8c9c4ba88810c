#ifndef RB_CLI_QUESTIONS_H
#define RB_CLI_QUESTIONS_H
/*
 * questions: which questions of a run are open, as a fold over its journal:
 * what `answer` and `approve` need to know.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

struct arena;

struct question_open {
	struct str key, what, subject, text, item;
	const struct str *choices, *who; uint32_t choice_count, who_count;
	int64_t need, have;
	bool open;
};
struct questions { struct question_open *list; uint32_t count, cap; };

/* Strings in the arena. The journal was found sound before. */
void questions_read(struct arena *a, const char *journal_path, struct questions *out);
/* The open question of a step: by key, or by the last part of it (its id). NULL, and how
 * many fit. */
const struct question_open *questions_find(const struct questions *q, struct str step, uint32_t *fits);

#endif
