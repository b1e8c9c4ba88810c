/*
 * check_style: RB6xx, few and useful; and lints of values that programs may
 * take for options or code (RB312, RB313).
 */
#include "plan/check.h"

static void check_hiding(struct load *l, const struct prog_step *ps)
{
	const struct step *s = ps->ast;
	for (uint32_t ix = ps->parent; s->more->foreach.present && ix != NO_STEP; ix = l->p->steps[ix].parent) {
		const struct step *up = l->p->steps[ix].ast;
		if (!up->more->foreach.present || !str_eq(up->more->foreach.as, s->more->foreach.as))
			continue;
		struct diag *d = check_warn(l, 603, ps, s->more->foreach.span, "this loop's `" STR_FMT "` hides that of the loop around it",
					    STR_ARG(s->more->foreach.as));
		if (!d)
			return;
		diag_label(l->ds, d, up->more->foreach.span, "the loop around it");
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
	bool hole = false;
	for (uint32_t i = 1; w->kind == DATA_LIST && i < w->c.count && !hole; i++)
		hole = w->c.items[i].kind == DATA_TEXT;
	if (!hole || w->c.items[0].kind != DATA_LIT)
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

/* Does it read a variable of `env`? Holes are refused there by the quote scanner (RB302). */
static bool outside_value(const struct map *env, struct str test)
{
	for (size_t at = 0; at + 1 < test.n; at++) {
		if (test.p[at] != '$')
			continue;
		size_t from = at + 1 + (test.p[at + 1] == '{'), end = from;
		while (end < test.n && (test.p[end] == '_' || (unsigned)((test.p[end] | 32) - 'a') < 26 || (unsigned)(test.p[end] - '0') < 10))
			end++;
		if (map_get(env, str_slice(test, from, end)))
			return true;
	}
	return false;
}

static bool calculates(struct str test)
{
	static const char *const ops[] = { " -eq ", " -ne ", " -lt ", " -le ", " -gt ", " -ge ", NULL };
	for (int i = 0; ops[i]; i++)
		if (str_find(test, str_of(ops[i])) >= 0)
			return true;
	return false;
}

/* [[ "$x" -eq 1 ]] evaluates x as an expression: a[$(command)] runs it. */
static void check_arithmetic(struct load *l, const struct prog_step *ps)
{
	struct map env;
	if (ps->shell != SHELL_KIND_BASH || !ps->env_count)
		return;
	const struct node *n = ps->ast->run.words.node;
	map_init(&env);
	for (uint32_t i = 0; i < ps->env_count; i++)
		map_add(&env, ps->env[i].name, &env);
	for (size_t at = 0;;) {
		ptrdiff_t open = str_find(str_slice(n->text, at, n->text.n), STR("[["));
		ptrdiff_t close = open < 0 ? -1 : str_find(str_slice(n->text, at + (size_t)open, n->text.n), STR("]]"));
		if (close < 0)
			break;
		size_t from = at + (size_t)open;
		struct str test = str_slice(n->text, from, from + (size_t)close);
		at = from + (size_t)close + 2;
		if (!calculates(test) || !outside_value(&env, test))
			continue;
		struct diag *d = check_warn(l, 312, ps, node_slice(n, (uint32_t)from, (uint32_t)at),
					    "bash evaluates the value as an expression here: it may run code");
		if (d)
			diag_help(l->ds, d, "write `[ ... ]` instead of `[[ ... ]]`");
	}
	map_release(&env);
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
	for (uint32_t i = l->unit->first; i < l->unit->end; i++)
		if (l->info[i].flags & STEP_HAS_LOOP)
			check_hiding(l, &l->p->steps[i]);
}
