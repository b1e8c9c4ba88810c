#ifndef RB_CLI_SITE_H
#define RB_CLI_SITE_H
/*
 * site: what a site's configuration says of people: `roles:` (who has a role
 * here, whatever the runbook says, and which channel tells them).
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

struct cli;
struct node;
struct runbook;
struct site_role;

struct site_people { struct str name; const struct str *who; uint32_t who_count; struct str notify, origin; };

/* Reads the map `roles` of a configuration file; the entries are put behind what the list
 * has. False after a message. */
bool site_read(struct cli *c, const struct node *map, struct str origin, struct site_people **list, uint32_t *count);
/* By rb->roles; what is read last counts (the machine's file after the user's). NULL: nothing. */
struct site_role *site_roles(struct cli *c, const struct runbook *rb, const struct site_people *list, uint32_t count);

#endif
