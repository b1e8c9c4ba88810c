#ifndef RB_TEST_WORLD_H
#define RB_TEST_WORLD_H
/*
 * world: a world in virtual time for tests of the engine: no process, no clock.
 * What a spawned argv does stands in its first word:
 *   ok [TEXT..]    exit 0, prints the words       no [TEXT..]   exit 1
 *   code N         exit N                         flaky N       fails the first N times for its key
 *   hang           only ends by timeout or stop   sig           killed by signal 9
 *   lost           END_LOST                       nostart       END_NOT_STARTED
 *   useless        as nostart, and another attempt would end the same way
 *   cancel         ok, and INT arrives meanwhile  slow D        ok after D seconds
 *   figures A B .. ok, prints the first, the second ... word with each call of its key, then the last;
 *                  no, lost, hang and sig among them are what they are above
 *   state          as a probe: yes while the last write of its key ended well and was not undone
 * Each takes one second. The trace has a line for each start of an op; moves has
 * what began and ended, for tests that judge by themselves.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/jsonw.h"
#include "journal/journal.h"
#include "journal/output.h"
#include "plan/listing.h"
#include "plan/program.h"
#include "run/effects.h"
#include "run/engine.h"

enum { WORLD_OPS = 64, WORLD_KEY = 192 };
struct world_op { uint32_t op, move; int64_t due; struct result result; };
/* One op from its start to its end; or a journal record or a signal between them. */
struct world_move {
	char key[WORLD_KEY];
	char what[12];          /* first word of a child, "ask", "timer", "file"; "!plan", "!signal" */
	uint32_t op;
	uint8_t kind;           /* enum op_kind; of a child also: */
	bool write, probe, ended, stopped;
	int end, code;          /* enum result_end */
	int64_t began, over;
};
struct world {
	unsigned long long seed; /* said when it never ends */
	struct arena arena;
	struct buf trace, records;
	struct buf lines;       /* the records as lines of a journal (their hash is no hash) */
	int64_t n, ep;          /* of the last line */
	int64_t now;
	struct world_op ops[WORLD_OPS]; uint32_t count;
	struct { char key[WORLD_KEY]; int n; } flaky[256]; uint32_t flaky_count;
	struct world_move *moves; uint32_t move_count, move_cap;
	int signo_due, signals; /* to deliver with the next wait */
	const char *signal_by, *signal_why; /* who cancels, and why; NULL: nobody said */
	int cancel_at;          /* deliver a signal when this many ops were started; 0: never */
	int again_at, signo, again_signo; /* a second one; which (0: INT) */
	const int (*script)[2]; int script_count, script_at; /* instead: {when this many ops were started, signal}, in order */
	int low_at;             /* the disk is full when this many ops were started */
	bool low_due;
	int started;
	struct result current[WORLD_OPS];
	bool dry, interactive, unsynced_write, synced;
	int flushes, syncs, fail_flush_at;
	const char *dir;        /* a run's folder: records, outputs and blobs go there, as in the live world; or NULL */
	struct journal *journal; /* with dir */
	const struct mask *mask;
	struct buf big; struct str leak; /* what `big` and `leak` print */
	const char *answer;     /* to questions; NULL: nobody there */
	const struct preset *presets; uint32_t preset_count;
	bool crowd;             /* answers are words of a random run */
	int voices;
	uint32_t revision; /* of the engine; 0: the last */
	const char *outside_window;
	int64_t wall;           /* when it begins; 0: 1970-01-12 13:46:40 UTC, a Monday */
	const char *const *answers; uint32_t answer_count, asked; /* instead: one after the other, then the last one */
};

static struct world_move *world_move(struct world *w, struct str key, const char *what)
{
	struct world_move *m;

