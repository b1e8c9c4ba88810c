#ifndef RB_TEST_RANDOM_BOOK_H
#define RB_TEST_RANDOM_BOOK_H
/*
 * random_book: a random runbook from a seed, valid by construction: as text for
 * the engine (modules behind it, as world.h reads them), and as a table (struct
 * step_) for a judge that shall not trust the engine. Step n has the id sN.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "base/buf.h"

#define PEOPLE "roles: {lead: {who: [kim, lee, tester], notify: log}}\nchannels: {log: {run: [ok, told]}}\n"
enum { STEPS = 40, UNDOS = 3, DEPTH = 4 };
enum kind { K_RUN, K_BLOCK, K_GUARD, K_CONFIRM, K_WAIT };
struct step_ {
	uint8_t kind;
	int parent;                  /* -1: a phase */
	uint8_t phase;
	bool module;                 /* K_BLOCK: its steps stand in a module of their own */
	bool write, never, stop, irreversible, always, probe, idempotent, parallel, has_retry;
	int undo;                    /* -1: no rollback block, else its length */
	bool undo_retry0, pause;
	uint32_t each;               /* foreach: its items, 0: none */
	int retry;
};
struct book { struct step_ s[STEPS]; int n, in_module; struct buf text, modules; uint64_t rnd; };

static uint32_t dice(struct book *b, uint32_t n)
{
	b->rnd ^= b->rnd << 13;
	b->rnd ^= b->rnd >> 7;
	b->rnd ^= b->rnd << 17;
	return (uint32_t)((b->rnd >> 20) % n);
}

static bool chance(struct book *b, uint32_t percent)
{
	return dice(b, 100) < percent;
}

static const char *behaviour(struct book *b, uint32_t well)
{
	static const char *const bad[] = { "no", "flaky, 1", "flaky, 2", "sig", "lost", "nostart", "useless", "hang", "slow, 3", "slow, 7", "code, 3" };

	return chance(b, well) ? "ok" : bad[dice(b, sizeof(bad) / sizeof(*bad))];
}

static void put_undo(struct book *b, struct step_ *s)
{
	s->undo_retry0 = chance(b, 40);
	buf_addz(&b->text, ", rollback: [");
	for (int i = 0; i < s->undo; i++) {
		buf_printf(&b->text, "%s{run: [%s], timeout: 20s%s}", i ? ", " : "", behaviour(b, 85), s->undo_retry0 ? ", retry: 0" : "");
	}
	buf_addz(&b->text, "]");
}

static void put_conditions(struct book *b, struct step_ *s)
{
	bool holds = s->kind == K_GUARD ? chance(b, 85) : chance(b, 60);
	static const char *const elses[] = { "fail", "skip", "warn", "stop" };
	uint32_t e = dice(b, s->stop ? 4 : 3);

	if (s->kind != K_GUARD && chance(b, 10)) {
		bool yes = chance(b, 50);

		buf_printf(&b->text, ", if: %s", yes ? "2 > 1" : "1 > 2");
		s->never = s->never || !yes;
	}
	if (s->kind == K_GUARD || chance(b, 8)) {
		buf_printf(&b->text, ", guard: {that: %s, else: %s}", holds ? "1 == 1" : "1 == 2", elses[e]);
		s->never = s->never || (!holds && e != 2);
	}
}

static void put_on_fail(struct book *b, struct step_ *s)
{
	static const char *const how[] = { "fail", "undo", "pause", "continue" };
	bool can_continue = s->kind != K_GUARD && s->kind != K_CONFIRM;
	uint32_t i = dice(b, can_continue ? 4 : 3);

	if (!chance(b, 25))
		return;
	buf_printf(&b->text, ", on_fail: %s", how[i]);
	s->pause = i == 2;
}

/* Is there a block around with a rollback of its own? Nothing in it may be irreversible. */
static bool in_undone_block(const struct book *b, const struct step_ *s)
{
	for (int ix = s->parent; ix >= 0; ix = b->s[ix].parent)
		if (b->s[ix].undo >= 0)
			return true;
	return false;
}

