#include "report/formats.h"

#include "base/visible.h"
#include "value/value.h"

/*
 * text: the report for a terminal or a mail: the twelve lines, the header, each
 * step with what it met, and what a person has to do. Foreign text is made
 * visible (base/visible.h), line by line.
 */

enum { OUTPUT_SHOWN = 2048 };

static void put_lines(struct buf *out, const char *margin, struct str text)
{
	for (size_t at = 0; at < text.n;) {
		ptrdiff_t nl = str_find(str_slice(text, at, text.n), STR("\n"));
		size_t end = nl < 0 ? text.n : at + (size_t)nl;

		buf_addz(out, margin);
		visible_add(out, str_slice(text, at, end));
		buf_addc(out, '\n');
		at = end + 1;
	}
}

static void put(struct buf *out, const char *label, struct str text)
{
	if (!text.n)
		return;
	buf_printf(out, "%-11s", label);
	visible_add(out, text);
	buf_addc(out, '\n');
}

static void put_map(struct scribe *s, const char *label, struct str json)
{
	struct value v;

	if (!words_map(&s->a, json, &v))
		return;
	for (uint32_t i = 0; i < v.n; i++) {
		buf_printf(s->out, "%-11s", i ? "" : label);
		visible_add(s->out, v.map[i].key);
		buf_addz(s->out, " = ");
		visible_add(s->out, words_show(&s->a, v.map[i].value));
		buf_addc(s->out, '\n');
	}
}

static void put_header(struct scribe *s)
{
	const struct report *r = s->r;
	struct buf *out = s->out;

	put(out, "Run", r->run);
	put(out, "Title", r->title);
	put(out, "Runbook", arena_printf(&s->a, STR_FMT "%s" STR_FMT "  (" STR_FMT ", sha256 %.12s)", STR_ARG(r->runbook),
					 r->runbook_version.n ? " " : "", STR_ARG(r->runbook_version), STR_ARG(r->path), r->program.p ? r->program.p : ""));
	put(out, "Source", words_source(&s->a, r));
	put(out, "Program", r->version);
	put(out, "Undoes", r->rollback_of.n ? arena_printf(&s->a, "run " STR_FMT "%s" STR_FMT, STR_ARG(r->rollback_of), r->rollback_why.n ? ": " : "", STR_ARG(r->rollback_why)) : STR(""));
	put(out, "Runners", r->epochs > 1 ? arena_printf(&s->a, "%lld", (long long)r->epochs) : STR(""));
	put(out, "Doubt", r->doubt_why);
	put(out, "Outcome", arena_printf(&s->a, STR_FMT "%s: %s", STR_ARG(report_status(r)),
					 r->exit >= 0 ? arena_printf(&s->a, ", exit %lld", (long long)r->exit).p : "", words_meaning(r)));
	put(out, "Started", words_time(&s->a, r->started));
	put(out, "Ended", r->sealed ? words_time(&s->a, r->ended) : STR(""));
	put(out, "Operator", arena_printf(&s->a, STR_FMT "%s, user " STR_FMT " on " STR_FMT, STR_ARG(r->operator_name),
					  r->claimed ? " (as claimed)" : "", STR_ARG(r->user), STR_ARG(r->host)));
	put(out, "Lock", r->lock);
	put_map(s, "Inputs", r->inputs);
	put_map(s, "More", r->more);
	put(out, "Stopped", r->stopped);
	put(out, "Waits", r->held ? arena_printf(&s->a, STR_FMT ": " STR_FMT, STR_ARG(r->held_key), STR_ARG(r->held_why)) : STR(""));
	if (r->cause_text.n)
		put(out, "Cause", arena_printf(&s->a, STR_FMT "%s" STR_FMT "%s" STR_FMT, STR_ARG(r->cause_key), r->cause_key.n ? ": " : "",
					       STR_ARG(r->cause_text), r->cause_at.n ? "  at " : "", STR_ARG(r->cause_at)));
	if (r->scan.state == JOURNAL_CORRUPT || r->scan.state == JOURNAL_TORN)
		put(out, "Damage", arena_printf(&s->a, "%s", r->scan.why));
}

static void put_guards(struct scribe *s, const struct report_node *n, const char *margin)
{
	for (const struct report_guard *g = n->guards; g; g = g->next) {
		struct value items = scribe_json(s, g->items);

		for (uint32_t i = 0; items.kind == V_LIST && i < items.n; i++) {
			const struct value *saw = value_get(items.list[i], STR("saw"));

			buf_printf(s->out, "%sguard  %s  ", margin, scribe_ok(items.list[i]));
			visible_add(s->out, words_member(items.list[i], "that"));
			for (uint32_t k = 0; saw && saw->kind == V_MAP && k < saw->n; k++) {
				buf_addz(s->out, k ? ", " : "   saw ");
				visible_add(s->out, saw->map[k].key);
				buf_addz(s->out, " = ");
				visible_add(s->out, words_show(&s->a, saw->map[k].value));
			}
			buf_addc(s->out, '\n');
			if (words_member(items.list[i], "say").n)
				put_lines(s->out, scribe_margin(s, margin), words_member(items.list[i], "say"));
			if (words_member(items.list[i], "error").n)
				put_lines(s->out, scribe_margin(s, margin), words_member(items.list[i], "error"));
		}
	}
}

