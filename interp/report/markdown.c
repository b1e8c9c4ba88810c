#include "report/formats.h"

#include "base/visible.h"

/*
 * markdown: the report for a pull request, a wiki or the summary of a CI job.
 * Foreign text stands in code spans, whose fence is longer than any run of
 * backticks in it: there it makes no links, mentions, markup or HTML.
 */

enum { ROWS_MAX = 400, OUTPUT_SHOWN = 4096, OUTPUT_MAX = 128 << 10 };

/* Longest run of c. */
static size_t longest(struct str s, char c)
{
	size_t most = 0, run = 0;

	for (size_t i = 0; i < s.n; i++) {
		run = s.p[i] == c ? run + 1 : 0;
		most = run > most ? run : most;
	}
	return most;
}

/* A code span on one line; in a table `|` is escaped, which GFM undoes before the span. */
static void code(struct buf *out, struct str text)
{
	size_t fence = longest(text, '`') + 1;
	struct buf seen;

	if (!text.n)
		return;
	buf_init(&seen, 4 * text.n + 64);
	visible_add(&seen, text);
	buf_fill(out, '`', fence);
	buf_addc(out, ' ');
	for (size_t i = 0; i < seen.len; i++) {
		if (seen.p[i] == '|')
			buf_addc(out, '\\');
		buf_addc(out, seen.p[i]);
	}
	buf_addc(out, ' ');
	buf_fill(out, '`', fence);
	buf_release(&seen);
}

/* A fenced block; its lines stay lines. */
static void block(struct buf *out, struct str text, const char *margin)
{
	size_t fence = longest(text, '`') + 1;

	if (fence < 3)
		fence = 3;
	buf_addz(out, margin);
	buf_fill(out, '`', fence);
	buf_addz(out, "text\n");
	for (size_t at = 0; at < text.n;) {
		ptrdiff_t nl = str_find(str_slice(text, at, text.n), STR("\n"));
		size_t end = nl < 0 ? text.n : at + (size_t)nl;

		buf_addz(out, margin);
		visible_add(out, str_slice(text, at, end));
		buf_addc(out, '\n');
		at = end + 1;
	}
	buf_addz(out, margin);
	buf_fill(out, '`', fence);
	buf_addc(out, '\n');
}

static void row(struct buf *out, const char *label, struct str text)
{
	if (!text.n)
		return;
	buf_printf(out, "| %s | ", label);
	code(out, text);
	buf_addz(out, " |\n");
}

static void put_header(struct scribe *s)
{
	const struct report *r = s->r;
	struct buf b;
	struct value v;

	buf_addz(s->out, "## ");
	code(s->out, r->runbook);
	buf_addz(s->out, ": ");
	code(s->out, report_status(r));
	buf_printf(s->out, "\n\n**%s**\n\n", words_meaning(r));
	buf_init(&b, 64 << 10);
	words_summary(&s->a, r, &b);
	block(s->out, buf_str(&b), "");
	buf_release(&b);
	buf_addz(s->out, "\n| | |\n|---|---|\n");
	row(s->out, "Run", r->run);
	row(s->out, "Title", r->title);
	row(s->out, "Runbook", arena_printf(&s->a, STR_FMT " " STR_FMT " sha256 %.12s", STR_ARG(r->path), STR_ARG(r->runbook_version), r->program.p ? r->program.p : ""));
	row(s->out, "Source", words_source(&s->a, r));
	row(s->out, "Undoes run", r->rollback_of);
	row(s->out, "Started", words_time(&s->a, r->started));
	row(s->out, "Took", words_took(&s->a, r->took_us));
	row(s->out, "Operator", arena_printf(&s->a, STR_FMT "%s on " STR_FMT, STR_ARG(r->operator_name), r->claimed ? " (as claimed)" : "", STR_ARG(r->host)));
	row(s->out, "Stopped", r->stopped);
	row(s->out, "Cause", r->cause_text);
	row(s->out, "At", r->cause_at);
	row(s->out, "Waits", r->held_why);
	if (words_map(&s->a, r->inputs, &v))
		for (uint32_t i = 0; i < v.n; i++) {
			buf_addz(s->out, "| Input ");
			code(s->out, v.map[i].key);
			buf_addz(s->out, " | ");
			code(s->out, words_show(&s->a, v.map[i].value));
			buf_addz(s->out, " |\n");
		}
}

static void put_row(struct scribe *s, const struct report_node *n)
{
	buf_addz(s->out, "| ");
	code(s->out, scribe_status(n));
	buf_addz(s->out, " | ");
	code(s->out, n->key);
	buf_addz(s->out, " | ");
	code(s->out, n->name.n ? n->name : str_slice(n->what, 0, n->what.n < 200 ? n->what.n : 200));
	buf_printf(s->out, " | " STR_FMT " | ", STR_ARG(words_took(&s->a, n->took_us)));
	code(s->out, n->undo);
	buf_addz(s->out, " |\n");
}

static void put_steps(struct scribe *s)
{
	const struct report *r = s->r;
	uint32_t shown = 0, left = 0;

	for (uint32_t i = 0; i < r->step_count; i++) {
		const struct report_node *n = r->steps[i];

		arena_reset(&s->a);
		if (shown >= ROWS_MAX && !scribe_bad(n)) {
			left++;
			continue;
		}
		if (!shown++)
			buf_addz(s->out, "\n### Steps\n\n| outcome | step | what | took | undo |\n|---|---|---|---|---|\n");
		put_row(s, n);
	}
	if (left)
		buf_printf(s->out, "\n%u further steps are left out here.\n", left);
}

