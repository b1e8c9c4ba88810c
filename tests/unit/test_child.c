/* child: real children: output, ends, limits, what is killed and what must survive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/buf.h"
#include "host/child.h"
#include "host/clock.h"
#include "host/loop.h"
#include "scratch.h"
#include "under_valgrind.h"

enum { MAX = 512 };
static const int64_t ms = 1000000;

struct seen { struct buf out[2]; struct child_result r; bool done; struct child *c; };

struct world {
	struct loop *l;
	struct scratch dir;
	struct seen seen[MAX];
	int started, done;
};

static const char *const plain_env[] = { "PATH=/usr/local/bin:/usr/bin:/bin", "RUNBOOK_RUN=r1", "RUNBOOK_STEP=act/x", NULL };

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	int err;

	w->l = loop_new(&err);
	scratch_make(&w->dir);
	child_become_subreaper();
	*state = w;
	return 0;
}

static void release(struct world *w)
{
	loop_free(w->l);
	for (int i = 0; i < w->started; i++)
		for (int k = 0; k < 2; k++)
			buf_release(&w->seen[i].out[k]);
}

static int teardown(void **state)
{
	struct world *w = *state;

	release(w);
	scratch_remove(&w->dir);
	free(w);
	return 0;
}

static void on_output(void *arg, int stream, const char *p, size_t n)
{
	struct seen *s = arg;

	assert_false(s->done);
	buf_add(&s->out[stream - 1], p, n);
}

static struct world *the_world;

static void on_done(void *arg, const struct child_result *r)
{
	struct seen *s = arg;

	assert_false(s->done);
	s->r = *r;
	s->done = true;
	the_world->done++;
}

static struct seen *start_spec(struct world *w, struct child_spec spec)
{
	struct seen *s = &w->seen[w->started++];

	the_world = w;
	buf_init(&s->out[0], 64 << 20);
	buf_init(&s->out[1], 64 << 20);
	if (!spec.envp)
		spec.envp = plain_env;
	spec.on_output = on_output;
	spec.on_done = on_done;
	spec.arg = s;
	s->c = child_start(w->l, &spec);
	assert_false(s->done); /* never from inside child_start */
	return s;
}

static void wait_all(struct world *w)
{
	int64_t end = clock_boot() + 30000 * ms;

	while (w->done < w->started) {
		assert_true(loop_turn(w->l, 100 * ms) >= 0);
		assert_true(clock_boot() < end);
	}
}

/* Runs a script to its end. The words must outlive the call: static. */
static struct seen *sh(struct world *w, const char *script, struct child_spec spec)
{
	const char *argv[] = { "sh", "-c", script, "sh", w->dir.path, NULL };
	struct seen *s;

	spec.argv = argv;
	s = start_spec(w, spec);
	wait_all(w);
	return s;
}

#define NOTHING ((struct child_spec){ 0 })

static void out_is(const struct seen *s, int stream, const char *text)
{
	assert_int_equal(s->out[stream - 1].len, strlen(text));
	assert_memory_equal(s->out[stream - 1].len ? s->out[stream - 1].p : "", text, strlen(text));
}

/* Waits until the file is there and returns the number in it. */
static pid_t pid_in(struct world *w, const char *name)
{
	for (int i = 0; i < 300; i++) {
		FILE *f = fopen(scratch_at(&w->dir, name), "r");
		long pid = 0;

		if (f) {
			int n = fscanf(f, "%ld", &pid);

			fclose(f);
			if (n == 1 && pid)
				return (pid_t)pid;
		}
		assert_true(loop_turn(w->l, 10 * ms) >= 0);
	}
	fail_msg("%s was not written", name);
	return 0;
}

static bool alive(pid_t pid)
{
	char path[64], buf[512], *at;
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	n = fread(buf, 1, sizeof(buf) - 1, f);
	fclose(f);
	buf[n] = 0;
	at = strrchr(buf, ')');
	return at && at[2] != 'Z' && at[2] != 'X';
}

/* --- ends and output ---------------------------------------------------------- */

static void test_both_streams_and_code(void **state)
{
	struct seen *s = sh(*state, "echo out; echo err >&2; exit 7", NOTHING);

	assert_int_equal(s->r.end, CHILD_EXITED);
	assert_int_equal(s->r.code, 7);
	assert_true(s->r.took > 0);
	out_is(s, 1, "out\n");
	out_is(s, 2, "err\n");
}

