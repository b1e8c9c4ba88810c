/*
 * fuzz_journal: hostile journals. The first byte chooses: a whole text for the
 * reader, the same with its hashes made right, a file, one record, masking (secret, then text
 * in pieces), a lock file's object. Besides crashes it looks for broken promises:
 * what is good is a prefix, what is masked has no secret in it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "journal/chain.h"
#include "journal/mask.h"
#include "journal/reader.h"
#include "journal/record.h"
#include "journal/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

struct each { int64_t n; uint64_t bytes; };

static void see(void *arg, const struct record *r)
{
	struct each *e = arg;

	must(r->n == ++e->n);
	e->bytes += r->line.n + 1;
}

static void whole(struct str text)
{
	struct journal_scan scan, prefix;
	struct each e = { 0 };

	journal_scan_text(text, &scan, see, &e);
	must(scan.bytes == text.n && scan.records == e.n && scan.good_bytes == e.bytes);
	must((scan.state == JOURNAL_SOUND) == (scan.bad_record == 0));
	must(scan.state != JOURNAL_SOUND || (scan.good_bytes == text.n && scan.records > 0));
	must(!scan.bad_record || (scan.bad_record == scan.records + 1 && scan.why[0]));
	must(scan.batch_at <= scan.good_bytes);
	if (!scan.records)
		return;
	journal_scan_text(str_slice(text, 0, scan.good_bytes), &prefix, NULL, NULL);
	must(prefix.state == JOURNAL_SOUND && prefix.records == scan.records);
}

/* With the hashes made right, so that what stands behind that check is reached. */
static void resigned(struct str text)
{
	enum { TAIL = 6 + RECORD_HASH_HEX + 2 };
	char *p = mem_dup(text.p, text.n), *line = p, *end = p + text.n, *nl, head[RECORD_HASH_HEX];

	chain_genesis(STR("r1"), STR("p"), head);
	for (; line < end && (nl = memchr(line, '\n', (size_t)(end - line))) != NULL; line = nl + 1) {
		if (nl - line < TAIL || memcmp(nl - TAIL, ",\"h\":\"", 6))
			continue;
		chain_hash(head, (struct str){ line, (size_t)(nl - TAIL - line) }, head);
		memcpy(nl - TAIL + 6, head, sizeof(head));
	}
	whole((struct str){ p, text.n });
	mem_free(p);
}

/* The text as a file, by the tail and by the reader of files: all agree. */
static void file(struct str text)
{
	char path[] = "/tmp/rb-fuzz-XXXXXX";
	int fd = mkstemp(path), err, got;
	struct journal_scan scan, again;
	struct journal_tail *t;
	struct record r;
	int64_t seen = 0;

	must(fd >= 0);
	must(write(fd, text.p, text.n) == (ssize_t)text.n);
	journal_scan_file(path, &scan, NULL, NULL);
	journal_scan_text(text, &again, NULL, NULL);
	must(!memcmp(&scan, &again, sizeof(scan)));
	t = journal_tail_open(path, &err);
	while ((got = journal_tail_next(t, &r)) > 0)
		seen++;
	must(seen == scan.records);
	journal_tail_free(t);
	close(fd);
	unlink(path);
}

static void one(struct str text)
{
	struct record r;
	struct arena a;
	const char *why = NULL;

	if (!record_parse(&r, text, &why)) {
		must(why && *why);
		return;
	}
	arena_init(&a);
	must(r.count && r.t.n && r.h.n == 64 && r.w.n == 27);
	for (uint32_t i = 0; i < r.count; i++) {
		char name[64];

		snprintf(name, sizeof(name), STR_FMT, STR_ARG(r.members[i].name));
		if (r.members[i].name.n < sizeof(name) && !memchr(r.members[i].name.p, 0, r.members[i].name.n))
			must(record_raw(&r, name).p == r.members[i].raw.p);
		must(utf8_valid(record_text(&r, &a, name)));
		(void)record_int(&r, name, 0);
		(void)record_bool(&r, name);
	}
	arena_release(&a);
}

static void masking(struct str text)
{
	struct mask *m = mask_new();
	struct mask_stream s;
	struct buf all, pieces, scratch, json;
	size_t secret = text.n ? (unsigned char)text.p[0] % 32 : 0, at;
	size_t piece = text.n > 1 ? (unsigned char)text.p[1] % 16 + 1 : 1;
	bool added;

	text = str_slice(text, 2, text.n);
	added = mask_add(m, str_slice(text, 0, secret));
	buf_init(&all, 1 << 24);
	buf_init(&pieces, 1 << 24);
	buf_init(&scratch, 1 << 24);
	buf_init(&json, 1 << 24);
	mask_apply(m, text, &all);
	mask_stream_init(&s, m);
	for (at = 0; at < text.n; at += piece)
		mask_stream_add(&s, str_slice(text, at, at + piece), &pieces);
	mask_stream_end(&s, &pieces);
	mask_stream_release(&s);
	must(all.len == pieces.len && (!all.len || !memcmp(all.p, pieces.p, all.len)));
	/* The stars may take part in a secret that has some itself. */
	if (added && !memchr(text.p, '*', secret < text.n ? secret : text.n))
		must(str_find(buf_str(&all), str_slice(text, 0, secret)) < 0);
	mask_json(m, text, &scratch, &json);
	buf_release(&all);
	buf_release(&pieces);
	buf_release(&scratch);
	buf_release(&json);
	mask_free(m);
}

static void object(struct str text)
{
	struct member m[16];
	uint32_t count;
	const char *why;
	struct buf b;

	buf_init(&b, 1 << 24);
	if (scan_members(text, m, 16, &count, &why))
		for (uint32_t i = 0; i < count; i++)
			if (m[i].raw.p[0] == '"') {
				buf_clear(&b);
				scan_unescape(m[i].raw, &b);
				must(utf8_valid(buf_str(&b)));
			}
	buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text;

	if (!size)
		return 0;
	text = (struct str){ (const char *)data + 1, size - 1 };
	switch (data[0]) {
	case 'f': file(text); break;
	case 's': resigned(text); break;
	case 'r': one(text); break;
	case 'm': masking(text); break;
	case 'o': object(text); break;
	default: whole(text); break;
	}
	return 0;
}
