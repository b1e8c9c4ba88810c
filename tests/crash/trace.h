#ifndef RB_TESTS_TRACE_H
#define RB_TESTS_TRACE_H
/*
 * trace: a program run under ptrace(2), its system calls counted from 1 (its own
 * execve), its children left alone. At the call of a given number it is killed, or
 * the call fails with a given error, once or from there on.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#if !defined(__x86_64__)
#error "the tracer knows the registers of x86-64 only"
#endif

enum { TRACE_SHORT = -1 /* as error: the call does half of its bytes */, TRACE_PATIENCE = 90 /* seconds */ };

struct trace {
	/* what to do; 0: only count */
	long kill_at;              /* SIGKILL at the entry of this call */
	long fault_at;             /* it, or the next one of the number fault_nr, fails with `error`... */
	long fault_nr;
	int error;
	bool sticky;               /* ...and every later one of the same number, too */
	/* Before each call; may be NULL. args are its first three. */
	void (*on_call)(void *arg, pid_t pid, long nr, const unsigned long long args[3]);
	void *arg;
	/* what happened */
	long calls;
	long nr;                   /* of the call at which it was killed or failed */
	bool killed, failed, hung; /* hung: it was killed after TRACE_PATIENCE */
	int code;                  /* exit code, or 128 + signal */
};

static void trace_die(const char *what)
{
	fprintf(stderr, "trace: %s: %s\n", what, strerror(errno));
	exit(99);
}

static void trace_child(char *const argv[], const char *dir, const char *out, const char *err)
{
	int o, e, in = open("/dev/null", O_RDONLY);

	if (chdir(dir))
		_exit(98);
	o = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	e = open(err, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (in < 0 || o < 0 || e < 0 || dup2(in, 0) < 0 || dup2(o, 1) < 0 || dup2(e, 2) < 0)
		_exit(98);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	if (ptrace(PTRACE_TRACEME, 0, 0, 0))
		_exit(98);
	raise(SIGSTOP);
	execv(argv[0], argv);
	_exit(98);
}

/* The entry of a call. True: its exit must be given t->error. */
static bool trace_entry(struct trace *t, pid_t pid)
{
	struct user_regs_struct r;
	bool sticky = t->sticky && t->failed;

	t->calls++;
	if (t->kill_at == t->calls) {
		if (ptrace(PTRACE_GETREGS, pid, 0, &r))
			trace_die("registers");
		t->nr = (long)r.orig_rax;
		t->killed = true;
		if (kill(pid, SIGKILL))
			trace_die("kill");
		return false;
	}
	if (!t->on_call && (!t->fault_at || t->failed || t->calls < t->fault_at) && !sticky)
		return false;
	if (ptrace(PTRACE_GETREGS, pid, 0, &r))
		trace_die("registers");
	if (t->on_call)
		t->on_call(t->arg, pid, (long)r.orig_rax, (unsigned long long[3]){ r.rdi, r.rsi, r.rdx });
	if ((long)r.orig_rax != t->fault_nr || !(sticky || (t->fault_at && !t->failed && t->calls >= t->fault_at)))
		return false;
	t->nr = (long)r.orig_rax;
	t->failed = true;
	if (t->error == TRACE_SHORT)
		r.rdx = r.rdx > 1 ? r.rdx / 2 : r.rdx;
	else
		r.orig_rax = (unsigned long long)-1;
	if (ptrace(PTRACE_SETREGS, pid, 0, &r))
		trace_die("registers");
	return t->error != TRACE_SHORT;
}

static void trace_fail(struct trace *t, pid_t pid)
{
	struct user_regs_struct r;

	if (ptrace(PTRACE_GETREGS, pid, 0, &r))
		return;
	r.rax = (unsigned long long)-(long long)t->error;
	(void)ptrace(PTRACE_SETREGS, pid, 0, &r);
}

static void trace_alarm(int signo)
{
	(void)signo; /* only to interrupt a wait */
}

/* Waits for pid; after TRACE_PATIENCE it is killed. */
static void trace_wait(struct trace *t, pid_t pid, int *st)
{
	while (waitpid(pid, st, __WALL) != pid) {
		if (errno != EINTR)
			trace_die("wait");
		t->hung = true;
		(void)kill(pid, SIGKILL);
	}
}

/* Runs argv in dir to its end; its output goes to the files out and err, below dir. */
static void trace_run(struct trace *t, char *const argv[], const char *dir, const char *out, const char *err)
{
	bool entry = true, fail = false;
	pid_t pid = fork();
	int st, signo = 0;

	if (pid < 0)
		trace_die("fork");
	if (!pid)
		trace_child(argv, dir, out, err);
	if (waitpid(pid, &st, __WALL) != pid || !WIFSTOPPED(st))
		trace_die("the child did not start");
	if (ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC))
		trace_die("options");
	t->calls = t->nr = 0;
	t->killed = t->failed = t->hung = false;
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = trace_alarm }, NULL);
	alarm(TRACE_PATIENCE);
	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, 0, signo) && errno != ESRCH)
			trace_die("go on");
		signo = 0;
		trace_wait(t, pid, &st);
		if (WIFEXITED(st) || WIFSIGNALED(st))
			break;
		if (WSTOPSIG(st) == (SIGTRAP | 0x80)) {
			if (entry)
				fail = trace_entry(t, pid);
			else if (fail)
				trace_fail(t, pid);
			entry = !entry;
		} else if (st >> 16 == 0) {
			signo = WSTOPSIG(st);
		}
	}
	alarm(0);
	t->code = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}

#endif
