/*
 * check_style: RB6xx, few and useful; and lints of values that programs may
 * take for options or code (RB312, RB313).
 */
#include "plan/check.h"

static void check_hiding(struct load *l, const struct prog_step *ps)
{
	const struct step *s = ps->ast;
	for (uint32_t ix = ps->parent; s->foreach.present && ix != NO_STEP; ix = l->p->steps[ix].parent) {
		const struct step *up = l->p->steps[ix].ast;
		if (!up->foreach.present || !str_eq(up->foreach.as, s->foreach.as))
			continue;
		struct diag *d = check_warn(l, 603, ps, s->foreach.span, "this loop's `" STR_FMT "` hides that of the loop around it",
					    STR_ARG(s->foreach.as));
		if (!d)
			return;
		diag_label(l->ds, d, up->foreach.span, "the loop around it");
		diag_help(l->ds, d, "name one of them with `as:`");
		return;
	}
}

static bool takes_options(struct str program)
{
	static const char *const names[] = { "rm", "mv", "cp", "tar", "git", "ssh", "rsync", "chmod", "chown", NULL };
	for (int i = 0; names[i]; i++)
		if (str_eqz(program, names[i]))
			return true;
	return false;
}

/* `[rm, -r, "${{ inputs.dir }}"]`: a value that begins with `-` is an option. */
static void check_options(struct load *l, const struct prog_step *ps)
{
	const struct data *w = &ps->ast->run.words;
	if (w->kind != DATA_LIST || !w->c.count || w->c.items[0].kind != DATA_LIT)
		return;
	if (!takes_options(value_text(w->c.items[0].lit)))
		return;
	for (uint32_t i = 1; i < w->c.count; i++) {
		const struct data *it = &w->c.items[i];
		if (it->kind == DATA_LIT && str_eqz(value_text(it->lit), "--"))
			return;
		if (it->kind != DATA_TEXT || !it->tmpl->exact)
			continue;
		const struct expr *e = it->tmpl->parts[0].hole;
		if (e->kind != EXPR_MEMBER || e->args[0]->kind != EXPR_NAME || !str_eqz(e->args[0]->name, "inputs"))
			continue;
		const void *ix = map_get(&l->inputs, e->name);
		const struct decl *d = ix ? &l->rb->inputs[(uintptr_t)ix - 1] : NULL;
		if (!d || d->type != DECL_STRING || d->pattern.n || d->choice_count)
			continue;
		struct diag *g = check_warn(l, 313, ps, it->node->span, "a value that begins with `-` would be an option of `" STR_FMT "`",
					    STR_ARG(value_text(w->c.items[0].lit)));
		if (!g)
			continue;
		diag_label(l->ds, g, d->span, "any text is allowed here");
		diag_help(l->ds, g, "put `--` before it, or give the input a `pattern`");
	}
}

static bool outside_value(const struct prog_step *ps, struct str test)
{
	if (str_find(test, STR("${{")) >= 0)
		return true;
	for (uint32_t i = 0; i < ps->env_count; i++) {
		for (size_t at = 0; at + ps->env[i].name.n < test.n; at++) {
			if (test.p[at] != '$')
				continue;
			struct str rest = str_slice(test, at + 1, test.n);
			if (str_starts(rest, ps->env[i].name) || (rest.n && rest.p[0] == '{' && str_starts(str_slice(rest, 1, rest.n), ps->env[i].name)))
				return true;
		}
	}
	return false;
}

/* [[ "$x" -eq 1 ]] evaluates x as an expression: a[$(command)] runs it. */
static void check_arithmetic(struct load *l, const struct prog_step *ps)
{
	static const char *const ops[] = { " -eq ", " -ne ", " -lt ", " -le ", " -gt ", " -ge ", NULL };
	if (ps->shell != SHELL_KIND_BASH)
		return;
	const struct node *n = ps->ast->run.words.node;
	size_t at = 0;
	for (;;) {
		ptrdiff_t open = str_find(str_slice(n->text, at, n->text.n), STR("[["));
		if (open < 0)
			return;
		size_t from = at + (size_t)open;
		ptrdiff_t close = str_find(str_slice(n->text, from, n->text.n), STR("]]"));
		if (close < 0)
			return;
		struct str test = str_slice(n->text, from, from + (size_t)close);
		at = from + (size_t)close + 2;
		for (int i = 0; ops[i]; i++) {
			if (str_find(test, str_of(ops[i])) < 0 || !outside_value(ps, test))
				continue;
			struct diag *d = check_warn(l, 312, ps, node_slice(n, (uint32_t)from, (uint32_t)at),
						    "bash evaluates the value as an expression here: it may run code");
			if (d)
				diag_help(l->ds, d, "write `[ ... ]` instead of `[[ ... ]]`");
			break;
		}
	}
}

void check_words(struct load *l, const struct prog_step *ps)
{
	if (ps->ast->run.script)
		check_arithmetic(l, ps);
	else
		check_options(l, ps);
}

void check_style(struct load *l)
{
	for (uint32_t i = 0; i < l->p->step_count; i++)
		if (l->info[i].flags & STEP_HAS_LOOP)
			check_hiding(l, &l->p->steps[i]);
}
