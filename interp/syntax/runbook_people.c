/*
 * runbook_people: what a runbook says of people: roles, approvals, questions,
 * the change window and the ladders of escalation.
 */
#include "syntax/runbook_read.h"

#include <string.h>

static void read_role(struct reader *r, const struct node *n, struct role *out)
{
	struct node *at = n->first, *v;
	for (const struct key *k; (k = read_next_key(r, IN_ROLE, &at, &v));) {
		switch (k->id) {
		case KEY_ROLE_who:
			if (read_argv(r, v, &out->who) && !v->count)
				diag_help(r->ds, diag_add(r->ds, 107, v->key_span, "`who` names nobody"), "write `who: [kim, lee]`");
			break;
		case KEY_ROLE_notify:
			out->notify_span = v->span;
			if (read_word(r, v, &out->notify) && !read_name(r, out->notify, v->span, NAME_ID, "a channel"))
				out->notify = STR("");
			break;
		case KEY_ROLE_contact: read_text(r, v, &out->contact); break;
		default: break;
		}
	}
	read_needed(r, IN_ROLE, n, n->key_span);
}

void read_roles(struct reader *r, const struct node *n)
{
	if (!read_is_map(r, n, "write `name: { who: [kim, lee] }` lines below it"))
		return;
	struct role *list = arena_array(r->a, n->count, sizeof *list);
	for (const struct node *c = n->first; c; c = c->next) {
		struct role *role = &list[r->rb->role_count];
		if (!read_name(r, c->key, c->key_span, NAME_ID, "a role"))
			continue;
		role->name = c->key;
		role->span = c->key_span;
		if (read_is_map(r, c, "write { who: [kim, lee] }"))
			read_role(r, c, role);
		r->rb->role_count++;
	}
	r->rb->roles = list;
}

/* HH:MM as seconds since midnight. */
static bool read_clock(struct reader *r, const struct node *n, bool end, int32_t *out)
{
	struct str s = n->text;
	if (!read_is_scalar(r, n, "a time of day, as in 02:00"))
		return false;
	if (s.n == 5 && s.p[2] == ':' && s.p[0] >= '0' && s.p[1] >= '0' && s.p[3] >= '0' && s.p[4] >= '0' && s.p[0] <= '2' &&
	    s.p[1] <= '9' && s.p[3] <= '5' && s.p[4] <= '9') {
		int hour = (s.p[0] - '0') * 10 + s.p[1] - '0', minute = (s.p[3] - '0') * 10 + s.p[4] - '0';
		*out = hour * 3600 + minute * 60;
		if (hour < 24 || (end && hour == 24 && !minute))
			return true;
	}
	struct diag *d = diag_add(r->ds, 105, n->span, "`" STR_FMT "` needs a time of day, not `" STR_FMT "`", STR_ARG(n->key), STR_ARG(s));
	diag_help(r->ds, d, "write HH:MM, for example 02:00%s", end ? "; midnight at the end of a day is 24:00" : "");
	return false;
}

static void read_days(struct reader *r, const struct node *n, uint8_t *out)
{
	static const char *const words[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL };
	if (!read_is_list(r, n, "write `days: [mon, tue]`"))
		return;
	if (!n->count)
		diag_help(r->ds, diag_add(r->ds, 107, n->key_span, "`days` has no day"), "add one, or remove the key");
	*out = 0;
	for (const struct node *c = n->first; c; c = c->next) {
		uint8_t i;
		if (read_enum(r, c, words, &i))
			*out = (uint8_t)(*out | 1u << i);
	}
}

/* What happens outside of all of them: each may say it, and none otherwise than another. */
static void read_otherwise(struct reader *r, const struct node *n, const struct node **said)
{
	static const char *const words[] = { "fail", "warn", "confirm", NULL };
	struct windows *ws = &r->rb->windows;
	uint8_t otherwise;
	if (!read_enum(r, n, words, &otherwise))
		return;
	if (*said && otherwise != ws->otherwise) {
		struct diag *d = diag_add(r->ds, 114, n->key_span, "outside of all windows only one thing can happen");
		diag_label(r->ds, d, (*said)->key_span, "here it is `%s`", words[ws->otherwise]);
		diag_help(r->ds, d, "give `else` once: it is that of all windows");
		return;
	}
	*said = n;
	ws->otherwise = otherwise;
}

static void read_window(struct reader *r, const struct node *n, struct window *w, const struct node **said)
{
	*w = (struct window){ .days = 127, .to = 24 * 3600, .tz = STR("UTC") };
	if (!read_is_map(r, n, "write { days: [sat, sun], from: 02:00, to: 04:00, tz: Asia/Seoul }"))
		return;
	struct node *at = n->first, *v;
	for (const struct key *k; (k = read_next_key(r, IN_WINDOW, &at, &v));) {
		switch (k->id) {
		case KEY_WINDOW_days: read_days(r, v, &w->days); break;
		case KEY_WINDOW_from: read_clock(r, v, false, &w->from); break;
		case KEY_WINDOW_to: read_clock(r, v, true, &w->to); break;
		case KEY_WINDOW_tz:
			w->tz_span = v->span;
			read_word(r, v, &w->tz);
			break;
		case KEY_WINDOW_else: read_otherwise(r, v, said); break;
		default: break;
		}
	}
	if (w->from == w->to) {
		struct diag *d = diag_add(r->ds, 115, n->key.n ? n->key_span : n->span, "`window` closes when it opens");
		diag_help(r->ds, d, "for whole days leave out `from` and `to`");
	}
}

