#include "run/engine_state.h"

#include <string.h>
#include "journal/mask.h"
#include "journal/maskfind.h"
#include "run/recorded.h"
#include "value/json.h"

/*
 * opaque: what the engine sees of a result. It sees no more than its record will
 * tell, so that a replay sees the same. An output with secrets in it is the
 * exception: the journal has it masked, so an attempt's record tells what was
 * made of it (member `opaque`), and a replay takes that.
 */

enum { ERROR_MAX = 1024, HEADERS_MAX = 64, HEADER_BYTES_MAX = 16 << 10 };

/* As many as fit into a record, from the first one on. */
static uint32_t headers_seen(const struct result *r)
{
	size_t bytes = 0;
	uint32_t n = 0;

	while (n < r->header_count && n < HEADERS_MAX) {
		bytes += r->headers[n].name.n + r->headers[n].value.n;
		if (bytes > HEADER_BYTES_MAX)
			break;
		n++;
	}
	return n;
}

struct str words_seen(struct engine *e, struct str s, size_t max)
{
	const struct mask *m = e->setup->mask;
	struct buf b;

	if (m && !mask_empty(m) && mask_find(m, s)) {
		buf_init(&b, 1 << 20);
		mask_apply(m, s, &b);
		s = arena_str(&e->arena, b.p ? b.p : "", b.len);
		buf_release(&b);
	}
	return rec_cut(e, s, max);
}

static void answer_seen(struct engine *e, const struct result *from, struct result *to)
{
	to->answer = words_seen(e, from->answer, REC_TEXT_MAX);
	to->item = words_seen(e, from->item, BY_MAX);
	to->why = words_seen(e, from->why, REC_TEXT_MAX);
	to->refused = words_seen(e, from->refused, ERROR_MAX);
	to->subject = rec_cut(e, from->subject, 64);
	to->ref = rec_cut(e, from->ref, BY_MAX);
}

void result_seen(struct engine *e, const struct result *from, struct result *to)
{
	*to = *from;
	to->took -= to->took % 1000;
	to->error = words_seen(e, from->error, ERROR_MAX);
	to->by = rec_cut(e, from->by, BY_MAX);
	if (from->end == END_ANSWER)
		answer_seen(e, from, to);
	to->header_count = headers_seen(from);
}

bool has_secret(const struct engine *e, const struct result *r)
{
	const struct mask *m = e->setup->mask;

	if (!m || mask_empty(m))
		return false;
	for (uint32_t i = 0; i < r->header_count; i++)
		if (mask_find(m, r->headers[i].value))
			return true;
	return mask_find(m, r->out.bytes) || mask_find(m, r->err.bytes);
}

/* --- into the record ---------------------------------------------------------- */

void opaque_put(struct frame *f, struct jsonw *w, const struct verdict *v)
{
	const struct step *s = f->ps->ast;

	jsonw_key(w, "opaque");
	jsonw_open(w, '{');
	jsonw_kbool(w, "retry", v->retry);
	if (v->error.n)
		rec_text(f->e, w, "error", v->error);
	jsonw_key(w, "captures");
	jsonw_open(w, '{');
	for (uint32_t i = 0; v->captures && i < s->capture_count; i++) {
		if (value_has_flag(v->captures[i], VALUE_SECRET))
			continue;
		jsonw_key(w, s->captures[i].name.p);
		rec_value(f->e, w, v->captures[i]);
	}
	jsonw_close(w, '}');
	jsonw_close(w, '}');
}

/* --- and out of it -------------------------------------------------------------- */

bool opaque_told(struct frame *f, const struct result *r, struct verdict *v)
{
	const struct step *s = f->ps->ast;
	struct value told, *list;
	const struct value *m, *captures;
	struct json_error je;

	memset(v, 0, sizeof(*v));
	if (!r->opaque.n)
		return false;
	if (!json_parse_members(&f->e->arena, r->opaque, 2, &told, &je) || told.kind != V_MAP) {
		v->error = STR("the record of an opaque attempt cannot be read");
		return true;
	}
	m = value_get(told, STR("retry"));
	v->retry = m && m->kind == V_BOOL && m->b;
	m = value_get(told, STR("error"));
	v->error = m && m->kind == V_STRING ? value_text(*m) : STR("");
	captures = value_get(told, STR("captures"));
	if (!s->capture_count) /* with an error, too, there may be some: what `expect` did not like */
		return true;
	list = arena_array(&f->e->arena, s->capture_count, sizeof(*list));
	for (uint32_t i = 0; i < s->capture_count; i++) {
		m = captures && captures->kind == V_MAP ? value_get(*captures, s->captures[i].name) : NULL;
		list[i] = m ? recorded_marked(&f->e->arena, *m, f->e->setup->gone) : value_str(f->e->setup->gone);
		if (!m)
			list[i].flags = VALUE_SECRET;
	}
	v->captures = list;
	return true;
}
