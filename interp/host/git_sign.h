#ifndef RB_HOST_GIT_SIGN_H
#define RB_HOST_GIT_SIGN_H
/*
 * git_sign: who signed a tag or a commit. SSH signatures are checked by
 * `ssh-keygen -Y verify` against an allowed_signers file, OpenPGP ones by `gpgv`
 * against a keyring. Both get the signed bytes as they stand in the object
 * database; nothing of the repository is executed or configures them.
 */
#include <stdbool.h>
#include "base/fault.h"
#include "host/git.h"

struct git_trust {
	const char *allowed_signers; /* file for ssh, or NULL: no ssh signature is good */
	const char *keyring;         /* file for gpgv, or NULL: no OpenPGP signature is good */
};
enum git_sign_kind { GIT_UNSIGNED, GIT_SIGNED_SSH, GIT_SIGNED_GPG };
struct git_signed {
	enum git_sign_kind kind;
	bool good;            /* by a trusted key, over exactly this object */
	bool of_tag;          /* else of the commit */
	struct str signer;    /* principal or user id, if good */
	struct str key;       /* fingerprint, if good */
	struct str why;       /* not good: why */
};

/* The signature of the tag object if it has one, else of the commit. False only when
 * the objects cannot be read. */
bool git_signature_of(struct git_repo *r, struct arena *a, const struct git_found *what, const struct git_trust *trust,
		      struct git_signed *out, struct fault *f);

#endif
