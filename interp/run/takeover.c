#include "run/engine_state.h"

#include "base/mem.h"

/*
 * takeover: a runner that comes after another one. The journal was replayed, so
 * the engine stands where the last runner stood; what that one had under way is
 * lost with it. Reads are asked again, timers and questions go on, and a write
 * whose end nobody knows is in doubt: its probe is asked, or it may be repeated
 * (idempotent), or a person says whether it was done. Also here: undoing a run
 * that has ended.
 */

struct resolution { struct resolution *next; struct str key; bool done; uint32_t epoch; };

/* --- waiting for a person ----------------------------------------------------- */

static void list_add(struct frame ***list, uint32_t *n, uint32_t *cap, struct frame *f)
{
	MEM_ROOM(*list, *n, *cap, 16);
	(*list)[(*n)++] = f;
}

bool park(struct frame *f)
{
	struct engine *e = f->e;

	if (!e->held && !e->in_doubt && !e->halted)
		return false;
	if (!f->parked)
		list_add(&e->parked, &e->parked_len, &e->parked_cap, f);
	f->parked = true;
	return true;
}

void park_forget(struct frame *f)
{
	struct engine *e = f->e;

	for (uint32_t i = 0; f->parked && i < e->parked_len; i++)
		if (e->parked[i] == f) {
			e->parked[i] = e->parked[--e->parked_len];
			f->parked = false;
		}
}

void unpark(struct engine *e)
{
	uint32_t n = e->parked_len;

	e->parked_len = 0;
	for (uint32_t i = 0; i < n; i++) {
		e->parked[i]->parked = false;
		schedule(e->parked[i]);
	}
	schedule(e->root);
}

/* --- doubt ---------------------------------------------------------------------- */

static const struct result lost = { .end = END_LOST, .code = -1,
				    .error = { "the runner ended while it ran", sizeof("the runner ended while it ran") - 1 } };

static void doubt_drop(struct frame *f)
{
	struct engine *e = f->e;

	for (uint32_t i = 0; i < e->doubt_len; i++)
		if (e->doubts[i] == f)
			e->doubts[i] = e->doubts[--e->doubt_len];
}

/* The result that the lost runner would have had to bring. */
static void fail_lost(struct frame *f)
{
	doubt_drop(f);
	f->state = AT_ACTION;
	attempt_finish(f, &lost);
}

/* A step of a rollback block can be told by the probe of the step that it undoes. */
static const struct prog_step *doubt_probe(const struct frame *f, bool *undo)
{
	const struct frame *target = f->role == ROLE_UNDO ? owner_of_undo(f) : NULL;

	*undo = !f->ps->ast->more->probe && target;
	return *undo ? probe_of(target) : probe_of(f);
}

/* `always` and REPORT change no outcome: nobody is called for them. */
static bool no_matter(const struct frame *f)
{
	return f->role == ROLE_ALWAYS || f->role == ROLE_TOP_ALWAYS || f->e->stage == STAGE_REPORT;
}

static void doubt_begin(struct frame *f)
{
	bool undo, can_tell = f->ps->ast->idempotent || doubt_probe(f, &undo);

	/* On the way back its own rollback deals with it. */
	if (frame_draining(f) || (no_matter(f) && !can_tell)) {
		fail_lost(f);
		return;
	}
	rec_attempt(f, &lost, NULL);
	f->acted = true;
	f->op = 0;
	f->state = AT_DOUBT;
	list_add(&f->e->doubts, &f->e->doubt_len, &f->e->doubt_cap, f);
}

static void repeat(struct frame *f)
{
	doubt_drop(f);
	f->lost++;
	f->state = AT_ATTEMPT;
	schedule(f);
}

static void was_done(struct frame *f)
{
	doubt_drop(f);
	step_in_place(f);
}

static void ask_person(struct frame *f, struct str why)
{
	struct engine *e = f->e;
	struct jsonw w;

	if (no_matter(f)) {
		fail_lost(f);
		return;
	}
	rec_open(e, "doubt", f->key, &w);
	jsonw_kstr(&w, "why", why);
	rec_close(e, &w);
	e->must_sync = true;
	e->in_doubt = true;
}

/* A word holds for the epoch that follows it, not for a later doubt about the same step. */
static struct resolution *resolution_take(struct engine *e, struct str key)
{
	for (struct resolution **at = &e->resolutions; *at; at = &(*at)->next)
		if (str_eq((*at)->key, key) && (*at)->epoch + 1 == e->epochs) {
			struct resolution *r = *at;

			*at = r->next;
			return r;
		}
	return NULL;
}

