#include "report/html.h"

#include <string.h>
#include "value/value.h"

/*
 * html: one file, without scripts and without anything from elsewhere (its policy
 * forbids both). Folding is <details>; what is closed costs the browser nothing, so
 * that runs of ten thousand steps open at once.
 */

void html_text(struct scribe *s, struct str text)
{
	scribe_xml(s->out, text, false);
}

void html_lines(struct scribe *s, struct str text)
{
	scribe_xml(s->out, text, true);
}

void html_fact(struct scribe *s, const char *label, struct str text)
{
	if (!text.n)
		return;
	buf_printf(s->out, "<div><dt>%s</dt><dd>", label);
	html_text(s, text);
	buf_addz(s->out, "</dd></div>");
}

const char *html_class(struct str status)
{
	static const struct { const char *status, *class; } classes[] = {
		{ "ok", "ok" }, { "unchanged", "ok" }, { "stopped", "ok" }, { "pass", "ok" }, { "yes", "ok" },
		{ "failed", "bad" }, { "timeout", "bad" }, { "undo_failed", "bad" }, { "cancelled", "bad" }, { "residue", "bad" },
		{ "rollback_incomplete", "bad" }, { "in_doubt", "bad" }, { "fail", "bad" }, { "error", "bad" },
		{ "undone", "undo" }, { "rolled_back", "undo" },
		{ "skipped", "skip" }, { "not_run", "skip" }, { "skip", "skip" }, { "no", "skip" },
		{ "running", "run" }, { "held", "run" }, { "unfinished", "run" }, { "would run", "run" },
	};

	for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++)
		if (str_eqz(status, classes[i].status))
			return classes[i].class;
	return "note";
}

void html_badge(struct scribe *s, struct str status)
{
	if (!status.n)
		return;
	buf_printf(s->out, "<span class=\"g %s\">", html_class(status));
	html_text(s, status);
	buf_addz(s->out, "</span>");
}

/* Steps by key, found by walking down: there are few links and many steps. */
static const struct report_node *node_of(const struct report *r, struct str key)
{
	const struct report_node *n = r->root->first;

	while (n) {
		if (str_eq(n->key, key))
			return n;
		if (str_starts(key, n->key) && key.n > n->key.n && strchr("/[~!", key.p[n->key.n]))
			n = n->first;
		else
			n = n->next;
	}
	return NULL;
}

void html_key(struct scribe *s, struct str key)
{
	const struct report_node *n = node_of(s->r, key);

	if (n)
		buf_printf(s->out, "<a href=\"#s%u\"><code>", n->index);
	else
		buf_addz(s->out, "<code>");
	html_text(s, key);
	buf_addz(s->out, n ? "</code></a>" : "</code>");
}

/* --- the head ------------------------------------------------------------------- */

