#include "cli/presets.h"

#include <string.h>
#include "base/buf.h"
#include "cli/command.h"
#include "cli/source.h"
#include "plan/window.h"
#include "run/engine.h"

/* presets: see presets.h. */

static struct str id_of(const struct preset *p)
{
	const char *dot = memchr(p->name.p, '.', p->name.n);

	return (struct str){ p->name.p, (size_t)(dot - p->name.p) };
}

static struct str field_of(const struct preset *p)
{
	return str_slice(p->name, id_of(p).n + 1, p->name.n);
}

/* The declaration of an asked field, or NULL. */
static const struct decl *asked(const struct step *s, struct str field)
{
	for (uint32_t i = 0; s->action == ACT_ASK && i < s->ask.count; i++)
		if (str_eq(s->ask.fields[i].name, field))
			return &s->ask.fields[i];
	return NULL;
}

static bool fits(struct cli *c, const struct preset *p, const struct decl *d)
{
	struct str why = STR("");
	struct value v;

	if (decl_parse(&c->arena, d, p->value, &v, &why))
		return true;
	cli_error("-i " STR_FMT "=...: " STR_FMT, STR_ARG(p->name), STR_ARG(why));
	return false;
}

bool presets_known(struct cli *c, const struct loaded *l, const struct preset *presets, uint32_t n)
{
	bool ok = true;

	for (uint32_t k = 0; k < n; k++) {
		struct str id = id_of(&presets[k]), field = field_of(&presets[k]);
		const struct decl *d = NULL;
		bool confirm = false;

		for (uint32_t i = 0; i < l->program->step_count && !d && !confirm; i++) {
			const struct step *s = l->program->steps[i].ast;

			if (l->program->steps[i].unit->index || !str_eq(s->id, id))
				continue;
			d = asked(s, field);
			confirm = s->action == ACT_CONFIRM && str_eqz(field, "answer");
		}
		if (d) {
			ok = fits(c, &presets[k], d) && ok;
		} else if (!confirm) {
			cli_error("-i " STR_FMT "=...: no `confirm` step has the id `" STR_FMT "` (write -i ID.answer=yes), and no `ask` step with "
				  "this id has such a field", STR_ARG(presets[k].name), STR_ARG(id));
			ok = false;
		}
	}
	return ok;
}

static bool given(const struct preset *presets, uint32_t n, struct str id, struct str field)
{
	for (uint32_t k = 0; k < n && id.n; k++)
		if (str_eq(id_of(&presets[k]), id) && str_eq(field_of(&presets[k]), field))
			return true;
	return false;
}

static bool confirm_given(struct str path, struct str id, const struct step *s, const struct preset *presets, uint32_t n)
{
	struct position at = source_locate(s->span.src, s->span.start);

	if (given(presets, n, id, STR("answer")))
		return true;
	cli_error(STR_FMT ":%u:%u: `confirm` needs a person, and there is no terminal; answer it with --yes%s" STR_FMT "%s", STR_ARG(path),
		  at.line, at.column, id.n ? " or -i " : "", STR_ARG(id), id.n ? ".answer=yes" : "");
	return false;
}

static bool fields_given(struct cli *c, struct str path, const struct step *s, const struct preset *presets, uint32_t n)
{
	bool ok = true;

	for (uint32_t i = 0; i < s->ask.count; i++) {
		const struct decl *d = &s->ask.fields[i];
		struct position at = source_locate(d->span.src, d->span.start);
		struct str text;

		if (decl_default_text(&c->arena, d, &text) || given(presets, n, s->id, d->name))
			continue;
		ok = false;
		if (s->id.n)
			cli_error(STR_FMT ":%u:%u: `ask` needs a person, and there is no terminal; answer it with -i " STR_FMT "." STR_FMT "=... (%s)",
				  STR_ARG(path), at.line, at.column, STR_ARG(s->id), STR_ARG(d->name), decl_type_names[d->type]);
		else
			cli_error(STR_FMT ":%u:%u: `ask` needs a person, and there is no terminal; give the step an id to answer it with -i ID." STR_FMT "=...",
				  STR_ARG(path), at.line, at.column, STR_ARG(d->name));
	}
	return ok;
}

bool presets_outside(struct cli *c, struct str *reason)
{
	const char *given = cli_arg(c, "outside-window");

	*reason = given ? str_trim(str_of(given)) : STR("");
	if (given && (!reason->n || !utf8_valid(*reason))) {
		cli_usage(c, "--outside-window needs a reason as text, such as --outside-window 'CR-42: the disk is full'");
		return false;
	}
	return true;
}

void presets_outside_note(const struct loaded *l, struct str reason)
{
	const struct windows *w = &l->program->rb->windows;

	if (reason.n && w->count && w->otherwise == WINDOW_FAIL)
		cli_error(STR_FMT ":%u: --outside-window changes nothing: outside of its window this runbook fails (`else: confirm` would let a person decide)",
			  STR_ARG(l->path), source_locate(w->span.src, w->span.start).line);
}

static bool window_given(const struct loaded *l, int64_t wall)
{
	const struct windows *w = &l->program->rb->windows;
	struct buf b;

	if (!w->count || w->otherwise != WINDOW_CONFIRM || windows_open(w, wall))
		return true;
	buf_init(&b, 4096);
	windows_outside(w, wall, &b);
	cli_error(STR_FMT ":%u: " STR_FMT "; without a terminal say why you go on: --outside-window REASON", STR_ARG(l->path),
		  source_locate(w->span.src, w->span.start).line, STR_ARG(buf_str(&b)));
	buf_release(&b);
	return false;
}

bool presets_enough(struct cli *c, const struct loaded *l, const struct preset *presets, uint32_t n, bool yes, bool window_answered,
		    int64_t wall)
{
	bool ok = window_answered || window_given(l, wall);

	for (uint32_t i = 0; i < l->program->step_count; i++) {
		const struct step *s = l->program->steps[i].ast;

		bool own = !l->program->steps[i].unit->index; /* ids of modules are no names here */

		if (s->action == ACT_CONFIRM && !yes)
			ok = confirm_given(own ? l->path : s->span.src->name, own ? s->id : STR(""), s, presets, n) && ok;
		else if (s->action == ACT_ASK)
			ok = fields_given(c, l->path, s, presets, n) && ok;
	}
	return ok;
}
