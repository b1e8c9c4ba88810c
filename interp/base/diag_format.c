/*
 * diag_format: diagnostics for programs: our JSON, SARIF 2.1.0, and workflow
 * commands of GitHub Actions. Columns count code points from 1, ends are
 * exclusive.
 */
#include "base/diag.h"

#include <string.h>

#include "base/buf.h"
#include "base/jsonw.h"

static const char *severity_name(const struct diag *d)
{
	return d->severity == DIAG_ERROR ? "error" : "warning";
}

static struct str code_name(int code, char out[16])
{
	int n = snprintf(out, 16, "RB%03d", code);
	return (struct str){ out, (size_t)n };
}

/* --- JSON --- */

static void json_place(struct jsonw *w, struct span at)
{
	if (!at.src) {
		jsonw_key(w, "file");
		jsonw_null(w);
		return;
	}
	struct position from = source_locate(at.src, at.start), to = source_locate(at.src, at.end);
	jsonw_kstr(w, "file", at.src->name);
	jsonw_kint(w, "line", from.line);
	jsonw_kint(w, "column", from.column);
	jsonw_kint(w, "end_line", to.line);
	jsonw_kint(w, "end_column", to.column);
}

static void json_strings(struct jsonw *w, const char *key, const struct str *list, int count)
{
	jsonw_key(w, key);
	jsonw_open(w, '[');
	for (int i = 0; i < count; i++)
		jsonw_str(w, list[i]);
	jsonw_close(w, ']');
}

