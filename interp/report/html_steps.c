#include "report/html.h"

#include <string.h>
#include "value/value.h"

/*
 * html_steps: phases, and in them each step as a line that unfolds. Long lists are
 * folded in chunks of a hundred; a chunk, and a step, in which something failed is
 * open.
 */

enum { CHUNK = 100, FOLD_FROM = 200, OUTPUT_SHOWN = 16 << 10, INLINE_BYTES = 600 };

static void put_children(struct scribe *s, const struct report_node *parent);

static void put_output(struct scribe *s, const char *what, struct str json, bool open)
{
	struct words_output o = words_output(&s->a, s->dir, json, OUTPUT_SHOWN);
	bool small = o.text.n <= INLINE_BYTES && !o.left_out;

	if (!o.any)
		return;
	if (!o.note && s->output_left < o.text.n + o.tail.n)
		o.note = "left out of this report: see runbook logs";
	if (o.note) {
		buf_printf(s->out, "<p>%s: %lld bytes (%s)</p>", what, (long long)o.bytes, o.note);
		return;
	}
	s->output_left -= o.text.n + o.tail.n;
	if (small)
		buf_printf(s->out, "<h4>%s</h4>", what);
	else
		buf_printf(s->out, "<details class=\"o\"%s><summary>%s, %lld bytes</summary>", open ? " open" : "", what, (long long)o.bytes);
	buf_printf(s->out, "<pre tabindex=\"0\" aria-label=\"%s\">", what);
	html_lines(s, o.text);
	buf_addz(s->out, "</pre>");
	if (o.left_out > 0) {
		buf_printf(s->out, "<p>%lld bytes between are left out: see <code>runbook logs</code></p><pre tabindex=\"0\">", (long long)o.left_out);
		html_lines(s, o.tail);
		buf_addz(s->out, "</pre>");
	}
	if (!small)
		buf_addz(s->out, "</details>");
}

static void put_saw(struct scribe *s, struct value item)
{
	const struct value *saw = value_get(item, STR("saw"));

	for (uint32_t k = 0; saw && saw->kind == V_MAP && k < saw->n; k++) {
		buf_addz(s->out, k ? "<br><code>" : "<code>");
		html_text(s, saw->map[k].key);
		buf_addz(s->out, "</code> = <code>");
		html_text(s, words_show(&s->a, saw->map[k].value));
		buf_addz(s->out, "</code>");
	}
}

static void put_guards(struct scribe *s, const struct report_node *n)
{
	if (!n->guards)
		return;
	buf_addz(s->out, "<h4>Guards</h4><div class=\"x\"><table><tr><th>condition</th><th>was</th><th>it saw</th><th>else</th></tr>");
	for (const struct report_guard *g = n->guards; g; g = g->next) {
		struct value items = scribe_json(s, g->items);

		for (uint32_t i = 0; items.kind == V_LIST && i < items.n; i++) {
			const char *ok = scribe_ok(items.list[i]);

			buf_addz(s->out, "<tr><td><code>");
			html_text(s, words_member(items.list[i], "that"));
			buf_printf(s->out, "</code></td><td class=\"%s\">%s</td><td>", *ok == 't' ? "y" : *ok == 'f' ? "n" : "u", ok);
			put_saw(s, items.list[i]);
			buf_addz(s->out, "</td><td>");
			html_text(s, words_member(items.list[i], "else"));
			if (words_member(items.list[i], "say").n) {
				buf_addz(s->out, ": ");
				html_lines(s, words_member(items.list[i], "say"));
			}
			if (words_member(items.list[i], "error").n) {
				buf_addz(s->out, "<br>");
				html_lines(s, words_member(items.list[i], "error"));
			}
			buf_addz(s->out, "</td></tr>");
		}
	}
	buf_addz(s->out, "</table></div>");
}

static void put_tries(struct scribe *s, const struct report_attempt *t, bool probe, bool failed)
{
	bool many = t && t->next;

	for (; t; t = t->next) {
		buf_addz(s->out, "<p>");
		if (probe) {
			buf_addz(s->out, "Probe ");
			html_text(s, t->when);
			buf_addz(s->out, ": ");
			html_badge(s, t->result);
			buf_addc(s->out, ' ');
		} else if (many) {
			buf_printf(s->out, "Attempt %lld: ", (long long)t->number);
		}
		html_lines(s, words_end(&s->a, t));
		buf_printf(s->out, " after " STR_FMT ", at +" STR_FMT "</p>", STR_ARG(words_took(&s->a, t->took_us)),
			   STR_ARG(words_took(&s->a, t->at_us)));
		put_output(s, "standard output", t->out, failed || t->next);
		put_output(s, "standard error", t->err, failed || t->next);
	}
}