static void put_head(struct scribe *s)
{
	const struct report *r = s->r;
	struct str status = report_status(r);
	struct buf *out = s->out;

	buf_addz(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		      "<meta name=\"color-scheme\" content=\"light dark\">\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
		      "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
	html_text(s, arena_printf(&s->a, STR_FMT ": " STR_FMT, STR_ARG(r->runbook), STR_ARG(status)));
	buf_addz(out, "</title>\n<style>\n");
	buf_addz(out, html_style);
	buf_printf(out, "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#steps\">Skip to the steps</a>\n<header class=\"%s\"><div>\n<p class=\"kicker\">",
		   html_class(status));
	html_text(s, r->runbook);
	if (r->runbook_version.n) {
		buf_addc(out, ' ');
		html_text(s, r->runbook_version);
	}
	buf_addz(out, r->dry ? " &middot; dry-run</p>\n<h1>" : "</p>\n<h1>");
	html_text(s, r->title.n ? r->title : r->runbook);
	buf_addz(out, "</h1>\n<p class=\"lead\">");
	html_badge(s, status);
	buf_addz(out, words_meaning(r));
	buf_addz(out, "</p>\n<dl class=\"facts\">");
	html_fact(s, "Started", words_time(&s->a, r->started));
	html_fact(s, "Took", words_took(&s->a, r->took_us));
	if (r->rollback_us >= 0)
		html_fact(s, "Rollback took", words_took(&s->a, r->rollback_us));
	html_fact(s, "Operator", arena_printf(&s->a, STR_FMT "%s", STR_ARG(r->operator_name), r->claimed ? " (as claimed)" : ""));
	html_fact(s, "User and host", arena_printf(&s->a, STR_FMT " on " STR_FMT, STR_ARG(r->user), STR_ARG(r->host)));
	html_fact(s, "Exit code", r->exit >= 0 ? arena_printf(&s->a, "%lld", (long long)r->exit) : STR(""));
	html_fact(s, "Run", r->run);
	html_fact(s, "File", r->path);
	html_fact(s, "SHA-256 of the file", str_slice(r->program, 0, 16));
	html_fact(s, "Source", words_source(&s->a, r));
	html_fact(s, "Undoes run", r->rollback_of);
	html_fact(s, "What for", r->rollback_why);
	html_fact(s, "Lock", r->lock);
	html_fact(s, "Runners", r->epochs > 1 ? arena_printf(&s->a, "%lld", (long long)r->epochs) : STR(""));
	buf_addz(out, "</dl>\n");
}

static void put_nav(struct scribe *s)
{
	const struct report *r = s->r;

	buf_addz(s->out, "<nav aria-label=\"Parts of this report\"><a href=\"#timeline\">Timeline</a><a href=\"#summary\">Summary</a><a href=\"#steps\">Steps</a>");
	if (r->planned_count || r->undone_count)
		buf_addz(s->out, "<a href=\"#rollback\">Rollback</a>");
	if (r->monitor_count)
		buf_addz(s->out, "<a href=\"#monitors\">Monitors</a>");
	buf_addz(s->out, "<a href=\"#records\">Issues and records</a></nav>\n</div></header>\n<main>\n");
}

static void put_cause(struct scribe *s)
{
	const struct report *r = s->r;

	if (!r->cause_text.n && !r->stopped.n && !r->held)
		return;
	buf_addz(s->out, r->cause_text.n ? "<div class=\"card bad\"><h2>Cause</h2>" : "<div class=\"card note\"><h2>Why it ended</h2>");
	if (r->cause_text.n) {
		buf_addz(s->out, "<p class=\"er\">");
		html_lines(s, r->cause_text);
		buf_addz(s->out, "</p><p>");
		if (r->cause_key.n)
			html_key(s, r->cause_key);
		if (r->cause_at.n) {
			buf_addz(s->out, " at <code>");
			html_text(s, r->cause_at);
			buf_addz(s->out, "</code>");
		}
		buf_addz(s->out, "</p>");
	}
	if (r->stopped.n) {
		buf_addz(s->out, "<p>");
		html_lines(s, r->stopped);
		buf_addz(s->out, "</p>");
	}
	if (r->held) {
		buf_addz(s->out, "<p>");
		html_key(s, r->held_key);
		buf_addz(s->out, " waits: ");
		html_lines(s, r->held_why);
		buf_addz(s->out, "</p>");
	}
	buf_addz(s->out, "</div>\n");
}

static void put_residue(struct scribe *s)
{
	const struct report *r = s->r;

	if (!r->residue_count)
		return;
	buf_printf(s->out, "<div class=\"card bad\"><h2>What a person must still do (%u)</h2>", r->residue_count);
	for (uint32_t i = 0; i < r->residue_count; i++) {
		buf_addz(s->out, "<p>");
		html_key(s, r->residue[i].key);
		buf_addz(s->out, " ");
		html_text(s, r->residue[i].why);
		if (r->residue[i].command_count) {
			buf_addz(s->out, "; by hand, in <code>");
			html_text(s, r->residue[i].dir);
			buf_addz(s->out, "</code>:");
		}
		buf_addz(s->out, "</p>");
		for (uint32_t k = 0; k < r->residue[i].command_count; k++) {
			buf_addz(s->out, "<pre tabindex=\"0\">");
			html_lines(s, r->residue[i].commands[k]);
			buf_addz(s->out, "</pre>");
		}
	}
	buf_addz(s->out, "</div>\n");
}

static void put_values(struct scribe *s, const char *title, struct str json)
{
	struct value v;

	if (!words_map(&s->a, json, &v))
		return;
	buf_printf(s->out, "<div class=\"card\"><h2>%s</h2><div class=\"x\"><table>", title);
	for (uint32_t i = 0; i < v.n; i++) {
		buf_addz(s->out, "<tr><th scope=\"row\">");
		html_text(s, v.map[i].key);
		buf_addz(s->out, "</th><td><code>");
		html_lines(s, words_show(&s->a, v.map[i].value));
		buf_addz(s->out, "</code></td></tr>");
	}
	buf_addz(s->out, "</table></div></div>\n");
}

static void put_summary(struct scribe *s)
{
	struct buf b;

	buf_init(&b, 64 << 10);
	words_summary(&s->a, s->r, &b);
	buf_addz(s->out, "<h2 id=\"summary\">Summary</h2>\n<div class=\"two\"><div class=\"card\"><pre tabindex=\"0\">");
	html_lines(s, buf_str(&b));
	buf_addz(s->out, "</pre></div>\n");
	buf_release(&b);
	put_values(s, "Inputs", s->r->inputs);
	put_values(s, "More about this run", s->r->more);
	buf_addz(s->out, "</div>\n");
}

/* --- rollback, records ------------------------------------------------------------ */

static void put_keys(struct scribe *s, const char *title, const struct str *list, uint32_t n, bool outcome)
{
	if (!n)
		return;
	buf_printf(s->out, "<h3>%s</h3><ol class=\"st\">", title);
	for (uint32_t i = 0; i < n; i++) {
		const struct report_node *node = outcome ? node_of(s->r, list[i]) : NULL;

		buf_addz(s->out, "<li>");
		html_key(s, list[i]);
		if (node) {
			buf_addc(s->out, ' ');
			html_badge(s, node->undo.n ? node->undo : STR("not undone"));
			if (node->undo_why.n) {
				buf_addc(s->out, ' ');
				html_text(s, node->undo_why);
			}
		}
		buf_addz(s->out, "</li>");
	}
	buf_addz(s->out, "</ol>");
}

static void put_rollback(struct scribe *s)
{
	const struct report *r = s->r;

	if (!r->planned_count && !r->undone_count && !r->armed_count && !r->rollback_cause.n)
		return;
	buf_addz(s->out, "<h2 id=\"rollback\">Rollback</h2><div class=\"card undo\">");
	if (r->rollback_cause.n) {
		buf_addz(s->out, "<p>Because: ");
		html_lines(s, r->rollback_cause);
		buf_addz(s->out, "</p>");
	}
	put_keys(s, "The rollback stack, in the order of undoing", r->planned, r->planned_count, true);
	if (!r->planned_count)
		put_keys(s, "Undone, in this order", r->undone, r->undone_count, false);
	put_keys(s, "Armed: what would be undone", r->armed, r->armed_count, false);
	buf_addz(s->out, "</div>\n");
}

static void put_event(struct scribe *s, const struct report_event *e, bool decided)
{
	struct words_decision d = words_decision(&s->a, e);

	buf_printf(s->out, "<tr><td class=\"du\">+" STR_FMT "</td><td>", STR_ARG(words_took(&s->a, e->at_us)));
	html_text(s, e->t);
	buf_addz(s->out, "</td><td>");
	if (e->k.n)
		html_key(s, e->k);
	buf_addz(s->out, "</td><td>");
	if (!decided) {
		html_text(s, scribe_members(s, e->body));
	} else {
		html_text(s, d.who);
		buf_addz(s->out, "</td><td>");
		html_lines(s, d.what);
		buf_addz(s->out, "</td><td>");
		html_lines(s, d.why);
	}
	buf_addz(s->out, "</td></tr>");
}

static void put_events(struct scribe *s, bool decisions)
{
	const struct report *r = s->r;
	bool open = false;

	for (uint32_t i = 0; i < r->event_count; i++) {
		const struct report_event *e = &r->events[i];

		if (words_is_decision(e->t) != decisions || str_eqz(e->t, "timer"))
			continue;
		arena_reset(&s->a);
		if (!open)
			buf_printf(s->out, "<h3>%s</h3><div class=\"card x\"><table><tr><th>at</th><th>record</th><th>of</th>%s</tr>",
				   decisions ? "Questions, answers and approvals" : "Further records",
				   decisions ? "<th>who</th><th>text or answer</th><th>why, or how</th>" : "<th></th>");
		open = true;
		put_event(s, e, decisions);
	}
	if (open)
		buf_addz(s->out, "</table></div>\n");
}

/* Questions that steps asked: who answered what. */
static void put_answers(struct scribe *s)
{
	bool open = false;

	for (uint32_t i = 0; i < s->r->step_count; i++) {
		const struct report_node *n = s->r->steps[i];

		if (!n->last_try || !n->last_try->answer.n)
			continue;
		arena_reset(&s->a);
		if (!open)
			buf_addz(s->out, "<h3>Answers at once</h3><div class=\"card x\"><table><tr><th>step</th><th>question</th><th>answer</th><th>by</th></tr>");
		open = true;
		buf_addz(s->out, "<tr><td>");
		html_key(s, n->key);
		buf_addz(s->out, "</td><td>");
		html_text(s, n->what);
		buf_addz(s->out, "</td><td>");
		html_text(s, n->last_try->answer);
		buf_addz(s->out, "</td><td>");
		html_text(s, n->last_try->by.n ? n->last_try->by : STR("-"));
		buf_addz(s->out, "</td></tr>");
	}
	if (open)
		buf_addz(s->out, "</table></div>\n");
}

static void put_records(struct scribe *s)
{
	const struct report *r = s->r;

	buf_addz(s->out, "<h2 id=\"records\">Issues and records</h2>\n");
	if (!r->issues_len)
		buf_addz(s->out, "<p>No issues.</p>\n");
	for (uint32_t i = 0; i < r->issues_len; i++) {
		buf_addz(s->out, i ? "<tr><td>" : "<div class=\"card x\"><table><tr><th>severity</th><th>step</th><th>issue</th></tr><tr><td>");
		html_badge(s, r->issues[i].severity);
		buf_addz(s->out, "</td><td>");
		html_key(s, r->issues[i].k);
		buf_addz(s->out, "</td><td>");
		html_text(s, r->issues[i].text);
		buf_addz(s->out, "</td></tr>");
	}
	if (r->issues_len)
		buf_addz(s->out, "</table></div>\n");
	put_answers(s);
	put_events(s, true);
	put_events(s, false);
	if (r->left_out)
		buf_printf(s->out, "<p>%u further steps and records are left out; <code>runbook show</code> prints all.</p>\n", r->left_out);
}

bool report_html(struct scribe *s)
{
	const struct report *r = s->r;

	put_head(s);
	put_nav(s);
	put_cause(s);
	put_residue(s);
	html_timeline(s);
	put_summary(s);
	html_charts(s);
	html_steps(s);
	put_rollback(s);
	put_records(s);
	buf_printf(s->out, "</main>\n<footer>Made from the journal of the run: %lld records%s, head <code class=\"m\">%.64s</code>. Times are UTC.%s",
		   (long long)r->records, r->sealed ? ", sealed" : ", not sealed", r->scan.head, r->scan.state == JOURNAL_SOUND ? "" : " Damage: ");
	if (r->scan.state != JOURNAL_SOUND)
		html_text(s, str_of(r->scan.why));
	buf_addz(s->out, "</footer>\n</body>\n</html>\n");
	return !s->out->full;
}
