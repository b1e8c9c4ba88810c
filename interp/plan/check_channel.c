/*
 * check_channel: channels name secrets that there are, and what is written in them
 * without holes is right: addresses of mail, hosts, URLs.
 */
#include "plan/check.h"
#include "value/mailbox.h"

static void check_secret_named(struct load *l, const struct channel *ch)
{
	static const char *const what[] = { "a webhook's address", "", "a webhook's address", "a routing key", "a password" };
	const struct runbook *rb = l->rb;
	struct diag *d;
	struct str *names, near;

	if (!ch->secret.n || map_get(&l->secrets, ch->secret))
		return;
	d = diag_add(l->ds, 171, ch->secret_span, "no secret is named `" STR_FMT "`", STR_ARG(ch->secret));
	if (l->ds->dropped)
		return; /* nobody will see the hint */
	names = arena_array(l->a, rb->secret_count, sizeof *names);
	for (uint32_t k = 0; k < rb->secret_count; k++)
		names[k] = rb->secrets[k].name;
	near = diag_nearest(ch->secret, names, rb->secret_count);
	if (near.n)
		diag_help(l->ds, d, "did you mean `" STR_FMT "`?", STR_ARG(near));
	else
		diag_help(l->ds, d, "%s is a secret: add secrets: { " STR_FMT ": { env: NAME } }", what[ch->kind], STR_ARG(ch->secret));
}

static bool literal_text(const struct data *d, struct str *out)
{
	if (d->kind != DATA_LIT || d->lit.kind != V_STRING)
		return false;
	*out = value_text(d->lit);
	return true;
}

static void check_mailbox(struct load *l, const struct data *d)
{
	struct mailbox m;
	struct str text;
	const char *wrong;

	if (d->kind == DATA_LIST) {
		for (uint32_t i = 0; i < d->c.count; i++)
			check_mailbox(l, &d->c.items[i]);
		return;
	}
	if (!literal_text(d, &text))
		return;
	wrong = mailbox_parse(text, &m);
	if (wrong)
		diag_help(l->ds, diag_add(l->ds, 176, d->node->span, "`" STR_FMT "` is no mail address: %s", STR_ARG(text), wrong),
			  "write `ops@example.org` or `Ops <ops@example.org>`");
}

static void check_server(struct load *l, const struct data *d)
{
	struct str text, host;
	int port;
	const char *wrong = literal_text(d, &text) ? mail_server_parse(text, &host, &port) : NULL;

	if (wrong)
		diag_help(l->ds, diag_add(l->ds, 176, d->node->span, "`" STR_FMT "` is no mail server: %s", STR_ARG(text), wrong),
			  "write `smtp.example.org` or `smtp.example.org:587`");
}

static void check_url(struct load *l, const struct data *d)
{
	struct str text;

	if (!literal_text(d, &text) || str_starts(text, STR("https://")) || str_starts(text, STR("http://")))
		return;
	diag_help(l->ds, diag_add(l->ds, 176, d->node->span, "`" STR_FMT "` is no address of a service: it begins with https:// or http://", STR_ARG(text)),
		  "for example https://events.eu.pagerduty.com/v2/enqueue");
}

void check_channels(struct load *l)
{
	const struct runbook *rb = l->rb;

	for (uint32_t i = 0; i < rb->channel_count; i++) {
		const struct channel *ch = &rb->channels[i];

		l->p->needs_http = l->p->needs_http || ch->kind != CHANNEL_RUN;
		check_secret_named(l, ch);
		check_url(l, &ch->url);
		check_server(l, &ch->mail.server);
		check_mailbox(l, &ch->mail.from);
		check_mailbox(l, &ch->mail.to);
	}
}