static void json_one(struct jsonw *w, const struct diag *d)
{
	char code[16];
	jsonw_open(w, '{');
	jsonw_kstr(w, "code", code_name(d->code, code));
	jsonw_kstr(w, "severity", str_of(severity_name(d)));
	jsonw_kstr(w, "message", d->message);
	json_place(w, d->span);
	if (d->mark.n > 0)
		jsonw_kstr(w, "mark", d->mark);
	jsonw_key(w, "labels");
	jsonw_open(w, '[');
	for (int i = 0; i < d->label_count; i++) {
		jsonw_open(w, '{');
		jsonw_kstr(w, "text", d->labels[i].text);
		json_place(w, d->labels[i].span);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
	json_strings(w, "notes", d->notes, d->note_count);
	json_strings(w, "hints", d->helps, d->help_count);
	jsonw_close(w, '}');
}

void diag_json(const struct diags *ds, struct buf *out)
{
	struct jsonw w;
	jsonw_init(&w, out);
	jsonw_open(&w, '{');
	jsonw_kint(&w, "v", 1);
	jsonw_key(&w, "diagnostics");
	jsonw_open(&w, '[');
	for (size_t i = 0; i < ds->count; i++)
		json_one(&w, ds->list[i]);
	jsonw_close(&w, ']');
	jsonw_kint(&w, "errors", (int64_t)ds->errors);
	jsonw_kint(&w, "warnings", (int64_t)ds->warnings);
	jsonw_kint(&w, "dropped", (int64_t)ds->dropped);
	jsonw_close(&w, '}');
	buf_addc(out, '\n');
}

/* --- SARIF --- */

/* A relative path as a URI reference (RFC 3986). */
static void sarif_uri(struct jsonw *w, struct str path)
{
	struct buf uri;
	buf_init(&uri, 65536);
	for (size_t i = 0; i < path.n; i++) {
		unsigned char c = (unsigned char)path.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			     (c != 0 && strchr("-._~/", c));
		if (plain)
			buf_addc(&uri, (char)c);
		else
			buf_printf(&uri, "%%%02X", c);
	}
	jsonw_kstr(w, "uri", buf_str(&uri));
	buf_release(&uri);
}

static void sarif_text(struct jsonw *w, const char *key, struct str text)
{
	jsonw_key(w, key);
	jsonw_open(w, '{');
	jsonw_kstr(w, "text", text);
	jsonw_close(w, '}');
}

/* One location object; text empty: without a message. */
static void sarif_location(struct jsonw *w, struct span at, struct str text)
{
	struct position from = source_locate(at.src, at.start), to = source_locate(at.src, at.end);
	jsonw_open(w, '{');
	jsonw_key(w, "physicalLocation");
	jsonw_open(w, '{');
	jsonw_key(w, "artifactLocation");
	jsonw_open(w, '{');
	sarif_uri(w, at.src->name);
	jsonw_close(w, '}');
	jsonw_key(w, "region");
	jsonw_open(w, '{');
	jsonw_kint(w, "startLine", from.line);
	jsonw_kint(w, "startColumn", from.column);
	jsonw_kint(w, "endLine", to.line);
	jsonw_kint(w, "endColumn", to.column);
	jsonw_close(w, '}');
	jsonw_close(w, '}');
	if (text.n > 0)
		sarif_text(w, "message", text);
	jsonw_close(w, '}');
}

static void sarif_locations(struct jsonw *w, const struct diag *d)
{
	int placed = 0;
	if (d->span.src) {
		jsonw_key(w, "locations");
		jsonw_open(w, '[');
		sarif_location(w, d->span, d->mark);
		jsonw_close(w, ']');
	}
	for (int i = 0; i < d->label_count; i++) {
		if (!d->labels[i].span.src)
			continue;
		if (placed++ == 0) {
			jsonw_key(w, "relatedLocations");
			jsonw_open(w, '[');
		}
		sarif_location(w, d->labels[i].span, d->labels[i].text);
	}
	if (placed > 0)
		jsonw_close(w, ']');
}

/* Message, notes and help in one text: viewers show nothing else. */
static void whole_text(struct buf *out, const struct diag *d)
{
	buf_adds(out, d->message);
	for (int i = 0; i < d->note_count; i++) {
		buf_addz(out, "\nnote: ");
		buf_adds(out, d->notes[i]);
	}
	for (int i = 0; i < d->help_count; i++) {
		buf_addz(out, "\nhelp: ");
		buf_adds(out, d->helps[i]);
	}
}

/* Index among the rules: the codes that occur, in order of their first diagnostic. */
static int64_t rule_index(const struct diags *ds, int code, bool *first, size_t upto)
{
	int64_t index = 0;
	for (size_t i = 0; i < ds->count; i++) {
		bool new = true;
		for (size_t k = 0; k < i; k++)
			new = new && ds->list[k]->code != ds->list[i]->code;
		if (!new)
			continue;
		if (ds->list[i]->code == code) {
			*first = i == upto;
			return index;
		}
		index++;
	}
	return -1;
}

static void sarif_rules(struct jsonw *w, const struct diags *ds)
{
	jsonw_key(w, "rules");
	jsonw_open(w, '[');
	for (size_t i = 0; i < ds->count; i++) {
		bool first;
		char code[16];
		rule_index(ds, ds->list[i]->code, &first, i);
		if (!first)
			continue;
		const struct diag_code *row = diag_code_find(ds->list[i]->code);
		jsonw_open(w, '{');
		jsonw_kstr(w, "id", code_name(ds->list[i]->code, code));
		sarif_text(w, "shortDescription", row ? str_of(row->title) : ds->list[i]->message);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
}

static void sarif_result(struct jsonw *w, const struct diags *ds, const struct diag *d)
{
	bool first;
	char code[16];
	struct buf text;
	buf_init(&text, 1 << 20);
	whole_text(&text, d);
	jsonw_open(w, '{');
	jsonw_kstr(w, "ruleId", code_name(d->code, code));
	jsonw_kint(w, "ruleIndex", rule_index(ds, d->code, &first, 0));
	jsonw_kstr(w, "level", str_of(severity_name(d)));
	sarif_text(w, "message", buf_str(&text));
	sarif_locations(w, d);
	jsonw_close(w, '}');
	buf_release(&text);
}

void diag_sarif(const struct diags *ds, struct buf *out)
{
	struct jsonw w;
	jsonw_init(&w, out);
	jsonw_open(&w, '{');
	jsonw_kstr(&w, "$schema", STR("https://json.schemastore.org/sarif-2.1.0.json"));
	jsonw_kstr(&w, "version", STR("2.1.0"));
	jsonw_key(&w, "runs");
	jsonw_open(&w, '[');
	jsonw_open(&w, '{');
	jsonw_key(&w, "tool");
	jsonw_open(&w, '{');
	jsonw_key(&w, "driver");
	jsonw_open(&w, '{');
	jsonw_kstr(&w, "name", STR("runbook"));
	sarif_rules(&w, ds);
	jsonw_close(&w, '}');
	jsonw_close(&w, '}');
	jsonw_kstr(&w, "columnKind", STR("unicodeCodePoints"));
	jsonw_key(&w, "results");
	jsonw_open(&w, '[');
	for (size_t i = 0; i < ds->count; i++)
		sarif_result(&w, ds, ds->list[i]);
	jsonw_close(&w, ']');
	jsonw_close(&w, '}');
	jsonw_close(&w, ']');
	jsonw_close(&w, '}');
	buf_addc(out, '\n');
}

/* --- GitHub --- */

/* Escapes as the runner's toolkit does: properties also lose `:` and `,`. */
static void github_add(struct buf *out, struct str s, bool property)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ',')))
			buf_printf(out, "%%%02X", (unsigned char)c);
		else
			buf_addc(out, c);
	}
}

static void github_one(struct buf *out, const struct diag *d)
{
	struct buf text;
	buf_addz(out, d->severity == DIAG_ERROR ? "::error " : "::warning ");
	if (d->span.src) {
		struct position from = source_locate(d->span.src, d->span.start);
		struct position to = source_locate(d->span.src, d->span.end);
		buf_addz(out, "file=");
		github_add(out, d->span.src->name, true);
		buf_printf(out, ",line=%u,col=%u", from.line, from.column);
		/* GitHub refuses columns of an end on another line. */
		if (to.line == from.line && to.column > from.column)
			buf_printf(out, ",endLine=%u,endColumn=%u", to.line, to.column);
		buf_addc(out, ',');
	}
	buf_printf(out, "title=RB%03d::", d->code);
	buf_init(&text, 1 << 20);
	whole_text(&text, d);
	github_add(out, buf_str(&text), false);
	buf_addc(out, '\n');
	buf_release(&text);
}

void diag_github(const struct diags *ds, struct buf *out)
{
	for (size_t i = 0; i < ds->count; i++)
		github_one(out, ds->list[i]);
}
