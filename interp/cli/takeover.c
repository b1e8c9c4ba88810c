#include "cli/takeover.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/file.h"
#include "base/jsonw.h"
#include "cli/rebuild.h"
#include "cli/restore.h"
#include "cli/runner_parts.h"
#include "host/git.h"
#include "host/clock.h"
#include "host/survivor.h"
#include "journal/journal.h"
#include "journal/mask.h"
#include "journal/output.h"
#include "run/live.h"
#include "plan/listing.h"
#include "value/json.h"

/*
 * takeover: the order matters here too. The journal's lock is taken before the
 * journal is read; what the last runner left running is dead before anything is
 * started; the first record says who took over.
 */

enum { SURVIVORS_MAX = 256 };

struct takeover {
	struct runner r;
	struct rebuild b;
	struct past *p;
	const struct takeover_request *q;
	struct run_request rq;
	struct str cause;         /* of a rollback */
	struct kept_record kept;
};

static struct str cause_of(struct takeover *t, const char *what)
{
	const char *why = t->q->why;

	return arena_printf(&t->r.c->arena, "%s asked for by " STR_FMT "%s%s", what, STR_ARG(t->r.operator_name), why ? ": " : "",
			    why ? why : "");
}

/* --- what the last runner left running --------------------------------------------- */

static bool any_lives(const struct survivor *s, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (survivor_lives(&s[i]))
			return true;
	return false;
}

static void kill_all(const struct survivor *s, uint32_t n, int signo)
{
	for (uint32_t i = 0; i < n; i++)
		survivor_kill(&s[i], signo);
}

static bool interrupted(void)
{
	sigset_t set;

	return !sigpending(&set) && (sigismember(&set, SIGINT) || sigismember(&set, SIGTERM) || sigismember(&set, SIGHUP));
}

/* TERM, and KILL after ten seconds. */
static void end_them(const struct survivor *s, uint32_t n)
{
	struct timespec pause = { 0, 50000000 };
	int64_t until = clock_boot() + 10000000000;

	kill_all(s, n, SIGTERM);
	kill_all(s, n, SIGCONT);
	while (any_lives(s, n) && clock_boot() < until)
		nanosleep(&pause, NULL);
	kill_all(s, n, SIGKILL);
}

/* What monitors read is asked again: nobody waits for it. */
static void end_monitors(const struct survivor *s, uint32_t n, const struct str *keys)
{
	for (uint32_t i = 0; i < n; i++)
		if (str_starts(keys[s[i].step], STR("monitors/")))
			end_them(&s[i], 1);
}

static bool look(struct takeover *t, const struct str *keys, uint32_t count, struct survivor s[SURVIVORS_MAX], uint32_t *n)
{
	*n = 0;
	if (!count || survivors_find(t->b.run, keys, count, s, SURVIVORS_MAX, n))
		return true;
	cli_error("the processes of this machine cannot be looked at (/proc): %s; whether some of the run's still act is not known",
		  strerror(errno));
	return false;
}

/* Waits until they are gone; what they start meanwhile too. 0 or an exit code. */
static int wait_for_survivors(struct takeover *t)
{
	struct timespec pause = { 0, 100000000 };
	struct str keys[SURVIVORS_MAX];
	uint32_t count = engine_children(t->b.engine, keys, SURVIVORS_MAX), n;
	struct survivor s[SURVIVORS_MAX];
	bool told = false;

	/* Twice none: one may have started another behind the back of a look, and ended. */
	for (int none = 0; count && none < 2;) {
		if (!look(t, keys, count, s, &n))
			return EXIT_FAILED;
		none = n ? 0 : none + 1;
		if (!n)
			continue;
		if (cli_has(t->r.c, "kill")) {
			end_them(s, n);
			continue;
		}
		end_monitors(s, n, keys);
		if (!any_lives(s, n))
			continue;
		for (uint32_t i = 0; i < n && !told; i++)
			if (survivor_lives(&s[i]))
				cli_error("process %d of " STR_FMT " still runs: waiting for its end (--kill ends it)", (int)s[i].pid,
					  STR_ARG(keys[s[i].step]));
		told = true;
		nanosleep(&pause, NULL);
		if (interrupted()) {
			cli_error("stopped waiting; the run is as it was");
			return EXIT_FAILED;
		}
	}
	return 0;
}

