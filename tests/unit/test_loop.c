/* loop: order of timers, removal inside callbacks, many descriptors in one turn, signals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "host/clock.h"
#include "host/loop.h"
#include "host/timers.h"

static int setup(void **state)
{
	int err;

	*state = loop_new(&err);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	loop_free(*state);
	return 0;
}

/* --- timers --------------------------------------------------------------- */

struct tick { int *log; int *len; int id; };

static void log_tick(void *arg)
{
	struct tick *t = arg;

	t->log[(*t->len)++] = t->id;
}

static void test_timers_keep_order(void **state)
{
	/* a heap with random times and random removals against a sorted list */
	enum { N = 500 };
	struct timers t = { 0 };
	struct tick ticks[N];
	struct loop_timer *w[N];
	int64_t at[N];
	int log[N], len = 0, left = 0, ran;

	(void)state;
	srand(7);
	for (int i = 0; i < N; i++) {
		ticks[i] = (struct tick){ log, &len, i };
		at[i] = rand() % 50;
		w[i] = timers_add(&t, at[i], log_tick, &ticks[i]);
	}
	for (int i = 0; i < N; i += 3) {
		timers_remove(&t, w[i]);
		at[i] = -1;
	}
	for (int i = 0; i < N; i++)
		left += at[i] >= 0;
	ran = timers_run(&t, 24);
	assert_int_equal(ran, len);
	for (int i = 0; i < len; i++)
		assert_true(at[log[i]] <= 24);
	timers_run(&t, 100);
	assert_int_equal(len, left);
	for (int i = 1; i < len; i++) {
		int a = log[i - 1], b = log[i];

		assert_true(at[a] < at[b] || (at[a] == at[b] && a < b));
	}
	timers_release(&t);
}

struct chain { struct loop *l; int fired; };

static void again(void *arg)
{
	struct chain *c = arg;

	c->fired++;
	loop_at(c->l, 0, again, c); /* due at once: must wait for the next turn */
}

static void test_timer_set_in_timer_waits_a_turn(void **state)
{
	struct chain c = { *state, 0 };

	loop_at(c.l, 0, again, &c);
	assert_int_equal(loop_turn(c.l, 0), 1);
	assert_int_equal(c.fired, 1);
	assert_int_equal(loop_turn(c.l, -1), 1);
	assert_int_equal(c.fired, 2);
}

static void test_timer_is_not_early(void **state)
{
	int log[1], len = 0;
	struct tick t = { log, &len, 1 };
	int64_t at = clock_boot() + 30000000;
	int ran;

	loop_at(*state, at, log_tick, &t);
	ran = loop_turn(*state, 1000000);
	assert_true(!ran || clock_boot() >= at); /* on a busy machine the turn may be late itself */
	assert_int_equal(len, ran);
	if (!ran)
		assert_int_equal(loop_turn(*state, -1), 1);
	assert_true(clock_boot() >= at);
}

/* --- descriptors ----------------------------------------------------------- */

struct pair { struct loop *l; struct pair *other; struct loop_fd *w; int fd[2]; int calls; };

static void drop_other(void *arg, int fd, unsigned events)
{
	struct pair *p = arg;
	char c;

	assert_int_equal(fd, p->fd[0]);
	assert_true(events & LOOP_READ);
	assert_int_equal(read(fd, &c, 1), 1);
	p->calls++;
	if (p->other->w) {
		/* its event is in the same batch already */
		loop_unwatch(p->l, p->other->w);
		p->other->w = NULL;
	}
}

static void test_removed_in_the_same_turn(void **state)
{
	struct pair p[2];

	for (int i = 0; i < 2; i++) {
		p[i] = (struct pair){ .l = *state, .other = &p[1 - i] };
		assert_int_equal(pipe(p[i].fd), 0);
		p[i].w = loop_watch(p[i].l, p[i].fd[0], LOOP_READ, drop_other, &p[i]);
		assert_int_equal(write(p[i].fd[1], "x", 1), 1);
	}
	assert_int_equal(loop_turn(*state, -1), 1);
	assert_int_equal(p[0].calls + p[1].calls, 1);
	assert_int_equal(loop_turn(*state, 0), 0);
	for (int i = 0; i < 2; i++)
		close(p[i].fd[0]), close(p[i].fd[1]);
}