void doubt_settle(struct frame *f)
{
	struct resolution *r = resolution_take(f->e, f->key);
	const struct prog_step *probe;
	struct str error = { 0 };
	bool undo;

	if (frame_draining(f)) {
		fail_lost(f);
		return;
	}
	if (r && r->done) {
		was_done(f);
		return;
	}
	if (r || f->ps->ast->idempotent) {
		repeat(f);
		return;
	}
	probe = doubt_probe(f, &undo);
	arena_take(f);
	if (probe && kind_of(probe)->start(f, probe, true, &error) == STARTED_WAIT)
		return;
	ask_person(f, probe ? STR("its probe could not be started") : STR("how it ended is not known, and it has no probe"));
}

void doubt_probed(struct frame *f, const struct result *r)
{
	bool undo;
	const struct prog_step *probe = doubt_probe(f, &undo);
	struct resolution *word = resolution_take(f->e, f->key); /* spoken while it was asked */
	int v = probe_verdict(f, probe, r);

	f->op = 0;
	rec_probe(f, "doubt", r, v);
	if (frame_draining(f))
		fail_lost(f);
	else if (word && word->done)
		was_done(f);
	else if (word)
		repeat(f);
	else if (v < 0)
		ask_person(f, STR("its probe cannot tell"));
	else if ((v > 0) == undo) /* undone: the effect is gone */
		repeat(f);
	else
		was_done(f);
}

/* --- another epoch ---------------------------------------------------------------- */

static void again(struct engine *e, const struct op *o)
{
	struct command *c = command_add(e);

	*c = o->command;
	if (c->kind == OP_QUESTION) { /* also what others took meanwhile */
		c->question.taken = e->taken;
		c->question.taken_count = e->taken_len;
	}
}

/* An op of the last runner. */
static void op_taken_over(struct engine *e, uint32_t id, int64_t gap)
{
	struct op *o = op_find(e, id);
	struct frame *f = o ? o->frame : NULL;
	struct command *c = o ? &o->command : NULL;
	uint8_t what = o ? o->what : 0;
	struct result stopped = { .op = id, .end = END_STOPPED, .code = -1 };

	if (!o)
		return;
	if (!f || what == OP_FOR_STOP || (o->stopped && (what == OP_FOR_LADDER || what == OP_FOR_MESSAGE)) || (o->stopped && what == OP_FOR_RUN_TIMEOUT)) {
		op_drop(e, id);
	} else if (c->kind != OP_FILE && c->write && !c->probe) {
		op_drop(e, id);
		doubt_begin(f);
	} else if (o->stopped) {
		op_drop(e, id);
		if (what == OP_FOR_WINDOW)
			gate_answered(e, &stopped);
		else
			step_result(f, what, &stopped);
	} else {
		/* Time without a runner counts for waits, not against what had to be done in time. */
		if (what == OP_FOR_TIMEOUT || what == OP_FOR_RUN_TIMEOUT)
			c->timer.at = __builtin_add_overflow(c->timer.at, gap, &c->timer.at) ? INT64_MAX : c->timer.at;
		again(e, o);
	}
}

static void take_over_ops(struct engine *e, int64_t gap)
{
	uint32_t n = e->op_len, *ids = arena_array(&e->arena, n + 1u, sizeof(*ids));

	for (uint32_t i = 0; i < n; i++)
		ids[i] = e->ops[i].id;
	for (uint32_t i = 1; i < n; i++) /* in the order of their start */
		for (uint32_t k = i; k && ids[k - 1] > ids[k]; k--) {
			uint32_t id = ids[k];

			ids[k] = ids[k - 1];
			ids[k - 1] = id;
		}
	for (uint32_t i = 0; i < n; i++)
		op_taken_over(e, ids[i], gap);
}

void takeover_settle(struct engine *e)
{
	e->held = e->in_doubt = false;
	for (uint32_t i = 0; i < e->doubt_len; i++)
		if (!e->doubts[i]->op) /* else its probe is asked already */
			schedule(e->doubts[i]);
	unpark(e);
}

/* Files are where the runner that takes over says, else where they were at the start. */
static void take_dirs(struct engine *e, const struct event *ev)
{
	e->dirs = NULL;
	for (uint32_t i = 0; i < ev->dir_count; i++)
		for (uint32_t u = 0; u < e->p->unit_count; u++) {
			if (!str_eq(e->p->units[u]->from.key, ev->dirs[i].name))
				continue;
			if (!e->dirs)
				e->dirs = arena_array(&e->arena, e->p->unit_count, sizeof(const char *));
			e->dirs[u] = arena_str(&e->arena, ev->dirs[i].value.p, ev->dirs[i].value.n).p;
		}
}

void takeover_epoch(struct engine *e, const struct event *ev)
{
	int64_t gap = ev->mono / 1000 * 1000 - e->before;

	e->fx->record(e->ctx, e->wall, e->mono, ev->body);
	e->must_sync = true;
	e->epochs++;
	take_dirs(e, ev);
	e->interactive = ev->interactive;
	operator_add(e, ev->operator_name, ev->user, ev->uid);
	e->held = e->in_doubt = false;
	monitors_gap(e);
	if (ev->rollback && e->stage == STAGE_PHASES && !e->settling) {
		e->cause_text = arena_str(&e->arena, ev->why.p, ev->why.n);
		engine_settle(e, true);
	}
	take_over_ops(e, gap > 0 ? gap : 0);
	takeover_settle(e);
}

