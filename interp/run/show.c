#include "run/show.h"

#include <string.h>
#include "run/engine_state.h"

/*
 * show: commands of steps as text. Loops and lists are walked on copies of the
 * frame, so nothing of the run changes.
 */

enum { COMMAND_MAX = 64 << 10 };

struct showing { show_each *each; void *arg; };

static void remark(struct frame *f, const struct showing *s, const char *words, struct str what)
{
	s->each(s->arg, arena_printf(f->tmp, "# %s" STR_FMT, words, STR_ARG(what)));
}

/* A command with *** in it, so that nobody types it as it is: the shell would take *** for names of files. */
static void show_gap(struct frame *f, const struct showing *s, struct str text)
{
	struct buf b;

	if (f->e->setup->revision < REVISION_3) {
		s->each(s->arg, arena_printf(f->tmp, "# fill in what is *** here: a secret that was not stored\n" STR_FMT, STR_ARG(text)));
		return;
	}
	buf_init(&b, 4 * COMMAND_MAX);
	buf_addz(&b, "# fill in what is *** here, a secret that was not stored, and take the # away:\n# ");
	for (size_t i = 0; i < text.n; i++) {
		buf_addc(&b, text.p[i]);
		if (text.p[i] == '\n' && i + 1 < text.n)
			buf_addz(&b, "# ");
	}
	s->each(s->arg, arena_str(f->tmp, b.p, b.len));
	buf_release(&b);
}

static void show_one(struct frame *f, const struct prog_step *ps, const struct showing *s)
{
	const struct step_kind *k = kind_of(ps);
	struct buf b;
	struct str text;

	if (!k->show)
		return;
	buf_init(&b, COMMAND_MAX);
	f->hidden = false;
	k->show(f, ps, &b);
	text = masked_text(f, buf_str(&b));
	if (b.full)
		remark(f, s, "longer than 64 KiB, see the runbook: ", ps->label);
	else if (b.len && (f->hidden || !str_eq(text, buf_str(&b)))) /* computed, or captured: it has no place to be read from */
		show_gap(f, s, text);
	else if (b.len)
		s->each(s->arg, text);
	buf_release(&b);
}

static void show_steps(struct frame *f, const struct step_list *l, uint32_t from, const struct showing *s);

/* The steps of a module, as far as what they read is known before it runs. */
static void show_use(struct frame *f, const struct prog_step *ps, const struct showing *s)
{
	struct frame in = *f, at = *f;
	struct str error = { 0 };

	in.scope = uses_scope(f, ps, &error);
	if (!in.scope) {
		remark(f, s, "cannot be rendered: ", error);
		return;
	}
	in.kind = FRAME_LIST;
	in.target = NULL;
	at.scope = in.scope;
	at.parent = &in;
	show_steps(&at, &ps->call->unit->body, 0, s);
}

/* One instance: not what its `if` leaves out. */
static void show_instance(struct frame *f, const struct prog_step *ps, const struct showing *s)
{
	const struct expr *x = ps->ast->if_;

	if (x) {
		struct eval_error err = { 0 };
		struct value v = eval_code(f, x, &err);

		if (!err.set && v.kind == V_BOOL && !v.b)
			return;
		if (err.set || v.kind != V_BOOL)
			remark(f, s, "only if: ", str_slice(x->node->text, x->start, x->end));
	}
	if (ps->ast->action == ACT_STEPS)
		show_steps(f, &ps->ast->steps, 0, s);
	else if (ps->call)
		show_use(f, ps, s);
	else
		show_one(f, ps, s);
}

static void show_loop(struct frame *f, const struct prog_step *ps, const struct showing *s)
{
	struct scope_results in = { .up = f->scope, .loop = ps->ast->ix };
	struct frame at = *f;
	struct str error = { 0 };

	at.ps = ps;
	if (!loop_items(&at, &error)) {
		remark(f, s, "cannot be rendered: ", error);
		return;
	}
	at.scope = &in;
	if (at.items.kind == V_UNKNOWN) {
		remark(f, s, "for each item, which is decided at run time:", STR(""));
		in.item = at.items;
		show_instance(&at, ps, s);
		return;
	}
	for (uint32_t i = 0; i < at.items.n; i++) {
		in.item = at.items.list[i];
		show_instance(&at, ps, s);
	}
}

