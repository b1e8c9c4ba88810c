#ifndef RB_RUN_MESSAGE_H
#define RB_RUN_MESSAGE_H
/*
 * message: telling channels, for `notify` steps and for what the engine itself
 * says (approvals that are waited for, ladders). Only for run/.
 */
#include "run/engine_state.h"

struct message {
	struct str title, say;
	uint8_t level, event;    /* enum message_level, enum message_event */
	struct str incident;     /* empty: the run and the step */
};

/* The channels that names of channels and roles stand for, each once, in the frame's arena. */
bool message_targets(struct frame *f, const struct data *to, const struct channel ***out, uint32_t *n, bool *unknown, struct str *error);
/* The channel of a role (a site may name another), or NULL. */
const struct channel *message_channel(const struct frame *f, struct str name);
/* Does the channel take it? Its level may be higher; news of an incident always go through. */
bool message_passes(const struct channel *ch, const struct message *m);
/* Queues the message to one channel; the texts live in a. what: enum op_what. */
bool message_queue(struct frame *f, struct arena *a, const struct channel *ch, const struct message *m, bool unknown,
		   uint8_t what, uint32_t *op, struct str *error);
/* Tells channels beside what the frame does; what goes wrong is an issue. Not in a dry-run. */
void message_tell(struct frame *f, const struct channel *const *channels, uint32_t n, const struct message *m);
/* Why it was not delivered, in the run's arena: "HTTP status 404: no_service (channel ops, 4 tries)". */
struct str message_why(struct engine *e, const struct result *r);
/* Was it delivered? */
bool message_sent(const struct result *r);
/* Are messages of the engine still under way? */
bool message_pending(const struct engine *e);

#endif
