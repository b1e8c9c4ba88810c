/*
 * warn: warnings, and the comments that allow them: `# runbook: allow RB501
 * reason` on the line itself or on the lines directly above the key or the step.
 */
#include "plan/check.h"

static bool comment_only(struct str line)
{
	struct str s = str_trim(line);
	return s.n && s.p[0] == '#';
}

void check_allows(struct load *l)
{
	const struct runbook *rb = l->rb;
	if (!rb->allow_count)
		return;
	uint32_t *targets = arena_array(l->a, rb->allow_count, sizeof *targets);
	for (uint32_t i = rb->allow_count; i-- > 0;) {
		uint32_t line = rb->allows[i].line;
		/* the comments between are walked once: a later allow knows its target */
		while (comment_only(source_line(rb->source, line)) && !(i + 1 < rb->allow_count && line == rb->allows[i + 1].line))
			line++;
		bool met = i + 1 < rb->allow_count && line == rb->allows[i + 1].line && line != rb->allows[i].line;
		targets[i] = met ? targets[i + 1] : line;
	}
	l->allow_targets = targets;
	l->allow_used = arena_array(l->a, rb->allow_count, sizeof *l->allow_used);
}

static uint32_t line_of(struct span s)
{
	return s.src ? source_locate(s.src, s.start).line : 0;
}

/* Targets ascend with the lines of their comments. */
static bool allowed_at(struct load *l, int code, uint32_t line)
{
	uint32_t from = 0, to = l->rb->allow_count;
	bool yes = false;
	while (from < to) {
		uint32_t mid = from + (to - from) / 2;
		if (l->allow_targets[mid] < line)
			from = mid + 1;
		else
			to = mid;
	}
	for (; from < l->rb->allow_count && l->allow_targets[from] == line; from++) {
		if (l->rb->allows[from].code != code)
			continue;
		l->allow_used[from] = true;
		yes = true;
	}
	return yes;
}

static bool allowed(struct load *l, int code, const struct prog_step *ps, struct span at)
{
	const struct runbook *rb = l->rb;
	bool yes = false;
	if (!rb->allow_count)
		return false;
	uint32_t here = line_of(at), step = ps ? line_of(ps->ast->span) : here;
	/* the key that holds the place: a script's key is above its lines */
	uint32_t key = ps && ps->ast->action_span.src ? line_of(ps->ast->action_span) : here;
	yes |= allowed_at(l, code, here);
	yes |= allowed_at(l, code, step);
	yes |= allowed_at(l, code, key);
	return yes;
}

struct diag *check_warn(struct load *l, int code, const struct prog_step *ps, struct span at, const char *fmt, ...)
{
	/* past the limit nothing is shown, and places cost time */
	if (l->quiet || (!l->ds->dropped && allowed(l, code, ps, at)))
		return NULL;
	va_list ap;
	va_start(ap, fmt);
	struct str text = arena_vprintf(l->a, fmt, ap);
	va_end(ap);
	return diag_add(l->ds, code, at, STR_FMT, STR_ARG(text));
}

void check_unused_allows(struct load *l)
{
	const struct runbook *rb = l->rb;
	for (uint32_t i = 0; i < rb->allow_count; i++) {
		const struct allow *a = &rb->allows[i];
		const struct diag_code *row = diag_code_find(a->code);
		if (!row || row->severity == DIAG_ERROR) {
			struct diag *d = diag_add(l->ds, 142, a->span, row ? "RB%03d is an error and cannot be allowed"
									   : "RB%03d is not a code", a->code);
			if (row)
				diag_help(l->ds, d, "`runbook explain RB%03d` says how to mend it", a->code);
			else
				diag_help(l->ds, d, "the code stands in the message: warning[RB501]");
		} else if (!l->allow_used[i] && !l->quiet && !l->ds->errors && !l->ds->dropped) {
			struct diag *d = diag_add(l->ds, 601, a->span, "this allows RB%03d, which does not occur here", a->code);
			diag_help(l->ds, d, "remove the comment, or move it to the line above the step");
		}
	}
}

struct span step_key_span(const struct step *s, const char *key)
{
	const struct node *n = node_get(s->node, key);
	return n ? n->key_span : s->span;
}

struct str step_title(struct load *l, const struct prog_step *ps)
{
	if (ps->ast->id.n)
		return arena_printf(l->a, "step `" STR_FMT "`", STR_ARG(ps->ast->id));
	return STR("this step");
}