static void put_output(struct scribe *s, const char *mark, struct str json)
{
	struct words_output o = words_output(&s->a, s->dir, json, OUTPUT_SHOWN);

	if (!o.any)
		return;
	if (o.note)
		buf_printf(s->out, "%s(%s, %lld bytes)\n", mark, o.note, (long long)o.bytes);
	put_lines(s->out, mark, o.text);
	if (o.left_out > 0)
		buf_printf(s->out, "%s... %lld bytes left out ...\n", mark, (long long)o.left_out);
	put_lines(s->out, mark, o.tail);
}

static void put_try(struct scribe *s, const struct report_attempt *t, const char *margin, const char *kind, bool output)
{
	buf_printf(s->out, "%s%s", margin, kind);
	if (t->when.n)
		visible_add(s->out, arena_printf(&s->a, " " STR_FMT ": " STR_FMT, STR_ARG(t->when), STR_ARG(t->result)));
	else
		buf_printf(s->out, " %lld", (long long)t->number);
	buf_addz(s->out, "  ");
	visible_add(s->out, words_end(&s->a, t));
	buf_printf(s->out, "  " STR_FMT "\n", STR_ARG(words_took(&s->a, t->took_us)));
	if (!output)
		return;
	put_output(s, arena_printf(&s->a, "%s  | ", margin).p, t->out);
	put_output(s, arena_printf(&s->a, "%s  ! ", margin).p, t->err);
}

static void put_node(struct scribe *s, const struct report_node *n, int depth)
{
	struct buf *out = s->out;
	const char *margin = arena_printf(&s->a, "%*s", depth * 2 + 14, "").p;
	struct str status = scribe_status(n);
	size_t wide = visible_width(status);

	buf_fill(out, ' ', (size_t)depth * 2);
	visible_add(out, status);
	buf_fill(out, ' ', wide < 12 ? 12 - wide : 1);
	visible_add(out, scribe_name(s, n));
	if (n->item.n) {
		buf_addz(out, " (");
		visible_add(out, words_value(&s->a, n->item));
		buf_addc(out, ')');
	}
	if (n->ended || n->took_us)
		buf_printf(out, "  " STR_FMT, STR_ARG(words_took(&s->a, n->took_us)));
	if (n->attempts > 1)
		buf_printf(out, ", %lld attempts", (long long)n->attempts);
	buf_addc(out, '\n');
	put_lines(out, margin, n->what);
	put_lines(out, arena_printf(&s->a, "%s> ", margin).p, n->preview);
	put_guards(s, n, margin);
	for (const struct report_attempt *t = n->probes; t; t = t->next)
		put_try(s, t, margin, "probe", false);
	for (const struct report_attempt *t = n->tries; t; t = t->next)
		if (t->next || n->error.n || scribe_bad(n))
			put_try(s, t, margin, "attempt", true);
	if (n->error.n) {
		buf_addz(out, margin);
		visible_add(out, n->error);
		if (n->at.n) {
			buf_addz(out, "  at ");
			visible_add(out, n->at);
		}
		buf_addc(out, '\n');
	}
	if (n->undo.n && !str_eqz(n->undo, "undone")) {
		buf_addz(out, margin);
		visible_add(out, arena_printf(&s->a, STR_FMT ": " STR_FMT, STR_ARG(n->undo), STR_ARG(n->undo_why)));
		buf_addc(out, '\n');
	}
}

static void put_tree(struct scribe *s)
{
	int depth = 0;

	for (const struct report_node *n = report_walk(s->r->root, s->r->root, &depth); n; n = report_walk(n, s->r->root, &depth)) {
		arena_reset(&s->a);
		if (n->kind == NODE_PHASE) {
			buf_addc(s->out, '\n');
			visible_add(s->out, scribe_upper(s, n->key));
			buf_addz(s->out, n->status.n ? "  " : "");
			visible_add(s->out, n->status);
			if (n->ended_us >= 0)
				buf_printf(s->out, "  " STR_FMT, STR_ARG(words_took(&s->a, n->took_us)));
			buf_addc(s->out, '\n');
		} else if (n->step) {
			put_node(s, n, depth - 1);
		} else {
			buf_printf(s->out, "%*s", (depth - 1) * 2, "");
			visible_add(s->out, n->kind == NODE_AGAIN ? arena_printf(&s->a, "attempt %s", n->label.p + 1) : words_title(n));
			buf_addz(s->out, ":\n");
		}
	}
}

static void put_keys(struct scribe *s, const char *title, const struct str *list, uint32_t n)
{
	if (!n)
		return;
	buf_printf(s->out, "\n%s\n", title);
	for (uint32_t i = 0; i < n; i++) {
		buf_addz(s->out, "  ");
		visible_add(s->out, list[i]);
		buf_addc(s->out, '\n');
	}
}