/* --- beginning -------------------------------------------------------------------------- */

static bool runs_here(struct takeover *t)
{
	if (str_eqz(t->b.host, t->r.host) || cli_has(t->r.c, "other-host"))
		return true;
	cli_error("run " STR_FMT " was on host " STR_FMT ": whether its processes still run can be seen only there", STR_ARG(t->b.run),
		  STR_ARG(t->b.host));
	cli_error("take it over there, or, when that host is gone for good, here with --other-host");
	return false;
}

/* Who we are, the program, its secrets. 0 or an exit code. */
static int begin(struct takeover *t, struct cli *c, struct past *p, const struct takeover_request *q)
{
	struct runner *r = &t->r;
	int code = runner_begin(r, c);

	t->p = p;
	t->q = q;
	if (code)
		return code;
	if (!past_began(p)) {
		cli_error("run " STR_FMT ": nothing was written, its runner died before it did anything: start the runbook again", STR_ARG(p->id));
		return EXIT_FAILED;
	}
	if (!rebuild_open(&t->b, c, p->dir)) {
		cli_error("run " STR_FMT ": %s", STR_ARG(p->id), t->b.why);
		return EXIT_DAMAGED;
	}
	if (t->b.dry) {
		cli_error("run " STR_FMT " is a dry-run: it changed nothing", STR_ARG(p->id));
		return EXIT_FAILED;
	}
	if (!runs_here(t))
		return EXIT_FAILED;
	r->l = &t->b.l;
	r->dry_run = false;
	r->dir = p->dir;
	r->no_sync = !t->b.sync;
	t->rq.format = q->format;
	r->q = &t->rq;
	memcpy(r->id, p->id.p, RUN_ID_LEN);
	r->lock = p->s.lock;
	r->gone = t->b.setup.gone;
	return restore_files(&t->b, p->journal.p, &t->kept) ? 0 : EXIT_FAILED;
}

static int damaged(struct takeover *t)
{
	cli_error("run " STR_FMT " cannot be taken over: %s", STR_ARG(t->p->id), t->b.why);
	cli_error("look at it with `runbook replay " STR_FMT "`", STR_ARG(t->p->id));
	return EXIT_DAMAGED;
}

static int reopen_failed(struct takeover *t, int err)
{
	if (err == EWOULDBLOCK) {
		cli_error("run " STR_FMT " has a living runner (process %lld): only one may act", STR_ARG(t->p->id), (long long)t->p->s.pid);
		return EXIT_FAILED;
	}
	cli_error("the journal of run " STR_FMT " cannot be opened: %s", STR_ARG(t->p->id),
		  err == EROFS ? "the run has ended" : err == EBADMSG ? "it is damaged" : err == ENODATA ? "nothing was written" : strerror(err));
	return err == EBADMSG ? EXIT_DAMAGED : EXIT_FAILED;
}

/* Opens the journal, which takes its lock, and brings the engine to its end. */
static int reopen(struct takeover *t)
{
	struct runner *r = &t->r;
	struct journal_options jo = { 0 };
	int err;

	runner_journal(r, &jo);
	r->journal = journal_reopen(&jo, &err);
	if (!r->journal)
		return reopen_failed(t, err);
	file_sweep(r->dir.p);
	(void)unlink(arena_printf(&r->c->arena, STR_FMT "/report.run.json", STR_ARG(r->dir)).p); /* of how it stood then */
	if (!rebuild_replay(&t->b, r->secrets, r->mask))
		return damaged(t);
	return 0;
}

static void add_rest(void *arg, int64_t wall, int64_t mono, struct str body)
{
	struct runner *r = arg;

	journal_add(r->journal, wall, mono, body);
}

/* Monotonic time goes on from the last record, by what the wall clock says has passed. */
static void set_clock(struct takeover *t)
{
	int64_t wall, mono, now = clock_wall();

	engine_clock(t->b.engine, &wall, &mono);
	t->r.boot = clock_boot() - mono - (now > wall ? now - wall : 0);
}

/* --- going on ----------------------------------------------------------------------------- */

static struct str epoch_body(struct takeover *t, bool rollback)
{
	struct runner *r = &t->r;
	struct jsonw w;

