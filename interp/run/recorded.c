#include "run/recorded.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "journal/scan.h"
#include "journal/stored.h"
#include "run/live_world.h"
#include "value/units.h"

/* recorded: records back into events. */

/* A record without `h` and the members before `t`. */
struct str recorded_body(const struct record *r)
{
	static const size_t before = sizeof("\"t\":\"") - 1, tail = sizeof(",\"h\":\"\"}") - 1 + RECORD_HASH_HEX;
	const char *from = r->t.p - before, *end = r->line.p + r->line.n - tail;

	return (struct str){ from, (size_t)(end - from) };
}

static int64_t digits(const char *p, int n)
{
	int64_t v = 0;

	for (int i = 0; i < n; i++)
		v = v * 10 + (p[i] - '0');
	return v;
}

/* 2026-11-21T06:50:28.123456Z; its form was checked by record_parse(). */
bool recorded_wall(const struct record *r, int64_t *wall)
{
	struct str w = r->w;

	if (w.n != 27 || !unit_parse_time((struct str){ w.p, w.n }, wall))
		return false;
	*wall = *wall / 1000000000 * 1000000000 + digits(w.p + 20, 6) * 1000;
	return true;
}

/* --- which op ------------------------------------------------------------------- */

static bool timer_op(const struct record *r, uint8_t *purpose)
{
	struct str what = record_raw(r, "what");

	if (str_eqz(what, "\"retry\"") || str_eqz(what, "\"retry stopped\""))
		*purpose = OP_FOR_RETRY;
	else if (str_eqz(what, "\"timeout\""))
		*purpose = OP_FOR_TIMEOUT;
	else if (str_eqz(what, "\"run timeout\""))
		*purpose = OP_FOR_RUN_TIMEOUT;
	else if (str_eqz(what, "\"escalate\""))
		*purpose = OP_FOR_LADDER;
	else
		return false;
	return true;
}

/* Answers to steps are results of their action. */
static uint8_t answer_op(const struct record *r)
{
	struct str what = record_raw(r, "what");

	if (!r->k.n)
		return OP_FOR_STOP;
	if (str_eqz(what, "\"window\""))
		return OP_FOR_WINDOW;
	if (str_starts(r->k, STR("monitors/")))
		return OP_FOR_HALT;
	return str_eqz(what, "\"pause\"") ? OP_FOR_PAUSE : OP_FOR_ACTION;
}

bool recorded_event(const struct record *r, uint8_t *kind, struct recorded_op *op)
{
	*kind = EVENT_RESULT;
	op->key = r->k;
	op->channel = record_raw(r, "channel");
	if (op->channel.n >= 2) /* a name: nothing in it is escaped */
		op->channel = str_slice(op->channel, 1, op->channel.n - 1);
	if (str_eqz(r->t, "step.attempt")) {
		op->purpose = OP_FOR_ACTION;
	} else if (str_eqz(r->t, "probe")) {
		op->purpose = OP_FOR_PROBE;
	} else if (str_eqz(r->t, "timer")) {
		return timer_op(r, &op->purpose);
	} else if (str_eqz(r->t, "answer") || str_eqz(r->t, "approval")) {
		op->purpose = answer_op(r);
	} else if (str_eqz(r->t, "sample")) {
		op->purpose = OP_FOR_SAMPLE;
	} else if (str_eqz(r->t, "message")) {
		op->purpose = OP_FOR_MESSAGE;
	} else if (str_eqz(r->t, "run.open")) {
		*kind = record_raw(r, "rollback_of").n ? EVENT_ADOPT : EVENT_START;
	} else if (str_eqz(r->t, "epoch.open")) {
		*kind = EVENT_EPOCH;
	} else if (str_eqz(r->t, "resolve")) {
		*kind = EVENT_RESOLVE;
	} else if (str_eqz(r->t, "signal")) {
		*kind = EVENT_SIGNAL;
	} else if (str_eqz(r->t, "low")) {
		*kind = EVENT_LOW;
	} else {
		return false;
	}
	return true;
}

/* --- results ---------------------------------------------------------------------- */

static bool end_named(struct str word, uint8_t *end)
{
	for (uint8_t i = 0; i <= END_SUPPRESSED; i++)
		if (str_eqz(word, result_end_names[i])) {
			*end = i;
			return true;
		}
	return false;
}

