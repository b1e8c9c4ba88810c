#include "cli/unpack.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include "cli/command.h"
#include "host/refuge.h"
#include "journal/bundle.h"

/* unpack: a bundle as the folder of a run. */

bool unpack_wanted(const char *what)
{
	return strpbrk(what, "/.");
}

int unpack_run(struct cli *c, const char *path, struct str *id, struct str *dir)
{
	char *folder = arena_alloc(&c->arena, 4096);
	struct stat st;
	struct str why;

	if (stat(path, &st)) {
		cli_error("%s: %s", path, strerror(errno));
		return EXIT_FAILED;
	}
	if (!c->command->bundles)
		return cli_usage(c, "%s is a file; %s needs a run of the state folder: a bundle can only be read", path, c->command->name);
	if (!bundle_is(path)) {
		cli_error("%s is not a bundle (`runbook export` makes them)", path);
		return EXIT_DAMAGED;
	}
	if (!refuge_enter(folder)) {
		cli_error("%s: %s", folder, strerror(errno));
		return EXIT_FAILED;
	}
	why = bundle_unpack(&c->arena, path, folder, id);
	if (why.n) {
		cli_error("%s is not a sound bundle: " STR_FMT, path, STR_ARG(why));
		return EXIT_DAMAGED;
	}
	*dir = arena_printf(&c->arena, "%s/" STR_FMT, folder, STR_ARG(*id));
	return EXIT_OK;
}