static void put_failures(struct scribe *s)
{
	bool first = true;

	for (uint32_t i = 0; i < s->r->step_count; i++) {
		const struct report_node *n = s->r->steps[i];
		struct words_output o, e;

		if (!n->error.n || !n->last_try)
			continue;
		arena_reset(&s->a);
		o = words_output(&s->a, s->dir, n->last_try->out, OUTPUT_SHOWN);
		e = words_output(&s->a, s->dir, n->last_try->err, OUTPUT_SHOWN);
		if (s->output_left < 2 * OUTPUT_SHOWN)
			break;
		buf_addz(s->out, first ? "\n### Failures\n\n" : "\n");
		first = false;
		code(s->out, n->key);
		buf_addz(s->out, " ");
		code(s->out, n->error);
		buf_addc(s->out, '\n');
		for (int k = 0; k < 4; k++) {
			struct str text = k == 0 ? o.text : k == 1 ? o.tail : k == 2 ? e.text : e.tail;

			if (!text.n)
				continue;
			buf_addc(s->out, '\n');
			block(s->out, text, "");
			s->output_left -= text.n;
		}
	}
}

static void put_keys(struct scribe *s, const char *title, const struct str *list, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!i)
			buf_printf(s->out, "\n### %s\n\n", title);
		buf_addz(s->out, "1. ");
		code(s->out, list[i]);
		buf_addc(s->out, '\n');
	}
}

static void put_decisions(struct scribe *s)
{
	bool first = true;

	for (uint32_t i = 0; i < s->r->event_count; i++) {
		const struct report_event *e = &s->r->events[i];
		struct words_decision d;

		if (!words_is_decision(e->t))
			continue;
		arena_reset(&s->a);
		d = words_decision(&s->a, e);
		buf_addz(s->out, first ? "\n### Questions and answers\n\n| record | step | who | text or answer | why, or how |\n|---|---|---|---|---|\n" : "");
		first = false;
		buf_addz(s->out, "| ");
		code(s->out, e->t);
		buf_addz(s->out, " | ");
		code(s->out, e->k);
		buf_addz(s->out, " | ");
		code(s->out, d.who);
		buf_addz(s->out, " | ");
		code(s->out, d.what);
		buf_addz(s->out, " | ");
		code(s->out, d.why);
		buf_addz(s->out, " |\n");
	}
}

static void put_rest(struct scribe *s)
{
	const struct report *r = s->r;

	put_keys(s, "Undone, in this order", r->undone, r->undone_count);
	put_keys(s, "Failed and passed over", r->continued, r->continued_count);
	put_keys(s, "Armed: what would be undone", r->armed, r->armed_count);
	for (uint32_t i = 0; i < r->residue_count; i++) {
		buf_addz(s->out, i ? "" : "\n### Left: what a person must still do\n\n");
		buf_addz(s->out, "- ");
		code(s->out, r->residue[i].key);
		buf_addc(s->out, ' ');
		code(s->out, r->residue[i].why);
		buf_addc(s->out, '\n');
		if (r->residue[i].command_count) {
			buf_addz(s->out, "  in ");
			code(s->out, r->residue[i].dir);
			buf_addc(s->out, '\n');
		}
		for (uint32_t k = 0; k < r->residue[i].command_count; k++)
			block(s->out, r->residue[i].commands[k], "  ");
	}
	for (uint32_t i = 0; i < r->issues_len && i < ROWS_MAX; i++) {
		buf_addz(s->out, i ? "" : "\n### Issues\n\n");
		buf_addz(s->out, "- ");
		code(s->out, r->issues[i].severity);
		buf_addc(s->out, ' ');
		code(s->out, r->issues[i].k);
		buf_addc(s->out, ' ');
		code(s->out, r->issues[i].text);
		buf_addc(s->out, '\n');
	}
}

static void put_monitors(struct scribe *s)
{
	const struct report *r = s->r;

	for (uint32_t i = 0; i < r->monitor_count && i < ROWS_MAX; i++) {
		const struct report_monitor *m = &r->monitors[i];

		arena_reset(&s->a);
		buf_addz(s->out, i ? "" : "\n### Monitors\n\n");
		buf_addz(s->out, "- ");
		code(s->out, m->key);
		buf_addc(s->out, ' ');
		code(s->out, words_monitor_line(&s->a, m));
		buf_addc(s->out, '\n');
		for (uint32_t k = 0; k < m->figure_count; k++) {
			buf_addz(s->out, "  - ");
			code(s->out, words_figure_line(&s->a, m, &m->figures[k]));
			buf_addc(s->out, '\n');
		}
		for (uint32_t k = 0; k < m->fired_count && k < ROWS_MAX; k++) {
			buf_addz(s->out, "  - ");
			code(s->out, words_fired_line(&s->a, &m->fired[k]));
			buf_addc(s->out, '\n');
		}
	}
}

bool report_markdown(struct scribe *s)
{
	s->output_left = OUTPUT_MAX;
	put_header(s);
	put_rest(s);
	put_decisions(s);
	put_monitors(s);
	put_failures(s);
	put_steps(s);
	return !s->out->full;
}
