#include "run/engine_state.h"

/*
 * guards: `if` and `guard` of a step: evaluated, recorded with the values that
 * they saw, and what the strongest of them says.
 */

struct saw { struct jsonw *w; struct frame *f; uint32_t n; struct buf names; /* each behind a newline */ };

static void put_seen(void *arg, struct ref ref, const struct expr *at)
{
	struct saw *s = arg;
	struct eval_env env = frame_env(s->f);
	struct buf name;

	if (s->n++ >= 16 || !rec_room(s->f->e, 8192))
		return;
	buf_init(&name, 256);
	buf_addc(&name, '\n');
	expr_print(at, &name);
	buf_addc(&name, '\n');
	/* The record is an object: a name that stands twice in the condition is one key. */
	if (str_find(buf_str(&s->names), buf_str(&name)) >= 0) {
		buf_release(&name);
		return;
	}
	buf_adds(&s->names, buf_str(&name));
	jsonw_str(s->w, str_slice(buf_str(&name), 1, name.len - 1));
	buf_addc(s->w->out, ':');
	s->w->comma = false;
	rec_value(s->f->e, s->w, env.fetch(env.ctx, ref));
	buf_release(&name);
}

/* One item of a guard record: {"that":..,"else":..,"ok":true|false|null,"saw":{..},"say":..} */
static void put_guard(struct frame *f, struct jsonw *w, const struct expr *x, const char *otherwise, struct value v,
		      struct str error, struct str say)
{
	struct saw s = { w, f, 0, { 0 } };
	struct str text = str_slice(x->node->text, x->start, x->end);

	jsonw_open(w, '{');
	rec_text(f->e, w, "that", text);
	jsonw_kstr(w, "else", str_of(otherwise));
	jsonw_key(w, "ok");
	if (v.kind == V_BOOL)
		jsonw_bool(w, v.b);
	else
		jsonw_null(w);
	if (error.n)
		rec_text(f->e, w, "error", error);
	jsonw_key(w, "saw");
	jsonw_open(w, '{');
	buf_init(&s.names, 16 * 4096);
	code_refs(f->e->p->codes.list[x->id], put_seen, &s);
	buf_release(&s.names);
	jsonw_close(w, '}');
	if (say.n)
		rec_text(f->e, w, "say", say);
	jsonw_close(w, '}');
}

/* --- the same for people ------------------------------------------------------------ */

enum { SEEN_NAMES = 8, SEEN_BYTES = 100 };

struct seen { struct frame *f; struct buf *out; uint32_t n; struct buf names; /* each behind a newline */ };

