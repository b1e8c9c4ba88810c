#include "run/message.h"

/*
 * kind_notify: `notify`: tells one or several channels, one after another. A
 * channel that fails is an issue of the run, never a failure.
 */

/* Starts target number f->position; DONE when there is none left. */
static enum started notify_start(struct frame *f, const struct prog_step *ps, bool probe, struct str *error)
{
	const struct act_notify *n = &ps->ast->notify;
	struct message m = { .level = n->level.n ? n->level : STR("info") };
	const struct channel **to;
	bool unknown = f->unknown;
	uint32_t count;

	(void)probe;
	if (!message_targets(f, &n->to, &to, &count, &unknown, error) || !eval_text(f, &n->title, &m.title, &unknown, error) ||
	    !eval_text(f, &n->say, &m.say, &unknown, error))
		return STARTED_FAIL;
	if (f->next >= count)
		return STARTED_DONE;
	m.title = masked_text(f, m.title);
	m.say = masked_text(f, m.say);
	return message_queue(f, f->tmp, to[f->next++], &m, unknown, OP_FOR_ACTION, &f->op, error) ? STARTED_WAIT : STARTED_FAIL;
}

static bool notify_success(const struct frame *f, const struct result *r)
{
	(void)f;
	return message_sent(r);
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