static void put_residue(struct scribe *s)
{
	const struct report *r = s->r;

	if (!r->residue_count)
		return;
	buf_addz(s->out, "\nLEFT: what a person must still do\n");
	for (uint32_t i = 0; i < r->residue_count; i++) {
		const struct report_residue *left = &r->residue[i];

		buf_addz(s->out, "  ");
		visible_add(s->out, left->key);
		buf_addz(s->out, ": ");
		visible_add(s->out, left->why);
		buf_addc(s->out, '\n');
		if (left->command_count) {
			buf_addz(s->out, "    in ");
			visible_add(s->out, left->dir);
			buf_addz(s->out, ":\n");
		}
		for (uint32_t k = 0; k < left->command_count; k++)
			put_lines(s->out, "      ", left->commands[k]);
	}
}

/* Questions to people, and their answers. */
static void put_decisions(struct scribe *s)
{
	const struct report *r = s->r;
	bool first = true;

	for (uint32_t i = 0; i < r->event_count; i++) {
		const struct report_event *e = &r->events[i];
		struct words_decision d;

		if (!words_is_decision(e->t))
			continue;
		arena_reset(&s->a);
		d = words_decision(&s->a, e);
		buf_addz(s->out, first ? "\nQUESTIONS AND ANSWERS\n" : "");
		first = false;
		buf_printf(s->out, "  +" STR_FMT "  ", STR_ARG(words_took(&s->a, e->at_us)));
		visible_add(s->out, arena_printf(&s->a, STR_FMT " " STR_FMT "%s" STR_FMT "%s" STR_FMT "%s", STR_ARG(e->t), STR_ARG(e->k),
						 d.who.n ? str_eqz(e->t, "question") ? ", of " : ", by " : "", STR_ARG(d.who),
						 d.why.n ? " (" : "", STR_ARG(d.why), d.why.n ? ")" : ""));
		buf_addc(s->out, '\n');
		put_lines(s->out, "      ", d.what);
	}
}

static void put_monitors(struct scribe *s)
{
	const struct report *r = s->r;

	for (uint32_t i = 0; i < r->monitor_count; i++) {
		const struct report_monitor *m = &r->monitors[i];

		arena_reset(&s->a);
		buf_addz(s->out, i ? "" : "\nMONITORS\n");
		buf_addz(s->out, "  ");
		visible_add(s->out, m->key);
		buf_addz(s->out, "  ");
		visible_add(s->out, words_monitor_line(&s->a, m));
		buf_addc(s->out, '\n');
		for (uint32_t k = 0; k < m->figure_count; k++)
			put_lines(s->out, "      ", words_figure_line(&s->a, m, &m->figures[k]));
		for (uint32_t k = 0; k < m->fired_count; k++)
			put_lines(s->out, "      ", words_fired_line(&s->a, &m->fired[k]));
	}
}

static void put_events(struct scribe *s)
{
	const struct report *r = s->r;
	bool first = true;

	for (uint32_t i = 0; i < r->issues_len; i++) {
		buf_addz(s->out, i ? "" : "\nISSUES\n");
		visible_add(s->out, arena_printf(&s->a, "  " STR_FMT "  " STR_FMT "%s", STR_ARG(r->issues[i].severity), STR_ARG(r->issues[i].k),
						 r->issues[i].k.n ? ": " : ""));
		visible_add(s->out, r->issues[i].text);
		buf_addc(s->out, '\n');
	}
	for (uint32_t i = 0; i < r->event_count; i++) {
		const struct report_event *e = &r->events[i];

		if (str_eqz(e->t, "timer") || words_is_decision(e->t))
			continue;
		arena_reset(&s->a);
		buf_addz(s->out, first ? "\nRECORDS\n" : "");
		first = false;
		buf_printf(s->out, "  +" STR_FMT "  ", STR_ARG(words_took(&s->a, e->at_us)));
		visible_add(s->out, e->t);
		buf_addc(s->out, ' ');
		visible_add(s->out, e->k);
		buf_addc(s->out, ' ');
		visible_add(s->out, scribe_members(s, e->body));
		buf_addc(s->out, '\n');
	}
	if (r->left_out)
		buf_printf(s->out, "\n%u further steps and records are left out.\n", r->left_out);
}

bool report_text(struct scribe *s)
{
	words_summary(&s->a, s->r, s->out);
	buf_addc(s->out, '\n');
	put_header(s);
	put_tree(s);
	put_keys(s, "UNDONE, in this order", s->r->undone, s->r->undone_count);
	put_keys(s, "FAILED AND PASSED OVER", s->r->continued, s->r->continued_count);
	put_keys(s, "ARMED: what would be undone", s->r->armed, s->r->armed_count);
	put_residue(s);
	put_decisions(s);
	put_monitors(s);
	put_events(s);
	return !s->out->full;
}
