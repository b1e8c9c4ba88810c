#ifndef RB_RUN_EFFECTS_H
#define RB_RUN_EFFECTS_H
/*
 * effects: the only door between the engine and the world. The engine queues
 * commands while it handles events; the driver (run/drive.c) flushes the
 * journal (synced when a queued command demands it) and only then hands the
 * commands to the world. Results come back as events. Worlds: live, dry
 * (replay and mock later). Must not know: the engine's state.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/str.h"
#include "value/value.h"

struct arena;
struct prog_step;

enum op_kind { OP_SPAWN, OP_REQUEST, OP_TIMER, OP_QUESTION, OP_FILE, OP_MAIL };
/* approve and checklist wait for answers from outside; the others need one at once,
 * beforehand or at the terminal. */
enum question { ASK_CONFIRM, ASK_PAUSE, ASK_APPROVE, ASK_VALUE, ASK_ITEM, ASK_WINDOW };
extern const char *const question_names[]; /* "confirm", "pause", "approve", "ask", "checklist", "window" */
/* What the engine wants an op for. Worlds do not look at it, but replay, which finds by
 * it the op that a record tells of. */
enum op_purpose { OP_FOR_ACTION, OP_FOR_PROBE, OP_FOR_RETRY, OP_FOR_TIMEOUT, OP_FOR_PAUSE, OP_FOR_RUN_TIMEOUT, OP_FOR_STOP,
		  OP_FOR_LADDER, OP_FOR_MESSAGE, OP_FOR_WINDOW, OP_FOR_SAMPLE, OP_FOR_HALT };

struct header { struct str name, value; };

/* What the world shall do. All texts live until the op's result was handled. */
struct command {
	uint32_t op;                 /* unique in the run, from 1 */
	uint8_t kind;                /* enum op_kind */
	uint8_t purpose;             /* enum op_purpose */
	bool write;                  /* has an effect: needs a durable intent; suppressed in a dry-run */
	bool probe;
	bool message;                /* a notification: not sent in a dry-run; a request or a mail is tried
	                              * again by the world, within the timeout (live_message.c) */
	struct str channel;          /* of a message */
	bool want_output;            /* the engine needs the whole output, else head and tail are enough */
	bool quiet;                  /* output neither shown nor stored */
	struct str refuse;           /* why it must not be done: something in it could not be made of a secret */
	bool unknown;                /* dry-run: it depends on unknown values: never run, only shown */
	uint8_t phase;               /* enum phase */
	uint32_t attempt;            /* from 1 */
	struct str key;              /* "act/stop[2]" */
	const struct prog_step *step;/* NULL for the engine's own */
	int64_t timeout, grace;      /* ns, 0: none */
	int64_t at;                  /* mono ns: starts when event time has reached it; 0: at once */
	union {
		/* argv and env are NULL-terminated arrays; env is what the engine adds to the
		 * base environment (RUNBOOK_*, defaults, env:, RB_n), as NAME=value. */
		struct { const char *const *argv; const char *const *env; const char *dir;
			 struct str input; bool has_input;
			 bool module; /* of a module: nothing of the operator's environment that the runbook inherits */ } spawn;
		struct { struct str method, url, body, user, password, ca, cert, key; bool has_body, insecure;
			 struct str shown; /* the body for people and records: numbers, lists and maps that are secret as ***; or empty: as it is */
			 const struct header *headers; uint32_t header_count; int follow; } request;
		/* addresses without names; text: the whole mail; url: smtp://host:port or smtps:// */
		struct { struct str url, user, password, from, text; bool tls;
			 const struct str *to; uint32_t to_count; } mail;
		struct { int64_t at; } timer;             /* mono ns: fires when event time reaches it */
		/* text: what is shown now; preset: an answer given beforehand, or empty, by whom and why;
		 * subject: what an answer from a file must name; item: the field or item that is asked for
		 * now; taken: files that the engine has had (of this run, also before a crash). */
		struct { uint8_t what; bool remote; /* a file may answer it */
			 struct str text, preset, preset_by, preset_why, subject, item;
			 const struct str *choices, *taken; uint32_t choice_count, taken_count; } question;
		struct { struct str path; bool absolute; struct str bytes; } file; /* relative: in the run's folder */
	};
};

