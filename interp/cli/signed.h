#ifndef RB_CLI_SIGNED_H
#define RB_CLI_SIGNED_H
/* signed: ssh signatures of texts: `ssh-keygen -Y`, each purpose with a namespace of its own. */
#include <stdbool.h>
#include "base/str.h"

struct cli;

/* Is it by a trusted key? signer: under which principal; not good: why. */
struct signed_by { bool good; struct str signer, why; };
/* Checks the signature file `sig` of text. signers: allowed_signers file, or NULL: none is trusted. */
void signed_check(struct cli *c, const char *name_space, const char *signers, const char *sig, struct str text, struct signed_by *out);
/* The same, with the signature's bytes (base64, without armor). */
void signed_check_b64(struct cli *c, const char *name_space, const char *signers, struct str b64, struct str text, struct signed_by *out);
/* Signs text with the private key file: *b64 is the signature, base64 without armor. Empty, or one sentence why not. */
struct str signed_make(struct cli *c, const char *name_space, const char *key, struct str text, struct str *b64);
/* The base64 of an armored signature; empty: it is none. */
struct str signed_dearmor(struct cli *c, struct str armored);
/* The public key in a signature: *fingerprint as `ssh-keygen -l` prints it, *line as an
 * authorized_keys file has it. False: none can be read. */
bool signed_key(struct cli *c, struct str b64, struct str *fingerprint, struct str *line);

#endif
