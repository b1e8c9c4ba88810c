#ifndef RB_CLI_PRUNE_H
#define RB_CLI_PRUNE_H
/* prune: removes old sealed runs; each leaves a tombstone. */
struct cli;
struct settings;

/* age: a duration. Exit code. */
int prune_runs(struct cli *c, const struct settings *set, const char *age);

#endif