static void test_signal_is_told(void **state)
{
	struct seen *s = sh(*state, "kill -USR1 $$", NOTHING);

	assert_int_equal(s->r.end, CHILD_SIGNALED);
	assert_int_equal(s->r.signo, SIGUSR1);
	assert_int_equal(s->r.code, -1);
}

static void test_big_output_is_whole(void **state)
{
	struct seen *s = sh(*state, "head -c 10000000 /dev/zero; head -c 3000001 /dev/zero >&2", NOTHING);

	assert_int_equal(s->out[0].len, 10000000);
	assert_int_equal(s->out[1].len, 3000001);
	/* exactly one pipe full: the end must not be missed */
	s = sh(*state, "head -c 65536 /dev/zero", NOTHING);
	assert_int_equal(s->out[0].len, 65536);
}

static void test_what_a_child_finds(void **state)
{
	/* own session, nothing open but 0 to 2, nothing ignored or blocked, no terminal */
	int leak = open("/dev/null", O_RDONLY); /* without CLOEXEC */
	struct world *w = *state;
	struct seen *s;
	char want[64], *ignored;
	sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, &old);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	s = sh(w, "ls /proc/self/fd | wc -l; grep -E 'Sig(Blk|Ign)' /proc/self/status; test -t 0 || echo none;"
		  "readlink /proc/self/fd/0; cut -d' ' -f5,6 /proc/$$/stat", NOTHING);
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	close(leak);
	snprintf(want, sizeof(want), "none\n/dev/null\n%d %d\n", (int)s->r.pid, (int)s->r.pid);
	assert_non_null(strstr(s->out[0].p, want));
	assert_non_null(strstr(s->out[0].p, "SigBlk:\t0000000000000000\n"));
	ignored = strstr(s->out[0].p, "SigIgn:\t");
	assert_non_null(ignored);
	assert_int_equal(strtoull(ignored + 8, NULL, 16) & (1u << (SIGPIPE - 1) | 1u << (SIGTSTP - 1) | 1u << (SIGTERM - 1) | 1u << (SIGINT - 1)), 0);
	assert_int_equal(s->out[0].p[0], '4'); /* 0 1 2 and ls's own */
}

/* --- not started ---------------------------------------------------------------- */

static void not_started(struct world *w, const char *program, const char *dir, const char *step, int error)
{
	const char *argv[] = { program, NULL };
	struct seen *s = start_spec(w, (struct child_spec){ .argv = argv, .dir = dir });

	wait_all(w);
	assert_int_equal(s->r.end, CHILD_NOT_STARTED);
	assert_string_equal(s->r.step, step);
	assert_int_equal(s->r.error, error);
}

static const char *make_file(struct world *w, const char *name, const char *text, mode_t mode)
{
	const char *path = scratch_at(&w->dir, name);
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
	chmod(path, mode);
	return path;
}

static void test_not_started(void **state)
{
	struct world *w = *state;

	if (under_valgrind())
		skip();
	not_started(w, "no-such-program-here", NULL, "exec", ENOENT);
	not_started(w, "", NULL, "exec", ENOENT);
	not_started(w, "/bin/true", scratch_at(&w->dir, "missing"), "chdir", ENOENT);
	not_started(w, make_file(w, "noexec", "echo\n", 0644), NULL, "exec", EACCES);
	not_started(w, make_file(w, "plain", "echo hi\n", 0755), NULL, "exec", ENOEXEC);
	not_started(w, w->dir.path, NULL, "exec", EACCES);
}

static void test_search_in_path_of_env(void **state)
{
	struct world *w = *state;
	char path[256];
	const char *env[] = { path, NULL }, *argv[] = { "tool", NULL };
	struct seen *s;

	mkdir(scratch_at(&w->dir, "a"), 0755);
	mkdir(scratch_at(&w->dir, "b"), 0755);
	make_file(w, "a/tool", "x", 0644); /* not executable: looked for further */
	make_file(w, "b/tool", "#!/bin/sh\necho found\n", 0755);
	snprintf(path, sizeof(path), "PATH=/nowhere:%s/a:%s/b", w->dir.path, w->dir.path);
	s = start_spec(w, (struct child_spec){ .argv = argv, .envp = env });
	wait_all(w);
	out_is(s, 1, "found\n");
	snprintf(path, sizeof(path), "PATH=%s/a", w->dir.path);
	s = start_spec(w, (struct child_spec){ .argv = argv, .envp = env });
	wait_all(w);
	if (!under_valgrind())
		assert_int_equal(s->r.error, EACCES);
	/* relative: from the working directory of the child */
	argv[0] = "./tool";
	s = start_spec(w, (struct child_spec){ .argv = argv, .envp = env, .dir = scratch_at(&w->dir, "b") });
	wait_all(w);
	out_is(s, 1, "found\n");
}

