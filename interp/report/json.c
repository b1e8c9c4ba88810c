#include "report/formats.h"

#include "base/jsonw.h"
#include "value/json.h"

/*
 * json: the report for programs (schemas/report.schema.json). Typed values stand as
 * in the journal; outputs as in its records: text or the name of a blob.
 */

static void put_str(struct jsonw *w, const char *name, struct str s)
{
	if (s.n)
		jsonw_kstr(w, name, s);
}

static void put_raw(struct jsonw *w, const char *name, struct str json)
{
	if (!json.n)
		return;
	jsonw_key(w, name);
	jsonw_raw(w, json);
}

static void put_us(struct jsonw *w, const char *name, int64_t us)
{
	if (us >= 0)
		jsonw_kint(w, name, us);
}

static void put_list(struct jsonw *w, const char *name, const struct str *list, uint32_t n)
{
	jsonw_key(w, name);
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < n; i++)
		jsonw_str(w, list[i]);
	jsonw_close(w, ']');
}

static void put_run(struct scribe *s, struct jsonw *w)
{
	const struct report *r = s->r;

	jsonw_key(w, "run");
	jsonw_open(w, '{');
	jsonw_kstr(w, "id", r->run);
	jsonw_kstr(w, "status", report_status(r));
	if (r->exit >= 0)
		jsonw_kint(w, "exit", r->exit);
	jsonw_kbool(w, "dry", r->dry);
	jsonw_kstr(w, "runbook", r->runbook);
	put_str(w, "runbook_version", r->runbook_version);
	put_str(w, "title", r->title);
	jsonw_kstr(w, "path", r->path);
	put_str(w, "program", r->program);
	put_str(w, "version", r->version);
	jsonw_kstr(w, "operator", r->operator_name);
	jsonw_kbool(w, "claimed", r->claimed);
	put_str(w, "user", r->user);
	put_str(w, "host", r->host);
	put_str(w, "lock", r->lock);
	jsonw_kstr(w, "started", r->started);
	jsonw_kstr(w, "ended", r->ended);
	jsonw_kint(w, "took_us", r->took_us);
	put_us(w, "rollback_us", r->rollback_us);
	jsonw_kint(w, "runners", r->epochs);
	put_raw(w, "inputs", r->inputs);
	put_raw(w, "secrets", r->secrets);
	put_raw(w, "files", r->files);
	put_raw(w, "source", r->source);
	put_str(w, "rollback_of", r->rollback_of);
	put_str(w, "rollback_why", r->rollback_why);
	put_raw(w, "more", r->more);
	jsonw_close(w, '}');
}

static void put_figures(struct scribe *s, struct jsonw *w)
{
	struct words_figures f = words_figures(&s->a, s->r);
	struct buf b;

	buf_init(&b, 64 << 10);
	words_summary(&s->a, s->r, &b);
	jsonw_kstr(w, "summary", buf_str(&b));
	buf_release(&b);
	jsonw_key(w, "figures");
	jsonw_open(w, '{');
	jsonw_kint(w, "tests", f.tests);
	jsonw_kint(w, "tests_passed", f.tests_passed);
	jsonw_kint(w, "critical", f.critical);
	jsonw_kint(w, "done", f.done);
	jsonw_kint(w, "failed", f.failed);
	jsonw_kint(w, "skipped", f.skipped);
	jsonw_kint(w, "undone", f.undone);
	jsonw_kstr(w, "performance", f.performance);
	jsonw_kstr(w, "api", f.api);
	jsonw_kstr(w, "database", f.database);
	jsonw_kstr(w, "cache", f.cache);
	jsonw_kstr(w, "errors", f.errors);
	jsonw_kstr(w, "p95", f.p95);
	jsonw_kstr(w, "overall", str_of(f.overall));
	jsonw_close(w, '}');
}

