#include "report/fold_state.h"

#include <string.h>
#include "base/buf.h"
#include "base/jsonw.h"
#include "value/json.h"

/* fold_run: the records of the run as a whole (open, plan of the undoing, held,
 * seal), and an intent in words. */

struct str fold_body(struct fold *f, const struct record *r, const char *const *without, size_t n)
{
	struct jsonw w;
	struct buf b;
	struct str out;

	buf_init(&b, 2 * RECORD_LINE_MAX);
	jsonw_init(&w, &b);
	jsonw_open(&w, '{');
	for (uint32_t i = 0; i < r->count; i++) {
		struct str name = r->members[i].name;
		bool out_of = str_eqz(name, "t") || str_eqz(name, "k");

		for (size_t k = 0; k < n && !out_of; k++)
			out_of = str_eqz(name, without[k]);
		if (out_of)
			continue;
		jsonw_str(&w, name);
		buf_addc(&b, ':');
		w.comma = false;
		jsonw_raw(&w, r->members[i].raw);
	}
	jsonw_close(&w, '}');
	out = b.len > 2 ? fold_keep(f, buf_str(&b)) : STR("");
	buf_release(&b);
	return out;
}

void fold_open(struct fold *f, const struct record *r)
{
	static const char *const known[] = { "v", "run", "program", "version", "runbook", "runbook_version", "title", "path", "dir",
					     "inputs", "secrets", "operator", "claimed", "user", "uid", "host", "boot", "pid", "seed",
					     "dry", "sync", "interactive", "steps", "lock", "files", "source", "start", "hidden",
					     "rollback_of", "revision", "parent_head", "cause", "traceparent" };
	struct report *m = f->r;

	m->run = fold_text(f, r, "run");
	m->runbook = fold_text(f, r, "runbook");
	m->runbook_version = fold_text(f, r, "runbook_version");
	m->title = fold_text(f, r, "title");
	m->path = fold_text(f, r, "path");
	m->dir = fold_text(f, r, "dir");
	m->program = fold_text(f, r, "program");
	m->version = fold_text(f, r, "version");
	m->operator_name = fold_text(f, r, "operator");
	m->claimed = record_bool(r, "claimed");
	m->user = fold_text(f, r, "user");
	m->host = fold_text(f, r, "host");
	m->lock = fold_text(f, r, "lock");
	m->inputs = fold_keep(f, record_raw(r, "inputs"));
	m->secrets = fold_keep(f, record_raw(r, "secrets"));
	m->files = fold_keep(f, record_raw(r, "files"));
	m->source = fold_keep(f, record_raw(r, "source"));
	m->more = fold_body(f, r, known, sizeof(known) / sizeof(*known));
	m->traceparent = fold_text(f, r, "traceparent");
	m->rollback_of = fold_text(f, r, "rollback_of");
	m->asked = m->rollback_of.n != 0;
	m->rollback_why = fold_text(f, r, "cause");
	m->dry = record_bool(r, "dry");
	m->pid = record_int(r, "pid", 0);
	m->started = fold_keep(f, r->w);
}

static struct str member_text(struct value map, const char *name)
{
	const struct value *v = map.kind == V_MAP ? value_get(map, str_of(name)) : NULL;

	return v && v->kind == V_STRING ? value_text(*v) : STR("");
}

static const struct str *texts_of(struct fold *f, const struct value *list, uint32_t *n)
{
	struct str *out;

	*n = 0;
	if (!list || list->kind != V_LIST)
		return NULL;
	out = arena_array(f->a, list->n, sizeof(*out));
	for (uint32_t i = 0; i < list->n; i++)
		if (list->list[i].kind == V_STRING)
			out[(*n)++] = value_text(list->list[i]);
	return out;
}

static bool member_json(struct fold *f, const struct record *r, const char *name, struct value *out)
{
	struct json_error je;
	struct str raw = record_raw(r, name);

	return raw.n && json_parse(f->a, raw, out, &je);
}

static const struct str *texts(struct fold *f, const struct record *r, const char *name, uint32_t *n)
{
	struct value v;

	*n = 0;
	return member_json(f, r, name, &v) ? texts_of(f, &v, n) : NULL;
}

void fold_plan(struct fold *f, const struct record *r)
{
	f->r->rollback_cause = fold_text(f, r, "cause");
	f->r->planned = texts(f, r, "entries", &f->r->planned_count);
}

void fold_held(struct fold *f, const struct record *r)
{
	struct report *m = f->r;

	m->held = true;
	m->status = STR("held");
	m->held_key = fold_keep(f, r->k);
	m->held_why = fold_text(f, r, "why");
}

void fold_doubt(struct fold *f, const struct record *r)
{
	struct report *m = f->r;

	m->in_doubt = true;
	m->status = STR("in_doubt");
	m->doubt_key = fold_keep(f, r->k);
	m->doubt_why = fold_text(f, r, "why");
}