static void test_too_few_descriptors(void **state)
{
	/* 60 children need 4 descriptors each while they start: they queue up, all run */
	const char *argv[] = { "sh", "-c", "sleep 0.02; echo hi", NULL };
	struct world *w = *state;
	struct rlimit old, low;

	getrlimit(RLIMIT_NOFILE, &old);
	low = old;
	low.rlim_cur = 30;
	setrlimit(RLIMIT_NOFILE, &low);
	for (int i = 0; i < 60; i++)
		start_spec(w, (struct child_spec){ .argv = argv, .timeout = 20000 * ms });
	assert_int_equal(child_pid(w->seen[59].c), 0);
	child_stop(w->seen[59].c, 0);
	wait_all(w);
	setrlimit(RLIMIT_NOFILE, &old);
	for (int i = 0; i < 59; i++) {
		assert_int_equal(w->seen[i].r.end, CHILD_EXITED);
		out_is(&w->seen[i], 1, "hi\n");
	}
	assert_int_equal(w->seen[59].r.end, CHILD_NOT_STARTED);
	assert_int_equal(w->seen[59].r.error, ECANCELED);
}

static void test_no_descriptors_at_all(void **state)
{
	const char *argv[] = { "/bin/true", NULL };
	struct world *w = *state;
	struct rlimit old, low;
	struct seen *s = sh(w, "exit 0", NOTHING);

	getrlimit(RLIMIT_NOFILE, &old);
	low = old;
	low.rlim_cur = 3;
	setrlimit(RLIMIT_NOFILE, &low);
	start_spec(w, (struct child_spec){ .argv = argv }); /* its pipes were made beside the last child */
	wait_all(w);
	s = start_spec(w, (struct child_spec){ .argv = argv });
	wait_all(w);
	setrlimit(RLIMIT_NOFILE, &old);
	assert_int_equal(s->r.end, CHILD_NOT_STARTED);
	assert_int_equal(s->r.error, EMFILE);
	assert_string_equal(s->r.step, "pipe");
}

/* --- stdin ------------------------------------------------------------------- */

static void test_stdin(void **state)
{
	struct world *w = *state;
	size_t n = 1 << 20;
	char *big = malloc(n);
	struct seen *s;

	memset(big, 'x', n);
	s = sh(w, "cat", (struct child_spec){ .input = "hello", .input_len = 5 });
	out_is(s, 1, "hello");
	s = sh(w, "cat", (struct child_spec){ .input = "", .input_len = 0 });
	out_is(s, 1, "");
	s = sh(w, "wc -c", (struct child_spec){ .input = big, .input_len = n });
	assert_int_equal(atol(s->out[0].p), 1 << 20);
	/* a reader that does not want it all; SIGPIPE must not hit us */
	s = sh(w, "head -c 3", (struct child_spec){ .input = big, .input_len = n });
	out_is(s, 1, "xxx");
	s = sh(w, "exec <&-; sleep 0.05; echo closed", (struct child_spec){ .input = big, .input_len = n });
	out_is(s, 1, "closed\n");
	/* both ways at once, more than two pipes hold */
	s = sh(w, "cat; echo >&2 end", (struct child_spec){ .input = big, .input_len = n });
	assert_int_equal(s->out[0].len, n);
	free(big);
}

/* --- timeout and stop ------------------------------------------------------------ */

static void test_timeout_by_term(void **state)
{
	struct seen *s = sh(*state, "trap 'echo bye; exit 3' TERM; sleep 60 & wait",
			    (struct child_spec){ .timeout = 200 * ms, .grace = 10000 * ms });

	assert_int_equal(s->r.end, CHILD_TIMEOUT);
	assert_int_equal(s->r.code, 3);
	out_is(s, 1, "bye\n");
	assert_true(s->r.took >= 200 * ms);
}

static void test_timeout_by_kill(void **state)
{
	struct seen *s = sh(*state, "trap '' TERM; sleep 60; sleep 60; sleep 60",
			    (struct child_spec){ .timeout = 100 * ms, .grace = 150 * ms });

	assert_int_equal(s->r.end, CHILD_TIMEOUT);
	assert_int_equal(s->r.signo, SIGKILL);
	assert_true(s->r.took >= 250 * ms);
}