static void put_tries(struct jsonw *w, const char *name, const struct report_attempt *t)
{
	if (!t)
		return;
	jsonw_key(w, name);
	jsonw_open(w, '[');
	for (; t; t = t->next) {
		jsonw_open(w, '{');
		if (t->when.n) {
			jsonw_kstr(w, "when", t->when);
			jsonw_kstr(w, "result", t->result);
		} else {
			jsonw_kint(w, "a", t->number);
		}
		jsonw_kstr(w, "end", t->end);
		if (t->code >= 0)
			jsonw_kint(w, "code", t->code);
		if (t->signal)
			jsonw_kint(w, "signal", t->signal);
		put_str(w, "error", t->error);
		put_str(w, "answer", t->answer);
		put_str(w, "by", t->by);
		jsonw_kint(w, "took_us", t->took_us);
		jsonw_kint(w, "ended_us", t->at_us);
		put_raw(w, "headers", t->headers);
		put_raw(w, "out", t->out);
		put_raw(w, "err", t->err);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
}

static void put_guards(struct jsonw *w, const struct report_guard *g)
{
	if (!g)
		return;
	jsonw_key(w, "guards");
	jsonw_open(w, '[');
	for (; g; g = g->next) {
		jsonw_open(w, '{');
		jsonw_kstr(w, "result", g->result);
		put_raw(w, "items", g->items);
		jsonw_kint(w, "at_us", g->at_us);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
}

static const char *kind_name(const struct report_node *n)
{
	static const char *const names[] = { "run", "phase", "step", "iteration", "attempt", "undo", "always" };

	return n->kind == NODE_STEP && n->of >= 0 ? "foreach" : names[n->kind];
}

/* A node without its children; its object stays open. */
static void open_node(struct jsonw *w, const struct report_node *n)
{
	jsonw_open(w, '{');
	jsonw_kstr(w, "k", n->key);
	jsonw_kstr(w, "kind", str_of(kind_name(n)));
	put_str(w, "id", n->id);
	put_str(w, "name", n->name);
	put_str(w, "action", n->action);
	put_str(w, "effect", n->effect);
	put_str(w, "status", scribe_status(n));
	put_str(w, "what", n->what);
	put_str(w, "preview", n->preview);
	put_raw(w, "item", n->item);
	put_us(w, "began_us", n->began_us);
	put_us(w, "ended_us", n->ended_us);
	if (n->ended_us >= 0)
		jsonw_kint(w, "took_us", n->took_us);
	if (n->attempts > 1)
		jsonw_kint(w, "attempts_made", n->attempts);
	put_us(w, "of", n->of);
	if (n->dry)
		jsonw_kbool(w, "dry", true);
	put_str(w, "error", n->error);
	put_str(w, "end", n->end);
	put_str(w, "at", n->at);
	put_raw(w, "captures", n->captures);
	put_guards(w, n->guards);
	put_tries(w, "probes", n->probes);
	put_tries(w, "attempts", n->tries);
	if (n->undo.n || n->undo_from_us >= 0) {
		jsonw_key(w, "undo");
		jsonw_open(w, '{');
		put_str(w, "status", n->undo);
		put_str(w, "why", n->undo_why);
		put_us(w, "began_us", n->undo_from_us);
		put_us(w, "ended_us", n->undo_to_us);
		jsonw_close(w, '}');
	}
}

/* Ends the node n (at depth from) and those around it, down to depth to. */
static void close_nodes(struct jsonw *w, const struct report_node *n, int from, int to)
{
	for (; from >= to; from--, n = n->parent) {
		if (n->first)
			jsonw_close(w, ']');
		jsonw_close(w, '}');
	}
}

/* The tree, nested as it is, without recursion. */
static void put_tree(struct scribe *s, struct jsonw *w)
{
	const struct report_node *top = s->r->root, *before = NULL;
	int depth = 0, was = 0;

	jsonw_key(w, "phases");
	jsonw_open(w, '[');
	for (const struct report_node *n = report_walk(top, top, &depth); n; n = report_walk(n, top, &depth)) {
		if (before)
			close_nodes(w, before, was, depth);
		open_node(w, n);
		if (n->first) {
			jsonw_key(w, "steps");
			jsonw_open(w, '[');
		}
		before = n;
		was = depth;
	}
	if (before)
		close_nodes(w, before, was, 1);
	jsonw_close(w, ']');
}

static void put_end(struct scribe *s, struct jsonw *w)
{
	const struct report *r = s->r;

	jsonw_key(w, "cause");
	if (!r->cause_text.n && !r->cause_key.n) {
		jsonw_null(w);
	} else {
		jsonw_open(w, '{');
		put_str(w, "k", r->cause_key);
		jsonw_kstr(w, "text", r->cause_text);
		put_str(w, "at", r->cause_at);
		jsonw_close(w, '}');
	}
	put_str(w, "stopped", r->stopped);
	if (r->held) {
		jsonw_key(w, "held");
		jsonw_open(w, '{');
		jsonw_kstr(w, "k", r->held_key);
		jsonw_kstr(w, "why", r->held_why);
		jsonw_close(w, '}');
	}
	put_list(w, "continued", r->continued, r->continued_count);
	jsonw_key(w, "rollback");
	jsonw_open(w, '{');
	put_str(w, "cause", r->rollback_cause);
	put_list(w, "planned", r->planned, r->planned_count);
	put_list(w, "undone", r->undone, r->undone_count);
	if (r->dry)
		put_list(w, "armed", r->armed, r->armed_count);
	jsonw_key(w, "residue");
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < r->residue_count; i++) {
		jsonw_open(w, '{');
		jsonw_kstr(w, "k", r->residue[i].key);
		jsonw_kstr(w, "why", r->residue[i].why);
		put_str(w, "dir", r->residue[i].dir);
		put_list(w, "commands", r->residue[i].commands, r->residue[i].command_count);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
	jsonw_close(w, '}');
}

static void put_typed(struct jsonw *w, const char *name, struct value v)
{
	struct buf b;

	buf_init(&b, 4096);
	json_print_typed(v, &b);
	put_raw(w, name, buf_str(&b));
	buf_release(&b);
}

/* The number of a typed value as it stands in records: 5 of {"size":5}. */
static void put_number(struct jsonw *w, struct value v)
{
	struct buf b;
	struct str s;

	buf_init(&b, 4096);
	json_print_typed(v, &b);
	s = buf_str(&b);
	if (s.n && s.p[0] == '{')
		s = str_slice(s, (size_t)str_find(s, STR(":")) + 1, s.n - 1);
	jsonw_raw(w, s);
	buf_release(&b);
}

static void put_figure(struct jsonw *w, const struct report_figure *x)
{
	jsonw_open(w, '{');
	jsonw_kstr(w, "name", x->name);
	jsonw_kint(w, "samples", x->count);
	put_typed(w, "least", x->least);
	put_typed(w, "most", x->most);
	put_typed(w, "last", x->last);
	jsonw_kint(w, "every", x->stride);
	jsonw_key(w, "points");
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < x->point_count; i++) {
		jsonw_open(w, '[');
		jsonw_int(w, x->points[i].at_us);
		put_number(w, x->points[i].x);
		jsonw_close(w, ']');
	}
	jsonw_close(w, ']');
	jsonw_close(w, '}');
}

static void put_monitor(struct jsonw *w, const struct report_monitor *m)
{
	jsonw_open(w, '{');
	jsonw_kstr(w, "k", m->key);
	jsonw_kint(w, "samples", m->samples);
	jsonw_kint(w, "failed", m->failed);
	put_str(w, "error", m->error);
	jsonw_kint(w, "first_us", m->first_us);
	jsonw_kint(w, "last_us", m->last_us);
	jsonw_key(w, "figures");
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < m->figure_count; i++)
		put_figure(w, &m->figures[i]);
	jsonw_close(w, ']');
	jsonw_key(w, "fired");
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < m->fired_count; i++) {
		jsonw_open(w, '{');
		jsonw_kint(w, "rule", m->fired[i].rule);
		jsonw_kstr(w, "when", m->fired[i].when);
		jsonw_kstr(w, "then", m->fired[i].then);
		jsonw_kstr(w, "text", m->fired[i].text);
		jsonw_kint(w, "at_us", m->fired[i].at_us);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
	jsonw_close(w, '}');
}