/* {"name":"value",...}; a name may come twice. */
static bool read_pairs(struct arena *a, struct str raw, const struct header **out, uint32_t *count)
{
	const char *p = raw.p + 1, *end = raw.p + raw.n, *why;
	struct header *list = NULL;
	uint32_t n = 0, cap = 0;
	struct buf b;

	if (raw.n < 2 || raw.p[0] != '{')
		return raw.n == 0;
	buf_init(&b, RECORD_LINE_MAX);
	while (p && p < end && *p == '"') {
		struct str text[2];

		for (int i = 0; p && i < 2; i++) {
			const char *from = p;

			p = scan_string(p, end, &why);
			if (!p)
				break;
			buf_clear(&b);
			scan_unescape((struct str){ from, (size_t)(p - from) }, &b);
			text[i] = arena_str(a, b.p ? b.p : "", b.len);
			p++; /* : , or } */
			if (i == 0 && (p >= end || p[-1] != ':'))
				p = NULL;
		}
		if (!p)
			break;
		if (n == cap) {
			struct header *more = arena_array(a, cap ? cap * 2 : 16, sizeof(*more));

			if (n)
				memcpy(more, list, n * sizeof(*more));
			list = more;
			cap = cap ? cap * 2 : 16;
		}
		list[n++] = (struct header){ text[0], text[1] };
	}
	buf_release(&b);
	*out = list;
	*count = n;
	return p != NULL;
}

static bool read_stream(struct arena *a, const struct record *r, const char *name, const char *dir, bool want,
			struct output *out, char why[200])
{
	struct str raw = record_raw(r, name);
	struct stored_output s;
	int err = stored_output(a, dir, raw, want ? KEEP_ALL : 0, &s);

	out->json = raw;
	out->total = s.n;
	out->bytes = s.bytes;
	out->truncated = s.truncated;
	if (err == EBADMSG)
		snprintf(why, 200, "the record's `%s` makes no sense", name);
	else if (err)
		snprintf(why, 200, "blob %.64s: %s", s.blob.p, err < 0 ? "its hash is wrong" : file_error(err));
	else if (want && s.lost)
		snprintf(why, 200, "the output of this attempt could not be stored when it came");
	else
		return true;
	return false;
}

bool recorded_result(struct arena *a, const struct record *r, const char *dir, bool want_output, struct result *out,
		     char why[200])
{
	struct str opaque = record_raw(r, "opaque");
	uint32_t op = out->op;

	*out = (struct result){ .op = op, .code = -1 };
	if (str_eqz(r->t, "timer")) {
		out->end = str_eqz(record_raw(r, "what"), "\"retry stopped\"") ? END_STOPPED : END_FIRED;
		return true;
	}
	if (str_eqz(r->t, "sample")) { /* it tells what was made of the answer, not the answer */
		out->code = (int)record_int(r, "code", -1);
		out->end = END_EXIT;
		out->took = record_int(r, "took_us", 0) * 1000;
		out->opaque = r->line;
		return true;
	}
	if ((str_eqz(r->t, "answer") || str_eqz(r->t, "approval")) && !record_raw(r, "end").n) {
		out->end = END_ANSWER;
	} else if (!end_named(record_text(r, a, "end"), &out->end)) {
		snprintf(why, 200, "the record's `end` makes no sense");
		return false;
	}
	out->code = (int)record_int(r, "code", -1);
	out->signo = (int)record_int(r, "signal", 0);
	out->error = record_text(r, a, "error");
	out->final = record_bool(r, "final");
	out->answer = record_text(r, a, "answer");
	out->by = record_text(r, a, "by");
	out->item = record_text(r, a, "item");
	out->how = record_text(r, a, "how");
	out->why = record_text(r, a, "why");
	out->subject = record_text(r, a, "subject");
	out->ref = record_text(r, a, "file");
	out->refused = record_text(r, a, "refused");
	out->uid = record_int(r, "uid", 0);
	out->tries = (uint32_t)record_int(r, "tries", 0);
	out->took = record_int(r, "took_us", 0) * 1000;
	out->opaque = str_eqz(r->t, "probe") && opaque.n ? record_text(r, a, "result") : opaque;
	if (!read_pairs(a, record_raw(r, "headers"), &out->headers, &out->header_count)) {
		snprintf(why, 200, "the record's `headers` make no sense");
		return false;
	}
	want_output = want_output && !opaque.n;
	return read_stream(a, r, "out", dir, want_output, &out->out, why) && read_stream(a, r, "err", dir, want_output, &out->err, why);
}

