#ifndef RB_CLI_POLICY_H
#define RB_CLI_POLICY_H
/*
 * policy: which sources may run: --moving, --require-clean, --require-signed,
 * --offline, and the site's rules (/etc/runbook/policy.yml and the file of the
 * setting `policy`), which can only be made stricter.
 *
 *   require_clean: true
 *   require_signed: true
 *   allow_moving: false
 *   sources: [ "git+https://git.example.org*", "/srv/runbooks*" ]
 *   allowed_signers: /etc/runbook/allowed_signers
 *   keyring: /etc/runbook/keyring.gpg
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/fault.h"
#include "base/str.h"

struct cli;

struct policy {
	bool require_clean, require_signed, no_moving; /* flags and rules together */
	bool moving, offline;      /* as given on the command line */
	struct { const struct str *list; uint32_t count; } sources[2]; /* each file's, count 0: all */
	const char *allowed_signers, *keyring; /* or NULL */
	const char *state;         /* where seen tags are */
	const char *cache;         /* of remote repositories */
};

/* False after a message: the configuration is wrong. */
bool policy_load(struct cli *c, struct policy *p);
/* May this source (a `git+...//path`, or the real path of a file) run? False after fault 413. */
bool policy_allows(struct cli *c, const struct policy *p, struct str source, struct fault *f);

#endif
