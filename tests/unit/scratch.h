#ifndef RB_TESTS_UNIT_SCRATCH_H
#define RB_TESTS_UNIT_SCRATCH_H
/* scratch: a folder of its own for a test, removed with all that is in it. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct scratch { char path[64]; };

static inline void scratch_make(struct scratch *s)
{
	snprintf(s->path, sizeof(s->path), "/tmp/rb-unit-XXXXXX");
	if (!mkdtemp(s->path))
		abort();
}

static inline int scratch_drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static inline void scratch_remove(struct scratch *s)
{
	nftw(s->path, scratch_drop, 16, FTW_DEPTH | FTW_PHYS);
}

/* Below the folder; static text, eight at a time. */
static inline const char *scratch_at(const struct scratch *s, const char *name)
{
	static char paths[8][512];
	static unsigned next;
	char *p = paths[next++ % 8];

	snprintf(p, sizeof(paths[0]), "%s/%s", s->path, name);
	return p;
}

#endif