/* A value on one line: what follows the first line, and what is too long, is "..." */
static void put_short(struct frame *f, struct value v, struct buf *out)
{
	struct buf b;
	struct str text;
	size_t n = 0;

	if (value_has_flag(v, VALUE_SECRET)) {
		buf_addz(out, "***");
		return;
	}
	buf_init(&b, 64 << 20);
	value_show(v, &b);
	text = masked_text(f, buf_str(&b));
	while (n < text.n && n < SEEN_BYTES && text.p[n] != '\n')
		n++;
	while (n && n < text.n && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	buf_adds(out, str_slice(text, 0, n));
	if (n < text.n)
		buf_addz(out, n ? " ..." : "...");
	if (!text.n)
		buf_addz(out, "''");
	buf_release(&b);
}

static void add_seen(void *arg, struct ref ref, const struct expr *at)
{
	struct seen *s = arg;
	struct eval_env env = frame_env(s->f);
	struct buf name;

	buf_init(&name, 256);
	buf_addc(&name, '\n');
	expr_print(at, &name);
	buf_addc(&name, '\n');
	if (s->n < SEEN_NAMES && str_find(buf_str(&s->names), buf_str(&name)) < 0) {
		buf_adds(&s->names, buf_str(&name));
		buf_printf(s->out, "%s" STR_FMT " = ", s->n++ ? ", " : "  (", STR_ARG(str_slice(buf_str(&name), 1, name.len - 1)));
		put_short(s->f, env.fetch(env.ctx, ref), s->out);
	}
	buf_release(&name);
}

struct str seen_text(struct frame *f, const struct expr *x)
{
	struct seen s = { .f = f };
	struct buf out;
	struct str text;

	if (f->e->setup->revision < REVISION_3)
		return STR("");
	buf_init(&out, 16 << 10);
	buf_init(&s.names, 16 * 4096);
	s.out = &out;
	code_refs(f->e->p->codes.list[x->id], add_seen, &s);
	if (s.n)
		buf_addc(&out, ')');
	text = arena_str(f->tmp, out.p ? out.p : "", out.len);
	buf_release(&s.names);
	buf_release(&out);
	return text;
}

static const char *const else_names[] = { "fail", "stop", "skip", "warn" };

/* Evaluates `if`. 1 go on, 0 skip, -1 failed. */
int guard_if(struct frame *f)
{
	struct eval_error err = { 0 };
	struct value v = eval_code(f, f->ps->ast->if_, &err);
	struct jsonw w;
	struct str error = err.set ? error_text(f, &err) : STR("");

	v = watch_weigh(f, WEIGH_IF, 0, f->ps->ast->if_, err.set, v);
	rec_open(f->e, "guard", f->key, &w);
	jsonw_key(&w, "items");
	jsonw_open(&w, '[');
	put_guard(f, &w, f->ps->ast->if_, "skip", v, error, STR(""));
	jsonw_close(&w, ']');
	jsonw_kstr(&w, "result", str_of(err.set ? "fail" : v.kind == V_UNKNOWN ? "unknown" : v.b ? "pass" : "skip"));
	rec_close(f->e, &w);
	if (err.set) {
		step_fail(f, S_FAILED, "if", error);
		return -1;
	}
	if (v.kind == V_UNKNOWN) {
		f->unknown = true;
		f->e->dry_unknown++;
		return 1;
	}
	return v.b;
}

/* Evaluates all guards, records them; the strongest failing else, or GUARDS_PASS. */
int guard_check(struct frame *f, struct str *say, struct str *error)
{
	const struct step *s = f->ps->ast;
	struct jsonw w;
	int result = GUARDS_PASS;
	uint32_t n = s->guard_count;
	struct value *vals = arena_array(f->tmp, n, sizeof(*vals));
	struct str *texts = arena_array(f->tmp, n, sizeof(*texts)), *errors = arena_array(f->tmp, n, sizeof(*errors));

	for (uint32_t i = 0; i < n; i++) {
		const struct guard *g = &s->guards[i];
		struct eval_error err = { 0 };
		bool unknown = false;
		int strength = g->otherwise;

		vals[i] = eval_code(f, g->that, &err);
		vals[i] = watch_weigh(f, WEIGH_GUARD, i, g->that, err.set, vals[i]);
		errors[i] = texts[i] = STR("");
		if (err.set) {
			errors[i] = error_text(f, &err);
			strength = GUARD_FAIL;
		} else if (vals[i].kind == V_UNKNOWN) {
			f->unknown = true;
			f->e->dry_unknown++;
			continue;
		} else if (vals[i].b) {
			continue;
		}
		if (g->say.kind != DATA_NONE)
			(void)eval_text(f, &g->say, &texts[i], &unknown, &errors[i]);
		if (strength == GUARD_WARN) {
			struct str t = texts[i].n ? texts[i]
						  : arena_printf(&f->e->arena, "guard: " STR_FMT,
								 STR_ARG(str_slice(g->that->node->text, g->that->start, g->that->end)));
			rec_issue(f->e, "warning", f, t);
		}
		if (strength < result) {
			result = strength;
			*say = texts[i];
			*error = errors[i].n ? errors[i]
					     : arena_printf(&f->e->arena, "guard is false: " STR_FMT,
							    STR_ARG(str_slice(g->that->node->text, g->that->start, g->that->end)));
		}
	}
	rec_open(f->e, "guard", f->key, &w);
	jsonw_key(&w, "items");
	jsonw_open(&w, '[');
	for (uint32_t i = 0; i < n && rec_room(f->e, 4 * REC_TEXT_MAX); i++)
		put_guard(f, &w, s->guards[i].that, else_names[s->guards[i].otherwise], vals[i], errors[i], texts[i]);
	jsonw_close(&w, ']');
	jsonw_kstr(&w, "result", str_of(result == GUARDS_PASS ? (f->unknown ? "unknown" : "pass") : else_names[result]));
	rec_close(f->e, &w);
	return result;
}
