#ifndef RB_RUN_ENGINE_STATE_H
#define RB_RUN_ENGINE_STATE_H
/*
 * state: the engine's inside, shared by the files of run/ and by nobody else.
 *
 * A run is a tree of frames. LIST runs steps in order (a phase, a block, a
 * rollback or always list), LOOP runs the iterations of a foreach, STEP is one
 * instance of a step, UNWIND undoes what a frame keeps, MONITOR samples beside it all, ALWAYS runs the always
 * blocks that are due below a frame. A frame never calls another: it puts it on
 * the agenda (schedule), so there is no recursion and every state can be left
 * and taken up again.
 *
 * What may have to be undone is kept: a started STEP stays in its parent's
 * `kept` list, in order of starting, until it is known that nothing needs
 * undoing there, or until the run ends. That tree is the rollback stack.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/jsonw.h"
#include "plan/program.h"
#include "run/effects.h"
#include "run/engine.h"
#include "run/watch.h"

enum step_status { S_NOT_RUN, S_OK, S_UNCHANGED, S_SKIPPED, S_FAILED, S_TIMEOUT, S_UNDONE, S_UNDO_FAILED, S_CANCELLED };
extern const char *const step_status_names[];

/* The result of one instance, as expressions see it (steps.ID). */
struct outcome {
	uint8_t status;           /* enum step_status */
	bool ended_known;
	bool unknown;             /* dry-run, what-if: did not run, fields are unknown */
	bool assumed;             /* what-if: but its status is assumed */
	int32_t code;             /* -1: null */
	uint32_t attempts;
	int64_t started, ended;   /* wall ns; 0: not yet */
	int64_t took;             /* ns */
	struct str error, text;
	const struct value *captures; /* capture_count values or NULL */
	struct frame *loop;       /* foreach: its LOOP frame's iterations (each) */
	struct iteration *each; uint32_t each_count;
};

/* Results that belong together: of the run, of one use of a module, or of one iteration of
 * a loop. A use sees nothing of what is around it: its scope has no `up`. */
struct scope_results {
	struct scope_results *up;
	uint32_t loop;            /* ix of the foreach step, UNIT_LOOP at the top of a file */
	const struct value *inputs, *vars; /* of a file */
	struct outcome *slots;
	struct value item;
};
struct iteration { struct value item; struct outcome out; struct scope_results *scope; };

enum frame_kind { FRAME_ROOT, FRAME_LIST, FRAME_LOOP, FRAME_STEP, FRAME_UNWIND, FRAME_ALWAYS, FRAME_MONITOR };

/* Where a STEP stands; what it waits for is in brackets. */
enum step_state {
	AT_BEGIN, AT_PROBE /* [op] */, AT_INTENT, AT_ATTEMPT, AT_ACTION /* [op] */, AT_CHILDREN /* [child] */,
	AT_RETRY_PROBE /* [op] */, AT_RETRY_UNWIND /* [child] */, AT_RETRY_DELAY /* [op] */,
	AT_WINDOW /* [an answer: gate.c] */, AT_PAUSE /* [op] */, AT_DOUBT /* [op, or a person] */, AT_UNDO /* [child] */, AT_ALWAYS /* [child] */, AT_END
};

/* The current attempt as expressions see it: out raw err code headers took. */
struct attempt_view {
	struct value out, raw, err, headers;
	int code;
	int64_t took;
	bool failed;             /* of a sample */
	const struct value *own; uint32_t own_count; /* captures so far */
};

