#include "report/formats.h"

/*
 * junit: the report for CI systems: a test suite per phase, a test case per step
 * that did something. Only elements and attributes that Ant, Jenkins, GitLab and
 * the usual readers share (tests/report/junit.xsd).
 */

enum { OUTPUT_SHOWN = 16 << 10 };

struct counts { uint32_t tests, failures, errors, skipped; int64_t took_us; };

static bool skipped(const struct report_node *n)
{
	return str_eqz(n->status, "skipped") || str_eqz(n->status, "not_run") || n->dry || !n->ended;
}

/* An error is what kept a step from being tried to its end; a failure what it was found to be. */
static bool error(const struct report_node *n)
{
	return str_eqz(n->status, "timeout") || str_eqz(n->status, "cancelled") || str_eqz(n->status, "undo_failed");
}

static bool failed(const struct report_node *n)
{
	return str_eqz(n->status, "failed");
}

/* In a run that ended well, what failed was passed over (on_fail, retry of a block). */
static bool passed_over(const struct report *r, const struct report_node *n)
{
	return (r->exit == 0 || r->dry) && (failed(n) || error(n));
}

static bool is_case(const struct report_node *n)
{
	return words_leaf(n) || (n->step && !n->first && n->ended);
}

static struct counts count(const struct report *r, const struct report_node *top)
{
	struct counts c = { 0 };
	int depth = 0;

	for (const struct report_node *n = report_walk(top, top, &depth); n; n = report_walk(n, top, &depth)) {
		if (!is_case(n))
			continue;
		c.tests++;
		if (passed_over(r, n))
			c.skipped++;
		else if (error(n))
			c.errors++;
		else if (failed(n))
			c.failures++;
		else
			c.skipped += skipped(n);
		c.took_us += n->took_us > 0 ? n->took_us : 0;
	}
	return c;
}

static void attribute(struct buf *out, const char *name, struct str text)
{
	buf_printf(out, " %s=\"", name);
	scribe_xml(out, text, false);
	buf_addc(out, '"');
}

static void put_seconds(struct buf *out, int64_t us)
{
	if (us < 0)
		us = 0;
	buf_printf(out, " time=\"%lld.%06lld\"", (long long)(us / 1000000), (long long)(us % 1000000));
}

static void put_counts(struct buf *out, const struct counts *c, bool suite)
{
	buf_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\"", c->tests, c->failures, c->errors);
	if (suite)
		buf_printf(out, " skipped=\"%u\"", c->skipped);
	put_seconds(out, c->took_us);
}

static void put_output(struct scribe *s, const struct report_node *n, bool err)
{
	bool open = false;

	for (const struct report_attempt *t = n->tries; t; t = t->next) {
		struct words_output o = words_output(&s->a, s->dir, err ? t->err : t->out, OUTPUT_SHOWN);

		if (!o.any || s->output_left < o.text.n + o.tail.n)
			continue;
		if (!open)
			buf_addz(s->out, err ? "      <system-err>" : "      <system-out>");
		open = true;
		if (n->tries->next)
			buf_printf(s->out, "--- attempt %lld ---\n", (long long)t->number);
		if (o.note)
			buf_printf(s->out, "(%s)\n", o.note);
		scribe_xml(s->out, o.text, true);
		if (o.left_out > 0)
			buf_printf(s->out, "... %lld bytes left out ...\n", (long long)o.left_out);
		scribe_xml(s->out, o.tail, true);
		s->output_left -= o.text.n + o.tail.n;
	}
	if (open)
		buf_addz(s->out, err ? "</system-err>\n" : "</system-out>\n");
}

static void put_failure(struct scribe *s, const struct report_node *n, const char *element)
{
	buf_printf(s->out, "      <%s", element);
	attribute(s->out, "message", n->error.n ? n->error : n->status);
	attribute(s->out, "type", n->end.n ? n->end : n->status);
	buf_addc(s->out, '>');
	scribe_xml(s->out, n->error.n ? n->error : n->status, true);
	if (n->at.n) {
		buf_addz(s->out, "\nat ");
		scribe_xml(s->out, n->at, false);
	}
	if (n->what.n) {
		buf_addc(s->out, '\n');
		scribe_xml(s->out, n->what, true);
	}
	buf_printf(s->out, "</%s>\n", element);
}

static void put_case(struct scribe *s, const struct report_node *n)
{
	struct buf *out = s->out;
	const char *why = str_eqz(n->status, "skipped") ? "its condition was false" : n->dry ? "dry-run: not run" : "it did not end";
	bool passed = passed_over(s->r, n);

	buf_addz(out, "    <testcase");
	attribute(out, "name", n->name.n ? arena_printf(&s->a, STR_FMT ": " STR_FMT, STR_ARG(n->key), STR_ARG(n->name)) : n->key);
	attribute(out, "classname", arena_printf(&s->a, STR_FMT "." STR_FMT, STR_ARG(s->r->runbook), STR_ARG(n->parent->key)));
	put_seconds(out, n->took_us);
	buf_addz(out, ">\n");
	if (passed || error(n) || failed(n))
		put_failure(s, n, passed ? "skipped" : error(n) ? "error" : "failure");
	else if (skipped(n))
		buf_printf(out, "      <skipped message=\"%s\"/>\n", why);
	put_output(s, n, false);
	put_output(s, n, true);
	buf_addz(out, "    </testcase>\n");
}

static void property(struct scribe *s, const char *name, struct str value)
{
	if (!value.n)
		return;
	buf_printf(s->out, "      <property name=\"%s\"", name);
	attribute(s->out, "value", value);
	buf_addz(s->out, "/>\n");
}

static void put_suite(struct scribe *s, const struct report_node *phase, bool first)
{
	struct counts c = count(s->r, phase);
	int depth = 0;

	buf_addz(s->out, "  <testsuite");
	attribute(s->out, "name", arena_printf(&s->a, STR_FMT "." STR_FMT, STR_ARG(s->r->runbook), STR_ARG(phase->key)));
	put_counts(s->out, &c, true);
	attribute(s->out, "timestamp", str_slice(s->r->started, 0, 19));
	attribute(s->out, "hostname", s->r->host);
	buf_addz(s->out, ">\n");
	if (first) {
		buf_addz(s->out, "    <properties>\n");
		property(s, "run", s->r->run);
		property(s, "status", report_status(s->r));
		property(s, "runbook", s->r->runbook);
		property(s, "runbook_version", s->r->runbook_version);
		property(s, "program", s->r->program);
		property(s, "operator", s->r->operator_name);
		property(s, "cause", s->r->cause_text);
		buf_addz(s->out, "    </properties>\n");
	}
	for (const struct report_node *n = report_walk(phase, phase, &depth); n; n = report_walk(n, phase, &depth)) {
		arena_reset(&s->a);
		if (is_case(n))
			put_case(s, n);
	}
	buf_addz(s->out, "  </testsuite>\n");
}

bool report_junit(struct scribe *s)
{
	const struct report_node *root = s->r->root;
	struct counts c = count(s->r, root);

	c.took_us = s->r->took_us;
	buf_addz(s->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	attribute(s->out, "name", s->r->runbook);
	put_counts(s->out, &c, false);
	buf_addz(s->out, ">\n");
	for (const struct report_node *p = root->first; p; p = p->next)
		put_suite(s, p, p == root->first);
	buf_addz(s->out, "</testsuites>\n");
	return !s->out->full;
}