static void count_read(void *arg, int fd, unsigned events)
{
	char c;

	(void)events;
	assert_int_equal(read(fd, &c, 1), 1);
	++*(int *)arg;
}

static void test_all_ready_in_one_turn(void **state)
{
	enum { N = 300 }; /* more than one epoll_wait brings */
	int fd[N][2], got = 0;

	for (int i = 0; i < N; i++) {
		assert_int_equal(pipe2(fd[i], O_CLOEXEC), 0);
		assert_non_null(loop_watch(*state, fd[i][0], LOOP_READ, count_read, &got));
		assert_int_equal(write(fd[i][1], "x", 1), 1);
	}
	assert_int_equal(loop_turn(*state, -1), N);
	assert_int_equal(got, N);
	for (int i = 0; i < N; i++)
		close(fd[i][0]), close(fd[i][1]);
}

static void note_events(void *arg, int fd, unsigned events)
{
	(void)fd;
	*(unsigned *)arg = events;
}

static void test_rewatch_and_hangup(void **state)
{
	unsigned seen = 0;
	struct loop_fd *w;
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	w = loop_watch(*state, fd[0], 0, note_events, &seen);
	assert_int_equal(loop_turn(*state, 0), 0);
	assert_int_equal(loop_rewatch(*state, w, LOOP_WRITE), 0);
	loop_turn(*state, -1);
	assert_int_equal(seen, LOOP_WRITE);
	assert_int_equal(loop_rewatch(*state, w, 0), 0);
	close(fd[1]);
	loop_turn(*state, -1);
	assert_true(seen & LOOP_HANGUP);
	close(fd[0]);
}

static void test_bad_descriptor_is_an_error(void **state)
{
	assert_null(loop_watch(*state, 9999, LOOP_READ, note_events, NULL));
	assert_int_equal(loop_turn(*state, 0), 0);
}

/* --- signals ---------------------------------------------------------------- */

static int last_signal;
static pid_t last_sender;
static uid_t last_uid;

static void on_signal(void *arg, int signo, pid_t sender, uid_t uid)
{
	(void)arg;
	last_signal = signo;
	last_sender = sender;
	last_uid = uid;
}

static int signals_in_child(void)
{
	int err;
	struct loop *l;

	signal(SIGHUP, SIG_IGN); /* nohup */
	signal(SIGTERM, SIG_DFL), signal(SIGINT, SIG_DFL), signal(SIGPIPE, SIG_DFL), signal(SIGTSTP, SIG_DFL);
	l = loop_new(&err);
	if (loop_signals(l, on_signal, NULL))
		return 1;
	raise(SIGPIPE);
	raise(SIGHUP);
	if (loop_turn(l, 20000000) != 0 || last_signal)
		return 2;
	raise(SIGTERM);
	if (loop_turn(l, -1) != 1 || last_signal != SIGTERM || last_sender != getpid() || last_uid != getuid())
		return 3;
	raise(SIGINT); /* too late: must not kill us */
	loop_free(l);
	if (signal(SIGPIPE, SIG_DFL) != SIG_DFL || signal(SIGTSTP, SIG_DFL) != SIG_DFL)
		return 4;
	return 0;
}

static void test_signals(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (!pid)
		_exit(signals_in_child());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timers_keep_order),
		cmocka_unit_test_setup_teardown(test_timer_set_in_timer_waits_a_turn, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timer_is_not_early, setup, teardown),
		cmocka_unit_test_setup_teardown(test_removed_in_the_same_turn, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_ready_in_one_turn, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rewatch_and_hangup, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_descriptor_is_an_error, setup, teardown),
		cmocka_unit_test(test_signals),
	};

	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
