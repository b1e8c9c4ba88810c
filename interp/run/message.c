#include "run/message.h"

#include "base/jsonw.h"

/*
 * message: a webhook gets a JSON body, a run channel gets the text on its
 * standard input. A role stands for its channel.
 */

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

static struct str webhook_body(struct frame *f, struct arena *a, const struct message *m)
{
	struct engine *e = f->e;
	struct jsonw w;
	struct buf b;
	struct str s;

	buf_init(&b, 1 << 20);
	jsonw_init(&w, &b);
	jsonw_open(&w, '{');
	jsonw_kstr(&w, "title", m->title);
	jsonw_kstr(&w, "text", m->say);
	jsonw_kstr(&w, "level", m->level);
	jsonw_kstr(&w, "runbook", e->p->rb->name);
	jsonw_kstr(&w, "run", e->run_id);
	jsonw_kstr(&w, "status", str_of(run_status_names[e->status]));
	jsonw_kstr(&w, "step", f->key);
	jsonw_close(&w, '}');
	s = arena_str(a, b.p, b.len);
	buf_release(&b);
	return s;
}

static struct command *queue_webhook(struct frame *f, struct arena *a, const struct channel *ch, const struct message *m, uint8_t what)
{
	struct command *c = op_queue(f, OP_REQUEST, what);
	struct header *h = arena_alloc(a, sizeof(*h));

	*h = (struct header){ STR("Content-Type"), STR("application/json") };
	c->request.method = STR("POST");
	c->request.url = secret_text(f, ch->secret);
	c->request.body = webhook_body(f, a, m);
	c->request.has_body = true;
	c->request.headers = h;
	c->request.header_count = 1;
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
	env[3] = arena_printf(a, "RUNBOOK_LEVEL=" STR_FMT, STR_ARG(m->level)).p;
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

bool message_queue(struct frame *f, struct arena *a, const struct channel *ch, const struct message *m, bool unknown,
		   uint8_t what, uint32_t *op, struct str *error)
{
	struct command *c = ch->kind == CHANNEL_RUN ? queue_run(f, a, ch, m, what, &unknown, error) : queue_webhook(f, a, ch, m, what);

	if (!c)
		return false;
	c->timeout = 30000000000;
	c->unknown = unknown;
	c->message = true;
	*op = c->op;
	return true;
}

bool message_sent(const struct result *r)
{
	return r->end == END_EXIT && (r->code <= 0 || (r->code >= 200 && r->code < 300));
}

/* Its op belongs to the root: the step may end before the message has arrived. */
void message_tell(struct frame *f, const struct channel *const *channels, uint32_t n, const struct message *m)
{
	struct engine *e = f->e;
	struct str error = { 0 };
	struct message kept;
	uint32_t op;

	if (e->setup->dry_run)
		return;
	kept.title = arena_str(&e->arena, m->title.p, m->title.n);
	kept.say = arena_str(&e->arena, m->say.p, m->say.n);
	kept.level = m->level;
	for (uint32_t i = 0; i < n; i++) {
		if (!message_queue(f, &e->arena, channels[i], &kept, false, OP_FOR_MESSAGE, &op, &error)) {
			rec_issue(e, "warning", f, error);
			continue;
		}
		op_find(e, op)->frame = e->root;
		op_find(e, op)->about = f->key;
	}
}

void message_result(struct engine *e, struct str about, const struct result *r)
{
	struct jsonw w;

	rec_open(e, "message", about, &w);
	rec_put_result(&w, r, false);
	rec_close(e, &w);
	if (!message_sent(r) && r->end != END_SUPPRESSED)
		rec_issue(e, "warning", NULL, arena_printf(&e->arena, "not notified (" STR_FMT "): %s" STR_FMT, STR_ARG(about),
							   r->error.n ? "" : result_end_names[r->end], STR_ARG(r->error)));
	schedule(e->root);
}

bool message_pending(const struct engine *e)
{
	for (uint32_t i = 0; i < e->op_len; i++)
		if (e->ops[i].what == OP_FOR_MESSAGE)
			return true;
	return false;
}