struct frame {
	struct engine *e;
	struct frame *parent;
	const struct prog_step *ps;   /* STEP, LOOP: the step; LIST: its owner or NULL */
	struct scope_results *scope;
	struct scope_results *inner;  /* STEP with `uses`: results of its module, of the last attempt */
	struct outcome *out;          /* STEP: own result */
	struct str key;
	struct str refuse;            /* of the operation being made: see command.refuse */
	uint8_t kind, state, role;    /* role: enum step_role of the list it is in */
	bool scheduled, done, dead;
	bool started;                 /* intent recorded */
	bool acted;                   /* something may have happened */
	bool ok;                      /* how it ended for its parent */
	bool complete;                /* ended well: undone as one entry */
	bool drain;                   /* starts nothing new below it */
	bool shield;                  /* rollback, always, report: settling stops above it */
	bool partly;                  /* LIST: dry-run: some of it did not run */
	bool keep_going;              /* LIST: a failed step does not stop the rest */
	bool unknown;                 /* dry-run: whether it runs is decided at run time */
	bool always_due;              /* STEP: its always block has to run */
	bool undone, in_kept;
	bool left;                    /* undone was set although it stands: a run that undoes this one meets it again */
	bool parked;                  /* in e->parked */
	bool stands;                  /* irreversible, met by an unwinding: nothing before it is undone */
	bool blocked;                 /* UNWIND: it met such a step */
	bool timed_out, stopping;
	bool watched;                 /* monitors know that it runs */
	bool stopped;                 /* LIST: the body of a module whose guard said stop */
	bool hidden;                  /* show.c: a word of its command was masked */
	uint8_t undo_result;          /* while undoing: 0, or why it is residue */
	uint32_t attempt;             /* STEP: from 1 */
	uint32_t active, next, count, width; /* LIST, LOOP: running, next to start, of, at once */
	uint32_t position;            /* iteration, or notify target */
	uint32_t lost;                /* STEP: attempts that ended with their runner, and are no failures */
	uint32_t op, timer, ladder;   /* pending ops, 0: none */
	uint32_t rung;                /* of its ladder: next to tell */
	struct monitor_state *monitor; /* MONITOR: itself (monitor.h) */
	struct poll *poll;            /* STEP that asks people: answers so far (people.h) */
	struct step_list list;        /* LIST */
	struct value items;           /* LOOP */
	struct frame *child;          /* STEP: its LIST, UNWIND or ALWAYS; UNWIND: what it runs */
	struct frame *target;         /* UNWIND, ALWAYS: of what */
	struct frame *kept_first, *kept_last, *kept_prev, *kept_next;
	struct frame *cursor;         /* UNWIND: what comes next */
	struct frame *undoer;         /* STEP: the UNWIND frame that undoes it now */
	struct attempt_arena *tmp_of; /* STEP: of the current attempt, */
	struct arena *tmp;            /* its arena */
	struct attempt_view *view;
	struct str error;             /* why it failed */
	const char *cause_end;        /* "exit", "timeout" ... for records */
	struct frame *cause;          /* the frame whose failure this is */
	int64_t began;                /* mono */
};

struct attempt_arena { struct arena arena; struct attempt_arena *next /* of all */, *next_spare; };
struct op {
	uint32_t id;
	struct frame *frame;    /* NULL: its result means nothing any more */
	uint8_t what;           /* enum op_purpose */
	bool stopped;
	struct str about;       /* OP_FOR_MESSAGE: of which step */
	struct command command; /* as it was handed out: for a runner that takes over */
};
/* The change window: not yet looked at before a write, a question is open, passed, refused. */
enum window_state { WINDOW_UNSEEN, WINDOW_ASKED, WINDOW_PASSED, WINDOW_REFUSED };

struct operator { const struct operator *next; struct str name, user; int64_t uid; };
struct issue { struct str step, severity, text; uint8_t phase; };
struct residue { struct str key, why; struct str *commands; uint32_t count; };

enum stage { STAGE_PHASES, STAGE_SETTLE, STAGE_UNWIND, STAGE_TOP_UNDO, STAGE_TOP_ALWAYS, STAGE_REPORT, STAGE_END };