	if (w->move_count == w->move_cap) {
		w->move_cap = w->move_cap ? w->move_cap * 2 : 64;
		w->moves = realloc(w->moves, w->move_cap * sizeof(*w->moves));
		if (!w->moves)
			abort();
	}
	m = &w->moves[w->move_count++];
	memset(m, 0, sizeof(*m));
	snprintf(m->key, sizeof(m->key), "%.*s", (int)key.n, key.n ? key.p : "");
	snprintf(m->what, sizeof(m->what), "%s", what);
	m->began = w->now;
	return m;
}

static int64_t world_wall(const struct world *w)
{
	return (w->wall ? w->wall : 1000000000LL * 1000000) + w->now;
}

static void world_line(struct world *w, int64_t wall, int64_t mono, struct str body)
{
	time_t second = (time_t)(wall / 1000000000);
	char stamp[32];
	struct tm tm;

	gmtime_r(&second, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	buf_printf(&w->lines, "{\"n\":%lld,\"b\":1,\"ep\":%lld,\"w\":\"%s.%06lldZ\",\"m\":%lld,%.*s,\"h\":\"%064d\"}\n", (long long)++w->n,
		   (long long)w->ep, stamp, (long long)(wall / 1000 % 1000000), (long long)(mono / 1000), (int)body.n, body.p, 0);
}

static void world_record(void *ctx, int64_t wall, int64_t mono, struct str body)
{
	struct world *w = ctx;

	if (w->journal)
		journal_add(w->journal, wall, mono, body);
	else
		world_line(w, wall, mono, body);
	buf_adds(&w->records, body);
	buf_addc(&w->records, '\n');
	if (str_starts(body, STR("\"t\":\"comp.plan\"")))
		world_move(w, STR(""), "!plan");
}

static int world_flush(void *ctx, bool sync)
{
	struct world *w = ctx;

	w->flushes++;
	w->syncs += sync;
	w->synced = sync;
	if (w->journal)
		return journal_flush(w->journal, sync);
	return w->fail_flush_at && w->flushes >= w->fail_flush_at ? 5 : 0;
}

static int world_flaky(struct world *w, struct str key)
{
	char text[WORLD_KEY];
	uint32_t i = 0;

	snprintf(text, sizeof(text), "%.*s", (int)key.n, key.p);
	while (i < w->flaky_count && strcmp(w->flaky[i].key, text))
		i++;
	if (i == w->flaky_count && i == sizeof(w->flaky) / sizeof(*w->flaky))
		abort();
	if (i == w->flaky_count)
		memcpy(w->flaky[w->flaky_count++].key, text, sizeof(text));
	return w->flaky[i].n++;
}

/* What came of it, as the live world would store it where the run has a folder. */
static void world_output(struct world *w, struct str s, bool quiet, struct output *out)
{
	struct output_sink *sink;
	struct buf json;

	out->bytes = arena_str(&w->arena, s.p ? s.p : "", s.n);
	out->total = s.n;
	buf_init(&json, 1 << 20);
	if (w->dir) {
		sink = output_new(w->dir, w->mask, quiet);
		output_set_sync(sink, false);
		output_add(sink, s.p, s.n, NULL);
		if (output_end(sink, NULL, &json))
			abort();
		output_free(sink);
	} else if (s.n) {
		struct jsonw j;

		buf_printf(&json, "{\"n\":%zu,\"text\":", s.n);
		jsonw_init(&j, &json);
		jsonw_str(&j, s);
		buf_addc(&json, '}');
	} else {
		buf_addz(&json, "{\"n\":0}");
	}
	out->json = arena_str(&w->arena, json.p, json.len);
	buf_release(&json);
}

static void world_words(struct world *w, const char *const *argv, bool quiet, struct result *r)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	for (int i = 0; argv[i]; i++) {
		if (i)
			buf_addc(&b, ' ');
		buf_addz(&b, argv[i]);
	}
	if (b.len)
		buf_addc(&b, '\n');
	world_output(w, buf_str(&b), quiet, &r->out);
	buf_release(&b);
}