/* Another runner: what the last one waited for is looked at again. */
void fold_epoch(struct fold *f, const struct record *r)
{
	struct report *m = f->r;

	m->held = m->in_doubt = false;
	m->status = STR("");
	m->pid = record_int(r, "pid", 0);
	m->asked |= record_bool(r, "rollback");
}

static void seal_residue(struct fold *f, struct value v)
{
	struct report *m = f->r;
	struct report_residue *list = arena_array(f->a, v.n, sizeof(*list));

	for (uint32_t i = 0; i < v.n; i++) {
		list[i].key = member_text(v.list[i], "k");
		list[i].why = member_text(v.list[i], "why");
		list[i].dir = member_text(v.list[i], "dir");
		if (v.list[i].kind == V_MAP)
			list[i].commands = texts_of(f, value_get(v.list[i], STR("commands")), &list[i].command_count);
	}
	m->residue = list;
	m->residue_count = v.n;
}

void fold_seal(struct fold *f, const struct record *r)
{
	struct report *m = f->r;
	struct value v;

	m->sealed = true;
	m->held = m->in_doubt = false;
	m->status = fold_text(f, r, "status");
	m->exit = record_int(r, "exit", 70);
	m->took_us = record_int(r, "took_us", 0);
	m->rollback_us = record_int(r, "rollback_us", -1);
	m->issue_count = (uint32_t)record_int(r, "issues", 0);
	m->would_run = record_int(r, "would_run", 0);
	m->skipped = record_int(r, "skipped", 0);
	m->unknown = record_int(r, "unknown", 0);
	m->stopped = fold_text(f, r, "stopped");
	if (member_json(f, r, "cause", &v) && v.kind == V_MAP) {
		m->cause_key = member_text(v, "k");
		m->cause_text = member_text(v, "text");
		m->cause_at = member_text(v, "at");
	}
	m->undone = texts(f, r, "undone", &m->undone_count);
	m->continued = texts(f, r, "continued", &m->continued_count);
	m->armed = texts(f, r, "armed", &m->armed_count);
	if (member_json(f, r, "residue", &v) && v.kind == V_LIST)
		seal_residue(f, v);
}

/* --- an intent in words --------------------------------------------------------- */

static bool plain_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-", s.p[i]) || !s.p[i])
			return false;
	return s.n > 0;
}

/* A word as a shell reads it. */
static void put_word(struct buf *b, struct str s)
{
	if (plain_word(s)) {
		buf_adds(b, s);
		return;
	}
	buf_addc(b, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'')
			buf_addz(b, "'\\''");
		else
			buf_addc(b, s.p[i]);
	}
	buf_addc(b, '\'');
}

/* A word of a record: text, or {"n","head"} of a long one. */
static void put_value_word(struct buf *b, struct value v)
{
	if (v.kind == V_STRING) {
		put_word(b, value_text(v));
		return;
	}
	put_word(b, member_text(v, "head"));
	buf_addz(b, "...");
}

static void put_argv(struct fold *f, const struct record *r, struct buf *b)
{
	struct value v;

	if (!member_json(f, r, "argv", &v) || v.kind != V_LIST)
		return;
	for (uint32_t i = 0; i < v.n; i++) {
		if (i)
			buf_addc(b, ' ');
		put_value_word(b, v.list[i]);
	}
}

/* The script's first line with its holes filled in: ${{ ... }} number i is rb[i]. */
static void put_script(struct fold *f, const struct record *r, struct buf *b)
{
	struct str line = record_text(r, f->a, "line");
	struct value rb = value_null;
	uint32_t hole = 0;

	(void)member_json(f, r, "rb", &rb);
	for (size_t at = 0; at < line.n;) {
		ptrdiff_t open = str_find(str_slice(line, at, line.n), STR("${{"));
		ptrdiff_t close = open < 0 ? -1 : str_find(str_slice(line, at + (size_t)open, line.n), STR("}}"));

		if (close < 0 || rb.kind != V_LIST || hole >= rb.n) {
			buf_adds(b, str_slice(line, at, line.n));
			return;
		}
		buf_adds(b, str_slice(line, at, at + (size_t)open));
		put_value_word(b, rb.list[hole++]);
		at += (size_t)(open + close) + 2;
	}
}

struct str fold_what(struct fold *f, const struct record *r)
{
	static const char *const members[] = { "question", "wait", "method", "url", "to", "say" };
	struct buf b;
	struct str out;

	buf_init(&b, RECORD_LINE_MAX);
	if (record_raw(r, "command").n)
		buf_adds(&b, record_text(r, f->a, "command"));
	else if (record_raw(r, "argv").n)
		put_argv(f, r, &b);
	else if (record_raw(r, "line").n)
		put_script(f, r, &b);
	else if (record_raw(r, "query").n)
		buf_adds(&b, record_text(r, f->a, "query"));
	else
		for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
			struct str s = record_text(r, f->a, members[i]);

			if (s.n && b.len)
				buf_addc(&b, ' ');
			buf_adds(&b, s);
		}
	out = fold_keep(f, buf_str(&b));
	buf_release(&b);
	return out;
}
