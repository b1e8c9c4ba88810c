/* live and dry: commands become results, with output, journal and everything that can go wrong between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/file.h"
#include "host/child.h"
#include "host/clock.h"
#include "host/env.h"
#include "host/outfile.h"
#include "host/proc.h"
#include "host/secret.h"
#include "host/tty.h"
#include "journal/journal.h"
#include "journal/mask.h"
#include "journal/output.h"
#include "journal/reason.h"
#include "plan/program.h"
#include "run/live.h"
#include "http_server.h"
#include "scratch.h"
#include "under_valgrind.h"

static const int64_t ms = 1000000;
static const char digest[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
static const char *const base_env[] = { "PATH=/usr/bin:/bin", "A=base", "B=base", "RUNBOOK_RUN=r1", NULL };

struct world {
	struct scratch dir;
	struct live *l;
	struct mask *mask;
	struct journal *journal;
	const struct effects *fx;
	struct buf shown;
	struct event events[64];
	struct arena a;
	int ticks;
};

static void on_output(void *arg, struct str key, int stream, struct str bytes)
{
	buf_printf(&((struct world *)arg)->shown, STR_FMT "%d:", STR_ARG(key), stream);
	buf_adds(&((struct world *)arg)->shown, bytes);
}

static void on_tick(void *arg)
{
	((struct world *)arg)->ticks++;
}

static struct live_options options(struct world *w)
{
	return (struct live_options){ .run_dir = w->dir.path, .journal = w->journal, .mask = w->mask, .start_wall = clock_wall(),
				      .start_boot = clock_boot(), .base_env = base_env, .operator_name = STR("kim"),
				      .on_output = on_output, .on_tick = on_tick, .arg = w };
}

static void open_live(struct world *w, struct live_options o)
{
	int err;

	live_free(w->l);
	w->l = live_new(&o, &err);
	assert_non_null(w->l);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct journal_options jo = { 0 };
	int err;

	unsetenv("http_proxy"), unsetenv("all_proxy");
	child_become_subreaper();
	scratch_make(&w->dir);
	mkdir(scratch_at(&w->dir, "blobs"), 0700);
	arena_init(&w->a);
	w->mask = mask_new();
	mask_add(w->mask, STR("hunter22"));
	jo.dir = w->dir.path;
	jo.run_id = STR("r1");
	jo.program_digest = str_of(digest);
	jo.mask = w->mask;
	w->journal = journal_create(&jo, &err);
	w->fx = live_effects();
	buf_init(&w->shown, 64 << 20);
	open_live(w, options(w));
	*state = w;
	return w->journal ? 0 : -1;
}

static int teardown(void **state)
{
	struct world *w = *state;

	live_free(w->l);
	journal_free(w->journal);
	mask_free(w->mask);
	buf_release(&w->shown);
	arena_release(&w->a);
	scratch_remove(&w->dir);
	free(w);
	return 0;
}

static uint32_t next_op;

static struct command spawn(const char *const *argv)
{
	struct command c = { .op = ++next_op, .kind = OP_SPAWN, .key = STR("act/x"), .want_output = true, .phase = PHASE_ACT };

	c.spawn.argv = argv;
	return c;
}

static const struct result *only(struct world *w, uint32_t n)
{
	assert_int_equal(n, 1);
	assert_int_equal(w->events[0].kind, EVENT_RESULT);
	return w->events[0].result;
}

static const struct result *run(struct world *w, struct command c)
{
	const struct result *r;

	w->fx->start(w->l, &c);
	r = only(w, w->fx->wait(w->l, w->events, 64));
	assert_int_equal(r->op, c.op);
	return r;
}

static void text_is(struct str s, const char *want)
{
	assert_int_equal(s.n, strlen(want));
	assert_memory_equal(s.n ? s.p : "", want, s.n);
}

static void has(struct str s, const char *part)
{
	if (str_find(s, str_of(part)) < 0)
		fail_msg("`%s` is not in `%.*s`", part, (int)s.n, s.p);
}

/* --- children ------------------------------------------------------------------- */

