#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* shim: every program in HOME/bin of a test that has called cloud_serve (state.sh); HOME is
 * the folder of this file. A stand-in is called in the server of the stand-ins (serve.py),
 * with our arguments, environment, folder and streams. A real program (HOME/real/NAME points
 * to it) runs here; in a writing step (a line of HOME/writes) the server says whether this
 * call fails: a letter of "-bhak" (see state.py). */

extern char **environ;
static char home[PATH_MAX];

static void die(const char *what)
{
	fprintf(stderr, "shim: %s: %s\n", what, strerror(errno));
	exit(125);
}

static char *in_home(const char *folder, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s%s", home, folder, name) < 0)
		die("memory");
	return path;
}

static void find_home(void)
{
	ssize_t n = readlink("/proc/self/exe", home, sizeof(home) - 1);

	if (n < 0)
		die("/proc/self/exe");
	home[n] = '\0';
	*strrchr(home, '/') = '\0';
}

static void add(FILE *message, const char *text)
{
	fputs(text, message);
	fputc('\0', message);
}

/* A message is its length in four bytes, with our streams, then texts that each end with a
 * NUL: what, program, folder, number of arguments, arguments, environment. Returns the one
 * byte of the answer, or -1 if there is none. */
static int ask(const char *what, const char *program, int argc, char **argv)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int streams[3] = { 0, 1, 2 }, s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(streams))];
	} control = { 0 };
	char *text, dir[PATH_MAX], count[16], *path = in_home("", "serve.sock");
	unsigned char answer;
	size_t n, sent = 0;
	uint32_t length;
	FILE *message = open_memstream(&text, &n);
	struct iovec part = { &length, sizeof(length) };
	struct msghdr first = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof(control.room) };

	if (s < 0 || !message || strlen(path) >= sizeof(to.sun_path))
		die("socket");
	strcpy(to.sun_path, path);
	add(message, what);
	add(message, program);
	add(message, getcwd(dir, sizeof(dir)) ? dir : "/");
	snprintf(count, sizeof(count), "%d", argc - 1);
	add(message, count);
	for (int i = 1; i < argc; i++)
		add(message, argv[i]);
	for (char **e = environ; *e; e++)
		add(message, *e);
	fclose(message);
	length = (uint32_t)n;
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(streams));
	memcpy(CMSG_DATA(&control.head), streams, sizeof(streams));
	if (connect(s, (struct sockaddr *)&to, sizeof(to)) || sendmsg(s, &first, 0) != (ssize_t)sizeof(length))
		die(path);
	while (sent < n) {
		ssize_t k = write(s, text + sent, n - sent);

		if (k < 0)
			die("write");
		sent += (size_t)k;
	}
	return read(s, &answer, 1) == 1 ? answer : -1;
}

/* A line of HOME/writes, or below one: a step of its module, its undo. Items of loops are
 * not in the plan. */
static int writes(const char *step)
{
	char plain[PATH_MAX], line[PATH_MAX];
	size_t n = 0;
	int depth = 0, found = 0;
	FILE *f = fopen(in_home("", "writes"), "r");

	for (; *step && n < sizeof(plain) - 1; step++) {
		depth += *step == '[';
		if (!depth)
			plain[n++] = *step;
		depth -= *step == ']';
	}
	plain[n] = '\0';
	while (f && !found && fgets(line, sizeof(line), f)) {
		size_t len = strcspn(line, "\n");

		found = len && !strncmp(plain, line, len) && strchr("/!", plain[len]);
	}
	if (f)
		fclose(f);
	return found;
}

/* Real programs find each other, not us; only what a shell starts may fail on its own. */
static void forget(const char *program)
{
	char *rest = getenv("PATH"), *path, *word;
	size_t n;
	FILE *f;

	if (!rest || !strcmp(program, "sh") || !strcmp(program, "bash"))
		return;
	f = open_memstream(&path, &n);
	for (rest = strdup(rest); f && (word = strsep(&rest, ":"));)
		if (strncmp(word, home, strlen(home)) != 0)
			fprintf(f, "%s%s", ftell(f) ? ":" : "", word);
	if (!f || fclose(f) || setenv("PATH", path, 1))
		die("PATH");
}

/* Kills the shell that called us; without one, ourselves. */
static void kill_caller(void)
{
	char comm[64] = "", path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/comm", (long)getppid());
	f = fopen(path, "r");
	if (f && fgets(comm, sizeof(comm), f) && (!strcmp(comm, "sh\n") || !strcmp(comm, "bash\n") || !strcmp(comm, "dash\n")))
		kill(getppid(), SIGKILL);
	else
		kill(getpid(), SIGKILL);
}

static int real(const char *program, const char *path, int argc, char **argv)
{
	const char *step = getenv("RUNBOOK_STEP");
	int how = step && writes(step) ? ask("wrap", program, argc, argv) : '-';
	pid_t child = 0;

	if (how < 0)
		die("no answer");
	forget(program);
	if (how == 'a' || how == 'k')
		child = fork();
	if (how == '-' || ((how == 'a' || how == 'k') && child == 0)) {
		execv(path, argv);
		die(path);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
	if (how == 'k')
		kill_caller();
	fprintf(stderr, "%s: this call was made to fail\n", program);
	return 1;
}

int main(int argc, char **argv)
{
	const char *program = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	char path[PATH_MAX];
	ssize_t n;
	int code;

	find_home();
	if (!strcmp(program, "file")) /* the program under test writes one: failfile.c */
		return putchar(ask("file", program, argc, argv)) < 0;
	n = readlink(in_home("real/", program), path, sizeof(path) - 1);
	if (n > 0) {
		path[n] = '\0';
		return real(program, path, argc, argv);
	}
	code = ask("call", program, argc, argv);
	if (code < 0)
		kill(getpid(), SIGKILL);
	return code;
}
