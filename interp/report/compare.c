#include "report/compare.h"

#include <string.h>
#include "base/map.h"
#include "report/words.h"
#include "value/value.h"

/* compare: differences of two runs, part by part. */

struct comparing { struct arena *arena; struct comparison *c; uint32_t cap; };

static const struct str none = { NULL, 0 };

static struct difference *add(struct comparing *g, enum compare_part part, struct str k, struct str what, struct str a, struct str b)
{
	struct comparison *c = g->c;

	if (c->count == g->cap) {
		struct difference *bigger;

		g->cap = g->cap ? g->cap * 2 : 64;
		bigger = arena_array(g->arena, g->cap, sizeof(*bigger));
		if (c->count)
			memcpy(bigger, c->list, c->count * sizeof(*bigger));
		c->list = bigger;
	}
	c->of[part]++;
	c->list[c->count] = (struct difference){ part, k, what, a, b, 0, 0 };
	return &c->list[c->count++];
}

static void text(struct comparing *g, enum compare_part part, struct str k, const char *what, struct str a, struct str b)
{
	if (!str_eq(a, b))
		(void)add(g, part, k, str_of(what), a.n ? a : none, b.n ? b : none);
}

/* Two JSON objects, name by name. */
static void members(struct comparing *g, enum compare_part part, struct str k, const char *before, struct str a, struct str b)
{
	struct value va = value_null, vb = value_null;
	bool ha = words_map(g->arena, a, &va), hb = words_map(g->arena, b, &vb);

	if (str_eq(a, b))
		return;
	for (uint32_t i = 0; ha && i < va.n; i++) {
		const struct value *other = hb ? value_get(vb, va.map[i].key) : NULL;

		if (!other || !value_equal(va.map[i].value, *other))
			(void)add(g, part, k, arena_printf(g->arena, "%s" STR_FMT, before, STR_ARG(va.map[i].key)), words_show(g->arena, va.map[i].value),
				  other ? words_show(g->arena, *other) : none);
	}
	for (uint32_t i = 0; hb && i < vb.n; i++)
		if (!ha || !value_get(va, vb.map[i].key))
			(void)add(g, part, k, arena_printf(g->arena, "%s" STR_FMT, before, STR_ARG(vb.map[i].key)), none,
				  words_show(g->arena, vb.map[i].value));
}

/* An output as one line: its text, or its length and hash. */
static struct str output(struct comparing *g, const struct report_attempt *t, bool err)
{
	struct str json = !t ? none : err ? t->err : t->out;
	struct words_output o = words_output(g->arena, NULL, json, 4096);

	return !json.n || (!o.any && !o.note) ? none : o.note ? json : o.text;
}

static bool slower(int64_t a, int64_t b)
{
	int64_t less = a < b ? a : b, more = a < b ? b : a;

	return more - less >= COMPARE_LEAST_US && more - less > less / 4;
}

static void step(struct comparing *g, const struct report_node *a, const struct report_node *b)
{
	struct str k = a->key;

	text(g, COMPARE_PATH, k, "status", a->status, b->status);
	text(g, COMPARE_PATH, k, "undo", a->undo, b->undo);
	if (a->attempts != b->attempts)
		(void)add(g, COMPARE_PATH, k, STR("attempts"), arena_printf(g->arena, "%lld", (long long)a->attempts),
			  arena_printf(g->arena, "%lld", (long long)b->attempts));
	text(g, COMPARE_PATH, k, "guard", a->last_guard ? a->last_guard->result : none, b->last_guard ? b->last_guard->result : none);
	text(g, COMPARE_PATH, k, "command", a->what, b->what);
	text(g, COMPARE_OUTPUTS, k, "error", a->error, b->error);
	members(g, COMPARE_OUTPUTS, k, "capture ", a->captures, b->captures);
	text(g, COMPARE_OUTPUTS, k, "standard output", output(g, a->last_try, false), output(g, b->last_try, false));
	text(g, COMPARE_OUTPUTS, k, "standard error", output(g, a->last_try, true), output(g, b->last_try, true));
	if (a->ended && b->ended && slower(a->took_us, b->took_us)) {
		struct difference *d = add(g, COMPARE_TIMING, k, STR("took"), words_took(g->arena, a->took_us), words_took(g->arena, b->took_us));

		d->a_us = a->took_us;
		d->b_us = b->took_us;
	}
}

static void steps(struct comparing *g, const struct report *a, const struct report *b)
{
	struct map of_a, of_b;

	map_init(&of_a);
	map_init(&of_b);
	for (uint32_t i = 0; i < a->step_count; i++)
		(void)map_add(&of_a, a->steps[i]->key, a->steps[i]);
	for (uint32_t i = 0; i < b->step_count; i++)
		(void)map_add(&of_b, b->steps[i]->key, b->steps[i]);
	for (uint32_t i = 0; i < a->step_count; i++) {
		const struct report_node *other = map_get(&of_b, a->steps[i]->key);

		if (other)
			step(g, a->steps[i], other);
		else
			(void)add(g, COMPARE_PATH, a->steps[i]->key, STR("status"), a->steps[i]->status.n ? a->steps[i]->status : STR("began"), none);
	}
	for (uint32_t i = 0; i < b->step_count; i++)
		if (!map_get(&of_a, b->steps[i]->key))
			(void)add(g, COMPARE_PATH, b->steps[i]->key, STR("status"), none, b->steps[i]->status.n ? b->steps[i]->status : STR("began"));
	map_release(&of_a);
	map_release(&of_b);
}

static void whole(struct comparing *g, const struct report *a, const struct report *b)
{
	text(g, COMPARE_RUNBOOK, none, "name", a->runbook, b->runbook);
	text(g, COMPARE_RUNBOOK, none, "version", a->runbook_version, b->runbook_version);
	text(g, COMPARE_RUNBOOK, none, "sha256", a->program, b->program);
	text(g, COMPARE_RUNBOOK, none, "source", words_source(g->arena, a), words_source(g->arena, b));
	text(g, COMPARE_RUNBOOK, none, "files", a->files, b->files);
	text(g, COMPARE_RUNBOOK, none, "version of runbook", a->version, b->version);
	text(g, COMPARE_RUNBOOK, none, "dry-run", a->dry ? STR("yes") : STR("no"), b->dry ? STR("yes") : STR("no"));
	members(g, COMPARE_INPUTS, none, "", a->inputs, b->inputs);
	text(g, COMPARE_OUTCOME, none, "status", report_status(a), report_status(b));
	text(g, COMPARE_OUTCOME, none, "cause", a->cause_text, b->cause_text);
	text(g, COMPARE_OUTCOME, none, "failed step", a->cause_key, b->cause_key);
	if (slower(a->took_us, b->took_us)) {
		struct difference *d = add(g, COMPARE_TIMING, none, STR("run"), words_took(g->arena, a->took_us), words_took(g->arena, b->took_us));

		d->a_us = a->took_us;
		d->b_us = b->took_us;
	}
}

void compare_runs(struct arena *arena, const struct report *a, const struct report *b, struct comparison *out)
{
	struct comparing g = { arena, out, 0 };

	memset(out, 0, sizeof(*out));
	whole(&g, a, b);
	steps(&g, a, b);
	out->same = out->count == out->of[COMPARE_TIMING];
}