/* Does what the last child of this key did, or undid, say that its effect is there? */
static bool world_in_place(const struct world *w, struct str key)
{
	for (uint32_t i = w->move_count; i-- > 0;) {
		const struct world_move *m = &w->moves[i];
		bool undo = !strncmp(m->key + key.n, "!undo", 5);

		if (!m->ended || m->end != END_EXIT || m->code || m->probe || m->kind != OP_SPAWN || strncmp(m->key, key.p, key.n))
			continue;
		if (undo || !m->key[key.n])
			return !undo;
	}
	return false;
}

/* A script's words are those of its first line. */
static const char *const *world_argv(struct world *w, const char *const *argv)
{
	enum { WORDS = 16 };
	const char **words;
	const char *at;
	int n = 0;

	if (!argv[0] || (strcmp(argv[0], "sh") && strcmp(argv[0], "bash") && strcmp(argv[0], "pwsh")))
		return argv;
	while (argv[1] && argv[0][0] != '-')
		argv++;
	while (argv[1] && (argv[0][0] == '-' || !strcmp(argv[0], "pipefail")))
		argv++;
	words = arena_array(&w->arena, WORDS + 1, sizeof(*words));
	for (at = argv[0]; *at && *at != '\n' && n < WORDS; at += strspn(at, " ")) {
		words[n++] = arena_str(&w->arena, at, strcspn(at, " \n")).p;
		at += strcspn(at, " \n");
	}
	return words;
}

/* The argv that a call of `figures` stands for. */
static const char *const *world_figure(struct world *w, const struct command *c)
{
	const char **argv = arena_array(&w->arena, 3, sizeof(*argv));
	int n = world_flaky(w, c->key), i = 1;

	while (c->spawn.argv[i + 1] && i <= n)
		i++;
	argv[0] = strchr("nlhs", c->spawn.argv[i][0]) ? c->spawn.argv[i] : "ok";
	argv[1] = c->spawn.argv[i];
	return argv;
}

static void world_spawn(struct world *w, const struct command *c, struct world_op *o)
{
	const char *const *argv = strcmp(c->spawn.argv[0], "figures") ? world_argv(w, c->spawn.argv) : world_figure(w, c);
	const char *what = argv[0] ? argv[0] : "";

	o->due = w->now + 1000000000;
	o->result.end = END_EXIT;
	if (!strcmp(what, "no")) {
		o->result.code = 1;
	} else if (!strcmp(what, "code")) {
		o->result.code = (int)strtol(argv[1], NULL, 10);
	} else if (!strcmp(what, "flaky")) {
		o->result.code = world_flaky(w, c->key) < (int)strtol(argv[1], NULL, 10);
	} else if (!strcmp(what, "hang")) {
		o->due = INT64_MAX;
	} else if (!strcmp(what, "state")) {
		o->result.code = !world_in_place(w, c->key);
	} else if (!strcmp(what, "slow")) {
		o->due = w->now + 1000000000LL * (int)strtol(argv[1], NULL, 10);
	} else if (!strcmp(what, "sig")) {
		o->result.end = END_SIGNAL;
		o->result.code = -1;
		o->result.signo = 9;
	} else if (!strcmp(what, "lost") || !strcmp(what, "nostart") || !strcmp(what, "useless")) {
		o->result.final = !strcmp(what, "useless");
		o->result.end = !strcmp(what, "lost") ? END_LOST : END_NOT_STARTED;
		o->result.code = -1;
		o->result.error = STR("gone");
	} else if (!strcmp(what, "big")) {
		world_output(w, buf_str(&w->big), c->quiet, &o->result.out);
	} else if (!strcmp(what, "fresh")) { /* what stands nowhere else */
		struct str token = arena_printf(&w->arena, "token#%.*s#%u\n", (int)c->key.n, c->key.p, c->op);

		world_output(w, token, c->quiet, &o->result.out);
	} else if (!strcmp(what, "leak")) {
		world_output(w, w->leak, c->quiet, &o->result.out);
	} else if (!strcmp(what, "cancel")) {
		w->signo_due = 2;
		o->due = INT64_MAX; /* until it is stopped */
	}
	if (argv[0] && !o->result.out.json.n)
		world_words(w, argv + 1, c->quiet, &o->result);
	if (w->dir) /* a real record has both */
		world_output(w, STR(""), c->quiet, &o->result.err);
	if (c->timeout > 0 && (o->due == INT64_MAX || o->due > w->now + c->timeout)) {
		o->due = w->now + c->timeout;
		o->result.end = END_TIMEOUT;
		o->result.code = -1;
	}
}

