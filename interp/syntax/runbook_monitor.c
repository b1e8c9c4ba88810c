/*
 * runbook_monitor: monitors: a read step of few keys, when it samples, and its
 * rules. What it names is looked up by plan.
 */
#include "syntax/runbook_read.h"

static bool read_rule(struct reader *r, const struct node *n, struct rule *out)
{
	static const char *const then_words[] = { "notify", "pause", "rollback", NULL };
	uint8_t i;
	*out = (struct rule){ .level = -1, .span = n->span };
	if (!read_is_map(r, n, "write { when: errors > 1% for 5m, then: rollback }"))
		return false;
	struct node *at = n->first, *v;
	for (const struct key *k; (k = read_next_key(r, IN_RULE, &at, &v));) {
		switch (k->id) {
		case KEY_RULE_when: read_rule_expr(r, v, &out->when, &out->hold); break;
		case KEY_RULE_then:
			if (read_enum(r, v, then_words, &i))
				out->then = i;
			break;
		case KEY_RULE_to: read_lines(r, v, &out->to); break;
		case KEY_RULE_level:
			if (read_enum(r, v, message_levels, &i))
				out->level = (int8_t)i;
			break;
		case KEY_RULE_say: read_lines(r, v, &out->say); break;
		default: break;
		}
	}
	return read_needed(r, IN_RULE, n, n->first ? n->first->key_span : n->span) && out->when;
}

static void read_rules(struct reader *r, const struct node *n, struct monitor *out)
{
	if (!read_is_list(r, n, "write `- { when: errors > 1% for 5m, then: rollback }`"))
		return;
	struct rule *list = arena_array(r->a, n->count, sizeof *list);
	for (const struct node *c = n->first; c; c = c->next)
		out->rule_count += read_rule(r, c, &list[out->rule_count]);
	out->rules = list;
}

enum { EVERY_MIN = 100000000 };

static void read_every(struct reader *r, const struct node *n, struct data *out)
{
	if (!read_unit(r, n, V_DURATION, 0, out) || out->kind != DATA_LIT || out->lit.i >= EVERY_MIN)
		return;
	diag_help(r->ds, diag_add(r->ds, 111, n->span, "`every` is shorter than 100ms"), "write 100ms or more; a few seconds are usual");
}

static void read_during(struct reader *r, const struct node *n, struct monitor *out)
{
	if (read_words(r, n, &out->during, &out->during_spans) && !out->during.count)
		diag_help(r->ds, diag_add(r->ds, 107, n->key_span, "`during` names nothing"), "write `during: [test]`, or remove the key");
}

static void read_monitor(struct reader *r, const struct node *n, struct monitor *out)
{
	struct step *s = step_new(r, n);
	out->step = s;
	out->span = n->span;
	struct node *at = n->first, *v;
	for (const struct key *k; (k = read_next_key(r, IN_MONITOR, &at, &v));) {
		switch (k->id) {
		case KEY_MONITOR_during: read_during(r, v, out); break;
		case KEY_MONITOR_every: read_every(r, v, &out->every); break;
		case KEY_MONITOR_rules: read_rules(r, v, out); break;
		default: read_step_key(r, key_index_find(&r->keys, IN_STEP, str_of(k->name)), n, v, s);
		}
	}
	struct span start = n->first ? n->first->key_span : n->span;
	if (read_needed(r, IN_MONITOR, n, start) && s->action == ACT_NONE)
		diag_help(r->ds, diag_add(r->ds, 103, start, "this monitor reads nothing"), "add `run`, `http` or `metric`");
}

void read_monitors(struct reader *r, const struct node *n)
{
	if (!read_is_list(r, n, "each monitor starts with `- `"))
		return;
	struct monitor *list = arena_array(r->a, n->count, sizeof *list);
	for (const struct node *c = n->first; c; c = c->next) {
		if (c->kind == NODE_MAP) {
			read_monitor(r, c, &list[r->rb->monitor_count++]);
			continue;
		}
		struct diag *d = diag_add(r->ds, 102, c->span, "a monitor needs a map, not %s", node_kind_name(c));
		diag_help(r->ds, d, "write `- id: errors`, and its other keys below");
	}
	r->rb->monitors = list;
}