struct engine {
	const struct run_setup *setup;
	const struct program *p;
	struct arena arena;           /* lives as long as the run */
	struct attempt_arena *arenas, *spare; /* of attempts: all, and those not in use */
	struct frame *free_frames;
	struct value *vars;
	struct scope_results results;
	struct frame *root, *at;      /* at: what the root waits for */
	uint8_t stage, phase;
	int64_t wall, mono;           /* of the current event */
	int64_t before;               /* mono of the one before it */
	int64_t start_wall;
	struct value now;
	/* agenda */
	struct frame **agenda; uint32_t agenda_head, agenda_len, agenda_cap;
	/* commands queued in this turn, ops under way */
	struct command *queue; uint32_t queue_len, queue_cap;
	struct { uint32_t op; int64_t grace; } *stops; uint32_t stop_len, stop_cap;
	struct op *ops; uint32_t op_len, op_cap, next_op;
	bool must_sync;
	struct buf body;              /* of the record being made */
	const struct effects *fx; void *ctx;
	const struct watch *watch; void *watch_ctx; /* NULL: nobody watches */
	/* how it goes */
	bool wrote;                   /* an intent of a write was recorded */
	bool settling;                /* failure, cancel, timeout: start nothing new */
	bool stopped;                 /* a guard said stop */
	bool held, stuck, blocked;    /* held: a person must decide; blocked: the run's unwinding met an irreversible step */
	bool stop_unwinding;          /* an impatient operator: after the current undo */
	int signo;                    /* cancelled by */
	uint32_t ints, terms;         /* so far, the one that cancelled too: the second means more */
	bool interactive;             /* of the runner that has it now */
	struct str run_id;
	struct str own_id;            /* `run.id` up to REPORT: of the run that did it, also while another one undoes it */
	/* taking over (takeover.c) */
	bool adopted;                 /* it undoes a run that had ended */
	bool in_doubt;                /* of a step nobody knows whether it was done: a person must say */
	struct frame **parked; uint32_t parked_len, parked_cap; /* would go on, but the run is held or in doubt */
	struct frame **doubts; uint32_t doubt_len, doubt_cap;   /* AT_DOUBT */
	uint32_t epochs;              /* runners that took over */
	const char **dirs;            /* by unit: where the last one restored its files, or NULL; NULL: nowhere */
	struct resolution *resolutions;
	struct frame *cause_frame; struct str cause_key, cause_text, cause_at;
	struct str stop_text;
	uint32_t undo_count;
	struct str *undone; uint32_t undone_len, undone_cap;
	struct residue *residue; uint32_t residue_len, residue_cap;
	struct issue *issues; uint32_t issue_len, issue_cap;
	int64_t unwind_began, unwind_took;
	uint32_t dry_run_steps, dry_skipped, dry_unknown;
	uint8_t status;               /* enum run_status */
	uint32_t run_timer;
	/* people */
	struct str *taken; uint32_t taken_len, taken_cap; /* files whose answers were had */
	struct operator *operators;   /* who runs or ran it; the last one first */
	bool executive;               /* the role `executive` has approved */
	struct told *told;            /* incidents at paging services that the run itself triggered */
	uint8_t window;               /* enum window_state */
	uint32_t window_op;           /* the question about it, 0: none is open */
	bool starting;                /* the window is asked about before the first phase */
	struct str window_text;
	struct frame **waiting; uint32_t waiting_len, waiting_cap; /* steps AT_WINDOW */
	/* monitors */
	struct monitor_state *monitors; uint32_t monitor_count;
	struct frame *halted;         /* a rule of this monitor has paused the run */
	uint32_t halt_op;             /* the question about it, 0: none is open */
	struct str halt_text, halt_subject;
	int journal_err;
};

/* frames.c: the agenda and the frames LIST, LOOP. */
void schedule(struct frame *f);
struct frame *frame_new(struct engine *e, uint8_t kind, struct frame *parent);
void frame_free(struct frame *f);          /* if nothing keeps it */
struct frame *list_push(struct frame *parent, const struct step_list *l, uint8_t role, const char *suffix);
void list_advance(struct frame *f);
void loop_begin(struct frame *f);
void loop_advance(struct frame *f);
bool loop_items(struct frame *f, struct str *error); /* f->items of f->ps: a list, or unknown */
void child_ended(struct frame *f);         /* tells the parent that f is done */
bool frame_draining(const struct frame *f);
bool frame_below(const struct frame *f, const struct frame *of);
struct frame *module_of(struct frame *f);  /* the LIST that is the body of the module f stands in, or NULL */
bool may_need_undo(const struct frame *f); /* STEP: has it done, or may it have done, what unwinding is for? */
void kept_add(struct frame *f);            /* in order of starting */
void kept_drop(struct frame *f);

/* guards.c. guard_if: 1 go on, 0 skip, -1 failed (said so). guard_check: enum guard_else
 * of the strongest guard that does not hold, with its text, or GUARDS_PASS. */