/* A request is answered as the first part of its path says: a status, flaky1, lost ... */
static void world_request(struct world *w, const struct command *c, struct world_op *o)
{
	static const struct header headers[] = { { STR("content-type"), STR("application/json") }, { STR("x-n"), STR("1") } };
	const char *slash = memchr(c->request.url.p + 7, '/', c->request.url.n - 7), *what = slash ? slash + 1 : "";

	o->due = w->now + 1000000000;
	o->result.end = END_EXIT;
	o->result.code = (int)strtol(what, NULL, 10);
	if (!strncmp(what, "flaky1", 6))
		o->result.code = world_flaky(w, c->key) ? 200 : 503;
	if (!strncmp(what, "prom/", 5)) {
		o->result.code = 200;
		world_output(w, STR("{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{\"job\":\"a\"},\"value\":[1,\"3.5\"]}]}}"),
			     c->quiet, &o->result.out);
	} else if (!strncmp(what, "hang", 4)) {
		o->due = INT64_MAX;
	} else if (!strncmp(what, "lost", 4) || !strncmp(what, "nostart", 7)) {
		o->result.end = what[0] == 'l' ? END_LOST : END_NOT_STARTED;
		o->result.code = -1;
		o->result.error = STR("gone");
	} else {
		o->result.headers = headers;
		o->result.header_count = 2;
		world_output(w, o->result.code == 204 ? STR("") : STR("{\"ok\":true,\"word\":\"abc\"}\n"), c->quiet, &o->result.out);
	}
	if (c->timeout > 0 && (o->due == INT64_MAX || o->due > w->now + c->timeout)) {
		o->due = w->now + c->timeout;
		o->result.end = END_TIMEOUT;
		o->result.code = -1;
	}
}

/* What random answers mean to questions for people; each ends some time. */
static const char *world_crowd(struct world *w, const struct command *c, const char *text)
{
	static const char *const words[] = { "yes", "retry", "skip", "rollback", "no", "hold" };
	static const char *const means[][6] = {
		[ASK_APPROVE] = { "yes@kim", "!yes@kim", "yes@mallory", "no@kim", "no@lee", "yes@lee" },
		[ASK_VALUE] = { "3", "x", "n=5@kim", "4", "m=x@lee", "" },
		[ASK_ITEM] = { "y fine", "what", "2=yes@kim", "n", "1=no@lee", "later" },
		[ASK_WINDOW] = { "yes", "!yes@kim", "yes@kim", "no", "no", "yes" },
	};

	if (c->question.what == ASK_APPROVE && w->voices++ % 2 && !strcmp(text, "yes"))
		return "yes@lee";
	for (int i = 0; i < 6; i++)
		if (!strcmp(text, words[i]))
			return means[c->question.what][i];
	return text;
}

/* Questions of approve, ask, checklist and the window: "yes@kim" is a file by kim, "!yes@kim"
 * one that is refused, "n=yes@kim" names an item or field, "yes" is typed at the terminal. */
