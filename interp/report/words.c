#include "report/words.h"

#include <string.h>
#include "base/visible.h"
#include "journal/output.h"
#include "value/json.h"
#include "value/units.h"

/* words: times, values and outputs as all formats show them. */

struct str words_show(struct arena *a, struct value v)
{
	struct buf b;
	struct str out;

	buf_init(&b, 1 << 20);
	value_show(v, &b);
	out = arena_str(a, b.len ? b.p : "", b.len);
	buf_release(&b);
	return out;
}

struct str words_value(struct arena *a, struct str json)
{
	struct json_error je;
	struct value v;

	if (!json.n || !json_parse_typed(a, json, &v, &je))
		return json;
	return words_show(a, v);
}

bool words_map(struct arena *a, struct str json, struct value *out)
{
	struct json_error je;

	return json.n > 2 && json_parse_members(a, json, 1, out, &je) && out->kind == V_MAP && out->n;
}

struct str words_member(struct value map, const char *name)
{
	const struct value *v = map.kind == V_MAP ? value_get(map, str_of(name)) : NULL;

	return v && v->kind == V_STRING ? value_text(*v) : STR("");
}

static struct str signature(struct arena *a, struct value source)
{
	const struct value *s = value_get(source, STR("signature")), *good;

	if (!s || s->kind != V_MAP || str_eqz(words_member(*s, "kind"), "none"))
		return STR(", not signed");
	good = value_get(*s, STR("good"));
	if (good && good->kind == V_BOOL && good->b)
		return arena_printf(a, ", signed by " STR_FMT, STR_ARG(words_member(*s, "signer")));
	return arena_printf(a, ", its signature is not good: " STR_FMT, STR_ARG(words_member(*s, "why")));
}

struct str words_source(struct arena *a, const struct report *r)
{
	struct value v;
	struct str commit, tag, branch, repository;
	const struct value *dirty;

	if (!words_map(a, r->source, &v))
		return STR("");
	commit = words_member(v, "commit");
	tag = words_member(v, "tag");
	branch = words_member(v, "branch");
	repository = words_member(v, "repository");
	dirty = value_get(v, STR("dirty"));
	if (!commit.n)
		return words_member(v, "unknown");
	return arena_printf(a, STR_FMT "%s" STR_FMT "%s" STR_FMT "%s" STR_FMT ", commit %.12s%s" STR_FMT, STR_ARG(words_member(v, "path")),
			    repository.n ? " of " : "", STR_ARG(repository), tag.n ? ", tag " : "", STR_ARG(tag), branch.n ? ", branch " : "",
			    STR_ARG(branch), commit.p, dirty && dirty->kind == V_BOOL && dirty->b ? ", changed since" : "",
			    STR_ARG(tag.n ? signature(a, v) : STR("")));
}

struct str words_took(struct arena *a, int64_t us)
{
	struct buf b;
	struct str out;

	buf_init(&b, 64);
	unit_show_duration(&b, us > INT64_MAX / 1000 ? INT64_MAX : us * 1000);
	out = arena_str(a, b.p, b.len);
	buf_release(&b);
	return out;
}

struct str words_time(struct arena *a, struct str w)
{
	if (w.n < 19)
		return STR("-");
	return arena_printf(a, "%.10s %.8s UTC", w.p, w.p + 11);
}

const char *words_meaning(const struct report *r)
{
	static const struct { const char *status, *means; } meanings[] = {
		{ "ok", "Done." },
		{ "stopped", "There was nothing to do." },
		{ "failed", "Failed before anything changed." },
		{ "rolled_back", "Failed, and everything was undone." },
		{ "rollback_incomplete", "Failed, and not everything was undone: a person must act." },
		{ "in_doubt", "What happened last is not known: a person must look." },
		{ "held", "Waits for a person; nothing was undone." },
		{ "cancelled", "Cancelled; nothing of it remains." },
	};
	struct str status = report_status(r);

	if (r->dry && r->sealed && !r->exit)
		return "Dry-run: nothing was changed.";
	if (str_eqz(status, "rolled_back") && r->asked && !r->cause_key.n)
		return "Everything was undone, as asked.";
	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
		if (str_eqz(status, meanings[i].status))
			return meanings[i].means;
	return "The run has not ended.";
}

struct str words_end(struct arena *a, const struct report_attempt *t)
{
	if (t->error.n)
		return t->error;
	if (str_eqz(t->end, "exit") && t->code >= 0)
		return arena_printf(a, "exit %lld", (long long)t->code);
	if (t->signal)
		return arena_printf(a, STR_FMT ", signal %lld", STR_ARG(t->end), (long long)t->signal);
	if (t->answer.n)
		return arena_printf(a, "answer: " STR_FMT "%s" STR_FMT, STR_ARG(t->answer), t->by.n ? ", by " : "", STR_ARG(t->by));
	if (t->code >= 0)
		return arena_printf(a, STR_FMT " %lld", STR_ARG(t->end), (long long)t->code);
	return t->end;
}

