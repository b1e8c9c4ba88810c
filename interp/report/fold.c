#include "report/fold.h"

#include <string.h>
#include "base/buf.h"
#include "base/jsonw.h"
#include "base/map.h"
#include "report/fold_state.h"

/* fold: journal records to the model: the tree of keys, and what each node met. */

enum { KEY_DEPTH_MAX = 128 };

struct str fold_keep(struct fold *f, struct str s)
{
	return s.n ? arena_str(f->a, s.p, s.n) : STR("");
}

struct str fold_text(struct fold *f, const struct record *r, const char *name)
{
	return fold_keep(f, record_text(r, f->a, name));
}

/* A list that doubles: room for one more of size, at index *n. */
void *fold_grow(struct fold *f, void *list, uint32_t n, uint32_t *cap, size_t size)
{
	void *bigger;

	if (n < *cap)
		return list;
	*cap = *cap ? *cap * 2 : 64;
	bigger = arena_array(f->a, *cap, size);
	if (n)
		memcpy(bigger, list, n * size);
	return bigger;
}

/* Where the last part of a key begins. */
static size_t last_part(struct str key)
{
	size_t at = key.n;

	while (at > 0 && !strchr("/[~!", key.p[at - 1]))
		at--;
	return at ? at - 1 : 0;
}

static enum report_kind kind_of(struct str label)
{
	switch (label.n ? label.p[0] : 0) {
	case '[': return NODE_ITERATION;
	case '~': return NODE_AGAIN;
	case '!': return str_eqz(label, "!undo") ? NODE_UNDO : NODE_ALWAYS;
	default: return NODE_STEP;
	}
}

static struct report_node *node_new(struct fold *f, struct report_node *parent, struct str key)
{
	struct report *m = f->r;
	struct report_node *n = arena_alloc(f->a, sizeof(*n));

	n->key = key;
	n->parent = parent;
	n->of = n->code = n->began_us = n->ended_us = n->undo_from_us = n->undo_to_us = -1;
	n->index = m->node_count;
	m->nodes = fold_grow(f, m->nodes, m->node_count, &f->node_cap, sizeof(struct report_node *));
	m->nodes[m->node_count++] = n;
	if (!parent)
		return n;
	if (parent->last)
		parent->last->next = n;
	else
		parent->first = n;
	parent->last = n;
	return n;
}

/* The node of a key, made with its parents if need be. NULL: too many. */
static struct report_node *node_of(struct fold *f, struct str key, int depth)
{
	struct report_node *n = map_get(&f->by_key, key), *parent = f->r->root;
	size_t cut;

	if (n)
		return n;
	if (f->r->node_count >= REPORT_STEPS_MAX) {
		f->r->left_out++;
		return NULL;
	}
	cut = last_part(key);
	if (cut && depth < KEY_DEPTH_MAX) {
		parent = node_of(f, str_slice(key, 0, cut), depth + 1);
		if (!parent)
			return NULL;
	} else {
		cut = 0;
	}
	n = node_new(f, parent, fold_keep(f, key));
	n->label = str_slice(n->key, cut + (cut && n->key.p[cut] == '/'), n->key.n);
	n->kind = cut ? kind_of(n->label) : NODE_PHASE;
	(void)map_add(&f->by_key, n->key, n);
	return n;
}

static struct report_node *step_of(struct fold *f, const struct record *r)
{
	struct report_node *n = node_of(f, r->k, 0);
	struct report *m = f->r;

	if (n && !n->step) {
		n->step = true;
		m->steps = fold_grow(f, m->steps, m->step_count, &f->step_cap, sizeof(struct report_node *));
		m->steps[m->step_count++] = n;
	}
	return n;
}

static void on_intent(struct fold *f, const struct record *r)
{
	struct report_node *n = step_of(f, r);

	if (!n)
		return;
	n->began = true;
	n->ended = false;
	n->started = fold_keep(f, r->w);
	if (n->began_us < 0)
		n->began_us = r->m;
	n->action = fold_text(f, r, "action");
	n->effect = fold_text(f, r, "effect");
	n->preview = fold_text(f, r, "preview");
	n->item = fold_keep(f, record_raw(r, "item"));
	n->unknown = record_bool(r, "unknown");
	if (!f->brief)
		n->what = fold_what(f, r);
	f->r->last_key = n->key;
}

