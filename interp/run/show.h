#ifndef RB_RUN_SHOW_H
#define RB_RUN_SHOW_H
/* show: a step's command as a person would type it, secrets as ***. */
struct buf;
struct frame;
struct prog_step;

/* Appends the command of ps, evaluated where frame f stands; nothing for steps
 * without a command. Blocks and loops give their children's, one a line. */
void show_command(struct frame *f, const struct prog_step *ps, struct buf *out);

#endif
