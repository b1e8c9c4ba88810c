#include "host/dirwatch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include "base/mem.h"
#include "host/loop.h"

/* dirwatch: inotify on the loop. */

struct dirwatch {
	struct loop *l;
	struct loop_fd *watch;
	int fd;
	void (*on_change)(void *arg);
	void *arg;
};

static void on_event(void *arg, int fd, unsigned events)
{
	struct dirwatch *w = arg;
	char bytes[4096];

	(void)events;
	while (read(fd, bytes, sizeof(bytes)) > 0)
		continue;
	w->on_change(w->arg);
}

struct dirwatch *dirwatch_new(struct loop *l, const char *path, void (*on_change)(void *arg), void *arg)
{
	struct dirwatch *w;
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd < 0)
		return NULL;
	if (inotify_add_watch(fd, path, IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR) < 0) {
		close(fd);
		return NULL;
	}
	w = mem_alloc(sizeof(*w));
	*w = (struct dirwatch){ l, NULL, fd, on_change, arg };
	w->watch = loop_watch(l, fd, LOOP_READ, on_event, w);
	if (w->watch)
		return w;
	close(fd);
	mem_free(w);
	return NULL;
}

void dirwatch_free(struct dirwatch *w)
{
	if (!w)
		return;
	loop_unwatch(w->l, w->watch);
	close(w->fd);
	mem_free(w);
}
