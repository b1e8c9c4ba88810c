#include "cli/whatif.h"

#include "base/jsonw.h"
#include "journal/mask.h"
#include "value/value.h"

/* whatif_json: what would have been, for programs: schemas/whatif.schema.json. */

static void kstr(const struct whatif_case *k, struct jsonw *w, const char *name, struct str text)
{
	struct buf b;

	buf_init(&b, 16 << 20);
	mask_apply(k->mask, text, &b);
	jsonw_kstr(w, name, buf_str(&b));
	buf_release(&b);
}

static void klines(const struct whatif_case *k, struct jsonw *w, const char *name, struct str text)
{
	jsonw_key(w, name);
	jsonw_open(w, '[');
	for (size_t at = 0; at < text.n;) {
		const char *nl = memchr(text.p + at, '\n', text.n - at);
		size_t end = nl ? (size_t)(nl - text.p) : text.n;
		struct buf b;

		buf_init(&b, 16 << 20);
		mask_apply(k->mask, str_slice(text, at, end), &b);
		jsonw_str(w, buf_str(&b));
		buf_release(&b);
		at = end + 1;
	}
	jsonw_close(w, ']');
}

static void put_outcome(const struct whatif_case *k, const struct whatif_outcome *o, struct jsonw *w)
{
	struct buf b;

	jsonw_open(w, '{');
	jsonw_kstr(w, "status", str_of(run_status_names[o->status]));
	jsonw_kint(w, "exit", o->exit);
	jsonw_kbool(w, "usual", o->plain);
	klines(k, w, "if", o->assumed);
	if (o->cause_key.n)
		kstr(k, w, "cause_step", o->cause_key);
	if (o->cause.n)
		kstr(k, w, "cause", o->cause);
	if (o->stopped.n)
		kstr(k, w, "stopped", o->stopped);
	if (o->unwound_at) {
		buf_init(&b, 64);
		value_show(value_unit(V_TIME, o->unwound_at / 1000000000 * 1000000000), &b);
		jsonw_kstr(w, "unwound", buf_str(&b));
		buf_release(&b);
	}
	jsonw_key(w, "undone");
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < o->undone_count; i++) {
		jsonw_open(w, '{');
		kstr(k, w, "k", o->undone[i].key);
		klines(k, w, "commands", o->undone[i].commands);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
	jsonw_key(w, "residue");
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < o->residue_count; i++) {
		jsonw_open(w, '{');
		kstr(k, w, "k", o->residue[i].key);
		kstr(k, w, "why", o->residue[i].why);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
	jsonw_close(w, '}');
}

static void put_step(const struct whatif_case *k, const struct whatif_step *s, struct jsonw *w)
{
	jsonw_open(w, '{');
	kstr(k, w, "k", s->key);
	if (s->was_key.n)
		kstr(k, w, "was_k", s->was_key);
	jsonw_kstr(w, "class", str_of(whatif_class_names[s->cls]));
	jsonw_kstr(w, "runs", str_of(whatif_will_names[s->runs]));
	jsonw_kbool(w, "ran", s->ran);
	jsonw_key(w, "was");
	if (s->was_status)
		jsonw_str(w, str_of(s->was_status));
	else
		jsonw_null(w);
	jsonw_key(w, "status");
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < s->status_count; i++)
		jsonw_str(w, str_of(s->status[i]));
	jsonw_close(w, ']');
	jsonw_kbool(w, "certain", s->known && s->status_count < 2);
	jsonw_kbool(w, "moved", s->moved);
	jsonw_kbool(w, "rollback_changed", s->undo_changed);
	if (s->at.n)
		jsonw_kstr(w, "at", s->at);
	klines(k, w, "why", s->why);
	if (s->error.n)
		kstr(k, w, "error", s->error);
	if (s->undo_changed || s->cls == WHATIF_NEW)
		klines(k, w, "rollback", s->undo);
	if (s->undo_changed || s->cls == WHATIF_DROPPED)
		klines(k, w, "was_rollback", s->was_undo);
	jsonw_close(w, '}');
}

void whatif_json(const struct whatif_case *k, const struct whatif_source *src, struct buf *out)
{
	const struct whatif_result *r = k->res;
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_open(&w, '{');
	jsonw_kint(&w, "v", 1);
	jsonw_kstr(&w, "t", STR("whatif"));
	jsonw_kstr(&w, "run", k->b.run);
	jsonw_kstr(&w, "against", str_of(src->name));
	jsonw_kstr(&w, "sha256", str_of(src->l.digest));
	jsonw_kstr(&w, "recorded", str_of(whatif_was(k)));
	jsonw_kbool(&w, "different", r->different);
	jsonw_kbool(&w, "may_flip", r->may_flip);
	jsonw_kbool(&w, "flips", r->flips);
	if (r->refused.n)
		kstr(k, &w, "refused", r->refused);
	jsonw_kbool(&w, "exhaustive", r->exhaustive);
	jsonw_kint(&w, "unknowns", r->unknowns);
	jsonw_kint(&w, "drives", r->drives);
	jsonw_key(&w, "assumed");
	jsonw_open(&w, '{');
	for (uint32_t i = 0; i < src->assume_count; i++) {
		jsonw_str(&w, src->assume[i].step);
		buf_addz(out, src->assume[i].fail ? ":\"fail\"" : ":\"ok\"");
	}
	jsonw_close(&w, '}');
	jsonw_key(&w, "outcomes");
	jsonw_open(&w, '[');
	for (uint32_t i = 0; i < r->outcome_count; i++)
		put_outcome(k, &r->outcomes[i], &w);
	jsonw_close(&w, ']');
	jsonw_key(&w, "classes");
	jsonw_open(&w, '{');
	for (int i = 0; i < WHATIF_CLASSES; i++)
		jsonw_kint(&w, whatif_class_names[i], r->classes[i]);
	jsonw_close(&w, '}');
	jsonw_key(&w, "steps");
	jsonw_open(&w, '[');
	for (uint32_t i = 0; i < r->step_count; i++)
		put_step(k, &r->steps[i], &w);
	jsonw_close(&w, ']');
	jsonw_close(&w, '}');
	buf_addc(out, '\n');
}
