#include "cli/runner.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include "base/file.h"
#include "cli/command.h"
#include "cli/anchor.h"
#include "cli/heads.h"
#include "cli/kept.h"
#include "cli/modules.h"
#include "cli/origin.h"
#include "cli/presets.h"
#include "cli/runner_parts.h"
#include "cli/settings.h"
#include "cli/source.h"
#include "cli/telemetry.h"
#include "host/clock.h"
#include "host/child.h"
#include "host/env.h"
#include "host/secret.h"
#include "host/tty.h"
#include "journal/answers.h"
#include "journal/journal.h"
#include "journal/mask.h"
#include "journal/output.h"
#include "journal/reader.h"
#include "journal/state.h"
#include "report/report.h"
#include "run/engine.h"
#include "run/live.h"

/*
 * runner: one run from a checked program to its seal. The order matters: what
 * can be refused is refused first; the lock is taken before the folder is
 * made; the journal is open before anything acts.
 */

static bool random_seed(char hex[65])
{
	unsigned char bytes[32];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return false;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		hex[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	hex[64] = 0;
	return true;
}

/* --- secrets --------------------------------------------------------------- */

bool runner_secrets(struct runner *r, const char *const *env)
{
	const struct program *p = r->l->program;

	r->secrets = arena_array(&r->c->arena, p->secret_count + 1, sizeof(*r->secrets));
	r->mask = mask_new();
	for (uint32_t i = 0; i < p->secret_count; i++) {
		const struct secret *s = p->secrets[i].secret;
		const char *dir = p->secrets[i].unit->from.dir.n ? p->secrets[i].unit->from.dir.p : r->l->dir;
		struct str value = { 0 }, error = { 0 };

		struct secret_source from = { s->from, s->arg, s->argv.list, s->argv.count };

		if (!secret_fetch(&r->c->arena, &from, dir, env, &value, &error)) {
			cli_error("secret `" STR_FMT "`: " STR_FMT, STR_ARG(s->name), STR_ARG(error));
			return false;
		}
		if (!mask_add(r->mask, value)) {
			cli_error("secret `" STR_FMT "` must have %d bytes to %d KiB, not only white space: else it could not be masked",
				  STR_ARG(s->name), MASK_MIN, MASK_MAX >> 10);
			return false;
		}
		r->secrets[i] = value_str(value);
		r->secrets[i].flags = VALUE_SECRET;
	}
	return true;
}

static void hide(void *arg, struct str secret)
{
	struct runner *r = arg;

	(void)mask_add(r->mask, secret);
}

/* The environment of children, without the variables that secrets come from. */
const char *const *runner_env(struct runner *r)
{
	const struct program *p = r->l->program;
	const struct runbook *rb = p->rb;
	struct str *drop = arena_array(&r->c->arena, p->secret_count + 1, sizeof(*drop));
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->secret_count; i++)
		if (p->secrets[i].secret->from == SECRET_ENV)
			drop[n++] = p->secrets[i].secret->arg;
	r->module_env = env_base(&r->c->arena, NULL, 0, drop, n);
	return env_base(&r->c->arena, rb->defaults.inherit.list, rb->defaults.inherit.count, drop, n);
}

/* --- lock, folder, journal --------------------------------------------------- */

/* A run that died before its first record acted on nothing (a power loss may leave that in
 * part: it was not synced then), and one that died behind its seal has ended: its lock is
 * ours to free. Not so where its journal cannot be read. */
static bool is_over(struct runner *r, const struct lock_holder *them)
{
	struct journal_scan scan;

	if (!them->dir.n || run_is_live(them->dir.p))
		return false;
	journal_scan_file(arena_printf(&r->c->arena, STR_FMT "/journal.jsonl", STR_ARG(them->dir)).p, &scan, NULL, NULL);
	if (scan.state == JOURNAL_UNREADABLE || scan.state == JOURNAL_CORRUPT)
		return false;
	return scan.sealed || (scan.records == 0 && (scan.bytes == 0 || them->sync));
}

static void say_locked(struct runner *r, const struct lock_holder *them)
{
	bool live = them->dir.n && run_is_live(them->dir.p);

	cli_error("locked: `" STR_FMT "` is held by run " STR_FMT " (" STR_FMT ", by " STR_FMT " on " STR_FMT ")%s", STR_ARG(r->lock),
		  STR_ARG(them->run), STR_ARG(them->runbook), STR_ARG(them->operator_name), STR_ARG(them->host),
		  live ? ", which is running" : ", which is not running any more");
	if (live) {
		cli_error("to end it: runbook cancel " STR_FMT, STR_ARG(them->run));
		return;
	}
	cli_error("to see what it left: runbook show " STR_FMT, STR_ARG(them->run));
	cli_error("to end it: runbook resume " STR_FMT " (go on), or runbook rollback " STR_FMT " (undo what it did)",
		  STR_ARG(them->run), STR_ARG(them->run));
}