static bool world_people(struct world *w, const struct command *c, struct result *r)
{
	const char *text = w->answer, *at, *eq;

	if (c->question.what == ASK_CONFIRM || c->question.what == ASK_PAUSE || !text)
		return false;
	r->end = END_ANSWER;
	r->code = -1;
	r->how = STR("terminal");
	r->by = STR("tester");
	if (c->question.preset.n) {
		r->answer = c->question.preset;
		r->how = STR("preset");
		r->why = c->question.preset_why;
		return true;
	}
	if (w->crowd)
		text = world_crowd(w, c, text);
	at = strrchr(text, '@');
	eq = strchr(text, '=');
	if (at) {
		r->how = STR("file");
		r->uid = 1000 + at[1];
		r->by = str_of(at + 1);
		r->subject = c->question.subject;
		r->ref = arena_printf(&w->arena, "%u.json", c->op);
	}
	if (*text == '!') {
		r->refused = STR("forged");
		text++;
	}
	if (eq) {
		r->item = arena_str(&w->arena, text, (size_t)(eq - text));
		text = eq + 1;
	}
	r->answer = arena_str(&w->arena, text, at ? (size_t)(at - text) : strlen(text));
	return true;
}

/* An answer that is none of the choices becomes `stop` or `rollback`. */
static void world_answer(struct world *w, const struct command *c, struct result *r)
{
	bool offered = c->question.what == ASK_CONFIRM;

	if (w->answer_count)
		w->answer = w->answers[w->asked + 1 < w->answer_count ? w->asked++ : w->asked];
	if (world_people(w, c, r))
		return;
	for (uint32_t i = 0; i < c->question.choice_count; i++)
		offered = offered || (w->answer && str_eqz(c->question.choices[i], w->answer));
	r->end = w->answer ? END_ANSWER : END_NO_PERSON;
	r->code = -1;
	r->answer = offered || !w->answer ? str_of(w->answer)
		    : c->question.choice_count && str_eqz(c->question.choices[0], "stop") ? STR("stop") : STR("rollback");
	r->by = STR("tester");
}

static void world_start(void *ctx, const struct command *c)
{
	struct world *w = ctx;
	static const char *const names[] = { "", "request", "timer", "ask", "file" };
	struct world_op *o = &w->ops[w->count++];
	const char *beside = c->message ? "!message" : c->purpose == OP_FOR_LADDER ? "!ladder" : c->purpose == OP_FOR_WINDOW ? "!window" : NULL;
	struct world_move *m = world_move(w, beside ? STR("") : c->key, beside ? beside : c->kind == OP_SPAWN ? c->spawn.argv[0] : names[c->kind]);

	if (w->count > WORLD_OPS || w->move_count > 20000) {
		fprintf(stderr, "world: %s (seed %llu)\n", w->count > WORLD_OPS ? "too much at once" : "it never ends", w->seed);
		abort();
	}
	*o = (struct world_op){ .op = c->op, .due = w->now, .move = (uint32_t)(m - w->moves) };
	o->result.op = m->op = c->op;
	m->kind = c->kind;
	m->write = c->write;
	m->probe = c->probe;
	if (w->dry && (c->write || c->unknown || c->kind == OP_QUESTION || c->kind == OP_TIMER)) {
		buf_printf(&w->trace, "would %.*s\n", (int)c->key.n, c->key.p);
		o->result.end = END_SUPPRESSED;
		o->result.code = -1;
		return;
	}
	switch (c->kind) {
	case OP_SPAWN:
		if (c->write && !w->synced)
			w->unsynced_write = true;
		buf_printf(&w->trace, "%s%.*s:", c->probe ? "?" : "", (int)c->key.n, c->key.p);
		for (int i = 0; c->spawn.argv[i]; i++)
			buf_printf(&w->trace, " %s", c->spawn.argv[i]);
		buf_addc(&w->trace, '\n');
		world_spawn(w, c, o);
		if (c->at > w->now && o->due < INT64_MAX) /* when its time has come */
			o->due += c->at - w->now;
		w->started++;
		if (w->started == w->cancel_at)
			w->signo_due = w->signo ? w->signo : 2;
		w->low_due = w->low_due || w->started == w->low_at;
		break;
	case OP_REQUEST:
		if (!w->dir)
			abort(); /* no test without a folder makes one */
		buf_printf(&w->trace, "%.*s %.*s\n", (int)c->request.method.n, c->request.method.p, (int)c->request.url.n, c->request.url.p);
		world_request(w, c, o);
		w->started++;
		break;
	case OP_TIMER:
		o->due = c->timer.at;
		o->result.end = END_FIRED;
		o->result.code = -1;
		break;
	case OP_QUESTION:
		buf_printf(&w->trace, "ask %.*s\n", (int)c->key.n, c->key.p);
		world_answer(w, c, &o->result);
		if (w->answer && !strcmp(w->answer, "silence"))
			o->due = INT64_MAX;
		break;
	case OP_FILE:
		buf_printf(&w->trace, "file %.*s\n", (int)c->file.path.n, c->file.path.p);
		o->result.end = END_EXIT;
		break;
	default:
		o->result.end = END_NOT_STARTED;
		o->result.code = -1;
	}
}

