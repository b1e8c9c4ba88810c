/*
 * fuzz_replay: any journal with any program: the program is the text up to a NUL, the
 * journal what is behind it. Each line `MICROSECONDS BODY` (members from "t") becomes a
 * record with envelope and hash, so that the fuzzer gets past the chain; then the records
 * are fed to an engine by the real replay. It must end with a verdict: no crash, no
 * unbounded memory.
 */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/mem.h"
#include "base/source.h"
#include "journal/chain.h"
#include "journal/mask.h"
#include "journal/reader.h"
#include "plan/program.h"
#include "run/engine.h"
#include "run/lookalike.h"
#include "run/replay.h"

#define DIGEST "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

enum { TEXT_MAX = 64 << 10, JOURNAL_MAX = 1 << 20, RECORDS_MAX = 400 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Cuts the time off a line. */
static int64_t take_time(struct str *line)
{
	int64_t us = 0;
	size_t i = 0;

	for (; i < line->n && i < 9 && line->p[i] >= '0' && line->p[i] <= '9'; i++)
		us = us * 10 + (line->p[i] - '0');
	i += i < line->n && line->p[i] == ' ';
	*line = str_slice(*line, i, line->n);
	return us;
}

/* Lines into records. */
static void make_journal(const char *p, size_t n, struct buf *out)
{
	char head[RECORD_HASH_HEX];
	int64_t number = 0, ep = 1, us = 0;
	const char *end = p + n;

	chain_genesis(STR("r1"), STR(DIGEST), head);
	while (p < end && number < RECORDS_MAX) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct str line = { p, (size_t)((nl ? nl : end) - p) };
		size_t start = out->len;

		p = nl ? nl + 1 : end;
		us = take_time(&line);
		ep += line.n && str_starts(line, STR("\"t\":\"epoch.open\""));
		number++;
		buf_printf(out, "{\"n\":%lld,\"b\":1,\"ep\":%lld,\"w\":\"2026-11-21T06:%02lld:%02lld.%06lldZ\",\"m\":%lld,", (long long)number,
			   (long long)ep, (long long)(us / 60000000 % 60), (long long)(us / 1000000 % 60), (long long)(us % 1000000),
			   (long long)us);
		buf_adds(out, line);
		chain_hash(head, (struct str){ out->p + start, out->len - start }, head);
		buf_addz(out, ",\"h\":\"");
		buf_add(out, head, sizeof(head));
		buf_addz(out, "\"}\n");
	}
}

/* Also behind a divergence: a replay goes on for what looks like a secret. */
static void take(void *arg, const struct record *r)
{
	(void)replay_take(arg, r);
}

static void rest(void *arg, int64_t wall, int64_t mono, struct str body)
{
	(void)arg, (void)wall, (void)mono, (void)body;
}

static struct engine *make_engine(struct arena *a, struct diags *d, struct str text, struct str open_body, struct mask *m)
{
	static const struct value none[1];
	struct source *s = source_new(a, STR("f.yml"), text);
	struct run_setup *set = arena_alloc(a, sizeof(*set));
	struct str error = { 0 }, lock = { 0 };
	struct engine *e;

	set->program = program_load(a, s, NULL, d);
	if (!set->program || set->program->rb->input_count || set->program->rb->secret_count)
		return NULL;
	set->revision = ENGINE_REVISION;
	set->run_id = STR("r1");
	set->operator_name = STR("ann");
	set->inputs = set->secrets = none;
	set->dir = "/";
	set->seed = STR("seed");
	set->mask = m;
	(void)take_time(&open_body);
	set->open_body = open_body;
	e = engine_new(set);
	if (!engine_prepare(e, 0, &lock, &error)) {
		engine_free(e);
		e = NULL;
	}
	return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *nul = memchr(data, 0, size), *nl;
	struct str rest_of;
	struct arena a;
	struct lookalikes alike = { .arena = &a };
	struct replay_options o = { .dir = "/nonexistent", .alike = &alike, .secrets = 2 };
	struct journal_scan scan;
	struct diags d;
	struct buf journal;
	struct replay *r;

	if (!size || !nul || size > TEXT_MAX)
		return 0;
	arena_init(&a);
	diags_init(&d, &a);
	buf_init(&journal, JOURNAL_MAX);
	o.mask = mask_new();
	rest_of = (struct str){ nul + 1, size - (size_t)(nul - text) - 1 };
	nl = memchr(rest_of.p, '\n', rest_of.n);
	o.engine = make_engine(&a, &d, arena_str(&a, text, (size_t)(nul - text)),
			       str_slice(rest_of, 0, nl ? (size_t)(nl - rest_of.p) : rest_of.n), o.mask);
	if (o.engine) {
		make_journal(rest_of.p, rest_of.n, &journal);
		r = replay_new(&o);
		journal_scan_text(buf_str(&journal), &scan, take, r);
		replay_end(r, scan.sealed);
		if (replay_result(r)->verdict == REPLAY_IDENTICAL)
			replay_rest(r, rest, NULL);
		replay_free(r);
		engine_free(o.engine);
	}
	mask_free(o.mask);
	buf_release(&journal);
	diags_release(&d);
	arena_release(&a);
	return 0;
}