/* --- undoing a run that has ended --------------------------------------------------- */

/* What could not be undone is tried, or named, once more. */
static void try_again(struct frame *t)
{
	for (struct frame *c = t->kept_last; c; c = c->kept_prev) {
		if (c->left || (c->out && c->out->status == S_UNDO_FAILED))
			c->undone = c->left = c->stands = false;
		try_again(c);
	}
}

void takeover_adopt(struct engine *e, const struct event *ev)
{
	e->fx->record(e->ctx, e->wall, e->mono, ev->body);
	e->start_wall = e->wall;
	e->interactive = ev->interactive;
	e->adopted = true;
	take_dirs(e, ev);
	e->stage = STAGE_SETTLE;
	e->status = RUN_RUNNING;
	e->settling = true;
	e->stopped = e->stuck = e->blocked = e->stop_unwinding = false;
	e->signo = 0;
	e->ints = e->terms = 0;
	e->stop_text = e->cause_key = e->cause_at = STR("");
	e->cause_text = arena_str(&e->arena, ev->why.p, ev->why.n);
	e->undo_count = e->undone_len = e->residue_len = e->issue_len = 0;
	e->at = NULL;
	try_again(e->root);
	schedule(e->root);
}

void takeover_resolve(struct engine *e, const struct event *ev)
{
	struct resolution *r = arena_alloc(&e->arena, sizeof(*r));

	e->fx->record(e->ctx, e->wall, e->mono, ev->body);
	e->must_sync = true;
	*r = (struct resolution){ e->resolutions, arena_str(&e->arena, ev->key.p, ev->key.n), ev->done, e->epochs };
	e->resolutions = r;
}

void engine_resolve_body(struct buf *out, struct str key, bool done, struct str by, struct str why)
{
	struct jsonw w;

	buf_clear(out);
	jsonw_init(&w, out);
	jsonw_kstr(&w, "t", STR("resolve"));
	jsonw_kstr(&w, "k", key);
	jsonw_kbool(&w, "done", done);
	jsonw_kstr(&w, "by", by);
	jsonw_kstr(&w, "why", why);
}

/* --- questions of the command line ---------------------------------------------------- */

bool engine_ended(const struct engine *e)
{
	return e->stage == STAGE_END;
}

bool engine_unwinding(const struct engine *e)
{
	return e->stage != STAGE_PHASES || e->settling;
}

bool engine_wrote(const struct engine *e)
{
	return e->wrote;
}

void engine_clock(const struct engine *e, int64_t *wall, int64_t *mono)
{
	*wall = e->wall;
	*mono = e->mono;
}

void engine_rename(struct engine *e, struct str run_id, bool keeps)
{
	e->run_id = run_id;
	e->own_id = keeps ? e->setup->run_id : run_id;
}

uint32_t engine_children(const struct engine *e, struct str *keys, uint32_t max)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < e->op_len && n < max; i++)
		if (e->ops[i].frame && e->ops[i].command.kind == OP_SPAWN)
			keys[n++] = e->ops[i].command.key;
	return n;
}

static bool acts(const struct op *o)
{
	return o->frame && o->command.kind != OP_TIMER && o->command.kind != OP_QUESTION;
}

static bool leaves_doubt(const struct op *o)
{
	return acts(o) && o->command.write && !o->command.probe;
}

int engine_doubt(const struct engine *e, struct str key)
{
	for (uint32_t i = 0; i < e->doubt_len; i++)
		if (str_eq(e->doubts[i]->key, key))
			return 1;
	for (uint32_t i = 0; i < e->op_len; i++)
		if (acts(&e->ops[i]) && str_eq(e->ops[i].command.key, key))
			return leaves_doubt(&e->ops[i]) ? 1 : -1;
	return 0;
}

/* act/two[3]: is its last part the id, of whatever item? */
static bool ends_with_id(struct str key, struct str id)
{
	size_t from = key.n, n;

	while (from && key.p[from - 1] != '/')
		from--;
	for (n = from; n < key.n && key.p[n] != '[' && key.p[n] != '~';)
		n++;
	return str_eq(str_slice(key, from, n), id);
}

struct str engine_doubt_key(const struct engine *e, struct str name)
{
	struct str key = name;
	uint32_t found = 0;

	if (engine_doubt(e, name))
		return name;
	for (uint32_t i = 0; i < e->doubt_len; i++)
		if (ends_with_id(e->doubts[i]->key, name)) {
			key = e->doubts[i]->key;
			found++;
		}
	for (uint32_t i = 0; i < e->op_len; i++)
		if (leaves_doubt(&e->ops[i]) && ends_with_id(e->ops[i].command.key, name)) {
			key = e->ops[i].command.key;
			found++;
		}
	return found == 1 ? key : name;
}
