#include "cli/questions.h"

#include <string.h>
#include "base/arena.h"
#include "journal/reader.h"
#include "journal/record.h"
#include "value/json.h"

/* questions: see questions.h. */

struct fold { struct arena *a; struct questions *q; };

static struct question_open *of_key(struct fold *f, struct str key, bool make)
{
	struct questions *q = f->q;

	for (uint32_t i = q->count; i-- > 0;)
		if (str_eq(q->list[i].key, key))
			return &q->list[i];
	if (!make)
		return NULL;
	if (q->count == q->cap) {
		uint32_t cap = q->cap ? q->cap * 2 : 16;
		struct question_open *list = arena_array(f->a, cap, sizeof(*list));

		if (q->count)
			memcpy(list, q->list, q->count * sizeof(*list));
		q->list = list;
		q->cap = cap;
	}
	q->list[q->count] = (struct question_open){ .key = arena_str(f->a, key.p, key.n) };
	return &q->list[q->count++];
}

static struct str kept(struct fold *f, const struct record *r, const char *name)
{
	struct str s = record_text(r, f->a, name);

	return arena_str(f->a, s.p, s.n);
}

static const struct str *texts(struct fold *f, const struct record *r, const char *name, uint32_t *n)
{
	struct str raw = record_raw(r, name), *list;
	struct json_error je;
	struct value v;

	*n = 0;
	raw = arena_str(f->a, raw.p, raw.n);
	if (!raw.n || !json_parse(f->a, raw, &v, &je) || v.kind != V_LIST)
		return NULL;
	list = arena_array(f->a, v.n + 1u, sizeof(*list));
	for (uint32_t i = 0; i < v.n; i++)
		if (v.list[i].kind == V_STRING)
			list[(*n)++] = value_text(v.list[i]);
	return list;
}

static void on_question(struct fold *f, const struct record *r)
{
	struct question_open *q = of_key(f, r->k, true);

	q->open = true;
	q->what = kept(f, r, "what");
	q->subject = kept(f, r, "subject");
	q->item = kept(f, r, "item");
	q->need = record_int(r, "need", 0);
	q->have = record_int(r, "have", 0);
	if (record_bool(r, "again"))
		return;
	q->text = kept(f, r, "text");
	q->choices = texts(f, r, "choices", &q->choice_count);
	q->who = texts(f, r, "who", &q->who_count);
}

static void each(void *arg, const struct record *r)
{
	struct fold *f = arg;
	struct question_open *q;

	if (str_eqz(r->t, "question")) {
		on_question(f, r);
	} else if (str_eqz(r->t, "answer") || str_eqz(r->t, "approval") || str_eqz(r->t, "step.attempt") || str_eqz(r->t, "step.outcome")) {
		q = of_key(f, r->k, false);
		if (q && !str_eqz(record_raw(r, "end"), "\"no_person\"")) /* it stays open for those who come later */
			q->open = false;
	} else if (str_eqz(r->t, "seal")) {
		for (uint32_t i = 0; i < f->q->count; i++)
			f->q->list[i].open = false;
	}
}

void questions_read(struct arena *a, const char *journal_path, struct questions *out)
{
	struct fold f = { a, out };
	struct journal_scan scan;

	memset(out, 0, sizeof(*out));
	journal_scan_file(journal_path, &scan, each, &f);
}

static bool is_step(struct str key, struct str step)
{
	return str_eq(key, step) || (key.n > step.n && step.n && key.p[key.n - step.n - 1] == '/' && str_ends(key, step));
}

const struct question_open *questions_find(const struct questions *q, struct str step, uint32_t *fits)
{
	const struct question_open *found = NULL;

	*fits = 0;
	for (uint32_t i = 0; i < q->count; i++)
		if (q->list[i].open && is_step(q->list[i].key, step)) {
			if (str_eq(q->list[i].key, step)) {
				*fits = 1;
				return &q->list[i];
			}
			found = &q->list[i];
			++*fits;
		}
	return *fits == 1 ? found : NULL;
}
