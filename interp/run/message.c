#include "run/message.h"

#include "base/jsonw.h"
#include "journal/output.h"
#include "run/payload.h"

/*
 * message: services get the forms of payload.h, a run channel gets the text on its
 * standard input. A role stands for its channel.
 */

static const int64_t MESSAGE_TIME = INT64_C(30000000000); /* one message to one channel, with all tries */
enum { TITLE_MAX = 1024, MESSAGE_MAX = 128 << 10 };

/* An incident that the run itself triggered at a paging service. */
struct told { struct told *next; const struct channel *ch; struct str key; bool resolved; };

/* The file whose channels and secrets are meant: of the step, or the runbook. */
static const struct unit *unit_of(const struct frame *f)
{
	return f->ps ? f->ps->unit : f->e->p->units[0];
}

const struct channel *message_channel(const struct frame *f, struct str name)
{
	const struct unit *u = unit_of(f);
	const struct runbook *rb = u->rb;
	const struct engine *e = f->e;

	for (uint32_t i = 0; i < rb->role_count; i++)
		if (str_eq(rb->roles[i].name, name)) {
			const struct site_role *site = e->setup->roles && !u->index ? &e->setup->roles[i] : NULL;

			name = site && site->notify.n ? site->notify : rb->roles[i].notify;
			break;
		}
	for (uint32_t i = 0; i < rb->channel_count; i++)
		if (str_eq(rb->channels[i].name, name))
			return &rb->channels[i];
	return NULL;
}

/* Roles may share a channel: it is told once. */
static bool is_in(const struct channel *const *list, uint32_t n, const struct channel *ch)
{
	while (n && list[n - 1] != ch)
		n--;
	return n > 0;
}

bool message_targets(struct frame *f, const struct data *to, const struct channel ***out, uint32_t *n, bool *unknown, struct str *error)
{
	struct str *names;
	uint32_t count;

	if (!eval_words(f, to, &names, &count, unknown, error))
		return false;
	*out = arena_array(f->tmp ? f->tmp : &f->e->arena, count + 1U, sizeof(**out));
	*n = 0;
	for (uint32_t i = 0; i < count; i++) {
		const struct channel *ch = message_channel(f, names[i]);

		if (!ch) {
			*error = arena_printf(&f->e->arena, "no channel is named `" STR_FMT "`", STR_ARG(names[i]));
			return false;
		}
		if (!is_in(*out, *n, ch))
			(*out)[(*n)++] = ch;
	}
	return true;
}

static struct str secret_text(const struct frame *f, struct str name)
{
	const struct unit *u = unit_of(f);

	for (uint32_t i = 0; i < u->rb->secret_count; i++)
		if (str_eq(u->rb->secrets[i].name, name))
			return value_text(f->e->setup->secrets[u->first_secret + i]);
	return STR("");
}

/* --- what is sent ------------------------------------------------------------------ */

static struct notice notice_of(struct frame *f, struct arena *a, const struct message *m)
{
	struct engine *e = f->e;
	struct notice n = { .title = m->title, .text = m->say, .level = m->level, .event = m->event, .incident = m->incident, .runbook = e->p->rb->name,
			    .run = e->run_id, .step = f->key, .status = str_of(run_status_names[e->status]), .wall = e->wall };

	if (!n.incident.n)
		n.incident = arena_printf(a, STR_FMT "/" STR_FMT, STR_ARG(e->run_id), STR_ARG(f->key.n ? f->key : STR("run")));
	n.title = payload_cut(n.title, TITLE_MAX);
	if (n.text.n > MESSAGE_MAX)
		n.text = arena_printf(a, STR_FMT "\n(cut: the message was longer)", STR_ARG(payload_cut(n.text, MESSAGE_MAX)));
	return n;
}

static struct str made(struct arena *a, struct buf *b)
{
	struct str s = arena_str(a, b->p, b->len);

	buf_release(b);
	return s;
}

static struct command *queue_post(struct frame *f, struct arena *a, const struct channel *ch, const struct message *m, uint8_t what,
				  bool *unknown, struct str *error)
{
	struct notice n = notice_of(f, a, m);
	struct str secret = secret_text(f, ch->secret), url = STR("https://events.pagerduty.com/v2/enqueue");
	struct header *h = arena_array(a, 2, sizeof(*h));
	struct command *c;
	char digest[65];
	struct buf b;

	if (ch->url.kind && !eval_text(f, &ch->url, &url, unknown, error))
		return NULL;
	buf_init(&b, 4 << 20);
	if (ch->kind == CHANNEL_SLACK)
		payload_slack(&n, &b);
	else if (ch->kind == CHANNEL_PAGERDUTY)
		payload_pagerduty(&n, secret, &b);
	else
		payload_webhook(&n, &b);
	h[0] = (struct header){ STR("Content-Type"), STR("application/json") };
	digest_hex(buf_str(&b), digest); /* of run, step and text: the same when it is sent again */
	h[1] = (struct header){ STR("Idempotency-Key"), arena_str(a, digest, 32) };
	c = op_queue(f, OP_REQUEST, what);
	c->request.method = STR("POST");
	c->request.url = ch->kind == CHANNEL_PAGERDUTY ? arena_str(a, url.p, url.n) : secret;
	c->request.body = made(a, &b);
	c->request.has_body = true;
	c->request.headers = h;
	c->request.header_count = ch->kind == CHANNEL_WEBHOOK ? 2 : 1;
	return c;
}