static void test_child_and_record(void **state)
{
	struct world *w = *state;
	const char *argv[] = { "sh", "-c", "echo pass=hunter22; echo bad >&2; exit 3", NULL };
	const struct result *r = run(w, spawn(argv));

	assert_int_equal(r->end, END_EXIT);
	assert_int_equal(r->code, 3);
	assert_true(r->took > 0);
	text_is(r->out.bytes, "pass=hunter22\n"); /* for expressions */
	text_is(r->out.json, "{\"n\":9,\"text\":\"pass=***\\n\"}");
	text_is(r->err.json, "{\"n\":4,\"text\":\"bad\\n\"}");
	has(buf_str(&w->shown), "act/x1:pass=***\n");
	has(buf_str(&w->shown), "act/x2:bad\n");
	assert_null(strstr(w->shown.p, "hunter22"));
}

static void test_silent_child_has_the_same_record(void **state)
{
	struct world *w = *state;
	const char *argv[] = { "true", NULL };
	struct command c = spawn(argv);
	struct buf json;
	struct output_sink *o;

	for (int quiet = 0; quiet < 2; quiet++) {
		buf_init(&json, 100);
		o = output_new(w->dir.path, w->mask, quiet);
		assert_int_equal(output_end(o, NULL, &json), 0);
		output_free(o);
		c.quiet = quiet;
		c.op = ++next_op;
		text_is(run(w, c)->out.json, json.p);
		buf_release(&json);
	}
}

static void test_quiet_output(void **state)
{
	struct world *w = *state;
	const char *argv[] = { "echo", "token", NULL };
	struct command c = spawn(argv);
	const struct result *r;

	c.quiet = true;
	r = run(w, c);
	text_is(r->out.bytes, "token\n");
	text_is(r->out.json, "{\"n\":6,\"quiet\":true}");
	assert_int_equal(w->shown.len, 0);
}

static void test_environment(void **state)
{
	struct world *w = *state;
	const char *argv[] = { "env", NULL }, *env[] = { "B=own", "C=1", "C=2", "AB=x", NULL };
	struct command c = spawn(argv);
	const struct result *r;

	c.spawn.env = env;
	r = run(w, c);
	text_is(r->out.bytes, "PATH=/usr/bin:/bin\nA=base\nRUNBOOK_RUN=r1\nB=own\nC=2\nAB=x\n");
}

static void test_kept_output(void **state)
{
	struct world *w = *state;
	const char *argv[] = { "sh", "-c", "head -c 17000000 /dev/zero; printf end", NULL };
	const char *mid[] = { "sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo line $i; done", NULL };
	struct command c = spawn(argv);
	const struct result *r = run(w, c);

	assert_int_equal(r->out.total, 17000003);
	assert_true(r->out.truncated);
	assert_int_equal(r->out.bytes.n, 16 << 20);
	has(r->out.json, "\"blob\":");
	c = spawn(argv);
	c.want_output = false;
	r = run(w, c);
	assert_true(r->out.truncated);
	assert_int_equal(r->out.bytes.n, 64 << 10);
	assert_true(str_ends(r->out.bytes, STR("end")));
	c = spawn(mid);
	c.want_output = false;
	r = run(w, c);
	assert_int_equal(r->out.bytes.n, 64 << 10);
	assert_true(str_ends(r->out.bytes, STR("line 19999\nline 20000\n")));
	c = spawn(mid);
	r = run(w, c);
	assert_false(r->out.truncated);
	assert_true(str_starts(r->out.bytes, STR("line 1\nline 2\n")));
}

static void test_not_started_texts(void **state)
{
	struct world *w = *state;
	const char *missing[] = { "no-such-program", NULL }, *argv[] = { "true", NULL }, *script[] = { NULL, NULL };
	struct command c = spawn(argv);
	const struct result *r = run(w, spawn(missing));
	FILE *f = fopen(scratch_at(&w->dir, "s"), "w");

	if (under_valgrind()) {
		fclose(f);
		skip();
	}
	assert_int_equal(r->end, END_NOT_STARTED);
	assert_int_equal(r->code, -1);
	text_is(r->error, "`no-such-program` was not found in PATH");
	c.spawn.dir = "/no/such/folder";
	text_is(run(w, c)->error, "the folder `/no/such/folder`: No such file or directory");
	fputs("#!/no/such/interpreter\n", f);
	fclose(f);
	chmod(scratch_at(&w->dir, "s"), 0755);
	script[0] = scratch_at(&w->dir, "s");
	has(run(w, spawn(script))->error, "is there, but the program of its `#!` line is not");
}

