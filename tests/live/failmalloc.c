#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

/* failmalloc: preloaded; the FAIL_AT-th allocation of the process fails (all
 * later ones too with FAIL_STICKY=1). Children get a clean environment. */
static long count, fail_at = -1;
static int sticky;

static int fails(void)
{
	if (fail_at < 0) {
		const char *at = getenv("FAIL_AT");

		fail_at = at ? strtol(at, NULL, 10) : 0;
		sticky = getenv("FAIL_STICKY") != NULL;
	}
	count++;
	if (!(fail_at > 0 && (count == fail_at || (sticky && count > fail_at))))
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t n)
{
	static void *(*next)(size_t);

	if (!next)
		next = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
	return fails() ? NULL : next(n);
}

void *realloc(void *p, size_t n)
{
	static void *(*next)(void *, size_t);

	if (!next)
		next = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
	return fails() ? NULL : next(p, n);
}