static void put_captures(struct scribe *s, const struct report_node *n)
{
	struct value v;

	if (!words_map(&s->a, n->captures, &v))
		return;
	buf_addz(s->out, "<h4>Captured</h4><div class=\"x\"><table>");
	for (uint32_t i = 0; i < v.n; i++) {
		buf_addz(s->out, "<tr><th scope=\"row\">");
		html_text(s, v.map[i].key);
		buf_addz(s->out, "</th><td><code>");
		html_lines(s, words_show(&s->a, v.map[i].value));
		buf_addz(s->out, "</code></td></tr>");
	}
	buf_addz(s->out, "</table></div>");
}

/* A part of the line of facts: few elements, since there may be many steps. */
static void put_part(struct scribe *s, const char *label, struct str text)
{
	if (!text.n)
		return;
	buf_printf(s->out, " &middot; %s", label);
	html_text(s, text);
}

static void put_facts(struct scribe *s, const struct report_node *n)
{
	html_text(s, n->key);
	put_part(s, "", n->effect.n ? arena_printf(&s->a, STR_FMT " that " STR_FMT "s", STR_ARG(n->action), STR_ARG(n->effect)) : n->action);
	put_part(s, "at ", n->at);
	put_part(s, "item ", n->item.n ? words_value(&s->a, n->item) : STR(""));
	put_part(s, "began +", n->began_us >= 0 ? words_took(&s->a, n->began_us) : STR(""));
	if (n->undo.n)
		put_part(s, "undo: ", arena_printf(&s->a, STR_FMT "%s" STR_FMT, STR_ARG(n->undo), n->undo_why.n ? ", " : "", STR_ARG(n->undo_why)));
	put_part(s, "preview: ", n->preview);
}

static bool long_command(const struct report_node *n)
{
	return n->what.n > 60 || memchr(n->what.p ? n->what.p : "", '\n', n->what.n);
}

/* Most steps of a long run: one good attempt without output. One line says all. */
static bool plain(const struct report_node *n)
{
	const struct report_attempt *t = n->tries;

	return !n->error.n && !n->guards && !n->probes && n->captures.n <= 2 && !long_command(n) &&
	       (!t || (!t->next && str_eqz(t->out, "{\"n\":0}") && !t->err.n));
}

static void put_plain(struct scribe *s, const struct report_node *n)
{
	buf_addz(s->out, "<p class=\"bd\">");
	put_facts(s, n);
	if (n->tries)
		put_part(s, "", words_end(&s->a, n->tries));
	buf_addz(s->out, "</p>");
}

static void put_body(struct scribe *s, const struct report_node *n)
{
	struct buf *out = s->out;

	if (plain(n)) {
		put_plain(s, n);
		return;
	}
	buf_addz(out, "<div class=\"bd\">");
	if (n->error.n) {
		buf_addz(out, "<p class=\"er\">");
		html_lines(s, n->error);
		buf_addz(out, "</p>");
	}
	buf_addz(out, "<p class=\"kicker\">");
	put_facts(s, n);
	buf_addz(out, "</p>");
	if (long_command(n)) {
		buf_addz(out, "<pre tabindex=\"0\" aria-label=\"command\">");
		html_lines(s, n->what);
		buf_addz(out, "</pre>");
	}
	put_guards(s, n);
	put_tries(s, n->probes, true, false);
	put_tries(s, n->tries, false, scribe_bad(n));
	put_captures(s, n);
	buf_addz(out, "</div>");
}

