#include "run/payload.h"

#include "base/jsonw.h"
#include "journal/output.h"
#include "plan/program.h"
#include "value/units.h"

/*
 * payload: JSON for webhooks, Slack and PagerDuty. Slack: `text` is what a phone
 * shows, the attachment has the colour and the blocks; & < > are its only special
 * characters, and `verbatim` keeps it from making mentions of plain words.
 */

enum { SLACK_SECTION = 3000, SLACK_SECTIONS = 10, SLACK_TITLE = 300, PAGER_SUMMARY = 1024, PAGER_TEXT = 16 << 10, PAGER_KEY = 255 };

struct str payload_cut(struct str s, size_t max)
{
	size_t n = s.n;

	if (n <= max)
		return s;
	n = max;
	while (n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return str_slice(s, 0, n);
}

struct str payload_title(const struct notice *n)
{
	struct str line = str_trim(n->text);
	const char *nl = line.n ? memchr(line.p, '\n', line.n) : NULL;

	if (str_trim(n->title).n)
		return str_trim(n->title);
	if (nl)
		line = str_trim(str_slice(line, 0, (size_t)(nl - line.p)));
	return line.n ? line : n->runbook;
}

void payload_webhook(const struct notice *n, struct buf *out)
{
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_open(&w, '{');
	jsonw_kstr(&w, "title", n->title);
	jsonw_kstr(&w, "text", n->text);
	jsonw_kstr(&w, "level", str_of(message_levels[n->level]));
	jsonw_kstr(&w, "runbook", n->runbook);
	jsonw_kstr(&w, "run", n->run);
	jsonw_kstr(&w, "status", n->status);
	jsonw_kstr(&w, "step", n->step);
	jsonw_kstr(&w, "event", str_of(message_events[n->event]));
	jsonw_kstr(&w, "incident", n->incident);
	jsonw_close(&w, '}');
}

/* --- Slack ------------------------------------------------------------------------ */

static void add_escaped(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		switch (s.p[i]) {
		case '&': buf_addz(out, "&amp;"); break;
		case '<': buf_addz(out, "&lt;"); break;
		case '>': buf_addz(out, "&gt;"); break;
		default: buf_addc(out, s.p[i]);
		}
	}
}

/* How much of s has at most max bytes when escaped; whole code points, and lines if it can be. */
static size_t fits(struct str s, size_t max)
{
	size_t used = 0, line = 0, i = 0;

	while (i < s.n) {
		size_t next = i, size;

		(void)utf8_next(s, &next);
		size = s.p[i] == '&' ? 5 : s.p[i] == '<' || s.p[i] == '>' ? 4 : next - i;
		if (used + size > max)
			return line ? line : i;
		used += size;
		i = next;
		if (s.p[i - 1] == '\n')
			line = i;
	}
	return s.n;
}

static void text_object(struct jsonw *w, struct str text)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	add_escaped(&b, text);
	jsonw_open(w, '{');
	jsonw_kstr(w, "type", STR("mrkdwn"));
	jsonw_kstr(w, "text", buf_str(&b));
	jsonw_kbool(w, "verbatim", true);
	jsonw_close(w, '}');
	buf_release(&b);
}

static void section(struct jsonw *w, struct str text)
{
	jsonw_open(w, '{');
	jsonw_kstr(w, "type", STR("section"));
	jsonw_key(w, "text");
	text_object(w, text);
	jsonw_close(w, '}');
}

/* "error · kis_core_deploy · act/stop · 01m8..." */
static void context(struct jsonw *w, const struct notice *n)
{
	const struct str parts[] = { str_of(n->event ? message_events[n->event] : message_levels[n->level]), n->runbook, n->step, n->run };
	struct buf b;

	buf_init(&b, 4096);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (b.len && parts[i].n)
			buf_addz(&b, " \xc2\xb7 ");
		buf_adds(&b, payload_cut(parts[i], 500));
	}
	jsonw_open(w, '{');
	jsonw_kstr(w, "type", STR("context"));
	jsonw_key(w, "elements");
	jsonw_open(w, '[');
	text_object(w, buf_str(&b));
	jsonw_close(w, ']');
	jsonw_close(w, '}');
	buf_release(&b);
}

