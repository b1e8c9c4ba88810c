#include "host/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

/* sign: one program, waited for by its number. */
int sign_file(const char *key, const char *name_space, const char *path, int quiet)
{
	const char *argv[] = { "ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", name_space, path, 0 };
	posix_spawn_file_actions_t actions;
	int status = -1, err = posix_spawn_file_actions_init(&actions);
	pid_t pid;

	if (err)
		return err;
	for (int fd = 1; quiet && !err && fd <= 2; fd++)
		err = posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_WRONLY, 0);
	if (!err && quiet)
		err = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (!err)
		err = posix_spawnp(&pid, argv[0], &actions, 0, (char *const *)(uintptr_t)argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (err)
		return err;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -1;
}