enum { GUARDS_PASS = GUARD_WARN + 1 };
int guard_if(struct frame *f);
/* What an expression read, in the arena of the frame: "  (code = 503, took = 12ms)"; empty if nothing. */
struct str seen_text(struct frame *f, const struct expr *x);
int guard_check(struct frame *f, struct str *say, struct str *error);
/* step.c: an instance from `if` to outcome. */
void arena_take(struct frame *f);          /* f->tmp, if it has none */
void arena_give(struct frame *f);
struct frame *step_push(struct frame *parent, const struct prog_step *ps);
void step_advance(struct frame *f);
void step_result(struct frame *f, uint8_t what, const struct result *r);
void step_end(struct frame *f);
void step_in_place(struct frame *f);       /* its effect is there, whatever the attempt said */
/* failure.c: what its failure does. */
void step_fail(struct frame *f, uint8_t status, const char *end, struct str text);
void hold(struct frame *f, struct str key, struct str why); /* the runner ends without ending the run */
void pause_again(struct frame *f);         /* asks once more what to do about it */
void pause_answered(struct frame *f, const struct result *r);
/* attempt.c: what an attempt brought: parse, capture, expect, retry. */
void attempt_finish(struct frame *f, const struct result *r);
void attempt_assumed(struct frame *f, const struct result *r); /* END_UNRECORDED */
struct verdict;
void attempt_fail(struct frame *f, uint8_t status, const char *end, const struct verdict *v, bool unknown_end);
void attempt_retry(struct frame *f);
void block_failed(struct frame *f, uint8_t status, const char *end, struct str text);
/* 1 yes, 0 no, -1 unknown; probe: of f's step, or of the one that f undoes. */
int probe_verdict(struct frame *f, const struct prog_step *probe, const struct result *r);
const struct prog_step *probe_of(const struct frame *f);
bool view_set(struct frame *f, const struct prog_step *ps, const struct result *r, struct str *error);
/* unwind.c */
struct frame *unwind_push(struct frame *parent, struct frame *target);
void unwind_advance(struct frame *f);
void unwind_result(struct frame *f, const struct result *r);
void unwind_entries(struct engine *e, const char *name, struct jsonw *w);
/* The commands of l that were not done, in the run's arena: from the step on that list
 * (NULL: it never began) started last. f: as show_list(). */
void left_commands(struct frame *f, const struct step_list *l, const struct frame *list, struct str **out, uint32_t *n);
void unwind_left(struct frame *target, struct str why);
struct frame *always_push(struct frame *parent, struct frame *target);
void always_advance(struct frame *f);
bool always_pending(const struct frame *target);
void residue_add(struct engine *e, struct str key, struct str why, struct str *commands, uint32_t n);
/* kinds.c and kind_*.c: a step kind starts its action. */
enum started { STARTED_DONE, STARTED_FAIL, STARTED_WAIT, STARTED_PUSH };
struct step_kind {
	uint8_t action;             /* enum action */
	const char *name;
	/* Queues the op (WAIT), pushes children (PUSH), or is done. On FAIL *error says why. */
	enum started (*start)(struct frame *f, const struct prog_step *ps, bool probe, struct str *error);
	/* Is this result a success of the action itself? NULL: END_EXIT with code 0. */
	bool (*success)(const struct frame *f, const struct result *r);
	/* Its command for people (plan, dry-run, residue); JSON members for the intent. NULL: none. */
	void (*show)(struct frame *f, const struct prog_step *ps, struct buf *out);
	void (*describe)(struct frame *f, const struct prog_step *ps, struct jsonw *w);
	/* Kinds that wait for people: queues the (next) question; takes an answer: enum take
	 * (people.h), *not_taken says why it did not count. */
	uint8_t question;           /* enum question */
	void (*ask)(struct frame *f);
	int (*take)(struct frame *f, const struct result *r, struct str *not_taken);
};
const struct step_kind *kind_of(const struct prog_step *ps);
extern const struct step_kind kind_none, kind_run, kind_http, kind_uses, kind_steps, kind_wait, kind_confirm, kind_approve,
	kind_ask, kind_checklist, kind_notify, kind_render, kind_metric;
