#include "run/engine_state.h"

#include "journal/mask.h"
#include "journal/maskfind.h"

/*
 * masked: texts and values without the secrets that children may have printed
 * into them: for what leaves the engine towards people and files of the run.
 */

static bool nothing_to_hide(const struct frame *f)
{
	return !f->e->setup->mask || mask_empty(f->e->setup->mask);
}

struct str masked_text(struct frame *f, struct str text)
{
	struct buf b;

	if (nothing_to_hide(f))
		return text;
	buf_init(&b, 64 << 20);
	mask_apply(f->e->setup->mask, text, &b);
	text = arena_str(f->tmp, b.p ? b.p : "", b.len);
	buf_release(&b);
	return text;
}

bool secrets_tell(const struct frame *f)
{
	const struct run_setup *s = f->e->setup;

	return s->revision >= REVISION_4 && s->mask && s->gone.n && f->e->fx && f->e->fx->hide;
}

static void tell(struct frame *f, struct str text)
{
	if (!mask_find(f->e->setup->mask, text))
		f->e->fx->hide(f->e->ctx, text);
}

struct value secret_made(void *ctx, struct value v, const struct eval_error *err)
{
	struct frame *f = ctx;
	struct buf b;

	if (err) {
		if (!f->refuse.n)
			f->refuse = error_text(f, err);
		v = value_str(f->e->setup->gone);
		v.flags = VALUE_SECRET;
	}
	if (v.kind == V_STRING) {
		tell(f, value_text(v));
	} else if (v.kind != V_NULL && v.kind != V_BOOL) {
		buf_init(&b, 1 << 10);
		if (value_to_text(v, &b))
			tell(f, buf_str(&b));
		buf_release(&b);
	}
	return v;
}

bool refused_later(struct frame *f, struct str text, struct str error)
{
	if (!secrets_tell(f) || !mask_find(f->e->setup->mask, text))
		return false;
	if (!f->refuse.n)
		f->refuse = error;
	return true;
}

struct str measured_text(struct frame *f, struct str text)
{
	return f->e->setup->revision >= REVISION_3 ? masked_text(f, text) : text;
}

struct value masked_value(struct frame *f, struct value v)
{
	if (nothing_to_hide(f))
		return v;
	if (v.kind == V_STRING)
		return value_str(masked_text(f, value_text(v)));
	if (v.kind == V_LIST) {
		struct value *items = arena_array(f->tmp, v.n + 1U, sizeof(*items));

		for (uint32_t i = 0; i < v.n; i++)
			items[i] = masked_value(f, v.list[i]);
		return value_list(items, v.n);
	}
	if (v.kind == V_MAP) {
		struct pair *pairs = arena_array(f->tmp, v.n + 1U, sizeof(*pairs));

		for (uint32_t i = 0; i < v.n; i++)
			pairs[i] = (struct pair){ masked_text(f, v.map[i].key), masked_value(f, v.map[i].value) };
		return value_map(pairs, v.n);
	}
	return v;
}

struct value named_unknowns(struct frame *f, struct value v)
{
	uint8_t flags = v.flags;
	struct buf b;

	if (!value_has_unknown(v))
		return v;
	if (v.kind == V_LIST) {
		struct value *items = arena_array(f->tmp, v.n + 1U, sizeof(*items));

		for (uint32_t i = 0; i < v.n; i++)
			items[i] = named_unknowns(f, v.list[i]);
		v = value_list(items, v.n);
		v.flags |= flags;
		return v;
	}
	if (v.kind == V_MAP) {
		struct pair *pairs = arena_array(f->tmp, v.n + 1U, sizeof(*pairs));

		for (uint32_t i = 0; i < v.n; i++)
			pairs[i] = (struct pair){ v.map[i].key, named_unknowns(f, v.map[i].value) };
		v = value_map(pairs, v.n);
		v.flags |= flags;
		return v;
	}
	buf_init(&b, 1024);
	value_show(v, &b);
	v = value_str(arena_str(f->tmp, b.p ? b.p : "", b.len));
	buf_release(&b);
	return v;
}