static void put_modifiers(struct book *b, struct step_ *s)
{
	static const char *const probes[] = { "state", "state", "state", "no", "ok", "code, 2", "sig" };

	put_conditions(b, s);
	if (s->kind != K_GUARD && chance(b, 12)) {
		s->each = 1 + dice(b, 3);
		buf_printf(&b->text, ", foreach: range(%u)", s->each);
	}
	if ((s->each || (s->kind == K_BLOCK && !s->module)) && chance(b, 40)) {
		s->parallel = true;
		buf_printf(&b->text, ", parallel: %u", 2 + dice(b, 2));
	}
	if ((s->kind == K_RUN || s->kind == K_BLOCK) && chance(b, 20)) {
		s->retry = 1 + (int)dice(b, 2);
		buf_printf(&b->text, ", retry: {max: %d, delay: %us}", s->retry, dice(b, 4));
	}
	put_on_fail(b, s);
	if (chance(b, 8))
		buf_printf(&b->text, ", escalate: [{after: %us, notify: log}]", 1 + dice(b, 9));
	if (s->write && chance(b, 25)) {
		s->probe = true;
		buf_printf(&b->text, ", probe: {run: [%s]}", probes[dice(b, 7)]);
	}
	if (s->kind == K_RUN && s->write && chance(b, 15)) {
		s->idempotent = true;
		buf_addz(&b->text, ", idempotent: true");
	}
	s->undo = -1;
	if ((s->kind == K_RUN && s->write && chance(b, 85)) || (s->kind == K_BLOCK && chance(b, 25)))
		s->undo = chance(b, 15) ? 0 : 1 + (int)dice(b, UNDOS);
	if (s->undo < 0 && (s->write || s->kind == K_BLOCK) && !in_undone_block(b, s) && chance(b, s->write ? 40 : 4)) {
		s->irreversible = true;
		buf_addz(&b->text, ", irreversible: it is gone");
	}
	if (s->undo >= 0)
		put_undo(b, s);
	if (s->kind != K_GUARD && chance(b, 12)) {
		s->always = true;
		buf_printf(&b->text, ", always: [{run: [%s], timeout: 20s%s}]", behaviour(b, 80), s->stop ? ", effect: read" : "");
	}
}

static void put_list(struct book *b, int parent, uint8_t phase, int depth, uint32_t most);

/* Someone is asked something. */
static void put_question(struct book *b)
{
	static const char *const what[] = { "confirm: sure", "approve: {from: lead}", "approve: {from: lead, min: 2}", "ask: {n: int}",
					    "ask: {n: int, m: {type: int, min: 4, default: 5}}", "checklist: [one, two, three]" };

	buf_printf(&b->text, ", %s", what[dice(b, b->in_module ? 1 : 6)]); /* presets of an `ask` name steps of the runbook */
}

/* The steps of block ix in a file of their own, behind the runbook. */
static void put_module(struct book *b, int ix, uint8_t phase, int depth)
{
	struct buf outside = b->text;

	buf_init(&b->text, 1 << 20);
	b->in_module++;
	put_list(b, ix, phase, depth, 4);
	b->in_module--;
	buf_printf(&b->modules, "\n=== m%d.yml\nrunbook: 1\n" PEOPLE "steps: ", ix);
	buf_adds(&b->modules, buf_str(&b->text));
	buf_addc(&b->modules, '\n');
	buf_release(&b->text);
	b->text = outside;
}

static void put_step(struct book *b, int parent, uint8_t phase, int depth)
{
	int ix = b->n++;
	struct step_ *s = &b->s[ix];
	uint32_t k = dice(b, 100);
	bool early = phase == 0, hangs;
	const char *what = behaviour(b, 80);

	*s = (struct step_){ .parent = parent, .phase = phase };
	s->kind = (uint8_t)(k < 25 && depth < DEPTH && b->n < STEPS - 8 && !early ? K_BLOCK
			    : k < 30 ? K_GUARD : k < 34 ? K_CONFIRM : k < 38 ? K_WAIT : K_RUN);
	s->write = s->kind == K_RUN && !early && phase == 2 && chance(b, 85);
	s->stop = early;
	s->module = s->kind == K_BLOCK && chance(b, 40);
	buf_printf(&b->text, "{id: s%d", ix);
	put_modifiers(b, s);
	hangs = !strcmp(what, "hang");
	switch (s->kind) {
	case K_RUN:
		buf_printf(&b->text, ", run: [%s]%s%s", what, s->write ? "" : ", effect: read", hangs || chance(b, 30) ? ", timeout: 5s" : "");
		break;
	case K_BLOCK:
		if (chance(b, 25))
			buf_printf(&b->text, ", timeout: %us", 1 + dice(b, 12));
		if (s->module) {
			buf_printf(&b->text, ", uses: ./m%d.yml", ix);
			put_module(b, ix, phase, depth + 1);
			break;
		}
		buf_addz(&b->text, ", steps: ");
		put_list(b, ix, phase, depth + 1, 4);
		break;
	case K_CONFIRM:
		put_question(b);
		buf_addz(&b->text, chance(b, 30) ? ", timeout: 5s, retry: 1" : "");
		break;
	case K_WAIT:
		buf_printf(&b->text, ", wait: %us", dice(b, 9));
		break;
	}
	buf_addz(&b->text, "}");
}

static void put_list(struct book *b, int parent, uint8_t phase, int depth, uint32_t most)
{
	uint32_t n = 1 + dice(b, most);

	buf_addz(&b->text, "[");
	for (uint32_t i = 0; i < n && b->n < STEPS; i++) {
		if (i)
			buf_addz(&b->text, ", ");
		put_step(b, parent, phase, depth);
	}
	buf_addz(&b->text, "]");
}