enum result_end {
	END_EXIT,        /* a child exited, a request was answered, a mail was taken, a file was written: code */
	END_SIGNAL,      /* signo */
	END_TIMEOUT,     /* ended by the world after command.timeout */
	END_STOPPED,     /* ended after effects.stop */
	END_NOT_STARTED, /* surely nothing happened: program not found, connection refused, name not resolved */
	END_LOST,        /* http: the connection broke after the request may have been sent */
	END_FAILED,      /* file: error */
	END_STUCK,       /* cannot be killed: in doubt */
	END_FIRED,       /* timer */
	END_ANSWER,      /* question: answer, by and so on; or refused: it is none */
	END_NO_PERSON,   /* question: nobody can be asked now: the run is held */
	END_SUPPRESSED,  /* dry-run: not done */
	END_UNRECORDED   /* what-if: the journal has no such result; assumed: code 0 went well, 1 failed; of a probe its verdict: 1, 0, -1;
			  * of a sample: 0 the monitor is quiet from now on, 1 it ends the run */
};
extern const char *const result_end_names[];

struct output {
	struct str bytes;     /* what was kept, unmasked */
	uint64_t total;       /* bytes in all */
	bool truncated;       /* bytes is not all of it */
	struct str json;      /* for the record: journal/output.h */
};
struct result {
	uint32_t op;
	uint8_t end;          /* enum result_end */
	int code;             /* exit code or HTTP status, -1: none */
	int signo;
	bool final;           /* another attempt by this runner would end the same way */
	struct str error;     /* "No such file or directory", libcurl's text; of a message that was refused, the answer's first line */
	uint32_t tries;       /* of a message: how often it was sent; 0: once */
	struct str channel;   /* of a message: set by the engine */
	bool unnamed;         /* only from a journal of before channels had names in it: none is set */
	int64_t took;         /* ns */
	struct output out, err;
	const struct header *headers; uint32_t header_count;
	struct str answer, by;
	/* of an answer: the field or item it names (or empty: the one that was asked for); how its giver
	 * is known: terminal, preset, file (owned by uid), ssh (signed); why they say so; the subject and
	 * the name of the file; refused: why it is no valid answer to this question. */
	struct str item, how, why, subject, ref, refused;
	int64_t uid;
	/* Only from a journal: what the engine made of an output with secrets in it, which is
	 * not stored (docs/journal.md, member `opaque`); of a probe: its verdict; of a sample: its
	 * record. Else empty. */
	struct str opaque;
};

enum event_kind {
	EVENT_START, EVENT_RESULT, EVENT_SIGNAL,
	EVENT_LOW,     /* the disk is full, the journal writes into its reserve: start nothing new, undo */
	EVENT_EPOCH,   /* another runner takes over; ops under way were lost with the last one */
	EVENT_ADOPT,   /* a run that has ended is undone by a run of its own */
	EVENT_RESOLVE  /* a person said whether a step in doubt was done */
};
struct event {
	uint8_t kind;
	int64_t wall;         /* ns since the epoch */
	int64_t mono;         /* ns since the run's start */
	int signo;            /* EVENT_SIGNAL */
	const struct result *result; /* EVENT_RESULT; valid until the next wait() */
	struct str body;      /* EVENT_EPOCH, EVENT_ADOPT: the record to begin with; EVENT_RESOLVE: the record */
	bool interactive;     /* EVENT_EPOCH, EVENT_ADOPT: a person is at the terminal */
	bool rollback;        /* EVENT_EPOCH: go back, not on */
	struct str key, why;  /* EVENT_RESOLVE: the step; EVENT_EPOCH, EVENT_ADOPT: the cause of a rollback; EVENT_SIGNAL: the reason */
	struct str by;        /* EVENT_SIGNAL: who cancels, with the account uid; empty: nobody said */
	bool done;            /* EVENT_RESOLVE */
	struct str operator_name, user; int64_t uid; /* EVENT_EPOCH: who takes over: approves nothing from now on */
	const struct header *dirs; uint32_t dir_count; /* EVENT_EPOCH, EVENT_ADOPT: folders where files were restored, by the key of a module, "" of the runbook */
};

struct effects {
	/* Adds a journal record: body `"t":"...",...`, stamped with the engine's time. */
	void (*record)(void *ctx, int64_t wall, int64_t mono, struct str body);
	/* Writes what was recorded; sync makes it durable. 0 or errno: then the run must stop at once. */
	int (*flush)(void *ctx, bool sync);
	/* Starts. Never fails here: every failure comes back as a result. */
	void (*start)(void *ctx, const struct command *c);
	/* Ends an op early: TERM, then KILL after grace ns. Timers and questions just end. Its result
	 * (END_STOPPED, or what came first) still arrives. */
	void (*stop)(void *ctx, uint32_t op, int64_t grace);
	/* Waits for events and returns at least one, at most max, all that are ready. */
	uint32_t (*wait)(void *ctx, struct event *events, uint32_t max);
	/* A value that was captured as secret(...): never write it from now on. */
	void (*hide)(void *ctx, struct str secret);
};

#endif
