/*
 * check_decls: declarations: patterns compile, defaults keep their own rules,
 * channels name secrets, notify names channels.
 */
#include "plan/check.h"
#include "plan/inputs.h"

static void check_input(struct load *l, const struct decl *d)
{
	const struct node *dflt = d->node ? node_get(d->node, "default") : NULL;
	struct regex *re = NULL;
	if (d->pattern.n) {
		struct str why = STR("");
		uint32_t at = 0;
		re = regex_new(&l->p->regexes, l->a, d->pattern, &why, &at);
		if (!re) {
			struct diag *g = diag_add(l->ds, 172, d->pattern_span, "the pattern is wrong: " STR_FMT, STR_ARG(why));
			diag_help(l->ds, g, "patterns are PCRE2; quote them with single quotes");
			return;
		}
	}
	if (d->has_min && d->has_max && value_compare(d->min, d->max) > 0) {
		const struct node *max = node_get(d->node, "max");
		diag_help(l->ds, diag_add(l->ds, 173, max->span, "`max` is smaller than `min`"), "exchange them");
	}
	if (!d->has_default || d->dflt.kind == V_NULL || !dflt)
		return;
	struct str why = STR("");
	if (input_fits(l->a, d, re, d->dflt, &why))
		return;
	struct diag *g = diag_add(l->ds, 173, dflt->span, "the default of `" STR_FMT "` breaks its own rule: " STR_FMT,
				  STR_ARG(d->name), STR_ARG(why));
	diag_help(l->ds, g, "change the default or the rule");
}

static void check_channels(struct load *l)
{
	const struct runbook *rb = l->rb;
	for (uint32_t i = 0; i < rb->channel_count; i++) {
		const struct channel *ch = &rb->channels[i];
		if (ch->kind != CHANNEL_WEBHOOK || !ch->secret.n)
			continue;
		l->p->needs_http = true;
		if (map_get(&l->secrets, ch->secret))
			continue;
		struct diag *d = diag_add(l->ds, 171, ch->secret_span, "no secret is named `" STR_FMT "`", STR_ARG(ch->secret));
		if (l->ds->dropped)
			continue; /* nobody will see the hint */
		struct str *names = arena_array(l->a, rb->secret_count, sizeof *names);
		for (uint32_t k = 0; k < rb->secret_count; k++)
			names[k] = rb->secrets[k].name;
		struct str near = diag_nearest(ch->secret, names, rb->secret_count);
		if (near.n)
			diag_help(l->ds, d, "did you mean `" STR_FMT "`?", STR_ARG(near));
		else
			diag_help(l->ds, d, "a webhook's address is a secret: add secrets: { " STR_FMT ": { env: NAME } }", STR_ARG(ch->secret));
	}
}

static void check_target(struct load *l, const struct data *to)
{
	const struct runbook *rb = l->rb;
	if (to->kind == DATA_LIST) {
		for (uint32_t i = 0; i < to->c.count; i++)
			check_target(l, &to->c.items[i]);
		return;
	}
	if (to->kind != DATA_LIT)
		return;
	struct str name = value_text(to->lit);
	if (map_get(&l->channels, name))
		return;
	struct diag *d = diag_add(l->ds, 170, to->node->span, "no channel is named `" STR_FMT "`", STR_ARG(name));
	if (l->ds->dropped)
		return;
	struct str *names = arena_array(l->a, rb->channel_count, sizeof *names);
	for (uint32_t i = 0; i < rb->channel_count; i++)
		names[i] = rb->channels[i].name;
	struct str near = diag_nearest(name, names, rb->channel_count);
	if (near.n)
		diag_help(l->ds, d, "did you mean `" STR_FMT "`?", STR_ARG(near));
	else
		diag_help(l->ds, d, "add channels: { " STR_FMT ": { webhook: secret } } or { " STR_FMT ": { run: [program] } }",
			  STR_ARG(name), STR_ARG(name));
}

void check_decls(struct load *l)
{
	for (uint32_t i = 0; i < l->rb->input_count; i++)
		check_input(l, &l->rb->inputs[i]);
	check_channels(l);
}

void check_notify(struct load *l, const struct step *s)
{
	check_target(l, &s->notify.to);
}
