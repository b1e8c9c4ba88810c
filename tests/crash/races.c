/*
 * races: rounds of a runner killed at any moment, and several resumes at once, some of
 * them killed or stopped for a while, too, until the run is sealed. Never do two act at
 * the same time (the steps of books/races.yml notice), nothing is done twice.
 *
 *   races PROGRAM BOOKS DIR ROUNDS [SEED]
 */
#include "judge.h"

enum { RACERS = 4, TURNS = 6 };
static uint64_t rnd, kills, stops, resumes, refused;

static uint32_t dice(uint32_t n)
{
	rnd ^= rnd << 13;
	rnd ^= rnd >> 7;
	rnd ^= rnd << 17;
	return (uint32_t)((rnd >> 20) % n);
}

static pid_t begin(struct scene *s, const char *const *args)
{
	char *argv[ARGS] = { (char *)program };
	pid_t pid = fork();

	for (int i = 0; args[i]; i++)
		argv[i + 1] = (char *)args[i];
	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		if (chdir(s->dir) || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
			_exit(98);
		execv(program, argv);
		_exit(98);
	}
	return pid;
}

static void pause_us(uint32_t us)
{
	struct timespec t = { 0, (long)us * 1000 };

	nanosleep(&t, NULL);
}

/* Kills or stops it after a while, or lets it end. */
static int end(pid_t pid)
{
	int st;
	uint32_t what = dice(10);

	if (what < 5) {
		kills += !kill(pid, SIGKILL);
	} else if (what < 7) {
		stops += !kill(pid, SIGSTOP);
		pause_us(dice(30000));
		(void)kill(pid, dice(2) ? SIGCONT : SIGKILL);
		(void)kill(pid, SIGCONT);
	}
	if (waitpid(pid, &st, 0) != pid)
		trace_die("wait");
	return WIFEXITED(st) ? WEXITSTATUS(st) : 137;
}

static void race(struct scene *s)
{
	const char *args[] = { "resume", s->run, "--yes", NULL };
	pid_t pids[RACERS];

	for (int i = 0; i < RACERS; i++) {
		pids[i] = begin(s, args);
		resumes++;
		if (dice(2))
			pause_us(dice(4000));
	}
	pause_us(dice(25000));
	for (int i = 0; i < RACERS; i++)
		refused += end(pids[i]) == 1;
}

static bool round_of(const char *dir, const char *books, const struct reference *ref)
{
	const char *exec[] = { "exec", "races.yml", "--yes", "--no-sync", NULL };
	static char ledger[TEXT_ROOM];
	static struct facts f;
	struct scene s;

	scene_begin(&s, dir, books, "races", false);
	exec[3] = dice(2) ? "--no-sync" : NULL;
	pid_t pid = begin(&s, exec);

	pause_us(dice(150000));
	kills += !kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	for (int i = 0; i < TURNS && facts_read(&s, &f) && !f.scan.sealed; i++) {
		race(&s);
		if (facts_read(&s, &f)) {
			reap_all(); /* a word about a step is true only after its end */
			for (uint32_t k = 0; k < f.count; k++)
				f.list[k].doubt = f.list[k].doubt && f.list[k].fate == FATE_LOST;
			if (!f.scan.sealed)
				(void)answer_doubts(&s, &f);
			s.why[0] = 0; /* another one may have been faster, or the step not in doubt any more */
		}
	}
	(void)judge(&s, ref, false);
	scene_text(&s, "ledger", ledger);
	if (lines_of(ledger, "OVERLAP"))
		(void)wrong(&s, "two acted at the same time");
	reap_all();
	if (s.why[0])
		printf("# %s\n", s.why);
	return !s.why[0];
}

int main(int argc, char **argv)
{
	static struct reference ref;
	const char *exec[] = { "exec", "races.yml", "--yes", NULL };
	static struct facts f;
	struct scene s;
	long rounds = argc > 4 ? strtol(argv[4], NULL, 10) : 0, bad = 0;

	if (argc < 5)
		return 2;
	program = argv[1];
	rnd = argc > 5 ? strtoull(argv[5], NULL, 10) | 1 : 20261129;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		trace_die("subreaper");
	scene_begin(&s, argv[3], argv[2], "races", true);
	(void)scene_run(&s, NULL, exec);
	if (!facts_read(&s, &f) || !f.scan.sealed)
		trace_die("the runbook does not run");
	snprintf(ref.status, sizeof(ref.status), "%s", f.status);
	scene_text(&s, "ledger", ref.ledger);
	ref.exact = ref.ordered = true;
	for (long i = 0; i < rounds; i++)
		bad += !round_of(argv[3], argv[2], &ref);
	printf("# %ld rounds, %llu resumes, %llu refused, %llu killed, %llu stopped\n", rounds, (unsigned long long)resumes,
	       (unsigned long long)refused, (unsigned long long)kills, (unsigned long long)stops);
	printf("%sok 1 - one acts at a time, nothing twice: %ld wrong\n1..1\n", bad ? "not " : "", bad);
	if (!bad)
		remove_all(argv[3]);
	return bad != 0;
}
