#ifndef RB_JOURNAL_SHA_H
#define RB_JOURNAL_SHA_H
/*
 * sha: SHA-256 as lower-case hex, for this folder only. The low-level calls of
 * libcrypto are deprecated but measured twice as fast on short records as the
 * EVP ones, and they load no provider and no configuration. The state is plain
 * data: assigning it takes a snapshot.
 */
#ifndef OPENSSL_SUPPRESS_DEPRECATED
#define OPENSSL_SUPPRESS_DEPRECATED
#endif
#include <openssl/sha.h>
#include "base/str.h"

enum { SHA_HEX = 64 };
struct sha { SHA256_CTX ctx; };

void sha_init(struct sha *s);
void sha_add(struct sha *s, const char *p, size_t n);
/* Ends; writes 64 digits and no NUL. */
void sha_hex(struct sha *s, char out[SHA_HEX]);
/* The hash of another hash's digits and what is behind them; short text goes in one piece. */
void sha_behind(const char before[SHA_HEX], struct str text, char out[SHA_HEX]);
/* 64 lower-case hex digits? */
bool sha_is_hex(struct str s);

#endif
