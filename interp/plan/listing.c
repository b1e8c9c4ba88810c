/*
 * listing: the plan as text: phases as headings, one entry per step, and the
 * rollback stack that a whole run would arm, last first.
 */
#include "plan/listing.h"

#include <string.h>

#include "base/visible.h"
#include "plan/preview.h"
#include "plan/timeline.h"
#include "plan/window.h"
#include "value/units.h"

struct listing {
	struct preview v;
	const struct program *p;
	struct str outside;
	struct buf *out;
	bool color, whole;
	int width;
	uint32_t number;
};

static void paint(struct listing *l, const char *sgr)
{
	if (!l->color)
		return;
	buf_addz(l->out, "\033[");
	buf_addz(l->out, sgr);
	buf_addc(l->out, 'm');
}

/* The first line, cut to the width. Who approves it must see what is there. */
static void put_line(struct listing *l, struct str s, size_t indent)
{
	size_t room = l->width > 20 ? (size_t)l->width : 100000, at = 0, columns = indent;
	while (at < s.n && s.p[at] != '\n') {
		size_t from = at;
		(void)utf8_next(s, &at);
		struct str one = str_slice(s, from, at);
		columns += visible_width(one);
		if (columns >= room && at < s.n) {
			buf_addz(l->out, "...");
			return;
		}
		visible_add(l->out, one);
	}
	if (at < s.n && !l->whole)
		buf_addz(l->out, " ...");
}

/* The other lines, below the first. */
static void put_more(struct listing *l, struct str s, size_t indent)
{
	const char *nl;

	while ((nl = memchr(s.p, '\n', s.n))) {
		s = str_slice(s, (size_t)(nl - s.p) + 1, s.n);
		if (!s.n)
			return;
		buf_addc(l->out, '\n');
		buf_fill(l->out, ' ', indent);
		put_line(l, s, indent);
	}
}

static void put_detail(struct listing *l, size_t indent, const char *label, struct str text)
{
	if (!text.n)
		return;
	buf_fill(l->out, ' ', indent);
	paint(l, "2");
	buf_addz(l->out, label);
	paint(l, "0");
	put_line(l, text, indent + strlen(label));
	if (l->whole)
		put_more(l, text, indent + strlen(label));
	buf_addc(l->out, '\n');
}

static const char *guard_word(uint8_t otherwise)
{
	static const char *const words[] = { "guard: ", "guard, else stop: ", "guard, else skip: ", "guard, else warn: " };
	return words[otherwise];
}

static void put_condition(struct listing *l, size_t indent, const char *label, const struct expr *e)
{
	static const char *const said[] = { "   (decided at run time)", "   (false now)", "   (true now)" };
	if (!e)
		return;
	struct str src = preview_source(e);
	put_detail(l, indent, label,
		   arena_printf(&l->v.arena, STR_FMT "%s", STR_ARG(src), said[preview_known(&l->v, e) + 1]));
}

static const char *command_label(const struct step *s)
{
	switch (s->action) {
	case ACT_RUN: return "$ ";
	case ACT_CONFIRM: return "asks: ";
	case ACT_APPROVE: return "approval by ";
	case ACT_ASK: return "asks for ";
	case ACT_CHECKLIST: return "checklist: ";
	case ACT_NOTIFY: return "tells ";
	case ACT_RENDER: return "writes ";
	case ACT_WAIT: return "waits ";
	case ACT_USES: return "uses ";
	case ACT_METRIC: return "query ";
	default: return "";
	}
}

static void put_step(struct listing *l, const struct step *s, size_t depth);

static void put_steps(struct listing *l, const struct step_list *list, size_t depth)
{
	for (uint32_t i = 0; i < list->count && !l->out->full; i++) /* modules in modules may be many */
		put_step(l, list->list[i], depth);
}

struct undoing { struct listing *l; size_t indent; uint32_t n; };

static void put_undo_line(void *arg, struct str line)
{
	struct undoing *u = arg;
	put_detail(u->l, u->indent, u->n++ ? "      " : "undo: ", line);
}

static void put_undo(struct listing *l, const struct step *s, size_t indent)
{
	if (s->more->irreversible.kind)
		put_detail(l, indent, "irreversible: ", preview_text(&l->v, &s->more->irreversible));
	if (s->rollback.present && !s->rollback.count)
		put_detail(l, indent, "undo: ", STR("nothing needed"));
	struct undoing u = { l, indent, 0 };
	preview_undo(&l->v, s, put_undo_line, &u);
}

