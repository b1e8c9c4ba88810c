#include "report/formats.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include "base/file.h"
#include "base/visible.h"
#include "value/json.h"

/* formats: one door to all of them, and what they share. */

bool report_format_of(const char *name, enum report_format *out)
{
	static const char *const names[] = { "text", "json", "md", "html", "junit", "otlp" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i])) {
			*out = (enum report_format)i;
			return true;
		}
	return false;
}

bool report_make(const struct report *r, const char *dir, enum report_format format, struct buf *out)
{
	static bool (*const makers[])(struct scribe *) = { report_text, report_json, report_markdown, report_html, report_junit, report_otlp };
	struct scribe s = { .r = r, .dir = dir, .out = out, .output_left = 8 << 20 };
	bool ok;

	arena_init(&s.a);
	ok = makers[format](&s);
	arena_release(&s.a);
	return ok;
}

int report_write(const char *dir, bool shared)
{
	struct report r;
	struct arena a;
	struct buf out;
	struct stat st;
	struct str journal, path;
	int err = 0;

	arena_init(&a);
	buf_init(&out, REPORT_BYTES_MAX);
	path = arena_printf(&a, "%s/report.run.json", dir);
	journal = arena_printf(&a, "%s/journal.jsonl", dir);
	if (stat(journal.p, &st))
		err = errno;
	else if (st.st_size <= REPORT_AT_SEAL && report_read(&a, journal.p, false, &r)) {
		err = report_make(&r, dir, REPORT_JSON, &out) ? 0 : EFBIG;
		if (!err)
			err = file_write_atomic(path.p, buf_str(&out), 0600, 0);
		if (!err && shared && chmod(path.p, 0660)) /* the umask does not count here */
			err = errno;
	}
	buf_release(&out);
	arena_release(&a);
	return err;
}

const struct report_node *report_walk(const struct report_node *n, const struct report_node *top, int *depth)
{
	if (n->first) {
		++*depth;
		return n->first;
	}
	while (n != top && !n->next) {
		n = n->parent;
		--*depth;
	}
	return n == top ? NULL : n->next;
}

struct value scribe_json(struct scribe *s, struct str json)
{
	struct json_error je;
	struct value v;

	return json.n && json_parse_members(&s->a, json, 3, &v, &je) ? v : value_null;
}

const char *scribe_ok(struct value item)
{
	const struct value *ok = item.kind == V_MAP ? value_get(item, STR("ok")) : NULL;

	return !ok || ok->kind != V_BOOL ? "unknown" : ok->b ? "true" : "false";
}

struct str scribe_status(const struct report_node *n)
{
	if (n->dry && str_eqz(n->status, "ok"))
		return STR("would run");
	if (n->status.n)
		return n->status;
	return n->began && !n->ended ? STR("running") : STR("");
}

bool scribe_bad(const struct report_node *n)
{
	static const char *const bad[] = { "failed", "timeout", "undo_failed", "cancelled" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (str_eqz(n->status, bad[i]))
			return true;
	return str_eqz(n->undo, "undo_failed") || str_eqz(n->undo, "residue");
}

struct str scribe_name(struct scribe *s, const struct report_node *n)
{
	struct str title = words_title(n), label = n->kind == NODE_ITERATION ? n->parent->label : STR("");

	if (str_eq(title, n->label))
		return arena_printf(&s->a, STR_FMT STR_FMT, STR_ARG(label), STR_ARG(title));
	return arena_printf(&s->a, STR_FMT STR_FMT "  " STR_FMT, STR_ARG(label), STR_ARG(n->label), STR_ARG(title));
}

struct str scribe_upper(struct scribe *s, struct str text)
{
	char *p = arena_alloc(&s->a, text.n + 1);

	for (size_t i = 0; i < text.n; i++)
		p[i] = text.p[i] >= 'a' && text.p[i] <= 'z' ? (char)(text.p[i] - 32) : text.p[i];
	return (struct str){ p, text.n };
}

const char *scribe_margin(struct scribe *s, const char *margin)
{
	return arena_printf(&s->a, "%s  ", margin).p;
}

struct str scribe_members(struct scribe *s, struct str json)
{
	struct value v;
	struct buf b;
	struct str out;

	if (!words_map(&s->a, json, &v))
		return STR("");
	buf_init(&b, 1 << 20);
	for (uint32_t i = 0; i < v.n; i++) {
		if (i)
			buf_addz(&b, ", ");
		buf_adds(&b, v.map[i].key);
		buf_addc(&b, ' ');
		value_show(v.map[i].value, &b);
	}
	out = arena_str(&s->a, b.p, b.len);
	buf_release(&b);
	return out;
}

/* Escapes text that visible_add made. */
static void put_escaped(struct buf *out, struct str text)
{
	size_t from = 0;

	for (size_t i = 0; i < text.n; i++) {
		const char *with = NULL;
		size_t n = 1;

		switch (text.p[i]) {
		case '&': with = "&amp;"; break;
		case '<': with = "&lt;"; break;
		case '>': with = "&gt;"; break;
		case '"': with = "&quot;"; break;
		case '\'': with = "&#39;"; break;
		case '\xef': /* U+FFFE, U+FFFF: no characters of XML */
			if (i + 2 < text.n && text.p[i + 1] == '\xbf' && ((unsigned char)text.p[i + 2] & 0xfe) == 0xbe) {
				with = "\xef\xbf\xbd";
				n = 3;
			}
			break;
		default: break;
		}
		if (!with)
			continue;
		buf_adds(out, str_slice(text, from, i));
		buf_addz(out, with);
		i += n - 1;
		from = i + 1;
	}
	buf_adds(out, str_slice(text, from, text.n));
}

void scribe_xml(struct buf *out, struct str text, bool lines)
{
	struct buf seen;

	if (!text.n)
		return;
	buf_init(&seen, 4 * text.n + 64);
	for (size_t at = 0; at <= text.n;) {
		const char *nl = lines && at < text.n ? memchr(text.p + at, '\n', text.n - at) : NULL;
		size_t end = nl ? (size_t)(nl - text.p) : text.n;

		buf_clear(&seen);
		visible_add(&seen, str_slice(text, at, end > at && nl && text.p[end - 1] == '\r' ? end - 1 : end));
		put_escaped(out, buf_str(&seen));
		if (nl)
			buf_addc(out, '\n');
		at = end + 1;
	}
	buf_release(&seen);
}
