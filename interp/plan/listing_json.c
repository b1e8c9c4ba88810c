/*
 * listing_json: the plan for programs: see listing.h for the members.
 */
#include "plan/listing.h"

#include "base/jsonw.h"
#include "plan/preview.h"
#include "value/json.h"

static const char *const else_words[] = { "fail", "stop", "skip", "warn" };

static void put_value(struct jsonw *w, struct value v)
{
	struct buf b;
	buf_init(&b, 1 << 20);
	json_print_typed(v, &b);
	jsonw_raw(w, buf_str(&b));
	buf_release(&b);
}

static void put_guards(struct jsonw *w, struct preview *v, const struct step *s)
{
	jsonw_key(w, "guards");
	jsonw_open(w, '[');
	for (uint32_t i = 0; i <= s->guard_count; i++) {
		const struct expr *e = i ? s->guards[i - 1].that : s->if_;
		if (!e)
			continue;
		jsonw_open(w, '{');
		jsonw_kstr(w, "that", preview_source(e));
		jsonw_kstr(w, "else", str_of(i ? else_words[s->guards[i - 1].otherwise] : "skip"));
		int known = preview_known(v, e);
		jsonw_key(w, "known");
		if (known < 0)
			jsonw_null(w);
		else
			jsonw_bool(w, known);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
}

static void put_line(void *w, struct str line)
{
	jsonw_str(w, line);
}

static void put_rollback(struct jsonw *w, struct preview *v, const struct step *s)
{
	jsonw_key(w, "rollback");
	if (!s->rollback.present) {
		jsonw_null(w);
		return;
	}
	jsonw_open(w, '[');
	preview_undo(v, s, put_line, w);
	jsonw_close(w, ']');
}

static void put_path(struct buf *b, const struct program *p, const struct prog_step *ps, struct str outer)
{
	if (ps->parent != NO_STEP) {
		put_path(b, p, &p->steps[ps->parent], outer);
		buf_addc(b, '/');
	} else if (outer.n) {
		buf_adds(b, outer);
		buf_addc(b, '/');
	} else {
		buf_addz(b, ps->phase < PHASE_COUNT ? phase_names[ps->phase] : ps->role == ROLE_TOP_UNDO ? "rollback" : "always");
		buf_addc(b, '/');
	}
	buf_adds(b, ps->label);
}

static bool listed(const struct prog_step *ps)
{
	return ps->role == ROLE_FORWARD || ps->role == ROLE_TOP_UNDO || ps->role == ROLE_TOP_ALWAYS;
}

static void put_unit(struct jsonw *w, struct preview *v, const struct unit *u, struct str outer);

/* outer: key of the step that uses the module in which ps stands, or "". */
static void put_step(struct jsonw *w, struct preview *v, const struct prog_step *ps, struct str outer)
{
	const struct step *s = ps->ast;
	struct buf key;
	buf_init(&key, 8192);
	put_path(&key, v->p, ps, outer);
	jsonw_open(w, '{');
	jsonw_kstr(w, "k", buf_str(&key));
	jsonw_kstr(w, "id", s->id);
	jsonw_kstr(w, "name", preview_text(v, &s->more->name));
	jsonw_kstr(w, "phase", str_of(ps->phase < PHASE_COUNT ? phase_names[ps->phase] : ps->role == ROLE_TOP_UNDO ? "rollback" : "always"));
	jsonw_kstr(w, "action", str_of(action_names[s->action]));
	jsonw_kstr(w, "effect", ps->effect == EFFECT_WRITE ? STR("write") : STR("read"));
	jsonw_kstr(w, "command", preview_command(v, ps));
	put_guards(w, v, s);
	put_rollback(w, v, s);
	jsonw_key(w, "irreversible");
	if (s->more->irreversible.kind)
		jsonw_str(w, preview_text(v, &s->more->irreversible));
	else
		jsonw_null(w);
	jsonw_kint(w, "line", source_locate(s->span.src, s->span.start).line);
	if (ps->unit->index)
		jsonw_kstr(w, "module", ps->unit->name);
	jsonw_close(w, '}');
	if (ps->call) {
		struct preview_outside o = preview_enter(v, ps);
		put_unit(w, v, ps->call->unit, arena_str(&v->arena, key.p, key.len));
		preview_leave(v, o);
	}
	buf_release(&key);
}

static void put_unit(struct jsonw *w, struct preview *v, const struct unit *u, struct str outer)
{
	for (uint32_t i = u->first; i < u->end && !w->out->full; i++)
		if (listed(&v->p->steps[i]))
			put_step(w, v, &v->p->steps[i], outer);
}

static void put_rule(struct jsonw *w, struct preview *v, const struct prog_rule *r)
{
	static const char *const then[] = { "notify", "pause", "rollback" };
	jsonw_open(w, '{');
	jsonw_kstr(w, "when", r->ast->when ? str_trim(r->ast->when->node->text) : STR("failed for 3 samples"));
	jsonw_kstr(w, "then", str_of(then[r->ast->then]));
	jsonw_kstr(w, "to", preview_text(v, &r->ast->to));
	jsonw_close(w, '}');
}

static void put_monitors(struct jsonw *w, struct preview *v)
{
	const struct program *p = v->p;
	jsonw_key(w, "monitors");
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < p->monitor_count; i++) {
		const struct prog_monitor *m = &p->monitors[i];
		const struct prog_step *ps = &p->steps[m->step];
		jsonw_open(w, '{');
		jsonw_kstr(w, "k", arena_printf(&v->arena, "monitors/" STR_FMT, STR_ARG(ps->label)));
		jsonw_kstr(w, "name", preview_text(v, &ps->ast->more->name));
		jsonw_kstr(w, "action", str_of(action_names[ps->ast->action]));
		jsonw_kstr(w, "command", preview_command(v, ps));
		jsonw_kstr(w, "every", preview_text(v, &m->ast->every));
		jsonw_key(w, "during");
		jsonw_open(w, '[');
		for (int k = 0; k < PHASE_COUNT; k++)
			if (m->phases >> k & 1)
				jsonw_str(w, str_of(phase_names[k]));
		for (uint32_t k = 0; k < m->step_count; k++)
			jsonw_str(w, p->steps[m->steps[k]].label);
		jsonw_close(w, ']');
		jsonw_key(w, "rules");
		jsonw_open(w, '[');
		for (uint32_t k = 0; k < m->rule_count; k++)
			put_rule(w, v, &m->rules[k]);
		jsonw_close(w, ']');
		jsonw_kint(w, "line", source_locate(ps->ast->span.src, ps->ast->span.start).line);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
}

void plan_json(const struct program *p, const struct value *inputs, struct str outside, struct str digest, struct buf *out)
{
	struct preview v;
	struct jsonw w;
	preview_init(&v, p, inputs, ENGINE_REVISION);
	jsonw_init(&w, out);
	jsonw_open(&w, '{');
	jsonw_kint(&w, "v", 1);
	jsonw_kstr(&w, "runbook", p->rb->name);
	jsonw_kstr(&w, "version", p->rb->version);
	jsonw_kstr(&w, "digest", digest);
	jsonw_key(&w, "inputs");
	jsonw_open(&w, '{');
	for (uint32_t i = 0; i < p->rb->input_count && inputs; i++) {
		jsonw_key(&w, arena_str(&v.arena, p->rb->inputs[i].name.p, p->rb->inputs[i].name.n).p);
		put_value(&w, inputs[i]);
	}
	jsonw_close(&w, '}');
	if (outside.n)
		jsonw_kstr(&w, "outside_window", outside);
	jsonw_key(&w, "risk");
	jsonw_open(&w, '{');
	jsonw_kint(&w, "score", p->risk_score);
	jsonw_kstr(&w, "level", p->risk_level);
	jsonw_close(&w, '}');
	jsonw_key(&w, "steps");
	jsonw_open(&w, '[');
	put_unit(&w, &v, p->units[0], STR(""));
	jsonw_close(&w, ']');
	put_monitors(&w, &v);
	jsonw_key(&w, "warnings");
	jsonw_open(&w, '[');
	for (uint32_t i = 0; i < p->step_count; i++) {
		const struct prog_step *ps = &p->steps[i];
		bool write = ps->effect == EFFECT_WRITE && !prog_step_holds(ps);
		if (write && ps->role == ROLE_FORWARD && !ps->has_undo && !ps->ast->more->irreversible.kind)
			jsonw_str(&w, arena_printf(&v.arena, "nothing undoes " STR_FMT, STR_ARG(ps->label)));
	}
	jsonw_close(&w, ']');
	jsonw_close(&w, '}');
	preview_release(&v);
}