static void show_steps(struct frame *f, const struct step_list *l, uint32_t from, const struct showing *s)
{
	for (uint32_t i = from; i < l->count; i++) {
		const struct prog_step *ps = &f->e->p->steps[l->list[i]->ix];

		if (ps->ast->more->foreach.present)
			show_loop(f, ps, s);
		else
			show_instance(f, ps, s);
	}
}

void show_own(struct frame *f, show_each *each, void *arg)
{
	struct showing s = { each, arg };

	arena_take(f);
	show_one(f, f->ps, &s);
}

void show_list(struct frame *f, const struct step_list *l, uint32_t from, show_each *each, void *arg)
{
	struct showing s = { each, arg };
	struct frame list, at;

	arena_take(f);
	list = at = *f;
	list.kind = FRAME_LIST; /* `self` is the step that the list around undoes */
	list.role = ROLE_UNDO;
	list.target = f->kind == FRAME_STEP ? f : NULL;
	at.parent = &list;
	show_steps(&at, l, from, &s);
}

/* --- words ---------------------------------------------------------------------- */

/* The secret whose value text begins with; the longest one, or -1. */
static int64_t secret_at(const struct engine *e, struct str text, size_t *n)
{
	int64_t found = -1;

	*n = 0;
	for (uint32_t i = 0; i < e->p->secret_count; i++) {
		struct value v = e->setup->secrets[i];

		if (v.kind != V_STRING || value_text(v).n <= *n || !str_starts(text, value_text(v)))
			continue;
		found = i;
		*n = value_text(v).n;
	}
	return found;
}

static void put_source(const struct engine *e, const struct unit_secret *of, struct buf *out)
{
	const struct secret *s = of->secret;
	const char *dir = of->unit->from.dir.n ? of->unit->from.dir.p : e->setup->dir;
	bool relative = false;

	if (s->from == SECRET_ENV) { /* unset is an error, not an empty value */
		buf_printf(out, "\"${" STR_FMT ":?}\"", STR_ARG(s->arg));
		return;
	}
	buf_addz(out, "\"$(");
	if (s->from == SECRET_FILE) {
		buf_addz(out, "cat ");
		if (s->arg.p[0] != '/' && dir) {
			shell_quote(out, str_of(dir));
			buf_addc(out, '/');
		}
		shell_quote(out, s->arg);
	}
	for (uint32_t i = 0; s->from == SECRET_RUN && i < s->argv.count; i++)
		relative = relative || (s->argv.list[i].n && s->argv.list[i].p[0] != '/' && memchr(s->argv.list[i].p, '/', s->argv.list[i].n));
	if (relative && dir) {
		buf_addz(out, "cd ");
		shell_quote(out, str_of(dir));
		buf_addz(out, " && ");
	}
	for (uint32_t i = 0; s->from == SECRET_RUN && i < s->argv.count; i++) {
		if (i)
			buf_addc(out, ' ');
		shell_quote(out, s->argv.list[i]);
	}
	buf_addz(out, ")\"");
}

void show_quoted(struct frame *f, struct str text, struct buf *out)
{
	struct str masked = masked_text(f, text);

	f->hidden = f->hidden || !str_eq(masked, text);
	shell_quote(out, masked);
}

void show_word(struct frame *f, struct str text, struct buf *out)
{
	const struct engine *e = f->e;
	size_t from = 0, n;

	for (size_t at = 0; at < text.n; at++) {
		int64_t i = e->p->secret_count ? secret_at(e, str_slice(text, at, text.n), &n) : -1;

		if (i < 0)
			continue;
		if (at > from)
			show_quoted(f, str_slice(text, from, at), out);
		put_source(e, &e->p->secrets[i], out);
		from = at + n;
		at = from - 1;
	}
	if (from < text.n || !text.n)
		show_quoted(f, str_slice(text, from, text.n), out);
}