static void put_step(struct scribe *s, const struct report_node *n)
{
	struct buf *out = s->out;
	struct str title = words_title(n);
	const char *nl = memchr(n->what.p ? n->what.p : "", '\n', n->what.n);

	arena_reset(&s->a);
	buf_printf(out, "<details class=\"s\" id=\"s%u\"%s><summary>", n->index, scribe_bad(n) ? " open" : "");
	html_badge(s, scribe_status(n).n ? scribe_status(n) : STR("-"));
	buf_addz(out, "<span class=\"nm\">");
	html_text(s, n->kind == NODE_ITERATION ? arena_printf(&s->a, STR_FMT STR_FMT, STR_ARG(n->parent->label), STR_ARG(n->label)) : title);
	if (n->kind == NODE_ITERATION && n->name.n) {
		buf_addz(out, " ");
		html_text(s, n->name);
	} else if (!str_eq(title, n->label) && n->label.n && n->label.p[0] != '!' && n->label.p[0] != '#') {
		buf_addz(out, " <em>");
		html_text(s, n->label);
		buf_addz(out, "</em>");
	}
	buf_addz(out, "</span><code class=\"wh\">");
	html_text(s, str_slice(n->what, 0, nl ? (size_t)(nl - n->what.p) : n->what.n < 400 ? n->what.n : 400));
	buf_addz(out, "</code><span class=\"du\">");
	if (n->ended_us >= 0)
		html_text(s, words_took(&s->a, n->took_us));
	if (n->attempts > 1)
		buf_printf(out, " (%lld&times;)", (long long)n->attempts);
	buf_addz(out, "</span></summary>");
	put_body(s, n);
	buf_addz(out, "</details>\n");
}

/* Something at or below n failed. */
static bool any_bad(const struct report_node *top)
{
	int depth = 0;

	for (const struct report_node *n = top; n; n = report_walk(n, top, &depth))
		if (scribe_bad(n))
			return true;
	return false;
}

static void put_node(struct scribe *s, const struct report_node *n)
{
	if (n->step) {
		put_step(s, n);
	} else if (n->kind != NODE_UNDO && n->kind != NODE_ALWAYS) {
		buf_printf(s->out, "<details class=\"c\" open id=\"s%u\"><summary>", n->index);
		html_text(s, n->kind == NODE_AGAIN ? arena_printf(&s->a, "attempt " STR_FMT, STR_ARG(str_slice(n->label, 1, n->label.n))) : n->label);
		buf_addz(s->out, "</summary></details>\n");
	}
	if (!n->first)
		return;
	if (n->kind == NODE_UNDO || n->kind == NODE_ALWAYS)
		buf_printf(s->out, "<details class=\"c\"%s id=\"s%u\"><summary>%s</summary>", n->kind == NODE_UNDO || any_bad(n) ? " open" : "", n->index,
			   n->kind == NODE_UNDO ? "undo" : "always");
	buf_printf(s->out, "<div class=\"in%s\">", n->kind == NODE_UNDO ? " undo" : "");
	put_children(s, n);
	buf_addz(s->out, "</div>");
	if (n->kind == NODE_UNDO || n->kind == NODE_ALWAYS)
		buf_addz(s->out, "</details>\n");
}

/* The next CHUNK children from n on, folded: its head with what is in it. */
static void open_chunk(struct scribe *s, const struct report_node *n, uint32_t from)
{
	uint32_t count = 0, bad = 0;

	for (; n && count < CHUNK; n = n->next, count++)
		bad += any_bad(n);
	buf_printf(s->out, "<details class=\"c\"%s><summary>%u to %u", bad ? " open" : "", from + 1, from + count);
	if (bad)
		buf_printf(s->out, ", with %u failed", bad);
	buf_addz(s->out, "</summary>");
}

static void put_children(struct scribe *s, const struct report_node *parent)
{
	uint32_t count = 0, i = 0;
	bool fold;

	for (const struct report_node *n = parent->first; n; n = n->next)
		count++;
	fold = count > FOLD_FROM;
	for (const struct report_node *n = parent->first; n; n = n->next, i++) {
		if (fold && i % CHUNK == 0) {
			if (i)
				buf_addz(s->out, "</details>\n");
			open_chunk(s, n, i);
		}
		put_node(s, n);
	}
	if (fold)
		buf_addz(s->out, "</details>\n");
}

void html_steps(struct scribe *s)
{
	buf_addz(s->out, "<h2 id=\"steps\">Steps</h2>\n<div class=\"steps\">\n");
	for (const struct report_node *p = s->r->root->first; p; p = p->next) {
		arena_reset(&s->a);
		buf_printf(s->out, "<section class=\"p\" id=\"s%u\"><div class=\"ph\"><h3>", p->index);
		html_text(s, scribe_upper(s, p->key));
		buf_addz(s->out, "</h3>");
		html_badge(s, p->status);
		if (p->ended_us >= 0)
			html_fact(s, "<span class=\"v\">took</span>", words_took(&s->a, p->took_us));
		buf_addz(s->out, "</div>\n");
		put_children(s, p);
		buf_addz(s->out, "</section>\n");
	}
	buf_addz(s->out, "</div>\n");
}
