#ifndef RB_JOURNAL_MASKFIND_H
#define RB_JOURNAL_MASKFIND_H
/* maskfind: questions that masking of JSON asks the table of forms. */
#include <stdbool.h>
#include "base/str.h"

struct mask;

/* Is any form in s? */
bool mask_find(const struct mask *m, struct str s);
/* Is s as a whole a form? */
bool mask_is(const struct mask *m, struct str s);

#endif