static void put_names(struct fold *f, struct report_node *n, const struct record *r)
{
	if (record_raw(r, "id").n)
		n->id = fold_text(f, r, "id");
	if (record_raw(r, "name").n)
		n->name = fold_text(f, r, "name");
}

static struct report_attempt *attempt_of(struct fold *f, const struct record *r)
{
	struct report_attempt *a = arena_alloc(f->a, sizeof(*a));

	a->end = fold_text(f, r, "end");
	a->error = fold_text(f, r, "error");
	a->answer = fold_text(f, r, "answer");
	a->by = fold_text(f, r, "by");
	a->when = fold_text(f, r, "when");
	a->result = fold_text(f, r, "result");
	a->out = fold_keep(f, record_raw(r, "out"));
	a->err = fold_keep(f, record_raw(r, "err"));
	a->headers = fold_keep(f, record_raw(r, "headers"));
	a->number = record_int(r, "a", 0);
	a->code = record_int(r, "code", -1);
	a->signal = record_int(r, "signal", 0);
	a->took_us = record_int(r, "took_us", 0);
	a->at_us = r->m;
	return a;
}

static void append(struct report_attempt **first, struct report_attempt **last, struct report_attempt *a)
{
	if (*last)
		(*last)->next = a;
	else
		*first = a;
	*last = a;
}

static void on_attempt(struct fold *f, const struct record *r)
{
	struct report_node *n = step_of(f, r);

	if (!n)
		return;
	n->code = record_int(r, "code", -1);
	if (!f->brief)
		append(&n->tries, &n->last_try, attempt_of(f, r));
}

static void on_probe(struct fold *f, const struct record *r)
{
	struct report_node *n = step_of(f, r);

	if (!n)
		return;
	if (n->began_us < 0)
		n->began_us = r->m - record_int(r, "took_us", 0);
	if (!f->brief)
		append(&n->probes, &n->last_probe, attempt_of(f, r));
}

static void on_guard(struct fold *f, const struct record *r)
{
	struct report_node *n = f->brief ? NULL : step_of(f, r);
	struct report_guard *g;

	if (!n)
		return;
	g = arena_alloc(f->a, sizeof(*g));
	g->items = fold_keep(f, record_raw(r, "items"));
	g->result = fold_text(f, r, "result");
	g->at_us = r->m;
	if (n->last_guard)
		n->last_guard->next = g;
	else
		n->guards = g;
	n->last_guard = g;
}

static void on_outcome(struct fold *f, const struct record *r)
{
	struct report_node *n = step_of(f, r);

	if (!n)
		return;
	n->ended = true;
	n->ended_us = r->m;
	n->status = fold_text(f, r, "status");
	n->error = fold_text(f, r, "error");
	n->end = fold_text(f, r, "end");
	n->at = fold_text(f, r, "at");
	n->took_us = record_int(r, "took_us", 0);
	n->attempts = record_int(r, "attempts", n->began ? 1 : 0);
	n->of = record_int(r, "of", -1);
	n->dry = record_bool(r, "dry");
	n->captures = fold_keep(f, record_raw(r, "captures"));
	if (n->began_us < 0)
		n->began_us = r->m - n->took_us;
	if (str_eq(f->r->last_key, n->key))
		f->r->last_key = STR("");
}

static void on_comp(struct fold *f, const struct record *r, bool outcome)
{
	struct report_node *n = step_of(f, r);

	if (!n)
		return;
	if (!outcome) {
		n->undo_from_us = r->m;
		return;
	}
	n->undo = fold_text(f, r, "status");
	n->undo_why = fold_text(f, r, "why");
	n->undo_to_us = r->m;
	if (str_eqz(n->undo, "undone") || str_eqz(n->undo, "undo_failed"))
		n->status = n->undo;
}

static void on_phase(struct fold *f, const struct record *r, bool open)
{
	struct report_node *n = node_of(f, r->k, 0);

	if (!n)
		return;
	if (open) {
		n->began_us = r->m;
		return;
	}
	n->ended_us = r->m;
	n->took_us = r->m - n->began_us;
	n->status = fold_text(f, r, "status");
}

