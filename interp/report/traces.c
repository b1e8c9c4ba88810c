#include "report/traces.h"

#include "base/jsonw.h"
#include "base/mem.h"
#include "journal/output.h"
#include "report/formats.h"
#include "value/units.h"

/*
 * traces: spans from the folded run. What has no times of its own (an iteration, the
 * list of an undo) spans its children. The undos stand below one span `unwinding`,
 * each with a link to the span of what it undoes.
 */

enum { VALUE_MAX = 4096, NAME_MAX_BYTES = 256, BATCH_BYTES = 64 << 20, EVENTS_MAX = 100 };

struct made {
	const struct report *r;
	const struct trace_attribute *resource; uint32_t resource_count;
	bool (*each)(void *arg, struct str json);
	void *arg;
	struct buf out;
	struct jsonw w;
	uint32_t in_batch;
	int64_t count;
	bool failed;
	int64_t start, end_us;       /* ns since the epoch; us since the start */
	char trace[33], parent[17];  /* parent: of the run's span, or empty */
	struct times { int64_t from, to; } *times; /* of nodes, us; from -1: none */
};

/* --- ids ---------------------------------------------------------------------------- */

static bool hex_id(struct str s)
{
	bool some = false;

	for (size_t i = 0; i < s.n; i++) {
		if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
			return false;
		some = some || s.p[i] != '0';
	}
	return some;
}

bool traces_parent(struct str s, struct str *trace, struct str *span, bool *sampled)
{
	struct str version = str_slice(s, 0, 2), flags = str_slice(s, 53, 55);
	char last;

	if (s.n < 55 || s.p[2] != '-' || s.p[35] != '-' || s.p[52] != '-' || (!hex_id(version) && !str_eqz(version, "00")) ||
	    str_eqz(version, "ff") || (str_eqz(version, "00") ? s.n != 55 : s.n > 55 && s.p[55] != '-'))
		return false;
	*trace = str_slice(s, 3, 35);
	*span = str_slice(s, 36, 52);
	if (!hex_id(*trace) || !hex_id(*span) || (!hex_id(flags) && !str_eqz(flags, "00")))
		return false;
	last = flags.p[1];
	*sampled = ((last <= '9' ? last - '0' : last - 'a' + 10) & 1) != 0;
	return true;
}

static void span_id(const struct made *m, struct str key, const char *kind, int64_t number, char id[17])
{
	char digest[65];
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_printf(&b, "runbook-span/v1\n" STR_FMT "\n%s\n%lld\n", STR_ARG(m->r->run), kind, (long long)number);
	buf_adds(&b, key);
	digest_hex(buf_str(&b), digest);
	buf_release(&b);
	memcpy(id, digest, 16);
	id[16] = 0;
}

static void take_ids(struct made *m)
{
	struct str trace, span;
	char digest[65];
	bool sampled;
	struct buf b;

	if (traces_parent(m->r->traceparent, &trace, &span, &sampled)) {
		memcpy(m->trace, trace.p, 32);
		memcpy(m->parent, span.p, 16);
		return;
	}
	buf_init(&b, 4096);
	buf_printf(&b, "runbook-trace/v1\n" STR_FMT "\n", STR_ARG(m->r->run));
	digest_hex(buf_str(&b), digest);
	buf_release(&b);
	memcpy(m->trace, digest, 32);
}

/* --- batches --------------------------------------------------------------------------- */

static struct str cut(struct str s, size_t max)
{
	s = str_slice(s, 0, max);
	return str_slice(s, 0, utf8_bad_at(s)); /* not in the midst of a character */
}

static void put_text(struct jsonw *w, const char *name, struct str value)
{
	if (!value.n)
		return;
	jsonw_open(w, '{');
	jsonw_kstr(w, "key", str_of(name));
	jsonw_key(w, "value");
	jsonw_open(w, '{');
	jsonw_kstr(w, "stringValue", cut(value, VALUE_MAX));
	jsonw_close(w, '}');
	jsonw_close(w, '}');
}

/* 64 bits are text in OTLP's JSON. */
static void put_number(struct jsonw *w, const char *name, int64_t n)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)n);
	jsonw_open(w, '{');
	jsonw_kstr(w, "key", str_of(name));
	jsonw_key(w, "value");
	jsonw_open(w, '{');
	jsonw_kstr(w, "intValue", str_of(text));
	jsonw_close(w, '}');
	jsonw_close(w, '}');
}

static void put_flag(struct jsonw *w, const char *name, bool b)
{
	if (!b)
		return;
	jsonw_open(w, '{');
	jsonw_kstr(w, "key", str_of(name));
	jsonw_key(w, "value");
	jsonw_open(w, '{');
	jsonw_kbool(w, "boolValue", true);
	jsonw_close(w, '}');
	jsonw_close(w, '}');
}

