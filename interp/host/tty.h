#ifndef RB_HOST_TTY_H
#define RB_HOST_TTY_H
/*
 * tty: what there is of a terminal: width, colour wish, and lines typed at
 * /dev/tty through the loop (so that children, timers and signals go on
 * while a person thinks).
 */
#include <stdbool.h>
#include <stddef.h>
#include "base/str.h"

struct loop;
struct tty_line; /* a pending question */

bool tty_is(int fd);
/* Columns of the terminal on fd, 80 if unknown. */
int tty_width(int fd);
/* Is there a person: stdin and stderr are terminals and not CI. */
bool tty_interactive(void);
/* Reads one line from the terminal; on_line gets it without its newline, or
 * ok = false at end of file or without a terminal; t is gone then. Echo off for `hidden`. */
struct tty_line *tty_ask(struct loop *l, bool hidden, void (*on_line)(void *arg, bool ok, struct str line), void *arg);
void tty_cancel(struct tty_line *t);

#endif
