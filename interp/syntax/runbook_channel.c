/*
 * runbook_channel: `channels`, where messages go to, and the messages of `notify`.
 */
#include "syntax/runbook_read.h"

const char *const channel_kind_names[] = { "webhook", "run", "slack", "pagerduty", "email" };
const char *const message_levels[] = { "info", "warn", "error", "critical", NULL };
const char *const message_events[] = { "trigger", "acknowledge", "resolve", NULL };

static const char kinds_help[] = "write { slack: secret }, { pagerduty: secret }, { webhook: secret }, { email: ... } or { run: [program] }";

static void read_secret_name(struct reader *r, const struct node *n, struct channel *ch)
{
	ch->secret_span = n->span;
	if (read_word(r, n, &ch->secret) && !ch->secret.n)
		read_name(r, ch->secret, n->span, NAME_ID, "a secret");
}

/* User and password come together, and a password needs an encrypted connection. */
static void check_login(struct reader *r, const struct node *n, const struct mail *m)
{
	const struct node *user = node_get(n, "user"), *password = node_get(n, "password");

	if (!user != !password) {
		struct diag *d = diag_add(r->ds, 115, (user ? user : password)->key_span, "`%s` needs `%s`", user ? "user" : "password",
					  user ? "password" : "user");

		diag_help(r->ds, d, "write both, or none for a server that asks for neither");
	} else if (password && m->tls == MAIL_PLAIN) {
		struct diag *d = diag_add(r->ds, 114, password->key_span, "the password would go over an open connection");

		diag_help(r->ds, d, "write `tls: starttls` or `tls: implicit`");
	}
}

static void read_email(struct reader *r, const struct node *n, struct channel *ch)
{
	static const char *const words[] = { "starttls", "implicit", "none", NULL };
	struct node *at = n->first, *v;

	if (!read_is_map(r, n, "write `email: { server: host, from: address, to: address }`"))
		return;
	for (const struct key *k; (k = read_next_key(r, IN_EMAIL, &at, &v));) {
		switch (k->id) {
		case KEY_EMAIL_server: read_text(r, v, &ch->mail.server); break;
		case KEY_EMAIL_user: read_text(r, v, &ch->mail.user); break;
		case KEY_EMAIL_password: read_secret_name(r, v, ch); break;
		case KEY_EMAIL_from: read_text(r, v, &ch->mail.from); break;
		case KEY_EMAIL_to:
			if (read_lines(r, v, &ch->mail.to) && v->kind == NODE_SEQ && !v->count)
				diag_help(r->ds, diag_add(r->ds, 107, v->key_span, "`to` names nobody"), "write `to: ops@example.org`");
			break;
		case KEY_EMAIL_tls: read_enum(r, v, words, &ch->mail.tls); break;
		default: break;
		}
	}
	if (read_needed(r, IN_EMAIL, n, n->key_span))
		check_login(r, n, &ch->mail);
}

static void read_kind(struct reader *r, const struct key *k, struct node *v, struct channel *ch)
{
	switch (k->id) {
	case KEY_CHANNEL_webhook:
		ch->kind = CHANNEL_WEBHOOK;
		read_secret_name(r, v, ch);
		break;
	case KEY_CHANNEL_slack:
		ch->kind = CHANNEL_SLACK;
		read_secret_name(r, v, ch);
		break;
	case KEY_CHANNEL_pagerduty:
		ch->kind = CHANNEL_PAGERDUTY;
		read_secret_name(r, v, ch);
		break;
	case KEY_CHANNEL_email:
		ch->kind = CHANNEL_EMAIL;
		read_email(r, v, ch);
		break;
	default:
		ch->kind = CHANNEL_RUN;
		if (read_argv(r, v, &ch->argv) && !v->count)
			diag_help(r->ds, diag_add(r->ds, 107, v->key_span, "`run` has no program"), "write `run: [program, argument]`");
	}
}

static bool read_channel(struct reader *r, const struct node *n, struct channel *ch)
{
	struct node *at = n->first, *v;
	const struct node *url;
	uint32_t kinds = 0;

	if (!read_name(r, n->key, n->key_span, NAME_ID, "a channel"))
		return false;
	ch->name = n->key;
	ch->span = n->key_span;
	if (!read_is_map(r, n, kinds_help))
		return true;
	for (const struct key *k; (k = read_next_key(r, IN_CHANNEL, &at, &v));) {
		if (k->id == KEY_CHANNEL_url) {
			read_text(r, v, &ch->url);
		} else if (k->id == KEY_CHANNEL_level) {
			read_enum(r, v, message_levels, &ch->level);
		} else {
			kinds++;
			read_kind(r, k, v, ch);
		}
	}
	url = node_get(n, "url");
	if (kinds != 1)
		diag_help(r->ds, diag_add(r->ds, 114, n->key_span, kinds ? "a channel has one kind" : "a channel needs a kind"), "%s", kinds_help);
	else if (url && ch->kind != CHANNEL_PAGERDUTY)
		diag_help(r->ds, diag_add(r->ds, 115, url->key_span, "`url` needs `pagerduty`"),
			  "the address of a webhook is a secret; remove `url`");
	return true;
}

void read_channels(struct reader *r, const struct node *n)
{
	struct channel *list;

	if (!read_is_map(r, n, "write `name: { webhook: secret }` lines below it"))
		return;
	list = arena_array(r->a, n->count, sizeof *list);
	for (const struct node *c = n->first; c; c = c->next)
		if (read_channel(r, c, &list[r->rb->channel_count]))
			r->rb->channel_count++;
	r->rb->channels = list;
}

bool read_notify(struct reader *r, const struct node *n, struct act_notify *out)
{
	struct node *at = n->first, *v;

	if (!read_is_map(r, n, "write `notify: { to: channel, say: ... }`"))
		return false;
	for (const struct key *k; (k = read_next_key(r, IN_NOTIFY, &at, &v));) {
		switch (k->id) {
		case KEY_NOTIFY_to: read_lines(r, v, &out->to); break;
		case KEY_NOTIFY_title: read_text(r, v, &out->title); break;
		case KEY_NOTIFY_say: read_lines(r, v, &out->say); break;
		case KEY_NOTIFY_level: read_enum(r, v, message_levels, &out->level); break;
		case KEY_NOTIFY_incident: read_text(r, v, &out->incident); break;
		case KEY_NOTIFY_event: read_enum(r, v, message_events, &out->event); break;
		default: break;
		}
	}
	if (out->event && !node_get(n, "incident")) { /* by default it would be an incident of this step alone */
		struct diag *d = diag_add(r->ds, 115, node_get(n, "event")->key_span, "`event: %s` needs `incident`", message_events[out->event]);

		diag_help(r->ds, d, "give the message that triggered it and this one the same `incident: name`");
	}
	return read_needed(r, IN_NOTIFY, n, n->key_span);
}