static void on_issue(struct fold *f, const struct record *r)
{
	struct report *m = f->r;

	if (m->issues_len >= REPORT_EVENTS_MAX) {
		m->left_out++;
		return;
	}
	m->issues = fold_grow(f, m->issues, m->issues_len, &f->issue_cap, sizeof(*m->issues));
	m->issues[m->issues_len++] = (struct report_issue){ fold_keep(f, r->k), fold_text(f, r, "severity"), fold_text(f, r, "text"), r->m };
}

static void on_event(struct fold *f, const struct record *r)
{
	struct report *m = f->r;

	if (m->event_count >= REPORT_EVENTS_MAX) {
		m->left_out++;
		return;
	}
	m->events = fold_grow(f, m->events, m->event_count, &f->event_cap, sizeof(*m->events));
	m->events[m->event_count++] = (struct report_event){ fold_keep(f, r->t), fold_keep(f, r->k), fold_keep(f, r->w),
							    fold_body(f, r, NULL, 0), r->n, r->m };
}

static void each(void *arg, const struct record *r)
{
	struct fold *f = arg;
	struct report *m = f->r;

	m->last_m = r->m;
	if (r->ep > m->epochs)
		m->epochs = r->ep;
	if (str_eqz(r->t, "epoch.open"))
		fold_epoch(f, r);
	memcpy(f->last_w, r->w.p, r->w.n < sizeof(f->last_w) ? r->w.n : sizeof(f->last_w));
	if (str_eqz(r->t, "run.open")) {
		fold_open(f, r);
	} else if (str_eqz(r->t, "step.intent")) {
		on_intent(f, r);
	} else if (str_eqz(r->t, "step.attempt")) {
		on_attempt(f, r);
	} else if (str_eqz(r->t, "step.outcome")) {
		on_outcome(f, r);
	} else if (str_eqz(r->t, "probe")) {
		on_probe(f, r);
	} else if (str_eqz(r->t, "guard")) {
		on_guard(f, r);
	} else if (str_eqz(r->t, "comp.intent") || str_eqz(r->t, "comp.outcome")) {
		on_comp(f, r, r->t.p[5] == 'o');
	} else if (str_eqz(r->t, "phase.open") || str_eqz(r->t, "phase.close")) {
		on_phase(f, r, r->t.p[6] == 'o');
	} else if (str_eqz(r->t, "comp.plan")) {
		fold_plan(f, r);
	} else if (str_eqz(r->t, "issue")) {
		on_issue(f, r);
	} else if (str_eqz(r->t, "held")) {
		fold_held(f, r);
	} else if (str_eqz(r->t, "doubt")) {
		fold_doubt(f, r);
	} else if (str_eqz(r->t, "seal")) {
		fold_seal(f, r);
	} else if (str_eqz(r->t, "sample") || str_eqz(r->t, "rule")) {
		if (!f->brief)
			(r->t.p[0] == 's' ? fold_sample : fold_rule)(f, r);
	} else if (!f->brief) {
		on_event(f, r);
	}
	if ((str_eqz(r->t, "step.intent") || str_eqz(r->t, "step.outcome")) && (record_raw(r, "id").n || record_raw(r, "name").n)) {
		struct report_node *n = map_get(&f->by_key, r->k);

		if (n)
			put_names(f, n, r);
	}
}

bool report_read(struct arena *a, const char *journal_path, bool brief, struct report *out)
{
	struct fold f = { .a = a, .r = out, .brief = brief };

	memset(out, 0, sizeof(*out));
	out->exit = out->rollback_us = -1;
	map_init(&f.by_key);
	arena_init(&f.tmp);
	out->root = node_new(&f, NULL, STR(""));
	journal_scan_file(journal_path, &out->scan, each, &f);
	map_release(&f.by_key);
	arena_release(&f.tmp);
	out->records = out->scan.records;
	out->ended = fold_keep(&f, str_of(f.last_w));
	if (!out->sealed)
		out->took_us = out->last_m;
	return out->scan.state != JOURNAL_UNREADABLE;
}

struct str report_status(const struct report *r)
{
	return r->sealed || r->held || r->in_doubt ? r->status : STR("unfinished");
}