static void put_heading(struct listing *l, const struct prog_step *ps, size_t indent)
{
	const struct step *s = ps->ast;
	buf_fill(l->out, ' ', indent);
	buf_printf(l->out, "%3u  ", ++l->number);
	paint(l, ps->effect == EFFECT_WRITE ? "33" : "32");
	buf_addz(l->out, ps->effect == EFFECT_WRITE ? "write" : "read ");
	paint(l, "0");
	buf_addz(l->out, "  ");
	paint(l, "1");
	buf_adds(l->out, ps->label);
	paint(l, "0");
	if (s->more->name.kind) {
		buf_addz(l->out, "  ");
		put_line(l, preview_text(&l->v, &s->more->name), indent + 14 + utf8_width(ps->label));
	}
	buf_addc(l->out, '\n');
}

static void put_step(struct listing *l, const struct step *s, size_t depth)
{
	const struct prog_step *ps = &l->p->steps[s->ix];
	size_t indent = 2 + depth * 4, in = indent + 5;
	put_heading(l, ps, indent);
	put_condition(l, in, "if: ", s->if_);
	for (uint32_t i = 0; i < s->guard_count; i++)
		put_condition(l, in, guard_word(s->guards[i].otherwise), s->guards[i].that);
	if (s->more->foreach.present)
		put_detail(l, in, "for each ", preview_loop(&l->v, s));
	if (s->more->probe)
		put_detail(l, in, "unless in place: ", preview_command(&l->v, &l->p->steps[s->more->probe->ix]));
	put_detail(l, in, command_label(s), preview_command(&l->v, ps));
	if (s->more->preview.kind)
		put_detail(l, in, "> ", preview_text(&l->v, &s->more->preview));
	put_undo(l, s, in);
	if (s->action == ACT_STEPS)
		put_steps(l, &s->steps, depth + 1);
	if (ps->call) {
		struct preview_outside o = preview_enter(&l->v, ps);
		put_steps(l, &ps->call->unit->body, depth + 1);
		preview_leave(&l->v, o);
	}
}

static void put_phase(struct listing *l, const char *name, const struct step_list *list)
{
	if (!list->count)
		return;
	buf_addc(l->out, '\n');
	paint(l, "1");
	for (const char *p = name; *p; p++)
		buf_addc(l->out, (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p));
	paint(l, "0");
	buf_addc(l->out, '\n');
	put_steps(l, list, 0);
}

static void put_head(struct listing *l)
{
	const struct runbook *rb = l->p->rb;
	paint(l, "1");
	buf_adds(l->out, rb->name.n ? rb->name : rb->source->name);
	paint(l, "0");
	if (rb->version.n)
		buf_printf(l->out, " " STR_FMT, STR_ARG(rb->version));
	if (rb->title.kind) {
		buf_addz(l->out, "  ");
		put_line(l, preview_text(&l->v, &rb->title), 0);
	}
	buf_addc(l->out, '\n');
	for (uint32_t i = 0; i < rb->input_count && l->v.inputs; i++) {
		struct buf b;
		buf_init(&b, 4096);
		value_show(l->v.inputs[i], &b);
		put_detail(l, 2, "input ", arena_printf(&l->v.arena, STR_FMT " = " STR_FMT, STR_ARG(rb->inputs[i].name), STR_ARG(buf_str(&b))));
		buf_release(&b);
	}
	if (l->p->risk_score)
		put_detail(l, 2, "risk ", arena_printf(&l->v.arena, STR_FMT " (%d of 25)", STR_ARG(l->p->risk_level), l->p->risk_score));
	if (rb->windows.count) {
		static const char *const words[] = { ", else fail", ", else warn", ", else confirm" };
		struct buf b;
		buf_init(&b, 4096);
		windows_print(&rb->windows, &b);
		put_detail(l, 2, "window ", arena_printf(&l->v.arena, STR_FMT "%s", STR_ARG(buf_str(&b)), words[rb->windows.otherwise]));
		buf_release(&b);
		if (rb->windows.otherwise == WINDOW_CONFIRM)
			put_detail(l, 2, "goes on outside of it: ", l->outside);
	}
	put_detail(l, 2, "lock ", preview_text(&l->v, &rb->lock));
	put_detail(l, 2, "planned ", preview_text(&l->v, &rb->planned));
	put_detail(l, 2, "rollback within ", preview_text(&l->v, &rb->rto));
}