	buf_init(&r->open_body, 200 << 10);
	jsonw_init(&w, &r->open_body);
	jsonw_kstr(&w, "t", STR("epoch.open"));
	runner_put_who(r, &w);
	jsonw_kstr(&w, "version", STR(RUNBOOK_VERSION));
	jsonw_kbool(&w, "interactive", r->interactive);
	if (rollback) {
		jsonw_kbool(&w, "rollback", true);
		jsonw_kstr(&w, "cause", t->cause);
	}
	restore_put(&t->kept, &w);
	return buf_str(&r->open_body);
}

/* The exit code of a rollback: undone, or nothing was there to undo, is what was wanted. */
static int rollback_code(int code)
{
	return code == 3 || code == 1 ? EXIT_OK : code;
}

static int close_ended(struct takeover *t)
{
	int code = engine_exit_code(t->b.engine), err = journal_flush(t->r.journal, true);

	if (err) {
		cli_error("the journal could not be written: %s", strerror(err));
		return EXIT_FAILED;
	}
	t->r.locked = t->r.lock.n > 0;
	runner_unlock(&t->r);
	if (t->q->how == TAKEOVER_ROLLBACK)
		code = rollback_code(code);
	runner_end(&t->r, code);
	return code;
}

static int go_on(struct takeover *t)
{
	struct runner *r = &t->r;
	bool rollback = t->q->how == TAKEOVER_ROLLBACK;
	struct event first = { .kind = EVENT_EPOCH, .interactive = r->interactive, .rollback = rollback,
			       .operator_name = r->operator_name, .user = r->user, .uid = (int64_t)geteuid() };
	const char *const *env = runner_env(r);
	int code;

	if (!runner_secrets(r, env))
		return EXIT_FAILED;
	runner_hold_signals();
	runner_open_ui(r);
	t->b.each = ui_begun;
	t->b.arg = r->ui;
	code = reopen(t);
	if (!code)
		code = runner_lock(r);
	if (!code)
		code = wait_for_survivors(t);
	if (code)
		return code;
	replay_rest(t->b.replay, add_rest, r);
	if (engine_ended(t->b.engine)) /* only the last records were not written any more */
		return close_ended(t);
	set_clock(t);
	code = runner_world(r, env);
	if (code)
		return code;
	t->cause = cause_of(t, "rollback");
	first.body = epoch_body(t, rollback);
	if (r->open_body.full) {
		cli_error("too many modules have other files now for one record");
		return EXIT_FAILED;
	}
	first.dirs = t->kept.dirs;
	first.dir_count = t->kept.dir_count;
	first.why = t->cause;
	r->engine = t->b.engine;
	engine_attach(r->engine, live_effects(), r->live);
	code = runner_drive(r, &first);
	r->engine = NULL;
	if (rollback)
		code = rollback_code(code);
	runner_end(r, code);
	return code;
}

static void release(struct takeover *t)
{
	runner_release(&t->r);
	rebuild_release(&t->b);
}

int takeover_broken(struct cli *c, struct past *p, const struct takeover_request *q)
{
	struct takeover t = { .p = p };
	int code = begin(&t, c, p, q);

	if (!code)
		code = go_on(&t);
	release(&t);
	return code;
}

/* --- undoing a run that has ended ------------------------------------------------------------ */

static bool keep_blob(struct takeover *t, struct str hex, struct jsonw *w, const char *path)
{
	struct str bytes;
	char name[65];
	int err = blob_get(&t->r.c->arena, t->b.run_dir.p, hex, GIT_FILE_MAX, &bytes);

	if (!err)
		err = blob_write(t->r.dir.p, bytes, !t->r.no_sync, name);
	if (err) {
		cli_error("what run " STR_FMT " kept: blob " STR_FMT ": %s", STR_ARG(t->p->id), STR_ARG(hex),
			  err < 0 ? "its hash is wrong" : strerror(err));
		return false;
	}
	if (path) {
		jsonw_open(w, '{');
		jsonw_kstr(w, "path", str_of(path));
		jsonw_kstr(w, "sha256", hex);
		jsonw_close(w, '}');
	}
	return true;
}

