#ifndef RB_JOURNAL_FORMS_H
#define RB_JOURNAL_FORMS_H
/*
 * forms: how a secret may look in a text. Encoders differ in what they escape
 * and how, but each keeps to its own way within one text: so each way is written
 * out in full, and those that come out the same count once.
 */
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/str.h"

enum {
	FORM_MIN = 4,      /* bytes; shorter ones would mask too much */
	FORM_WINDOW = 1024 /* a longer form is kept as overlapping pieces of this size */
};

struct form {
	uint32_t at, n; /* in bytes */
	uint32_t next;  /* of whoever keeps lists of them; 0 at first */
};
struct forms {
	struct buf bytes;
	struct form *list;
	size_t count, cap;
};

void forms_init(struct forms *f);
void forms_release(struct forms *f);
/* All forms of one text of at least FORM_MIN bytes. */
void forms_add(struct forms *f, struct str text);

#endif
