#include "run/engine_state.h"

#include "base/jsonw.h"

/*
 * kind_notify: `notify`: tells one or several channels, one after another. A
 * webhook gets a JSON body, a run channel gets the text on its standard input.
 * A channel that fails is an issue of the run, never a failure.
 */

static const struct channel *find_channel(const struct engine *e, struct str name)
{
	for (uint32_t i = 0; i < e->p->rb->channel_count; i++)
		if (str_eq(e->p->rb->channels[i].name, name))
			return &e->p->rb->channels[i];
	return NULL;
}

static struct str secret_text(const struct engine *e, struct str name)
{
	for (uint32_t i = 0; i < e->p->rb->secret_count; i++)
		if (str_eq(e->p->rb->secrets[i].name, name))
			return value_text(e->setup->secrets[i]);
	return STR("");
}

struct message { struct str title, say, level; };

static struct str webhook_body(struct frame *f, const struct message *m)
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
	s = arena_str(f->tmp, b.p, b.len);
	buf_release(&b);
	return s;
}

static void queue_webhook(struct frame *f, const struct channel *ch, const struct message *m, bool unknown)
{
	struct command *c = op_queue(f, OP_REQUEST, OP_FOR_ACTION);
	struct header *h = arena_alloc(f->tmp, sizeof(*h));

	*h = (struct header){ STR("Content-Type"), STR("application/json") };
	c->request.method = STR("POST");
	c->request.url = secret_text(f->e, ch->secret);
	c->request.body = webhook_body(f, m);
	c->request.has_body = true;
	c->request.headers = h;
	c->request.header_count = 1;
	c->timeout = 30000000000;
	c->unknown = unknown;
	c->message = true;
	f->op = c->op;
}

static bool queue_run(struct frame *f, const struct channel *ch, const struct message *m, bool unknown, struct str *error)
{
	struct str *list;
	uint32_t n;
	const char **argv, **env;
	struct command *c;

	if (!eval_words(f, &ch->argv, &list, &n, &unknown, error))
		return false;
	argv = arena_array(f->tmp, n + 1u, sizeof(*argv));
	for (uint32_t i = 0; i < n; i++)
		argv[i] = list[i].p;
	env = arena_array(f->tmp, 5, sizeof(*env));
	env[0] = arena_printf(f->tmp, "RUNBOOK_RUN=" STR_FMT, STR_ARG(f->e->run_id)).p;
	env[1] = arena_printf(f->tmp, "RUNBOOK_STEP=" STR_FMT, STR_ARG(f->key)).p;
	env[2] = arena_printf(f->tmp, "RUNBOOK_TITLE=" STR_FMT, STR_ARG(m->title)).p;
	env[3] = arena_printf(f->tmp, "RUNBOOK_LEVEL=" STR_FMT, STR_ARG(m->level)).p;
	c = op_queue(f, OP_SPAWN, OP_FOR_ACTION);
	c->spawn.argv = argv;
	c->spawn.env = env;
	c->spawn.dir = f->e->setup->dir;
	c->spawn.input = m->say;
	c->spawn.has_input = true;
	c->timeout = 30000000000;
	c->grace = 2000000000;
	c->unknown = unknown;
	c->message = true;
	f->op = c->op;
	return true;
}

/* Starts target number f->position; DONE when there is none left. */
static enum started notify_start(struct frame *f, const struct prog_step *ps, bool probe, struct str *error)
{
	const struct act_notify *n = &ps->ast->notify;
	struct message m = { .level = n->level.n ? n->level : STR("info") };
	const struct channel *ch;
	bool unknown = f->unknown;
	struct str *to;
	uint32_t count;

	(void)probe;
	if (!eval_words(f, &n->to, &to, &count, &unknown, error) || !eval_text(f, &n->title, &m.title, &unknown, error) ||
	    !eval_text(f, &n->say, &m.say, &unknown, error))
		return STARTED_FAIL;
	if (f->next >= count)
		return STARTED_DONE;
	m.title = masked_text(f, m.title);
	m.say = masked_text(f, m.say);
	ch = find_channel(f->e, to[f->next]);
	if (!ch) {
		*error = arena_printf(&f->e->arena, "no channel is named `" STR_FMT "`", STR_ARG(to[f->next]));
		return STARTED_FAIL;
	}
	f->next++;
	if (ch->kind == CHANNEL_RUN)
		return queue_run(f, ch, &m, unknown, error) ? STARTED_WAIT : STARTED_FAIL;
	queue_webhook(f, ch, &m, unknown);
	return STARTED_WAIT;
}

static bool notify_success(const struct frame *f, const struct result *r)
{
	(void)f;
	return r->end == END_EXIT && (r->code <= 0 || (r->code >= 200 && r->code < 300));
}

static void notify_describe(struct frame *f, const struct prog_step *ps, struct jsonw *w)
{
	struct str *to, text, error;
	uint32_t count;
	bool unknown = false;

	if (!eval_words(f, &ps->ast->notify.to, &to, &count, &unknown, &error))
		return;
	jsonw_key(w, "to");
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < count && rec_room(f->e, to[i].n); i++)
		jsonw_str(w, to[i]);
	jsonw_close(w, ']');
	if (eval_text(f, &ps->ast->notify.say, &text, &unknown, &error))
		rec_text(f->e, w, "say", text);
}

const struct step_kind kind_notify = { .action = ACT_NOTIFY, .name = "notify", .start = notify_start,
				       .success = notify_success, .describe = notify_describe };