/* Waits, without the loop, until so many of our children have ended. */
static void wait_for_zombies(size_t want)
{
	struct proc_list l = { 0 };
	size_t dead = 0;

	for (int i = 0; i < 1000 && dead < want; i++) {
		(void)proc_scan(&l);
		dead = 0;
		for (size_t k = 0; k < l.count; k++)
			dead += l.list[k].ppid == getpid() && l.list[k].state == 'Z';
		usleep(10000);
	}
	proc_release(&l);
	assert_int_equal(dead, want);
}

static void test_parallel_results_come_together(void **state)
{
	struct world *w = *state;
	const char *argv[] = { "echo", "hi", NULL };
	uint32_t sum = 0;

	for (uint32_t i = 0; i < 30; i++) {
		struct command c = spawn(argv);

		c.op = 1000 + i;
		w->fx->start(w->l, &c);
	}
	wait_for_zombies(30);
	assert_int_equal(w->fx->wait(w->l, w->events, 64), 30);
	for (uint32_t i = 0; i < 30; i++) {
		assert_int_equal(w->events[i].mono, w->events[0].mono);
		text_is(w->events[i].result->out.bytes, "hi\n");
		sum += w->events[i].result->op - 1000;
	}
	assert_int_equal(sum, 29 * 30 / 2);
}

static void test_few_events_at_a_time(void **state)
{
	struct world *w = *state;

	for (uint32_t i = 0; i < 5; i++) {
		struct command c = { .op = 2000 + i, .kind = OP_TIMER };

		w->fx->start(w->l, &c);
	}
	for (uint32_t i = 0; i < 5; i += 2) {
		uint32_t n = w->fx->wait(w->l, w->events, 2);

		assert_int_equal(n, i < 4 ? 2 : 1);
		assert_int_equal(w->events[0].result->op, 2000 + i);
	}
}

static void test_timeout_stop_and_tick(void **state)
{
	struct world *w = *state;
	const char *argv[] = { "sleep", "60", NULL }, *slow[] = { "sleep", "1.2", NULL };
	struct command c = spawn(argv);
	const struct result *r;

	c.timeout = 100 * ms;
	c.grace = 1000 * ms;
	r = run(w, c);
	assert_int_equal(r->end, END_TIMEOUT);
	assert_int_equal(r->signo, SIGTERM);
	c = spawn(argv);
	w->fx->start(w->l, &c);
	w->fx->stop(w->l, c.op, 0);
	w->fx->stop(w->l, 999999, 0); /* unknown: nothing */
	r = only(w, w->fx->wait(w->l, w->events, 64));
	assert_int_equal(r->end, END_STOPPED);
	w->fx->stop(w->l, c.op, 0); /* over already */
	run(w, spawn(slow));
	assert_true(w->ticks >= 1);
}

static void test_free_kills_what_runs(void **state)
{
	struct world *w = *state;
	const char *argv[] = { "sh", "-c", "trap '' TERM; echo $$; sleep 60; sleep 60", NULL };
	struct command c = spawn(argv);
	struct event e;

	w->fx->start(w->l, &c);
	assert_int_equal(w->fx->wait(w->l, &e, 0), 0); /* only the time */
	assert_true(e.mono > 0 && e.wall > 0);
	for (int i = 0; i < 200 && !w->shown.len; i++) {
		struct command t = { .op = ++next_op, .kind = OP_TIMER };

		t.timer.at = e.mono + (i + 1) * 10 * ms;
		w->fx->start(w->l, &t);
		w->fx->wait(w->l, w->events, 64);
	}
	assert_true(w->shown.len > 0);
	live_free(w->l);
	w->l = NULL;
	assert_int_equal(kill((pid_t)atoi(strchr(w->shown.p, ':') + 1), 0), -1);
}

