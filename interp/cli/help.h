#ifndef RB_CLI_HELP_H
#define RB_CLI_HELP_H
/* help: made from the tables of commands and options. Writes to stdout. */
#include <stdbool.h>

struct cli_command;

void help_all(void);
/* full: with its paragraphs and examples. */
void help_command(const struct cli_command *cmd, bool full);

#endif