static void test_stopped_process_gets_term(void **state)
{
	struct seen *s = sh(*state, "trap 'exit 4' TERM; kill -STOP $$; sleep 60",
			    (struct child_spec){ .timeout = 150 * ms, .grace = 20000 * ms });

	assert_int_equal(s->r.end, CHILD_TIMEOUT);
	assert_true(s->r.took < 15000 * ms);
}

static void test_stop_shortened(void **state)
{
	const char *argv[] = { "sh", "-c", "trap '' TERM; echo $$ >$0/pid; sleep 60; sleep 60", NULL, NULL };
	struct world *w = *state;
	struct seen *s;

	argv[3] = w->dir.path;
	s = start_spec(w, (struct child_spec){ .argv = argv });
	pid_in(w, "pid");
	child_stop(s->c, 60000 * ms);
	loop_turn(w->l, 50 * ms);
	assert_false(s->done);
	child_stop(s->c, 100000 * ms); /* longer: no effect */
	child_stop(s->c, 0);
	wait_all(w);
	assert_int_equal(s->r.end, CHILD_STOPPED);
	assert_int_equal(s->r.signo, SIGKILL);
}

static void test_closed_pipes_are_not_the_end(void **state)
{
	struct seen *s = sh(*state, "exec >&- 2>&-; sleep 0.15; exit 5", NOTHING);

	assert_int_equal(s->r.end, CHILD_EXITED);
	assert_int_equal(s->r.code, 5);
	s = sh(*state, "exec >&- 2>&-; sleep 60", (struct child_spec){ .timeout = 100 * ms, .grace = 5000 * ms });
	assert_int_equal(s->r.end, CHILD_TIMEOUT);
}

/* --- what is left behind ---------------------------------------------------------- */

static void test_background_holding_a_pipe_is_waited_for(void **state)
{
	struct seen *s = sh(*state, "(sleep 0.2; echo late) & exit 0", NOTHING);

	assert_int_equal(s->r.code, 0);
	out_is(s, 1, "late\n");
}

static void test_escaped_holder_is_killed_by_timeout(void **state)
{
	/* own session, TERM ignored, holds the pipe after the leader's exit */
	struct world *w = *state;
	struct seen *s = sh(w, "setsid sh -c 'trap \"\" TERM; echo $$ >$0/pid; sleep 60; sleep 60' $1 & exit 0",
			    (struct child_spec){ .timeout = 400 * ms, .grace = 100 * ms });

	assert_int_equal(s->r.end, CHILD_TIMEOUT);
	assert_int_equal(s->r.code, 0);
	assert_false(alive(pid_in(w, "pid")));
}

static void test_service_survives_success(void **state)
{
	struct world *w = *state;
	struct seen *s = sh(w, "setsid sh -c 'echo $$ >$0/pid; exec sleep 60' $1 </dev/null >/dev/null 2>&1 & exit 0", NOTHING);
	pid_t pid = pid_in(w, "pid");

	assert_int_equal(s->r.end, CHILD_EXITED);
	/* nor does a later child of the same step, when it is killed, take it along */
	s = sh(w, "sleep 60", (struct child_spec){ .timeout = 50 * ms });
	assert_int_equal(s->r.end, CHILD_TIMEOUT);
	loop_turn(w->l, 50 * ms);
	assert_true(alive(pid));
	kill(pid, SIGKILL);
}

static void test_stop_takes_the_family_along(void **state)
{
	/* same session; new session with the pipes closed; one whose parent is gone and whose environment is empty */
	const char *argv[] = { "sh", "-c",
		"echo $$ >$0/p0; sleep 61 & echo $! >$0/p1;"
		"setsid sh -c 'echo $$ >$0/p2; exec sleep 62' $0 </dev/null >/dev/null 2>&1 &"
		"env -i PATH=$PATH setsid sh -c 'echo $$ >$0/p3; sleep 63; :' $0 </dev/null >/dev/null 2>&1 &"
		"setsid sh -c '(setsid sh -c \"echo \\$\\$ >\\$0/p4; exec sleep 64\" $0 &) ; exit' $0 </dev/null >/dev/null 2>&1;"
		"echo $$ >$0/ready; wait", NULL, NULL };
	struct world *w = *state;
	struct seen *s;
	pid_t pid[5];

	argv[3] = w->dir.path;
	s = start_spec(w, (struct child_spec){ .argv = argv });
	for (int i = 0; i < 5; i++) {
		char name[] = { 'p', (char)('0' + i), 0 };

		pid[i] = pid_in(w, name);
	}
	pid_in(w, "ready");
	child_stop(s->c, 300 * ms);
	wait_all(w);
	assert_int_equal(s->r.end, CHILD_STOPPED);
	for (int i = 0; i < 5; i++)
		assert_false(alive(pid[i]));
}

