#include "journal/chain.h"

#include <string.h>

#include "journal/sha.h"

void chain_genesis(struct str run, struct str program, char head[RECORD_HASH_HEX])
{
	static const char version[] = "runbook-journal/v1\n";
	struct sha s;

	sha_init(&s);
	sha_add(&s, version, sizeof(version) - 1);
	sha_add(&s, run.p, run.n);
	sha_add(&s, "\n", 1);
	sha_add(&s, program.p, program.n);
	sha_add(&s, "\n", 1);
	sha_hex(&s, head);
}

void chain_hash(const char before[RECORD_HASH_HEX], struct str bytes, char hex[RECORD_HASH_HEX])
{
	sha_behind(before, bytes, hex);
}

/* The text of a plain string member without its quotes; empty if it is none. */
static struct str plain_member(const struct record *r, const char *name)
{
	struct str raw = record_raw(r, name);

	return raw.n >= 2 && raw.p[0] == '"' && !memchr(raw.p, '\\', raw.n) ? str_slice(raw, 1, raw.n - 1) : STR("");
}

const char *chain_add(struct chain *c, const struct record *r)
{
	char first[RECORD_HASH_HEX], hex[RECORD_HASH_HEX];
	const char *before = c->head;
	bool open = str_eq(r->t, STR("run.open"));

	if (c->sealed)
		return "it stands after the seal";
	if (r->n != c->n + 1)
		return "its number is not the next one";
	if (open != (c->n == 0))
		return open ? "run.open is not the first record" : "the first record is not run.open";
	if (r->b != r->n && r->b != c->b)
		return "its batch number is wrong";
	if (r->ep != c->ep && r->ep != c->ep + 1)
		return "its epoch is wrong";
	if (open) {
		struct str run = plain_member(r, "run"), program = plain_member(r, "program");

		if (!run.n || !program.n)
			return "run.open names no `run` or no `program`";
		chain_genesis(run, program, first);
		before = first;
	}
	chain_hash(before, record_hashed(r), hex);
	if (memcmp(hex, r->h.p, sizeof(hex)))
		return "hash does not match";
	memcpy(c->head, r->h.p, sizeof(hex)); /* the same: but the next hash need not wait for this one */
	c->n = r->n;
	c->b = r->b;
	c->ep = r->ep;
	c->m = r->m;
	c->sealed = str_eq(r->t, STR("seal"));
	return NULL;
}