int runner_lock(struct runner *r)
{
	struct lock_holder us = { str_of(r->id), r->operator_name, str_of(r->host), r->l->program->rb->name, r->dir, r->wall,
				  !r->no_sync };
	struct lock_holder them = { 0 };
	const char *folder = setting(&r->set, SET_LOCKS);
	int err;

	if (!r->lock.n || r->dry_run)
		return 0;
	err = lock_take(&r->c->arena, folder, r->lock, &us, &them);
	if (err == EEXIST && is_over(r, &them) && !lock_free(folder, r->lock, them.run))
		err = lock_take(&r->c->arena, folder, r->lock, &us, &them);
	if (err == EEXIST) {
		say_locked(r, &them);
		return EXIT_LOCKED;
	}
	if (err) {
		cli_error("the lock `" STR_FMT "` cannot be taken in %s: %s", STR_ARG(r->lock), folder, strerror(err));
		return EXIT_FAILED;
	}
	r->locked = true;
	return 0;
}

void runner_unlock(struct runner *r)
{
	if (r->locked && lock_free(setting(&r->set, SET_LOCKS), r->lock, str_of(r->id)))
		cli_error("the lock `" STR_FMT "` could not be freed", STR_ARG(r->lock));
	r->locked = false;
}

static int settle_sources(void *arg)
{
	struct runner *r = arg;

	return blobs_sync(r->dir.p, r->kept.blobs, r->kept.count);
}

void runner_journal(struct runner *r, struct journal_options *o)
{
	o->dir = r->dir.p;
	o->run_id = str_of(r->id);
	o->program_digest = str_of(r->l->digest);
	o->no_sync = r->no_sync;
	o->shared = runner_shared(r);
	o->mask = r->mask;
	o->observe = r->ui ? ui_record : NULL;
	o->arg = r->ui;
}

/* Runs that only read have nothing to undo: no space is kept back for it. */
static bool only_reads(const struct program *p)
{
	for (uint32_t i = 0; i < p->step_count; i++)
		if (p->steps[i].effect == EFFECT_WRITE)
			return false;
	return true;
}

static int open_journal(struct runner *r)
{
	struct journal_options jo = { 0 };
	int err = run_dir_create(r->state, r->id, runner_shared(r));

	if (!err && r->l->program->may_ask)
		err = answers_make(r->dir.p, runner_shared(r));
	if (err) {
		cli_error("the run's folder cannot be made below %s: %s (choose another place with --state)", r->state, strerror(err));
		return EXIT_FAILED;
	}
	runner_journal(r, &jo);
	jo.no_ballast = r->dry_run || only_reads(r->l->program);
	jo.settle = settle_sources;
	jo.settle_arg = r;
	r->journal = journal_create(&jo, &err);
	if (!r->journal) {
		cli_error("the journal cannot be made in " STR_FMT ": %s", STR_ARG(r->dir), strerror(err));
		runner_forget(r);
		return EXIT_FAILED;
	}
	if (!runner_first_record(r)) { /* it stores what ran: blobs without a journal would be damage */
		runner_forget(r);
		return EXIT_FAILED;
	}
	return 0;
}

/* --- the world ----------------------------------------------------------------- */

static void on_output(void *arg, struct str key, int stream, struct str bytes)
{
	ui_output(((struct runner *)arg)->ui, key, stream, bytes);
}

static void on_question(void *arg, bool open, struct str text)
{
	ui_question(((struct runner *)arg)->ui, open, text);
}

static void on_tick(void *arg)
{
	ui_tick(((struct runner *)arg)->ui);
}

/* A signed head of the journal as it stands, where the site has a key for it. */
static void sign_head(struct runner *r, const char *name)
{
	struct head h = { .run = str_of(r->id), .records = journal_records(r->journal) };
	const char *key = setting(&r->set, SET_SIGN_KEY);
	struct str why;

	r->head_signed = true;
	if (!r->set.of[SET_SIGN_KEY].value.n)
		return;
	journal_head(r->journal, h.hash);
	why = heads_sign(r->c, r->dir, name, &h, key);
	if (why.n)
		cli_error("the head of the journal was not signed with %s: " STR_FMT, key, STR_ARG(why));
}

/* The head at the seal, in the repository of the runbook, where the site asks for it. */
static void anchor_head(struct runner *r)
{
	struct head h = { .run = str_of(r->id), .records = journal_records(r->journal) };
	struct str why;

	if (!r->set.of[SET_ANCHOR].value.n || r->dry_run)
		return;
	journal_head(r->journal, h.hash);
	why = anchor_write(r->c, r->dir, &h, r->operator_name);
	if (why.n)
		cli_error("the head of the journal was not anchored: " STR_FMT, STR_ARG(why));
}

