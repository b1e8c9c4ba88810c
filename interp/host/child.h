#ifndef RB_HOST_CHILD_H
#define RB_HOST_CHILD_H
/*
 * child: one child process: own session and process group, stdin from bytes or
 * /dev/null, stdout and stderr through pipes. Spawned by clone(VM|VFORK): cost
 * does not grow with our heap. Done when it has exited AND both pipes are
 * closed; what keeps a pipe open after the exit is part of the child (waited
 * for, killed by stop and timeout). The loop owns a child until on_done returns.
 *
 * What a child leaves behind with both pipes closed lives on: a service that a
 * step started survives it. Only a child that ends by timeout or stop takes its
 * descendants along: its group, its session, and what escaped from them, found
 * by descent and by RUNBOOK_RUN and RUNBOOK_STEP in the environment. Those get
 * TERM with it and KILL after the grace, and the child is not done before they
 * are dead. Processes are told apart by pid and start time.
 *
 * Only one loop of a process may have children at a time (orphans are reaped).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct loop;
struct child;

enum child_end {
	CHILD_EXITED,   /* code */
	CHILD_SIGNALED, /* signo, not by us */
	CHILD_TIMEOUT,  /* ended by us after spec.timeout; code/signo as they came */
	CHILD_STOPPED,  /* ended by us after child_stop() */
	CHILD_NOT_STARTED, /* error, step: nothing ran */
	CHILD_STUCK     /* could not be killed within 5 s after KILL (uninterruptible, or not ours to kill) */
};
struct child_result {
	enum child_end end;
	int code;       /* exit code, or -1 */
	int signo;      /* or 0 */
	int error;      /* errno of CHILD_NOT_STARTED; ECANCELED: stopped while it waited for descriptors */
	const char *step; /* "exec", "chdir", "pipe", "clone", "watch", "stop" of CHILD_NOT_STARTED */
	int64_t took;   /* ns */
	pid_t pid;
};
struct child_spec {
	/* All texts are borrowed until on_done. */
	const char *const *argv;  /* NULL-terminated; argv[0] looked up in PATH of envp as execvp does, but
				   * a file that is no program is an error (ENOEXEC), never given to a shell */
	const char *const *envp;  /* NULL-terminated, whole environment */
	const char *dir;          /* working directory or NULL; a relative argv[0] is taken from there */
	const char *input; size_t input_len; /* stdin bytes; NULL: /dev/null */
	int64_t timeout;          /* ns, 0: none */
	int64_t grace;            /* ns between TERM and KILL */
	/* stream: 1 stdout, 2 stderr */
	void (*on_output)(void *arg, int stream, const char *p, size_t n);
	void (*on_done)(void *arg, const struct child_result *r);
	void *arg;
};

/* Makes this process the subreaper of what its children leave behind; once. 0 or errno. */
int child_become_subreaper(void);
/* Starts. Never NULL: a failure to start arrives as CHILD_NOT_STARTED through on_done in
 * the next turn. Where only descriptors, processes or memory are lacking and other
 * children run, it waits until one of them has ended. */
struct child *child_start(struct loop *l, const struct child_spec *spec);
/* TERM, KILL after grace (0: KILL now); idempotent; a second call with less grace shortens. */
void child_stop(struct child *c, int64_t grace);
/* 0: not started (yet). */
pid_t child_pid(const struct child *c);

#endif