static void test_strangers_are_left_alone(void **state)
{
	/* not ours: a process of this test itself, with the same environment */
	struct world *w = *state;
	pid_t mine = fork();
	struct seen *s;

	if (!mine) {
		setenv("RUNBOOK_RUN", "other", 1);
		execlp("sleep", "sleep", "60", (char *)NULL);
		_exit(1);
	}
	s = sh(w, "sleep 60", (struct child_spec){ .timeout = 50 * ms });
	assert_int_equal(s->r.end, CHILD_TIMEOUT);
	assert_true(alive(mine));
	kill(mine, SIGKILL);
	waitpid(mine, NULL, 0);
}

static void test_orphans_are_reaped(void **state)
{
	struct world *w = *state;
	int left = 0;

	for (int i = 0; i < 5; i++)
		sh(w, "(setsid sleep 0.01 </dev/null >/dev/null 2>&1 &) ; exit 0", NOTHING);
	usleep(100000);
	sh(w, "exit 0", NOTHING);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		left++;
	assert_int_equal(left, 0);
}

/* --- many --------------------------------------------------------------------------- */

static void test_200_at_once(void **state)
{
	const char *argv[] = { "sh", "-c", "echo $PPID-$$; head -c 100000 /dev/zero >&2; exit 9", NULL };
	struct world *w = *state;

	for (int i = 0; i < 200; i++)
		start_spec(w, (struct child_spec){ .argv = argv, .timeout = 25000 * ms });
	wait_all(w);
	for (int i = 0; i < 200; i++) {
		char want[64];

		snprintf(want, sizeof(want), "%d-%d\n", (int)getpid(), (int)w->seen[i].r.pid);
		assert_int_equal(w->seen[i].r.code, 9);
		out_is(&w->seen[i], 1, want);
		assert_int_equal(w->seen[i].out[1].len, 100000);
	}
}

static void test_100_stopped_at_once(void **state)
{
	const char *argv[] = { "sh", "-c", "sleep 60; :", NULL };
	struct world *w = *state;

	for (int i = 0; i < 100; i++)
		start_spec(w, (struct child_spec){ .argv = argv });
	for (int i = 0; i < 100; i++)
		child_stop(w->seen[i].c, 5000 * ms);
	wait_all(w);
	for (int i = 0; i < 100; i++)
		assert_int_equal(w->seen[i].r.end, CHILD_STOPPED);
}

static int closed_stdio(void)
{
	/* our own 0 to 2 are closed: pipes must not get in the way of dup2 */
	const char *argv[] = { "sh", "-c", "cat; echo err >&2", NULL };
	struct world w = { 0 };
	struct seen *s;
	int err;

	close(0), close(1), close(2);
	w.l = loop_new(&err);
	s = start_spec(&w, (struct child_spec){ .argv = argv, .input = "in", .input_len = 2 });
	while (!w.done)
		loop_turn(w.l, -1);
	err = s->r.code == 0 && s->out[0].len == 2 && s->out[1].len == 4 ? 0 : 1;
	release(&w);
	return err;
}

static void test_closed_stdio(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (!pid)
		_exit(closed_stdio());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_both_streams_and_code), T(test_signal_is_told), T(test_big_output_is_whole), T(test_what_a_child_finds),
		T(test_not_started), T(test_search_in_path_of_env), T(test_too_few_descriptors), T(test_no_descriptors_at_all),
		T(test_stdin),
		T(test_timeout_by_term), T(test_timeout_by_kill), T(test_stopped_process_gets_term), T(test_stop_shortened),
		T(test_closed_pipes_are_not_the_end),
		T(test_background_holding_a_pipe_is_waited_for), T(test_escaped_holder_is_killed_by_timeout),
		T(test_service_survives_success), T(test_stop_takes_the_family_along), T(test_strangers_are_left_alone),
		T(test_orphans_are_reaped),
		T(test_200_at_once), T(test_100_stopped_at_once), T(test_closed_stdio),
	};

	return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