/* What the operator has not said otherwise. */
static void put_default(struct made *m, const char *name, struct str value)
{
	for (uint32_t i = 0; i < m->resource_count; i++)
		if (str_eqz(m->resource[i].name, name))
			return;
	put_text(&m->w, name, value);
}

static void batch_open(struct made *m)
{
	struct jsonw *w = &m->w;

	buf_clear(&m->out);
	jsonw_init(w, &m->out);
	jsonw_open(w, '{');
	jsonw_key(w, "resourceSpans");
	jsonw_open(w, '[');
	jsonw_open(w, '{');
	jsonw_key(w, "resource");
	jsonw_open(w, '{');
	jsonw_key(w, "attributes");
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < m->resource_count; i++) {
		jsonw_open(w, '{');
		jsonw_kstr(w, "key", m->resource[i].name);
		jsonw_key(w, "value");
		jsonw_open(w, '{');
		jsonw_kstr(w, "stringValue", m->resource[i].value);
		jsonw_close(w, '}');
		jsonw_close(w, '}');
	}
	put_default(m, "service.name", STR("runbook"));
	put_default(m, "service.version", m->r->version);
	put_default(m, "host.name", m->r->host);
	jsonw_close(w, ']');
	jsonw_close(w, '}');
	jsonw_key(w, "scopeSpans");
	jsonw_open(w, '[');
	jsonw_open(w, '{');
	jsonw_key(w, "scope");
	jsonw_open(w, '{');
	jsonw_kstr(w, "name", STR("runbook"));
	jsonw_kstr(w, "version", m->r->version);
	jsonw_close(w, '}');
	jsonw_key(w, "spans");
	jsonw_open(w, '[');
	m->in_batch = 0;
}

static void batch_close(struct made *m)
{
	static const char closers[] = "]}]}]}";

	for (size_t i = 0; i + 1 < sizeof(closers); i++)
		jsonw_close(&m->w, closers[i]);
	if (m->out.full || !m->each(m->arg, buf_str(&m->out)))
		m->failed = true;
	m->in_batch = 0;
}

/* --- spans ------------------------------------------------------------------------------- */

static void put_time(struct made *m, const char *name, int64_t us)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)(m->start + us * 1000));
	jsonw_kstr(&m->w, name, str_of(text));
}

static void span_open(struct made *m, const char *id, const char *parent, struct str name, int64_t from, int64_t to)
{
	struct jsonw *w = &m->w;

	if (m->in_batch == TRACE_BATCH)
		batch_close(m);
	if (!m->in_batch)
		batch_open(m);
	m->in_batch++;
	m->count++;
	jsonw_open(w, '{');
	jsonw_kstr(w, "traceId", str_of(m->trace));
	jsonw_kstr(w, "spanId", str_of(id));
	if (parent[0])
		jsonw_kstr(w, "parentSpanId", str_of(parent));
	jsonw_kstr(w, "name", name.n ? cut(name, NAME_MAX_BYTES) : STR("(no name)"));
	jsonw_key(w, "kind");
	jsonw_int(w, 1); /* internal */
	put_time(m, "startTimeUnixNano", from);
	put_time(m, "endTimeUnixNano", to < from ? from : to);
	jsonw_key(w, "attributes");
	jsonw_open(w, '[');
}

/* bad: 1 an error, 0 well, -1 neither. */
static void span_close(struct made *m, int bad, struct str why)
{
	struct jsonw *w = &m->w;

	jsonw_key(w, "status");
	jsonw_open(w, '{');
	if (bad >= 0) {
		jsonw_key(w, "code");
		jsonw_int(w, bad ? 2 : 1);
	}
	if (bad > 0 && why.n)
		jsonw_kstr(w, "message", cut(why, VALUE_MAX));
	jsonw_close(w, '}');
	jsonw_close(w, '}');
}