/* kind_http.c: percent-encodes all but what RFC 3986 calls unreserved. */
void url_escape(struct buf *out, struct str s);
/* kind_uses.c: a module's scope: its inputs from `with`, and its vars. NULL: *error says why. */
struct scope_results *uses_scope(struct frame *f, const struct prog_step *ps, struct str *error);
/* Values of its outputs, in order, into list. */
bool uses_outputs(struct frame *f, struct value *list, struct str *error);
/* ops.c: commands and their ops. */
struct command *command_add(struct engine *e); /* to the queue */
struct command *op_queue(struct frame *f, uint8_t kind, uint8_t what); /* zeroed, id and key set */
void op_stop(struct engine *e, uint32_t op, int64_t grace);
void op_stop_below(struct engine *e, const struct frame *f, bool all); /* all: also shielded ones */
void op_forget(struct engine *e, uint32_t *op); /* ends a timer whose result nobody awaits; 0: none */
struct op *op_find(struct engine *e, uint32_t id);
void op_drop(struct engine *e, uint32_t id);
uint32_t timer_queue(struct frame *f, int64_t delay, uint8_t what);
/* fetch.c: values of names. */
struct eval_env frame_env(struct frame *f);
const struct frame *owner_of_undo(const struct frame *f); /* whom the rollback block around f undoes, or NULL */
/* Folder of the step's file, where its programs run; NULL: where the runner is. */
const char *unit_dir(const struct frame *f, const struct prog_step *ps);
/* Is that another one than the runbook's folder at the start? */
bool unit_has_dir(const struct frame *f, const struct prog_step *ps);
/* The runbook's own. */
const char *book_dir(const struct engine *e);
struct value eval_code(struct frame *f, const struct expr *x, struct eval_error *err);
/* Evaluates a data as text into tmp; false with *error set. Unknown: *unknown = true, text is the source. */
bool eval_text(struct frame *f, const struct data *d, struct str *out, bool *unknown, struct str *error);
bool eval_words(struct frame *f, const struct data *d, struct str **out, uint32_t *n, bool *unknown, struct str *error);
/* Duration, count ...; dflt where the data is absent. */
bool eval_duration(struct frame *f, const struct data *d, int64_t dflt, int64_t *out, struct str *error);
bool eval_int(struct frame *f, const struct data *d, int64_t dflt, int64_t *out, struct str *error);
struct str error_text(struct frame *f, const struct eval_error *err);
/* masked.c: without the secrets, in tmp. */
struct str masked_text(struct frame *f, struct str text);
/* The text of which lengths and digests are recorded: without its secrets, which a replay
 * does not know and whose lengths are nobody's business. */
struct str measured_text(struct frame *f, struct str text);
struct value masked_value(struct frame *f, struct value v);
/* Is what is computed from secrets told to eval_env.secret? Not in journals of before REVISION_4. */
bool secrets_tell(const struct frame *f);
/* eval_env.secret: becomes a secret of the run, if it is not found as one already; what could not be
 * computed is refused when it would be used (frame.refuse): a replay cannot know that it fails. */
struct value secret_made(void *ctx, struct value v, const struct eval_error *err);
/* A text that must not be used, for a reason that depends on its characters. True if it has a secret in it:
 * then it is the world that refuses it, as a replay has other characters there. */
bool refused_later(struct frame *f, struct str text, struct str error);
/* dry-run: each unknown in v as its text, `(unknown: steps.x.n)`; in tmp. */
struct value named_unknowns(struct frame *f, struct value v);
/* records.c: what goes into the journal. */
void rec_open(struct engine *e, const char *type, struct str key, struct jsonw *w);
void rec_close(struct engine *e, struct jsonw *w);
/* Records have a limit (RECORD_LINE_MAX, masked): texts and values that are too
 * long for it are cut or left out, in these three places. */
enum { REC_ROOM = 160 << 10, REC_TEXT_MAX = 4096 };
bool rec_room(const struct engine *e, size_t n);
void rec_text(struct engine *e, struct jsonw *w, const char *name, struct str text);
/* text, at most max bytes of it, cut at a code point; masked first, so that no part of
 * a secret stays. In the run's arena if it had to be cut. */
