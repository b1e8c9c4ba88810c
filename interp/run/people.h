#ifndef RB_RUN_PEOPLE_H
#define RB_RUN_PEOPLE_H
/*
 * people: what steps share that wait for people (confirm, approve, ask,
 * checklist) and the questions of the engine itself (pause, window): asking,
 * what a question is bound to, taking answers one at a time. Each answer is one
 * event and leaves one record. Only for run/.
 */
#include "run/engine_state.h"

/* What has been answered so far, of one attempt of a step. Lives in the run's arena. */
struct poll {
	struct str text;              /* what is shown, masked */
	char subject[65];             /* what an answer is bound to */
	struct str refused;           /* why a person said no */
	struct str problem;           /* why the last answer was not taken, for the next prompt */
	/* approve */
	const struct str *who; uint32_t who_count;
	struct str *voices; uint32_t voice_count, need;
	/* checklist, in order of the items */
	const struct str *items; struct str *ticks; /* who ticked, when, with what note; empty: not yet */
	/* ask, in order of the fields */
	struct value *fields; bool *given;
	struct value *list; uint32_t list_count; /* elements of the field that is asked for now */
	uint32_t count, done;         /* items or fields: in all, and answered */
};

/* What became of an answer. */
enum take { TAKE_DONE, TAKE_MORE /* ask again */, TAKE_HOLD };

/* Makes f->poll, bound to the run, its plan, the step, the attempt and the text. */
struct poll *poll_new(struct frame *f, uint8_t what, struct str text);
/* Queues a question of f. what: enum question. */
struct command *question_queue(struct frame *f, uint8_t what, uint8_t op_what, struct str subject, struct str text);
/* A step's first question was queued (index in the queue): recorded, and whom it concerns is told. */
void people_asked(struct frame *f, uint32_t question);
/* Records a question that was queued: who is asked what. First: with its whole text. */
void rec_question(struct frame *f, const struct command *c, bool first);
/* An answer to a step's question. False: the step goes on waiting (or is held). */
bool answer_taken(struct frame *f, const struct result *r);
/* Held; what was answered stays. Goes on with people_again(). */
void people_hold(struct frame *f, struct str why);
/* Refused by the world (no valid answer for this question): recorded, and an issue. */
void answer_refused(struct frame *f, struct str key, uint8_t what, const struct result *r);
/* The answer that was given on the command line for STEP.field, or empty. */
struct str preset_answer(const struct frame *f, struct str field);
/* SHA-256 in hex of the lines. */
void people_digest(const struct frame *f, const char *what, struct str text, char hex[65]);

#endif
