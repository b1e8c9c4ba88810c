#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* failfile: preloaded into the program under test. A file that it writes under the name
 * FAIL_FILE (beside it, then renamed) is a changing call as those of stand-ins: FAIL_ASK (see
 * resident.py) says whether it fails: before the name is there, or after. */
int renameat(int from, const char *old, int to, const char *new)
{
	static int (*next)(int, const char *, int, const char *);
	const char *name = getenv("FAIL_FILE"), *ask = getenv("FAIL_ASK");
	char command[4096], how = '-';
	FILE *f;

	if (!next)
		next = (int (*)(int, const char *, int, const char *))dlsym(RTLD_NEXT, "renameat");
	if (!name || !ask || strcmp(new, name) != 0)
		return next(from, old, to, new);
	snprintf(command, sizeof(command), "env -u LD_PRELOAD '%s' '%s'", ask, new);
	f = popen(command, "r");
	if (!f || fread(&how, 1, 1, f) != 1)
		how = 'b';
	if (f)
		pclose(f);
	if (how != 'b' && next(from, old, to, new))
		return -1;
	errno = EIO;
	return how == '-' ? 0 : -1;
}