struct str rec_cut(struct engine *e, struct str text, size_t max);
void rec_value(struct engine *e, struct jsonw *w, struct value v);
void rec_phase(struct engine *e, bool open, uint8_t phase, const char *status);
void rec_intent(struct frame *f);
void rec_attempt(struct frame *f, const struct result *r, const struct verdict *opaque); /* NULL: not opaque */
void rec_probe(struct frame *f, const char *when, const struct result *r, int verdict);
void rec_outcome(struct frame *f);
void rec_timer(struct engine *e, struct str key, const char *what);
void rec_issue(struct engine *e, const char *severity, struct frame *f, struct str text);
void rec_seal(struct engine *e);
/* Members that describe a result; those of an answer. */
void rec_put_result(struct jsonw *w, const struct result *r, bool http);
void rec_put_answer(struct jsonw *w, const struct result *r);
struct str step_place(const struct frame *f); /* "deploy.yml:38:3" */
/* people.c: records an answer; not_taken: why the engine did not take it, or empty. */
void rec_answer(struct frame *f, struct str key, uint8_t what, const struct result *r, struct str not_taken);
/* opaque.c: at most max bytes of a text of people, without secrets, so that a replay has the same. */
enum { BY_MAX = 256 };
struct str words_seen(struct engine *e, struct str s, size_t max);
/* What the engine sees of a result is what its record will say, no more: cut to us, error and
 * headers bounded. */
void result_seen(struct engine *e, const struct result *from, struct result *to);
/* What an attempt made of its result: error empty: it succeeded. retry: what retry.if says,
 * false if another one would end the same way. */
struct verdict { bool retry; struct str error; const struct value *captures; };
/* attempt.c: parse, capture, expect. What the action itself did comes first. The captures of a
 * step live as long as the run, those of a monitor in its arena. */
struct verdict attempt_judge(struct frame *f, const struct result *r);
/* A secret is in the output or headers: the record cannot bring them back. */
bool has_secret(const struct engine *e, const struct result *r);
/* The verdict as member `opaque` of the attempt's record; and back: false if r has none. */
void opaque_put(struct frame *f, struct jsonw *w, const struct verdict *v);
bool opaque_told(struct frame *f, const struct result *r, struct verdict *v);
/* takeover.c: another runner goes on, or undoes a run that has ended. */
bool park(struct frame *f);                /* the run is held, paused or in doubt: f goes on later */
void unpark(struct engine *e);             /* all of them go on */
void park_forget(struct frame *f);
void takeover_epoch(struct engine *e, const struct event *ev);
void takeover_adopt(struct engine *e, const struct event *ev);
void takeover_resolve(struct engine *e, const struct event *ev);
void doubt_probed(struct frame *f, const struct result *r);
void doubt_settle(struct frame *f);
void takeover_settle(struct engine *e);    /* nothing waits for a person any more: all goes on, or back */
/* message.c: what became of a message of the engine itself. */
void message_result(struct engine *e, struct str about, const struct result *r);
/* f (or the run: root) has ended well: what the engine triggered about it is resolved. */
void message_resolve(struct frame *f);
/* ladder.c: escalate, of the root and of steps. */
void ladder_start(struct frame *f);
void ladder_fired(struct frame *f, const struct result *r);
/* monitor.c: makes them, once, when the run begins. */
void monitors_make(struct engine *e);
/* The phase, the stage or a step of `during` has changed: turns them on and off. */
void monitors_look(struct engine *e);
/* A step (or a foreach as a whole) begins, ends. */
void monitors_step(struct frame *f, bool begins);
/* Another runner: the time between counts for no rule. */
void monitors_gap(struct engine *e);
void monitor_sampled(struct frame *f, const struct result *r);
/* reaction.c: what-if: is there a rule by which the monitor of this op can end the run; it does. */
bool monitor_may_undo(struct engine *e, uint32_t op);
void monitor_assumed(struct frame *f);
/* reaction.c: the run is ending: all off, and a pause that one asked for is over. */
void monitors_end(struct engine *e);
/* The answer to a pause; asks again if it was held and the run goes on. */
void halt_answered(struct engine *e, const struct result *r);
void halt_resume(struct engine *e);
/* gate.c: false: the run, or the step, does not go on now (it waits, or has failed). */
bool gate_start(struct engine *e);
bool gate_pass(struct frame *f);
void gate_answered(struct engine *e, const struct result *r);
void gate_left(struct engine *e, const struct frame *f); /* nothing below f starts any more */
void gate_resume(struct engine *e);        /* asks once more what was held with nobody there */
/* people.c: goes on after its hold; who operates the run from now on. */
void people_again(struct frame *f);
void operator_add(struct engine *e, struct str name, struct str user, int64_t uid);
/* endings.c: stages of the run. */
void root_advance(struct frame *f);
void engine_settle(struct engine *e, bool stop_running);

#endif