/* What a whole run would have armed, in the order in which it would be undone. */
static void put_stack(struct listing *l, const struct unit *u, struct str path, bool *any)
{
	const struct program *p = l->p;
	for (uint32_t i = u->end; i-- > u->first && !l->out->full;) {
		const struct prog_step *ps = &p->steps[i];
		const struct step *s = ps->ast;
		bool write = ps->effect == EFFECT_WRITE && s->action != ACT_STEPS;
		if (ps->role != ROLE_FORWARD || ps->phase >= PHASE_REPORT || (!s->rollback.present && !s->more->irreversible.kind && !write))
			continue;
		struct str name = arena_printf(&l->v.arena, STR_FMT STR_FMT, STR_ARG(path), STR_ARG(ps->label));
		if (ps->call && !s->rollback.present && !s->more->irreversible.kind) { /* its steps are */
			struct preview_outside o = preview_enter(&l->v, ps);
			put_stack(l, ps->call->unit, arena_printf(&l->v.arena, STR_FMT "/", STR_ARG(name)), any);
			preview_leave(&l->v, o);
			continue;
		}
		if (!*any) {
			buf_addc(l->out, '\n');
			paint(l, "1");
			buf_addz(l->out, "ROLLBACK, last first");
			paint(l, "0");
			buf_addc(l->out, '\n');
		}
		*any = true;
		buf_addz(l->out, "  ");
		buf_adds(l->out, name);
		buf_addc(l->out, '\n');
		if (!s->rollback.present && !s->more->irreversible.kind)
			put_detail(l, 7, "", STR("nothing undoes it: it would be left as it is"));
		put_undo(l, s, 7);
	}
}

static struct str rule_text(struct listing *l, const struct prog_rule *r)
{
	static const char *const then[] = { "notify", "pause", "roll back" };
	struct str when = r->ast->when ? str_trim(r->ast->when->node->text) : STR("failed for 3 samples");
	struct str to = preview_text(&l->v, &r->ast->to);
	return arena_printf(&l->v.arena, STR_FMT ": %s%s" STR_FMT "%s", STR_ARG(when), then[r->ast->then], to.n ? ", tell " : "", STR_ARG(to),
			    r->ast->when ? "" : " (every monitor's own rule)");
}

static struct str during_text(struct listing *l, const struct prog_monitor *m)
{
	struct str s = STR("");
	for (int i = 0; i < PHASE_COUNT; i++)
		if (m->phases >> i & 1)
			s = arena_printf(&l->v.arena, STR_FMT "%s%s", STR_ARG(s), s.n ? ", " : "", phase_names[i]);
	for (uint32_t i = 0; i < m->step_count; i++)
		s = arena_printf(&l->v.arena, STR_FMT "%s" STR_FMT, STR_ARG(s), s.n ? ", " : "", STR_ARG(l->p->steps[m->steps[i]].label));
	return s;
}

static void put_monitors(struct listing *l)
{
	const struct program *p = l->p;
	if (!p->monitor_count)
		return;
	buf_addc(l->out, '\n');
	paint(l, "1");
	buf_addz(l->out, "MONITORS");
	paint(l, "0");
	buf_addc(l->out, '\n');
	for (uint32_t i = 0; i < p->monitor_count; i++) {
		const struct prog_monitor *m = &p->monitors[i];
		const struct prog_step *ps = &p->steps[m->step];
		put_heading(l, ps, 2);
		put_detail(l, 7, command_label(ps->ast), preview_command(&l->v, ps));
		put_detail(l, 7, "during ", arena_printf(&l->v.arena, STR_FMT ", every " STR_FMT, STR_ARG(during_text(l, m)), STR_ARG(preview_text(&l->v, &m->ast->every))));
		for (uint32_t k = 0; k < m->rule_count; k++)
			put_detail(l, 7, "when ", rule_text(l, &m->rules[k]));
	}
}

void plan_text(const struct program *p, const struct value *inputs, const struct plan_view *view, struct buf *out)
{
	struct listing l = { .p = p, .outside = view->outside, .out = out, .color = view->color, .whole = view->whole, .width = view->width };
	bool any = false;
	preview_init(&l.v, p, inputs, view->revision);
	put_head(&l);
	for (int i = PHASE_PREFLIGHT; i <= PHASE_TEST; i++)
		put_phase(&l, phase_names[i], &p->rb->phases[i]);
	put_phase(&l, "after a rollback", &p->rb->rollback);
	put_phase(&l, "always", &p->rb->always);
	put_phase(&l, phase_names[PHASE_REPORT], &p->rb->phases[PHASE_REPORT]);
	put_monitors(&l);
	put_stack(&l, p->units[0], STR(""), &any);
	timeline_text(&l.v, out);
	preview_release(&l.v);
}
