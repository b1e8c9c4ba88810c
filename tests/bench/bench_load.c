/*
 * bench_load: load and check of 10,000 steps beside libyaml's own event scan of
 * the same bytes, in turns and in CPU time (page faults included), so that a
 * busy machine slows both. Prints the best of each and the median of the paired
 * ratios. Goal: <= 1.3.
 *
 *   bench_load [steps] [rounds] [small]
 *
 * small: the kernel gives no huge pages, as on machines that have them switched off.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <yaml.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "plan/program.h"

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* About 45 bytes a step, so that 10,000 steps fit under 1 MiB. */
static void generate(struct buf *b, unsigned steps)
{
	buf_addz(b, "runbook: 1\nname: bench\npreflight:\n");
	for (unsigned i = 0; i < steps; i++)
		buf_printf(b, "- id: s%05u\n  run: [app, -r]\n  effect: read\n", i);
}

static double scan(struct str text, unsigned *events)
{
	yaml_parser_t p;
	yaml_event_t e;
	double start = now_ms();
	bool end = false;
	*events = 0;
	yaml_parser_initialize(&p);
	yaml_parser_set_input_string(&p, (const unsigned char *)text.p, text.n);
	while (!end && yaml_parser_parse(&p, &e)) {
		end = e.type == YAML_STREAM_END_EVENT;
		++*events;
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&p);
	return now_ms() - start;
}

static double load(struct str text, unsigned *steps)
{
	struct arena a;
	struct diags ds;
	double start = now_ms();
	arena_init(&a);
	diags_init(&ds, &a);
	struct program *p = program_load(&a, source_new(&a, STR("bench.yml"), text), NULL, &ds);
	*steps = p ? p->step_count : 0;
	program_release(p);
	diags_release(&ds);
	arena_release(&a);
	return now_ms() - start;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	unsigned want = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 10000;
	unsigned rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 21;
	double ratios[101], best_scan = 1e9, best_load = 1e9;
	unsigned events = 0, steps = 0;
	struct buf b;
	if (argc > 3 && strcmp(argv[3], "small") == 0 && prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) < 0) {
		perror("bench_load: prctl");
		return 1;
	}
	if (rounds < 1 || rounds > 101)
		rounds = 21;
	buf_init(&b, 16 << 20);
	generate(&b, want);
	for (unsigned i = 0; i < rounds; i++) {
		double s = scan(buf_str(&b), &events), l = load(buf_str(&b), &steps);
		ratios[i] = l / s;
		best_scan = s < best_scan ? s : best_scan;
		best_load = l < best_load ? l : best_load;
	}
	qsort(ratios, rounds, sizeof *ratios, by_value);
	printf("%u steps, %zu bytes, %u events\n", steps, b.len, events);
	printf("libyaml event scan %8.2f ms (floor)\n", best_scan);
	printf("load and check     %8.2f ms\n", best_load);
	printf("ratio              %8.2f (median of %u pairs; goal <= 1.30)\n", ratios[rounds / 2], rounds);
	buf_release(&b);
	return steps == want ? 0 : 1;
}
