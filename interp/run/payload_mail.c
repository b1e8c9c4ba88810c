#include "run/payload.h"

#include <stdio.h>
#include "journal/output.h"
#include "plan/program.h"
#include "value/units.h"

/*
 * payload_mail: a mail of RFC 5322: plain text and HTML (RFC 2046), quoted-printable,
 * a subject in encoded words (RFC 2047). Line breaks come from here alone: what stands
 * in a head has none, whatever a value has in it.
 */

enum { WORD_BYTES = 39 /* 52 in base64, 64 as a word: with `Subject: ` less than a line */, LINE_MAX_BYTES = 76, SUBJECT_MAX = 500 };

static bool plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] >= 0x7f)
			return false;
	return str_find(s, STR("=?")) < 0;
}

static void add_base64(struct buf *out, struct str s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < s.n; i += 3) {
		size_t left = s.n - i;
		uint32_t v = (uint32_t)(unsigned char)s.p[i] << 16;

		v |= left > 1 ? (uint32_t)(unsigned char)s.p[i + 1] << 8 : 0;
		v |= left > 2 ? (uint32_t)(unsigned char)s.p[i + 2] : 0;
		buf_addc(out, digits[v >> 18]);
		buf_addc(out, digits[v >> 12 & 63]);
		buf_addc(out, left > 1 ? digits[v >> 6 & 63] : '=');
		buf_addc(out, left > 2 ? digits[v & 63] : '=');
	}
}

/* Control characters become spaces; what is not ASCII or longer than a line, words. */
static void add_words(struct buf *out, struct str text, size_t room)
{
	struct buf clean;
	struct str s;

	buf_init(&clean, SUBJECT_MAX + 1);
	for (size_t i = 0; i < text.n && clean.len < SUBJECT_MAX; i++)
		buf_addc(&clean, (unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f ? ' ' : text.p[i]);
	s = buf_str(&clean);
	if (!utf8_valid(s))
		s = str_slice(s, 0, utf8_bad_at(s));
	if (plain(s) && s.n <= room) {
		buf_adds(out, s);
		s = STR("");
	}
	for (bool first = true; s.n; first = false) {
		struct str word = payload_cut(s, WORD_BYTES);

		buf_addz(out, first ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
		add_base64(out, word);
		buf_addz(out, "?=");
		s = str_slice(s, word.n, s.n);
	}
	buf_release(&clean);
}

static void add_mailbox(struct buf *out, struct mailbox m)
{
	if (!m.name.n) {
		buf_adds(out, m.address);
		return;
	}
	if (plain(m.name)) {
		buf_addc(out, '"');
		for (size_t i = 0; i < m.name.n; i++) {
			if (m.name.p[i] == '"' || m.name.p[i] == '\\')
				buf_addc(out, '\\');
			buf_addc(out, m.name.p[i]);
		}
		buf_addc(out, '"');
	} else {
		add_words(out, m.name, 0);
	}
	buf_addz(out, "\r\n <");
	buf_adds(out, m.address);
	buf_addc(out, '>');
}

static void add_date(struct buf *out, int64_t wall)
{
	static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct civil c = { 0 };

	(void)unit_civil(wall, STR("UTC"), &c);
	buf_printf(out, "Date: %s, %d %s %04d %02d:%02d:%02d +0000\r\n", days[c.weekday], c.day, months[c.month - 1], c.year, c.hour,
		   c.minute, c.second);
}

/* RFC 2045 section 6.7. A newline is a line's end, a CR before it goes. */
static void add_quoted_printable(struct buf *out, struct str s)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t column = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool ends = i + 1 == s.n || s.p[i + 1] == '\n' || s.p[i + 1] == '\r';
		bool as_is = (c > ' ' && c < 0x7f && c != '=') || ((c == ' ' || c == '\t') && !ends);

		if (c == '\n' || (c == '\r' && i + 1 < s.n && s.p[i + 1] == '\n')) {
			if (c == '\n') {
				buf_addz(out, "\r\n");
				column = 0;
			}
			continue;
		}
		if (column + (as_is ? 1 : 3) > LINE_MAX_BYTES - 1) {
			buf_addz(out, "=\r\n");
			column = 0;
		}
		if (as_is) {
			buf_addc(out, (char)c);
			column++;
		} else {
			buf_addc(out, '=');
			buf_addc(out, hex[c >> 4]);
			buf_addc(out, hex[c & 15]);
			column += 3;
		}
	}
	buf_addz(out, "\r\n");
}

static void add_html(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		switch (s.p[i]) {
		case '&': buf_addz(out, "&amp;"); break;
		case '<': buf_addz(out, "&lt;"); break;
		case '>': buf_addz(out, "&gt;"); break;
		case '"': buf_addz(out, "&quot;"); break;
		default: buf_addc(out, s.p[i]);
		}
	}
}

struct fact { const char *name; struct str value; };