void read_windows(struct reader *r, const struct node *n)
{
	struct windows *ws = &r->rb->windows;
	const struct node *said = NULL;
	struct window *list;
	ws->span = n->key_span;
	if (n->kind != NODE_SEQ) {
		list = arena_alloc(r->a, sizeof *list);
		read_window(r, n, list, &said);
		ws->list = list;
		ws->count = 1;
		return;
	}
	if (!n->count)
		diag_help(r->ds, diag_add(r->ds, 107, n->key_span, "`window` has no window"), "add one, or remove the key");
	if (n->count > WINDOWS_MAX)
		diag_help(r->ds, diag_add(r->ds, 111, n->key_span, "`window` has %u windows; at most %d are possible", n->count, WINDOWS_MAX),
			  "one window may be of several days: `days: [sat, sun]`");
	list = arena_array(r->a, n->count, sizeof *list);
	for (const struct node *c = n->first; c && ws->count < WINDOWS_MAX; c = c->next)
		read_window(r, c, &list[ws->count++], &said);
	ws->list = list;
}

/* Rungs go by time, whatever their order in the file. */
static void insert_rung(struct rung *list, uint32_t count, const struct rung *new)
{
	uint32_t i = count;
	for (; i && list[i - 1].after > new->after; i--)
		list[i] = list[i - 1];
	list[i] = *new;
}

bool read_escalate(struct reader *r, const struct node *n, const struct ladder **out)
{
	if (!read_is_list(r, n, "write `- { after: 15m, notify: channel, say: ... }`"))
		return false;
	struct ladder *l = arena_alloc(r->a, sizeof *l);
	struct rung *list = arena_array(r->a, n->count, sizeof *list);
	for (const struct node *c = n->first; c; c = c->next) {
		struct rung g = { 0 };
		struct data after = { 0 };
		if (!read_is_map(r, c, "write { after: 15m, notify: channel, say: ... }"))
			continue;
		struct node *at = c->first, *v;
		for (const struct key *k; (k = read_next_key(r, IN_ESCALATE, &at, &v));) {
			switch (k->id) {
			case KEY_ESCALATE_after: read_duration(r, v, &after); break;
			case KEY_ESCALATE_notify: read_lines(r, v, &g.notify); break;
			case KEY_ESCALATE_say: read_lines(r, v, &g.say); break;
			default: break;
			}
		}
		read_needed(r, IN_ESCALATE, c, c->first ? c->first->key_span : c->span);
		if (after.kind != DATA_LIT)
			continue;
		g.after = after.lit.i;
		insert_rung(list, l->count++, &g);
	}
	l->rungs = list;
	*out = l;
	return true;
}

bool read_approve(struct reader *r, const struct node *n, struct act_approve *out)
{
	if (!read_is_map(r, n, "write `approve: { from: role }`"))
		return false;
	struct node *at = n->first, *v;
	for (const struct key *k; (k = read_next_key(r, IN_APPROVE, &at, &v));) {
		switch (k->id) {
		case KEY_APPROVE_from:
			out->from_span = v->span;
			if (read_word(r, v, &out->from) && !read_name(r, out->from, v->span, NAME_ID, "a role"))
				out->from = STR("");
			break;
		case KEY_APPROVE_min: read_unit(r, v, V_INT, 1, &out->min); break;
		case KEY_APPROVE_notify: read_lines(r, v, &out->notify); break;
		default: break;
		}
	}
	return read_needed(r, IN_APPROVE, n, n->key_span);
}

bool read_ask(struct reader *r, const struct node *n, struct step *s)
{
	if (!read_decls(r, n, "a field", &s->ask.fields, &s->ask.count))
		return false;
	if (!n->count)
		diag_help(r->ds, diag_add(r->ds, 107, n->key_span, "`ask` asks for nothing"), "write `ask: { ticket: string }`");
	return true;
}

void read_ask_fields(struct reader *r, struct step *s)
{
	uint32_t n = s->ask.count;
	struct named_expr *all = arena_array(r->a, (size_t)n + s->capture_count, sizeof *all);
	for (uint32_t i = 0; i < n; i++)
		all[i] = (struct named_expr){ s->ask.fields[i].name, s->ask.fields[i].span, NULL };
	if (s->capture_count)
		memcpy(all + n, s->captures, s->capture_count * sizeof *all);
	for (uint32_t i = n; i < n + s->capture_count; i++)
		for (uint32_t k = 0; k < n; k++)
			if (str_eq(all[i].name, all[k].name)) {
				struct diag *d = diag_add(r->ds, 120, all[i].span, "field `" STR_FMT "` is given twice", STR_ARG(all[i].name));
				diag_label(r->ds, d, all[k].span, "the first");
				diag_help(r->ds, d, "give the capture another name");
			}
	s->captures = all;
	s->capture_count += n;
}