static int bad_of(struct str status)
{
	static const char *const bad[] = { "failed", "timeout", "undo_failed", "cancelled", "rolled_back", "rollback_incomplete", "in_doubt" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (str_eqz(status, bad[i]))
			return 1;
	return str_eqz(status, "ok") || str_eqz(status, "unchanged") || str_eqz(status, "stopped") || str_eqz(status, "undone") ? 0 : -1;
}

static void attempt_span(struct made *m, const struct report_node *n, const struct report_attempt *a, const char *kind, int64_t number, const char *parent)
{
	char id[17], name[40];

	span_id(m, n->key, kind, number, id);
	if (a->when.n)
		(void)snprintf(name, sizeof(name), "probe %.*s", (int)(a->when.n < 24 ? a->when.n : 24), a->when.p);
	else
		(void)snprintf(name, sizeof(name), "attempt %lld", (long long)a->number);
	span_open(m, id, parent, str_of(name), a->at_us - a->took_us, a->at_us);
	put_text(&m->w, "runbook.step.key", n->key);
	put_text(&m->w, "runbook.end", a->end);
	put_text(&m->w, "runbook.probe.result", a->result);
	if (a->code >= 0)
		put_number(&m->w, str_eqz(n->action, "http") ? "http.response.status_code" : "process.exit.code", a->code);
	jsonw_close(&m->w, ']');
	span_close(m, a->error.n ? 1 : -1, a->error);
}

static void parent_id(const struct made *m, const struct report_node *n, char id[17])
{
	const struct report_node *p = n->parent;

	while (p && p->parent && m->times[p->index].from < 0)
		p = p->parent;
	if (p && p->kind == NODE_UNDO)
		span_id(m, p->parent->key, "undo", 0, id);
	else
		span_id(m, p ? p->key : STR(""), "node", 0, id);
}

/* What was undone, below the span of the unwinding. */
static void undo_span(struct made *m, const struct report_node *n, const char *unwinding)
{
	char id[17], of[17];
	struct buf name;
	int64_t to = n->undo_to_us < 0 ? m->end_us : n->undo_to_us;

	span_id(m, n->key, "undo", 0, id);
	span_id(m, n->key, "node", 0, of);
	buf_init(&name, 4096);
	buf_printf(&name, "undo " STR_FMT, STR_ARG(words_title(n)));
	span_open(m, id, unwinding, buf_str(&name), n->undo_from_us, to);
	buf_release(&name);
	put_text(&m->w, "runbook.step.key", n->key);
	put_text(&m->w, "runbook.undo", n->undo);
	jsonw_close(&m->w, ']');
	jsonw_key(&m->w, "links");
	jsonw_open(&m->w, '[');
	jsonw_open(&m->w, '{');
	jsonw_kstr(&m->w, "traceId", str_of(m->trace));
	jsonw_kstr(&m->w, "spanId", str_of(of));
	jsonw_close(&m->w, '}');
	jsonw_close(&m->w, ']');
	span_close(m, str_eqz(n->undo, "undone") ? 0 : 1, n->undo_why);
}

static void node_span(struct made *m, const struct report_node *n)
{
	const struct times *t = &m->times[n->index];
	char id[17], parent[17];
	int64_t number = 0;
	struct buf name;

	span_id(m, n->key, "node", 0, id);
	parent_id(m, n, parent);
	buf_init(&name, 8192);
	if (n->kind == NODE_ITERATION || n->kind == NODE_AGAIN)
		buf_adds(&name, words_title(n->parent));
	buf_adds(&name, words_title(n));
	span_open(m, id, parent, buf_str(&name), t->from, t->to);
	buf_release(&name);
	put_text(&m->w, "runbook.step.key", n->key);
	put_text(&m->w, "runbook.step.id", n->id);
	put_text(&m->w, "runbook.step.action", n->action);
	put_text(&m->w, "runbook.step.effect", n->effect);
	put_text(&m->w, "runbook.step.item", n->item);
	put_text(&m->w, "runbook.step.status", n->status);
	put_text(&m->w, "runbook.step.place", n->at);
	put_flag(&m->w, "runbook.dry_run", n->dry);
	put_flag(&m->w, "runbook.unfinished", n->began && !n->ended);
	if (n->attempts > 1)
		put_number(&m->w, "runbook.step.attempts", n->attempts);
	jsonw_close(&m->w, ']');
	span_close(m, bad_of(n->status), n->error);
	for (const struct report_attempt *a = n->probes; a; a = a->next)
		attempt_span(m, n, a, "probe", number++, id);
	for (const struct report_attempt *a = n->tries; a; a = a->next)
		attempt_span(m, n, a, "attempt", number++, id);
}

/* --- the run -------------------------------------------------------------------------------- */

static void run_events(struct made *m)
{
	struct jsonw *w = &m->w;

	jsonw_key(w, "events");
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < m->r->issues_len && i < EVENTS_MAX; i++) {
		const struct report_issue *s = &m->r->issues[i];

		jsonw_open(w, '{');
		put_time(m, "timeUnixNano", s->at_us);
		jsonw_kstr(w, "name", STR("issue"));
		jsonw_key(w, "attributes");
		jsonw_open(w, '[');
		put_text(w, "severity", s->severity);
		put_text(w, "runbook.step.key", s->k);
		put_text(w, "text", s->text);
		jsonw_close(w, ']');
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
	if (m->r->issues_len > EVENTS_MAX) {
		jsonw_key(w, "droppedEventsCount");
		jsonw_int(w, m->r->issues_len - EVENTS_MAX);
	}
}

static void run_span(struct made *m)
{
	const struct report *r = m->r;
	struct jsonw *w = &m->w;
	struct str status = report_status(r);
	char id[17];
	struct buf name;

	span_id(m, STR(""), "node", 0, id);
	buf_init(&name, 4096);
	buf_printf(&name, "runbook " STR_FMT, STR_ARG(r->runbook));
	span_open(m, id, m->parent, buf_str(&name), 0, m->end_us);
	buf_release(&name);
	put_text(w, "runbook.run.id", r->run);
	put_text(w, "runbook.name", r->runbook);
	put_text(w, "runbook.version", r->runbook_version);
	put_text(w, "runbook.program", r->program);
	put_text(w, "runbook.operator", r->operator_name);
	put_text(w, "runbook.status", status);
	put_text(w, "runbook.rollback_of", r->rollback_of);
	put_flag(w, "runbook.dry_run", r->dry);
	if (r->exit >= 0)
		put_number(w, "process.exit.code", r->exit);
	put_number(w, "runbook.runners", r->epochs);
	jsonw_close(w, ']');
	run_events(m);
	span_close(m, bad_of(status), r->cause_text);
}

/* Times that a node has itself; then what spans its children. */
static void find_times(struct made *m)
{
	const struct report *r = m->r;

	m->times = mem_array(r->node_count + 1u, sizeof(*m->times));
	for (uint32_t i = 0; i < r->node_count; i++) {
		const struct report_node *n = r->nodes[i];

		m->times[i] = (struct times){ n->began_us, n->ended_us < 0 ? m->end_us : n->ended_us };
		if (n->kind == NODE_UNDO && n->parent) /* the span of the undo */
			m->times[i] = (struct times){ n->parent->undo_from_us, n->parent->undo_to_us };
	}
	for (uint32_t i = r->node_count; i-- > 1;) { /* children come behind their parents */
		const struct report_node *n = r->nodes[i], *p = n->parent;
		struct times *t = &m->times[i], *up = p ? &m->times[p->index] : NULL;

		if (!up || t->from < 0 || p->began_us >= 0 || p->kind == NODE_UNDO || n->kind == NODE_UNDO)
			continue;
		if (up->from < 0)
			*up = *t;
		up->from = t->from < up->from ? t->from : up->from;
		up->to = t->to > up->to ? t->to : up->to;
	}
}

static void unwinding_spans(struct made *m)
{
	const struct report *r = m->r;
	int64_t from = -1, to = -1;
	char id[17], root[17];

	for (uint32_t i = 1; i < r->node_count; i++) {
		const struct report_node *n = r->nodes[i];
		int64_t end = n->undo_to_us < 0 ? m->end_us : n->undo_to_us;

		if (n->undo_from_us < 0)
			continue;
		from = from < 0 || n->undo_from_us < from ? n->undo_from_us : from;
		to = end > to ? end : to;
	}
	if (from < 0)
		return;
	span_id(m, STR(""), "unwinding", 0, id);
	span_id(m, STR(""), "node", 0, root);
	span_open(m, id, root, STR("unwinding"), from, to);
	put_text(&m->w, "runbook.cause", r->rollback_cause);
	put_number(&m->w, "runbook.undone", r->undone_count);
	put_number(&m->w, "runbook.residue", r->residue_count);
	jsonw_close(&m->w, ']');
	span_close(m, r->residue_count ? 1 : 0, STR("not everything could be undone"));
	for (uint32_t i = 1; i < r->node_count; i++)
		if (r->nodes[i]->undo_from_us >= 0)
			undo_span(m, r->nodes[i], id);
}

int64_t traces_make(const struct report *r, const struct trace_attribute *resource, uint32_t resource_count,
		    bool (*each)(void *arg, struct str json), void *arg)
{
	struct made m = { .r = r, .resource = resource, .resource_count = resource_count, .each = each, .arg = arg };

	if (!unit_parse_time(r->started, &m.start))
		return -1;
	m.end_us = r->took_us > r->last_m ? r->took_us : r->last_m;
	take_ids(&m);
	find_times(&m);
	buf_init(&m.out, BATCH_BYTES);
	run_span(&m);
	for (uint32_t i = 1; i < r->node_count && !m.failed; i++)
		if (r->nodes[i]->kind != NODE_UNDO && m.times[i].from >= 0)
			node_span(&m, r->nodes[i]);
	if (!m.failed)
		unwinding_spans(&m);
	if (!m.failed)
		batch_close(&m);
	buf_release(&m.out);
	mem_free(m.times);
	return m.failed ? -1 : m.count;
}

/* --- as a format of reports: a line for each request --------------------------------------- */

static bool add_line(void *arg, struct str json)
{
	struct buf *out = arg;

	buf_adds(out, json);
	buf_addc(out, '\n');
	return !out->full;
}

bool report_otlp(struct scribe *s)
{
	return traces_make(s->r, NULL, 0, add_line, s->out) >= 0;
}
