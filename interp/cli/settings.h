#ifndef RB_CLI_SETTINGS_H
#define RB_CLI_SETTINGS_H
/*
 * settings: where things are and how the user likes them: flags, RUNBOOK_*
 * variables, $XDG_CONFIG_HOME/runbook/config.yml, /etc/runbook/config.yml, in
 * that order; with the origin of each value for `runbook config`.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

struct arena;
struct site_people;
struct cli;

enum setting { SET_STATE, SET_LOCKS, SET_GROUP, SET_OPERATOR, SET_POLICY, SET_SIGNERS, SET_KEYRING, SET_SIGN_KEY, SET_ANCHOR, SET_COUNT };
struct settings {
	struct { struct str value; struct str origin; } of[SET_COUNT];
	struct site_people *people; uint32_t people_count; /* roles: of the files (cli/site.h) */
};
extern const char *const setting_names[SET_COUNT]; /* "state", ... */

/* False after a message: a configuration file is wrong (line and column in it). */
bool settings_load(struct cli *c, struct settings *s);
/* The account that this process has: its name, or "uid N". */
struct str settings_user(struct cli *c);
/* Who acts: --operator, the setting, else the account. */
struct str settings_operator(struct cli *c, const struct settings *s, struct str user);
/* As NUL-terminated text. */
const char *setting(const struct settings *s, enum setting which);

#endif