static void facts(const struct notice *n, struct fact list[5])
{
	list[0] = (struct fact){ "runbook", n->runbook };
	list[1] = (struct fact){ "run", n->run };
	list[2] = (struct fact){ "step", n->step };
	list[3] = (struct fact){ "status", n->status };
	list[4] = (struct fact){ "level", str_of(n->event ? message_events[n->event] : message_levels[n->level]) };
}

static void text_part(const struct notice *n, struct buf *out)
{
	struct fact list[5];

	facts(n, list);
	buf_adds(out, n->text);
	buf_addz(out, "\n\n-- \n");
	for (size_t i = 0; i < 5; i++) {
		if (list[i].value.n)
			buf_printf(out, "%-8s " STR_FMT "\n", list[i].name, STR_ARG(list[i].value));
	}
}

static void html_part(const struct notice *n, struct buf *out)
{
	static const char *const colors[] = { "#2f6fb0", "#b7791f", "#c53030", "#7b0000" };
	struct fact list[5];

	facts(n, list);
	buf_addz(out, "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head>\n<body style=\"font-family:sans-serif\">\n");
	buf_printf(out, "<h2 style=\"font-size:1.1em;border-left:6px solid %s;padding-left:8px\">",
		   n->event == EVENT_RESOLVED ? "#2f855a" : colors[n->level]);
	add_html(out, payload_title(n));
	buf_addz(out, "</h2>\n<div style=\"white-space:pre-wrap\">");
	add_html(out, n->text);
	buf_addz(out, "</div>\n<table style=\"margin-top:1em;color:#555;font-size:0.9em\">\n");
	for (size_t i = 0; i < 5; i++) {
		if (!list[i].value.n)
			continue;
		buf_printf(out, "<tr><td>%s</td><td>", list[i].name);
		add_html(out, list[i].value);
		buf_addz(out, "</td></tr>\n");
	}
	buf_addz(out, "</table>\n</body></html>\n");
}

static void add_part(struct buf *out, const char *boundary, const char *type, struct str text)
{
	buf_printf(out, "--%s\r\nContent-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", boundary, type);
	add_quoted_printable(out, text);
}

static void add_head(const struct notice *n, struct mailbox from, const struct mailbox *to, uint32_t to_count, const char *id, struct buf *out)
{
	struct str domain = mailbox_domain(from);
	struct buf subject;

	add_date(out, n->wall);
	buf_addz(out, "From: ");
	add_mailbox(out, from);
	buf_addz(out, "\r\nTo: ");
	for (uint32_t i = 0; i < to_count; i++) {
		if (i)
			buf_addz(out, ",\r\n ");
		add_mailbox(out, to[i]);
	}
	buf_init(&subject, 4096);
	buf_printf(&subject, "[%s] ", n->event ? message_events[n->event] : message_levels[n->level]);
	buf_adds(&subject, payload_cut(payload_title(n), SUBJECT_MAX));
	buf_addz(out, "\r\nSubject: ");
	add_words(out, buf_str(&subject), LINE_MAX_BYTES - 10);
	buf_release(&subject);
	buf_printf(out, "\r\nMessage-ID: <%.32s@" STR_FMT ">\r\n", id, STR_ARG(domain));
	/* Mails of one run are one thread. */
	buf_printf(out, "References: <" STR_FMT "@" STR_FMT ">\r\n", STR_ARG(n->run), STR_ARG(domain));
	if (n->level >= LEVEL_ERROR && !n->event)
		buf_addz(out, "Importance: high\r\nX-Priority: 1\r\n");
	buf_addz(out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n");
	/* `=_` cannot come in quoted-printable. */
	buf_printf(out, "Content-Type: multipart/alternative;\r\n boundary=\"=_%.32s\"\r\n\r\n", id);
}

void payload_mail(const struct notice *n, struct mailbox from, const struct mailbox *to, uint32_t to_count, struct buf *out)
{
	char id[65], boundary[40];
	struct buf b;

	/* A mail that is sent twice has the same id. */
	buf_init(&b, 2 << 20);
	buf_printf(&b, STR_FMT "\n" STR_FMT "\n" STR_FMT "\n%lld\n", STR_ARG(n->run), STR_ARG(n->step), STR_ARG(n->incident),
		   (long long)n->wall);
	buf_adds(&b, n->title);
	buf_addc(&b, '\n');
	buf_adds(&b, n->text);
	digest_hex(buf_str(&b), id);
	add_head(n, from, to, to_count, id, out);
	(void)snprintf(boundary, sizeof(boundary), "=_%.32s", id);
	buf_clear(&b);
	text_part(n, &b);
	add_part(out, boundary, "plain", buf_str(&b));
	buf_clear(&b);
	html_part(n, &b);
	add_part(out, boundary, "html", buf_str(&b));
	buf_printf(out, "--%s--\r\n", boundary);
	buf_release(&b);
}
