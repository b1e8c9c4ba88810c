#ifndef RB_HOST_SHA1_H
#define RB_HOST_SHA1_H
/*
 * sha1: how git names objects (FIPS 180-4). For nothing else: what has to be
 * safe against a forger has a SHA-256 besides.
 */
#include <stddef.h>
#include <stdint.h>

struct sha1 { uint32_t h[5]; uint64_t n; unsigned char block[64]; };

void sha1_init(struct sha1 *s);
void sha1_add(struct sha1 *s, const void *p, size_t n);
/* Ends it. */
void sha1_hex(struct sha1 *s, char hex[41]);

#endif