static bool keep_modules(struct takeover *t, struct jsonw *w)
{
	const struct kept_record *k = &t->kept;

	for (uint32_t i = 0; k->modules.kind == V_LIST && i < k->modules.n; i++) {
		struct value m = k->modules.list[i];
		const struct value *files = m.kind == V_MAP ? value_get(m, STR("files")) : NULL;

		if (!keep_blob(t, kept_text(m, "sha256"), NULL, NULL))
			return false;
		for (uint32_t n = 0; files && files->kind == V_LIST && n < files->n; n++)
			if (!keep_blob(t, kept_text(files->list[n], "sha256"), NULL, NULL))
				return false;
	}
	if (k->modules_json.n) {
		jsonw_key(w, "modules");
		jsonw_raw(w, k->modules_json);
		jsonw_key(w, "uses");
		jsonw_raw(w, k->uses_json);
	}
	return true;
}

/* As the first record of the run that is undone, with who undoes it and why. */
static bool adopt_body(struct takeover *t)
{
	struct runner *r = &t->r;
	const struct kept_record *k = &t->kept;
	struct jsonw w;

	buf_init(&r->open_body, 200 << 10);
	jsonw_init(&w, &r->open_body);
	jsonw_kstr(&w, "t", STR("run.open"));
	jsonw_kint(&w, "v", 1);
	jsonw_kstr(&w, "run", str_of(r->id));
	jsonw_kstr(&w, "program", str_of(t->b.l.digest));
	jsonw_kstr(&w, "version", STR(RUNBOOK_VERSION));
	jsonw_kstr(&w, "runbook", t->p->s.runbook);
	if (t->p->s.runbook_version.n)
		jsonw_kstr(&w, "runbook_version", t->p->s.runbook_version);
	jsonw_kstr(&w, "rollback_of", t->p->id);
	jsonw_kstr(&w, "parent_head", str_of(t->b.scan.head));
	jsonw_kstr(&w, "cause", t->cause);
	jsonw_kstr(&w, "path", t->b.path);
	jsonw_kstr(&w, "dir", t->b.dir);
	jsonw_key(&w, "inputs");
	jsonw_raw(&w, t->p->s.inputs);
	jsonw_key(&w, "secrets");
	jsonw_open(&w, '[');
	for (uint32_t i = 0; i < t->b.l.program->secret_count; i++)
		jsonw_str(&w, t->b.l.program->secrets[i].secret->name);
	jsonw_close(&w, ']');
	jsonw_kstr(&w, "start", t->p->s.started);
	runner_put_who(r, &w);
	jsonw_kstr(&w, "seed", t->b.setup.seed);
	jsonw_kbool(&w, "dry", false);
	jsonw_kbool(&w, "sync", !r->no_sync);
	jsonw_kbool(&w, "interactive", r->interactive);
	jsonw_kint(&w, "steps", (int64_t)t->b.l.program->rb->step_count);
	jsonw_kint(&w, "revision", ENGINE_REVISION);
	if (r->lock.n)
		jsonw_kstr(&w, "lock", r->lock);
	if (t->p->s.title.n)
		jsonw_kstr(&w, "title", t->p->s.title);
	jsonw_key(&w, "files");
	jsonw_open(&w, '[');
	for (uint32_t i = 0; k->files.kind == V_LIST && i < k->files.n; i++)
		if (!keep_blob(t, kept_text(k->files.list[i], "sha256"), &w, kept_text(k->files.list[i], "path").p))
			return false;
	jsonw_close(&w, ']');
	restore_put(&t->kept, &w);
	return keep_modules(t, &w) && keep_blob(t, str_of(t->b.l.digest), NULL, NULL);
}

static int make_run(struct takeover *t)
{
	struct runner *r = &t->r;
	struct journal_options jo = { 0 };
	int err;

	run_id_new(r->wall, r->id);
	r->dir = arena_printf(&r->c->arena, "%s/runs/%s", r->state, r->id);
	err = run_dir_create(r->state, r->id, runner_shared(r));
	if (err) {
		cli_error("the run's folder cannot be made below %s: %s", r->state, strerror(err));
		return EXIT_FAILED;
	}
	runner_journal(r, &jo);
	r->journal = journal_create(&jo, &err);
	if (!r->journal) {
		cli_error("the journal cannot be made in " STR_FMT ": %s", STR_ARG(r->dir), strerror(err));
		runner_forget(r);
		return EXIT_FAILED;
	}
	if (!adopt_body(t)) { /* it stores what ran: blobs without a journal would be damage */
		runner_forget(r);
		return EXIT_FAILED;
	}
	return 0;
}

