#ifndef RB_EVAL_SHA256_H
#define RB_EVAL_SHA256_H
/*
 * sha256: FIPS 180-4, for the function of that name. eval links no crypto
 * library; the journal's hashes are made elsewhere and faster.
 */
#include "base/str.h"

void sha256_hex(struct str bytes, char out[65]);

#endif