/* --- timers, files, journal ------------------------------------------------------- */

static void test_timer(void **state)
{
	struct world *w = *state;
	struct command c = { .op = ++next_op, .kind = OP_TIMER };

	w->fx->wait(w->l, w->events, 0);
	c.timer.at = w->events[0].mono / 1000 * 1000 + 30 * ms + 1;
	assert_int_equal(run(w, c)->end, END_FIRED);
	assert_true(w->events[0].mono / 1000 * 1000 >= c.timer.at);
	c.timer.at = INT64_MAX;
	c.op = ++next_op;
	w->fx->start(w->l, &c);
	w->fx->stop(w->l, c.op, 0);
	assert_int_equal(only(w, w->fx->wait(w->l, w->events, 64))->end, END_STOPPED);
}

static struct command file(const char *path, bool absolute, const char *bytes)
{
	struct command c = { .op = ++next_op, .kind = OP_FILE };

	c.file.path = str_of(path);
	c.file.absolute = absolute;
	c.file.bytes = str_of(bytes);
	return c;
}

static void content_is(const char *path, const char *text)
{
	char buf[100] = "";
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, buf, sizeof(buf) - 1) >= 0);
	close(fd);
	assert_string_equal(buf, text);
}

static void test_files_inside(void **state)
{
	static const char *const bad[] = { "../x", "a/../../x", "/etc/x", "", "a//b", "a/", ".", "./x", "journal.jsonl", "blobs/x",
					   "torn.1", "ballast", "link/x", "link", "dir" };
	struct world *w = *state;
	struct stat st;

	assert_int_equal(run(w, file("a/b/c.txt", false, "one"))->end, END_EXIT);
	content_is(scratch_at(&w->dir, "a/b/c.txt"), "one");
	assert_int_equal(stat(scratch_at(&w->dir, "a/b/c.txt"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(run(w, file("a/b/c.txt", false, "two"))->code, 0);
	content_is(scratch_at(&w->dir, "a/b/c.txt"), "two");
	assert_int_equal(symlink("/tmp", scratch_at(&w->dir, "link")), 0);
	mkdir(scratch_at(&w->dir, "dir"), 0755);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const struct result *r = run(w, file(bad[i], false, "x"));

		assert_int_equal(r->end, END_FAILED);
		assert_true(r->error.n > 0);
	}
}

static void test_files_outside(void **state)
{
	struct world *w = *state;
	const char *path = scratch_at(&w->dir, "out.conf"), *link = scratch_at(&w->dir, "ln");
	struct stat st;

	assert_int_equal(run(w, file(path, true, "one"))->end, END_EXIT);
	chmod(path, 0640);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(run(w, file(link, true, "two"))->end, END_EXIT);
	content_is(path, "two");
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(run(w, file("/dev/null", true, "x"))->end, END_FAILED);
	assert_int_equal(run(w, file("/no/such/folder/x", true, "x"))->end, END_FAILED);
	has(run(w, file("/tmp", true, "x"))->error, "not a regular file");
}

static void test_journal_and_lost_blob(void **state)
{
	struct world *w = *state;
	const char *argv[] = { "head", "-c", "10000", "/dev/zero", NULL };
	const struct result *r;
	char line[400] = "";
	int fd;

	w->fx->record(w->l, 1763708000000000000, 5000000, STR("\"t\":\"run.open\",\"v\":1,\"run\":\"r1\",\"program\":"
		"\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\""));
	assert_int_equal(w->fx->flush(w->l, true), 0);
	fd = open(scratch_at(&w->dir, "journal.jsonl"), O_RDONLY);
	assert_true(read(fd, line, sizeof(line) - 1) > 100);
	close(fd);
	assert_non_null(strstr(line, "\"t\":\"run.open\""));
	/* a blob that cannot be written stops the run at the next flush */
	rmdir(scratch_at(&w->dir, "blobs"));
	assert_int_equal(symlink("/dev/null", scratch_at(&w->dir, "blobs")), 0);
	r = run(w, spawn(argv));
	assert_int_equal(r->end, END_EXIT);
	has(r->out.json, "\"lost\":true");
	assert_int_not_equal(w->fx->flush(w->l, true), 0);
	assert_int_not_equal(w->fx->flush(w->l, false), 0);
}

static void test_signal_event(void **state)
{
	struct world *w = *state;

	raise(SIGTERM);
	assert_int_equal(w->fx->wait(w->l, w->events, 64), 1);
	assert_int_equal(w->events[0].kind, EVENT_SIGNAL);
	assert_int_equal(w->events[0].signo, SIGTERM);
	assert_int_equal(w->events[0].by.n, 0);
	assert_null(w->events[0].result);
}

/* The file of the process that sent the signal says who and why, once; any other file says nothing. */
static void test_signal_reason(void **state)
{
	struct world *w = *state;
	const struct reason r = { STR("kim"), STR("the \"disk\"\nis full") };
	char own[32];
	const char *path;

	snprintf(own, sizeof(own), "cancel.%d.json", (int)getpid());
	path = scratch_at(&w->dir, own);
	assert_int_equal(reason_leave(w->dir.path, &r), 0);
	for (int i = 0; i < 2; i++) {
		raise(SIGTERM);
		assert_int_equal(w->fx->wait(w->l, w->events, 64), 1);
		assert_int_equal(w->events[0].by.n, i ? 0 : 3);
		assert_int_equal(w->events[0].why.n, i ? 0 : r.why.n);
		assert_int_equal(w->events[0].uid, getuid());
		assert_int_equal(access(path, F_OK), -1);
	}
	for (int i = 0; i < 6; i++) {
		static const char *const texts[] = {
			"", "{", "[1]", "{\"v\":1,\"why\":\"x\"}", "{\"v\":2,\"by\":\"kim\"}", "{\"v\":1,\"by\":\"kim\"}" };

		assert_int_equal(file_write_atomic(path, str_of(texts[i]), 0644, 0), 0);
		if (i == 5)
			assert_int_equal(chmod(path, 0666), 0); /* anybody may have written it */
		raise(SIGTERM);
		assert_int_equal(w->fx->wait(w->l, w->events, 64), 1);
		assert_int_equal(w->events[0].by.n + w->events[0].why.n, 0);
		(void)unlink(path);
	}
	assert_int_equal(reason_leave(w->dir.path, &r), 0);
	raise(SIGHUP);
	assert_int_equal(w->fx->wait(w->l, w->events, 64), 1);
	assert_int_equal(w->events[0].by.n, 0);
	assert_true(reason_withdraw(w->dir.path));
	assert_false(reason_withdraw(w->dir.path));
}

/* --- http --------------------------------------------------------------------------- */

static struct command get(const struct http_server *s, const char *method, const char *path)
{
	static char url[64];
	struct command c = { .op = ++next_op, .kind = OP_REQUEST, .want_output = true, .phase = PHASE_ACT };

	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", s->port, path);
	c.request.method = str_of(method);
	c.request.url = str_of(url);
	return c;
}

static void test_requests(void **state)
{
	struct world *w = *state;
	struct http_server s;
	struct command c;
	const struct result *r;
	struct header h = { STR("X-Mine"), STR("v1") };

	http_server_start(&s);
	r = run(w, get(&s, "GET", "/ok"));
	assert_int_equal(r->end, END_EXIT);
	assert_int_equal(r->code, 200);
	text_is(r->out.bytes, "hello");
	text_is(r->out.json, "{\"n\":5,\"text\":\"hello\"}");
	assert_int_equal(r->header_count, 2);
	text_is(r->headers[1].name, "x-test");
	text_is(r->headers[1].value, "Yes");
	assert_int_equal(w->shown.len, 0);
	c = get(&s, "POST", "/echo");
	c.request.headers = &h;
	c.request.header_count = 1;
	has(run(w, c)->out.bytes, "X-Mine: v1\r\n");
	r = run(w, get(&s, "POST", "/drop"));
	assert_int_equal(r->end, END_LOST);
	assert_true(r->error.n > 0);
	c = get(&s, "GET", "/silent");
	c.timeout = 100 * ms;
	assert_int_equal(run(w, c)->end, END_TIMEOUT);
	c = get(&s, "GET", "/silent");
	w->fx->start(w->l, &c);
	w->fx->stop(w->l, c.op, 0);
	assert_int_equal(only(w, w->fx->wait(w->l, w->events, 64))->end, END_STOPPED);
	http_server_stop(&s);
	r = run(w, get(&s, "GET", "/ok"));
	/* perhaps over a kept connection whose server goes on: a new one is refused */
	c = get(&s, "POST", "/ok");
	r = run(w, c);
	assert_int_equal(r->end, END_NOT_STARTED);
	assert_int_equal(r->code, -1);
}

/* --- questions --------------------------------------------------------------------- */

static struct command confirm(const char *preset)
{
	struct command c = { .op = ++next_op, .kind = OP_QUESTION };

	c.question.what = ASK_CONFIRM;
	c.question.text = STR("Go on?");
	c.question.preset = str_of(preset);
	return c;
}

static const struct str choices[] = { { "retry", 5 }, { "skip", 4 }, { "rollback", 8 } };

static struct command pause_(void)
{
	struct command c = confirm("");

	c.question.what = ASK_PAUSE;
	c.question.choices = choices;
	c.question.choice_count = 3;
	return c;
}

static void test_answers_beforehand(void **state)
{
	struct world *w = *state;
	struct live_options o = options(w);
	const struct result *r = run(w, confirm("Y"));

	assert_int_equal(r->end, END_ANSWER);
	text_is(r->answer, "yes");
	text_is(r->by, "-i");
	text_is(run(w, confirm("maybe"))->answer, "maybe"); /* no yes */
	assert_int_equal(run(w, confirm(""))->end, END_NO_PERSON);
	o.yes = true;
	open_live(w, o);
	r = run(w, confirm(""));
	text_is(r->answer, "yes");
	text_is(r->by, "--yes");
	text_is(run(w, confirm("n"))->answer, "no"); /* the closer one counts */
	assert_int_equal(run(w, pause_())->end, END_NO_PERSON); /* --yes is for confirm only */
}

static void on_question(void *arg, bool open, struct str text)
{
	if (open)
		(void)!write(2, text.p, text.n);
	(void)arg;
}

/* In a child with a terminal of its own: prints one line per result. */
static void at_a_terminal(struct world *w)
{
	struct live_options o = options(w);
	uint32_t n;
	struct command c[3];

	signal(SIGHUP, SIG_IGN);
	o.interactive = tty_interactive();
	o.on_question = on_question;
	open_live(w, o);
	dprintf(2, "interactive %d\n", o.interactive);
	c[0] = confirm("");
	c[1] = pause_();
	c[2] = confirm("");
	for (int i = 0; i < 3; i++)
		w->fx->start(w->l, &c[i]);
	w->fx->stop(w->l, c[2].op, 0);
	for (int got = 0; got < 3; got += (int)n) {
		n = w->fx->wait(w->l, w->events, 64);
		for (uint32_t i = 0; i < n; i++)
			dprintf(2, "<%d %.*s %.*s>\n", w->events[i].result->end, STR_ARG(w->events[i].result->answer),
				STR_ARG(w->events[i].result->by));
	}
}

static void read_until(int fd, struct buf *b, const char *what)
{
	char c[256], *end;
	struct pollfd p = { fd, POLLIN, 0 };

	while (!b->p || !strstr(b->p, what)) {
		ssize_t n;

		if (poll(&p, 1, 10000) != 1)
			fail_msg("no `%s` in `%s`", what, b->p ? b->p : "");
		n = read(fd, c, sizeof(c));
		if (n <= 0)
			fail_msg("end before `%s` in `%s`", what, b->p ? b->p : "");
		buf_add(b, c, (size_t)n);
	}
	end = strstr(b->p, what) + strlen(what); /* more may have come behind it */
	memmove(b->p, end, strlen(end) + 1);
	b->len = strlen(b->p);
}

static void test_questions_at_a_terminal(void **state)
{
	struct world *w = *state;
	struct buf b;
	int fd, status;
	pid_t pid;

	unsetenv("CI");
	buf_init(&b, 1 << 20);
	pid = forkpty(&fd, NULL, NULL, NULL);
	if (!pid) {
		at_a_terminal(w);
		_exit(0);
	}
	read_until(fd, &b, "interactive 1");
	read_until(fd, &b, "Go on? [y/N] ");
	assert_int_equal(write(fd, "perhaps\n", 8), 8);
	read_until(fd, &b, "Go on? [y/N] "); /* not understood: again */
	assert_int_equal(write(fd, "yes\n", 4), 4);
	read_until(fd, &b, "[retry/skip/rollback] ");
	assert_int_equal(write(fd, "r\n", 2), 2); /* two begin so */
	read_until(fd, &b, "[retry/skip/rollback] ");
	assert_int_equal(write(fd, "ro\n", 3), 3);
	read_until(fd, &b, "<9 rollback kim>");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(fd);
	buf_release(&b);
}

/* --- dry ------------------------------------------------------------------------------ */

static void dry_is(struct world *w, struct dry *d, struct command c, int end)
{
	const struct result *r;

	c.op = ++next_op;
	dry_effects()->start(d, &c);
	r = only(w, dry_effects()->wait(d, w->events, 64));
	assert_int_equal(r->op, c.op);
	assert_int_equal(r->end, end);
	assert_true(w->events[0].wall > 0);
}

static void test_dry(void **state)
{
	struct world *w = *state;
	struct dry *d = dry_new(w->l);
	const char *argv[] = { "true", NULL };
	struct command read = spawn(argv), c;
	struct http_server s;

	http_server_start(&s);
	dry_is(w, d, read, END_EXIT);
	dry_is(w, d, get(&s, "GET", "/ok"), END_EXIT);
	dry_is(w, d, get(&s, "POST", "/ok"), END_SUPPRESSED); /* said to be a read, but who knows */
	dry_is(w, d, read, END_EXIT);
	c = read;
	c.unknown = true;
	dry_is(w, d, c, END_SUPPRESSED);
	c = read;
	c.message = true;
	dry_is(w, d, c, END_SUPPRESSED);
	dry_is(w, d, confirm("yes"), END_SUPPRESSED);
	dry_is(w, d, (struct command){ .kind = OP_TIMER, .timer.at = INT64_MAX }, END_SUPPRESSED);
	dry_is(w, d, read, END_EXIT);
	dry_is(w, d, file("dry.txt", false, "x"), END_EXIT);
	c = file(scratch_at(&w->dir, "abs.txt"), true, "x");
	c.write = true;
	dry_is(w, d, c, END_SUPPRESSED);
	assert_int_equal(access(scratch_at(&w->dir, "abs.txt"), F_OK), -1);
	/* the first suppressed write was there */
	dry_is(w, d, read, END_SUPPRESSED);
	read.phase = PHASE_TEST;
	dry_is(w, d, read, END_SUPPRESSED);
	read.phase = PHASE_PREFLIGHT;
	dry_is(w, d, read, END_EXIT);
	assert_int_equal(__atomic_load_n(&s.requests, __ATOMIC_SEQ_CST), 1);
	http_server_stop(&s);
	dry_free(d);
}

/* --- env, secrets ----------------------------------------------------------------------- */

static bool in_env(const char *const *env, const char *entry)
{
	for (; *env; env++)
		if (!strcmp(*env, entry))
			return true;
	return false;
}

static void test_base_environment(void **state)
{
	struct world *w = *state;
	const struct str inherit[] = { STR("MY_VAR"), STR("APP_*"), STR("DB_PASSWORD") }, drop[] = { STR("DB_PASSWORD"), STR("LC_SECRET") };
	const char *const *env;

	setenv("MY_VAR", "1", 1), setenv("APP_X", "2", 1), setenv("APPX", "3", 1), setenv("DB_PASSWORD", "s", 1);
	setenv("LC_TIME", "C", 1), setenv("LC_SECRET", "s", 1), setenv("MY_VAR2", "4", 1), setenv("TRACEPARENT", "00-1-2-00", 1);
	env = env_base(&w->a, inherit, 3, drop, 2);
	assert_true(in_env(env, "MY_VAR=1") && in_env(env, "APP_X=2") && in_env(env, "LC_TIME=C") && in_env(env, "TRACEPARENT=00-1-2-00"));
	assert_false(in_env(env, "APPX=3") || in_env(env, "DB_PASSWORD=s") || in_env(env, "LC_SECRET=s") || in_env(env, "MY_VAR2=4"));
}

static void secret_is(struct world *w, struct secret_source s, const char *value, const char *error)
{
	struct str v = { 0 }, e = { 0 };
	bool ok = secret_fetch(&w->a, &s, w->dir.path, base_env, &v, &e);

	assert_int_equal(ok, value != NULL);
	if (value)
		text_is(v, value);
	else
		has(e, error);
}

static void test_secrets(void **state)
{
	struct world *w = *state;
	const struct str echo[] = { STR("printf"), STR("s3cret\\r\\n") }, bad[] = { STR("sh"), STR("-c"), STR("echo no access >&2; exit 2") },
		big[] = { STR("head"), STR("-c"), STR("70000"), STR("/dev/zero") }, gone[] = { STR("no-such-program") },
		nul[] = { STR("printf"), STR("a\\0b") };
	const struct secret_source file_ = { SECRET_IN_FILE, STR("secret"), NULL, 0 };
	FILE *f = fopen(scratch_at(&w->dir, "secret"), "w");

	setenv("RB_TEST_SECRET", "from env\n\n", 1), setenv("RB_TEST_EMPTY", "", 1);
	secret_is(w, (struct secret_source){ SECRET_IN_ENV, STR("RB_TEST_SECRET"), NULL, 0 }, "from env\n", NULL);
	secret_is(w, (struct secret_source){ SECRET_IN_ENV, STR("RB_TEST_EMPTY"), NULL, 0 }, NULL, "the value is empty");
	secret_is(w, (struct secret_source){ SECRET_IN_ENV, STR("RB_TEST_NONE"), NULL, 0 }, NULL, "`RB_TEST_NONE` is not set");
	fputs("in a file\n", f);
	fclose(f);
	secret_is(w, file_, "in a file", NULL);
	assert_int_equal(truncate(scratch_at(&w->dir, "secret"), 70000), 0);
	secret_is(w, file_, NULL, "larger than 64 KiB");
	secret_is(w, (struct secret_source){ SECRET_IN_FILE, STR("/no/such"), NULL, 0 }, NULL, "/no/such: No such file");
	secret_is(w, (struct secret_source){ SECRET_BY_RUN, STR(""), echo, 2 }, "s3cret", NULL);
	secret_is(w, (struct secret_source){ SECRET_BY_RUN, STR(""), bad, 3 }, NULL, "`sh` exited with 2: no access");
	secret_is(w, (struct secret_source){ SECRET_BY_RUN, STR(""), big, 4 }, NULL, "longer than 64 KiB");
	if (!under_valgrind())
		secret_is(w, (struct secret_source){ SECRET_BY_RUN, STR(""), gone, 1 }, NULL, "`no-such-program` could not be started");
	secret_is(w, (struct secret_source){ SECRET_BY_RUN, STR(""), nul, 2 }, NULL, "NUL");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_child_and_record), T(test_silent_child_has_the_same_record), T(test_quiet_output), T(test_environment),
		T(test_kept_output), T(test_not_started_texts), T(test_parallel_results_come_together), T(test_few_events_at_a_time),
		T(test_timeout_stop_and_tick), T(test_free_kills_what_runs), T(test_timer), T(test_files_inside), T(test_files_outside),
		T(test_journal_and_lost_blob), T(test_signal_event), T(test_signal_reason), T(test_requests), T(test_answers_beforehand),
		T(test_questions_at_a_terminal), T(test_dry), T(test_base_environment), T(test_secrets),
	};

	signal(SIGTERM, SIG_DFL); /* whoever started us may ignore it */
	return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
