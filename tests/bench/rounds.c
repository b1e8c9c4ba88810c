/*
 * rounds: times commands against each other. Runs them in turns, so that a busy
 * machine slows all alike, and prints for each (tab-separated): label, median
 * milliseconds, fastest, median of the ratios to the first command of the same
 * round, highest resident KiB, median milliseconds of CPU (children included), and
 * its ratio. A command that fails ends the measurement.
 *
 *   rounds ROUNDS LABEL COMMAND [ARG]... [:: LABEL COMMAND [ARG]...]...
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { MAX_COMMANDS = 16, MAX_ROUNDS = 1001 };

struct command {
	const char *label;
	char **argv;
	long peak;
	double ms[MAX_ROUNDS], ratio[MAX_ROUNDS], cpu[MAX_ROUNDS], cpu_ratio[MAX_ROUNDS];
};

static double now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double cpu_ms(const struct rusage *use)
{
	return (double)(use->ru_utime.tv_sec + use->ru_stime.tv_sec) * 1e3 +
	       (double)(use->ru_utime.tv_usec + use->ru_stime.tv_usec) / 1e3;
}

/* What the commands say goes to /dev/null; standard error too, for it is progress. */
static bool run(struct command *c, int round)
{
	posix_spawn_file_actions_t fa;
	struct rusage use;
	double from;
	int status, err;
	pid_t pid;

	posix_spawn_file_actions_init(&fa);
	for (int fd = 0; fd < 3; fd++)
		posix_spawn_file_actions_addopen(&fa, fd, "/dev/null", O_RDWR, 0);
	from = now_ms();
	err = posix_spawnp(&pid, c->argv[0], &fa, NULL, c->argv, environ);
	if (!err && wait4(pid, &status, 0, &use) != pid)
		err = -1;
	c->ms[round] = now_ms() - from;
	posix_spawn_file_actions_destroy(&fa);
	if (err || !WIFEXITED(status) || WEXITSTATUS(status)) {
		fprintf(stderr, "rounds: %s (%s) failed\n", c->label, c->argv[0]);
		return false;
	}
	c->cpu[round] = cpu_ms(&use);
	c->peak = use.ru_maxrss > c->peak ? use.ru_maxrss : c->peak;
	return true;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), by_value);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static int read_commands(char **argv, struct command *commands)
{
	int n = 0;

	while (*argv && n < MAX_COMMANDS) {
		commands[n].label = *argv++;
		commands[n++].argv = argv;
		while (*argv && strcmp(*argv, "::") != 0)
			argv++;
		if (*argv)
			*argv++ = NULL;
	}
	return n;
}

static void print(struct command *c, int rounds)
{
	double mid = median(c->ms, rounds); /* which sorts */

	printf("%s\t%.3f\t%.3f\t%.3f\t%ld\t%.3f\t%.3f\n", c->label, mid, c->ms[0], median(c->ratio, rounds), c->peak,
	       median(c->cpu, rounds), median(c->cpu_ratio, rounds));
}

int main(int argc, char **argv)
{
	static struct command commands[MAX_COMMANDS];
	long rounds = argc > 3 ? strtol(argv[1], NULL, 10) : 0;
	int n = rounds > 0 && rounds <= MAX_ROUNDS ? read_commands(argv + 2, commands) : 0;

	if (n == 0) {
		fprintf(stderr, "usage: rounds ROUNDS LABEL COMMAND [ARG]... [:: LABEL COMMAND [ARG]...]...\n");
		return 2;
	}
	for (int r = 0; r < rounds; r++)
		for (int i = 0; i < n; i++) {
			int k = (i + r) % n; /* each follows each */

			if (!run(&commands[k], r))
				return 1;
		}
	for (int i = 0; i < n; i++)
		for (int r = 0; r < rounds; r++) {
			commands[i].ratio[r] = commands[i].ms[r] / commands[0].ms[r];
			commands[i].cpu_ratio[r] = commands[i].cpu[r] / commands[0].cpu[r];
		}
	for (int i = 0; i < n; i++)
		print(&commands[i], (int)rounds);
	return 0;
}
