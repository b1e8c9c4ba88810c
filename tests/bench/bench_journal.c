/*
 * bench_journal: what a record costs, each beside its floor in the same run:
 * CPU of journal_add beside the bare hash of the same bytes, append and sync
 * beside bare write(2) and fdatasync(2), parse, verify beside hashing the file.
 * Prints the best of some rounds, and the ratio. Goals: a record <= 1 us CPU;
 * verify >= 0.8x the speed of hashing.
 *
 *   bench_journal [folder]
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "journal/io.h"
#include "journal/journal.h"
#include "journal/mask.h"
#include "journal/reader.h"
#include "journal/sha.h"

enum { RECORDS = 20000, SYNCED = 200, ROUNDS = 7 };

#define PROGRAM "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OPEN "\"t\":\"run.open\",\"run\":\"bench\",\"program\":\"" PROGRAM "\""

/* Records as a step makes them: intent, attempt, outcome. */
static const char *const bodies[] = {
	"\"t\":\"step.intent\",\"k\":\"act/deploy[17]\",\"id\":\"deploy\",\"action\":\"run\",\"effect\":\"write\",\"argv\":[\"/usr/bin/true\",\"--now\"]",
	"\"t\":\"step.attempt\",\"k\":\"act/deploy[17]\",\"a\":1,\"end\":\"exit\",\"code\":0,\"took_us\":1234,\"out\":{\"n\":12,\"text\":\"hello world\\n\"}",
	"\"t\":\"step.outcome\",\"k\":\"act/deploy[17]\",\"status\":\"ok\",\"took_us\":1300",
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static ssize_t keep_write(void *ctx, int fd, const void *p, size_t n)
{
	(void)fd;
	if (ctx)
		buf_add(ctx, p, n);
	return (ssize_t)n;
}

static int no_sync(void *ctx, int fd)
{
	(void)ctx;
	(void)fd;
	return 0;
}

static struct journal *open_in(const char *dir, const struct journal_io *io, const struct mask *m)
{
	struct journal_options o = { .dir = dir, .run_id = STR("bench"), .program_digest = STR(PROGRAM), .mask = m };
	char path[4096];
	int err;
	struct journal *j;

	snprintf(path, sizeof(path), "%s/journal.jsonl", dir);
	unlink(path);
	j = journal_create_with(&o, io, &err);
	if (!j) {
		fprintf(stderr, "bench_journal: %s: %s\n", path, strerror(err));
		exit(1);
	}
	journal_add(j, 0, 0, STR(OPEN));
	return j;
}

static double add_records(struct journal *j, int count, int per_flush, bool sync)
{
	double start = now();

	for (int i = 0; i < count; i++) {
		journal_add(j, INT64_C(1795243828000000000) + INT64_C(1000000) * i, INT64_C(1000) * i, str_of(bodies[i % 3]));
		if (i % per_flush == per_flush - 1)
			journal_flush(j, sync);
	}
	journal_flush(j, sync);
	return (now() - start) / count;
}

static void record_cpu(const char *dir, const char *what, const struct mask *m, double hash)
{
	struct journal_io io = { keep_write, no_sync, no_sync, NULL };
	double best = 1;

	for (int r = 0; r < ROUNDS; r++) {
		struct journal *j = open_in(dir, &io, m);
		double t = add_records(j, RECORDS, 16, false);

		best = t < best ? t : best;
		journal_free(j);
	}
	printf("record, CPU, %-28s %8.3f us   hash alone %8.3f us   %.2fx\n", what, best * 1e6, hash * 1e6, best / hash);
}

/* The hash of a line as the chain has it, with libcrypto's calls as they are. */
static void hash_plainly(const char before[SHA_HEX], struct str text, char hex[SHA_HEX])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[SHA256_DIGEST_LENGTH];
	SHA256_CTX c;

	SHA256_Init(&c);
	SHA256_Update(&c, before, SHA_HEX);
	SHA256_Update(&c, text.p, text.n);
	SHA256_Final(raw, &c);
	for (int i = 0; i < SHA256_DIGEST_LENGTH; i++) {
		hex[2 * i] = digits[raw[i] >> 4];
		hex[2 * i + 1] = digits[raw[i] & 15];
	}
}

static double hash_lines(struct str text, int lines, void hash(const char before[SHA_HEX], struct str text, char hex[SHA_HEX]))
{
	char hex[SHA_HEX] = { 0 };
	double start = now();
	const char *p = text.p, *end = p + text.n;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		hash(hex, (struct str){ p, (size_t)(nl - p) - 72 }, hex);
		p = nl + 1;
	}
	return (now() - start) / lines;
}