void recorded_other(struct arena *a, const struct record *r, struct event *ev)
{
	ev->signo = (int)record_int(r, "signal", 0);
	ev->body = recorded_body(r);
	ev->interactive = record_bool(r, "interactive");
	ev->rollback = record_bool(r, "rollback");
	ev->done = record_bool(r, "done");
	ev->by = record_text(r, a, "by");
	ev->why = record_text(r, a, ev->kind == EVENT_SIGNAL ? "why" : "cause");
	ev->key = r->k;
	ev->operator_name = record_text(r, a, "operator");
	ev->user = record_text(r, a, "user");
	ev->uid = record_int(r, "uid", -1);
	if (!read_pairs(a, record_raw(r, "dirs"), &ev->dirs, &ev->dir_count))
		ev->dir_count = 0;
}

static struct str marked_text(struct arena *a, struct str text, struct str gone)
{
	static const struct str stars = { "***", 3 };
	ptrdiff_t at = str_find(text, stars);
	struct buf b;

	if (at < 0)
		return text;
	buf_init(&b, 16 << 20);
	for (; at >= 0; at = str_find(text, stars)) {
		buf_add(&b, text.p, (size_t)at);
		buf_adds(&b, gone);
		text = str_slice(text, (size_t)at + stars.n, text.n);
	}
	buf_adds(&b, text);
	text = arena_str(a, b.p, b.len);
	buf_release(&b);
	return text;
}

struct value recorded_marked(struct arena *a, struct value v, struct str gone)
{
	if (v.kind == V_STRING)
		return value_str(marked_text(a, value_text(v), gone));
	if (v.kind == V_LIST) {
		struct value *list = arena_array(a, v.n + 1u, sizeof(*list));

		for (uint32_t i = 0; i < v.n; i++)
			list[i] = recorded_marked(a, v.list[i], gone);
		return value_list(list, v.n);
	}
	if (v.kind == V_MAP) {
		struct pair *p = arena_array(a, v.n + 1u, sizeof(*p));

		for (uint32_t i = 0; i < v.n; i++)
			p[i] = (struct pair){ v.map[i].key, recorded_marked(a, v.map[i].value, gone) };
		return value_map(p, v.n);
	}
	return v;
}

/* The members of a `saw` from behind its brace on, each once. Returns behind the closing one. */
static const char *put_saw(const char *p, const char *end, struct buf *out)
{
	enum { SAW_MAX = 16 };
	struct str seen[SAW_MAX];
	uint32_t n = 0;
	const char *why;

	while (p && p < end && *p == '"') {
		struct str one = { p, 0 };
		bool twice = false;

		p = scan_string(p, end, &why);
		p = p && p < end && *p == ':' ? scan_value(p + 1, end, &why) : NULL;
		if (!p)
			return NULL;
		one.n = (size_t)(p - one.p);
		for (uint32_t i = 0; i < n; i++)
			twice = twice || str_eq(seen[i], one);
		if (!twice) {
			if (n)
				buf_addc(out, ',');
			buf_adds(out, one);
		}
		if (n < SAW_MAX && !twice)
			seen[n++] = one;
		p += p < end && *p == ',';
	}
	return p;
}

struct str recorded_guard(const struct record *r, struct buf *out)
{
	static const struct str name = { "\"saw\":{", 7 };
	struct str body = recorded_body(r);
	const char *p = body.p, *end = body.p + body.n, *why;

	if (!str_eqz(r->t, "guard"))
		return body;
	buf_clear(out);
	while (p && p < end) {
		const char *from = p;

		if (str_starts((struct str){ p, (size_t)(end - p) }, name)) {
			buf_adds(out, name);
			p = put_saw(p + name.n, end, out);
			continue;
		}
		p = *p == '"' ? scan_string(p, end, &why) : p + 1;
		if (p)
			buf_add(out, from, (size_t)(p - from));
	}
	return p ? buf_str(out) : body;
}