struct str words_title(const struct report_node *n)
{
	if (n->name.n)
		return n->name;
	if (n->kind == NODE_UNDO)
		return STR("undo");
	if (n->kind == NODE_ALWAYS)
		return STR("always");
	return n->label;
}

bool words_leaf(const struct report_node *n)
{
	return n->step && n->of < 0 && !str_eqz(n->action, "steps");
}

/* --- people ----------------------------------------------------------------------- */

bool words_is_decision(struct str type)
{
	static const char *const types[] = { "question", "answer", "approval", "resolve", "doubt" };

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (str_eqz(type, types[i]))
			return true;
	return false;
}

/* The first of these members that there is; a list of texts as "a, b". */
static struct str first_of(struct arena *a, struct value v, const char *const *names)
{
	for (; *names; names++) {
		const struct value *m = value_get(v, str_of(*names));
		struct str all = STR("");

		if (!m)
			continue;
		if (m->kind != V_LIST)
			return words_show(a, *m);
		for (uint32_t i = 0; i < m->n; i++)
			all = arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(all), i ? ", " : "", STR_ARG(words_show(a, m->list[i])));
		return all;
	}
	return STR("");
}

struct words_decision words_decision(struct arena *a, const struct report_event *e)
{
	struct words_decision d = { STR(""), STR(""), STR("") };
	struct str item;
	struct value v;

	if (!words_map(a, e->body, &v))
		return d;
	d.who = first_of(a, v, (const char *const[]){ "by", "who", NULL });
	d.what = first_of(a, v, (const char *const[]){ "answer", "done", "text", NULL });
	d.why = first_of(a, v, (const char *const[]){ "refused", "not_taken", "why", "end", "how", NULL });
	item = words_member(v, "item");
	if (item.n)
		d.what = arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(item), d.what.n ? ": " : "", STR_ARG(d.what));
	return d;
}

/* --- outputs --------------------------------------------------------------------- */

static int64_t member_int(struct value v, const char *name)
{
	const struct value *m = value_get(v, str_of(name));

	return m && m->kind == V_INT ? m->i : 0;
}

static bool has(struct value v, const char *name)
{
	const struct value *m = value_get(v, str_of(name));

	return m && !(m->kind == V_BOOL && !m->b);
}

/* The first (or last) part of text of at most max bytes, cut between lines if there are any. */
static struct str edge(struct str text, size_t max, bool last)
{
	size_t at;

	if (text.n <= max)
		return text;
	if (!last) {
		for (at = max; at > 0 && text.p[at - 1] != '\n'; at--)
			;
		if (!at)
			for (at = max; at > 0 && ((unsigned char)text.p[at] & 0xc0) == 0x80; at--)
				;
		return str_slice(text, 0, at);
	}
	for (at = text.n - max; at < text.n && text.p[at - 1] != '\n'; at++)
		;
	if (at == text.n)
		for (at = text.n - max; at < text.n && ((unsigned char)text.p[at] & 0xc0) == 0x80; at++)
			;
	return str_slice(text, at, text.n);
}

static const char *read_blob(struct arena *a, const char *dir, struct str hex, struct str *out)
{
	int err = dir ? blob_get(a, dir, hex, OUTPUT_MAX, out) : -2;

	if (!err)
		return NULL;
	*out = STR("");
	return err == -1 ? "the stored output is damaged: its hash is wrong" : err == -2 ? "stored beside the journal" : "the stored output is missing";
}

struct words_output words_output(struct arena *a, const char *dir, struct str json, size_t max)
{
	struct words_output o = { 0 };
	struct json_error je;
	struct value v;
	struct str text, tail;

	if (!json.n || !json_parse(a, json, &v, &je) || v.kind != V_MAP)
		return o;
	o.bytes = member_int(v, "n");
	o.any = o.bytes > 0 || has(v, "lost");
	text = words_member(v, "text");
	tail = STR("");
	if (has(v, "quiet"))
		o.note = "secret output: not kept";
	else if (has(v, "lost"))
		o.note = "the output could not be stored";
	else if (has(v, "b64"))
		o.note = "binary output";
	else if (has(v, "blob"))
		o.note = read_blob(a, dir, words_member(v, "blob"), &text);
	else if (has(v, "head"))
		o.note = read_blob(a, dir, words_member(v, "head"), &text);
	if (has(v, "tail") && !o.note)
		o.note = read_blob(a, dir, words_member(v, "tail"), &tail);
	if (o.note)
		return o;
	if (memchr(text.p ? text.p : "", 0, text.n) || !utf8_valid(text)) {
		o.note = "binary output";
		return o;
	}
	if (text.n + tail.n <= max && !tail.n) {
		o.text = text;
		return o;
	}
	o.text = edge(text, max / 2, false);
	o.tail = edge(tail.n ? tail : str_slice(text, o.text.n, text.n), max / 2, true);
	o.left_out = o.bytes - (int64_t)o.text.n - (int64_t)o.tail.n;
	return o;
}