static void world_stop(void *ctx, uint32_t op, int64_t grace)
{
	struct world *w = ctx;

	(void)grace;
	for (uint32_t i = 0; i < w->count; i++)
		if (w->ops[i].op == op) {
			w->moves[w->ops[i].move].stopped = true;
			w->ops[i].due = w->now;
			w->ops[i].result.end = END_STOPPED;
			w->ops[i].result.code = -1;
		}
}

static uint32_t world_wait(void *ctx, struct event *ev, uint32_t max)
{
	struct world *w = ctx;
	uint32_t n = 0;
	int64_t next = INT64_MAX;

	ev[0] = (struct event){ .kind = EVENT_START, .wall = world_wall(w), .mono = w->now };
	if (!max)
		return 0;
	if (w->low_due) {
		ev[n++] = (struct event){ .kind = EVENT_LOW };
		w->low_due = false;
	}
	if (!w->signo_due && w->signals == 1 && w->again_at && w->started >= w->again_at)
		w->signo_due = w->again_signo;
	if (w->script_at < w->script_count && w->started >= w->script[w->script_at][0])
		w->signo_due = w->script[w->script_at++][1];
	if (w->signo_due) {
		world_move(w, STR(""), "!signal");
		ev[n++] = (struct event){ .kind = EVENT_SIGNAL, .signo = w->signo_due, .by = str_of(w->signal_by ? w->signal_by : ""),
					 .why = str_of(w->signal_why ? w->signal_why : ""), .uid = 1000 };
		w->signo_due = 0;
		w->signals++;
	}
	for (uint32_t i = 0; i < w->count && !n; i++)
		if (w->ops[i].due < next)
			next = w->ops[i].due;
	if (!n && next == INT64_MAX) {
		fprintf(stderr, "world: nothing will ever happen\n%s", w->records.p);
		abort();
	}
	if (!n && next > w->now)
		w->now = next;
	for (uint32_t i = 0; i < w->count && n < max;) {
		if (w->ops[i].due > w->now) {
			i++;
			continue;
		}
		w->current[n] = w->ops[i].result;
		w->current[n].took = 1000000000;
		w->moves[w->ops[i].move].ended = true;
		w->moves[w->ops[i].move].end = w->current[n].end;
		w->moves[w->ops[i].move].code = w->current[n].code;
		w->moves[w->ops[i].move].over = w->now;
		ev[n] = (struct event){ .kind = EVENT_RESULT, .result = &w->current[n] };
		n++;
		w->ops[i] = w->ops[--w->count];
	}
	for (uint32_t i = 0; i < n; i++) {
		ev[i].wall = world_wall(w);
		ev[i].mono = w->now;
	}
	return n;
}

static const struct effects world_effects = { world_record, world_flush, world_start, world_stop, world_wait, NULL };

struct world_run { int exit; enum run_status status; int journal_err; };