static bool take_mailbox(struct frame *f, struct arena *a, struct str text, struct mailbox *out, struct str *error)
{
	const char *wrong = mailbox_parse(arena_str(a, text.p, text.n), out);

	if (wrong)
		*error = arena_printf(&f->e->arena, "`" STR_FMT "` is no mail address: %s", STR_ARG(text), wrong);
	return !wrong;
}

/* smtp://host:port, smtps://host:port */
static bool mail_url(struct frame *f, struct arena *a, struct str server, uint8_t tls, struct str *url, struct str *error)
{
	static const int ports[] = { [MAIL_STARTTLS] = 587, [MAIL_IMPLICIT] = 465, [MAIL_PLAIN] = 25 };
	struct str host;
	int port;
	const char *wrong = mail_server_parse(server, &host, &port);

	if (wrong)
		*error = arena_printf(&f->e->arena, "`" STR_FMT "` is no mail server: %s", STR_ARG(server), wrong);
	else
		*url = arena_printf(a, "%s://" STR_FMT ":%d", tls == MAIL_IMPLICIT ? "smtps" : "smtp", STR_ARG(host), port ? port : ports[tls]);
	return !wrong;
}

static struct command *queue_mail(struct frame *f, struct arena *a, const struct channel *ch, const struct message *m, uint8_t what,
				  bool *unknown, struct str *error)
{
	struct notice n = notice_of(f, a, m);
	struct str server, from, user, url, *list, *addresses;
	struct mailbox sender, *to;
	struct command *c;
	uint32_t count;
	struct buf b;

	if (!eval_text(f, &ch->mail.server, &server, unknown, error) || !eval_text(f, &ch->mail.from, &from, unknown, error) ||
	    !eval_text(f, &ch->mail.user, &user, unknown, error) || !eval_words(f, &ch->mail.to, &list, &count, unknown, error) ||
	    !mail_url(f, a, server, ch->mail.tls, &url, error) || !take_mailbox(f, a, from, &sender, error))
		return NULL;
	to = arena_array(a, count + 1u, sizeof(*to));
	addresses = arena_array(a, count + 1u, sizeof(*addresses));
	for (uint32_t i = 0; i < count; i++) {
		if (!take_mailbox(f, a, list[i], &to[i], error))
			return NULL;
		addresses[i] = to[i].address;
	}
	buf_init(&b, 8 << 20);
	payload_mail(&n, sender, to, count, &b);
	c = op_queue(f, OP_MAIL, what);
	c->mail.url = url;
	c->mail.tls = ch->mail.tls == MAIL_STARTTLS;
	c->mail.user = arena_str(a, user.p, user.n);
	c->mail.password = secret_text(f, ch->secret);
	c->mail.from = sender.address;
	c->mail.to = addresses;
	c->mail.to_count = count;
	c->mail.text = made(a, &b);
	return c;
}

static struct command *queue_run(struct frame *f, struct arena *a, const struct channel *ch, const struct message *m, uint8_t what,
				 bool *unknown, struct str *error)
{
	struct str *list;
	uint32_t n;
	const char **argv, **env;
	struct command *c;

	if (!eval_words(f, &ch->argv, &list, &n, unknown, error))
		return NULL;
	argv = arena_array(a, n + 1u, sizeof(*argv));
	for (uint32_t i = 0; i < n; i++)
		argv[i] = arena_str(a, list[i].p, list[i].n).p;
	env = arena_array(a, 5, sizeof(*env));
	env[0] = arena_printf(a, "RUNBOOK_RUN=" STR_FMT, STR_ARG(f->e->run_id)).p;
	env[1] = arena_printf(a, "RUNBOOK_STEP=" STR_FMT, STR_ARG(f->key)).p;
	env[2] = arena_printf(a, "RUNBOOK_TITLE=" STR_FMT, STR_ARG(m->title)).p;
	env[3] = arena_printf(a, "RUNBOOK_LEVEL=%s", message_levels[m->level]).p;
	c = op_queue(f, OP_SPAWN, what);
	c->spawn.argv = argv;
	c->spawn.env = env;
	c->spawn.dir = f->ps ? unit_dir(f, f->ps) : book_dir(f->e);
	c->spawn.module = !unit_inherits(unit_of(f));
	c->spawn.input = m->say;
	c->spawn.has_input = true;
	c->grace = 2000000000;
	return c;
}

bool message_passes(const struct channel *ch, const struct message *m)
{
	return m->level >= ch->level || m->event;
}

