#ifndef RB_HOST_DIRWATCH_H
#define RB_HOST_DIRWATCH_H
/*
 * dirwatch: tells when files come into a folder. Only a hint: what is there is
 * what a look into the folder says.
 */
struct loop;
struct dirwatch;

/* on_change is called from loop_turn. NULL if the system has no watch to give: then look from
 * time to time. */
struct dirwatch *dirwatch_new(struct loop *l, const char *path, void (*on_change)(void *arg), void *arg);
void dirwatch_free(struct dirwatch *w);

#endif