static struct str color(const struct notice *n)
{
	static const char *const of[] = { "#439fe0", "#daa038", "#d24a43", "#8b0000" };

	return str_of(n->event == EVENT_RESOLVED ? "#2eb886" : of[n->level]);
}

void payload_slack(const struct notice *n, struct buf *out)
{
	struct str left = str_trim(n->text), title = payload_cut(payload_title(n), SLACK_TITLE);
	struct jsonw w;
	struct buf b;

	buf_init(&b, 64 << 10);
	add_escaped(&b, title);
	jsonw_init(&w, out);
	jsonw_open(&w, '{');
	jsonw_kstr(&w, "text", buf_str(&b));
	jsonw_key(&w, "attachments");
	jsonw_open(&w, '[');
	jsonw_open(&w, '{');
	jsonw_kstr(&w, "color", color(n));
	jsonw_kstr(&w, "fallback", buf_str(&b));
	jsonw_key(&w, "blocks");
	jsonw_open(&w, '[');
	if (str_eq(left, title)) /* it stands above */
		left = STR("");
	for (int i = 0; left.n && i < SLACK_SECTIONS; i++) {
		size_t part = fits(left, SLACK_SECTION);

		section(&w, str_slice(left, 0, part));
		left = str_slice(left, part, left.n);
	}
	if (left.n)
		section(&w, STR("(cut: the rest stands in the run's report)"));
	context(&w, n);
	jsonw_close(&w, ']');
	jsonw_close(&w, '}');
	jsonw_close(&w, ']');
	jsonw_close(&w, '}');
	buf_release(&b);
}

/* --- PagerDuty ---------------------------------------------------------------------- */

static void pager_payload(struct jsonw *w, const struct notice *n)
{
	static const char *const severities[] = { "info", "warning", "error", "critical" };
	struct buf time;

	buf_init(&time, 64);
	unit_put_time(&time, n->wall);
	jsonw_key(w, "payload");
	jsonw_open(w, '{');
	jsonw_kstr(w, "summary", payload_cut(payload_title(n), PAGER_SUMMARY));
	jsonw_kstr(w, "source", n->runbook);
	jsonw_kstr(w, "severity", str_of(severities[n->level]));
	jsonw_kstr(w, "timestamp", buf_str(&time));
	if (n->step.n)
		jsonw_kstr(w, "component", n->step);
	jsonw_kstr(w, "group", n->runbook);
	jsonw_key(w, "custom_details");
	jsonw_open(w, '{');
	jsonw_kstr(w, "text", payload_cut(n->text, PAGER_TEXT));
	jsonw_kstr(w, "run", n->run);
	jsonw_kstr(w, "step", n->step);
	jsonw_kstr(w, "status", n->status);
	jsonw_close(w, '}');
	jsonw_close(w, '}');
	buf_release(&time);
}

void payload_pagerduty(const struct notice *n, struct str routing_key, struct buf *out)
{
	struct str key = n->incident;
	char digest[65];
	struct jsonw w;

	if (key.n > PAGER_KEY) { /* the same for the same name, all the same */
		digest_hex(key, digest);
		key = str_of(digest);
	}
	jsonw_init(&w, out);
	jsonw_open(&w, '{');
	jsonw_kstr(&w, "routing_key", routing_key);
	jsonw_kstr(&w, "event_action", str_of(message_events[n->event]));
	jsonw_kstr(&w, "dedup_key", key);
	if (!n->event) {
		jsonw_kstr(&w, "client", STR("runbook"));
		pager_payload(&w, n);
	}
	jsonw_close(&w, '}');
}
