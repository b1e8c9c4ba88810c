#ifndef RB_RUN_LIVE_WORLD_H
#define RB_RUN_LIVE_WORLD_H
/*
 * live_world: the inside of live: ops under way and what they brought, shared by
 * live_world.c (start, stop, wait), live_spawn.c, live_request.c and
 * live_question.c. Ops and their buffers are used again: a step allocates nothing.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/buf.h"
#include "journal/reason.h"
#include "run/effects.h"
#include "run/live.h"

struct child;
struct dirwatch;
struct http;
struct http_call;
struct http_result;
struct loop;
struct loop_timer;
struct output_sink;
struct tty_line;
struct live_signature;

enum {
	KEEP_ALL = 16 << 20,   /* want_output: bytes of a stream for expressions */
	KEEP_TAIL = 64 << 10   /* else: its end, for messages */
};

/* One stream of a child, or the body of an answer. */
struct stream {
	struct output_sink *sink; /* from the first byte on */
	struct buf kept;          /* unmasked */
	uint64_t total;
	struct buf json;
};

struct live_op {
	struct live *l;
	struct live_op *next;     /* in the free list, among the questions, or among those handed out */
	uint32_t ix;              /* in l->ops */
	struct command c;
	struct child *child;
	struct http_call *call;
	struct loop_timer *timer;
	bool waiting;             /* a question not yet answered */
	bool asked;               /* the terminal has shown it: what is asked again is shorter */
	bool at_terminal;         /* among the questions of the terminal */
	bool opened; struct live_op *next_open; /* a file may answer it */
	struct stream out, err;
	int64_t began; uint32_t tries; /* of a message */
	struct buf text;          /* of result.error or result.answer */
	struct buf heads;         /* bytes of headers */
	struct header *headers; uint32_t header_cap;
	const char **env; uint32_t env_cap;
	struct result result;
};

/* Initialises out with the text without its secrets. */
struct live;
void live_masked(const struct live *l, struct str text, struct buf *out);
struct live_event { uint8_t kind; int signo; uid_t uid; struct reason reason; struct live_op *op; };

struct live {
	struct live_options o;
	struct loop *loop;
	bool told_low;            /* that the journal writes into its reserve */
	struct http *http;        /* from the first request on */
	const char *http_error;   /* it cannot be had */
	struct live_op **ops; uint32_t op_count, op_cap; /* under way */
	struct live_op *spare, *handed;
	struct live_event *events; uint32_t event_count, event_cap; /* not yet handed out */
	struct live_op *asking, *questions, **questions_end;
	struct tty_line *line;
	/* answers from files */
	struct live_op *open;     /* questions that wait for one */
	struct dirwatch *watch;
	bool watched;
	struct str *seen; uint32_t seen_count, seen_cap; /* files that were handed on */
	struct live_signature *verifying;
	struct arena answers;     /* their texts */
	struct buf shown, prompt;
	int64_t next_tick;
	int io_error;             /* a blob could not be written: the next flush says so */
};

/* live_world.c: the op is over; its result waits for the engine. */
/* Tells the engine once that the journal uses its reserve, if it does. */
void live_low(struct live *l);
void live_done(struct live_op *op, enum result_end end);
/* Times of an event. */
void live_stamp(const struct live *l, struct event *e);

/* live_spawn.c */
void stream_add(struct live_op *op, struct stream *s, int stream, const char *p, size_t n);
/* All of a stream that nobody sees. */
void stream_whole(struct live_op *op, struct stream *s, const char *p, size_t n);
/* Ends both streams into the result. */
void streams_end(struct live_op *op);
void streams_release(struct live_op *op);
void live_spawn(struct live_op *op);
/* live_request.c */
void live_request(struct live_op *op);
void live_mail(struct live_op *op);
/* live_message.c. A try of a message begins: its longest time, ns. */
int64_t live_message_begin(struct live_op *op);
/* It has ended like this: true if there will be another try, for which a timer runs. */
bool live_message_again(struct live_op *op, const struct http_result *r);
/* An answer that is none of 2xx: why, as the service says it, into op->text. */
void live_message_reason(struct live_op *op, const struct http_result *r);
/* live_question.c */
void live_question(struct live_op *op);
void live_question_stop(struct live_op *op);
/* Ends a question that is open, at the terminal and for files. */
void live_question_end(struct live_op *op, enum result_end end);
/* The answer that a text means to this question; empty: none. */
struct str live_understood(const struct command *c, struct str s);
/* live_answers.c: from now on, until closed, a file may answer it (perhaps at once). */
void live_answers_open(struct live_op *op);
void live_answers_close(struct live_op *op);
void live_answers_look(void *live);

#endif
