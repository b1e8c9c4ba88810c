#ifndef RB_VALUE_MAILBOX_H
#define RB_VALUE_MAILBOX_H
/*
 * mailbox: an address of mail, alone or with a name: `ops@example.org`,
 * `Ops <ops@example.org>`. Only the plain form of RFC 5321 is taken: no quoted
 * local part, no address literal, ASCII; so an address is safe in an envelope
 * and in a header as it stands.
 */
#include <stdbool.h>
#include "base/str.h"

struct mailbox { struct str name, address; }; /* name may be empty */

/* Both parts are views of text. NULL, or static text of what is wrong. */
const char *mailbox_parse(struct str text, struct mailbox *out);
/* What stands behind the @. */
struct str mailbox_domain(struct mailbox m);
/* A server: `host`, `host:port`, `[::1]:25`. host is a view, with its brackets; port 0: none
 * was given. NULL, or static text of what is wrong. */
const char *mail_server_parse(struct str text, struct str *host, int *port);

#endif