static int undo_ended(struct takeover *t)
{
	struct runner *r = &t->r;
	struct event first = { .kind = EVENT_ADOPT, .interactive = r->interactive };
	const char *const *env = runner_env(r);
	int code;

	if (!runner_secrets(r, env))
		return EXIT_FAILED;
	if (!rebuild_replay(&t->b, r->secrets, r->mask))
		return damaged(t);
	if (!engine_wrote(t->b.engine)) {
		cli_error("run " STR_FMT " changed nothing: there is nothing to undo", STR_ARG(t->p->id));
		return EXIT_OK;
	}
	runner_hold_signals();
	runner_open_ui(r);
	t->cause = cause_of(t, "rollback of a finished run");
	code = make_run(t);
	if (code)
		return code;
	code = runner_lock(r);
	if (code) {
		runner_forget(r);
		return code;
	}
	code = runner_world(r, env);
	if (code)
		return code;
	engine_rename(t->b.engine, str_of(r->id), true);
	first.body = buf_str(&r->open_body);
	first.dirs = t->kept.dirs;
	first.dir_count = t->kept.dir_count;
	first.why = t->cause;
	r->engine = t->b.engine;
	engine_attach(r->engine, live_effects(), r->live);
	code = rollback_code(runner_drive(r, &first));
	r->engine = NULL;
	runner_end(r, code);
	return code;
}

int takeover_ended(struct cli *c, struct past *p, const struct takeover_request *q)
{
	struct takeover t = { .p = p };
	int code = begin(&t, c, p, q);

	if (!code)
		code = undo_ended(&t);
	release(&t);
	return code;
}

/* --- a person's word ---------------------------------------------------------------------------- */

/* What still runs may be done in a moment: no word about it before its end. */
static bool still_runs(struct takeover *t, struct str key)
{
	struct survivor s[SURVIVORS_MAX];
	uint32_t n;

	if (!look(t, &key, 1, s, &n))
		return true;
	if (n)
		cli_error("process %d of " STR_FMT " still runs: wait for its end, or end it with `runbook resume " STR_FMT " --kill`",
			  (int)s[0].pid, STR_ARG(key), STR_ARG(t->p->id));
	return n > 0;
}

static int add_word(struct takeover *t, struct str key, bool done, const char *why)
{
	struct runner *r = &t->r;
	int64_t wall, mono, now;
	struct buf body;
	int doubt, err;

	key = engine_doubt_key(t->b.engine, key);
	doubt = engine_doubt(t->b.engine, key);
	if (doubt <= 0) {
		cli_error("step " STR_FMT " is not in doubt; `runbook show " STR_FMT "` lists what is", STR_ARG(key), STR_ARG(t->p->id));
		return EXIT_FAILED;
	}
	if (still_runs(t, key))
		return EXIT_FAILED;
	replay_rest(t->b.replay, add_rest, r);
	engine_clock(t->b.engine, &wall, &mono);
	now = clock_wall();
	buf_init(&body, 64 << 10);
	engine_resolve_body(&body, key, done, r->operator_name, str_of(why));
	journal_add(r->journal, now > wall ? now : wall, mono + (now > wall ? now - wall : 0), buf_str(&body));
	buf_release(&body);
	err = journal_flush(r->journal, true);
	if (err) {
		cli_error("the journal could not be written: %s", strerror(err));
		return EXIT_FAILED;
	}
	cli_error("recorded: " STR_FMT " was %s; go on with `runbook resume " STR_FMT "`", STR_ARG(key), done ? "done" : "not done",
		  STR_ARG(t->p->id));
	return EXIT_OK;
}

int takeover_word(struct cli *c, struct past *p, struct str key, bool done, const char *why)
{
	static const struct takeover_request q = { TAKEOVER_RESUME, NULL, UI_JSON };
	struct takeover t = { .p = p };
	struct runner *r = &t.r;
	int code = begin(&t, c, p, &q);

	if (!code && !runner_secrets(r, runner_env(r)))
		code = EXIT_FAILED;
	if (!code)
		code = reopen(&t);
	if (!code)
		code = add_word(&t, key, done, why);
	release(&t);
	return code;
}