/* The first records are on the disk, the first work is under way. */
static void on_idle(void *arg)
{
	struct runner *r = arg;

	ui_idle(r->ui);
	if (!r->head_signed)
		sign_head(r, r->gone.n ? arena_printf(&r->c->arena, "taken-over-%lld", (long long)journal_records(r->journal)).p : "open");
}

int runner_world(struct runner *r, const char *const *env)
{
	struct live_options lo = { 0 };
	int err = 0;

	lo.run_id = str_of(r->id);
	lo.run_dir = r->dir.p;
	lo.signers = r->set.of[SET_SIGNERS].value.n ? setting(&r->set, SET_SIGNERS) : NULL;
	lo.journal = r->journal;
	lo.mask = r->mask;
	lo.start_wall = r->wall;
	lo.start_boot = r->boot;
	lo.base_env = env;
	lo.module_env = r->module_env;
	lo.yes = r->yes;
	lo.interactive = r->interactive;
	lo.shared = runner_shared(r);
	lo.operator_name = r->operator_name;
	lo.gone = r->gone.n ? r->gone : r->setup.gone;
	lo.on_output = on_output;
	lo.on_question = on_question;
	lo.on_tick = on_tick;
	lo.on_idle = on_idle;
	lo.on_hide = hide;
	lo.version = RUNBOOK_VERSION;
	lo.no_sync = r->no_sync;
	lo.arg = r;
	r->live = live_new(&lo, &err);
	if (!r->live) {
		cli_error("the event loop cannot be made: %s", strerror(err));
		return EXIT_INTERNAL;
	}
	if (r->dry_run)
		r->dry = dry_new(r->live);
	return 0;
}

static void journal_failed(struct runner *r, int err)
{
	cli_error("the journal could not be written: %s; nothing more was started", strerror(err));
	cli_error("what ran last is in doubt: see `runbook show %s` and check the target by hand", r->id);
}

int runner_drive(struct runner *r, const struct event *first)
{
	enum run_status status;
	int journal_err = 0, code;

	if (r->dry)
		engine_attach(r->engine, dry_effects(), r->dry);
	else
		engine_attach(r->engine, live_effects(), r->live);
	code = engine_drive(r->engine, first, &status, &journal_err);
	ui_idle(r->ui); /* before anything is said about it */
	if (journal_err)
		journal_failed(r, journal_err);
	else if (status != RUN_HELD && status != RUN_IN_DOUBT)
		runner_unlock(r);
	return code;
}

void runner_release(struct runner *r)
{
	engine_free(r->engine);
	if (r->dry)
		dry_free(r->dry);
	if (r->live)
		live_free(r->live);
	if (r->journal)
		journal_free(r->journal);
	if (r->ui)
		ui_free(r->ui);
	if (r->mask)
		mask_free(r->mask);
	buf_release(&r->open_body);
}

static bool prepare(struct runner *r)
{
	struct run_setup *s = &r->setup;
	struct str error = { 0 };

	s->program = r->l->program;
	s->run_id = str_of(r->id);
	s->operator_name = r->operator_name;
	runner_people(r);
	s->inputs = r->q->inputs;
	s->secrets = r->secrets;
	s->dry_run = r->dry_run;
	s->interactive = r->interactive;
	s->presets = r->q->presets;
	s->preset_count = r->q->preset_count;
	s->dir = r->work;
	s->unit_dirs = r->l->unit_dirs;
	s->seed = str_of(r->seed);
	s->mask = r->mask;
	s->gone = arena_printf(&r->c->arena, "gone%s", r->id);
	r->engine = engine_new(s);
	if (!engine_prepare(r->engine, r->wall, &r->lock, &error)) {
		cli_error(STR_FMT, STR_ARG(error));
		return false;
	}
	return true;
}

void runner_open_ui(struct runner *r)
{
	struct ui_options uo = { 0 };

	uo.format = r->q->format;
	uo.color = r->c->color_err;
	uo.terminal = tty_is(STDERR_FILENO) && !getenv("CI") && r->q->format == UI_TEXT;
	uo.run = str_of(r->id);
	uo.running = true;
	uo.state_hint = ui_state_hint(r->c);
	r->ui = ui_new(&uo);
}

void runner_hold_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	/* and these would kill the runner without any undoing; a file over `ulimit -f` is an error of write */
	(void)signal(SIGQUIT, SIG_IGN);
	(void)signal(SIGUSR1, SIG_IGN);
	(void)signal(SIGUSR2, SIG_IGN);
	(void)signal(SIGALRM, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)signal(SIGXCPU, SIG_IGN);
}