bool message_queue(struct frame *f, struct arena *a, const struct channel *ch, const struct message *m, bool unknown,
		   uint8_t what, uint32_t *op, struct str *error)
{
	struct command *c = ch->kind == CHANNEL_RUN ? queue_run(f, a, ch, m, what, &unknown, error)
			    : ch->kind == CHANNEL_EMAIL ? queue_mail(f, a, ch, m, what, &unknown, error)
							: queue_post(f, a, ch, m, what, &unknown, error);

	if (!c)
		return false;
	c->timeout = MESSAGE_TIME;
	c->unknown = unknown;
	c->message = true;
	c->channel = ch->name;
	*op = c->op;
	return true;
}

/* --- what became of it --------------------------------------------------------------- */

bool message_sent(const struct result *r)
{
	return r->end == END_EXIT && (r->code <= 0 || (r->code >= 200 && r->code < 300));
}

struct str message_why(struct engine *e, const struct result *r)
{
	struct str text, more = r->tries > 1 ? arena_printf(&e->arena, ", %u tries", r->tries) : STR("");

	if (r->end == END_EXIT)
		text = arena_printf(&e->arena, r->code >= 100 ? "HTTP status %d%s" STR_FMT : "exit %d%s" STR_FMT, r->code, r->error.n ? ": " : "",
				    STR_ARG(r->error));
	else if (r->end == END_SIGNAL)
		text = arena_printf(&e->arena, "killed by signal %d", r->signo);
	else
		text = r->error.n ? r->error : str_of(result_end_names[r->end]);
	return arena_printf(&e->arena, STR_FMT " (channel " STR_FMT STR_FMT ")", STR_ARG(text), STR_ARG(r->channel), STR_ARG(more));
}

/* Its op belongs to the root: the step may end before the message has arrived. */
static void tell_one(struct frame *f, const struct channel *ch, const struct message *m)
{
	struct engine *e = f->e;
	struct str error = { 0 };
	uint32_t op;

	if (!message_queue(f, &e->arena, ch, m, false, OP_FOR_MESSAGE, &op, &error)) {
		rec_issue(e, "warning", f, error);
		return;
	}
	op_find(e, op)->frame = e->root;
	op_find(e, op)->about = f->key;
}

/* To be resolved when f has ended well. */
static void told_add(struct frame *f, const struct channel *ch)
{
	struct engine *e = f->e;
	struct told *t;

	for (t = e->told; t; t = t->next)
		if (t->ch == ch && str_eq(t->key, f->key)) {
			t->resolved = false;
			return;
		}
	t = arena_alloc(&e->arena, sizeof(*t));
	*t = (struct told){ e->told, ch, f->key, false };
	e->told = t;
}

void message_tell(struct frame *f, const struct channel *const *channels, uint32_t n, const struct message *m)
{
	struct engine *e = f->e;
	struct message kept = *m;

	if (e->setup->dry_run)
		return;
	kept.title = arena_str(&e->arena, m->title.p, m->title.n);
	kept.say = arena_str(&e->arena, m->say.p, m->say.n);
	for (uint32_t i = 0; i < n; i++) {
		if (!message_passes(channels[i], &kept))
			continue;
		tell_one(f, channels[i], &kept);
		if (channels[i]->kind == CHANNEL_PAGERDUTY && !kept.event && !kept.incident.n)
			told_add(f, channels[i]);
	}
}

/* What is still on its way would open it again. */
static void call_back(struct engine *e, const struct told *t)
{
	for (uint32_t i = 0; i < e->op_len; i++)
		if (e->ops[i].what == OP_FOR_MESSAGE && str_eq(e->ops[i].about, t->key) && str_eq(e->ops[i].command.channel, t->ch->name))
			op_stop(e, e->ops[i].id, 0);
}

void message_resolve(struct frame *f)
{
	const struct message m = { .event = EVENT_RESOLVED };
	struct engine *e = f->e;

	for (struct told *t = e->told; t; t = t->next) {
		if (t->resolved || !str_eq(t->key, f->key))
			continue;
		t->resolved = true;
		call_back(e, t);
		tell_one(f, t->ch, &m);
	}
}

void message_result(struct engine *e, struct str about, const struct result *r)
{
	struct jsonw w;

	rec_open(e, "message", about, &w);
	rec_put_result(&w, r, false);
	rec_close(e, &w);
	if (!message_sent(r) && r->end != END_SUPPRESSED)
		rec_issue(e, "warning", NULL, arena_printf(&e->arena, "not notified (" STR_FMT "): " STR_FMT, STR_ARG(about.n ? about : STR("run")),
							   STR_ARG(message_why(e, r))));
	schedule(e->root);
}

bool message_pending(const struct engine *e)
{
	for (uint32_t i = 0; i < e->op_len; i++)
		if (e->ops[i].what == OP_FOR_MESSAGE)
			return true;
	return false;
}