static void put_monitors(struct scribe *s, struct jsonw *w)
{
	const struct report *r = s->r;

	if (!r->monitor_count)
		return;
	jsonw_key(w, "monitors");
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < r->monitor_count; i++)
		put_monitor(w, &r->monitors[i]);
	jsonw_close(w, ']');
}

static void put_events(struct scribe *s, struct jsonw *w)
{
	const struct report *r = s->r;

	jsonw_key(w, "issues");
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < r->issues_len; i++) {
		jsonw_open(w, '{');
		put_str(w, "k", r->issues[i].k);
		jsonw_kstr(w, "severity", r->issues[i].severity);
		jsonw_kstr(w, "text", r->issues[i].text);
		jsonw_kint(w, "at_us", r->issues[i].at_us);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
	jsonw_key(w, "events");
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < r->event_count; i++) {
		jsonw_open(w, '{');
		jsonw_kint(w, "n", r->events[i].n);
		jsonw_kstr(w, "t", r->events[i].t);
		put_str(w, "k", r->events[i].k);
		jsonw_kint(w, "at_us", r->events[i].at_us);
		put_raw(w, "members", r->events[i].body);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
}

bool report_json(struct scribe *s)
{
	const struct report *r = s->r;
	struct jsonw w;

	jsonw_init(&w, s->out);
	jsonw_open(&w, '{');
	jsonw_kint(&w, "v", 1);
	put_run(s, &w);
	put_figures(s, &w);
	put_end(s, &w);
	put_tree(s, &w);
	put_monitors(s, &w);
	put_events(s, &w);
	jsonw_key(&w, "journal");
	jsonw_open(&w, '{');
	jsonw_kint(&w, "records", r->records);
	jsonw_kstr(&w, "head", str_of(r->scan.head));
	jsonw_kbool(&w, "sealed", r->sealed);
	if (r->scan.state != JOURNAL_SOUND)
		jsonw_kstr(&w, "damage", str_of(r->scan.why));
	jsonw_close(&w, '}');
	if (r->left_out)
		jsonw_kint(&w, "left_out", r->left_out);
	jsonw_close(&w, '}');
	buf_addc(s->out, '\n');
	return !s->out->full;
}