static double hash_bulk(struct str text, int lines)
{
	char hex[SHA_HEX];
	struct sha s;
	double start = now();

	sha_init(&s);
	sha_add(&s, text.p, text.n);
	sha_hex(&s, hex);
	return (now() - start) / lines;
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

static void parse_lines(struct str text)
{
	const char *p = text.p, *end = p + text.n, *why;
	struct record rec;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		if (!record_parse(&rec, (struct str){ p, (size_t)(nl - p) }, &why))
			abort();
		p = nl + 1;
	}
}

/* In turns with what stands beside them: each line hashed with libcrypto's calls, with the chain's
 * own, and the whole text at once. */
static void reading(struct str text, int lines)
{
	double parse = 1e9, verify = 1e9, plain = 1e9, chain = 1e9, bulk = 1e9;
	struct journal_scan scan;

	for (int r = 0; r < 4 * ROUNDS; r++) {
		double start = now();

		parse_lines(text);
		parse = least(parse, (now() - start) / lines);
		plain = least(plain, hash_lines(text, lines, hash_plainly));
		start = now();
		journal_scan_text(text, &scan, NULL, NULL);
		verify = least(verify, (now() - start) / lines);
		chain = least(chain, hash_lines(text, lines, sha_behind));
		bulk = least(bulk, hash_bulk(text, lines));
		if (scan.state != JOURNAL_SOUND)
			abort();
	}
	printf("parse                                    %8.3f us   %.2f M records/s, %.0f MB/s\n", parse * 1e6,
	       1e-6 / parse, (double)text.n / (parse * lines) / 1e6);
	printf("verify                                   %8.3f us   hash of the lines %.3f us: %.2fx its speed\n", verify * 1e6,
	       plain * 1e6, plain / verify);
	printf("  beside the chain's own hash %.3f us: %.2fx; beside the hash of the file at once %.3f us: %.2fx\n", chain * 1e6,
	       chain / verify, bulk * 1e6, bulk / verify);
}

static double bare(const char *dir, size_t size, int count, bool sync)
{
	char path[4096], text[8192];
	double start;
	int fd;

	snprintf(path, sizeof(path), "%s/bare", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	size = size < sizeof(text) ? size : sizeof(text);
	memset(text, 'x', sizeof(text));
	start = now();
	for (int i = 0; i < count; i++)
		if (write(fd, text, size) < 0 || (sync && fdatasync(fd) < 0))
			abort();
	start = (now() - start) / count;
	close(fd);
	unlink(path);
	return start;
}

static void appending(const char *dir, size_t size, const char *what, int count, int per_flush, bool sync)
{
	double best = 1, floor = 1;

	for (int r = 0; r < ROUNDS; r++) {
		struct journal *j = open_in(dir, &journal_io_os, NULL);
		double t;

		journal_flush(j, sync);
		t = add_records(j, count, per_flush, sync);
		best = t < best ? t : best;
		journal_free(j);
		t = bare(dir, size * (size_t)per_flush, count / per_flush, sync) / per_flush;
		floor = t < floor ? t : floor;
	}
	printf("append, %-32s %8.3f us   bare write%s %8.3f us   %.2fx\n", what, best * 1e6, sync ? "+fdatasync" : "", floor * 1e6,
	       best / floor);
}

int main(int argc, char **argv)
{
	const char *base = argc > 1 ? argv[1] : getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
	char dir[2048], path[4096];
	struct buf text;
	struct journal_io io = { keep_write, no_sync, no_sync, &text };
	struct mask *m = mask_new();
	struct journal *j;
	double per_line = 1e9;

	snprintf(dir, sizeof(dir), "%s/bench-journal-XXXXXX", base);
	if (!mkdtemp(dir))
		return 1;
	buf_init(&text, 1 << 30);
	j = open_in(dir, &io, NULL);
	add_records(j, RECORDS, 16, false);
	journal_free(j);
	for (int r = 0; r < ROUNDS; r++)
		per_line = least(per_line, hash_lines(buf_str(&text), RECORDS + 1, hash_plainly));
	printf("%d records of %zu bytes\n", RECORDS, text.len / (RECORDS + 1));
	record_cpu(dir, "no secrets", NULL, per_line);
	for (int i = 0; i < 16; i++) {
		char secret[65];

		for (int k = 0; k < 64; k++)
			secret[k] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[(k * 7 + i * 13 + k * k) % 62];
		mask_add(m, (struct str){ secret, 64 });
	}
	record_cpu(dir, "16 secrets of 64 bytes", m, per_line);
	reading(buf_str(&text), RECORDS + 1);
	appending(dir, text.len / (RECORDS + 1), "a write each, no sync", RECORDS, 1, false);
	appending(dir, text.len / (RECORDS + 1), "a sync each", SYNCED, 1, true);
	appending(dir, text.len / (RECORDS + 1), "16 records a sync", SYNCED * 4, 16, true);
	snprintf(path, sizeof(path), "%s/journal.jsonl", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/ballast", dir);
	unlink(path);
	rmdir(dir);
	mask_free(m);
	buf_release(&text);
	return 0;
}