/* Modules stand behind the runbook's text, each after a line `=== NAME`. */
struct module_place { int unused; };
static bool world_module(void *arg, struct arena *a, const struct module_place *from, const struct spec *uses, struct fetched *out, struct fault *f)
{
	const char *at = arg;
	char line[64];

	snprintf(line, sizeof(line), "\n=== %.*s\n", (int)(uses->text.n - 2), uses->text.p + 2);
	at = strstr(at, line);
	if (!at)
		return fault_set(f, a, 420, "no module %.*s", (int)uses->text.n, uses->text.p);
	at += strlen(line);
	*out = (struct fetched){ .key = uses->text, .name = uses->text, .source = uses->text, .place = from, .ours = true };
	out->bytes = (struct str){ at, strstr(at, "\n=== ") ? (size_t)(strstr(at, "\n=== ") + 1 - at) : strlen(at) };
	return true;
}

static struct program *world_load(struct world *w, const char *text, struct diags *ds)
{
	static const struct module_place here;
	const char *end = strstr(text, "\n=== ");
	struct str book = { text, end ? (size_t)(end + 1 - text) : strlen(text) };
	struct fetch fetch = { .module = world_module, .arg = (void *)(uintptr_t)text, .root = &here };
	struct load_options options = { .fetch = &fetch };

	return program_load(&w->arena, source_new(&w->arena, STR("test.yml"), book), &options, ds);
}

/* Loads text into a setup; NULL after a message. Releases with program_release(). */
static struct program *world_setup(struct world *w, const char *text, struct run_setup *setup)
{
	struct diags ds;
	struct program *p;

	memset(setup, 0, sizeof(*setup));
	diags_init(&ds, &w->arena);
	p = world_load(w, text, &ds);
	if (!p || ds.errors) {
		struct buf b;

		buf_init(&b, 1 << 20);
		diag_text(&ds, &b, false);
		fprintf(stderr, "%s", b.p);
		buf_release(&b);
		diags_release(&ds);
		return NULL;
	}
	setup->program = p;
	setup->revision = w->revision ? w->revision : ENGINE_REVISION;
	setup->run_id = STR("run1");
	setup->operator_name = STR("tester");
	setup->user = STR("runner");
	setup->uid = 7;
	setup->presets = w->presets;
	setup->preset_count = w->preset_count;
	setup->outside_window = w->outside_window ? str_of(w->outside_window) : STR("");
	setup->inputs = arena_array(&w->arena, p->rb->input_count + 1, sizeof(struct value));
	if (!program_inputs(p, &w->arena, NULL, 0, NULL, 0, (struct value *)setup->inputs, &ds))
		fprintf(stderr, "inputs are missing\n");
	setup->secrets = arena_array(&w->arena, p->secret_count + 1, sizeof(struct value));
	setup->dry_run = w->dry;
	setup->interactive = w->interactive;
	setup->dir = "/tmp";
	setup->seed = STR("seed");
	setup->open_body = STR("\"t\":\"run.open\"");
	diags_release(&ds);
	return p;
}

/* Loads text, runs it in the world. */
static struct world_run world_run(struct world *w, const char *text)
{
	struct world_run out = { -1, RUN_RUNNING, 0 };
	struct run_setup setup;
	struct str lock = { 0 }, error = { 0 };
	struct program *p = world_setup(w, text, &setup);
	struct engine *e;

	if (!p)
		return out;
	e = engine_new(&setup);
	if (!engine_prepare(e, world_wall(w), &lock, &error))
		fprintf(stderr, "%.*s\n", (int)error.n, error.p);
	engine_attach(e, &world_effects, w);
	out.exit = engine_drive(e, &(struct event){ .kind = EVENT_START }, &out.status, &out.journal_err);
	engine_free(e);
	program_release(p);
	return out;
}

static void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	arena_init(&w->arena);
	buf_init(&w->trace, 1 << 24);
	buf_init(&w->records, 1 << 26);
	buf_init(&w->lines, 1 << 26);
	w->ep = 1;
}

static void world_release(struct world *w)
{
	buf_release(&w->trace);
	buf_release(&w->records);
	buf_release(&w->lines);
	buf_release(&w->big);
	arena_release(&w->arena);
	free(w->moves);
}

#endif
