#ifndef RB_RUN_PAYLOAD_H
#define RB_RUN_PAYLOAD_H
/*
 * payload: a message in the form that a service takes: the JSON of webhooks, of
 * Slack's incoming webhooks, of PagerDuty's Events API v2, and a mail. Pure: the
 * same notice gives the same bytes. Texts are escaped here; too long ones are
 * cut at what the service takes. Must not know: the engine, who sends it.
 */
#include <stdint.h>
#include "base/buf.h"
#include "base/str.h"
#include "value/mailbox.h"

struct notice {
	struct str title, text;       /* UTF-8; the title may be empty */
	uint8_t level, event;         /* enum message_level, enum message_event */
	struct str incident;          /* what messages about one trouble have in common; never empty */
	struct str runbook, run, step, status;
	int64_t wall;                 /* ns since the epoch */
};

/* Each appends to out. */
void payload_webhook(const struct notice *n, struct buf *out);
void payload_slack(const struct notice *n, struct buf *out);
void payload_pagerduty(const struct notice *n, struct str routing_key, struct buf *out);
/* The whole message with its head, CRLF, dots not doubled. */
void payload_mail(const struct notice *n, struct mailbox from, const struct mailbox *to, uint32_t to_count, struct buf *out);
/* The title; without one the first line of the text. */
struct str payload_title(const struct notice *n);
/* At most max bytes of s, cut at a code point. */
struct str payload_cut(struct str s, size_t max);

#endif
