#include "report/summary.h"

#include <string.h>
#include "base/map.h"
#include "base/mem.h"
#include "value/json.h"

/* summary: folds journal records into what a reader wants to know of a run. */

struct fold {
	struct arena *a;
	struct summary *s;
	struct map by_key;
	uint32_t cap;
};

static struct str keep(struct fold *f, struct str s)
{
	return s.n ? arena_str(f->a, s.p, s.n) : s;
}

static struct str text(struct fold *f, const struct record *r, const char *name)
{
	return keep(f, record_text(r, f->a, name));
}

static void on_open(struct fold *f, const struct record *r)
{
	struct summary *s = f->s;

	s->run = text(f, r, "run");
	s->runbook = text(f, r, "runbook");
	s->runbook_version = text(f, r, "runbook_version");
	s->title = text(f, r, "title");
	s->path = text(f, r, "path");
	s->dir = text(f, r, "dir");
	s->program = text(f, r, "program");
	s->operator_name = text(f, r, "operator");
	s->user = text(f, r, "user");
	s->host = text(f, r, "host");
	s->lock = text(f, r, "lock");
	s->inputs = keep(f, record_raw(r, "inputs"));
	s->dry = record_bool(r, "dry");
	s->pid = record_int(r, "pid", 0);
	s->started = keep(f, r->w);
}

static struct summary_step *step_of(struct fold *f, const struct record *r)
{
	struct summary *s = f->s;
	struct summary_step *st;
	uintptr_t at = (uintptr_t)map_get(&f->by_key, r->k);

	if (at)
		return &s->steps[at - 1];
	if (s->step_count >= SUMMARY_STEPS_MAX)
		return NULL;
	if (s->step_count == f->cap) {
		uint32_t cap = f->cap ? f->cap * 2 : 64;

		st = arena_array(f->a, cap, sizeof(*st));
		if (s->step_count)
			memcpy(st, s->steps, s->step_count * sizeof(*st));
		s->steps = st;
		f->cap = cap;
	}
	st = &s->steps[s->step_count++];
	st->key = keep(f, r->k);
	st->code = -1;
	(void)map_add(&f->by_key, st->key, (void *)(uintptr_t)s->step_count);
	return st;
}

static void on_step(struct fold *f, const struct record *r)
{
	struct summary_step *st = step_of(f, r);

	if (!st)
		return;
	if (str_eqz(r->t, "step.intent")) {
		st->began = true;
		st->ended = false;
		st->started = keep(f, r->w);
		st->action = text(f, r, "action");
		st->effect = text(f, r, "effect");
		f->s->last_key = st->key;
	} else if (str_eqz(r->t, "step.attempt")) {
		st->code = record_int(r, "code", -1);
		return;
	} else {
		st->ended = true;
		st->status = text(f, r, "status");
		st->error = text(f, r, "error");
		st->at = text(f, r, "at");
		st->took_us = record_int(r, "took_us", 0);
		st->attempts = record_int(r, "attempts", st->began ? 1 : 0);
		st->captures = keep(f, record_raw(r, "captures"));
		if (str_eq(f->s->last_key, st->key))
			f->s->last_key = STR("");
	}
	if (record_raw(r, "id").n)
		st->id = text(f, r, "id");
	if (record_raw(r, "name").n)
		st->name = text(f, r, "name");
}

static struct str member_text(struct value map, const char *name)
{
	const struct value *v = map.kind == V_MAP ? value_get(map, str_of(name)) : NULL;

	return v && v->kind == V_STRING ? value_text(*v) : STR("");
}

static const struct str *texts_of(struct fold *f, const struct value *list, uint32_t *n)
{
	struct str *out;

	*n = 0;
	if (!list || list->kind != V_LIST)
		return NULL;
	out = arena_array(f->a, list->n, sizeof(*out));
	for (uint32_t i = 0; i < list->n; i++)
		if (list->list[i].kind == V_STRING)
			out[(*n)++] = value_text(list->list[i]);
	return out;
}

static bool member_json(struct fold *f, const struct record *r, const char *name, struct value *out)
{
	struct json_error je;
	struct str raw = record_raw(r, name);

	return raw.n && json_parse(f->a, raw, out, &je);
}

static void on_seal(struct fold *f, const struct record *r)
{
	struct summary *s = f->s;
	struct value v;

	s->sealed = true;
	s->held = false;
	s->status = text(f, r, "status");
	s->exit = record_int(r, "exit", 70);
	s->took_us = record_int(r, "took_us", 0);
	s->rollback_us = record_int(r, "rollback_us", 0);
	s->issue_count = (uint32_t)record_int(r, "issues", 0);
	s->would_run = record_int(r, "would_run", 0);
	s->skipped = record_int(r, "skipped", 0);
	s->unknown = record_int(r, "unknown", 0);
	s->stopped = text(f, r, "stopped");
	if (member_json(f, r, "cause", &v) && v.kind == V_MAP) {
		s->cause_key = member_text(v, "k");
		s->cause_text = member_text(v, "text");
		s->cause_at = member_text(v, "at");
	}
	if (member_json(f, r, "undone", &v))
		s->undone = texts_of(f, &v, &s->undone_count);
	if (member_json(f, r, "residue", &v) && v.kind == V_LIST) {
		struct summary_residue *list = arena_array(f->a, v.n, sizeof(*list));

		for (uint32_t i = 0; i < v.n; i++) {
			list[i].key = member_text(v.list[i], "k");
			list[i].why = member_text(v.list[i], "why");
			list[i].commands = texts_of(f, value_get(v.list[i], STR("commands")), &list[i].command_count);
		}
		s->residue = list;
		s->residue_count = v.n;
	}
}

static void each(void *arg, const struct record *r)
{
	struct fold *f = arg;
	struct summary *s = f->s;

	s->last_m = r->m;
	if (str_eqz(r->t, "run.open")) {
		on_open(f, r);
	} else if (str_eqz(r->t, "step.intent") || str_eqz(r->t, "step.attempt") || str_eqz(r->t, "step.outcome")) {
		on_step(f, r);
	} else if (str_eqz(r->t, "held")) {
		s->held = true;
		s->status = STR("held");
		s->held_key = keep(f, r->k);
		s->held_why = text(f, r, "why");
	} else if (str_eqz(r->t, "comp.outcome")) {
		struct summary_step *st = step_of(f, r);

		if (st && str_eqz(record_text(r, f->a, "status"), "undone"))
			st->status = STR("undone");
		else if (st && str_eqz(record_text(r, f->a, "status"), "undo_failed"))
			st->status = STR("undo_failed");
	} else if (str_eqz(r->t, "seal")) {
		on_seal(f, r);
	}
}

bool summary_read(struct arena *a, const char *journal_path, struct summary *out)
{
	struct fold f = { a, out, { 0 }, 0 };

	memset(out, 0, sizeof(*out));
	out->exit = -1;
	map_init(&f.by_key);
	journal_scan_file(journal_path, &out->scan, each, &f);
	map_release(&f.by_key);
	out->records = out->scan.records;
	if (!out->sealed)
		out->took_us = out->last_m;
	return out->scan.state != JOURNAL_UNREADABLE;
}