/* The run was refused before its first record: nothing of it stays. */
void runner_forget(struct runner *r)
{
	int err;

	journal_free(r->journal);
	r->journal = NULL;
	err = file_remove_tree(r->dir.p);
	if (err)
		cli_error(STR_FMT ": %s", STR_ARG(r->dir), strerror(err));
}

/* Of a journal that could not be written there is nothing to report. */
void runner_end(struct runner *r, int code)
{
	int err = journal_error(r->journal) ? 0 : report_write(r->dir.p, runner_shared(r));

	if (!journal_error(r->journal) && journal_sealed(r->journal)) {
		sign_head(r, "seal");
		anchor_head(r);
	}
	if (err)
		cli_error("the run's report could not be written: %s; `runbook report %s` makes it anew", strerror(err), r->id);
	ui_end(r->ui, str_of(r->id), code, r->dir);
	if (!journal_error(r->journal) && journal_sealed(r->journal))
		telemetry_send(r->c, r->dir);
}

/* Modules of a commit have their folders in the run, as the runbook has. */
static void find_unit_dirs(struct runner *r)
{
	const struct program *p = r->l->program;

	for (uint32_t i = 1; i < p->unit_count; i++) {
		if (!module_pinned(p->units[i]))
			continue;
		if (!r->l->unit_dirs)
			r->l->unit_dirs = arena_array(&r->c->arena, p->unit_count, sizeof(const char *));
		r->l->unit_dirs[i] = arena_printf(&r->c->arena, STR_FMT "/files.%u", STR_ARG(r->dir), i).p;
	}
}

static int run_steps(struct runner *r)
{
	const struct event first = { .kind = EVENT_START };
	const char *const *env = runner_env(r);
	int code;

	if (!runner_secrets(r, env))
		return EXIT_FAILED;
	r->dir = arena_printf(&r->c->arena, "%s/runs/%s", r->state, r->id);
	r->work = r->l->origin->pinned ? arena_printf(&r->c->arena, STR_FMT "/files", STR_ARG(r->dir)).p : r->l->dir;
	find_unit_dirs(r);
	if (!kept_read(r->c, r->l, &r->kept) || !kept_accept(r->c, r->l, &r->kept, r->q->format) || !prepare(r))
		return EXIT_USAGE;
	runner_hold_signals(); /* from here on a signal must not leave a lock behind: the loop takes it */
	runner_open_ui(r);
	code = open_journal(r);
	if (code)
		return code;
	code = runner_lock(r); /* after the journal: who holds a lock is known to live */
	if (code) {
		runner_forget(r);
		return code;
	}
	code = runner_world(r, env);
	if (code) {
		runner_unlock(r);
		return code;
	}
	r->setup.open_body = buf_str(&r->open_body);
	origin_remember(r->c, r->l->origin, r->state);
	code = runner_drive(r, &first);
	runner_end(r, code);
	return code;
}

int runner_begin(struct runner *r, struct cli *c)
{
	r->c = c;
	if (!settings_load(c, &r->set))
		return EXIT_USAGE;
	r->interactive = tty_interactive() && !cli_has(c, "no-input");
	r->dry_run = cli_has(c, "dry-run");
	r->yes = cli_has(c, "yes");
	r->no_sync = cli_has(c, "no-sync");
	r->claimed_operator = cli_arg(c, "operator");
	r->wall = clock_wall();
	r->boot = clock_boot();
	r->state = setting(&r->set, SET_STATE);
	r->user = settings_user(c);
	r->operator_name = settings_operator(c, &r->set, r->user);
	if (gethostname(r->host, sizeof(r->host) - 1))
		r->host[0] = '?';
	if (child_become_subreaper()) {
		cli_error("cannot become the reaper of children: %s", strerror(errno));
		return EXIT_INTERNAL;
	}
	return EXIT_OK;
}

int runner_run(struct cli *c, struct loaded *l, const struct run_request *q)
{
	struct runner r = { .l = l, .q = q };
	int code = runner_begin(&r, c);

	if (code)
		return code;
	presets_outside_note(l, q->outside_window);
	if (!presets_known(c, l, q->presets, q->preset_count) ||
	    (!r.interactive && !r.dry_run &&
	     !presets_enough(c, l, q->presets, q->preset_count, r.yes, q->outside_window.n > 0, r.wall)))
		return EXIT_USAGE;
	run_id_new(r.wall, r.id);
	if (!random_seed(r.seed)) {
		cli_error("no random numbers: %s", strerror(errno));
		return EXIT_INTERNAL;
	}
	code = run_steps(&r);
	runner_release(&r);
	return code;
}
