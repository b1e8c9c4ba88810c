#include "run/message.h"

/*
 * kind_notify: `notify`: tells one or several channels, one after another. A
 * channel that fails is an issue of the run, never a failure.
 */

static bool text_of(struct frame *f, const struct act_notify *n, struct message *m, bool *unknown, struct str *error)
{
	m->level = n->level;
	m->event = n->event;
	if (!eval_text(f, &n->title, &m->title, unknown, error) || !eval_text(f, &n->say, &m->say, unknown, error) ||
	    !eval_text(f, &n->incident, &m->incident, unknown, error))
		return false;
	m->title = masked_text(f, m->title);
	m->say = masked_text(f, m->say);
	m->incident = masked_text(f, m->incident);
	return true;
}

/* Starts target number f->next, or the next one that takes the message; DONE when there is none left. */
static enum started notify_start(struct frame *f, const struct prog_step *ps, bool probe, struct str *error)
{
	const struct act_notify *n = &ps->ast->notify;
	struct message m = { .level = n->level };
	const struct channel **to;
	bool unknown = f->unknown;
	uint32_t count;

	(void)probe;
	if (!message_targets(f, &n->to, &to, &count, &unknown, error) || !text_of(f, n, &m, &unknown, error))
		return STARTED_FAIL;
	while (f->next < count && !message_passes(to[f->next], &m))
		f->next++;
	if (f->next >= count)
		return STARTED_DONE;
	return message_queue(f, f->tmp, to[f->next++], &m, unknown, OP_FOR_ACTION, &f->op, error) ? STARTED_WAIT : STARTED_FAIL;
}

static bool notify_success(const struct frame *f, const struct result *r)
{
	(void)f;
	return message_sent(r);
}

/* dry-run: "error to ops (slack), not pager (level critical): Title", and the text. */
static void put_sends(struct frame *f, struct jsonw *w, const struct message *m)
{
	const struct channel **to;
	bool unknown = false;
	struct str error;
	uint32_t count;
	struct buf b;

	if (!message_targets(f, &f->ps->ast->notify.to, &to, &count, &unknown, &error))
		return;
	buf_init(&b, 64 << 10);
	buf_printf(&b, "%s to ", m->event ? message_events[m->event] : message_levels[m->level]);
	for (uint32_t i = 0; i < count; i++) {
		bool passes = message_passes(to[i], m);

		buf_printf(&b, "%s%s" STR_FMT " (%s%s)", i ? ", " : "", passes ? "" : "not ", STR_ARG(to[i]->name),
			   passes ? channel_kind_names[to[i]->kind] : "level ", passes ? "" : message_levels[to[i]->level]);
	}
	if (m->title.n)
		buf_printf(&b, ": " STR_FMT, STR_ARG(m->title));
	buf_addc(&b, '\n');
	buf_adds(&b, m->say);
	rec_text(f->e, w, "sends", buf_str(&b));
	buf_release(&b);
}

static void notify_describe(struct frame *f, const struct prog_step *ps, struct jsonw *w)
{
	struct message m = { 0 };
	struct str *to, error;
	uint32_t count;
	bool unknown = false;

	if (!eval_words(f, &ps->ast->notify.to, &to, &count, &unknown, &error))
		return;
	jsonw_key(w, "to");
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < count && rec_room(f->e, to[i].n); i++)
		jsonw_str(w, to[i]);
	jsonw_close(w, ']');
	if (!text_of(f, &ps->ast->notify, &m, &unknown, &error))
		return;
	if (m.level != LEVEL_INFO)
		jsonw_kstr(w, "level", str_of(message_levels[m.level]));
	if (m.event)
		jsonw_kstr(w, "event", str_of(message_events[m.event]));
	if (m.incident.n)
		rec_text(f->e, w, "incident", m.incident);
	rec_text(f->e, w, "say", m.say);
	if (f->e->setup->dry_run)
		put_sends(f, w, &m);
}

const struct step_kind kind_notify = { .action = ACT_NOTIFY, .name = "notify", .start = notify_start,
				       .success = notify_success, .describe = notify_describe };