/* Does step ix stand in the runbook itself? */
static bool in_runbook(const struct book *b, int ix)
{
	for (int up = b->s[ix].parent; up >= 0; up = b->s[up].parent)
		if (b->s[up].module)
			return false;
	return true;
}

static void put_rule(struct book *b)
{
	static const char *const whens[] = { "n > 4", "n > 6", "n > 2", "failed", "failed and (code ?? 0) == 1", "n == n" };
	static const char *const thens[] = { "notify", "notify", "pause", "rollback" };

	buf_printf(&b->text, "{when: %s", whens[dice(b, 6)]);
	if (chance(b, 40))
		buf_printf(&b->text, " for %u samples", 1 + dice(b, 4));
	else if (chance(b, 70))
		buf_printf(&b->text, " for %us", 1 + dice(b, 8));
	buf_printf(&b->text, ", then: %s%s%s}", thens[dice(b, 4)], chance(b, 40) ? ", to: log" : "",
		   chance(b, 30) ? ", say: 'seen ${{ run.id }} ${{ failed }}'" : "");
}

/* Reads beside the run, with rules of all kinds. */
static void put_monitors(struct book *b)
{
	static const char *const words[] = { "1", "3", "5", "7", "9", "9", "x", "no", "lost", "hang", "sig" };
	uint32_t n = 1 + dice(b, 3);

	buf_addz(&b->text, "monitors: [");
	for (uint32_t i = 0; i < n; i++) {
		uint32_t rules = dice(b, 4), calls = 1 + dice(b, 8);
		int step = (int)dice(b, (uint32_t)b->n);

		buf_printf(&b->text, "%s{id: w%u, every: %us, during: [%s", i ? ", " : "", i, 1 + dice(b, 3), chance(b, 60) ? "act" : "");
		if (b->text.p[b->text.len - 1] == '[' && in_runbook(b, step))
			buf_printf(&b->text, "s%d", step);
		else if (b->text.p[b->text.len - 1] == '[')
			buf_addz(&b->text, "act");
		buf_addz(&b->text, "], run: [figures");
		for (uint32_t k = 0; k < calls; k++)
			buf_printf(&b->text, ", '%s'", words[dice(b, 11)]);
		buf_printf(&b->text, "], capture: {n: int(out)}%s, rules: [", chance(b, 30) ? ", timeout: 2s" : "");
		for (uint32_t k = 0; k < rules; k++) {
			buf_addz(&b->text, k ? ", " : "");
			put_rule(b);
		}
		buf_addz(&b->text, "]}");
	}
	buf_addz(&b->text, "]\n");
}

static void write_book(struct book *b, uint64_t seed, bool monitors)
{
	memset(b, 0, sizeof(*b));
	buf_init(&b->text, 1 << 20);
	buf_init(&b->modules, 1 << 20);
	b->rnd = (seed + 1) * 0x9e3779b97f4a7c15ULL;
	for (int i = 0; i < 8; i++)
		dice(b, 2);
	buf_addz(&b->text, "runbook: 1\nname: t\n" PEOPLE);
	if (chance(b, 10))
		buf_printf(&b->text, chance(b, 50) ? "window: {from: '13:00', to: '13:46', else: %s}\n" :
			   "window: [{from: '13:00', to: '13:46', else: %s}, {days: [sun], tz: Asia/Seoul}]\n", chance(b, 50) ? "confirm" : "warn");
	if (chance(b, 10))
		buf_printf(&b->text, "escalate: [{after: %us, notify: lead}, {after: %us, notify: log}]\n", 1 + dice(b, 9), 1 + dice(b, 30));
	if (chance(b, 8))
		buf_printf(&b->text, "timeout: %us\n", 2 + dice(b, 20));
	if (chance(b, 30)) {
		buf_addz(&b->text, "preflight: ");
		put_list(b, -1, 0, 0, 2);
		buf_addz(&b->text, "\n");
	}
	buf_addz(&b->text, "act: ");
	put_list(b, -1, 2, 0, 7);
	if (chance(b, 40)) {
		buf_addz(&b->text, "\ntest: ");
		put_list(b, -1, 3, 0, 2);
	}
	buf_printf(&b->text, "\nrollback: [{run: [%s], timeout: 20s, retry: 0}]", behaviour(b, 90));
	buf_printf(&b->text, "\nalways: [{run: [%s], timeout: 20s}]", behaviour(b, 80));
	buf_printf(&b->text, "\nreport: [{run: [%s], effect: read, timeout: 20s}]\n", behaviour(b, 80));
	if (monitors && chance(b, 60))
		put_monitors(b);
	buf_adds(&b->text, buf_str(&b->modules));
	buf_release(&b->modules);
}

#endif
