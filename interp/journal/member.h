#ifndef RB_JOURNAL_MEMBER_H
#define RB_JOURNAL_MEMBER_H
/* member: one member of a JSON object, as views of its text. */
#include "base/str.h"

struct member { struct str name, raw; /* raw: the JSON text of the value */ };

#endif
